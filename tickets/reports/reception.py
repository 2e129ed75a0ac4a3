"""What is read over many lines of the reception log."""

from datetime import timedelta

from django.db import connection
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from office import cards, clocks, phones, search
from office.addresses import address, row_address
from office.models import Department, DepartmentHead, Posting, Promise, Staff
from office.roles import HEADS, ROLES
from tickets import reception
from tickets.models import Handover, LogEntry

# Not `card`, `starts` and `KINDS`: they make this module a room of the household page (config/desk.py).
__all__ = [
    "counterpart", "experts", "keys_of_entries", "keys_of_entry", "open_for_shift", "waiting_handovers",
    "writers",
]  # fmt: skip


def counterpart(authority, estate):
    """Who receives an official: the named person, else head, deputy or supervisor of the department (SPEC §1, §2)."""
    chair = DepartmentHead.objects.filter(estate=estate, department=authority.department).first()
    wanted = [authority.staff_id, chair and chair.head_id, chair and chair.deputy_id]
    present = dict(
        Posting.objects.filter(estate=estate, staff__is_active=True)
        .filter(Q(staff_id__in=[pk for pk in wanted if pk]) | Q(role__in=HEADS))
        .order_by("-staff_id")
        .values_list("staff_id", "role")
    )
    supervisors = sorted(pk for pk, role in present.items() if role in HEADS)
    chosen = next((pk for pk in [*wanted, *supervisors] if pk in present), None)
    return Staff.objects.filter(pk=chosen).first()


def keys_of_entry(entry):
    """What a line is found by: its whole number, and the whole telephone of somebody the register does not know.

    Not by the tails of either: the log must not stand between four digits and the one household they belong to.
    """
    keys = search.keys_of_number(entry.number) if entry.number else set()
    if entry.phone and not entry.person_id:
        digits = phones.read(entry.phone, entry.estate.country)
        keys |= search.keys_of_phone(digits) if digits else set()
    return {(kind, key) for kind, key in keys if kind in ("number", "phone")}


def keys_of_entries():
    """(id, estate, keys) of every line with a number of its own, for `reindex`."""
    rows = LogEntry.objects.exclude(number="").select_related("estate").order_by("pk")
    for row in rows.iterator(chunk_size=2_000):
        yield row.pk, row.estate_id, keys_of_entry(row)


def experts(estate_id):
    """Staff of the estate who may be asked."""
    roles = [name for name, role in ROLES.items() if reception.ANSWER in role.permissions]
    return Staff.objects.posted_as(estate_id, *roles).order_by("name", "pk")


def writers(estate_id):
    """Staff of the estate who write the log."""
    roles = [name for name, role in ROLES.items() if reception.WRITE in role.permissions]
    return Staff.objects.posted_as(estate_id, *roles).order_by("name", "pk")


SHOWN_OPEN = 60  # lines listed by themselves in one hand-over


def open_for_shift(estate, now):
    """What the next shift inherits: open lines of the log, and promises of the front desk due by tomorrow night.

    Numbers, units and times only: the page shows names to whoever may read them.
    """
    entries = LogEntry.objects.filter(estate=estate).open().select_related("unit").order_by("at", "pk")
    found = [
        {
            "kind": LogEntry.SUBJECT,
            "id": row.pk,
            "text": f"{row} {row.where}".strip(),
            "due_at": row.next_due_at.isoformat() if row.next_due_at else "",
            "promise": "",
        }
        for row in entries[:SHOWN_OPEN]
    ]
    tomorrow = clocks.local_date(now, estate.zone) + timedelta(days=1)
    owed = Promise.objects.open().filter(
        estate=estate,
        department=Department.FRONT_DESK,
        due_at__lte=clocks.end_of_day(tomorrow, estate.zone),
    )
    owed = owed.exclude(subject_kind=LogEntry.SUBJECT).order_by("due_at", "pk")
    found += [
        {
            "kind": row.subject_kind,
            "id": row.subject_id,
            "text": row.title,
            "due_at": row.due_at.isoformat(),
            "promise": row.kind,
        }
        for row in owed[: SHOWN_OPEN - len(found)]
    ]
    return found


def waiting_handovers(staff):
    """Hand-overs nobody has acknowledged at the desks where `staff` writes the log, the oldest first."""
    rows = Handover.objects.visible_to(staff, reception.WRITE).filter(
        acknowledged_at__isnull=True, withdrawn=False
    )
    return list(rows.select_related("estate", "written_by").order_by("written_at", "pk")[:20])


# --- the household page ----------------------------------------------------------------------------------------

KINDS = (
    # Translators: 工作日誌
    cards.Kind("log", _("Reception log"), ("log.",), "reception.read", "clipboard-list", (LogEntry.SUBJECT,)),
)
SHOWN = 5
# By hand: put together out of three models it cost more than its answer. An expert is named until the caller is told.
_LAST = """
SELECT line.id, line.at, line.channel, left(line.asked, 200), line.became_text, line.next_due_at, line.is_open,
       staff.name, staff.name_en, expert.name, expert.name_en
FROM tickets_logentry line JOIN office_staff staff ON staff.id = line.by_id
LEFT JOIN tickets_question question ON question.entry_id = line.id AND question.told_at IS NULL
LEFT JOIN office_staff expert ON expert.id = question.expert_id
WHERE line.unit_id = %(unit)s AND NOT line.automatic AND NOT line.withdrawn
ORDER BY line.is_open DESC, line.at DESC, line.id DESC LIMIT %(shown)s
"""


def card(unit, *, staff, now):
    """The last lines of the log about the unit, the open ones first with the clock of their question. One query."""
    if not staff.may(reception.READ, unit.estate_id):
        return None
    with connection.cursor() as cursor:
        cursor.execute(_LAST, {"unit": unit.pk, "shown": SHOWN})
        rows = cursor.fetchall()
    return cards.Card(
        "reception-log",
        # Translators: 工作日誌
        _("Last calls and visits"),
        icon="phone-incoming",
        lines=[_line(*row, zone=unit.estate.zone, now=now) for row in rows],
        empty=_("Nobody has called or come yet."),
        all_url=f"{address('tickets:reception')}?unit={unit.pk}",
        all_label=_("All lines of the log about this unit"),
        column=cards.MATTERS,
        position=30,
    )


def _line(pk, at, channel, asked, became, due_at, is_open, by, by_en, expert, expert_en, *, zone, now):
    english = get_language() == "en"
    note = [str(LogEntry.Channel(channel).label), by_en if english and by_en else by]
    if expert:
        note.append(expert_en if english and expert_en else expert)
    if became:
        note.append(f"→ {became}")
    state: tuple = ()
    if due_at:
        tone, words = clocks.due_text(due_at, now, zone)
        state = (words, tone)
    elif is_open:
        state = (_("open"), "today")
    asked = " ".join(asked.split())
    return cards.Line(
        asked[:80] + ("…" if len(asked) > 80 else ""),
        href=row_address("tickets:reception_entry", pk),
        state=state,
        note=" · ".join(note),
        at=f"{at.astimezone(zone):%Y-%m-%d %H:%M}",
    )


def starts(unit, *, staff):
    """A call that is no repair: one line of the log."""
    if not staff.may(reception.WRITE, unit.estate_id):
        return []
    url = f"{address('tickets:reception_new')}?unit={unit.pk}"
    return [cards.Start("log", _("Log a call"), url, "phone-incoming", key="c", caller="person", position=20)]
