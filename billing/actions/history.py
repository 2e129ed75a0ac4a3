# ruff: noqa: S608  the names of tables and columns are our models' own
"""An old ledger goes into ours, in whole statements, and comes out again by reversals (SPEC §6, §14).

The rows were understood before (`billing.imports.history`): whole accounts, in their order. Money of the old system
belongs to no cashier and takes no receipt number; its receipts keep theirs as reference.
"""

from decimal import Decimal
from itertools import islice

from django.db import connection, transaction
from django.utils.translation import gettext as _

from billing.actions import ledger
from billing.models import (
    Account,
    Book,
    Charge,
    Entry,
    HistoryRow,
    Item,
    ItemName,
    OldAccount,
    OpenCharge,
    Voucher,
)
from billing.rules.history import Books, Kept
from office import jobs, journal, search
from office.failpoints import failpoint
from office.models import Unit
from office.refusals import Refused
from residents import reports
from residents.models import Person

SLICE = 4000  # vouchers written by one statement
IDS = 5000
ZERO = Decimal(0)
today = ledger.today


def bring_in(*, batch, whole, by, now, job):
    """Book what is new of every account; the caller's transaction. The books of the days must be open."""
    estate = batch.estate
    _open_items(estate, whole)
    _open_accounts(estate, whole.parties, by, now)
    accounts = sorted({party.account for party in whole.parties})
    _lock(accounts)
    Book.objects.get_or_create(estate=estate)
    states = _states(accounts)
    buildings = dict(
        Unit.objects.filter(pk__in={party.unit[0] for party in whole.parties}).values_list(
            "pk", "building_id"
        )
    )
    charge_ids, voucher_ids = _ids(Charge), _ids(Voucher)
    bookings, total = [], sum(len(party.entries) for party in whole.parties)
    job.total = total
    with ledger.refusing():
        for number, party in enumerate(whole.parties, start=1):
            prepaid, charges = states.get(party.account, (ZERO, []))
            books = Books(
                party.account, buildings[party.unit[0]], whole.spare, charge_ids, voucher_ids, prepaid, charges,
                [kept for kept in charges if kept.open],
            )  # fmt: skip
            for _said, row, _running in party.entries:
                books.book(row)
            bookings += books.bookings
            if len(bookings) >= SLICE or number == len(whole.parties):
                _write(batch, bookings, by, now)
                bookings = []
                failpoint("imports.writing")
                jobs.progress(job, min(total, job.done + SLICE // 2), total)
    _keep_rows(batch, whole.parties)
    _remember(estate, whole.numbers)
    job.done = total


def remember_numbers(*, batch, whole, by, now):
    """Account numbers of another system, each at its unit and debtor."""
    _open_accounts(batch.estate, [party for party in whole.parties if party.person is not None], by, now)
    _remember(batch.estate, whole.numbers)


@transaction.atomic
def remember_items(*, estate, meant, by, now):
    """Which of our items names of the old system mean ({name: item pk}); the next file finds them by itself."""
    items = {item.pk: item for item in Item.objects.filter(estate=estate, pk__in=meant.values())}
    for name, pk in sorted(meant.items()):
        if item := items.get(pk):
            row, _made = ItemName.objects.update_or_create(
                estate=estate, key=search.fold(name)[:80], defaults={"name": name[:80], "item": item}
            )
            journal.record(
                "item.named",
                subject=item,
                kind="fee_item",
                text=str(item),
                by=by,
                now=now,
                data={"name": row.name, "item": item.code},
            )


REVERSED = f"""
INSERT INTO {Entry._meta.db_table} (voucher_id, estate_id, kind, day, head, account_id, item_id, building_id, charge_id,
                                    period, due_on, method, amount)
SELECT r.id, e.estate_id, e.kind, r.day, e.head, e.account_id, e.item_id, e.building_id, e.charge_id, e.period, e.due_on,
       e.method, -e.amount
  FROM (SELECT DISTINCT voucher_id FROM {Entry._meta.db_table} WHERE account_id = ANY(%(accounts)s)) mine
  JOIN {Voucher._meta.db_table} r ON r.reverses_id = mine.voucher_id
  JOIN {Entry._meta.db_table} e ON e.voucher_id = mine.voucher_id
 WHERE r.source_kind = 'history-undo' AND r.source_id = %(batch)s AND r.xid = pg_current_xact_id()::text::bigint
 ORDER BY r.id, e.id"""
AT_ONCE = 300  # reversals of one statement


def _by_vouchers(cursor, values):
    """The accounts of the import in parts of about AT_ONCE bookings, an account always whole."""
    cursor.execute(
        f"SELECT e.account_id, count(DISTINCT v.id) FROM {Voucher._meta.db_table} v"
        f" JOIN {Entry._meta.db_table} e ON e.voucher_id = v.id WHERE v.source_kind = %(source)s"
        " AND v.source_id = %(batch)s AND v.estate_id = %(estate)s AND e.account_id IS NOT NULL GROUP BY 1 ORDER BY 1",
        values,
    )
    parts: list[list] = [[]]
    size = 0
    for account, count in cursor.fetchall():
        if size and size + count > AT_ONCE:
            parts, size = [*parts, []], 0
        parts[-1].append(account)
        size += count
    return [part for part in parts if part]


def take_back(*, batch, by, now):
    """Reverse every booking of the import; what was paid or drawn on them since stands in the way. How many vouchers.

    A reversal books into the day of what it reverses, or into today where that day is closed meanwhile.
    """
    accounts = sorted(
        HistoryRow.objects.filter(batch=batch).order_by().values_list("account_id", flat=True).distinct()
    )
    _lock(accounts)
    estate = batch.estate
    Book.objects.get_or_create(estate=estate)
    values = {
        "batch": str(batch.pk), "estate": estate.pk, "now": now, "today": ledger.today(estate, now), "by": by.pk,
        "reason": _("Import %(name)s rolled back") % {"name": batch.name[:200]}, "source": HistoryRow.SOURCE,
    }  # fmt: skip
    try:
        with ledger.refusing(), connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {Voucher._meta.db_table} (estate_id, kind, number, day, at, by_id, reverses_id, reason,"
                " source_kind, source_id)"
                " SELECT v.estate_id, 'reversal', '', CASE WHEN v.day > coalesce(b.closed_through, '-infinity') THEN v.day"
                " ELSE %(today)s END, %(now)s, %(by)s, v.id, %(reason)s, 'history-undo', %(batch)s"
                f" FROM {Voucher._meta.db_table} v JOIN {Book._meta.db_table} b ON b.estate_id = v.estate_id"
                " WHERE v.source_kind = %(source)s AND v.source_id = %(batch)s AND v.estate_id = %(estate)s"
                " AND v.kind <> 'reversal'"
                f" AND NOT EXISTS (SELECT FROM {Voucher._meta.db_table} r WHERE r.reverses_id = v.id) ORDER BY v.id",
                values,
            )
            count = cursor.rowcount
            # Whole accounts at a time: the trigger holds each reversal against the rows of its own statement.
            for part in _by_vouchers(cursor, values):
                cursor.execute(REVERSED, values | {"accounts": part})
    except Refused as refusal:
        raise Refused(
            _(
                "Charges or payments of this import have been settled or drawn on since: nothing was rolled back. %(why)s"
            )
            % {"why": refusal.sentence}
        ) from refusal
    HistoryRow.objects.filter(batch=batch).delete()
    return count


# --- what the bookings need ---------------------------------------------------------------------------------


def _lock(account_ids):
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT 1 FROM {Account._meta.db_table} WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE",
            [account_ids],
        )


def _open_items(estate, whole):
    taken = set(Item.objects.filter(estate=estate).values_list("code", flat=True))
    number = 1
    for item in whole.items:
        while not item.code:
            if (code := f"old{number}") not in taken:
                item.code = code
                taken.add(code)
            number += 1
        item.save()


def _open_accounts(estate, parties, by, now):
    """The account of every party; debtors the register does not have are entered as people without a unit."""
    fresh = [party for party in parties if isinstance(party.person, str)]
    people = Person.objects.bulk_create([Person(estate=estate, name=party.person[:120]) for party in fresh])
    search.put_many(
        Person.SUBJECT, ((one.pk, estate.pk, reports.keys_of_person(one.name, "", ())) for one in people)
    )
    for party, person in zip(fresh, people, strict=True):
        party.person = person.pk
        journal.record("person.added", subject=person, text=person.name[:80], by=by, now=now)
    Account.objects.bulk_create(
        [Account(estate=estate, unit_id=party.unit[0], person_id=party.person) for party in parties],
        ignore_conflicts=True, batch_size=2000,
    )  # fmt: skip
    found = Account.objects.filter(estate=estate, unit_id__in={party.unit[0] for party in parties})
    accounts = {(unit, person): pk for pk, unit, person in found.values_list("pk", "unit_id", "person_id")}
    for party in parties:
        party.account = accounts[party.unit[0], party.person]


def _states(account_ids):
    """{account: (prepaid, [Kept])} of accounts that have bookings already, oldest debt first."""
    found: dict = {
        pk: (prepaid, [])
        for pk, prepaid in Account.objects.filter(pk__in=account_ids).values_list("pk", "prepaid")
    }
    settled = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT account_id, charge_id, -sum(amount) FILTER (WHERE amount < 0)"
            f" FROM {Entry._meta.db_table} WHERE account_id = ANY(%s) AND head = 'receivable' AND kind NOT IN ('charge', 'opening')"
            " GROUP BY 1, 2",
            [account_ids],
        )
        for account, charge, amount in cursor.fetchall():
            settled[account, charge] = amount or ZERO
    if not settled and not OpenCharge.objects.filter(account_id__in=account_ids).exists():
        return found
    rows = Charge.objects.filter(account_id__in=account_ids).select_related("item").order_by("due_on", "pk")
    still = dict(OpenCharge.objects.filter(account_id__in=account_ids).values_list("charge_id", "amount"))
    for row in rows:
        left = still.get(row.pk, ZERO)
        paid = min(row.amount - left, settled.get((row.account_id, row.pk), ZERO))
        found[row.account_id][1].append(
            Kept(row.pk, row.account_id, row.item, row.period, row.due_on, row.amount, left, settled=paid)
        )
    return found


