"""The one door to the ledger: `post` writes a voucher with its entries, `lock` takes the accounts first.

Order of locks, everywhere: accounts by id → (inside the trigger) books, till → number series last. Whoever keeps it
cannot deadlock (ARCHITECTURE §3).
"""

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from billing.models import Account, Charge, Entry, Till, Voucher
from office import clocks
from office.refusals import Refused


def account_of(unit, person):
    """The account of a unit and its debtor, opened when it is the first time. Not locked."""
    if found := Account.objects.filter(unit=unit, person=person).first():
        return found
    Account.objects.bulk_create(
        [Account(estate_id=unit.estate_id, unit=unit, person=person)], ignore_conflicts=True
    )
    return Account.objects.get(unit=unit, person=person)


def lock(account_ids):
    """{pk: Account} under row lock, in id order. Every action on money calls it first."""
    rows = (
        Account.objects.select_for_update(no_key=True, of=("self",))
        .filter(pk__in=set(account_ids))
        .order_by("pk")
    )
    return {row.pk: row for row in rows.select_related("unit", "estate")}


def open_months(periods):
    """Make sure that charges of these months (first days) have their partition."""
    with connection.cursor() as cursor:
        for period in sorted(set(periods)):
            cursor.execute("SELECT billing_open_month(%s)", [period])


def till_of(estate, cashier):
    return Till.objects.get_or_create(estate=estate, cashier=cashier)[0]


def today(estate, now):
    return clocks.local_date(now, estate.zone)


@transaction.atomic
def post(**booking):
    """Write a voucher and its entries as `write` does, in a transaction of its own or within the caller's."""
    return write(**booking)


def write(
    *,
    estate,
    kind,
    lines,
    by,
    now,
    day=None,
    cashier=None,
    reverses=None,
    reason="",
    source=("", ""),
    key=None,
    number="",
):
    """Write a voucher and its entries (`billing.rules.ledger.Line`), booked on `day` (default: the estate's today).

    Raises Refused when the day is closed, a charge would be overpaid or an account overdrawn, ValueError when the
    lines do not sum to zero. The caller holds the accounts' locks and the transaction.
    """
    if sum(line.amount for line in lines) != 0:
        raise ValueError("the lines of a voucher sum to zero")
    with refusing():
        voucher = new_voucher(
            estate=estate,
            kind=kind,
            number=number,
            day=day or today(estate, now),
            at=now,
            by=by,
            cashier=cashier,
            reverses=reverses,
            reason=reason,
            source=source,
            key=key,
        )
        write_entries(voucher, lines)
    return voucher


# The estate's books and the cashier's till are opened with their first voucher.
VOUCHER = """
WITH book AS (
  INSERT INTO billing_book (estate_id) SELECT %(estate_id)s
   WHERE NOT EXISTS (SELECT FROM billing_book WHERE estate_id = %(estate_id)s) ON CONFLICT DO NOTHING
), till AS (
  INSERT INTO billing_till (estate_id, cashier_id) SELECT %(estate_id)s, %(cashier_id)s::bigint
   WHERE %(cashier_id)s::bigint IS NOT NULL AND NOT EXISTS (
     SELECT FROM billing_till WHERE estate_id = %(estate_id)s AND cashier_id = %(cashier_id)s::bigint
   ) ON CONFLICT DO NOTHING
)
INSERT INTO billing_voucher (estate_id, kind, number, day, at, by_id, cashier_id, reverses_id, reason, source_kind, source_id, key)
  VALUES (%(estate_id)s, %(kind)s, %(number)s, %(day)s, %(at)s, %(by_id)s, %(cashier_id)s, %(reverses_id)s, %(reason)s,
          %(source_kind)s, %(source_id)s, %(key)s) RETURNING id"""


