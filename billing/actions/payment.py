"""The counter takes money: one voucher, one receipt, one number, however many charges (SPEC §6.4, §6.5).

The same statements for one charge and for a thousand; the number comes last, so that nobody waits for it longer than
the writing of the receipt takes.
"""

import json
from decimal import Decimal

from django.db import connection, transaction
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext as _

from billing.actions import ledger
from billing.models import Account, Entry, Receipt, ReceiptStep, Voucher
from billing.reports import accounts as reports
from billing.rules import bookings as rules
from billing.rules import ledger as lines_of
from billing.rules.ledger import Head, Line
from office import journal, search, series
from office.failpoints import failpoint
from office.refusals import Refused

OWN = object()  # the drawer of whoever books


@transaction.atomic
def pay(
    *,
    estate,
    payer,
    charges,
    methods,
    by,
    now,
    prepay=(),
    given=None,
    unit=None,
    source=("", ""),
    cashier=OWN,
    key=None,
):
    """Take a payment and write its receipt.

    `charges`: [(charge id, amount)], `prepay`: [(account id, amount)], `methods`: {method: amount}; both sides agree.
    `given`: the cash handed over, for the change. `cashier`: whose drawer; None where none is (bank lines).
    `key`: booked once; who comes again gets the first receipt.
    """
    rules.check("pay", _At(estate), by)
    cashier = by if cashier is OWN else cashier
    methods = rules.methods(methods, cashier)
    claims = _Claims(estate, charges, prepay)
    _agree(claims.total, methods)
    claims.lock()
    if key and (first := ReceiptStep.objects.filter(voucher__key=key).select_related("receipt").first()):
        return first.receipt
    claims.read()
    voucher = ledger.write(
        estate=estate,
        kind=Voucher.Kind.PAYMENT,
        lines=[*_received(methods), *claims.settle()],
        by=by,
        now=now,
        cashier=cashier,
        source=source,
        key=key,
    )
    facts = {**claims.facts(), **_methods_facts(methods, given)}
    receipt = _receipt(claims, payer, unit, facts, cashier or by, by, now, voucher.day, voucher=voucher)
    _tell("receipt.booked", receipt, claims.units(), by, now, methods)
    failpoint("billing.pay.written")
    return receipt


@transaction.atomic
def carry(*, estate, payer, charges, by, now, prepay=(), unit=None, cashier=OWN):
    """Prepare a receipt for collection at the door: its number is taken, nothing is booked (SPEC §6.5)."""
    rules.check("carry", _At(estate), by)
    claims = _Claims(estate, charges, prepay)
    claims.lock()
    claims.read()
    claims.settle()  # refused now when there is nothing left to collect
    cashier = by if cashier is OWN else cashier
    day = ledger.today(estate, now)
    receipt = _receipt(claims, payer, unit, claims.facts(), cashier, by, now, day)
    _tell("receipt.carried", receipt, claims.units(), by, now)
    return receipt


@transaction.atomic
def hand_in(*, receipt, methods, by, now):
    """The money of a carried receipt is handed in and booked, into the drawer of its cashier.

    What was paid otherwise in the meantime becomes prepayment: the money has been taken and the receipt is out.
    """
    rules.check("hand_in", receipt, by)
    estate, facts = receipt.estate, receipt.facts
    methods = rules.methods(methods, receipt.cashier)
    _agree(receipt.total, methods)
    claims = _Claims.of(estate, facts)
    claims.lock()
    _still_out(receipt)
    claims.read(spare=True)
    voucher = ledger.write(
        estate=estate,
        kind=Voucher.Kind.PAYMENT,
        lines=[*_received(methods), *claims.settle()],
        by=by,
        now=now,
        cashier=receipt.cashier,
    )
    step(receipt, ReceiptStep.Verb.BOOKED, by, now, voucher=voucher)
    _tell("receipt.handed_in", receipt, claims.units() or [receipt.unit_id], by, now, methods)
    return receipt


@transaction.atomic
def return_unused(*, receipt, reason, by, now):
    """A carried receipt comes back unused: cancelled, its number kept, nothing booked."""
    rules.check("return_unused", receipt, by)
    reason = rules.reason(reason)
    claims = _Claims.of(receipt.estate, receipt.facts)
    claims.lock()
    _still_out(receipt)
    step(receipt, ReceiptStep.Verb.CANCELLED, by, now, reason=reason)
    units = [line["unit_id"] for line in receipt.facts["lines"]]
    _tell("receipt.cancelled", receipt, units or [receipt.unit_id], by, now)
    return receipt


