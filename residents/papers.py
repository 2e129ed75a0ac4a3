"""The list of a household's files: what is filed, whose it is, until when it is kept, how often it was opened."""

from dataclasses import replace

from django.db.models import BigIntegerField, CharField, Count, DateField, F, OuterRef, Subquery, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, ngettext, pgettext_lazy
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from office.lists import Column, List, day, stamp
from office.models import AccessLog
from residents import archive
from residents.models import DocumentKind, Occupancy, Person

RECORDS = {
    "unit": _("unit"), "person": _("person"), "tickets.ticket": _("repair"), "residents.key_loan": _("key loan"),
}  # fmt: skip
KIND = ("name_zh_hant", "name_zh_hans", "name_en", "keep_years")


def with_names(rows, unit):
    """Files with their kind, the name of whose they are, and the day that person left the unit: one query."""
    kinds = DocumentKind.objects.filter(estate_id=OuterRef("estate_id"), code=OuterRef("kind"))
    persons = Person.objects.filter(pk=OuterRef("subject_id"))
    # Who still belongs to the unit has no last day: no end stands first.
    stays = Occupancy.objects.filter(unit=unit, person_id=OuterRef("subject_id")).order_by(
        F("period__endswith").desc(nulls_first=True)
    )
    opened = (
        AccessLog.objects.filter(
            what="file", subject_kind=OuterRef("subject_kind"), subject_id=OuterRef("subject_id")
        )
        .annotate(file_id=Cast(KeyTextTransform("file", "detail"), BigIntegerField()))
        .filter(file_id=OuterRef("pk"))
    )
    return rows.annotate(
        **{f"kind_{name}": Subquery(kinds.values(name)[:1]) for name in KIND},
        person_name=Coalesce(Subquery(persons.values("name")[:1]), Value(""), output_field=CharField()),
        left_on=Subquery(stays.values("period__endswith")[:1], output_field=DateField()),
        opened=Coalesce(
            Subquery(opened.order_by().values("what").annotate(n=Count("pk")).values("n")[:1]), 0
        ),
    )


def kind_name(row):
    key = "kind_name_" + (get_language() or "zh-hant").replace("-", "_")
    return row.get(key) or row["kind_name_zh_hant"] or "–"


def whose(row):
    if row["subject_kind"] == archive.PERSON:
        return row["person_name"]
    return str(RECORDS.get(row["subject_kind"], row["subject_kind"]))


def size_text(size):
    return f"{size / 1024 / 1024:.1f} MB" if size >= 1024 * 1024 else f"{max(1, round(size / 1024))} kB"


def kept_text(known, keep_years, filed_on, left_on, is_persons):
    """Until when it is kept: a day, “for good”, or so many years after its person will have left."""
    if not known:
        return ""
    if keep_years is None:
        return _now("for good")
    if is_persons and left_on is None:
        words = ngettext("%(n)s year after leaving", "%(n)s years after leaving", keep_years)
        return words % {"n": keep_years}
    return day(archive.years_after(left_on if is_persons else filed_on, keep_years))


def kept(row):
    return kept_text(
        row["kind_name_zh_hant"], row["kind_keep_years"], timezone.localdate(row["uploaded_at"]), row["left_on"],
        row["subject_kind"] == archive.PERSON,
    )  # fmt: skip


ARCHIVE = List(
    name="archive",
    # Translators: 戶檔案
    title=_("Archive"),
    fields=(
        "id", "name", "kind", "subject_kind", "person_name", "left_on", "uploaded_at", "uploaded_by__name", "size", "opened",
        *(f"kind_{name}" for name in KIND),
    ),
    columns=(
        Column("kind", _("Document"), kind_name, order="kind"),
        Column("of", _("Belongs to"), whose),
        Column("name", pgettext_lazy("of a file", "Name"), lambda row: row["name"]),
        Column("at", _("Filed"), lambda row: stamp(row["uploaded_at"]), value=lambda row: row["uploaded_at"], order="newest"),
        Column("by", _("Filed by"), lambda row: row["uploaded_by__name"] or ""),
        Column("size", _("Size"), lambda row: size_text(row["size"]), align="right", value=lambda row: row["size"]),
        Column("kept", _("Kept until"), kept),
        Column("opened", _("Opened"), lambda row: str(row["opened"]), align="right", value=lambda row: row["opened"]),
    ),
    orders={"newest": ("-uploaded_at", "-id"), "kind": ("kind", "id")},
    default_order="newest",
    row_href=lambda row: reverse("residents:archive_file", args=[row["id"]]),
    empty=(_("Nothing is filed yet."),),
    export_permission="register.export",
    personal=True,
)  # fmt: skip


def listed_for(sees_openings):
    """Without the openings for those who may not know who opened what."""
    if sees_openings:
        return ARCHIVE
    return replace(ARCHIVE, columns=tuple(column for column in ARCHIVE.columns if column.key != "opened"))
