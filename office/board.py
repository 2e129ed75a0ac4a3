"""The board: everything the office owes, of every kind and workflow, in one list (SPEC §1, §11).

One list serves what is open and what has ended: its page, its tabs, its export, the morning sheet and every number
of every dashboard read the same filter.
"""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from urllib.parse import urlencode

import django_filters as filters
from django import forms
from django.db.models import Count, F, OuterRef, Q, Subquery
from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy, pgettext_lazy
from django.utils.translation import gettext as _

from office import clocks, promises
from office.actions.handing import PERMISSION as HAND_OVER
from office.addresses import row_address
from office.forms import Choose
from office.lists import Column, List, stamp
from office.lists.estates import (
    DAYS,
    OfEstates,
    day_field,
    meant,
    over,
    readable,
    row_zone,
    staff_name,
    tonight,
    wide,
)
from office.models import Department, Posting, Promise, Seen, Staff

READ, EXPORT = "office.board", "office.export_board"
Outcome = Promise.Outcome
# The tabs. Days are local, a week ends with Sunday.
TABS = [
    ("overdue", gettext_lazy("Overdue")),
    ("today", gettext_lazy("Due today")),
    ("week", gettext_lazy("This week")),
    ("later", gettext_lazy("Later")),
]
OPEN = {"open", "overdue", "today", "week", "later", "ahead", "waiting"}
OUTCOMES = [
    *TABS,
    ("ahead", gettext_lazy("due later than today")),
    ("waiting", gettext_lazy("not yet due")),
    ("kept", gettext_lazy("kept")),
    ("on_time", gettext_lazy("kept on time")),
    ("late", gettext_lazy("kept late")),
    ("unreachable", gettext_lazy("could not be kept")),
    ("extended", gettext_lazy("extended")),
    ("owed", gettext_lazy("owed or kept")),
    ("ended", gettext_lazy("kept or not")),
]
# How late an overdue promise is: (key, label, at least, less than).
LATENESS = [
    ("0", gettext_lazy("under 1 day"), timedelta(0), timedelta(days=1)),
    ("1", gettext_lazy("1 to 3 days"), timedelta(days=1), timedelta(days=3)),
    ("3", gettext_lazy("3 to 7 days"), timedelta(days=3), timedelta(days=7)),
    ("7", gettext_lazy("7 days and more"), timedelta(days=7), None),
]


def week_end(now, zone):
    """24:00 of the Sunday of the present local week."""
    today = clocks.local_date(now, zone)
    return clocks.end_of_day(today + timedelta(days=6 - today.weekday()), zone)


def by_due(name, now, local):
    """Which of what is open; `local(condition)` asks it in the zone of each row's estate. By the due time alone, which
    an index holds beside the estate."""
    return {
        "open": lambda: Q(),
        "overdue": lambda: Q(due_at__lte=now),
        "waiting": lambda: Q(due_at__gt=now),
        "today": lambda: Q(due_at__gt=now) & local(lambda zone: Q(due_at__lte=tonight(now, zone))),
        "ahead": lambda: local(lambda zone: Q(due_at__gt=tonight(now, zone))),
        "week": lambda: local(
            lambda zone: Q(due_at__gt=tonight(now, zone)) & Q(due_at__lte=week_end(now, zone))
        ),
        "later": lambda: local(lambda zone: Q(due_at__gt=week_end(now, zone))),
    }[name]()


def by_outcome(name, now, local):
    """The condition behind one of OUTCOMES."""
    if name in OPEN:
        return Q(closed_at__isnull=True) & by_due(name, now, local)
    ended = Q(closed_at__isnull=False)  # said, so that the index of what ended is known to hold it
    kept = ended & Q(outcome=Outcome.KEPT)
    return {
        "": Q(),
        "owed": ~Q(outcome__in=[Outcome.EXTENDED, Outcome.CANCELLED]),
        "kept": kept,
        "on_time": kept & Q(closed_at__lte=F("due_at")),
        "late": kept & Q(closed_at__gt=F("due_at")),
        "unreachable": ended & Q(outcome=Outcome.UNREACHABLE),
        "extended": ended & Q(outcome=Outcome.EXTENDED),
        "ended": Q(outcome__in=[Outcome.KEPT, Outcome.UNREACHABLE]),
    }[name]


