"""A billing run against the bare INSERT … SELECT of the same rows into the same tables (issue 5, Must hold).

`python -m tests.benchmarks.billing_run [UNITS] [ROUNDS]` makes a database of its own with that many units of one owner
and three items each, posts months in slices of up to 100 000 units, and after each writes the very same rows (vouchers,
charges, entries, journal) for a month of their own by bare statements, under the same constraints and triggers.
"""

import os
import statistics
import sys
import time
from datetime import date
from decimal import Decimal

GOAL, AGAIN, QUERIES = 1.25, 0.05, 10
SLICE = 100_000
FIRST = date(2020, 1, 1)

FILL = """
INSERT INTO office_building (estate_id, code, name, address, sort_key)
  SELECT {e}, n::text, '', '', lpad(n::text, 6, '0') FROM generate_series(1, {buildings}) n;
INSERT INTO office_unit (estate_id, building_id, code, code_key, sort_key, kind, floor, area, use, note, warning, version)
  SELECT {e}, b.id, b.code || '-' || n, b.code || n, b.sort_key || lpad(n::text, 6, '0'), 'flat', '', 60 + n % 90 + 0.25, '', '', false, 1
  FROM generate_series(1, {units}) n JOIN office_building b ON b.estate_id = {e} AND b.code = (1 + n % {buildings})::text;
"""


def furnish(units):
    """An estate of `units` flats, each with its owner; three monthly fees."""
    from django.db import connection

    from billing.models import Item, Standard
    from residents.models import Occupancy, Person
    from tests import cast

    estate = cast.make_estate()
    finance = cast.make_staff("finance", (estate, "finance"))
    with connection.cursor() as cursor:
        cursor.execute(FILL.format(e=estate.pk, units=units, buildings=max(1, units // 400)))
    first = cast.make_person(estate)
    occupancy = cast.occupy(cast.make_unit(estate, "1-0-0", area=Decimal(50)), first, since=FIRST)
    copied(Person, first, "FROM generate_series(1, %(n)s) n", {}, n=units)
    copied(
        Occupancy,
        occupancy,
        """FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM office_unit WHERE estate_id = %(e)s AND id <> %(u)s) u
           JOIN (SELECT id, row_number() OVER (ORDER BY id) AS n FROM residents_person WHERE estate_id = %(e)s AND id <> %(p)s) p USING (n)""",
        {"unit_id": "u.id", "person_id": "p.id"},
        e=estate.pk,
        u=occupancy.unit_id,
        p=first.pk,
    )
    for code, price in (("management", "2.85"), ("refuse", "15"), ("parking", "120")):
        item = Item.objects.get(estate=estate, code=code)
        Standard.objects.create(estate=estate, item=item, price=Decimal(price), period=(FIRST, None))
    analyse()
    return estate, finance


def copied(model, row, source, other, **values):
    """Rows like `row`, one per line of `source`, with `other` columns."""
    from django.db import connection

    names = [
        field.column for field in model._meta.concrete_fields if not field.primary_key and not field.generated
    ]
    chosen = ", ".join(other.get(name, f"model.{name}") for name in names)
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(names)}) SELECT {chosen} {source} CROSS JOIN (SELECT * FROM {table} WHERE id = %(id)s) model",
            values | {"id": row.pk},
        )


def analyse():
    """Statistics as autovacuum keeps them; by the owner, the application may not."""
    from django.db import connection

    from tests.benchmarks import data

    data._sql(connection.settings_dict["NAME"], "VACUUM ANALYZE")


def timed(work):
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


# What a run wrote, taken out with ids and a month of their own, and written again.
TAKEN = {
    "voucher": """SELECT v.id + {shift} AS id, estate_id, kind, number || 'r' || {turn} AS number, day, at, by_id, reason, source_kind,
        'bare' || source_id AS source_id, key || ':r' AS key FROM billing_voucher v WHERE source_kind = 'run' AND source_id = '{run}'""",
    "charge": """SELECT id + {shift} AS id, date '{month}' AS period, estate_id, unit_id, account_id, item_id, voucher_id + {shift} AS voucher_id,
        amount, from_on, until_on, due_on, text, basis, source_kind, 'bare' || source_id AS source_id
        FROM billing_charge WHERE period = '{period}' AND source_id = '{run}'""",
    "entry": """SELECT voucher_id + {shift} AS voucher_id, estate_id, kind, day, head, account_id, item_id, building_id,
        charge_id + {shift} AS charge_id, date '{month}' AS period, due_on, method, amount
        FROM billing_entry WHERE voucher_id IN (SELECT id FROM billing_voucher WHERE source_kind = 'run' AND source_id = '{run}')""",
    "event": """SELECT at, verb, subject_kind, subject_id, subject_text, estate_id, unit_id, by_id, by_name, data
        FROM office_event WHERE verb = 'account.billed' AND id > {event}""",
}
TABLES = {
    "voucher": "billing_voucher", "charge": "billing_charge", "entry": "billing_entry", "event": "office_event",
}  # fmt: skip
SHIFT = 1_000_000_000


