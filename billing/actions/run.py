"""The billing run: a month's charges of an estate, slice by slice, each exactly once (SPEC §6.2).

A slice is one transaction of ten statements, however many units it holds. It asks the ledger what is charged already,
so that a worker may die anywhere and the next one begins anew: nobody is charged twice, nobody is left out. Order of
locks: run → accounts by id → books, numbers. Only runs take numbers of bills, and they hold their accounts by then.
"""

from dataclasses import dataclass
from decimal import Decimal

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from billing.actions import ledger, notices
from billing.models import Book, Run
from billing.reports import run_sql
from billing.rules import runs as rules
from office import clocks, jobs, journal, series
from office.failpoints import failpoint
from office.refusals import Refused

JOB = "billing.run"
SLICE = 20_000  # units: some seconds of work, after each of which it can be paused
SOURCE = "run"


@dataclass(frozen=True)
class Slice:
    bills: int = 0
    charges: int = 0
    amount: Decimal = Decimal(0)
    drawn: Decimal = Decimal(0)


# --- asked for by people ------------------------------------------------------------------------------------------


@transaction.atomic
def post(*, estate, period, by, now):
    """Begin to post the charges of a month; a worker does it. One run at a time per estate and month."""
    rules.check("post", estate, by)
    today = ledger.today(estate, now)
    rules.check_period(period, today)
    Book.objects.get_or_create(estate=estate)
    if Book.objects.filter(estate=estate, closed_through__gte=today).exists():
        raise Refused(_("Finance has closed the books of today: nothing can be charged any more today."))
    try:
        with transaction.atomic():
            run = Run.objects.create(estate=estate, period=period, day=today, by=by, at=now)
    except IntegrityError as problem:
        raise Refused(_("The charges of this month are being posted already.")) from problem
    journal.record("run.begun", subject=run, by=by, now=now)
    _start(run, by, now)
    return run


def pause(*, run, by, now):
    """Stop after the slice at work; what is posted stays posted."""
    return _turn(run, "pause", by, now)


def resume(*, run, by, now):
    """Go on where it stopped, also after a job that was cancelled or failed."""
    return _turn(run, "resume", by, now)


def stop(*, run, by, now):
    """Leave it at what is posted. The next run of the month posts the rest."""
    return _turn(run, "stop", by, now)


@transaction.atomic
def _turn(run, verb, by, now):
    run = Run.objects.select_for_update(of=("self",)).select_related("estate", "job").get(pk=run.pk)
    rules.check(verb, run, by)
    run.state = rules.MOVES[verb].to
    run.finished_at = now if run.is_over else None
    run.version += 1
    run.save(update_fields=["state", "finished_at", "version"])
    journal.record(f"run.{rules.MOVES[verb].past}", subject=run, by=by, now=now)
    if verb == "resume":
        _start(run, by, now)
    return run


def _start(run, by, now):
    run.job = jobs.start(
        JOB,
        title=_("Charges of %(month)s") % {"month": f"{run.period:%Y-%m}"},
        estate=run.estate,
        by=by,
        args={"run": run.pk},
        now=now,
    )
    run.save(update_fields=["job"])


# --- done by workers ----------------------------------------------------------------------------------------------


def work(job):
    """A job's part: slice after slice, until all are posted or somebody paused it."""
    from django.utils import timezone

    run = Run.objects.select_related("estate", "by").get(pk=job.args["run"])
    go_on(run, now=timezone.now, told=lambda done, total: jobs.progress(job, done, total))
    job.result = {"run": run.pk}


def go_on(run, *, now, told=lambda done, total: None, size=None):
    """Post what is left of a run. `now`: a clock; `told(done, total)` after each slice, in units."""
    ledger.open_months([run.period])
    failpoint("billing.run.begun")
    ends = _slices(run.estate_id, size or SLICE)
    done, total, first = 0, sum(count for _last, count in ends), 0
    told(0, total)
    for last, count in ends:
        if last > run.through:
            try:
                with transaction.atomic(), ledger.refusing():
                    if post_slice(run, first, last, now()) is None:
                        return run  # paused or stopped
            except IntegrityError as problem:
                raise Refused(_("Somebody changed the same accounts; go on once more.")) from problem
            failpoint("billing.run.slice")
        done, first = done + count, last + 1
        told(done, total)
    return _over(run, now())


def _slices(estate_id, size):
    """[(last unit, how many units)] in order of ids."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT max(id), count(*) FROM (
                 SELECT id, (row_number() OVER (ORDER BY id) - 1) / %s AS slice FROM office_unit WHERE estate_id = %s
               ) units GROUP BY slice ORDER BY slice""",
            [size, estate_id],
        )
        return cursor.fetchall()


