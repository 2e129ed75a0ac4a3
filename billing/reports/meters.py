"""What one sees of meters: the stops of a round, the history of a meter, the readings of a household (SPEC §6.3)."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db import connection
from django.db.models import Count, F, Q, Window
from django.db.models.functions import RowNumber
from django.utils.translation import gettext as _

from billing.models import Meter, MissedReading, Reading
from billing.reports import consumption
from billing.rules import meters as rules
from office import cards
from office.addresses import row_address

ROUND_DAYS = 10  # a meter read so recently has been read on this round
MONTH = 30  # days the usual consumption is shown for
RECENT = rules.USUAL_READINGS + 4
State = Reading.State


@dataclass
class Stop:
    """A meter on the round, with what the reader compares with."""

    meter: Meter
    last: Decimal
    last_on: date
    usual: Decimal | None  # a month's
    done: Reading | None
    missed: MissedReading | None

    @property
    def where(self):
        meter = self.meter
        if meter.unit is not None:
            return meter.unit.code
        return str(meter.building) if meter.reach == Meter.Reach.BUILDING else _("the whole estate")

    @property
    def unit_word(self):
        return rules.UNITS[Meter.Kind(self.meter.kind)]

    @property
    def last_text(self):
        return rules.shown(self.last)

    @property
    def usual_text(self):
        return (
            ""
            if self.usual is None
            else f"{rules.shown(self.usual.quantize(Decimal('0.1')))} {self.unit_word}"
        )


def hanging(rows, day):
    """The meters among `rows` that hang on `day`."""
    return rows.filter(Q(removed_on__isnull=True) | Q(removed_on__gt=day), installed_on__lte=day)


WALK = ("building__sort_key", "position", "unit__sort_key", "serial", "pk")


def stops(rows, day):
    """[Stop] of the meters in walking order. Three queries, however many."""
    meters = list(hanging(rows, day).select_related("unit", "building").order_by(*WALK))
    ids = [meter.pk for meter in meters]
    recent = _recent(ids, day)
    missed = {
        row.meter_id: row
        for row in MissedReading.objects.filter(
            meter__in=ids, day__gt=day - timedelta(days=ROUND_DAYS)
        ).order_by("day")
    }
    return [_stop(meter, recent[meter.pk], missed.get(meter.pk), day) for meter in meters]


def _recent(ids, day):
    """{meter: its last readings up to `day` that count or are held, newest first}."""
    turn = Window(RowNumber(), partition_by="meter", order_by=[F("read_on").desc(), F("pk").desc()])
    rows = Reading.objects.filter(meter__in=ids, state__in=(State.COUNTED, State.HELD), read_on__lte=day)
    found: dict[int, list] = defaultdict(list)
    for row in rows.annotate(turn=turn).filter(turn__lte=RECENT).order_by("-read_on", "-pk"):
        found[row.meter_id].append(row)
    return found


def _stop(meter, recent, missed, day):
    done = next((row for row in recent if row.read_on > day - timedelta(days=ROUND_DAYS)), None)
    counted = [
        row for row in recent if row.state == State.COUNTED and row.read_on < (done.read_on if done else day)
    ]
    whole = len(recent) < RECENT  # nothing was cut off: the first one runs from the installation
    since = [row.read_on for row in counted[1:]] + ([meter.installed_on] if whole else [])
    usual = rules.usual(
        [
            (row.consumption, (row.read_on - day_before).days)
            for row, day_before in zip(counted, since, strict=False)
        ]
    )
    last = counted[0] if counted else None
    return Stop(
        meter, last.value if last else meter.installed_at_value, last.read_on if last else meter.installed_on,
        usual and usual.over(MONTH), done, None if done else missed,
    )  # fmt: skip


def progress(estate, day):
    """[(building id or None, kind, read, all)] of the round of `day`. One query."""
    read = Q(
        readings__read_on__gt=day - timedelta(days=ROUND_DAYS),
        readings__read_on__lte=day,
        readings__state__in=(State.COUNTED, State.HELD),
    )
    rows = hanging(Meter.objects.filter(estate=estate), day)
    found = rows.values("building_id", "kind").annotate(
        n=Count("pk", distinct=True, filter=read), of=Count("pk", distinct=True)
    )
    return [
        (row["building_id"], row["kind"], row["n"], row["of"])
        for row in found.order_by("building_id", "kind")
    ]


def held(staff, estate):
    """Readings that wait for a person, the oldest first."""
    rows = Reading.objects.visible_to(staff, rules.READ).filter(estate=estate, state=State.HELD)
    return rows.select_related("meter__unit", "meter__building", "by").order_by("at", "pk")


def history(meter):
    """([Span] of the counted readings, newest first; [(month, consumption)], oldest first, what was carried included)."""
    rows = list(meter.readings.filter(state=State.COUNTED))
    spans = consumption.spans(meter, rows)
    uses = consumption.use_of(meter, rows, meter.carried.all())
    return spans[::-1], [(month, use.consumption) for month, use in uses.items()]


# --- the household page ------------------------------------------------------------------------------------------

KINDS = (cards.Kind("meters", _("Meters"), ("meter.", "reading."), rules.READ, "gauge"),)
_CARD = """
SELECT m.id, m.kind, m.serial, r.value, r.read_on, r.consumption, EXISTS (
         SELECT FROM billing_reading h WHERE h.meter_id = m.id AND h.state = 'held')
FROM billing_meter m
LEFT JOIN LATERAL (SELECT value, read_on, consumption FROM billing_reading
  WHERE meter_id = m.id AND state = 'counted' ORDER BY read_on DESC LIMIT 1) r ON true
WHERE m.unit_id = %s AND m.removed_on IS NULL ORDER BY m.kind DESC, m.serial LIMIT 8
"""


def card(unit, *, staff, now):
    """The meters of a unit with what they showed last. One query; no card where there is no meter."""
    if not staff.may(rules.READ, unit.estate_id):
        return None
    with connection.cursor() as cursor:
        cursor.execute(_CARD, [unit.pk])
        found = cursor.fetchall()
    if not found:
        return None
    lines = [
        cards.Line(
            f"{Meter.Kind(kind).label} {serial}",
            row_address("billing:meter", pk),
            state=(_("held for a person"), "warning") if waits else (),
            note=_("not read yet") if value is None else _card_note(kind, value, used),
            at=f"{read_on:%Y-%m-%d}" if read_on else "",
        )
        for pk, kind, serial, value, read_on, used, waits in found
    ]
    return cards.Card("meters", _("Meters"), icon="gauge", lines=lines, column=cards.ASIDE, position=60)


def _card_note(kind, value, used):
    said = {"value": rules.shown(value), "used": rules.shown(used), "unit": rules.UNITS[Meter.Kind(kind)]}
    return _("%(value)s, used %(used)s %(unit)s") % said


def starts(unit, *, staff):
    return ()
