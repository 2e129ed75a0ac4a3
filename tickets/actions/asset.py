from django.db import transaction
from django.utils.translation import gettext as _

from office import journal
from office.refusals import Refused
from tickets.models import Asset


@transaction.atomic
def save_asset(*, estate, values, by, now, asset=None):
    """Write down a public facility or mend what is written (SPEC §4.5). Its faults stay where they are."""
    if not by.may("assets.edit", estate.pk):
        raise Refused(_("Your role does not allow this."))
    if asset is None:
        asset = Asset(estate=estate)
    else:
        asset = Asset.objects.select_for_update(of=("self",)).get(pk=asset.pk, estate=estate)
    for name, value in values.items():
        setattr(asset, name, value)
    asset.save()
    journal.record(
        "asset.saved", subject=asset, kind="asset", text=asset.code, by=by, now=now, data={"code": asset.code}
    )
    return asset
