"""The lists of the counter: the day's log, and what one shift hands to the next."""

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from office import clocks
from office.addresses import row_address
from office.lists import Column, List, stamp
from tickets.columns.repairs import staff_name
from tickets.filters import LogFilter
from tickets.models import Handover, LogEntry

_CHANNELS = dict(LogEntry.Channel.choices)
_WHO = dict(LogEntry.Who.choices)
_SHIFTS = dict(Handover.Shift.choices)


def caller_of(row):
    """Who came or called, in one line."""
    if row["who"] == LogEntry.Who.OFFICIAL:
        return " ".join(filter(None, [row["organisation"], row["name"]]))
    return row["name"] or row["phone"] or str(_WHO[row["who"]])


def short(text, length=60):
    text = " ".join(text.split())
    return f"{text[:length]}…" if len(text) > length else text


def _log_state(row):
    if row["next_due_at"]:
        return clocks.due_text(row["next_due_at"], row["now"], timezone.get_current_timezone())[1]
    return _("open") if row["is_open"] else ""


def _log_tone(row):
    if row["next_due_at"]:
        return clocks.due_text(row["next_due_at"], row["now"], timezone.get_current_timezone())[0]
    return "today" if row["is_open"] else ""


def _became_href(row):
    from office import promises

    url = promises.SUBJECTS.get(row["became_kind"]) if row["number"] else None
    return url(row["became_id"]) if url else ""


LOG = List(
    name="reception-log",
    # Translators: 客戶服務中心工作日誌
    title=gettext_lazy("Reception log"),
    fields=(
        "id",
        "number",
        "at",
        "channel",
        "who",
        "unit__code",
        "place",
        "name",
        "phone",
        "organisation",
        "credentials",
        "asked",
        "answered",
        "became_kind",
        "became_id",
        "became_text",
        "next_due_at",
        "is_open",
        "by__name",
        "by__name_en",
    ),
    columns=(
        Column(
            "number",
            gettext_lazy("Number"),
            lambda row: row["number"] or row["became_text"],  # a line that a ticket wrote has the ticket's
            kind="money",
            align="start",
        ),
        Column(
            "at",
            gettext_lazy("Time"),
            lambda row: f"{timezone.localtime(row['at']):%m-%d %H:%M}",
            value=lambda row: row["at"],
            kind="money",  # digits that stay on one line
            align="start",
            order="newest",
        ),
        Column(
            "place", gettext_lazy("Unit or place"), lambda row: row["unit__code"] or row["place"], kind="unit"
        ),
        Column("who", gettext_lazy("Who"), caller_of, kind="money", align="start"),
        Column("phone", gettext_lazy("Telephone"), lambda row: row["phone"], shown=False),
        Column(
            "channel",
            gettext_lazy("Channel"),
            lambda row: str(_CHANNELS[row["channel"]]),
            kind="money",
            align="start",
        ),
        Column(
            "asked",
            gettext_lazy("What was asked"),
            lambda row: short(row["asked"]),
            value=lambda row: row["asked"],
        ),
        Column(
            "answered",
            gettext_lazy("What was answered"),
            lambda row: short(row["answered"]),
            value=lambda row: row["answered"],
        ),
        Column(
            "became",
            gettext_lazy("Became"),
            lambda row: row["became_text"] if row["number"] else "",
            href=_became_href,
            kind="money",
            align="start",
            value=lambda row: row["became_text"],
        ),
        Column("by", gettext_lazy("By"), lambda row: staff_name(row, "by"), kind="money", align="start"),
        Column(
            "clock",
            gettext_lazy("Open"),
            _log_state,
            kind="clock",
            tone=_log_tone,
            hint=lambda row: stamp(row["next_due_at"]) if row["next_due_at"] else "",
            value=lambda row: row["next_due_at"] or _log_state(row),
        ),
        Column("credentials", gettext_lazy("Credentials shown"), lambda row: row["credentials"], shown=False),
    ),
    filterset=LogFilter,
    orders={"newest": ("-at", "-id")},
    default_order="newest",
    row_href=lambda row: row_address("tickets:reception_entry", row["id"]),
    row_tone=lambda row: "late" if _log_tone(row) == "late" else "",
    empty=(
        gettext_lazy("No line yet: write the first one above."),
        lambda: reverse("tickets:reception_new"),
        gettext_lazy("Write a line"),
        "",
    ),
    export_permission="reception.export",
    personal=True,
)

HANDOVERS = List(
    name="shift-handovers",
    # Translators: 交接班
    title=gettext_lazy("Shift hand-overs"),
    fields=(
        "id",
        "day",
        "shift",
        "text",
        "written_at",
        "written_by__name",
        "written_by__name_en",
        "acknowledged_at",
        "acknowledged_by__name",
        "acknowledged_by__name_en",
    ),
    columns=(
        Column("day", gettext_lazy("Day"), lambda row: f"{row['day']:%Y-%m-%d}"),
        Column("shift", gettext_lazy("Shift"), lambda row: str(_SHIFTS[row["shift"]])),
        Column(
            "text",
            gettext_lazy("What the next shift must know"),
            lambda row: short(row["text"], 90),
            value=lambda row: row["text"],
        ),
        Column("by", gettext_lazy("Written by"), lambda row: staff_name(row, "written_by")),
        Column(
            "at",
            gettext_lazy("Written at"),
            lambda row: stamp(row["written_at"]),
            value=lambda row: row["written_at"],
            kind="money",
            align="start",
            order="newest",
        ),
        Column(
            "acknowledged", gettext_lazy("Acknowledged by"), lambda row: staff_name(row, "acknowledged_by")
        ),
        Column(
            "state",
            gettext_lazy("State"),
            lambda row: stamp(row["acknowledged_at"]) if row["acknowledged_at"] else _("not acknowledged"),
            kind="state",
            tone=lambda row: "done" if row["acknowledged_at"] else "today",
            value=lambda row: row["acknowledged_at"] or _("not acknowledged"),
        ),
    ),
    orders={"newest": ("-written_at", "-id")},
    default_order="newest",
    row_href=lambda row: row_address("tickets:shift", row["id"]),
    empty=(
        gettext_lazy("No shift has been handed over yet."),
        lambda: reverse("tickets:shift_new"),
        gettext_lazy("Hand over the shift"),
        "",
    ),
    export_permission="reception.export",
)