def new_voucher(*, estate, kind, day, at, by, cashier=None, source=("", ""), **fields):
    """A voucher without its entries yet."""
    row = Voucher(
        estate=estate,
        kind=kind,
        day=day,
        at=at,
        by=by,
        cashier=cashier,
        source_kind=source[0],
        source_id=str(source[1]),
        **fields,
    )
    columns = (field.attname for field in Voucher._meta.concrete_fields if field.attname not in ("id", "xid"))
    with connection.cursor() as cursor:
        cursor.execute(VOUCHER, {name: getattr(row, name) for name in columns})
        row.pk = cursor.fetchone()[0]
    row._state.adding, row._state.db = False, connection.alias
    return row


# Column by column: a payment of a hundred charges is not spelled out value by value.
ENTRIES = """
INSERT INTO billing_entry (voucher_id, estate_id, kind, day, head, account_id, item_id, building_id, charge_id, period, due_on, method, amount)
  SELECT %s::bigint, %s::bigint, %s::text, %s::date, * FROM unnest(%s::text[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[],
    %s::date[], %s::date[], %s::text[], %s::numeric[])"""


def write_entries(voucher, lines, kind=None):
    """All entries of a voucher in one statement: the trigger checks them as a whole."""
    lines = list(lines)
    if not lines:
        return
    kind = kind or (voucher.reverses.kind if voucher.reverses_id else voucher.kind)
    columns = zip(
        *(
            (str(line.head), line.account_id, line.item_id, line.building_id, line.charge_id, line.period, line.due_on,
             str(line.method), line.amount)
            for line in lines
        ),
        strict=True,
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(ENTRIES, [voucher.pk, voucher.estate_id, str(kind), voucher.day, *map(list, columns)])


REFUSALS = {
    "books_closed": lambda: _(
        "Finance has closed the books of that day: nothing can be booked into it any more."
    ),
    "till_closed": lambda: _("The day is closed for this cashier: nothing can be booked into it any more."),
    "open_charge_not_overpaid": lambda: _(
        "This has been paid in the meantime. Open the page again to see what is still owed."
    ),
    "charge_not_owed_again": lambda: _("The charge has been taken back since: this cannot be owed again."),
    "deposit_held": lambda: _("There is not so much held of this deposit any more."),
    "account_never_below_zero": lambda: _("There is not so much left on the account."),
}


class refusing:
    """Turns what the ledger's triggers and constraints refuse into a sentence for people."""

    def __enter__(self):
        return self

    def __exit__(self, kind, problem, trace):
        if isinstance(problem, IntegrityError):
            name = getattr(getattr(problem.__cause__, "diag", None), "constraint_name", None)
            if name in REFUSALS:
                raise Refused(REFUSALS[name]()) from problem
        return False


def mirror(voucher):
    """The lines that take a voucher back: what it wrote, with the other sign."""
    from billing.rules.ledger import Line

    fields = (
        "head",
        "amount",
        "account_id",
        "item_id",
        "building_id",
        "charge_id",
        "period",
        "due_on",
        "method",
    )
    return [-Line(**row) for row in Entry.objects.filter(voucher=voucher).order_by("pk").values(*fields)]


def reverse(*, voucher, by, now, reason, day=None, source=("", "")):
    """Take a voucher back, whole, by a reversing entry that names it (SPEC §6). The caller holds the locks."""
    if Voucher.objects.filter(reverses=voucher).exists():
        raise Refused(_("This has been reversed already."))
    return post(
        estate=voucher.estate,
        kind=Voucher.Kind.REVERSAL,
        lines=mirror(voucher),
        by=by,
        now=now,
        day=day,
        cashier=voucher.cashier,
        reverses=voucher,
        reason=reason,
        source=source,
    )


def new_charge(
    *,
    account,
    item,
    amount,
    period,
    from_on,
    until_on,
    due_on,
    voucher,
    text="",
    basis=None,
    source=("", ""),
    seq=0,
):
    """A Charge row (its entries follow with `charging`); the month must be open."""
    return Charge.objects.create(
        estate_id=account.estate_id,
        unit_id=account.unit_id,
        account=account,
        item=item,
        amount=amount,
        period=period,
        from_on=from_on,
        until_on=until_on,
        due_on=due_on,
        voucher=voucher,
        text=text,
        basis=basis or {},
        source_kind=source[0],
        source_id=str(source[1]),
        seq=seq,
    )