@transaction.atomic
def _over(run, now):
    run = Run.objects.select_for_update(of=("self",)).select_related("estate", "by").get(pk=run.pk)
    if run.state == Run.State.POSTING:
        run.state, run.finished_at = Run.State.POSTED, now
        run.version += 1
        run.save(update_fields=["state", "finished_at", "version"])
        data = {"bills": run.bills, "amount": journal.money(run.amount, run.estate.currency)}
        journal.record("run.posted", subject=run, by=run.by, now=now, data=data)
        notices.owe(run=run, now=now)
    transaction.on_commit(lambda: failpoint("billing.run.posted"))
    return run


# Temporary tables and CTEs have no statistics: expecting a row where there are thousands, the planner would loop.
LOCK = f"SELECT state, {run_sql.IN_BULK} FROM billing_run WHERE id = %(run)s FOR UPDATE"  # noqa: S608  words of ours

ACCOUNTS = """INSERT INTO billing_account (estate_id, unit_id, person_id)
  SELECT DISTINCT %(estate)s::bigint, unit_id, person_id FROM run_line
  WHERE NOT EXISTS (SELECT FROM billing_account a WHERE a.unit_id = run_line.unit_id AND a.person_id = run_line.person_id)
  ORDER BY 2, 3 ON CONFLICT DO NOTHING"""

# Accounts are locked in the order of their ids, as everywhere; a bill each.
BILLS = """CREATE TEMP TABLE run_bill ON COMMIT DROP AS
  SELECT locked.id AS account_id, locked.unit_id, locked.person_id, locked.prepaid, sums.amount, sums.building_id,
         row_number() OVER (ORDER BY sums.building_id, locked.unit_id, locked.id) - 1 AS place,
         nextval(pg_get_serial_sequence('billing_voucher', 'id')) AS voucher_id
  FROM (
    SELECT a.id, a.unit_id, a.person_id, a.prepaid FROM billing_account a
    WHERE EXISTS (SELECT FROM run_line l WHERE l.unit_id = a.unit_id AND l.person_id = a.person_id)
    ORDER BY a.id FOR NO KEY UPDATE
  ) locked JOIN (
    SELECT unit_id, person_id, building_id, sum(amount) AS amount FROM run_line GROUP BY unit_id, person_id, building_id
  ) sums USING (unit_id, person_id)"""

CHARGES = """WITH vouchers AS (
    INSERT INTO billing_voucher (id, estate_id, kind, number, day, at, by_id, reason, source_kind, source_id, key)
    SELECT voucher_id, %(estate)s, 'charge', {number}, %(day)s, %(now)s, %(by)s, '', 'run', %(run)s::text,
           'run:' || to_char(%(period)s::date, 'YYYY-MM') || ':' || account_id || ':' || %(run)s
    FROM run_bill ORDER BY place
  )
  INSERT INTO billing_charge
    (id, period, estate_id, unit_id, account_id, item_id, voucher_id, amount, from_on, until_on, due_on, text, basis,
     source_kind, source_id)
  SELECT l.id, %(period)s, %(estate)s, l.unit_id, b.account_id, l.item_id, b.voucher_id, l.amount, l.from_on, l.until_on,
         l.due_on, '', l.basis, 'run', %(run)s::text
  FROM run_line l JOIN run_bill b USING (unit_id, person_id)"""

# One statement: the ledger's trigger checks all of it, and carries it into accounts and open charges.
ENTRIES = """INSERT INTO billing_entry
    (voucher_id, estate_id, kind, day, head, account_id, item_id, building_id, charge_id, period, due_on, method, amount)
  SELECT b.voucher_id, %(estate)s, 'charge', %(day)s, side.head, b.account_id, l.item_id, l.building_id, l.id, %(period)s,
         l.due_on, '', side.sign * l.amount
  FROM run_line l JOIN run_bill b USING (unit_id, person_id) JOIN billing_item i ON i.id = l.item_id
  CROSS JOIN LATERAL (
    VALUES ('receivable', 1), (CASE WHEN i.agency THEN 'agency' ELSE 'income' END, -1)
  ) side (head, sign)"""

