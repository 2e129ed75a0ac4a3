"""What the register has of what a file names: one query for many keys. The tables the loads write to."""

from functools import lru_cache

from office import search
from office.imports.loading import Table
from office.models import Building, Section, Unit
from residents import reports
from residents.models import Occupancy, Person, Phone

PERSON_COLUMNS = ("name", "name_en", "kind", "gender", "born_on", "address", "email", "language", "note")
UNIT_COLUMNS = ("kind", "floor", "area", "use", "handed_over_on", "note")


@lru_cache(maxsize=200_000)
def folded(name):
    return search.fold(name)


def _find_buildings(run, keys):
    rows = Building.objects.filter(estate=run.estate, code__in=keys)
    return {
        row.code: (row.pk, {"floors": row.floors, "name": row.name, "address": row.address}) for row in rows
    }


def _find_sections(run, keys):
    buildings = {key.partition("|")[0] for key in keys}
    rows = Section.objects.filter(building__estate=run.estate, building_id__in=buildings)
    found = {
        f"{row.building_id}|{row.code}": (row.pk, {"floors": row.floors, "has_lift": row.has_lift})
        for row in rows
    }
    return {key: found[key] for key in keys if key in found}


def _find_units(run, keys):
    names = ("code", "building_id", "section_id", *UNIT_COLUMNS, "version")
    rows = Unit.objects.filter(estate=run.estate, code__in=keys).values("pk", *names)
    return {row["code"]: (row["pk"], {name: row[name] for name in names}) for row in rows}


def _find_people(run, keys):
    """Keys are made by `_keys`: each kind is one query."""
    asked: dict[str, set] = {}
    for key in keys:
        kind, _bar, rest = key.partition("|")
        asked.setdefault(kind, set()).add(rest)
    people = Person.objects.filter(estate=run.estate)
    hits: dict[str, int] = {}
    several = set()

    def hit(key, pk):
        if key in keys and hits.setdefault(key, pk) != pk:
            several.add(key)
            hits[key] = min(hits[key], pk)

    if "id" in asked:
        wanted = {rest.partition("|")[0] for rest in asked["id"]}
        for pk, index, name in people.filter(identity_index__in=wanted).values_list(
            "pk", "identity_index", "name"
        ):
            hit(f"id|{index}|{folded(name)}", pk)
    if numbers := {rest.partition("|")[0] for kind in ("no", "ref") for rest in asked.get(kind, ())}:
        for pk, source, name in people.filter(source__in=numbers).values_list("pk", "source", "name"):
            hit(f"no|{source}|{folded(name)}", pk)
            hit(f"ref|{source}", pk)
    if "tel" in asked:
        digits = {rest.partition("|")[0] for rest in asked["tel"]}
        lines = Phone.objects.filter(person__estate=run.estate, digits__in=digits)
        for pk, number, name in lines.values_list("person_id", "digits", "person__name"):
            hit(f"tel|{number}|{folded(name)}", pk)
    if "un" in asked:
        codes = {rest.partition("|")[0] for rest in asked["un"]}
        homes = Occupancy.objects.filter(estate=run.estate, unit__code__in=codes)
        for pk, code, name in homes.values_list("person_id", "unit__code", "person__name"):
            hit(f"un|{code}|{folded(name)}", pk)
    if (
        "nm" in asked
    ):  # the whole name as it is written: a name alone is enough only while nobody else bears it
        for pk, name in people.filter(name__in=asked["nm"]).values_list("pk", "name"):
            hit(f"nm|{name}", pk)
    names = (
        *PERSON_COLUMNS,
        "identity_type",
        "identity_sealed",
        "identity_tail",
        "identity_index",
        "source",
        "version",
    )
    rows = {row["pk"]: row for row in people.filter(pk__in=set(hits.values())).values("pk", *names)}
    return {
        key: (pk, {name: rows[pk][name] for name in names} | {"several": key in several})
        for key, pk in hits.items()
        if pk in rows
    }


def _find_phones(run, keys):
    """Keys: person|digits."""
    pairs = {tuple(key.split("|", 1)) for key in keys}
    rows = Phone.objects.filter(
        person_id__in={pair[0] for pair in pairs}, digits__in={pair[1] for pair in pairs}
    )
    return {
        key: (pk, {})
        for pk, person, digits in rows.values_list("pk", "person_id", "digits")
        if (key := f"{person}|{digits}") in keys
    }


def _find_occupancies(run, keys):
    """Keys: unit|person|role for the latest period of the three; own|unit|n for the n-th owner of today."""
    found = {}
    trios = {key for key in keys if not key.startswith("own|")}
    if trios:
        units = {key.partition("|")[0] for key in trios}
        people = {key.split("|")[1] for key in trios}
        rows = Occupancy.objects.filter(unit_id__in=units, person_id__in=people).order_by("period")
        for pk, unit, person, role, period in rows.values_list(
            "pk", "unit_id", "person_id", "role", "period"
        ):
            if (key := f"{unit}|{person}|{role}") in trios:
                found[key] = (pk, {"since": period.lower, "until": period.upper})
    owned = {key.split("|")[1] for key in keys if key.startswith("own|")}
    if owned:
        rows = (
            Occupancy.objects.filter(unit_id__in=owned, role="owner")
            .on(run.place.today)
            .order_by("unit_id", "pk")
        )
        counted: dict[int, int] = {}
        for pk, unit, share, person in rows.values_list("pk", "unit_id", "share", "person_id"):
            counted[unit] = counted.get(unit, 0) + 1
            found[f"own|{unit}|{counted[unit]}"] = (pk, {"share": share, "person_id": person})
    return {key: value for key, value in found.items() if key in keys}


def _keys_of_people(ids):
    lines = reports.phones_of(set(ids))
    for pk, estate_id, name, name_en in Person.objects.filter(pk__in=ids).values_list(
        "pk", "estate_id", "name", "name_en"
    ):
        yield (
            pk,
            estate_id,
            reports.keys_of_person(name, name_en, [line.digits for line in lines.get(pk, ())]),
        )


def _keys_of_units(ids):
    for pk, estate_id, code in Unit.objects.filter(pk__in=ids).values_list("pk", "estate_id", "code"):
        yield pk, estate_id, search.keys_of_code(code)


BUILDINGS = Table(
    "building", Building, _find_buildings, updates=("name", "floors", "address"), kind="building",
    wanted_by=(("section", "building_id"), ("unit", "building_id")),
)  # fmt: skip
SECTIONS = Table(
    "section", Section, _find_sections, updates=("floors", "has_lift"), wanted_by=(("unit", "section_id"),)
)
UNITS = Table("unit", Unit, _find_units, updates=(*UNIT_COLUMNS, "version"), kind="unit", keys=_keys_of_units)
PEOPLE = Table(
    "person", Person, _find_people, kind="person", keys=_keys_of_people,
    updates=(*PERSON_COLUMNS, "identity_type", "identity_sealed", "identity_tail", "identity_index", "source", "version"),
)  # fmt: skip
PHONES = Table("phone", Phone, _find_phones)
OCCUPANCIES = Table("occupancy", Occupancy, _find_occupancies, locks="unit_id")
