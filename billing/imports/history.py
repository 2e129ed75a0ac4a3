"""What an old ledger comes to, read as a whole: whose rows they are, in which order, what their signs mean (SPEC §14).

Cells are read one by one (`sheets`); here accounts are put together, because only a whole account tells whether its
balances follow from its rows. An account comes in whole or not at all. What was decided for the file (the order of
days, whether payments stand with a minus) is said on the import's page of sums, never silently.
"""

import re
from collections import Counter, defaultdict
from decimal import Decimal
from hashlib import sha1

from django.urls import reverse
from django.utils.translation import gettext as _

from billing.actions import history as booking
from billing.imports import purpose, reading, signs, whose
from billing.imports.facts import ZERO, Said, Whole
from billing.models import Account, Book, History, HistoryRow, OldAccount
from billing.rules.history import Row, mismatches
from office import search
from office.imports import checking
from office.imports.loading import Load
from office.imports.matching import fold, names_of
from office.imports.sheets import SHEETS, Place
from office.refusals import Refused

LISTED = 300  # differences, accounts and notices that are named; all are counted
TEXTS = ("unit", "account", "name", "item", "text", "kind", "day")
WORDS = ("charge", "payment", "amount", "balance", "opening", "owed", "prepaid", "deposit")
# What an opening balance, and a row no item is known for, are booked under.


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
        whose.carry_down(rows, headings, batch.matching)
        signs.say_days(rows, notices)
        whose.find_units(batch.estate, rows)
        self._amounts(rows, batch.matching)
        parties = whose.parties(batch.estate, rows, place)
        signs.settle(parties, batch.matching, notices, place.today)
        for party in parties:
            self._open(party)
        purpose.find(batch.estate, parties, whole)
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
        signed = alone and kinds and signs.is_signed(rows)
        paid_is_plus = alone and not kinds and signs.paid_is_plus(rows)
        for said in rows:
            values = said.values
            said.charge = values.get("charge") or ZERO
            said.payment = values.get("payment") or ZERO
            said.balance = values.get("balance")
            amount = values.get("amount")
            side = signs.side_of(values)
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
                    whole.numbers.setdefault(whose.number_key(number), (str(number), party))
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
        whose.find_units(batch.estate, rows)
        parties = whose.parties(batch.estate, rows, place, apart=True)
        known = {
            key: (unit, person)
            for key, unit, person in OldAccount.objects.filter(estate=batch.estate).values_list(
                "key", "account__unit_id", "account__person_id"
            )
        }
        verdicts: dict = {}
        numbers: dict = {}
        for party in parties:
            for said in party.rows:
                key = whose.number_key(said.values["account"])
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
            whose.number_key(said.values["account"])
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


def _parts_of(values):
    return [search.fold(str(values[key])) for key in ("text", "item", "kind") if values.get(key)]


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
    stands: dict = {}
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
    differences: list = []
    listed: list = []
    counted = 0
    sums: Counter = Counter()
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
