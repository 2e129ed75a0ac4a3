from django.core.management import call_command


def test_the_drawn_states_are_those_of_the_rules():
    call_command("draw_states", check=True)
