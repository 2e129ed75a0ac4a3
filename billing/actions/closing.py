"""日結, 月結: a day and the books are closed under the lock every booking asks for (SPEC §6.6).

The ledger's trigger takes a shared lock on book and till; a close takes them whole. So a booking is either before the
close, and counted in it, or after it, and refused.
"""

from decimal import Decimal

from django.db import transaction

from billing.actions import ledger
from billing.models import Book, DayClose, PeriodClose, Till
from billing.reports import closing as reports
from billing.reports import figures
from billing.rules import closing as rules
from office import clocks, journal, promises
from office.models import Promise
from office.refusals import Refused

NOTHING = Decimal(0)
KIND = "day_close"  # the promise


@transaction.atomic
def close_day(
    *,
    estate,
    cashier,
    day,
    counted,
    by,
    now,
    opening=NOTHING,
    notes=None,
    confirmed=(),
    reason="",
    foreseen=None,
):
    """Close `day` of a cashier: what was counted against the ledger, every other method held against its slips.

    `foreseen`: {method: amount} the page showed; when money came in meanwhile nobody has counted it, and it is refused.
    """
    reason = reason.strip()
    till = Till.objects.select_for_update().filter(estate=estate, cashier=cashier).first()
    sums = reports.sums(estate, cashier, day) if till else None
    earlier = reports.unclosed([estate.pk], day, cashier) if till else []
    today = ledger.today(estate, now)
    out = [row.number for row in reports.out(estate, cashier, through=day)]
    refused = rules.why_not_day(
        cashier=cashier,
        by=by,
        estate_id=estate.pk,
        day=day,
        today=today,
        closed_through=till and till.closed_through,
        sums=sums,
        earlier=earlier[0].day if earlier else None,
        out=out,
    )
    if not refused and foreseen is not None and foreseen != sums:
        refused = rules.changed()
    refused = refused or rules.why_not_counted(
        sums=sums,
        counted=counted,
        opening=opening,
        confirmed=confirmed,
        reason=reason,
        own=by.pk == cashier.pk,
    )
    if refused:
        raise Refused(refused)
    row = DayClose.objects.create(
        estate=estate,
        cashier=cashier,
        day=day,
        at=now,
        by=by,
        sums={method: f"{amount}" for method, amount in sums.items()},
        total=sum(sums.values(), NOTHING),
        cash=sums.get(rules.CASH, NOTHING),
        receipts=reports.receipts_of(estate, cashier, day),
        opening=opening,
        counted=counted,
        notes=notes or {},
        confirmed=[method for method in sums if method in confirmed],
        difference=rules.difference(sums, counted, opening),
        reason=reason,
    )
    till.closed_through = day
    till.save(update_fields=["closed_through"])
    kept = [row for row in promises.open_of(till, KIND) if clocks.local_date(row.fact_at, estate.zone) <= day]
    promises.close(kept, Promise.Outcome.KEPT, at=now, by=by)
    data = {"day": f"{day:%Y-%m-%d}", "total": journal.money(row.total, estate.currency)}
    if row.difference:
        data["difference"] = journal.money(row.difference, estate.currency)
    journal.record(
        "day.closed_with_difference" if row.difference else "day.closed",
        subject=row,
        by=by,
        now=now,
        data=data,
    )
    return row


@transaction.atomic
def close_period(*, estate, through, by, now, note=""):
    """Close the estate's books up to and including `through`: nothing is booked into those days any more."""
    note = note.strip()
    Book.objects.get_or_create(estate=estate)
    found = figures.proof(
        estate, limit=1
    )  # before the lock: it reads every entry, and nobody need wait for it
    book = Book.objects.select_for_update().get(estate=estate)
    refused = rules.why_not_period(
        by=by,
        estate_id=estate.pk,
        through=through,
        today=ledger.today(estate, now),
        closed_through=book.closed_through,
        tills=[(row.cashier, row.day) for row in reports.unclosed([estate.pk], through)],
        out=[row.number for row in reports.out(estate, through=through)],
        holds=found.holds,
        missing=reports.months_without_run(estate, book.closed_through, through),
        note=note,
    )
    if refused:
        raise Refused(refused)
    heads = reports.heads(estate, through)
    row = PeriodClose.objects.create(
        estate=estate,
        through=through,
        at=now,
        by=by,
        heads={head: f"{amount}" for head, amount in heads.items()},
        note=note,
    )
    book.closed_through = through
    book.save(update_fields=["closed_through"])
    journal.record("period.closed", subject=row, by=by, now=now, data={"day": f"{through:%Y-%m-%d}"})
    return row


def owe_closes(now):
    """Every drawer that took money today or before owes a close by the end of that day, once each (SPEC §6.6).

    Answers (days found without a promise, promises made).
    """
    made = 0
    waiting = reports.without_promise(now)
    for row in waiting:
        with transaction.atomic():
            till = Till.objects.select_for_update().select_related("estate", "cashier").get(pk=row.till_id)
            if row not in reports.without_promise(now, till):  # closed, or owed, in the meantime
                continue
            promises.make(
                KIND,
                KIND,
                subject=till,
                fact_at=row.first_at,
                now=now,
                owner=till.cashier,
                estate=till.estate,
                title=f"{row.day:%Y-%m-%d}",
            )
            made += 1
    return len(waiting), made
