from django.db import migrations, models


class Migration(migrations.Migration):
    """The newest lines of one kind at a unit are found without reading its others."""

    dependencies = [("office", "0009_given_passwords")]

    operations = [
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                condition=models.Q(("unit_id__isnull", False)),
                fields=["unit_id", "verb", "-id"],
                name="event_unit_verb",
            ),
        ),
    ]
