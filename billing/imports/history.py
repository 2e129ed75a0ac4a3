"""What an old ledger comes to, read as a whole: whose rows they are, in which order, what their signs mean (SPEC §14).

Cells are read one by one (`sheets`); here accounts are put together, because only a whole account tells whether its
balances follow from its rows. An account comes in whole or not at all. What was decided for the file (the order of
days, whether payments stand with a minus) is said on the import's page of sums, never silently.
"""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from hashlib import sha1
from itertools import pairwise
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from billing.actions import history as booking
from billing.imports import reading
from billing.models import Account, Book, History, HistoryRow, Item, ItemName, OldAccount
from billing.rules.history import Row, mismatches
from office import search
from office.imports import checking, units
from office.imports.loading import Load
from office.imports.matching import fold, names_of
from office.imports.sheets import SHEETS, Place
from office.refusals import Refused
from residents.models import Occupancy

ZERO = Decimal(0)
LISTED = 300  # differences, accounts and notices that are named; all are counted
TEXTS = ("unit", "account", "name", "item", "text", "kind", "day")
WORDS = ("charge", "payment", "amount", "balance", "opening", "owed", "prepaid", "deposit")
# What an opening balance, and a row no item is known for, are booked under.
SPARES = {
    "opening": ("期初餘額", "期初余额", "Balance brought forward"),
    "old": ("舊賬項目", "旧账项目", "Old ledger"),
    "deposit_old": ("舊賬押金", "旧账押金", "Deposits brought forward"),
}


@dataclass(slots=True)
class Said:
    """A row of the file."""

    number: int
    values: dict
    words: str = ""  # what it says in words, folded
    day: date | None = None
    unit: Any = None  # (pk, code)
    who: str = ""
    charge: Decimal = ZERO
    payment: Decimal = ZERO
    balance: Decimal | None = None
    opening: bool = False
    informs: bool = False  # repeats what the rows before came to; booked nothing
    errors: list = field(default_factory=list)
    undated: bool = False  # booked on the day of the import
    item: Any = None
    key: str = ""
    known: bool = False
    parts: tuple = ()  # further amounts of an opening balance: (what, amount)
    deposit: Any = None  # the item of a deposit held

    @property
    def effect(self):
        return self.charge - self.payment


@dataclass
class Party:
    """An account of the file with its rows in their order."""

    unit: tuple
    who: str
    rows: list
    person: Any = None  # pk, or a name that is new to the register
    account: Any = None
    prior: Decimal = ZERO  # what earlier files brought for it
    running: list = field(default_factory=list)
    entries: list = field(default_factory=list)  # (Said, Row, our balance after it) of what is new
    wrong: bool = False

    @property
    def label(self):
        return f"{self.unit[1]} {self.who}".strip()


@dataclass
class Whole:
    """The file as it is understood."""

    parties: list = field(default_factory=list)
    verdicts: dict = field(default_factory=dict)
    facts: dict = field(default_factory=dict)
    numbers: dict = field(default_factory=dict)  # folded account number: (as said, Party)
    items: list = field(default_factory=list)  # new ones, unsaved
    spare: Any = None


