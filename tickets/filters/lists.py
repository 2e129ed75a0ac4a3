"""Which tickets, which promises. Page, count, spreadsheet and every number of the dashboard use these filters."""

from datetime import timedelta

import django_filters as filters
from django import forms
from django.db import connection
from django.db.models import Exists, OuterRef, Q
from django.utils.functional import cached_property
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from office import clocks, search
from office.forms import Choose
from office.models import Building, Promise, Staff
from residents.models import Occupancy
from tickets import reception, reports
from tickets.filters.month import CallbacksOfMonth, TicketsOfMonth
from tickets.filters.scope import DayRanges, day_field, readable, tonight
from tickets.models import Asset, CallbackTry, Category, Handover, LogEntry, Plan, Ticket

OPEN = [("yes", _("open")), ("no", _("ended"))]
YES_NO = [("yes", _("yes")), ("no", _("no"))]
CERTIFICATES = [("ended", _("ended")), ("soon", _("ends soon"))]
DUE = [
    ("overdue", _("overdue")),
    ("today", _("due today")),
    ("later", _("due later")),
    ("none", _("no clock")),
]
# Local days since the ticket was opened: (key, label, from, below).
AGES = [
    ("0-1", _("today and yesterday"), 0, 2),
    ("2-3", _("2–3 days"), 2, 4),
    ("4-7", _("4–7 days"), 4, 8),
    ("8-30", _("8–30 days"), 8, 31),
    ("31", _("over 30 days"), 31, None),
]
WORDS_BACK = timedelta(days=400)  # words of the log are looked for without an index
KINDS = ("callback", "water_test", "arrival", "waiting")


def technicians(estates):
    """Who can be dispatched at one of these estates."""
    ids = [estate.pk for estate in estates]
    return Staff.objects.filter(pk__in=reports.technicians(*ids).values("pk")).order_by("name")


def _posted(estates):
    return Staff.objects.filter(postings__estate__in=[estate.pk for estate in estates]).distinct()


def _of(model):
    return lambda estates: model.objects.filter(estate__in=[estate.pk for estate in estates])


def age_bounds(age, now, zone):
    """(opened at or after, opened before) of one of `AGES`."""
    today = clocks.local_date(now, zone)
    _key, _label, youngest, below = next(row for row in AGES if row[0] == age)
    start = None if below is None else clocks.midnight(today - timedelta(days=below - 1), zone)
    end = clocks.midnight(today - timedelta(days=youngest - 1), zone)
    return start, end


NAMES = ("name_zh_hant", "name_zh_hans", "name_en")


def name_in_catalogue(hant, hans, english):
    return {"zh-hans": hans, "en": english}.get(get_language() or "", hant) or hant


_CHOICES = """
SELECT 'category', id, name_zh_hant, name_zh_hans, name_en, position, code
  FROM tickets_category WHERE estate_id = ANY(%(estates)s)
UNION ALL
SELECT 'asset', id, name_zh_hant, name_zh_hans, name_en, position, code
  FROM tickets_asset WHERE estate_id = ANY(%(estates)s)
UNION ALL
SELECT 'technician', id, name, '', name_en, 0, name
  FROM office_staff WHERE is_active AND id IN (
    SELECT staff_id FROM office_posting WHERE estate_id = ANY(%(estates)s) AND role IN ('technician', 'lead'))
UNION ALL
SELECT 'building', id, coalesce(nullif(name, ''), code), '', '', 0, sort_key
  FROM office_building WHERE estate_id = ANY(%(estates)s)
ORDER BY 6, 7
"""


def choices_of(estates):
    """What a repairs' filter offers, all of it in one query: (field, id, three names, …), in order."""
    if not estates:
        return ()
    with connection.cursor() as cursor:  # by hand: every list asks this, and putting it together cost most
        cursor.execute(_CHOICES, {"estates": [estate.pk for estate in estates]})
        return tuple(cursor.fetchall())


class Choices:
    """The choices of a repairs' filter, asked when the first is drawn."""

    def __init__(self, estates):
        self.estates = estates

    @cached_property
    def found(self):
        """{field: [(id, label), …]}"""
        found: dict[str, list] = {}
        for name, pk, *names, _position, _order in choices_of(self.estates):
            found.setdefault(name, []).append((pk, name_in_catalogue(*names)))
        return found

    def of(self, name, empty):
        return lambda: [("", empty), *self.found.get(name, ())]