def bare(run, month, event, turn):
    """Seconds of the bare statements for the rows of `run`, with their commit."""
    from django.db import connection, transaction

    def write():
        with transaction.atomic():
            for name, table in TABLES.items():
                cursor.execute(f"SELECT * FROM bare_{name} LIMIT 0")
                columns = ", ".join(column.name for column in cursor.description)
                cursor.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM bare_{name}")

    with connection.cursor() as cursor:
        for name, sql in TAKEN.items():
            cursor.execute(f"DROP TABLE IF EXISTS bare_{name}")
            cursor.execute(
                f"CREATE TEMP TABLE bare_{name} AS "
                + sql.format(
                    shift=SHIFT + 3_000_000 * turn,
                    run=run.pk,
                    month=month,
                    period=run.period,
                    event=event,
                    turn=turn,
                )
            )
        return timed(write)


def measure(units, rounds=3, say=print):
    """{name: figure}; seconds."""
    from django.db import connection, transaction
    from django.db.models import Max
    from django.test.utils import CaptureQueriesContext
    from django.utils import timezone

    from billing.actions import ledger, run
    from billing.models import Charge, Entry, Voucher
    from office import clocks
    from office.models import Event

    estate, finance = furnish(units)
    found: dict[str, list] = {"run": [], "bare": [], "again": []}
    figures = {"rows": 0, "queries": 0}

    def post(period, name):
        row = run.post(estate=estate, period=period, by=finance, now=timezone.now())
        found[name].append(timed(lambda: run.go_on(row, now=timezone.now, size=SLICE)))
        row.refresh_from_db()
        assert row.state == "posted", row.state
        return row

    for turn in range(rounds):
        own, other = (clocks.add_months(FIRST, 2 * turn + n) for n in (0, 1))
        ledger.open_months([own, other])
        event = Event.objects.aggregate(last=Max("id"))["last"] or 0
        done = post(own, "run")
        assert done.charges == 3 * (units + 1), done.charges
        if turn == 0:
            analyse()
        found["bare"].append(bare(done, other, event, turn))
        before = [model.objects.count() for model in (Voucher, Charge, Entry)]
        again = post(own, "again")
        assert again.charges == 0 and before == [model.objects.count() for model in (Voucher, Charge, Entry)]
        if turn == 0:
            figures["rows"] = sum(before) // 2
    last = clocks.add_months(FIRST, 2 * rounds)
    ledger.open_months([last])
    row = run.post(estate=estate, period=last, by=finance, now=timezone.now())
    end = run._slices(estate.pk, min(units, 1000))[0][0]
    with transaction.atomic(), CaptureQueriesContext(connection) as queries:
        run.post_slice(row, 0, end, timezone.now())
    figures["queries"] = len(queries)
    figures |= {name: statistics.median(values) for name, values in found.items()}
    pairs = [mine / theirs for mine, theirs in zip(found["run"], found["bare"], strict=True)]
    figures["ratio"], figures["spread"] = statistics.median(pairs), (min(pairs), max(pairs))
    figures["again_share"] = figures["again"] / figures["run"]
    say(
        f"{units} units × 3 items: run {figures['run']:.1f} s, bare {figures['bare']:.1f} s: {figures['ratio']:.2f} times"
        f" ({min(pairs):.2f}–{max(pairs):.2f}; goal {GOAL}); again {figures['again']:.2f} s: {figures['again_share']:.1%}"
        f" (goal {AGAIN:.0%}), no row written; {figures['queries']} queries a slice (goal {QUERIES})"
    )
    return figures


def main(words):
    os.environ["GUANJIA_TEST"] = "1"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    from tests import databases

    databases.servers()
    name = f"billing_run_{os.getpid()}"
    databases.create(name, databases.template())
    databases.use(name)
    try:
        figures = measure(int(words[0]) if words else 100_000, int(words[1]) if words[1:] else 3)
    finally:
        from django.db import connections

        connections.close_all()
        databases.drop(name)
    good = figures["ratio"] <= GOAL and figures["again_share"] <= AGAIN and figures["queries"] <= QUERIES
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