def _ids(model):
    """Primary keys out of the table's sequence, one after the other."""
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
                [model._meta.db_table, IDS],
            )
            ids = [row[0] for row in cursor.fetchall()]
        yield from ids


# --- writing ------------------------------------------------------------------------------------------------


def _write(batch, bookings, by, now):
    """Vouchers, charges and entries of whole accounts, one statement each."""
    if not bookings:
        return
    estate_id = batch.estate_id
    charges = [booking for booking in bookings if booking.charge is not None]
    ledger.open_months({booking.charge.period for booking in charges})
    default = _("As in the old ledger")
    _copy(
        Voucher, "id, estate_id, kind, number, day, at, by_id, reverses_id, reason, source_kind, source_id, key",
        (
            (
                one.pk, estate_id, one.kind, "", one.row.day, now, by.pk, one.reverses,
                (one.reason or (default if one.kind in ("waiver", "refund", "reversal") else ""))[:300],
                HistoryRow.SOURCE, str(batch.pk), f"history:{batch.pk}:{one.pk}",
            )
            for one in bookings
        ),
    )  # fmt: skip
    _copy(
        Charge,
        "id, period, estate_id, unit_id, account_id, item_id, voucher_id, amount, from_on, until_on, due_on, text,"
        " source_kind, source_id",
        _charge_rows(batch, charges),
    )
    kinds = {one.pk: one.kind for one in bookings}
    _copy(
        Entry,
        "voucher_id, estate_id, kind, day, head, account_id, item_id, building_id, charge_id, period, due_on, method, amount",
        (
            (
                one.pk, estate_id, kinds.get(one.reverses, one.kind), one.row.day, line.head, line.account_id,
                line.item_id, line.building_id, line.charge_id, line.period, line.due_on, line.method, line.amount,
            )
            for one in bookings
            for line in one.lines
        ),
    )  # fmt: skip