class BoardFilter(OfEstates):
    """Which promises. `fact` is what the clock counts from, `closed` what ended it."""

    permission = READ
    day_fields = {"fact": "fact_at", "closed": "closed_at"}

    kind = filters.MultipleChoiceFilter(
        label=gettext_lazy("Kind"), choices=[], widget=forms.SelectMultiple({"data-choose": ""})
    )
    owner = filters.ModelChoiceFilter(
        label=pgettext_lazy("of a promise", "Owner"),
        empty_label=gettext_lazy("any"),
        queryset=Staff.objects.all(),
        widget=Choose,
    )
    department = filters.ChoiceFilter(
        label=gettext_lazy("Department"), choices=Department.choices, empty_label=gettext_lazy("any")
    )
    late = filters.ChoiceFilter(
        label=gettext_lazy("How late"),
        choices=[row[:2] for row in LATENESS],
        method="by_lateness",
        empty_label=gettext_lazy("any"),
    )
    outcome = filters.ChoiceFilter(
        label=gettext_lazy("Clock"), choices=OUTCOMES, method="nothing", empty_label=gettext_lazy("all open")
    )
    about = filters.ChoiceFilter(
        label=gettext_lazy("About"), field_name="subject_kind", choices=[], empty_label=gettext_lazy("any")
    )
    level = filters.ChoiceFilter(
        label=gettext_lazy("Climbed to"),
        choices=Promise.Level.choices,
        empty_label=gettext_lazy("any"),
    )
    fact_from = day_field(gettext_lazy("Counts from, first day"))
    fact_to = day_field(gettext_lazy("Counts from, last day"))
    closed_from = day_field(gettext_lazy("Ended from"))
    closed_to = day_field(gettext_lazy("Ended until"))
    due_by = filters.DateFilter(
        label=gettext_lazy("Due by the end of"), method="by_due", widget=forms.HiddenInput, validators=DAYS
    )
    no_owner = filters.BooleanFilter(
        label=gettext_lazy("Owned by nobody"), method="by_no_owner", widget=forms.HiddenInput
    )

    class Meta:
        model = Promise
        fields = ()

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.filters["kind"].extra["choices"] = kind_choices()
        self.filters["about"].extra["choices"] = [
            (kind, matter.label) for kind, matter in promises.MATTERS.items()
        ]
        self.filters["outcome"].extra["choices"] = [("open", gettext_lazy("open")), *OUTCOMES]

    @property
    def form(self):
        """Anybody may be named by a link (a person who left still owes), offered are those posted here."""
        if not hasattr(self, "_form"):
            field = super().form.fields["owner"]
            field.widget.choices = lambda: [("", field.empty_label), *staff_of(self.estates)]
        return super().form

    @staticmethod
    def choices_key(request):
        """What the filter of the estate in view offers; with estates chosen it is drawn anew."""
        mine = tuple((estate.pk, estate.local_name) for estate in readable(request.user, READ))
        return mine, tuple(staff_of([request.estate] if request.estate else []))

    def filter_queryset(self, queryset):
        self.beneath = super().filter_queryset(queryset)
        asked = self.form.cleaned_data.get("outcome") or ""
        return self.beneath.filter(by_outcome(asked, self.request.now, self.local))

    def by_lateness(self, rows, name, value):
        _key, _label, least, below = next(row for row in LATENESS if row[0] == value)
        now = self.request.now
        rows = rows.filter(closed_at__isnull=True, due_at__lte=now - least)
        return rows.filter(due_at__gt=now - below) if below else rows

    def by_due(self, rows, name, value):
        return rows.filter(self.local(lambda zone: Q(due_at__lte=clocks.end_of_day(value, zone))))

    def by_no_owner(self, rows, name, value):
        return rows.filter(owner__isnull=True) if value else rows


def kind_choices():
    kinds = sorted(promises.KINDS.values(), key=lambda kind: (kind.order, kind.name))
    return [(kind.name, kind.label) for kind in kinds]