def step(receipt, verb, by, now, *, voucher=None, reason=""):
    return ReceiptStep.objects.create(
        estate_id=receipt.estate_id, receipt=receipt, verb=verb, voucher=voucher, reason=reason, by=by, at=now
    )


# --- what is paid for ----------------------------------------------------------------------------------------


OF_CLAIMS = """SELECT account_id FROM billing_opencharge WHERE charge_id = ANY(%s)
  UNION SELECT unnest(%s::bigint[])"""


class _At:
    """The estate, as a row that stands at it."""

    def __init__(self, estate):
        self.estate_id = estate.pk


class _Claims:
    """What a receipt is for: charges and prepayments of one estate, locked and read in one statement each."""

    def __init__(self, estate, charges, prepay):
        self.estate = estate
        self.charges = _added(charges)
        self.prepay = _added(prepay)
        if not self.charges and not self.prepay:
            raise Refused(_("Choose what is paid."))
        self.total = sum(self.charges.values(), Decimal(0)) + sum(self.prepay.values(), Decimal(0))
        self.accounts: dict = {}
        self.open: dict = {}
        self.spare: dict = {}  # account → what a carried receipt took for charges that were paid meanwhile

    @classmethod
    def of(cls, estate, facts):
        """Those of a receipt that is out."""
        charges = [(line["charge"], Decimal(line["amount"])) for line in facts["lines"] if line.get("charge")]
        prepay = [
            (line["account"], Decimal(line["amount"])) for line in facts["lines"] if not line.get("charge")
        ]
        claims = cls(estate, charges, prepay)
        claims.asked = {line["charge"]: line["account"] for line in facts["lines"] if line.get("charge")}
        return claims

    asked: dict | None = None

    def lock(self):
        """All accounts concerned, in id order: first of all, so that two cashiers never wait for each other."""
        known = {*self.prepay, *(self.asked or {}).values()}
        ids = RawSQL(OF_CLAIMS, [list(self.charges), list(known)])  # noqa: S611  a constant
        rows = (
            Account.objects.select_for_update(no_key=True, of=("self",))
            .filter(pk__in=ids, estate=self.estate)
            .order_by("pk")
            .select_related("unit")
        )
        self.accounts = {row.pk: row for row in rows}

    def read(self, spare=False):
        """What is owed now that nobody else can change it. `spare`: what is owed no longer becomes prepayment."""
        if self.charges:
            self.open = reports.of_charges(self.charges, self.estate)
        for account_id in self.prepay:
            if account_id not in self.accounts:
                raise Refused(_("There is no such account here."))
        for charge_id, amount in list(self.charges.items()):
            row = self.open.get(charge_id)
            left = row.amount if row else Decimal(0)
            if amount <= left:
                continue
            if not spare:
                raise Refused(ledger.REFUSALS["open_charge_not_overpaid"]())
            account_id = (self.asked or {})[charge_id]
            self.spare[account_id] = self.spare.get(account_id, Decimal(0)) + amount - left
            self.charges[charge_id] = left

    def settle(self):
        """The ledger's lines: charges settled, the rest held as prepayment."""
        lines = []
        for charge_id, amount in self.charges.items():
            if amount:
                row = self.open[charge_id]
                lines += lines_of.settling(row, amount, item=row, building_id=row.building_id)
        held = dict(self.prepay)
        for account_id, amount in self.spare.items():
            held[account_id] = held.get(account_id, Decimal(0)) + amount
        for account_id, amount in held.items():
            building = self.accounts[account_id].unit.building_id
            lines.append(Line(Head.PREPAID, -amount, account_id=account_id, building_id=building))
        return lines

    def units(self):
        return {row.unit_id for row in self.accounts.values()}

    def facts(self):
        """As printed; item names in all languages, so that a copy reads as the receipt did."""
        lines = [
            {
                "charge": row.charge_id,
                "account": row.account_id,
                "unit": row.unit,
                "unit_id": row.unit_id,
                "item_id": row.item_id,
                "item": row.names,
                "deposit": row.is_deposit,
                "period": f"{row.period}",
                "from": f"{row.from_on}",
                "until": f"{row.until_on}",
                "text": row.text,
                "amount": f"{self.charges[row.charge_id]}",
            }
            for row in self.open.values()
        ]
        for account_id, amount in self.prepay.items():
            unit = self.accounts[account_id].unit
            lines.append(
                {
                    "account": account_id,
                    "unit": unit.code,
                    "unit_id": unit.pk,
                    "prepaid": True,
                    "amount": f"{amount}",
                }
            )
        return {"lines": lines}


