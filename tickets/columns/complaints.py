"""The list of the complaints, declared once: page, count and spreadsheet read these columns (SPEC §5)."""

from django.db.models.functions import Left
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy, pgettext_lazy

from office.addresses import row_address
from office.lists import Column, List, stamp
from office.models import Department
from tickets.columns.repairs import NAMES, clock_text, clock_tone, local_name, staff_name
from tickets.complaints import CLASS_TONES, TONES
from tickets.filters import ComplaintFilter
from tickets.models import Complaint

_STATES, _CLASSES = dict(Complaint.State.choices), dict(Complaint.Klass.choices)
_AGAINST, _FAULTS = dict(Complaint.Against.choices), dict(Complaint.Fault.choices)
_CHANNELS, _DEPARTMENTS = dict(Complaint.Channel.choices), dict(Department.choices)
SNIPPET = 90  # characters read of what happened


def beginnings(rows):
    """Complaints with the beginning of their course, as the list reads them."""
    return rows.annotate(course_start=Left("course", SNIPPET))


def state_of_complaint(state):
    return str(_STATES[state])


def _word(words, key):
    return lambda row: str(words.get(row[key], "") or "") if row[key] else ""


def _snippet(row):
    text = " ".join(row["course_start"].split())
    return f"{text[:40]}…" if len(text) > 40 else text


def _against(row):
    return " ".join(filter(None, [str(_AGAINST[row["against"]]), row["against_text"]]))


COMPLAINTS = List(
    name="complaints",
    # Translators: 投訴
    title=gettext_lazy("Complaints"),
    fields=(
        "id",
        "number",
        "opened_at",
        "closed_at",
        "state",
        "klass",
        "channel",
        "place",
        "next_due_at",
        "unit__code",
        "name",
        "phone",
        "course_start",
        "against",
        "against_text",
        "department",
        "fault",
        "reported_at",
        "told_at",
        *(f"cause__{name}" for name in NAMES),
        "handler__name",
        "handler__name_en",
        "owner__name",
        "owner__name_en",
    ),
    columns=(
        Column("number", gettext_lazy("Number"), lambda row: row["number"]),
        Column(
            "opened",
            gettext_lazy("Taken"),
            lambda row: f"{timezone.localtime(row['opened_at']):%Y-%m-%d}",
            hint=lambda row: stamp(row["opened_at"]),
            value=lambda row: row["opened_at"],
            kind="money",  # digits that stay on one line
            align="start",
            order="newest",
        ),
        Column(
            "klass",
            gettext_lazy("Class"),
            lambda row: str(_CLASSES[row["klass"]]),
            kind="state",
            tone=lambda row: CLASS_TONES[row["klass"]],
        ),
        Column(
            "place", gettext_lazy("Unit or place"), lambda row: row["unit__code"] or row["place"], kind="unit"
        ),
        Column("cause", gettext_lazy("Cause"), lambda row: local_name(row, "cause")),
        Column(
            "course",
            pgettext_lazy("complaint", "What happened"),
            _snippet,
            value=lambda row: row["course_start"],
        ),
        Column("department", gettext_lazy("Department"), _word(_DEPARTMENTS, "department")),
        Column(
            "state",
            gettext_lazy("State"),
            lambda row: state_of_complaint(row["state"]),
            kind="state",
            tone=lambda row: TONES[row["state"]],
        ),
        Column(
            "clock",
            gettext_lazy("Next clock"),
            clock_text,
            kind="clock",
            tone=clock_tone,
            order="next",
            hint=lambda row: stamp(row["next_due_at"]),
            value=lambda row: row["next_due_at"],
        ),
        Column("name", gettext_lazy("Complainant"), lambda row: row["name"], shown=False),
        Column(
            "handler",
            gettext_lazy("Person responsible"),
            lambda row: staff_name(row, "handler"),
            shown=False,
        ),
        Column("phone", gettext_lazy("Telephone"), lambda row: row["phone"], shown=False),
        Column("against", gettext_lazy("Against"), _against, shown=False),
        Column("channel", gettext_lazy("Channel"), _word(_CHANNELS, "channel"), shown=False),
        Column("owner", gettext_lazy("Taken by"), lambda row: staff_name(row, "owner"), shown=False),
        Column("fault", gettext_lazy("Fault lies with"), _word(_FAULTS, "fault"), shown=False),
        Column(
            "reported",
            gettext_lazy("Reported"),
            lambda row: stamp(row["reported_at"]),
            value=lambda row: row["reported_at"],
            shown=False,
        ),
        Column(
            "told",
            gettext_lazy("Told"),
            lambda row: stamp(row["told_at"]),
            value=lambda row: row["told_at"],
            shown=False,
        ),
    ),
    filterset=ComplaintFilter,
    orders={"newest": ("-opened_at", "-id"), "next": ("next_due_at", "id")},
    default_order="newest",
    row_href=lambda row: row_address("tickets:complaint", row["id"]),
    row_tone=lambda row: "late" if clock_tone(row) == "late" else "",
    empty=(
        gettext_lazy("Nobody has complained yet."),
        lambda: reverse("tickets:complaint_new"),
        gettext_lazy("Take a complaint"),
        "t",
    ),
    export_permission="complaints.export",
    personal=True,
)