class TicketFilter(TicketsOfMonth):
    rows_of = {
        "category": _of(Category), "technician": technicians, "building": _of(Building), "asset": _of(Asset),
    }  # fmt: skip
    day_fields = {"opened": "opened_at", "done": "done_at", "closed": "closed_at"}

    q = filters.CharFilter(
        label=_("Number, unit, name or telephone"),
        method="search",
        widget=forms.TextInput({"type": "search"}),
    )
    open = filters.ChoiceFilter(
        label=pgettext_lazy("filter", "Open"), choices=OPEN, method="by_open", empty_label=_("all")
    )
    state = filters.MultipleChoiceFilter(
        label=_("State"), choices=Ticket.State.choices, widget=forms.SelectMultiple({"data-choose": ""})
    )
    category = filters.ModelChoiceFilter(
        label=_("Category"), empty_label=_("any"), queryset=Category.objects.none(), widget=Choose
    )
    technician = filters.ModelChoiceFilter(
        label=_("Technician"), empty_label=_("any"), queryset=Staff.objects.none(), widget=Choose
    )
    building = filters.ModelChoiceFilter(
        label=_("Building"), empty_label=_("any"), queryset=Building.objects.none(), widget=Choose
    )
    due = filters.ChoiceFilter(label=_("Next clock"), choices=DUE, method="by_due", empty_label=_("any"))
    opened_from = day_field(_("Opened from"))
    opened_to = day_field(_("Opened until"))
    risk = filters.ChoiceFilter(label=_("Risk"), choices=Category.Risk.choices, empty_label=_("any"))
    stream = filters.ChoiceFilter(
        label=_("Kind of work"), choices=Category.Stream.choices, empty_label=_("any")
    )
    promise = filters.ChoiceFilter(label=_("Owes"), method="by_promise", empty_label=_("any"), choices=[])
    age = filters.ChoiceFilter(
        label=_("Age"), choices=[row[:2] for row in AGES], method="by_age", empty_label=_("any")
    )
    repeat = filters.ChoiceFilter(label=_("Repeat"), choices=YES_NO, method="by_repeat", empty_label=_("any"))
    asset = filters.ModelChoiceFilter(
        label=_("Public facility"), empty_label=_("any"), queryset=Asset.objects.none(), widget=Choose
    )
    unit = filters.NumberFilter(label=_("Unit"), field_name="unit_id", widget=forms.HiddenInput)
    category_code = filters.CharFilter(
        label=_("Category"), field_name="category__code", widget=forms.HiddenInput
    )
    no_technician = filters.BooleanFilter(
        label=_("Nobody sent"), method="by_no_technician", widget=forms.HiddenInput
    )
    no_building = filters.BooleanFilter(
        label=_("No building named"), method="by_no_building", widget=forms.HiddenInput
    )
    satisfied = filters.ChoiceFilter(
        label=_("Satisfied"), choices=YES_NO, method="by_satisfied", empty_label=_("any")
    )
    ending = filters.ChoiceFilter(label=_("Ended as"), choices=Ticket.Ending.choices, empty_label=_("any"))
    done_from = day_field(_("Completed from"))
    done_to = day_field(_("Completed until"))
    closed_from = day_field(_("Ended from"))
    closed_to = day_field(_("Ended until"))

    class Meta:
        model = Ticket
        fields = ()

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        from office import promises

        self.filters["promise"].extra["choices"] = [(kind, promises.KINDS[kind].label) for kind in KINDS]

    @property
    def form(self):
        if not hasattr(self, "_form"):
            choices = Choices(self.estates)
            for name in ("category", "technician", "building", "asset"):
                field = super().form.fields[name]
                field.widget.choices = choices.of(name, field.empty_label)
        return super().form

    @staticmethod
    def choices_key(request):
        """What the filter of the estate in view offers; with estates chosen it is drawn anew."""
        mine = tuple((estate.pk, estate.local_name) for estate in readable(request.user))
        return mine, choices_of([request.estate] if request.estate else [])

    def search(self, rows, name, value):
        """Number (whole, beginning or last digits), unit, reporter; a telephone finds its person's units."""
        text = value.strip()
        hits = search.find([estate.pk for estate in self.estates], text, limit=200)
        ids: dict = {"unit": [], "person": [], Ticket.SUBJECT: []}
        for hit in hits:
            ids.setdefault(hit.subject_kind, []).append(hit.subject_id)
        units = list(ids["unit"])
        if ids["person"]:
            units += Occupancy.objects.filter(person_id__in=ids["person"]).values_list("unit_id", flat=True)
        wanted = Q(number__startswith=text.upper()) | Q(source_number=text)
        if ids[Ticket.SUBJECT]:
            wanted |= Q(pk__in=ids[Ticket.SUBJECT])
        if units:
            wanted |= Q(unit_id__in=units)
        if ids["person"]:
            wanted |= Q(reporter_id__in=ids["person"])
        # Names nobody registered are looked for among open tickets only: their index is small.
        wanted |= Q(closed_at__isnull=True) & (
            Q(reporter_name__icontains=text) | Q(reporter_phone__contains=text)
        )
        return rows.filter(wanted)

    def by_open(self, rows, name, value):
        return rows.filter(closed_at__isnull=value == "yes")

    def by_no_technician(self, rows, name, value):
        return rows.filter(technician__isnull=True) if value else rows

    def by_due(self, rows, name, value):
        now = self.request.now
        rows = rows.filter(closed_at__isnull=True)
        return {
            "overdue": lambda: rows.filter(next_due_at__lte=now),
            "today": lambda: rows.filter(
                self.local(lambda zone: Q(next_due_at__lte=tonight(now, zone))), next_due_at__gt=now
            ),
            "later": lambda: rows.filter(self.local(lambda zone: Q(next_due_at__gt=tonight(now, zone)))),
            "none": lambda: rows.filter(next_due_at__isnull=True),
        }[value]()

    def by_promise(self, rows, name, value):
        owed = Promise.objects.filter(
            subject_kind=Ticket.SUBJECT, subject_id=OuterRef("pk"), kind=value, closed_at__isnull=True
        )
        return rows.filter(closed_at__isnull=True).filter(Exists(owed))

    def by_age(self, rows, name, value):
        def within(zone):
            start, end = age_bounds(value, self.request.now, zone)
            below = Q(opened_at__lt=end)
            return below & Q(opened_at__gte=start) if start else below

        return rows.filter(self.local(within))

    def by_repeat(self, rows, name, value):
        return rows.filter(is_repeat=value == "yes")

    def by_no_building(self, rows, name, value):
        return rows.filter(building__isnull=True) if value else rows

    def by_satisfied(self, rows, name, value):
        return rows.filter(satisfied=value == "yes")


