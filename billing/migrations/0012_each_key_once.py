"""No row of the ledger is checked twice against the same table: the keys that take the estate in stand for the plain ones."""

import django.db.models.deletion
from django.db import migrations, models


def unchecked(to, related="+", **more):
    return models.ForeignKey(
        db_constraint=False,
        db_index=False,
        on_delete=django.db.models.deletion.PROTECT,
        related_name=related,
        to=to,
        **more,
    )


def alter(model, name, field):
    return migrations.AlterField(model_name=model, name=name, field=field)


class Migration(migrations.Migration):
    dependencies = [("billing", "0011_whole_bookings")]

    operations = [
        # entry_account_of_its_estate and entry_item_of_its_estate hold; the estate is the voucher's (billing_check_entries).
        alter("entry", "account", unchecked("billing.account", "entries", blank=True, null=True)),
        alter("entry", "item", unchecked("billing.item", blank=True, null=True)),
        alter("entry", "estate", unchecked("office.estate")),
        # Copied from checked entries by the trigger, which alone may write them; open_charge_names_a_charge holds.
        alter("opencharge", "account", unchecked("billing.account", "open_charges")),
        alter("opencharge", "item", unchecked("billing.item", verbose_name="fee item")),
        alter("opencharge", "estate", unchecked("office.estate")),
    ]
