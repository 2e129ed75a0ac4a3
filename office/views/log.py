"""Who did what, and who looked at what is private: for auditors and administrators (SPEC §1)."""

import django_filters
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from office import clocks, journal, lists, promises
from office.access import may
from office.forms import DateInput
from office.models import AccessLog, Event

WHATS = [
    ("reveal", _("number shown")),
    ("export", _("export")),
    ("file", _("file opened")),
    ("lookup", _("look-up")),
]


class Days(django_filters.FilterSet):
    """Filters both logs share."""

    who = django_filters.CharFilter(label=_("Who"), field_name="by_name", lookup_expr="icontains")
    from_day = django_filters.DateFilter(label=_("From day"), method="since", widget=DateInput(quick=""))
    to_day = django_filters.DateFilter(label=_("Until day"), method="until", widget=DateInput(quick=""))

    def since(self, rows, name, value):
        return rows.filter(at__gte=clocks.midnight(value, timezone.get_current_timezone()))

    def until(self, rows, name, value):
        return rows.filter(at__lt=clocks.end_of_day(value, timezone.get_current_timezone()))


class EventFilter(Days):
    what = django_filters.ChoiceFilter(label=_("What"), choices=lambda: _verbs(), method="of_verb")
    about = django_filters.CharFilter(label=_("About"), field_name="subject_text", lookup_expr="icontains")

    class Meta:
        model = Event
        fields = ()

    def of_verb(self, rows, name, value):
        return rows.filter(verb__startswith=f"{value}.")


class AccessFilter(Days):
    what = django_filters.ChoiceFilter(label=_("What"), choices=WHATS)
    text = django_filters.CharFilter(label=_("Reason or list"), method="said")

    class Meta:
        model = AccessLog
        fields = ()

    def said(self, rows, name, value):
        return rows.filter(Q(reason__icontains=value) | Q(subject_kind__icontains=value))


AREAS = {
    "ticket": _("repairs"),
    "asset": _("public facilities"),
    "unit": _("units"),
    "person": _("people"),
    "occupancy": _("who lives where"),
    "staff": _("staff"),
    "posting": _("postings"),
    "department": _("departments"),
    "estate": _("estates"),
    "rule": _("reminder rules"),
    "catalogue": _("catalogues"),
    "series": _("numbers"),
    "file": _("files"),
    "month": _("monthly reports"),
    "message": _("messages"),
    "text": _("texts of messages"),
    "office": _("taken back"),
}


def _verbs():
    heads = sorted({verb.split(".")[0] for verb in journal.SENTENCES})
    return [(head, AREAS.get(head, head)) for head in heads]


def _sentence(row):
    return (
        journal.sentence(Event(verb=row["verb"], data=row["data"]))
        if row["verb"] in journal.SENTENCES
        else row["verb"]
    )


def _page_of(row):
    find = promises.SUBJECTS.get(row["subject_kind"])
    return find(row["subject_id"]) if find and row["subject_id"] else ""


def _number(row):
    return f"#{row['subject_id']}" if row["subject_id"] else ""


def _detail(row):
    found = {**row["detail"]}
    parts = [row["reason"], found.get("filter", ""), str(found["count"]) if "count" in found else ""]
    return " · ".join(part for part in parts if part)


EVENTS = lists.List(
    name="journal",
    title=_("Journal"),
    fields=("id", "at", "verb", "data", "subject_kind", "subject_id", "subject_text", "by_name"),
    columns=(
        lists.Column(
            "at", _("At"), lambda row: lists.stamp(row["at"]), order="newest", value=lambda row: row["at"]
        ),
        lists.Column("by", _("By"), lambda row: row["by_name"] or "–"),
        lists.Column("about", _("About"), lambda row: row["subject_text"] or _number(row), href=_page_of),
        lists.Column("what", _("What"), _sentence),
    ),
    filterset=EventFilter,
    orders={"newest": ("-id",)},
    default_order="newest",
    empty=(_("Nothing has been done yet."),),
    export_permission="office.audit",
    personal=True,
)

ACCESS = lists.List(
    name="access",
    title=_("Access log"),
    fields=("id", "at", "by_name", "what", "subject_kind", "subject_id", "reason", "detail"),
    columns=(
        lists.Column(
            "at", _("At"), lambda row: lists.stamp(row["at"]), order="newest", value=lambda row: row["at"]
        ),
        lists.Column("by", _("By"), lambda row: row["by_name"]),
        lists.Column("what", _("What"), lambda row: str(dict(WHATS).get(row["what"], row["what"]))),
        lists.Column(
            "about", _("About"), lambda row: f"{row['subject_kind']} {_number(row)}".strip(), href=_page_of
        ),
        lists.Column("detail", _("Reason or filter"), _detail),
    ),
    filterset=AccessFilter,
    orders={"newest": ("-id",)},
    default_order="newest",
    empty=(_("Nobody has looked at anything private yet."),),
    export_permission="office.audit",
    personal=True,
)


def _tabs(here):
    pages = [("log", EVENTS.title), ("access_log", ACCESS.title)]
    return [
        {"label": label, "url": reverse(f"office:{name}"), "active": name == here} for name, label in pages
    ]


@may("office.audit")
@require_http_methods(["GET", "POST"])
def log(request):
    """The journal of the estates one audits."""
    return lists.render(
        request, EVENTS, Event.objects.visible_to(request.user, "office.audit"), template="office/log.html",
        extra_context={"tabs": _tabs("log")},
    )  # fmt: skip


@may("office.audit")
@require_http_methods(["GET", "POST"])
def access_log(request):
    """Who looked at what is private."""
    return lists.render(
        request, ACCESS, AccessLog.objects.visible_to(request.user, "office.audit"), template="office/log.html",
        extra_context={"tabs": _tabs("access_log")},
    )  # fmt: skip
