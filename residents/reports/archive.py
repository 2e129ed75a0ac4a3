"""The archive of a household, read over its files: one page's worth of facts, and its card."""

import json
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from office import accesslog, cards, clocks, files
from office.addresses import row_address
from office.models import AccessLog, File
from residents import archive
from residents.models import DocumentKind, Occupancy, Person

KINDS = (
    cards.Kind("archive", gettext_lazy("Archive"), ("archive.",), permission="register.read", icon="archive"),
)
OPENINGS = 50  # newest ones shown of a file


@dataclass
class Archive:
    """What a household's archive holds and lacks at `day`."""

    day: object
    kinds: dict  # code → DocumentKind
    people: list  # today's occupancies, with their persons
    needs: list = field(default_factory=list)

    @property
    def missing(self):
        return [need for need in self.needs if need.is_missing]


def archive_of(unit, staff, day):
    """Three queries, however much is filed."""
    kinds = list(DocumentKind.objects.filter(estate_id=unit.estate_id).order_by("position", "code"))
    people = list(Occupancy.objects.filter(unit=unit).on(day).select_related("person").order_by("role", "pk"))
    ids = {one.person_id for one in people}
    wanted = [kind.code for kind in kinds if kind.needed]
    rows = archive.files_of(unit, staff, ids).filter(kind__in=wanted).order_by("-uploaded_at", "-pk")
    return Archive(day, {kind.code: kind for kind in kinds}, people, archive.needs(kinds, people, list(rows)))


def left_on(unit, person_ids):
    """{person: the day they no longer belong to the unit}; those who still do, or never did, are left out."""
    found: dict = {}
    rows = Occupancy.objects.filter(unit=unit, person_id__in=person_ids).values_list("person_id", "period")
    for person, period in rows:
        found.setdefault(person, []).append(period.upper)
    return {person: max(ends) for person, ends in found.items() if all(ends)}


def openings(file, staff):
    """[(when, who), …] of one file, newest first: for those who may know it."""
    if not may_see_openings(staff, file.estate_id):
        return []
    rows = AccessLog.objects.filter(
        what=accesslog.FILE, subject_kind=file.subject_kind, subject_id=file.subject_id, detail__file=file.pk
    )
    return list(rows.order_by("-id").values_list("at", "by_name")[:OPENINGS])


def may_see_openings(staff, estate_id):
    return staff.may("office.audit", estate_id) or staff.may("register.openings", estate_id)


# --- the household page ------------------------------------------------------------------------------------


# By hand: what `archive_of` reads, as far as it decides what is missing. Putting those three together cost a fifth
# of the household page.
_NEEDED = """
WITH kinds AS (
  SELECT code, name_zh_hant, name_zh_hans, name_en, needed, per_person, position FROM residents_documentkind
  WHERE estate_id = %(estate)s AND is_active AND needed <> ''
), people AS (
  SELECT o.id, o.role, lower(o.period) AS since, o.person_id, p.kind, p.name, p.name_en
  FROM residents_occupancy o JOIN residents_person p ON p.id = o.person_id
  WHERE o.unit_id = %(unit)s AND o.period @> %(day)s::date
)
SELECT (SELECT json_agg(kinds ORDER BY position, code) FROM kinds),
       (SELECT json_agg(people ORDER BY role, id) FROM people),
       (SELECT json_agg(json_build_array(kind, subject_kind, subject_id, uploaded_at)) FROM office_file
        WHERE (unit_id = %(unit)s OR (subject_kind = 'unit' AND subject_id = %(unit)s)
               OR (subject_kind = 'person' AND subject_id = ANY(ARRAY(SELECT person_id FROM people))))
          AND estate_id = %(estate)s AND removed_at IS NULL AND subject_kind = ANY(%(readable)s)
          AND subject_id IS NOT NULL AND kind IN (SELECT code FROM kinds))
"""


def needs_of(unit, staff, day):
    """What must be there, as `archive_of(…).needs`, with as much of each file as decides it: one query."""
    values = {
        "unit": unit.pk, "estate": unit.estate_id, "day": day, "readable": files.kinds_for(staff, unit.estate_id),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_NEEDED, values)
        kinds, people, filed = (
            json.loads(part) if isinstance(part, str) else part or [] for part in cursor.fetchone()
        )
    return archive.needs(
        [DocumentKind(**row) for row in kinds],
        [
            Occupancy(
                pk=row["id"], role=row["role"], period=DateRange(date.fromisoformat(row["since"]), None),
                person=Person(pk=row["person_id"], kind=row["kind"], name=row["name"], name_en=row["name_en"]),
            )
            for row in people
        ],
        [
            File(kind=kind, subject_kind=subject, subject_id=pk, uploaded_at=datetime.fromisoformat(at))
            for kind, subject, pk, at in filed
        ],
    )  # fmt: skip


def card(unit, *, staff, now):
    """What is missing, in red, once the office has filed something of this household. One query."""
    if not staff.may("register.read", unit.estate_id):
        return None
    needs = needs_of(unit, staff, clocks.local_date(now, unit.estate.zone))
    missing = [need for need in needs if need.is_missing]
    started = len(missing) < len(needs)
    lines = [
        cards.Line(f"{need.kind.local_name}{_of(need)}", state=(_("missing"), "late")) for need in missing[:4]
    ]
    if len(missing) > 4:
        more = len(missing) - 4
        lines.append(cards.Line(ngettext("and %(n)s more", "and %(n)s more", more) % {"n": more}))
    if missing and not started:  # an archive nobody has begun is no fault of this household
        text = ngettext(
            "None of %(n)s document is filed yet.", "None of %(n)s documents is filed yet.", len(missing)
        )
        lines = [cards.Line(text % {"n": len(missing)})]
    return cards.Card(
        "archive",
        # Translators: 戶檔案
        _("Archive"),
        icon="archive",
        lines=lines,
        empty=_("Everything that must be there is there.") if needs else _("Nothing is asked for here."),
        count=len(missing) if missing and started else None,
        all_url=row_address("residents:archive", unit.pk),
        all_label=_("Open the archive"),
        column=cards.ASIDE,
        position=60,
    )


def _of(need):
    return f" ({need.of.person.local_name})" if need.of else ""


def starts(unit, *, staff):
    return []
