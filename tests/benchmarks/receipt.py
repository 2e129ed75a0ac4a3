"""A receipt for everything a household owes, against one bare statement that writes the same rows.

`python -m tests.benchmarks.receipt [CHARGES] [ROUNDS]` makes a database of its own. Households with the same debts are
paid in turns: one by the counter's action, the next by a single statement of the very rows that action wrote (voucher,
entries, receipt, step, search keys, journal, number), under the same constraints and triggers, each with its commit.
Afterwards eight cashiers pay parts of the same bills in any order.
"""

import os
import random
import statistics
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal

GOAL, QUERIES, CLIENTS = 2.5, 7, 8
FIRST = date(2024, 1, 1)
AMOUNT = Decimal("100.00")


def furnish(households, charges):
    """(estate, cashier, {account: [charge ids]}): everybody owes the same `charges`, a month after the other."""
    from billing.actions import ledger
    from billing.models import Charge, Item, Voucher
    from billing.rules import ledger as lines_of
    from office import clocks
    from tests import cast
    from tests.billing.money import make_account

    estate = cast.make_estate()
    cashier = cast.make_staff("cashier", (estate, "cashier"))
    items = [Item.objects.get(estate=estate, code=code) for code in ("management", "refuse", "parking")]
    months = [clocks.add_months(FIRST, n // 3) for n in range(charges)]
    ledger.open_months(months)
    owed = {}
    for number in range(households):
        account = make_account(estate, f"3-2-{1000 + number}")
        booking = {"estate": estate, "kind": Voucher.Kind.CHARGE, "by": cashier}
        with ledger.transaction.atomic():
            voucher = ledger.new_voucher(**booking, day=date(2026, 3, 12), at=cast.NOW)
            rows = Charge.objects.bulk_create(
                Charge(
                    estate=estate, unit_id=account.unit_id, account=account, item=items[n % 3], voucher=voucher,
                    amount=AMOUNT, period=month, from_on=month, until_on=clocks.add_months(month, 1), due_on=month,
                )
                for n, month in enumerate(months)
            )  # fmt: skip
            building = account.unit.building_id
            lines = [lines_of.charging(row, items[n % 3], building_id=building) for n, row in enumerate(rows)]
            ledger.write_entries(voucher, [line for pair in lines for line in pair])
        owed[account] = [row.pk for row in rows]
    return estate, cashier, owed


def pay(estate, cashier, charges, amount=AMOUNT):
    from billing.actions import payment
    from tests.cast import NOW

    total = amount * len(charges)
    return payment.pay(
        estate=estate, payer="張小明", charges=[(pk, amount) for pk in charges], methods={"cash": total}, by=cashier, now=NOW
    )  # fmt: skip


def timed(work):
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


# Rows of a receipt, `{voucher}`, `{receipt}` and `{event}` by id, rewritten for another household.
OF = {
    "billing_voucher": ("WHERE id = {voucher}", {"id": "id + {shift}"}),
    "billing_entry": (
        "WHERE voucher_id = {voucher}",
        {"voucher_id": "voucher_id + {shift}", "account_id": "CASE WHEN account_id IS NULL THEN NULL ELSE {account} END",
         "charge_id": "(SELECT there.pk FROM unnest({here}, {there}) AS there (was, pk) WHERE there.was = charge_id)"},
    ),
    "billing_receipt": ("WHERE id = {receipt}", {"id": "id + {shift}", "number": "'bare' || number", "unit_id": "{unit}"}),
    "billing_receiptstep": (
        "WHERE receipt_id = {receipt}", {"receipt_id": "receipt_id + {shift}", "voucher_id": "voucher_id + {shift}"},
    ),
    "office_searchkey": (
        "WHERE subject_kind = 'receipt' AND subject_id = {receipt}", {"subject_id": "subject_id + {shift}"},
    ),
    "office_event": ("WHERE id > {event}", {"unit_id": "{unit}"}),
}  # fmt: skip
LEFT_OUT = {"xid"}  # what the database says by itself
SHIFT = 1_000_000_000


def bare(wanted):
    """Seconds of the one statement, with its commit; the rows are laid out before."""
    from django.apps import apps
    from django.db import connection

    models = {model._meta.db_table: model for model in apps.get_models()}
    parts = ["n AS (UPDATE office_series SET last = last + 1 WHERE kind = 'receipt')"]
    with connection.cursor() as cursor:
        for table, (where, other) in OF.items():
            fields = [
                field for field in models[table]._meta.concrete_fields
                if not field.generated and field.column not in LEFT_OUT and (not field.primary_key or "id" in other)
            ]  # fmt: skip
            columns = [f'"{field.column}"' for field in fields]
            chosen = [f'{other.get(field.column, field.column)} AS "{field.column}"' for field in fields]
            cursor.execute(f"DROP TABLE IF EXISTS bare_{table}")
            cursor.execute(
                f"CREATE TEMP TABLE bare_{table} AS SELECT {', '.join(chosen)} FROM {table} {where}".format(
                    **wanted
                )
            )
            cursor.execute(f"SELECT count(*) FROM bare_{table}")
            assert cursor.fetchone()[0], table
            names = ", ".join(columns)
            parts.append(f"{table}_ AS (INSERT INTO {table} ({names}) SELECT {names} FROM bare_{table})")
        sentence = f"WITH {', '.join(parts)} SELECT 1"
        return timed(lambda: cursor.execute(sentence))


def crowd(estate, cashier, charges, payments):
    """(payments a second, those that fell over) of eight cashiers who pay parts of the same bills in any order."""
    from django.db import DatabaseError, connections

    gate = threading.Barrier(CLIENTS)

    def client(n):
        lot, troubles = random.Random(n), 0
        gate.wait(60)
        for _ in range(payments):
            try:
                pay(estate, cashier, lot.sample(charges, min(4, len(charges))), Decimal("0.01"))
            except DatabaseError:
                troubles += 1
        connections.close_all()
        return troubles

    def all_of_them():
        with ThreadPoolExecutor(CLIENTS) as pool:
            fallen.extend(pool.map(client, range(CLIENTS)))

    fallen: list = []
    seconds = timed(all_of_them)
    return CLIENTS * payments / seconds, sum(fallen)


def measure(charges=36, rounds=15, payments=50, say=print):
    """{name: figure}."""
    from django.db import connection
    from django.db.models import Max
    from django.test.utils import CaptureQueriesContext

    from billing.models import Account, ReceiptStep
    from office.models import Event
    from tests.benchmarks.billing_run import analyse

    estate, cashier, owed = furnish(2 * rounds + 6, charges)
    analyse()
    households = list(owed.items())
    pairs = []
    for turn in range(-1, rounds):  # the first warms up
        (_account, mine), (other, theirs) = households.pop(), households.pop()
        event = Event.objects.aggregate(last=Max("id"))["last"] or 0
        made: list = []
        seconds = timed(lambda mine=mine, made=made: made.append(pay(estate, cashier, mine)))
        wanted = {
            "voucher": ReceiptStep.objects.get(receipt=made[0]).voucher_id,
            "receipt": made[0].pk,
            "event": event,
            "account": other.pk,
            "unit": other.unit_id,
            "here": f"'{{{','.join(map(str, mine))}}}'::bigint[]",
            "there": f"'{{{','.join(map(str, theirs))}}}'::bigint[]",
            "shift": SHIFT,
        }
        against = bare(wanted)
        assert Account.objects.get(pk=other.pk).owed == 0
        if turn >= 0:
            pairs.append((seconds, against))
    counts = []
    for some in (1, charges):
        _account, mine = households.pop()
        with CaptureQueriesContext(connection) as queries:
            pay(estate, cashier, mine[:some])
        words = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")
        counts.append(sum(not query["sql"].startswith(words) for query in queries.captured_queries))
    rate, fallen = crowd(estate, cashier, [pk for _account, mine in households for pk in mine], payments)
    ratios = [mine / theirs for mine, theirs in pairs]
    figures = {
        "ratio": statistics.median(ratios),
        "spread": (min(ratios), max(ratios)),
        "pay": statistics.median(mine for mine, _theirs in pairs),
        "bare": statistics.median(theirs for _mine, theirs in pairs),
        "queries": max(counts),
        "grows": counts[1] - counts[0],
        "fallen": fallen,
        "rate": rate,
    }
    say(
        f"a receipt for {charges} charges: {1000 * figures['pay']:.1f} ms, one bare statement {1000 * figures['bare']:.1f} ms:"
        f" {figures['ratio']:.2f} times ({min(ratios):.2f}–{max(ratios):.2f}; goal {GOAL}); {figures['queries']} queries, "
        f"{figures['grows']} more than for one charge (goal {QUERIES}, 0); {CLIENTS} clients: {rate:.0f} receipts a second, {fallen} fell over"
    )
    return figures


def good(figures):
    return (
        figures["ratio"] <= GOAL
        and figures["queries"] <= QUERIES
        and not figures["grows"]
        and not figures["fallen"]
    )


def main(words):
    os.environ["GUANJIA_TEST"] = "1"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    from tests import databases

    databases.servers()
    name = f"receipt_{os.getpid()}"
    databases.create(name, databases.template())
    databases.use(name)
    try:
        figures = measure(*(int(word) for word in words[:2]))
    finally:
        from django.db import connections

        connections.close_all()
        databases.drop(name)
    return 0 if good(figures) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
