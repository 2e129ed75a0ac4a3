from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    """What is open at a unit and what ended last there are found without reading its other repairs."""

    dependencies = [("tickets", "0005_places_of_the_tickets_estate")]

    operations = [
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                fields=["unit", "next_due_at", "id"],
                condition=Q(unit__isnull=False, closed_at__isnull=True),
                name="ticket_unit_open",
            ),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                fields=["unit", "-closed_at", "-id"],
                condition=Q(unit__isnull=False, closed_at__isnull=False),
                name="ticket_unit_ended",
            ),
        ),
    ]
