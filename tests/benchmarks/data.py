"""Large databases, made once and kept as templates (tests/databases.py): history behind the demonstration, and a
million open promises.

Ten times the data is ten times the history of the same estate: what is open stays as it is, what is closed was
also closed two, four, six … years earlier. Copies go through every constraint and trigger.
"""

import hashlib
from pathlib import Path

from django.db.models import DateField, DateTimeField, GeneratedField

from office.models import Promise
from tests import databases
from tickets.models import CallbackTry, Ticket, WorkOrder

PER_UNIT = 6  # tickets a unit has in 24 months
NOW = "2026-03-12T15:00"


def _version():
    """Changes with what makes the data."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for path in sorted((databases.ROOT / "config" / "demo").glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:6]


def history(tickets, base):
    """The template with about `tickets` tickets, `base` of them from the demonstration."""

    def fill(environment):
        units = -(-base // PER_UNIT)
        databases.manage(
            "load_demo", "--estates", "1", "--units", str(units), "--now", NOW, environment=environment
        )
        name = environment["GUANJIA_TEST_DATABASE"]
        _sql(name, *_copies(base, tickets), "VACUUM ANALYZE")

    return databases.template(f"bench_{tickets}_{_version()}", fill)


def promises(count):
    """The template with `count` open promises; one a second comes due after 2026-04-01 00:00 UTC."""

    def fill(environment):
        databases.manage(
            "load_demo",
            "--estates",
            "1",
            "--units",
            "24",
            "--months",
            "2",
            "--now",
            NOW,
            environment=environment,
        )
        name = environment["GUANJIA_TEST_DATABASE"]
        _sql(
            name,
            "UPDATE office_promise SET outcome = 'kept', closed_at = due_at WHERE closed_at IS NULL",
            f"""INSERT INTO office_promise (kind, subject_kind, subject_id, sequence, title, estate_id, owner_id, department,
                    rule_key, amount, measure, fact_at, due_at, warn_at, director_at, made_at, level, outcome, reason)
                SELECT 'callback', 'tickets.ticket', 1000000000 + n, 1, 'R2026-' || n, estate.id, staff.id, 'front_desk',
                    'callback_other', 2, 'days', '2026-03-29'::timestamptz, '2026-04-01 15:00+00'::timestamptz + n * interval '1 s',
                    '2026-04-01'::timestamptz + n * interval '1 s', '2026-04-02 15:00+00'::timestamptz + n * interval '1 s',
                    '2026-03-29', 0, 'open', ''
                FROM generate_series(1, {int(count)}) AS n, office_estate AS estate, office_staff AS staff
                WHERE staff.username = 'clerk'""",
            "VACUUM ANALYZE",
        )

    return databases.template(f"bench_promises_{count}_{_version()}", fill)


def board(count, waiting):
    """The template with `count` promises of three years, `waiting` of them open around the present day."""

    def fill(environment):
        databases.manage(
            "load_demo", "--estates", "1", "--units", "24", "--months", "1", environment=environment
        )
        name = environment["GUANJIA_TEST_DATABASE"]
        columns = """kind, subject_kind, subject_id, sequence, title, estate_id, owner_id, department, rule_key,
            amount, measure, fact_at, due_at, warn_at, director_at, made_at, level, outcome, closed_at, closed_by_id, reason"""
        _sql(
            name,
            "UPDATE office_promise SET outcome = 'kept', closed_at = due_at WHERE closed_at IS NULL",
            f"""INSERT INTO office_promise ({columns})
                SELECT (ARRAY['callback', 'water_test', 'arrival', 'waiting'])[1 + n % 4], 'tickets.ticket', 1000000000 + n, 1,
                    'R2026-' || n || ' 3-2-1201', estate.id, staff.ids[1 + n % cardinality(staff.ids)],
                    (ARRAY['front_desk', 'repair'])[1 + n % 2], 'callback_other', 2, 'days', at.day - interval '2 days', at.day,
                    at.day - interval '15 hours', at.day + interval '1 day', at.day - interval '2 days', 0,
                    CASE WHEN n <= {int(waiting)} THEN 'open' ELSE 'kept' END,
                    CASE WHEN n > {int(waiting)} THEN at.day - (n % 50 - 5) * interval '1 hour' END,
                    CASE WHEN n > {int(waiting)} THEN staff.ids[1] END, ''
                FROM generate_series(1, {int(count)}) AS n, (SELECT id FROM office_estate LIMIT 1) AS estate,
                    (SELECT array_agg(id ORDER BY id) AS ids FROM office_staff WHERE is_active) AS staff,
                    LATERAL (SELECT CASE WHEN n <= {int(waiting)}
                        THEN now() - interval '3 days' + n * interval '14 days' / {int(waiting)}
                        ELSE now() - interval '5 days' - n * interval '3 years' / {int(count)} END AS day) AS at""",
            "VACUUM ANALYZE",
        )

    return databases.template(f"bench_board_{count}_{_version()}", fill)


def _sql(name, *statements):
    for statement in statements:
        databases.servers().postgres.sql(
            f"SET timezone = 'UTC'; {statement}" if statement != "VACUUM ANALYZE" else statement,
            database=name,
        )


def _copies(base, wanted):
    """Statements that copy the closed tickets of the demonstration into earlier years until `wanted` are there."""
    times = max(0, round((wanted - base) / (base * 0.975)))  # about that share is closed
    if not times:
        return
    closed = f"(SELECT id FROM tickets_ticket WHERE closed_at IS NOT NULL AND id < {_far})"
    yield _copy(
        Ticket,
        "closed_at IS NOT NULL",
        times,
        {"number": "number || '/' || n", "repeat_of_id": "NULL", "duplicate_of_id": "NULL"},
    )
    yield _copy(
        WorkOrder,
        f"ticket_id IN {closed}",
        times,
        {"number": "number || '/' || n", "ticket_id": f"ticket_id + n * {_far}"},
    )
    yield _copy(CallbackTry, f"ticket_id IN {closed}", times,
                {"ticket_id": f"ticket_id + n * {_far}", "work_order_id": f"work_order_id + n * {_far}"})  # fmt: skip
    yield _copy(Promise, f"subject_kind = 'tickets.ticket' AND subject_id IN {closed}", times,
                {"subject_id": f"subject_id + n * {_far}", "extends_id": f"extends_id + n * {_far}"})  # fmt: skip
    for model in (Ticket, WorkOrder, CallbackTry, Promise):
        table = model._meta.db_table
        yield f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"


_far = 10_000_000  # ids of a copy lie that far from those of the copy before


def _copy(model, where, times, changed):
    """INSERT … SELECT of the rows, `times` times, each two years earlier than the last."""
    columns, values = [], []
    for field in model._meta.concrete_fields:
        if isinstance(field, GeneratedField):
            continue
        column = field.column
        columns.append(column)
        if field.primary_key:
            values.append(f"id + n * {_far}")
        elif column in changed:
            values.append(changed[column])
        elif isinstance(field, DateTimeField):
            values.append(f"{column} - n * interval '2 years'")
        elif isinstance(field, DateField):
            values.append(f"({column} - n * interval '2 years')::date")
        else:
            values.append(column)
    table = model._meta.db_table
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)} "
        f"FROM {table}, generate_series(1, {times}) AS n WHERE id < {_far} AND {where}"
    )
