"""What maintenance tells the office: its promises, sweeps, notices and journal sentences (SPEC §4.7)."""

from functools import partial

from django.utils.translation import gettext_lazy as _

from office import files, journal, outbox, promises, sweeps
from office.addresses import row_address
from office.models.promises import Measure
from office.models.staff import Department
from tickets.registers import REPAIRS

UPKEEP = promises.Kind(
    "upkeep",
    _("preventive maintenance"),
    (
        promises.Rule(
            "upkeep",
            # Translators: 保養計劃
            _("preventive maintenance on the day of its plan"),
            _("the maintenance plan"),
            0,
            Measure.AT,
            "SPEC §4.7, §11",
        ),
    ),
    department=Department.REPAIR,
    order=50,
    workflow=REPAIRS,
)
CERTIFICATE = promises.Kind(
    "certificate",
    _("certificate of a facility"),
    (
        promises.Rule(
            "certificate",
            _("the next certificate before this one ends"),
            _("the certificate"),
            0,
            Measure.AT,
            "SPEC §0, §11",
        ),
    ),
    department=Department.REPAIR,
    order=60,
    workflow=REPAIRS,
)

SENTENCES = {
    "asset.out": _("out of service since %(at)s"),
    "asset.back": _("in service again since %(at)s"),
    "plan.made": _("maintenance plan made, first due on %(due)s"),
    "plan.changed": _("maintenance plan changed: %(fields)s; next due on %(due)s"),
    "plan.paused": _("maintenance plan paused"),
    "plan.ended": _("maintenance plan ended"),
    "plan.resumed": _("maintenance plan goes on"),
    "ticket.planned": _("opened by its maintenance plan, due on %(due)s"),
}

NOTICES = {
    "upkeep.certificate": (
        _("Certificate ends: %(facility)s"),
        _("The certificate of %(facility)s is valid until %(until)s: have the next one in time."),
    ),
}


def register():
    from tickets import tasks
    from tickets.models import Asset, Plan

    for kind in (UPKEEP, CERTIFICATE):
        promises.register(kind)
    for sweep in _sweeps(tasks):
        sweeps.register(sweep)
    outbox.templates(NOTICES)
    journal.sentences(SENTENCES)
    journal.words("ticket.promise", [(UPKEEP.name, UPKEEP.label)])
    journal.field_words("plan.field", Plan)
    promises.register_subject(
        Asset.SUBJECT,
        partial(row_address, "tickets:asset"),
        label=_("public facilities"),
        permission="assets.read",
    )
    promises.register_subject(Plan.SUBJECT, partial(row_address, "tickets:plan"))
    files.register_subject(Asset.SUBJECT, may_read_asset_files, permission="assets.read")


def _sweeps(tasks):
    return (
        sweeps.Sweep(
            name="plans",
            # Translators: 保養計劃
            label=_("tickets of maintenance plans"),
            rule=_("some days before the day the plan names, once for each (setting of the estate)"),
            run=tasks.open_plans,
            every=300,
            preview=tasks.foresee_plans,
            workflow=REPAIRS,
        ),
        sweeps.Sweep(
            name="certificates",
            label=_("certificates that end soon"),
            rule=_("30 and 7 days before the certificate of a facility ends (setting of the estate)"),
            run=tasks.remind_certificates,
            every=300,
            preview=tasks.foresee_certificates,
            workflow=REPAIRS,
        ),
    )


def may_read_asset_files(staff, asset_id):
    """Who may read of facilities may open their papers."""
    from tickets.models import Asset

    return Asset.objects.visible_to(staff, "assets.read").filter(pk=asset_id).exists()
