"""The household page against A: a usual household, and one where very much has happened."""

from datetime import timedelta

from django.db.models import Count
from django.urls import reverse

from office.models import Event, Unit
from tickets.models import CallbackTry, Ticket

MOST_QUERIES = 15


class Households:
    """Cases of a lane."""

    def households(self, past):
        """{usual, busy}: units; the busy one gets `past` ended repairs with their callbacks, and six lines of each."""
        units = Unit.objects.filter(kind="flat", occupancies__isnull=False).distinct()
        counted = (
            Ticket.objects.filter(unit__in=units, closed_at__isnull=True)
            .values("unit")
            .annotate(n=Count("pk"))
            .order_by("-n", "unit")
        )
        usual, busy = (row["unit"] for row in counted[:2])
        model = Ticket.objects.filter(state="closed", ending="called_back", unit__isnull=False).latest("pk")
        fields = {
            field.attname: getattr(model, field.attname)
            for field in Ticket._meta.concrete_fields
            if not field.generated and field.attname != "id"
        }
        building = Unit.objects.values_list("building_id", flat=True).get(pk=busy)
        rows = Ticket.objects.bulk_create(
            [
                Ticket(
                    **fields
                    | {
                        "number": f"P{busy}-{at}", "unit_id": busy, "building_id": building,
                        "opened_at": model.opened_at - timedelta(days=at),
                        "closed_at": model.closed_at - timedelta(days=at),
                    }
                )
                for at in range(past)
            ],
            batch_size=1000,
        )  # fmt: skip
        CallbackTry.objects.bulk_create(
            [
                CallbackTry(
                    ticket=row, tried_at=row.closed_at, by_id=model.owner_id, outcome="satisfied",
                    recorded_at=row.closed_at,
                )
                for row in rows
            ],
            batch_size=1000,
        )  # fmt: skip
        verbs = (
            "ticket.resumed",
            "ticket.closed",
            "ticket.printed",
            "ticket.resumed",
            "ticket.arrived",
            "ticket.resumed",
        )
        Event.objects.bulk_create(
            [
                Event(
                    at=row.opened_at, verb=verb, subject_kind=Ticket.SUBJECT, subject_id=row.pk,
                    subject_text=row.number, estate_id=row.estate_id, unit_id=busy, by_name="測試",
                )
                for row in reversed(rows)
                for verb in verbs
            ],
            batch_size=1000,
        )  # fmt: skip
        return (lambda: None), {"usual": usual, "busy": busy, "lines": len(rows) * len(verbs)}

    def timeline_plan(self, path):
        """Plan of the statement that reads the timeline."""
        from .cases import explained, recorded

        with recorded() as statements:
            self.get(path)
        [asked] = [entry for entry in statements if "FROM office_event" in entry[0]]
        return (lambda: None), {"plan": explained(*asked)}


def report(run):
    many = run.lane("many")
    past = 3_000 if run.size.rounds > 1 else 300
    ids = many.ask("households", 1, past=past)
    usual, busy = ({"path": reverse("residents:unit", args=[ids[name]])} for name in ("usual", "busy"))
    a = (many, "page", {"path": "/yardstick"})
    run.ratio("household page", (many, "page", usual), a, 5, "A")
    run.ratio(f"household page, {past:,} repairs behind it", (many, "page", busy), a, 5, "A")
    asked = many.ask("page", 1, **busy)
    run.fact(
        "queries of the household page", asked["queries"], f"≤ {MOST_QUERIES}", asked["queries"] <= MOST_QUERIES,
        f"{asked['bytes'] / 1024:.0f} kB",
    )  # fmt: skip
    run.ratio(f"household page: {past:,} repairs to few", (many, "page", busy), (many, "page", usual), 1.2)
    for kind, index in (("", "event_unit"), ("callbacks", "event_unit_verb")):
        plan = many.ask("timeline_plan", 1, path=f"{busy['path']}?kind={kind}")["plan"]
        walked = f"using {index} " in plan and "Seq Scan on office_event" not in plan
        run.fact(
            f"timeline of {kind or 'everything'} walks an index", index if walked else "no", index, walked
        )
