"""How many questions the office's commonest steps ask the database; their times are judged by `make bench`."""

from datetime import timedelta

from django.template import Context, Template
from django.test import RequestFactory
from django.urls import reverse

from office.addresses import row_address
from office.models import Event, Promise
from office.templatetags import ui
from tests.cast import make_building
from tickets import actions, reports
from tickets.models import Ticket


def test_a_ticket_page_asks_for_what_the_ticket_has(take, clerk, sign_in, django_assert_max_num_queries):
    address = reverse("tickets:ticket", args=[take().pk])
    client = sign_in(clerk)
    client.get(address)
    with django_assert_max_num_queries(10):
        client.get(address)


def columns(rows):
    return [
        {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields} for row in rows
    ]


def test_the_sheet_of_a_ticket_is_what_its_tables_hold(ended):
    """Read as JSON in one statement, every column comes back as the models have it: moments, sums, texts."""
    ticket = ended()
    order = ticket.work_orders.get()
    order.lines.create(kind="part", text="水龍頭", quantity="1.50", price="88.10")
    found = Ticket.objects.get(pk=ticket.pk)
    sheet = reports.sheet_of(found, events=60)
    owed = Promise.objects.of(Ticket.SUBJECT, ticket.pk).exclude(outcome="cancelled").order_by("due_at", "pk")
    told = Event.objects.filter(subject_kind=Ticket.SUBJECT, subject_id=ticket.pk).order_by("-id")
    assert columns(sheet.orders) == columns(ticket.work_orders.all())
    assert columns(sheet.orders[0].used) == columns(order.lines.all())
    assert columns(sheet.promises) == columns(owed)
    assert columns(sheet.events) == columns(told)
    assert (found.category.local_name, found.unit.code) == (ticket.category.local_name, ticket.unit.code)
    assert (found.owner.name, found.technician.name) == (ticket.owner.name, ticket.technician.name)
    assert found.category.department == ticket.category.department  # not read: asked for when wanted


def test_the_sheet_names_the_same_fault_before(take, ended, now):
    before, ticket = ended(), take(now=now + timedelta(days=3))
    history = reports.sheet_of(Ticket.objects.get(pk=ticket.pk), events=1).history
    assert [(old.number, old.technician.name) for old in history] == [(before.number, before.technician.name)]
    assert history == reports.fault_history(ticket)


def test_taking_a_repair_is_seven_statements(
    estate, unit, clerk, category_of, now, django_assert_max_num_queries
):
    given = {
        "estate": estate,
        "category": category_of(),
        "problem": "漏水",
        "unit": unit,
        "by": clerk,
        "now": now,
    }
    assert clerk.may("tickets.intake")  # postings are read once a request
    with django_assert_max_num_queries(
        10
    ):  # the seven, its line of the log among them, the warranty, and both ends of the test's savepoint
        actions.take(**given)


def test_row_addresses_are_those_of_reverse():
    assert row_address("tickets:ticket", 17) == reverse("tickets:ticket", args=[17])


def drawn(key, token, path):
    request = RequestFactory().get(path)
    page = Template(
        '{% kept "test" key %}{{ csrf_token }} {% firstof here request.get_full_path %}{{ n }}{% endkept %}'
    )
    return page.render(Context({"key": key, "csrf_token": token, "request": request, "n": token}))


def test_a_kept_piece_is_drawn_once_but_for_token_and_path():
    ui.KEPT.clear()
    assert drawn("a", "T1", "/x?y=1") == "T1 /x?y=1T1"
    assert drawn("a", "T2", "/z?<b>") == "T2 /z?%3Cb%3ET1"
    assert drawn("b", "T3", "/x") == "T3 /xT3"
    assert drawn(None, "T4", "/x") == "T4 /xT4"


def test_the_filter_of_a_list_is_kept_until_its_choices_change(estate, clerk, lead, sign_in):
    client = sign_in(clerk)
    address = reverse("tickets:list")

    def shown(query="", **headers):
        return client.get(f"{address}{query}", headers=headers).content.decode()

    ui.KEPT.clear()
    assert "13 座" not in shown()
    make_building(estate, code="13", name="13 座")
    assert "13 座</option>" in shown()
    lead.name_en = "John Hammer"
    lead.save()
    assert "John Hammer</option>" in shown()
    assert 'value="done" selected' in shown("?state=done")
    assert " selected" not in shown().partition("</form>")[0].rpartition("list-filter")[2]
    assert 'name="order" value="next"' in shown("?order=next")
    assert 'name="order"' not in shown()
