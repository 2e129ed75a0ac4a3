"""Readings: taken, held, decided, corrected (SPEC §6.3). What a late one does to a charged month: docs/adr/0010.

Everything about one meter happens under its row's lock, so that two readers of one meter wait for each other.
"""

from collections import defaultdict
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from billing.actions import rounds
from billing.models import CarriedUse, Item, Meter, MissedReading, Reading, Turnover
from billing.reports import consumption
from billing.rules import meters as rules
from office import clocks, journal
from office.refusals import Refused

State = Reading.State
MONTHS_AHEAD = 120  # a difference finds its month within ten years


def lock(meter):
    """The meter under its row's lock, with its estate."""
    return Meter.objects.select_for_update(of=("self",)).select_related("estate", "unit").get(pk=meter.pk)


def counted(meter):
    """The readings that count, oldest first."""
    return list(meter.readings.filter(state=State.COUNTED).order_by("read_on"))


@transaction.atomic
def take(*, meter, value, read_on, source, by, now, rolled_over=False):
    """Write down what the dial showed at the end of `read_on`. What a person has to look at is held (`doubt`).

    The same value of the same day a second time is the first one again.
    """
    meter = lock(meter)
    if sentence := rules.role_refuses(by, rules.TAKE, meter.estate_id):
        raise Refused(sentence)
    today = clocks.local_date(now, meter.estate.zone)
    if name := rules.wrong(meter, value=value, read_on=read_on, today=today):
        raise Refused(rules.WRONG[name])
    same = meter.readings.filter(read_on=read_on, state__in=(State.COUNTED, State.HELD)).first()
    if same is not None:
        if same.value == value:
            return same
        raise Refused(
            _("This meter has the reading %(value)s on this day already. Correct that one.")
            % {"value": same.value.normalize()}
        )
    rows = counted(meter)
    doubt = doubt_of(meter, rows, value=value, read_on=read_on, rolled_over=rolled_over)
    reading = Reading(
        estate_id=meter.estate_id, meter=meter, read_on=read_on, value=value, rolled_over=rolled_over, source=source,
        state=State.HELD if doubt else State.COUNTED, doubt=doubt, by=by, at=now,
    )  # fmt: skip
    if doubt:
        reading.save()
    else:
        count(meter, rows, reading, by=by, now=now)
    meter.missed.filter(day=read_on).delete()
    rounds.keep(meter, by=by, now=now)
    return reading


def doubt_of(meter, rows, *, value, read_on, rolled_over=False):
    """Why a person has to look at it, given the counted readings; an empty text when nobody has to."""
    earlier = [row for row in rows if row.read_on < read_on]
    later = next((row for row in rows if row.read_on > read_on), None)
    spans = consumption.spans(meter, earlier)
    before, since = (earlier[-1].value, earlier[-1].read_on) if earlier else start_of(meter)
    usual = rules.usual([(span.used, span.days) for span in reversed(spans)])
    percent = meter.estate.reading_percent
    if rolled_over:
        days = max((read_on - since).days, 1)
        used = rules.used(meter, before, value, True)
        doubt = rules.FAR if rules.is_far(meter, used, usual, days, percent) else ""
    else:
        doubt = rules.doubt(
            meter, before=before, since=since, value=value, read_on=read_on, usual=usual, percent=percent
        )
    if not doubt and later and not later.rolled_over and value > later.value:
        return rules.ABOVE
    return doubt


def start_of(meter):
    return meter.installed_at_value, meter.installed_on


def count(meter, rows, reading, *, by, now, replaced=None):
    """Let `reading` count among `rows`, in the place of `replaced`; the next one's consumption follows."""
    before = _use(meter, rows)
    others = [row for row in rows if replaced is None or row.pk != replaced.pk]
    spans = consumption.spans(meter, [*others, reading])
    if wrong := next((span for span in spans if span.used < 0), None):
        raise Refused(
            _("The reading of %(day)s would be below the one before it. Say that the dial passed zero, or correct that one.")
            % {"day": f"{wrong.reading.read_on:%Y-%m-%d}"}
        )  # fmt: skip
    if replaced is not None:
        replaced.state = State.REPLACED
        replaced.save(update_fields=["state"])
    for span in spans:
        row = span.reading
        if row is reading:
            row.state, row.consumption = State.COUNTED, span.used
            row.save()
        elif row.consumption != span.used:
            row.consumption = span.used
            row.save(update_fields=["consumption"])
    _settle(meter, before, _use(meter, [*others, reading]), reading, by=by, now=now)


def _use(meter, rows):
    """{month: consumption} of the counted `rows`, without what was carried."""
    months: dict = defaultdict(Decimal)
    for span in consumption.spans(meter, rows):
        months[rules.month_of(span.reading.read_on)] += span.used
    return months


def _settle(meter, before, after, reading, *, by, now):
    """What changed in a month whose fees are charged goes to the next that is not, and so does what is below nothing."""
    months = charged_months(meter)
    if not months:
        return
    for month in sorted({*before, *after}):
        difference = after.get(month, Decimal(0)) - before.get(month, Decimal(0))
        if difference and month in months:
            _carry(meter, month, difference, months, reading, by=by, now=now)
    totals: dict = defaultdict(Decimal, after)
    for row in meter.carried.all():
        totals[row.to_period] += row.quantity
        totals[row.from_period] -= row.quantity
    for month in sorted(month for month, total in totals.items() if total < 0 and month in months):
        _carry(meter, month, totals[month], months, reading, by=by, now=now)


