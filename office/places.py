"""What people do with buildings, sections and units; how their codes sort and are compared."""

import re
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from office import journal, search
from office.models import Building, Section, Unit
from office.refusals import Refused, Stale

journal.sentences(
    {
        "building.added": gettext_lazy("building %(code)s added"),
        "building.changed": gettext_lazy("building changed: %(fields)s"),
        "section.added": gettext_lazy("section %(code)s added"),
        "section.changed": gettext_lazy("section %(code)s changed: %(fields)s"),
        "unit.added": gettext_lazy("unit %(code)s added"),
        "unit.changed": gettext_lazy("unit changed: %(fields)s"),
    }
)
for _name, _model in (("building", Building), ("section", Section), ("unit", Unit)):
    journal.field_words(_name, _model)

_RUN = re.compile(r"\d+")


def natural_key(code, longest=120):
    """Text that sorts codes as people do: 2 before 10, 三 before 十, letters after digits.

    Each number is written as its count of digits and itself: 2 → 12, 10 → 210.
    """
    text = search.fold(code)
    text = search.arabic(text)

    def counted(match):
        number = match[0].lstrip("0") or "0"
        return f"{min(len(number), 9)}{number}"

    return _RUN.sub(counted, text)[:longest]


def code_key(code):
    """The code without separators, upper case: 3-2-1201 → 321201."""
    return "".join(c for c in search.fold(code) if c.isalnum()).upper()[:40]


def unit_code(building, section, room):
    """How a unit is called when the file gives only its parts: 1-1-1011; 3-12A without a section."""
    return "-".join(str(part) for part in (building, section, room) if part not in (None, ""))[:40]


def _changed(row, values):
    """The fields of `values` that differ from `row`, set on it."""
    names = []
    for name, value in values.items():
        if getattr(row, name) != value:
            setattr(row, name, value)
            names.append(name)
    return names


def add_building(*, estate, code, by, now, name="", floors=None, address=""):
    """Put a building on the estate."""
    with transaction.atomic():
        row = Building(
            estate=estate,
            code=code,
            name=name,
            floors=floors,
            address=address,
            sort_key=natural_key(code, 80),
        )
        _save_new(row, _("There is already a building %(code)s.") % {"code": code})
        journal.record("building.added", subject=row, kind="building", by=by, now=now, data={"code": code})
    return row


def edit_building(*, building, by, now, **values):
    """Change code, name, floors or address. Codes of its units stay as they are."""
    with transaction.atomic():
        row = Building.objects.select_for_update().get(pk=building.pk)
        names = _changed(row, values)
        if names:
            row.sort_key = natural_key(row.code, 80)
            _save(row, [*names, "sort_key"], _("There is already a building %(code)s.") % {"code": row.code})
            data = {"fields": journal.fields("building", names)}
            journal.record("building.changed", subject=row, kind="building", by=by, now=now, data=data)
    return row


def add_section(*, building, code, by, now, floors=None, has_lift=False):
    """Add an entrance to a building."""
    with transaction.atomic():
        row = Section(
            building=building, code=code, floors=floors, has_lift=has_lift, sort_key=natural_key(code, 80)
        )
        _save_new(row, _("This building already has a section %(code)s.") % {"code": code})
        journal.record(
            "section.added", subject=building, kind="building", by=by, now=now, data={"code": code}
        )
    return row


def edit_section(*, section, by, now, **values):
    """Change an entrance's code, floors or lift."""
    with transaction.atomic():
        row = Section.objects.select_for_update(of=("self",)).select_related("building").get(pk=section.pk)
        names = _changed(row, values)
        if names:
            row.sort_key = natural_key(row.code, 80)
            _save(
                row,
                [*names, "sort_key"],
                _("This building already has a section %(code)s.") % {"code": row.code},
            )
            data = {"code": row.code, "fields": journal.fields("section", names)}
            journal.record(
                "section.changed", subject=row.building, kind="building", by=by, now=now, data=data
            )
    return row


def add_unit(
    *, estate, building, code, by, now, section=None, kind=Unit.Kind.FLAT, floor="", area=None, use="",
    handed_over_on=None, note="", warning=False,
):  # fmt: skip
    """Put a unit into a building, findable at once."""
    with transaction.atomic():
        row = Unit(
            estate=estate, building=building, section=section, code=code, code_key=code_key(code),
            sort_key=natural_key(code), kind=kind, floor=floor, area=area, use=use,
            handed_over_on=handed_over_on, note=note, warning=warning,
        )  # fmt: skip
        _belongs(row)
        _save_new(row, _("There is already a unit %(code)s.") % {"code": code})
        search.put("unit", row.pk, row.estate_id, search.keys_of_code(code))
        journal.record(
            "unit.added", subject=row, kind="unit", unit_id=row.pk, by=by, now=now, data={"code": code}
        )
    return row


def edit_unit(*, unit, by, now, version=None, **values):
    """Change what is known of a unit. Who owned it and lived there is not touched.

    The journal names the fields, and old and new values of those that are no personal matter.
    """
    with transaction.atomic():
        row = Unit.objects.select_for_update(of=("self",)).get(pk=unit.pk)
        if version is not None and row.version != version:
            raise Stale
        before = {name: getattr(row, name) for name in values}
        names = _changed(row, values)
        if not names:
            return row
        row.code_key, row.sort_key = code_key(row.code), natural_key(row.code)
        row.version += 1
        _belongs(row)
        _save(
            row, [*names, "code_key", "sort_key", "version"],
            _("There is already a unit %(code)s.") % {"code": row.code},
        )  # fmt: skip
        if "code" in names:
            search.put("unit", row.pk, row.estate_id, search.keys_of_code(row.code))
        plain = {name: [_text(before[name]), _text(getattr(row, name))] for name in names if name != "note"}
        journal.record(
            "unit.changed", subject=row, kind="unit", unit_id=row.pk, by=by, now=now,
            data={"fields": journal.fields("unit", names), "values": plain},
        )  # fmt: skip
    return row


def _text(value):
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, Decimal):
        return str(value)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _belongs(unit):
    if unit.building.estate_id != unit.estate_id:
        raise Refused(_("This building belongs to another estate."))
    if unit.section is not None and unit.section.building_id != unit.building_id:
        raise Refused(_("This section belongs to another building."))


def _save_new(row, sentence):
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as problem:
        raise Refused(sentence) from problem


def _save(row, names, sentence):
    try:
        with transaction.atomic():
            row.save(update_fields=names)
    except IntegrityError as problem:
        raise Refused(sentence) from problem


def keys_of_units():
    """(id, estate, keys) of every unit, for `reindex`."""
    for pk, estate_id, code in Unit.objects.values_list("pk", "estate_id", "code").iterator(chunk_size=5000):
        yield pk, estate_id, search.keys_of_code(code)


search.register("unit", keys_of_units, kinds=("code", "code_tail"))