class Ledger(Load):
    """Rows of an old ledger."""

    own = True

    def passes_over(self, cells):
        texts = [search.fold(str(cells[key])) for key in TEXTS if key in cells]
        if reading.is_total(texts):
            return not any(reading.OPENING.search(text) for text in texts)
        if not any(key in cells for key in WORDS):
            return not _is_dated(cells.get("day"))
        columns = {column.key: column for column in self.sheet.columns}
        again = sum(
            fold(str(cell)) in names_of(columns[key]) for key, cell in cells.items() if key in columns
        )
        return again >= 2 and again * 2 >= len(cells)

    @property
    def sheet(self):
        return SHEETS["ledger"]

    def plan(self, run, rows):
        """A row alone is new until the whole file says otherwise."""
        needed = {"unit", "account"}
        if not needed & set(run.batch.matching):
            raise Refused(_("Say which column is the unit or the account number."))
        self._check_columns(run.batch.matching)
        for row in rows:
            row.creates = True

    def _check_columns(self, matching):
        if not {"charge", "payment", "amount"} & set(matching):
            raise Refused(_("Say which columns are charge and payment, or which one is the amount."))

    def settle(self, batch, place, by):
        whole = self.work_out(batch, place)
        History.objects.update_or_create(
            batch=batch, defaults={"estate_id": batch.estate_id, "facts": whole.facts}
        )
        return whole.verdicts

    def write(self, job, batch, now):
        place = Place(batch.estate, booking.today(batch.estate, now), now)
        whole = self.work_out(batch, place)
        if Counter(outcome for outcome, _errors in whole.verdicts.values())["create"] != batch.counts.get(
            "create", 0
        ):
            raise Refused(
                _("The register has changed since this was checked, and nothing was written. Check again, look at the counts, and apply.")
            )  # fmt: skip
        for party in whole.parties:
            party.entries = [
                (said, row_of(said, index), party.running[index])
                for index, said in enumerate(party.rows)
                if not (said.known or said.informs)
            ]
        booking.bring_in(batch=batch, whole=whole, by=job.by, now=now, job=job)

    def take_back(self, job, batch, now):
        return booking.take_back(batch=batch, by=job.by, now=now)

    def report(self, batch):
        if batch.state == batch.State.OPEN:
            return None
        return _("Sums and differences"), reverse("billing:history", args=[batch.pk])

    # --- the file as a whole

    def work_out(self, batch, place):
        rows, headings = self._read(batch, place)
        whole = Whole()
        notices: list[str] = []
        _carry_down(rows, headings, batch.matching)
        _say_days(rows, notices)
        _find_units(batch.estate, rows)
        self._amounts(rows, batch.matching)
        parties = _parties(batch.estate, rows, place)
        _settle_signs(parties, batch.matching, notices, place.today)
        for party in parties:
            self._open(party)
        _items(batch.estate, parties, whole)
        _keys(batch.estate, parties)
        _run(batch, parties, whole)
        _closed_days(batch.estate, parties)
        self._verdict(batch, rows, parties, headings, whole, notices)
        return whole

    def _read(self, batch, place):
        """([Said], {row number: account named by a heading, or ""}) of every staged row that was not left out by hand."""
        rows, headings = [], {}
        sheet = SHEETS[batch.sheet]
        left_out = set(batch.rows.filter(outcome="left_out").values_list("number", flat=True))
        for number, cells in checking.staged(batch.rows.all()):
            if self.passes_over(cells):
                texts = [search.fold(str(cell)) for cell in cells.values()]
                named = "" if reading.is_total(texts) else reading.heading(texts)
                if named or not any(key in cells for key in WORDS):
                    headings[number] = {
                        "account_or_unit": named,
                        **{k: cells[k] for k in ("unit", "account", "name") if k in cells},
                    }
                continue
            if number in left_out:
                continue
            read = checking.read_row(sheet, batch.matching, place, number, cells)
            said = Said(number, read.values)
            said.errors = [(error["column"], error["reason"], error["proposed"]) for error in read.errors]
            words = [read.values.get(key) for key in ("item", "text", "kind", "method")]
            said.words = search.fold(" ".join(str(word) for word in words if word))
            rows.append(said)
        return rows, headings

    def _amounts(self, rows, matching):
        """Charge and payment of every row, whatever columns say them."""
        alone = "amount" in matching and not {"charge", "payment"} & set(matching)
        kinds = "kind" in matching or "side" in matching
        signed = alone and kinds and _is_signed(rows)
        paid_is_plus = alone and not kinds and _paid_is_plus(rows)
        for said in rows:
            values = said.values
            said.charge = values.get("charge") or ZERO
            said.payment = values.get("payment") or ZERO
            said.balance = values.get("balance")
            amount = values.get("amount")
            side = _side(values)
            if (
                paid_is_plus and amount is not None
            ):  # what is paid stands positive there, what is owed negative
                amount = -amount
                said.balance = -said.balance if said.balance is not None else None
            if alone and amount is not None:
                if side == "credit" and not signed:
                    said.payment = amount
                elif side == "debit" or amount > 0:
                    said.charge = amount
                else:
                    said.payment = -amount
            elif side == "credit" and not alone and said.balance is not None and "amount" not in matching:
                said.balance = -abs(said.balance)
            opening = any(reading.OPENING.search(part) for part in _parts_of(values))
            said.opening = opening
            if not said.errors and not (said.charge or said.payment or opening):
                if all(values.get(key) is None for key in ("charge", "payment", "amount", "balance")):
                    said.errors.append(
                        (
                            "amount" if alone else "charge",
                            _("Neither charged nor paid: the row says no amount."),
                            "",
                        )
                    )
                else:
                    said.informs = True

    def _open(self, party):
        """What the account began with: the row that says so, a column that says so, or the first balance."""
        rows = party.rows
        first = next((said for said in rows if not said.informs or said.opening), None)
        for said in rows:
            if not said.opening:
                continue
            amount = said.effect if (said.charge or said.payment) else (said.balance or ZERO)
            if said is first and not party.prior:
                said.charge, said.payment = (amount, ZERO) if amount >= 0 else (ZERO, -amount)
                said.informs = not amount
            else:  # said again at the head of a page or a month
                said.balance = amount if said.balance is None else said.balance
                said.charge = said.payment = ZERO
                said.informs = True
        if first is None or first.opening or party.prior:
            return
        said_before = first.values.get("opening")
        if said_before is None and first.balance is not None:
            said_before = first.balance - first.effect
            rest = rows[rows.index(first) :]
            if mismatches(rest, [one.effect for one in rest], [one.balance for one in rest]) > 1:
                return  # its balances do not hang together: nothing is read into them
        if said_before:
            before = Said(
                first.number, dict(first.values), "", first.day, first.unit, first.who, opening=True
            )
            before.charge, before.payment = (said_before, ZERO) if said_before > 0 else (ZERO, -said_before)
            before.values = {"text": "", "reference": "", "item": None}
            before.balance = said_before
            rows.insert(rows.index(first), before)

    def _verdict(self, batch, rows, parties, headings, whole, notices):
        verdicts = whole.verdicts
        for said in rows:
            if said.errors:
                verdicts[said.number] = ("error", said.errors)
        for party in parties:
            bad = next((said.number for said in party.rows if said.errors), None)
            party.wrong = bad is not None
            fresh = False
            for said in party.rows:
                if said.errors:
                    continue
                if party.wrong:
                    verdicts[said.number] = ("error", [("day", _("Row %(row)s of this account has an error; an account comes in whole.") % {"row": bad}, "")])  # fmt: skip
                elif said.number not in verdicts or verdicts[said.number][0] == "unchanged":
                    new = not said.known and not said.informs
                    verdicts[said.number] = ("create" if new else "unchanged", [])
                    fresh = fresh or new
        whole.parties = [party for party in parties if not party.wrong]
        for party in whole.parties:
            for said in party.rows:
                if number := said.values.get("account"):
                    whole.numbers.setdefault(number_key(number), (str(number), party))
        for said in rows:  # of accounts nobody was found for
            verdicts.setdefault(said.number, ("error", [("unit", _("Whose row is this?"), "")]))
        passed = batch.rows.filter(outcome="left_out").count()
        if passed:
            notices.append(
                _("Rows left out as headings, subtotals or totals, or by hand: %(n)s.") % {"n": passed}
            )
        whole.facts |= {"notices": notices, "passed": passed}

    # (the rest is the same for every old ledger)