class CallbackFilter(CallbacksOfMonth):
    """Callbacks made: by whom, how they ended, when."""

    day_fields = {"tried": "tried_at"}
    estate_field = "ticket__estate"
    rows_of = {"by": _posted}

    outcome = filters.ChoiceFilter(
        label=_("Result"), choices=CallbackTry.Outcome.choices, empty_label=_("any")
    )
    reached = filters.ChoiceFilter(
        label=_("Reached"), choices=YES_NO, method="by_reached", empty_label=_("any")
    )
    score = filters.ChoiceFilter(
        label=_("Score"), choices=[(str(n), str(n)) for n in range(5, 0, -1)] + [("none", _("none"))],
        method="by_score", empty_label=_("any"),
    )  # fmt: skip
    by = filters.ModelChoiceFilter(
        label=_("By"), empty_label=_("any"), queryset=Staff.objects.none(), widget=Choose
    )
    tried_from = day_field(_("From"))
    tried_to = day_field(_("Until"))

    class Meta:
        model = CallbackTry
        fields = ()

    def by_reached(self, rows, name, value):
        not_reached = Q(outcome=CallbackTry.Outcome.NOT_REACHED)
        return rows.exclude(not_reached) if value == "yes" else rows.filter(not_reached)

    def by_score(self, rows, name, value):
        return rows.filter(score__isnull=True) if value == "none" else rows.filter(score=int(value))


class AssetFilter(filters.FilterSet):
    q = filters.CharFilter(
        label=_("Name or code"), method="search", widget=forms.TextInput({"type": "search"})
    )
    kind = filters.ChoiceFilter(label=_("Kind"), choices=Asset.Kind.choices, empty_label=_("any"))
    building = filters.ModelChoiceFilter(
        label=_("Building"),
        empty_label=_("any"),
        queryset=lambda request: Building.objects.filter(estate=request and request.estate),
        widget=Choose,
    )
    in_service = filters.ChoiceFilter(
        label=_("In service"), choices=YES_NO, method="by_service", empty_label=_("any")
    )
    is_active = filters.ChoiceFilter(label=_("In use"), choices=YES_NO, method="by_use", empty_label=_("any"))
    certificate = filters.ChoiceFilter(
        label=_("Certificate"), choices=CERTIFICATES, method="by_certificate", empty_label=_("any")
    )

    class Meta:
        model = Asset
        fields = ()

    def search(self, rows, name, value):
        text = value.strip()
        return rows.filter(
            Q(code__icontains=text) | Q(name_zh_hant__icontains=text) | Q(name_zh_hans__icontains=text)
            | Q(name_en__icontains=text) | Q(place__icontains=text)
        )  # fmt: skip

    def by_service(self, rows, name, value):
        return rows.filter(in_service=value == "yes")

    def by_use(self, rows, name, value):
        return rows.filter(is_active=value == "yes")

    def by_certificate(self, rows, name, value):
        estate = self.request.estate
        today = clocks.local_date(self.request.now, estate.zone)
        if value == "ended":
            return rows.filter(certificate_until__lt=today)
        soon = today + timedelta(days=estate.certificate_days)
        return rows.filter(certificate_until__gte=today, certificate_until__lte=soon)