def kind_label(name):
    return str(promises.KINDS[name].label) if name in promises.KINDS else name


def staff_of(estates):
    """[(id, name)] of those posted at these estates: one query."""
    if not estates:
        return []
    posted = Posting.objects.filter(estate__in=[estate.pk for estate in estates]).values("staff")
    rows = Staff.objects.filter(pk__in=posted, is_active=True).order_by("name", "pk")
    english = get_language() == "en"
    return [
        (pk, name_en if english and name_en else name)
        for pk, name, name_en in rows.values_list("pk", "name", "name_en")
    ]


# --- the list ----------------------------------------------------------------------------------------------

_DEPARTMENTS, _LEVELS, _OUTCOMES = (
    dict(Department.choices),
    dict(Promise.Level.choices),
    dict(Outcome.choices),
)


def _read(row):
    """(tone, words, rule) of a row's clock: several columns ask, it is worked out once."""
    if "read" not in row:
        row["zone"] = row_zone(row)
        row["read"] = (*_clock_of(row), promises.rule_text(SimpleNamespace(**row), row["zone"]))
    return row["read"]


def _clock_of(row):
    if row["outcome"] == Outcome.OPEN:
        return clocks.due_text(row["due_at"], row["now"], row["zone"])
    if row["outcome"] == Outcome.KEPT and row["closed_at"] > row["due_at"]:
        return "broken", _("kept late")
    tone = {Outcome.KEPT: "kept", Outcome.UNREACHABLE: "broken"}.get(row["outcome"], "quiet")
    return tone, str(_OUTCOMES[row["outcome"]])


def _tone(row):
    return _read(row)[0]


def _clock(row):
    return _read(row)[1]


def _rule(row):
    return _read(row)[2]


def _seen(row):
    """Who has said "seen, I take care" last; empty while nobody above the owner has."""
    return (get_language() == "en" and row["seen_en"]) or row["seen_by"] or ""


def local_stamp(moment, row):
    return f"{moment.astimezone(row.get('zone') or row_zone(row)):%Y-%m-%d %H:%M}" if moment else ""


BOARD = List(
    name="board",
    # Translators: 承諾看板
    title=gettext_lazy("Promises board"),
    fields=(
        "id",
        "title",
        "kind",
        "subject_kind",
        "subject_id",
        "estate_id",
        "department",
        "level",
        "rule_key",
        "amount",
        "measure",
        "fact_at",
        "due_at",
        "closed_at",
        "outcome",
        "reason",
        "extends_id",
        "owner_id",
        "owner__name",
        "owner__name_en",
        "seen_by",
        "seen_en",
    ),
    columns=(
        Column("title", gettext_lazy("Matter"), lambda row: row["title"]),
        Column("kind", gettext_lazy("Promise"), lambda row: kind_label(row["kind"])),
        Column("clock", gettext_lazy("Clock"), _clock, kind="clock", tone=_tone, hint=_rule),
        Column(
            "due", gettext_lazy("Due"), lambda row: local_stamp(row["due_at"], row), order="due",
            kind="unit", value=lambda row: row["due_at"],
        ),
        Column("rule", gettext_lazy("Rule and fact"), _rule),
        Column("owner", pgettext_lazy("of a promise", "Owner"), lambda row: staff_name(row, "owner") or _("nobody")),
        Column("department", gettext_lazy("Department"), lambda row: str(_DEPARTMENTS.get(row["department"], ""))),
        Column("level", gettext_lazy("Climbed to"), lambda row: str(_LEVELS[row["level"]]), shown=False),
        Column("seen", gettext_lazy("Seen by"), _seen),
        Column(
            "fact", gettext_lazy("Counts from"), lambda row: stamp(row["fact_at"]), shown=False,
            value=lambda row: row["fact_at"],
        ),
        Column(
            "closed", gettext_lazy("Ended"), lambda row: local_stamp(row["closed_at"], row), shown=False,
            value=lambda row: row["closed_at"],
        ),
        Column("reason", gettext_lazy("Reason"), lambda row: row["reason"], shown=False),
    ),
    filterset=BoardFilter,
    orders={"due": ("due_at", "id")},
    default_order="due",
    row_tone=lambda row: "late" if _tone(row) == "late" else "",
    empty=(gettext_lazy("Nothing is owed here: every promise has been kept."),),
    export_permission=EXPORT,
)  # fmt: skip