# Prepayments of the accounts billed, onto what they owe, oldest due first. Deposits are never paid of themselves.
DRAWS = """WITH due AS (
    SELECT o.charge_id, o.period, o.account_id, o.item_id, o.due_on, o.amount, b.prepaid, b.unit_id, b.building_id,
           coalesce(sum(o.amount) OVER (PARTITION BY o.account_id ORDER BY o.due_on, o.charge_id
                    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
    FROM run_bill b JOIN billing_opencharge o ON o.account_id = b.account_id
    JOIN billing_item i ON i.id = o.item_id AND i.formula <> 'deposit'
    WHERE b.prepaid > 0
  ), part AS MATERIALIZED (
    SELECT *, least(amount, prepaid - before) AS taken FROM due WHERE before < prepaid
  ), drawn AS MATERIALIZED (
    SELECT nextval(pg_get_serial_sequence('billing_voucher', 'id')) AS voucher_id, sums.* FROM (
      SELECT account_id, unit_id, building_id, sum(taken) AS taken FROM part GROUP BY account_id, unit_id, building_id
      ORDER BY account_id
    ) sums
  ), vouchers AS (
    INSERT INTO billing_voucher (id, estate_id, kind, number, day, at, by_id, reason, source_kind, source_id, key)
    SELECT voucher_id, %(estate)s, 'draw', '', %(day)s, %(now)s, %(by)s, '', 'run', %(run)s::text,
           'draw:' || to_char(%(period)s::date, 'YYYY-MM') || ':' || account_id || ':' || %(run)s FROM drawn
  ), entries AS (
    INSERT INTO billing_entry
      (voucher_id, estate_id, kind, day, head, account_id, item_id, building_id, charge_id, period, due_on, method, amount)
    SELECT d.voucher_id, %(estate)s, 'draw', %(day)s::date, 'receivable', p.account_id, p.item_id, p.building_id, p.charge_id,
           p.period, p.due_on, '', -p.taken
    FROM part p JOIN drawn d USING (account_id)
    UNION ALL
    SELECT voucher_id, %(estate)s, 'draw', %(day)s, 'prepaid', account_id, NULL, building_id, NULL, NULL, NULL, '', taken
    FROM drawn
  ), told AS (
    INSERT INTO office_event
      (at, verb, subject_kind, subject_id, subject_text, estate_id, unit_id, by_id, by_name, data)
    SELECT %(now)s, 'account.drawn', 'account', d.account_id, u.code, %(estate)s, d.unit_id, %(by)s, %(by_name)s,
           jsonb_build_object('amount', jsonb_build_object('money', d.taken::text, 'currency', %(currency)s::text))
    FROM drawn d JOIN office_unit u ON u.id = d.unit_id
  )
  SELECT coalesce(sum(taken), 0) FROM drawn"""

TOLD = """WITH told AS (
    INSERT INTO office_event
      (at, verb, subject_kind, subject_id, subject_text, estate_id, unit_id, by_id, by_name, data)
    SELECT %(now)s, 'account.billed', 'account', b.account_id, u.code, %(estate)s, b.unit_id, %(by)s, %(by_name)s,
           jsonb_build_object('month', to_char(%(period)s::date, 'YYYY-MM'), 'number', v.number,
             'amount', jsonb_build_object('money', b.amount::text, 'currency', %(currency)s::text))
    FROM run_bill b JOIN office_unit u ON u.id = b.unit_id JOIN billing_voucher v ON v.id = b.voucher_id
  )
  UPDATE billing_run SET through = %(last)s, bills = bills + %(bills)s, charges = charges + %(charges)s,
    amount = amount + (SELECT coalesce(sum(amount), 0) FROM run_bill), drawn = drawn + %(drawn)s, version = version + 1
  WHERE id = %(run)s RETURNING amount"""


def post_slice(run, first, last, now):
    """Charge the units of these ids what they are not charged yet: ten statements. None when the run is not going on.

    The caller's transaction; what it wrote is all or nothing.
    """
    values = {
        "run": run.pk, "estate": run.estate_id, "period": run.period, "until": clocks.add_months(run.period, 1),
        "days": (clocks.add_months(run.period, 1) - run.period).days, "first": first, "last": last,
        "day": run.day, "now": now, "by": run.by_id, "by_name": run.by.name[:80], "currency": run.estate.currency,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(LOCK, values)
        if cursor.fetchone()[0] != Run.State.POSTING:
            return None
        failpoint("billing.run.locked")
        cursor.execute(
            f"""CREATE TEMP TABLE run_line ON COMMIT DROP AS
                SELECT nextval(pg_get_serial_sequence('billing_charge', 'id')) AS id, line.* FROM ({run_sql.lines()}) line""",  # noqa: S608
            values,
        )
        charges = cursor.rowcount
        failpoint("billing.run.worked_out")
        if not charges:
            cursor.execute("DROP TABLE run_line")
            run.through = last
            return Slice()
        cursor.execute(ACCOUNTS, values)
        failpoint("billing.run.accounts")
        cursor.execute(BILLS)
        bills = cursor.rowcount
        failpoint("billing.run.bills")
        pattern, year, number = series.reserve(run.estate, "bill", bills, now=now)
        failpoint("billing.run.numbered")
        words, pieces = series.in_sql(pattern, year, f"({number} + place)")
        named = {f"piece{n}": piece for n, piece in enumerate(pieces)}
        words = words.replace("%s", "{}").format(*(f"%({name})s::text" for name in named))
        cursor.execute(CHARGES.format(number=words), values | named)
        failpoint("billing.run.charges")
        cursor.execute(ENTRIES, values)
        failpoint("billing.run.entries")
        cursor.execute(DRAWS, values)
        drawn = cursor.fetchone()[0]
        failpoint("billing.run.drawn")
        cursor.execute(TOLD, values | {"bills": bills, "charges": charges, "drawn": drawn})
        total = cursor.fetchone()[0]
        failpoint("billing.run.told")
        cursor.execute("DROP TABLE run_line, run_bill")  # a second slice in one transaction finds no trace
    amount, run.amount, run.through = total - run.amount, total, last
    return Slice(bills, charges, amount, drawn)