class Openings(Ledger):
    """What accounts owe, have prepaid and left as deposit, one row each or one per item and month."""

    @property
    def sheet(self):
        return SHEETS["openings"]

    def _check_columns(self, matching):
        if not {"owed", "prepaid", "deposit"} & set(matching):
            raise Refused(_("Say which column is what is owed, prepaid or held as deposit."))

    def _amounts(self, rows, matching):
        for said in rows:
            values = said.values
            said.opening = True
            owed = values.get("owed") or ZERO
            said.charge, said.payment = (owed, ZERO) if owed >= 0 else (ZERO, -owed)
            said.payment += values.get("prepaid") or ZERO
            held = values.get("deposit") or ZERO
            if held < 0:
                said.errors.append(("deposit", _("A deposit held is not negative."), ""))
            said.parts = (("deposit", held),) if held > 0 else ()
            if not (owed or said.payment or held):
                said.informs = True

    def _open(self, party):
        """Every row is an opening balance."""


class AccountNumbers(Load):
    """Account numbers of the old system."""

    own = True

    def plan(self, run, rows):
        for row in rows:
            row.creates = True

    def _work_out(self, batch, place):
        rows = []
        for number, cells in checking.staged(batch.rows.exclude(outcome="left_out")):
            read = checking.read_row(SHEETS["old_accounts"], batch.matching, place, number, cells)
            said = Said(number, read.values)
            said.errors = [(error["column"], error["reason"], error["proposed"]) for error in read.errors]
            rows.append(said)
        _find_units(batch.estate, rows)
        parties = _parties(batch.estate, rows, place, apart=True)
        known = {
            key: (unit, person)
            for key, unit, person in OldAccount.objects.filter(estate=batch.estate).values_list(
                "key", "account__unit_id", "account__person_id"
            )
        }
        verdicts, numbers = {}, {}
        for party in parties:
            for said in party.rows:
                key = number_key(said.values["account"])
                if key in known and known[key] != (party.unit[0], party.person):
                    said.errors.append(("account", _("This number belongs to another account already."), ""))
                elif key in numbers and numbers[key][1] is not party:
                    said.errors.append(("account", _("This number stands in the file twice."), ""))
                if not said.errors:
                    verdicts[said.number] = ("unchanged" if key in known else "create", [])
                    numbers.setdefault(key, (said.values["account"], party))
        for said in rows:
            if said.errors:
                verdicts[said.number] = ("error", said.errors)
        return Whole(parties=parties, verdicts=verdicts, numbers=numbers)

    def settle(self, batch, place, by):
        return self._work_out(batch, place).verdicts

    def write(self, job, batch, now):
        place = Place(batch.estate, booking.today(batch.estate, now), now)
        booking.remember_numbers(batch=batch, whole=self._work_out(batch, place), by=job.by, now=now)

    def take_back(self, job, batch, now):
        place = Place(batch.estate, booking.today(batch.estate, now), now)
        numbers = [
            number_key(said.values["account"])
            for party in self._work_out(batch, place).parties
            for said in party.rows
        ]
        return OldAccount.objects.filter(estate=batch.estate, key__in=numbers).delete()[0]