def _carry(meter, month, quantity, months, reading, *, by, now):
    """From a charged month to the first one after it that is not."""
    ahead = (clocks.add_months(month, n) for n in range(1, MONTHS_AHEAD))
    to = next(one for one in ahead if one not in months)
    CarriedUse.objects.create(
        estate_id=meter.estate_id, meter=meter, reading=reading, from_period=month, to_period=to,
        quantity=quantity, by=by, at=now,
    )  # fmt: skip
    journal.record(
        "reading.carried", subject=meter, by=by, now=now,
        data={"used": f"{quantity.normalize():f}", "from": f"{month:%Y-%m}", "to": f"{to:%Y-%m}"},
    )  # fmt: skip


def charged_months(meter):
    """The months whose fees by readings of this kind have been charged at the meter's estate."""
    formula = Item.Formula.READING if meter.unit_id else Item.Formula.SHARED
    items = Item.objects.filter(estate_id=meter.estate_id, formula=formula, meter_kind=meter.kind)
    booked = Turnover.objects.filter(
        estate_id=meter.estate_id, item__in=items, kind="charge", head="receivable", period__isnull=False
    )
    return set(booked.values_list("period", flat=True).distinct())


# --- decisions -----------------------------------------------------------------------------------------------------

COUNT, ROLLED, REFUSE = "count", "rolled", "refuse"


@transaction.atomic
def decide(*, reading, decision, words, by, now):
    """A held reading counts, counts with a dial that passed zero, or is refused; with words to say why."""
    meter = lock(reading.meter)
    row = Reading.objects.select_for_update(of=("self",)).get(pk=reading.pk)
    if sentence := rules.why_not_decide(row, by):
        raise Refused(sentence)
    row.decision = words.strip()[:300]
    if decision == REFUSE:
        if not row.decision:
            raise Refused(_("Say why it is refused."))
        row.state = State.REFUSED
        row.save(update_fields=["state", "decision"])
    else:
        rows = counted(meter)
        if any(one.read_on == row.read_on for one in rows):
            raise Refused(
                _("Another reading of this day counts already. Refuse this one, or correct that one.")
            )
        row.rolled_over = decision == ROLLED
        count(meter, rows, row, by=by, now=now)
    journal.record(
        f"reading.{'refused' if decision == REFUSE else 'counted'}", subject=meter, by=by, now=now, data=_said(row)
    )  # fmt: skip
    return row


@transaction.atomic
def correct(*, reading, value, words, by, now, rolled_over=False):
    """Another reading of the same day in its place; the wrong one stays, named by the new one."""
    meter = lock(reading.meter)
    row = Reading.objects.select_for_update(of=("self",)).get(pk=reading.pk)
    if sentence := rules.why_not_correct(row, by):
        raise Refused(sentence)
    if not words.strip():
        raise Refused(_("Give the reason."))
    if value == row.value and rolled_over == row.rolled_over:
        raise Refused(_("This is what was read already."))
    today = clocks.local_date(now, meter.estate.zone)
    if name := rules.wrong(meter, value=value, read_on=row.read_on, today=today):
        raise Refused(rules.WRONG[name])
    new = Reading(
        estate_id=meter.estate_id, meter=meter, read_on=row.read_on, value=value, rolled_over=rolled_over,
        source=Reading.Source.DESK, decision=words.strip()[:300], replaces=row, by=by, at=now,
    )  # fmt: skip
    count(meter, counted(meter), new, by=by, now=now, replaced=row)
    journal.record(
        "reading.corrected", subject=meter, by=by, now=now, data={**_said(new), "old": f"{row.value.normalize():f}"}
    )  # fmt: skip
    return new


def _said(row):
    return {"day": f"{row.read_on:%Y-%m-%d}", "value": f"{row.value.normalize():f}"}


@transaction.atomic
def miss(*, meter, reason, day, by, now):
    """The meter could not be read: the round goes on, the office sees why."""
    meter = lock(meter)
    if sentence := rules.role_refuses(by, rules.TAKE, meter.estate_id):
        raise Refused(sentence)
    MissedReading.objects.filter(meter=meter, day=day).delete()
    row = MissedReading.objects.create(
        estate_id=meter.estate_id, meter=meter, day=day, reason=reason, by=by, at=now
    )
    rounds.keep(meter, by=by, now=now)
    return row


# --- many at once, out of a workbook -------------------------------------------------------------------------------


@transaction.atomic
def take_back(*, estate, rows, by, now):
    """Refuse again the readings (meter, day, value) that an import brought, while nothing stands upon them; their number."""
    months: dict = {}
    found = []
    for meter_id, day, value in sorted(rows, key=lambda row: (row[0], row[1]), reverse=True):
        meter = lock(Meter(pk=meter_id))
        row = meter.readings.filter(
            read_on=day, value=value, source=Reading.Source.IMPORT, state__in=(State.COUNTED, State.HELD)
        ).first()
        if row is None or meter.readings.filter(state=State.COUNTED, read_on__gt=day).exists():
            raise Refused(
                _(
                    "The meter %(serial)s has been read or corrected since. Correct its reading there; nothing was taken back."
                )
                % {"serial": meter.serial}
            )
        kind = meter.kind, bool(meter.unit_id)
        if kind not in months:
            months[kind] = charged_months(meter)
        if row.state == State.COUNTED and rules.month_of(day) in months[kind]:
            raise Refused(
                _(
                    "What the meter %(serial)s counted has been charged. Correct its reading there; nothing was taken back."
                )
                % {"serial": meter.serial}
            )
        row.state = State.REFUSED
        row.decision = _("The import was rolled back.")
        row.save(update_fields=["state", "decision"])
        found.append(row)
    return len(found)