def query_of(request):
    return QueryDict(request.POST["query"]) if "query" in request.POST else request.GET


def shows_open(request):
    return (query_of(request).get("outcome") or "open") in OPEN


def rows(request):
    """What the board begins with: open promises, or with `outcome` all but the cancelled ones."""
    last = Seen.objects.filter(promise=OuterRef("pk")).order_by("-step")
    found = meant(request, Promise, READ).annotate(
        seen_by=Subquery(last.values("by__name")[:1]), seen_en=Subquery(last.values("by__name_en")[:1])
    )
    if query_of(request).get("outcome"):
        return found.exclude(outcome=Outcome.CANCELLED)
    return found.filter(closed_at__isnull=True)


def matter_url(staff, kind, pk, estate_id):
    """The page of what a promise is about; empty where this person may not open it."""
    url, known = promises.SUBJECTS.get(kind), promises.MATTERS.get(kind)
    if url is None or (known and known.permission and not staff.may(known.permission, estate_id)):
        return ""
    return url(pk)


def declared(request):
    """The list as this person sees it: links only where the page opens, ended rows by their ends."""
    staff = request.user
    ended = not shows_open(request)

    def matter(row):
        return matter_url(staff, row["subject_kind"], row["subject_id"], row["estate_id"])

    mine_to_give = set(staff.estate_ids(HAND_OVER))
    word = _("Hand over")

    def hand_over(row):
        may = row["outcome"] == Outcome.OPEN and row["estate_id"] in mine_to_give
        return row_address("office:promise_hand_over", row["id"]) if may else ""

    columns = []
    for column in BOARD.columns:
        if column.key == "owner":
            column = replace(
                column, href=hand_over, hint=lambda row: word if row["estate_id"] in mine_to_give else ""
            )
        if ended and column.key == "closed":
            column = replace(column, shown=True, order="ended")
        if ended and column.key == "due":
            column = replace(column, order=None)
        if ended and column.key == "department":
            column = replace(column, shown=False)
        columns.append(column)
    mine = replace(BOARD, row_href=matter, columns=tuple(columns))
    if ended:  # years of it: by their ends, which an index knows
        mine = replace(mine, orders={"ended": ("-closed_at", "-id")}, default_order="ended")
    return over(mine, wide(request))


def tabs(request):
    """`tabs(reading)` for lists.render: each with the number of its rows, one query for all."""

    def drawn(reading):
        if not reading.is_valid:
            return []
        if reading.is_filtered:
            beneath, local = reading.filterset.beneath, reading.filterset.local
        else:
            beneath, local = reading.rows, lambda condition: condition(request.estate.zone)
        waiting = beneath.filter(closed_at__isnull=True).order_by()
        numbers = waiting.aggregate(
            open=Count("due_at"),
            **{name: Count("due_at", filter=by_due(name, request.now, local)) for name, _label in TABS},
        )
        asked = reading.query.get("outcome") or "open"
        rest = reading.query.copy()
        for name in ("outcome", "order", "after", "before"):
            rest.pop(name, None)
        found = []
        for name, label in [("open", _("All open")), *TABS]:
            query = rest.copy()
            if name != "open":
                query["outcome"] = name
            address = f"{request.path}?{query.urlencode()}" if query else request.path
            found.append(
                {
                    "label": label,
                    "url": address,
                    "active": name == asked,
                    "count": numbers[name],
                    "name": name,
                }
            )
        return found

    return drawn


def until_tonight(request, reading):
    """What a morning meeting speaks of: late, or due before the day ends."""

    def own(condition):
        return condition(request.estate.zone)

    local = reading.filterset.local if reading.is_filtered else own
    return local(lambda zone: Q(due_at__lte=tonight(request.now, zone)))


def address(**query):
    """Where a number of promises is listed."""
    return f"{reverse('office:board')}?{urlencode(query, doseq=True)}" if query else reverse("office:board")