def _is_dated(cell):
    """Whether a cell of the date column holds a day, not words."""
    return (
        cell is not None
        and not isinstance(cell, bool)
        and (not isinstance(cell, str) or bool(re.match(r"\s*\d{1,4}\s*[-/.年]\s*\d|\s*\d{6,8}\s*$", cell)))
    )


def number_key(said):
    """An account number as it is compared."""
    return search.fold(str(said)).replace(" ", "")[:60]


# --- whose rows ---------------------------------------------------------------------------------------------


def _carry_down(rows, headings, matching):
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


def _say_days(rows, notices):
    """Decide which part of 05/03/2024 is the day, for the file; what stays unclear is an error with a proposal."""
    for key in ("day", "due_on"):
        parts = [said.values[key] for said in rows if isinstance(said.values.get(key), reading.Parts)]
        if not parts:
            continue
        orders = reading.order_of(parts)
        if len(orders) > 1:
            orders = _sorted_orders(rows, key, orders)
        if not orders:
            for said in rows:
                one = said.values.get(key)
                if isinstance(one, reading.Parts):
                    tried = one.in_order("dmy")
                    said.errors.append((key, _("“%(said)s”: the days of this file are written in several ways.") % {"said": one.said}, tried.isoformat() if tried else ""))  # fmt: skip
                    said.values[key] = None
            continue
        order = orders[0]
        for said in rows:
            if isinstance(said.values.get(key), reading.Parts):
                said.values[key] = said.values[key].in_order(order)
        shown = {"dmy": _("day/month/year"), "mdy": _("month/day/year"), "ymd": _("year/month/day")}[order]
        notices.append(_("Dates are read as %(order)s.") % {"order": shown})
    before: dict = {}
    for said in rows:
        said.day = said.values.get("day")
        group = (said.values.get("unit"), said.values.get("account"))
        if said.day is None and not any(column == "day" for column, *_rest in said.errors):
            said.day = before.get(group)
        if said.day is not None:
            before[group] = said.day