def _charge_rows(batch, charges):
    units = dict(
        Account.objects.filter(pk__in={one.charge.account_id for one in charges}).values_list("pk", "unit_id")
    )
    for one in charges:
        kept = one.charge
        first = kept.period
        until = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
        yield (
            kept.pk, first, batch.estate_id, units[kept.account_id], kept.account_id, kept.item_id, one.pk, kept.amount,
            first, until, kept.due_on, kept.text, HistoryRow.SOURCE, str(batch.pk),
        )  # fmt: skip


def _copy(model, columns, rows):
    rows = list(rows)
    if not rows:
        return
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {model._meta.db_table} ({columns}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(row)


def _keep_rows(batch, parties):
    """The file's rows as they stood, beside their bookings."""
    place = iter(range(1, 2**31))
    rows = (
        (
            batch.estate_id, batch.pk, party.account, said.number, next(place), said.day, row.item.pk,
            row.text, (said.values.get("reference") or "")[:80], said.charge, said.payment, said.opening,
            said.balance, running, said.key,
        )
        for party in parties
        for said, row, running in party.entries
    )  # fmt: skip
    columns = (
        "estate_id, batch_id, account_id, number, place, day, item_id, text, reference, charge, payment, opening,"
        " balance, running, key"
    )
    while part := list(islice(rows, 20_000)):
        _copy(HistoryRow, columns, part)


def _remember(estate, numbers):
    OldAccount.objects.bulk_create(
        [
            OldAccount(estate=estate, number=said[:60], key=key, account_id=party.account)
            for key, (said, party) in numbers.items()
        ],
        ignore_conflicts=True, batch_size=2000,
    )  # fmt: skip