def _added(pairs):
    """{id: amount}: what is named twice is added up."""
    found: dict = {}
    for pk, value in pairs:
        found[pk] = found.get(pk, Decimal(0)) + rules.amount(value)
    return found


def _agree(total, methods):
    if total != sum(methods.values()):
        raise Refused(_("What is paid and what it is paid with do not come to the same amount."))


def _received(methods):
    return [Line(Head.MONEY, amount, method=method) for method, amount in methods.items()]


def _methods_facts(methods, given):
    facts = {"methods": {method: f"{amount}" for method, amount in methods.items()}}
    if given is None:
        return facts
    cash = methods.get(Entry.Method.CASH, Decimal(0))
    if given < cash:
        raise Refused(_("Less cash was given than is to be paid in cash."))
    return {**facts, "given": f"{given}", "change": f"{given - cash}"}


# --- the receipt ---------------------------------------------------------------------------------------------

# A receipt, its first step, and what the search box finds it by, in one statement.
RECEIPT = """
WITH made AS (
  INSERT INTO billing_receipt (estate_id, number, unit_id, payer, cashier_id, day, at, total, facts)
    VALUES (%(estate)s, %(number)s, %(unit)s, %(payer)s, %(cashier)s, %(day)s, %(at)s, %(total)s, %(facts)s) RETURNING id
), stepped AS (
  INSERT INTO billing_receiptstep (estate_id, receipt_id, verb, voucher_id, reason, by_id, at)
    SELECT %(estate)s, id, %(verb)s, %(voucher)s, '', %(by)s, %(at)s FROM made
), keyed AS (
  INSERT INTO office_searchkey (estate_id, subject_kind, subject_id, kind, key)
    SELECT %(estate)s, %(subject)s, made.id, wanted.kind, wanted.key
      FROM made CROSS JOIN unnest(%(kinds)s::text[], %(keys)s::text[]) AS wanted (kind, key) ON CONFLICT DO NOTHING
) SELECT id FROM made"""


def _receipt(claims, payer, unit, facts, cashier, by, now, day, voucher=None):
    if not payer.strip():
        raise Refused(_("Write down who pays."))
    units = claims.units()
    unit_id = unit.pk if unit else next(iter(units)) if len(units) == 1 else None
    estate = claims.estate
    number = series.take(estate, "receipt", now=now)
    verb = ReceiptStep.Verb.BOOKED if voucher else ReceiptStep.Verb.CARRIED
    kinds, keys = zip(*sorted(search.keys_of_number(number)), strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            RECEIPT,
            {
                "estate": estate.pk,
                "number": number,
                "unit": unit_id,
                "payer": payer.strip()[:120],
                "cashier": cashier.pk,
                "day": day,
                "at": now,
                "total": claims.total,
                "facts": json.dumps(facts),
                "verb": verb,
                "voucher": voucher.pk if voucher else None,
                "by": by.pk,
                "subject": Receipt.SUBJECT,
                "kinds": list(kinds),
                "keys": list(keys),
            },
        )
        pk = cursor.fetchone()[0]
    return Receipt(
        pk=pk,
        estate=estate,
        number=number,
        unit_id=unit_id,
        payer=payer.strip()[:120],
        cashier=cashier,
        day=day,
        at=now,
        total=claims.total,
        facts=facts,
    )


def _still_out(receipt):
    """A carried receipt is used or returned once; the accounts' locks keep the second one waiting."""
    verbs = set(receipt.steps.values_list("verb", flat=True))
    if ReceiptStep.Verb.CANCELLED in verbs:
        raise Refused(_("This receipt has been returned unused."))
    if ReceiptStep.Verb.BOOKED in verbs:
        raise Refused(_("The money of this receipt has been booked already."))


def _tell(verb, receipt, units, by, now, methods=None):
    currency = receipt.estate.currency
    data = {"amount": journal.money(receipt.total, currency)}
    if methods:
        data["methods"] = [journal.word("billing.method", method) for method in methods]
    journal.record_for_units(verb, subject=receipt, unit_ids=units, by=by, now=now, data=data)