def _sorted_orders(rows, key, orders):
    """The orders, the one by which the file is sorted best first."""

    def turns(order):
        days = [
            one.in_order(order) if isinstance(one, reading.Parts) else one
            for said in rows
            if (one := said.values.get(key)) is not None
        ]
        ups = sum(a < b for a, b in pairwise(days))
        downs = sum(a > b for a, b in pairwise(days))
        return min(ups, downs)

    return tuple(sorted(orders, key=turns))


def _find_units(estate, rows):
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


def _parties(estate, rows, place, apart=False):
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


# --- order and signs ----------------------------------------------------------------------------------------


def _side(values):
    if side := values.get("side"):
        return side
    kind = search.fold(str(values.get("kind") or "")).replace(" ", "")
    if not kind:
        return ""
    for side, words in (("credit", ("收款", "缴费", "缴款", "实收", "付款", "贷", "payment", "receipt", "credit", "pmt")), ("debit", ("应收", "收费", "计费", "借", "charge", "invoice", "bill", "debit", "fee"))):  # fmt: skip
        if any(word in kind for word in words):
            return side
    return "credit" if kind in ("cr", "pay", "paid") else "debit" if kind == "dr" else ""


def _is_signed(rows):
    """Whether credits of this file stand with their minus although a column names them credits."""
    credits = [said.values.get("amount") for said in rows if _side(said.values) == "credit"]
    return sum(amount < 0 for amount in credits if amount) * 2 > sum(1 for amount in credits if amount)


def _paid_is_plus(rows):
    """Whether a signed amount is positive where the row speaks of money paid."""
    paid = [
        said.values["amount"]
        for said in rows
        if said.values.get("amount") and reading.PAID.search(said.words)
    ]
    return sum(amount > 0 for amount in paid) * 2 > len(paid)


def _parts_of(values):
    return [search.fold(str(values[key])) for key in ("text", "item", "kind") if values.get(key)]


def _ordered(party, descending, today):
    rows = sorted(party.rows, key=lambda said: said.number, reverse=descending)
    first = next((said.day for said in rows if said.day), None)
    for said in rows:
        if said.day is None:
            if not (said.opening or said.informs) and not any(
                column == "day" for column, *_rest in said.errors
            ):
                said.errors.append(("day", _("Date is empty."), ""))
            said.day, said.undated = first or today, first is None
    return sorted(rows, key=lambda said: (said.day or date.min, not (said.opening and not descending)))


def _settle_signs(parties, matching, notices, today):
    """Choose the order of rows and the meaning of signs by which the file's own balances follow from its rows."""
    dated = [said for party in parties for said in party.rows if said.day]
    dated.sort(key=lambda said: said.number)
    pairs = [(a.day, b.day) for a, b in pairwise(dated) if a.unit == b.unit]
    descending = sum(a > b for a, b in pairs) > sum(a < b for a, b in pairs)
    pays = [said.payment for party in parties for said in party.rows if said.payment]
    minus = bool(pays) and "payment" in matching and all(amount < 0 for amount in pays)
    for party in parties:
        party.rows = _ordered(party, descending, today)
    if not any(said.balance is not None for party in parties for said in party.rows):
        if minus:
            _flip(parties, payments=True)
            notices.append(_("Payments stand with a minus in this file."))
        return

    def wrong(sign, side, turned):
        total = 0
        for party in parties:
            rows = party.rows if not turned else _ordered(party, not descending, today)
            effects = [(said.charge - sign * said.payment) for said in rows]
            total += mismatches(
                rows, effects, [side * said.balance if said.balance is not None else None for said in rows]
            )
        return total

    choices = [(1, 1, False)] if not wrong(1, 1, False) else [
        (sign, side, turned) for turned in (False, True) for side in (1, -1) for sign in (1, -1)
    ]  # fmt: skip
    sign, side, turned = min(choices, key=lambda choice: wrong(*choice)) if len(choices) > 1 else choices[0]
    if "amount" in matching and "payment" not in matching and sign == -1:
        sign = 1
    if sign == -1:
        _flip(parties, payments=True)
        notices.append(_("Payments stand with a minus in this file."))
    if side == -1:
        for party in parties:
            for said in party.rows:
                said.balance = -said.balance if said.balance is not None else None
        # charge and payment the other way round would say the same: a signed amount that is paid stands positive
        notices.append(_("Balances of this file are positive for what the account has in credit."))
    if turned:
        for party in parties:
            party.rows = _ordered(party, not descending, today)
    if descending != turned:
        notices.append(_("The file runs from the newest row to the oldest; it was turned round."))


