"""What meters and their readings tell the office: sentences of the journal (SPEC §6.3)."""

from functools import partial

from django.utils.translation import gettext_lazy as _

from office import journal, promises, sweeps
from office.addresses import row_address
from office.models.promises import Measure
from office.models.staff import Department

# Translators: 收費
FEES = _("Fees")
METER_ROUND = promises.Kind(
    "meter_round",
    # Translators: 抄表
    _("reading rounds"),
    (
        promises.Rule(
            "meter_round",
            # Translators: 抄表
            _("every meter of a building read, or missed with a reason"),
            _("the first day of the month"),
            27,
            Measure.DAYS,
            "SPEC §6.3",
        ),
    ),
    climbs_to_director=False,
    department=Department.FINANCE,
    order=61,
    workflow=FEES,
)

SENTENCES = {
    "meter.added": _("meter written down"),
    "meter.changed": _("meter changed: %(fields)s"),
    "meter.exchanged": _("meter %(old)s exchanged for %(new)s on %(day)s"),
    "meter.ordered": _("order of the round changed, %(n)s meters"),
    "meter.read": _("read on %(day)s: %(value)s"),
    "reading.counted": _("held reading of %(day)s, %(value)s, counts"),
    "reading.refused": _("held reading of %(day)s, %(value)s, refused"),
    "reading.corrected": _("reading of %(day)s corrected from %(old)s to %(value)s"),
    "reading.carried": _("consumption of %(used)s carried from %(from)s, which is charged, to %(to)s"),
}


def register():
    from billing import tasks  # here: actions load after the models of every app
    from billing.actions.rounds import Round
    from billing.imports import meters, readings
    from billing.models import Meter

    meters.declare()
    readings.declare()
    journal.sentences(SENTENCES)
    journal.field_words("meter", Meter)
    promises.register_subject(Meter.SUBJECT, partial(row_address, "billing:meter"))
    promises.register(METER_ROUND)
    promises.register_subject(
        # Translators: 抄表
        Round.SUBJECT, partial(row_address, "billing:round_building"), label=_("reading rounds"),
        permission="billing.take_readings",
    )  # fmt: skip
    sweeps.register(
        sweeps.Sweep(
            name="rounds_due",
            # Translators: 抄表
            label=_("reading rounds of the month"),
            rule=_("each building with meters is promised a reading round every month"),
            run=tasks.owe_rounds,
            every=3600,
            preview=tasks.foresee_rounds,
            workflow=FEES,
        )
    )