class PlanFilter(filters.FilterSet):
    q = filters.CharFilter(
        label=_("Facility or work"), method="search", widget=forms.TextInput({"type": "search"})
    )
    kind = filters.ChoiceFilter(
        label=_("Kind"), field_name="asset__kind", choices=Asset.Kind.choices, empty_label=_("any")
    )
    state = filters.ChoiceFilter(label=_("State"), choices=Plan.State.choices, empty_label=_("any"))

    class Meta:
        model = Plan
        fields = ()

    def search(self, rows, name, value):
        text = value.strip()
        return rows.filter(
            Q(title__icontains=text) | Q(asset__code__icontains=text) | Q(asset__name_zh_hant__icontains=text)
            | Q(asset__name_zh_hans__icontains=text) | Q(asset__name_en__icontains=text)
        )  # fmt: skip


class LogFilter(DayRanges):
    """Which lines of the reception log. Without any choice the page shows today's (SPEC §2 "the day's log")."""

    day_fields = {"at": "at"}

    q = filters.CharFilter(
        label=_("Number, unit, name, telephone, words"),
        method="search",
        widget=forms.TextInput({"type": "search"}),
    )
    day = day_field(_("Day"), "by_day")
    shift = filters.ChoiceFilter(
        label=_("Shift"), choices=Handover.Shift.choices, method="nothing", empty_label=_("all")
    )
    open = filters.ChoiceFilter(
        label=pgettext_lazy("filter", "Open"), choices=OPEN, method="by_open", empty_label=_("all")
    )
    channel = filters.ChoiceFilter(label=_("Channel"), choices=LogEntry.Channel.choices, empty_label=_("any"))
    by = filters.ModelChoiceFilter(
        label=_("By"), empty_label=_("any"), queryset=lambda request: reports.writers(
            request.estate.pk if request and request.estate else None), widget=Choose)  # fmt: skip
    who = filters.ChoiceFilter(label=_("Who"), choices=LogEntry.Who.choices, empty_label=_("any"))
    at_from = day_field(_("From"))
    at_to = day_field(_("Until"))
    became = filters.ChoiceFilter(
        label=_("Became"), choices=[("yes", _("a matter")), ("no", _("nothing"))], method="by_became", empty_label=_("any"))  # fmt: skip
    question = filters.ChoiceFilter(
        label=_("Expert asked"), choices=YES_NO, method="by_question", empty_label=_("any")
    )
    unit = filters.NumberFilter(label=_("Unit"), field_name="unit_id", widget=forms.HiddenInput)
    person = filters.NumberFilter(label=_("Person"), field_name="person_id", widget=forms.HiddenInput)

    class Meta:
        model = LogEntry
        fields = ()

    def filter_queryset(self, queryset):
        rows = super().filter_queryset(queryset)
        day, shift = self.form.cleaned_data.get("day"), self.form.cleaned_data.get("shift")
        if shift:  # of the day chosen, else of today
            day = day or clocks.local_date(self.request.now, self.request.estate.zone)
        if day:
            start, end = reception.shift_bounds(day, shift, self.request.estate.zone)
            rows = rows.filter(at__gte=start, at__lt=end)
        return rows

    def by_day(self, rows, name, value):
        return rows  # with the shift, in filter_queryset

    def search(self, rows, name, value):
        """Number, unit and telephone by the search keys; words among the lines of the last thirteen months."""
        text = value.strip()
        estates = [self.request.estate.pk] if self.request.estate else []
        ids: dict = {"unit": [], "person": [], LogEntry.SUBJECT: [], Ticket.SUBJECT: []}
        for hit in search.find(estates, text, limit=200):
            ids.setdefault(hit.subject_kind, []).append(hit.subject_id)
        wanted = Q(number__startswith=text.upper()) | Q(became_text__startswith=text.upper())
        if ids[LogEntry.SUBJECT]:
            wanted |= Q(pk__in=ids[LogEntry.SUBJECT])
        if ids["unit"]:
            wanted |= Q(unit_id__in=ids["unit"])
        if ids["person"]:
            wanted |= Q(person_id__in=ids["person"])
        if ids[Ticket.SUBJECT]:
            wanted |= Q(became_kind=Ticket.SUBJECT, became_id__in=ids[Ticket.SUBJECT])
        words = Q(asked__icontains=text) | Q(answered__icontains=text) | Q(name__icontains=text)
        words |= Q(phone__contains=text) | Q(organisation__icontains=text)
        return rows.filter(wanted | Q(at__gte=self.request.now - WORDS_BACK) & words)

    def by_open(self, rows, name, value):
        return rows.filter(is_open=value == "yes")

    def by_became(self, rows, name, value):
        return rows.filter(became_kind="") if value == "no" else rows.exclude(became_kind="")

    def by_question(self, rows, name, value):
        return rows.filter(question__isnull=value == "no")
