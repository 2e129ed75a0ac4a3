"""Messages to who reported, asked or complained, where the estate has them switched on (tickets/tellings.py)."""

from datetime import timedelta

from office.models import Message
from residents import actions as register


def reporter(template, ticket, *, key, now, **data):
    """Tell who reported a repair. Costs nothing where it is switched off."""
    if template in ticket.estate.tells:
        register.inform(
            template, key=key, subject=ticket, estate=ticket.estate, now=now, person=ticket.reporter,
            phone=ticket.reporter_phone, language=ticket.reporter_language, unit=ticket.unit,
            data={"number": ticket.number, "unit": ticket.unit.code if ticket.unit else ticket.place, **data},
        )  # fmt: skip


def complainant(template, complaint, *, now, **data):
    """Tell who complained; once for each round of it."""
    if template in complaint.estate.tells:
        register.inform(
            template, key=f"{template}:{complaint.pk}:{complaint.rounds}", subject=complaint, estate=complaint.estate,
            now=now, person=complaint.complainant, phone=complaint.phone, language=complaint.language,
            unit=complaint.unit, data={"number": complaint.number, **data},
        )  # fmt: skip


def window(ticket, text, now):
    """The window once it differs from the last one told: another technician in the same one is no news."""
    template = "ticket.resident_window"
    if template not in ticket.estate.tells:
        return
    told = Message.objects.filter(subject_kind=ticket.SUBJECT, subject_id=ticket.pk, template=template)
    last = told.exclude(state=Message.State.CANCELLED).order_by("-pk").first()
    if last is None or last.data.get("window") != text:
        reporter(template, ticket, key=f"ticket:window:{ticket.pk}:{ticket.version}", now=now, window=text)


def who_asked(entry, answer, now):
    """The expert's answer, to who asked the front desk. The answer is a colleague's text: it stays out of the data."""
    if "log.resident_answer" in entry.estate.tells:
        register.inform(
            "log.resident_answer", key=f"log:answer:{entry.pk}", subject=entry, estate=entry.estate, now=now,
            person=entry.person, phone=entry.phone, unit=entry.unit, data={"number": entry.number},
            private={"answer": answer},
        )  # fmt: skip


def last_day(moment, zone):
    """A clock that ends at 24:00 ends on the day before."""
    return f"{(moment - timedelta(seconds=1)).astimezone(zone):%Y-%m-%d}"
