"""Fee items and standards, percentages and payers of a unit (SPEC §6.1, §3). A standard is ended and followed, never rewritten."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from billing.models import Adjustment, Item, Payer, Standard, Tier
from billing.reports import standards as reports
from billing.rules import standards as rules
from office import journal
from office.refusals import Refused, Stale

ITEM_FIELDS = (
    "name_zh_hant",
    "name_zh_hans",
    "name_en",
    "agency",
    "tax_code",
    "tax_rate",
    "is_active",
    "position",
)
FIXED_FIELDS = ("code", "formula", "meter_kind")  # chosen once: what was charged keeps its meaning


def _record(verb, estate_id, pk, text, by, now, *, kind="fee_item", unit_id=None, **data):
    journal.record(
        verb, subject=None, kind=kind, pk=pk, text=text, estate_id=estate_id, unit_id=unit_id, by=by, now=now, data=data
    )  # fmt: skip


@transaction.atomic
def save_item(*, estate, item, values, by, now):
    """A new fee item, or another name and order of one. How it is worked out never changes."""
    if item is None:
        try:
            with transaction.atomic():
                item = Item.objects.create(
                    estate=estate, **{name: values[name] for name in FIXED_FIELDS + ITEM_FIELDS}
                )
        except IntegrityError as problem:
            raise Refused(_("There is an item with this code already.")) from problem
        _record("item.added", estate.pk, item.pk, item.code, by, now, item=item.code)
        return item
    item = Item.objects.select_for_update(no_key=True).get(pk=item.pk)
    changed = [name for name in ITEM_FIELDS if getattr(item, name) != values[name]]
    if changed:
        for name in changed:
            setattr(item, name, values[name])
        item.save(update_fields=changed)
        _record(
            "item.changed", estate.pk, item.pk, item.code, by, now, fields=journal.fields("fee_item", changed)
        )
    return item


@transaction.atomic
def set_standard(*, draft, tiers=(), by, now):
    """A new standard from its first day on; the one of the same scope that holds on that day ends there."""
    item = Item.objects.select_for_update(no_key=True).get(pk=draft.item_id)
    first, until = draft.period.lower, draft.period.upper
    same = [one for one in Standard.objects.filter(item=item) if reports.scope(one) == reports.scope(draft)]
    for one in same:
        lower, upper = one.period.lower, one.period.upper
        if lower < first and (upper is None or upper > first):
            if sentence := rules.why_not_until(first, reports.charged_until(item)):
                raise Refused(sentence)
            Standard.objects.filter(pk=one.pk).update(period=(lower, first), version=one.version + 1)
        elif (until is None or lower < until) and (upper is None or upper > first):
            raise Refused(
                _("There is one from %(day)s already. End or remove it first.") % {"day": f"{lower:%Y-%m-%d}"}
            )
    draft.save(force_insert=True)
    Tier.objects.bulk_create(Tier(standard=draft, above=above, price=price) for above, price in tiers)
    _record(
        "standard.set", draft.estate_id, item.pk, item.code, by, now, price=str(draft.price), document=draft.document,
        **{"from": f"{first:%Y-%m-%d}"},
    )  # fmt: skip
    return draft


@transaction.atomic
def end_standard(*, standard, until, by, now, version=None):
    """No longer from `until` on. What was charged already stays as it was charged."""
    item = Item.objects.select_for_update(no_key=True).get(pk=standard.item_id)
    row = Standard.objects.select_for_update(no_key=True, of=("self",)).get(pk=standard.pk)
    if version is not None and row.version != version:
        raise Stale
    if until <= row.period.lower or (row.period.upper is not None and until > row.period.upper):
        raise Refused(_("The day lies outside the days the standard holds for."))
    if sentence := rules.why_not_until(until, reports.charged_until(item)):
        raise Refused(sentence)
    Standard.objects.filter(pk=row.pk).update(period=(row.period.lower, until), version=row.version + 1)
    _record(
        "standard.ended",
        row.estate_id,
        item.pk,
        item.code,
        by,
        now,
        until=f"{until:%Y-%m-%d}",
        price=str(row.price),
    )


@transaction.atomic
def remove_standard(*, standard, by, now):
    """Take away one that was entered by mistake and never charged with."""
    item = Item.objects.select_for_update(no_key=True).get(pk=standard.item_id)
    row = Standard.objects.select_for_update(no_key=True, of=("self",)).get(pk=standard.pk)
    if sentence := rules.why_not_remove(row, reports.charged_until(item)):
        raise Refused(sentence)
    row.delete()
    _record("standard.removed", row.estate_id, item.pk, item.code, by, now, price=str(row.price), **{"from": f"{row.period.lower:%Y-%m-%d}"})  # fmt: skip


def _once_at_a_time(row, sentence):
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as problem:
        raise Refused(sentence) from problem
    return row


@transaction.atomic
def adjust(*, unit, item, percent, period, reason, by, now, source=("", "")):
    """This unit pays `percent` of `item` for these days, half-open: 70 in custody (SPEC §7.2). Counts from the next run on."""
    row = _once_at_a_time(
        Adjustment(
            estate_id=unit.estate_id, unit=unit, item=item, percent=percent, period=period, reason=reason,
            source_kind=source[0], source_id=str(source[1]),
        ),
        _("Another percentage holds for some of these days already. End that one first."),
    )  # fmt: skip
    _record(
        "adjustment.set", unit.estate_id, unit.pk, unit.code, by, now, kind="unit", unit_id=unit.pk, item=item.code,
        percent=f"{percent:f}", **{"from": f"{period[0]:%Y-%m-%d}"},
    )  # fmt: skip
    return row


@transaction.atomic
def name_payer(*, unit, item, person, period, reason, by, now):
    """`person` pays `item` (None: every fee) of the unit instead of its owner, for these days."""
    row = _once_at_a_time(
        Payer(estate_id=unit.estate_id, unit=unit, item=item, person=person, period=period, reason=reason),
        _("Somebody else is named for some of these days already. End that one first."),
    )
    _record(
        "payer.named", unit.estate_id, unit.pk, unit.code, by, now, kind="unit", unit_id=unit.pk,
        item=item.code if item else "*", **{"from": f"{period[0]:%Y-%m-%d}"},
    )  # fmt: skip
    return row


@transaction.atomic
def end(*, row, until, by, now, version=None):
    """An adjustment or a named payer holds no longer from `until` on; a day that never came takes it away whole."""
    model = type(row)
    row = model.objects.select_for_update(no_key=True, of=("self",)).select_related("unit").get(pk=row.pk)
    if version is not None and row.version != version:
        raise Stale
    if until < row.period.lower or (row.period.upper is not None and until > row.period.upper):
        raise Refused(_("The day lies outside the days it holds for."))
    if until == row.period.lower:
        row.delete()
    else:
        model.objects.filter(pk=row.pk).update(period=(row.period.lower, until), version=row.version + 1)
    verb = "payer.ended" if model is Payer else "adjustment.ended"
    _record(
        verb, row.estate_id, row.unit_id, row.unit.code, by, now, kind="unit", unit_id=row.unit_id, until=f"{until:%Y-%m-%d}"
    )  # fmt: skip