def _flip(parties, *, payments):
    for party in parties:
        for said in party.rows:
            said.payment = -said.payment


# --- what for -----------------------------------------------------------------------------------------------


def _items(estate, parties, whole):
    """The fee item of every row: by name or code, as remembered, as it stands in the text; else a new one."""
    items = list(Item.objects.filter(estate=estate))
    known: dict[str, Any] = {}
    for item in items:
        for name in (item.code, item.name_zh_hant, item.name_zh_hans, item.name_en):
            if name:
                known.setdefault(search.fold(name), item)
    remembered = ItemName.objects.filter(estate=estate).select_related("item")
    known |= {row.key: row.item for row in remembered}
    by_code = {item.code: item for item in items}
    named = sorted((name for name in known if len(name) > 1), key=len, reverse=True)
    fresh: dict[str, Item] = {}
    in_text: dict[str, Any] = {}

    def spare(code):
        if code not in by_code:
            hant, hans, english = SPARES[code]
            by_code[code] = item = Item(
                estate=estate, code=code, name_zh_hant=hant, name_zh_hans=hans, name_en=english,
                formula=Item.Formula.DEPOSIT if code == "deposit_old" else Item.Formula.ONCE,
            )  # fmt: skip
            fresh[code] = item
        return by_code[code]

    def called(words):
        key = search.fold(words)
        if key in known:
            return known[key]
        formula = Item.Formula.DEPOSIT if reading.DEPOSIT.search(key) else Item.Formula.ONCE
        item = Item(
            estate=estate, code="", name_zh_hant=words[:80], name_en=words[:80] if words.isascii() else "",
            formula=formula,
        )  # fmt: skip
        known[key] = fresh[key] = item
        return item

    def of_text(words):
        if words not in in_text:
            in_text[words] = next((known[name] for name in named if name in words), None)
        return in_text[words]

    def deposits():
        found = next((item for item in items if item.formula == Item.Formula.DEPOSIT), None)
        return found or spare("deposit_old")

    for party in parties:
        for said in party.rows:
            if said.informs:
                continue
            words = said.values.get("item")
            if said.opening and not words:
                said.item = spare("opening")
            elif words and not reading.OPENING.search(search.fold(words)):
                said.item = called(str(words))
            elif said.opening:
                said.item = spare("opening")
            else:
                said.item = (said.charge and of_text(search.fold(said.values.get("text") or ""))) or spare(
                    "old"
                )
            if said.parts:
                said.deposit = said.item if said.item.formula == Item.Formula.DEPOSIT else deposits()
    spare("old")
    used = {id(item) for party in parties for said in party.rows for item in (said.item, said.deposit)}
    whole.items = [item for item in fresh.values() if id(item) in used or item.code == "old"]
    whole.facts["items"] = [item.name_zh_hant for item in whole.items if not item.code]
    whole.spare = by_code["old"]


# --- once only ----------------------------------------------------------------------------------------------


def _keys(estate, parties):
    """A key for every row that the same row of any file has again; accounts of rows that came before stay theirs."""
    for party in parties:
        seen: Counter = Counter()
        for said in party.rows:
            values = said.values
            plain = "|".join(
                str(part)
                for part in (
                    party.unit[0], search.fold(party.who), None if said.undated else said.day, search.fold(str(values.get("item") or "")),
                    values.get("text") or "", values.get("period") or "", said.charge, said.payment, said.parts,
                    values.get("reference") or "", said.opening,
                )
            )  # fmt: skip
            seen[plain] += 1
            said.key = sha1(f"{plain}|{seen[plain]}".encode(), usedforsecurity=False).hexdigest()
    keys = [said.key for party in parties for said in party.rows]
    stands = {}
    for start in range(0, len(keys), 20_000):
        found = HistoryRow.objects.filter(estate=estate, key__in=keys[start : start + 20_000])
        stands |= dict(found.values_list("key", "account_id"))
    accounts = {
        (unit, person): pk
        for pk, unit, person in Account.objects.filter(
            unit_id__in={party.unit[0] for party in parties}
        ).values_list("pk", "unit_id", "person_id")
    }
    persons = {pk: person for (_unit, person), pk in accounts.items()}
    for party in parties:
        for said in party.rows:
            if said.key in stands:
                said.known = True
                party.account = stands[said.key]
        if party.account:
            party.person = persons.get(party.account, party.person)
        else:
            party.account = accounts.get((party.unit[0], party.person))


