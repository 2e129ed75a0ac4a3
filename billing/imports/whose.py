"""Whose rows they are: the unit by its code or its account number, the debtor by name, else the owner."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from billing.imports import reading
from billing.imports.facts import ZERO, Party
from billing.models import Account, OldAccount
from office import search
from office.imports import units
from residents.models import Occupancy


def number_key(said):
    """An account number as it is compared."""
    return search.fold(str(said)).replace(" ", "")[:60]


def carry_down(rows, headings, matching):
    """Where the unit stands once above its rows (a block, merged cells), the rows below are its too."""
    lines: list[tuple] = sorted(
        [(said.number, said) for said in rows] + list(headings.items()), key=lambda pair: pair[0]
    )
    last: dict = {}
    names = [key for key in ("unit", "account", "name") if key in matching]
    for _number, one in lines:
        if isinstance(one, dict):
            named = one.pop("account_or_unit")
            given = {
                key: str(cell).strip()
                for key, cell in one.items()
                if not reading.heading([search.fold(str(cell))])
            }
            if named:
                last = {"unit": named, **{key: text for key, text in given.items() if key == "name"}}
            elif given and set(given) & {"unit", "account"}:
                last = given
            continue
        values = one.values
        if values.get("unit") or values.get("account"):
            last = {key: values.get(key) for key in names if values.get(key)}
        elif last:
            for key, text in last.items():
                if not values.get(key):
                    values[key] = text


def find_units(estate, rows):
    """The unit of every row, by its code or by its account number."""
    numbers = {number_key(said.values["account"]) for said in rows if said.values.get("account")}
    remembered = {
        key: ((unit, code), person)
        for key, unit, code, person in OldAccount.objects.filter(estate=estate, key__in=numbers).values_list(
            "key", "account__unit_id", "account__unit__code", "account__person__name"
        )
    }
    codes = {said.values["unit"] for said in rows if said.values.get("unit")}
    codes |= {
        said.values["account"] for said in rows if said.values.get("account") and not said.values.get("unit")
    }
    known = units.said(_Estate(estate), {str(code) for code in codes})
    in_file: dict = {}  # account number → unit, where a row of the file names both
    for said in rows:
        unit, number = said.values.get("unit"), said.values.get("account")
        if unit and number and len(hits := known.get(str(unit), [])) == 1:
            in_file.setdefault(number_key(number), hits[0])
    complained: set = set()
    for said in rows:
        unit, number = said.values.get("unit"), said.values.get("account")
        key = number_key(number) if number else ""
        if unit:
            hits, column, words = known.get(str(unit), []), "unit", str(unit)
        elif key in remembered:
            hits, column, words = [remembered[key][0]], "account", str(number)
            said.values["name"] = said.values.get("name") or remembered[key][1]
        elif key in in_file:
            hits, column, words = [in_file[key]], "account", str(number)
        elif number:
            hits, column, words = known.get(str(number), []), "account", str(number)
        else:
            said.errors.append(("unit", _("Neither a unit nor an account number."), ""))
            continue
        if problem := units.why_not_one(words, hits):
            reason = problem[0]
            if column == "account" and not hits:
                reason = _("No account is known by the number %(said)s. Bring in the sheet of account numbers first, or fill in the unit.") % {"said": words}  # fmt: skip
            said.errors.append((column, reason, problem[1]))
            complained.add(words)
            continue
        said.unit = hits[0]


@dataclass
class _Estate:
    """What `office.imports.units` asks of a run."""

    estate: Any


def parties(estate, rows, place, apart=False):
    """The accounts of the file. A debtor is found by name among the unit's people, else the owner is meant."""
    grouped: defaultdict[tuple, list] = defaultdict(list)
    for said in rows:
        if said.unit is not None:
            said.who = _plain_name(said.values.get("name"))
            grouped[said.unit[0]].append(said)
    people = _people(set(grouped))
    parties = []
    for unit, several in grouped.items():
        names = {said.who for said in several if said.who}
        alone = next(iter(names)) if len(names) == 1 else ""
        by_name: defaultdict[str, list] = defaultdict(list)
        for said in several:
            by_name[said.who or ("" if apart else alone)].append(said)
        for who, own in by_name.items():
            party = Party(own[0].unit, who, own)
            party.person = _debtor(people.get(unit, ()), who, place.today)
            if party.person is None:
                party.person = who or None
                if not who:
                    for said in own:
                        said.errors.append(
                            ("name" if "name" in said.values else "unit",
                             _("Nobody is registered as owner of %(unit)s: name the debtor.") % {"unit": party.unit[1]}, "")
                        )  # fmt: skip
            parties.append(party)
    return _joined(parties)


def _joined(parties):
    """Two spellings of one debtor are one account."""
    found: dict = {}
    for party in parties:
        key = (party.unit[0], party.person)
        if key in found and party.person is not None:
            found[key].rows = sorted([*found[key].rows, *party.rows], key=lambda said: said.number)
        else:
            found[key] = party
    return list(found.values())


_TITLES = ("先生", "女士", "小姐", "太太")


def _plain_name(name):
    name = " ".join(str(name or "").split())
    for title in _TITLES:
        if len(name) > len(title) + 1:
            name = name.removesuffix(title)
    return name


def _people(unit_ids):
    """{unit: [(person, folded name, role, share, period)]} of everybody who ever had to do with these units."""
    found: defaultdict[int, list] = defaultdict(list)
    rows = Occupancy.objects.filter(unit_id__in=unit_ids).values_list(
        "unit_id", "person_id", "person__name", "role", "share", "period"
    )
    for unit, person, name, role, share, period in rows:
        found[unit].append((person, search.fold(name), role, share or ZERO, period))
    accounts = Account.objects.filter(unit_id__in=unit_ids).values_list(
        "unit_id", "person_id", "person__name"
    )
    for unit, person, name in accounts:
        found[unit].append((person, search.fold(name), "account", ZERO, None))
    return found


def _debtor(people, who, today):
    """The person a name of the file means, or without a name the owner of today; None when there is none."""
    if who:
        wanted = search.fold(who)
        parts = {search.fold(part) for part in _split(who)}
        named = sorted({person for person, name, *_rest in people if name == wanted or name in parts})
        return named[0] if named else None
    owners = [one for one in people if one[2] == "owner" and today in one[4]]
    owners = owners or [one for one in people if one[2] == "developer" and today in one[4]]
    if owners:
        return min(owners, key=lambda one: (-one[3], one[4].lower, one[0]))[0]
    accounts = sorted({one[0] for one in people if one[2] == "account"})
    return accounts[0] if len(accounts) == 1 else None


def _split(names):
    for sign in "、,，;；/&":
        names = names.replace(sign, "\n")
    return [name.strip() for name in names.splitlines() if name.strip()]
