from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from office import clocks, journal, promises
from office.models import Staff
from office.models.staff import Posting
from office.refusals import Refused
from tickets import upkeep
from tickets.actions import change
from tickets.models import Asset, ServiceChange


@transaction.atomic
def save_asset(*, estate, values, by, now, asset=None):
    """Write down a public facility or mend what is written (SPEC §4.5). Its faults stay where they are.

    A certificate is a promise to have the next one before it ends: a later date keeps it, another one replaces it.
    """
    if not by.may("assets.edit", estate.pk):
        raise Refused(_("Your role does not allow this."))
    if asset is None:
        asset = Asset(estate=estate)
    else:
        asset = Asset.objects.select_for_update(of=("self",)).get(pk=asset.pk, estate=estate)
    was = asset.certificate_until, asset.is_active
    for name, value in values.items():
        setattr(asset, name, value)
    asset.save()
    journal.record(
        "asset.saved", subject=asset, kind="asset", text=asset.code, by=by, now=now, data={"code": asset.code}
    )
    if (asset.certificate_until, asset.is_active) != was:
        _promise_certificate(asset, was[0], by, now)
    return asset


def _promise_certificate(asset, before, by, now):
    until = asset.certificate_until
    if before and until and until > before:
        promises.keep(asset, "certificate", at=now, by=by)
    else:
        promises.cancel(asset, "certificate", at=now, by=by)
    if until and asset.is_active:
        promises.make(
            "certificate", "certificate", subject=asset, fact_at=now, now=now, estate=asset.estate,
            owner=head_of_repair(asset.estate_id) or by, title=f"{asset.code} {asset.name_zh_hant}"[:200],
            agreed=clocks.end_of_day(until, asset.estate.zone),
        )  # fmt: skip


def head_of_repair(estate_id):
    """Who looks after the facilities: the repair lead, else nobody in particular."""
    posted = Posting.objects.filter(estate_id=estate_id, role="lead", staff__is_active=True).order_by("pk")
    return Staff.objects.filter(pk__in=posted.values("staff_id")[:1]).first()


@transaction.atomic
def set_service(*, asset, in_service, reason, at, by, now, ticket=None):
    """A facility goes out of service or comes back, since `at` (SPEC §4.7: fire protection's goal is 100 %)."""
    row = Asset.objects.select_for_update(of=("self",)).select_related("estate").get(pk=asset.pk)
    if sentence := upkeep.role_refuses(by, row.estate_id):
        raise Refused(sentence)
    if row.in_service == in_service:
        raise Refused(_("It is in service.") if in_service else _("It is out of service already."))
    if not reason.strip():
        raise Refused(_("Give the reason."))
    change.past(at, now, _("This time has not come yet."))
    last = row.service_changes.order_by("-at").values_list("at", flat=True).first()
    if last and at <= last:
        raise Refused(
            _("It was changed at %(at)s; this lies before.") % {"at": change.stamp(last, row.estate.zone)}
        )
    if ticket is not None and ticket.asset_id != row.pk:
        raise Refused(_("This ticket is about something else."))
    try:
        with transaction.atomic():
            ServiceChange.objects.create(
                estate_id=row.estate_id, asset=row, in_service=in_service, at=at, reason=reason.strip()[:300],
                ticket=ticket, by=by, recorded_at=now,
            )  # fmt: skip
    except IntegrityError as problem:
        raise Refused(_("Somebody has just changed it; look again.")) from problem
    row.in_service = in_service
    row.save(update_fields=["in_service"])
    verb = "asset.back" if in_service else "asset.out"
    journal.record(
        verb, subject=row, kind="asset", text=row.code, by=by, now=now, data={"at": change.stamp(at, row.estate.zone)}
    )  # fmt: skip
    return row