def _prior(estate, parties):
    """What rows of earlier files, that do not stand in this one, came to."""
    mine = {said.key for party in parties for said in party.rows}
    accounts = {party.account for party in parties if party.account}
    found: defaultdict[int, Decimal] = defaultdict(Decimal)
    rows = HistoryRow.objects.filter(estate=estate, account_id__in=accounts)
    for account, key, charge, payment in rows.values_list("account_id", "key", "charge", "payment"):
        if key not in mine:
            found[account] += charge - payment
    return found


def _run(batch, parties, whole):
    """Our balance after every row, beside the file's."""
    prior = _prior(batch.estate, parties)
    differences, listed, counted = [], [], 0
    sums = Counter()
    column = batch.matching.get("balance")
    for party in parties:
        party.prior = prior.get(party.account, ZERO) if party.account else ZERO
        if (
            party.prior
            and (first := next((said for said in party.rows if said.opening and not said.known), None))
            and first.effect == party.prior
            and not first.values.get("owed")
        ):
            # what earlier files came to, said again at the head of the next one
            first.charge, first.payment, first.informs = ZERO, ZERO, True
        running, off = party.prior, ZERO
        charged = paid = ZERO
        last = None
        for said in party.rows:
            running += said.effect
            party.running.append(running)
            charged += said.charge
            paid += said.payment
            if said.balance is not None:
                last = said.balance
                if said.balance != running:
                    counted += 1
                    if len(differences) < LISTED and said.balance - running != off:
                        differences.append(
                            {
                                "row": said.number, "column": column, "account": party.label, "file": str(said.balance),
                                "ours": str(running), "difference": str(said.balance - running),
                            }
                        )  # fmt: skip
                off = said.balance - running
        sums.update({"rows": len(party.rows)})
        whole.facts.setdefault("charges", ZERO)
        listed.append((party.label, len(party.rows), charged, paid, running, last))
    whole.facts = {
        **whole.facts,
        "rows": sums["rows"],
        "parties": len(parties),
        "charges": str(sum((one[2] for one in listed), ZERO)),
        "payments": str(sum((one[3] for one in listed), ZERO)),
        "balance": str(sum((one[4] for one in listed), ZERO)),
        "file_balance": str(sum((one[5] if one[5] is not None else one[4] for one in listed), ZERO)),
        "differences": differences,
        "different": counted,
        "accounts": [[str(part) if part is not None else None for part in one] for one in listed],
        "people": sorted({party.label for party in parties if isinstance(party.person, str)})[:LISTED],
    }


def _closed_days(estate, parties):
    closed = Book.objects.filter(estate=estate).values_list("closed_through", flat=True).first()
    if closed is None:
        return
    for party in parties:
        for said in party.rows:
            if said.day and said.day <= closed and not (said.known or said.informs):
                said.errors.append(("day", _("Finance has closed the books of that day: nothing can be booked into it any more."), ""))  # fmt: skip


def row_of(said, index):
    """A row as the bookkeeping rules read it."""
    values = said.values
    return Row(
        index, said.day, said.item, said.charge, said.payment, opening=said.opening,
        waived=bool(reading.WAIVER.search(said.words)), refund=bool(reading.REFUND.search(said.words)),
        text=(values.get("text") or values.get("item") or (str(said.item) if said.opening else ""))[:200],
        method=reading.method_of(said.words), period=values.get("period"), due_on=values.get("due_on"),
        held=said.parts[0][1] if said.parts else ZERO, deposit=said.deposit,
    )  # fmt: skip
