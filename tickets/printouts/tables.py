"""The day's work 維修派工表 and the callback sheet 回訪記錄表."""

from datetime import timedelta

from django.utils import translation
from django.utils.translation import gettext as _

from office import printing
from office.tables import TableFacts, table_sheet
from tickets.models import CallbackTry, Complaint
from tickets.printouts.sheets import in_language, place_of, window_text


@in_language
def draw_day(table, *, letterhead, language, size):
    return table_sheet(
        table,
        # Translators: 維修派工表
        title=_("Work of the day"),
        title_zh="維修派工表",
        filename="day.pdf",
        labels=[[_("Date"), _("Technician")]],
        head=[
            (_("No."), "narrow center"),
            (_("Window"), "narrow"),
            (_("Place"), "medium"),
            (_("What is wrong"), ""),
            (_("Contact"), "medium"),
            (_("Work order"), "medium nowrap"),
            (_("Done"), "center"),
        ],
        signs=[_("Repair lead"), _("Technician")],
        letterhead=letterhead,
        language=language,
        size=size,
    )


def day(orders, *, estate, date, technician):
    """The cover of a crew's day: its work orders in visit order."""
    zone, language = estate.zone, estate.language
    rows = []
    for n, order in enumerate(orders, 1):
        ticket = order.ticket
        window = window_text(order.window_from, order.window_to, zone).split(" ", 1)[-1]
        contact = f"{ticket.reporter_name} {ticket.reporter_phone}".strip()
        rows.append((n, window, place_of(ticket), ticket.problem[:120], contact, order.number, ""))
    table = TableFacts([f"{date:%Y-%m-%d}", technician.name if technician else ""], rows)
    return draw_day(table, letterhead=printing.letterhead(estate, language), language=language, size="A4")


@in_language
def draw_callbacks(table, *, letterhead, language, size):
    outcome = [str(label) for _value, label in CallbackTry.Outcome.choices]
    rows = [(*row, "　".join(f"□{word}" for word in outcome)) if len(row) == 5 else row for row in table.rows]
    return table_sheet(
        TableFacts(table.facts, rows, table.blank),
        # Translators: 回訪記錄表
        title=_("Callback sheet"),
        title_zh="回訪記錄表",
        filename="callbacks.pdf",
        labels=[[_("Date"), _("Called by")]],
        head=[
            (_("Due"), "narrow"),
            (_("Number"), "medium"),
            (_("Place"), "medium"),
            (_("Contact"), "medium"),
            (_("What was done"), ""),
            (_("Outcome"), "wide"),
        ],
        signs=[_("Front desk"), _("Supervisor")],
        letterhead=letterhead,
        language=language,
        size=size,
    )


def callbacks(matters, *, estate, date, by):
    """回訪記錄表: what is owed today about repairs and complaints, with boxes to tick while telephoning."""
    language = estate.language
    with translation.override(language):
        rows = [_callback_row(matter, estate.zone) for matter in matters]
    table = TableFacts([f"{date:%Y-%m-%d}", by.name], rows)
    return draw_callbacks(
        table, letterhead=printing.letterhead(estate, language), language=language, size="A4"
    )


def _callback_row(matter, zone):
    due = matter.next_due_at
    day = f"{(due - timedelta(seconds=1)).astimezone(zone):%m-%d}" if due else ""
    if isinstance(matter, Complaint):
        place, who, done = matter.where, f"{matter.name} {matter.phone}", [matter.result[:100]]
    else:
        place, who = place_of(matter), f"{matter.reporter_name} {matter.reporter_phone}"
        done = [(matter.result or matter.problem)[:100], getattr(matter.technician, "name", "")]
    return day, matter.number, place, who.strip(), "　".join(filter(None, done))
