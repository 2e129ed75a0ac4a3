"""What an office changes about itself: promise rules, catalogues, number patterns (SPEC §1).

Changing one never rewrites the past: rules begin at a moment that has not passed, patterns before the first
number of their year is taken, catalogue rows are switched off instead of removed.
"""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from office import clocks, journal, promises, series, versions
from office.models import EscalationRule, Estate, PromiseRule, Series
from office.models.promises import Measure
from office.refusals import Refused


@transaction.atomic
def change_rule(*, estate, key, amount, measure, valid_from, by, now):
    """From `valid_from` on, the clock `key` counts `amount` in `measure`. Facts before that keep the old rule.

    A change announced for the same moment and not yet in force is replaced.
    """
    if measure == Measure.AT or promises.rule_at(estate.pk, key, now)[1] == Measure.AT:
        raise Refused(_("This clock runs to an agreed time; there is no number to change."))
    if valid_from < now:
        raise Refused(
            _("A rule cannot begin in the past: promises made under the old rule stay as they are.")
        )
    Estate.objects.select_for_update().get(pk=estate.pk)
    old = promises.rule_at(estate.pk, key, valid_from)
    row, _made = PromiseRule.objects.update_or_create(
        estate=estate, key=key, valid_from=valid_from, defaults={"amount": amount, "measure": measure}
    )
    journal.record(
        "rule.changed",
        subject=row,
        kind="office.promise_rule",
        text=key,
        by=by,
        now=now,
        data={
            "rule": journal.word("rule", key),
            "amount": amount,
            "measure": journal.word("measure", measure),
            "old_amount": old[0],
            "old_measure": journal.word("measure", old[1]),
            "from": f"{valid_from.astimezone(estate.zone):%Y-%m-%d %H:%M}",
        },
    )
    return row


@transaction.atomic
def change_escalation(*, estate, values, valid_from, by, now):
    """From `valid_from` on, promises of `estate` climb as `values` (columns of EscalationRule) say.

    What has begun before keeps the times it was made with. A change announced for the same moment is replaced.
    """
    if valid_from < now:
        raise Refused(
            _("A rule cannot begin in the past: promises made under the old rule stay as they are.")
        )
    Estate.objects.select_for_update().get(pk=estate.pk)
    old = promises.escalation_at(estate.pk, valid_from) or EscalationRule()
    changed = [name for name, value in values.items() if getattr(old, name) != value]
    if not changed:
        raise Refused(_("Nothing has been changed."))
    row, _made = EscalationRule.objects.update_or_create(
        estate=estate, valid_from=valid_from, defaults=values
    )
    journal.record(
        "escalation.changed",
        subject=row,
        kind="office.escalation_rule",
        text="escalation",
        by=by,
        now=now,
        data={
            "fields": journal.fields("escalation", changed),
            "from": f"{valid_from.astimezone(estate.zone):%Y-%m-%d %H:%M}",
            "old": {name: _plain(getattr(old, name)) for name in changed},
            "new": {name: _plain(values[name]) for name in changed},
        },
    )
    return row


def _plain(value):
    return value if isinstance(value, dict) else journal.plain(value)


@transaction.atomic
def save_row(*, estate, catalogue, row, values, by, now, version=None):
    """Add (`row` None) or change a row of a catalogue. Codes in use stay: old matters are found by them."""
    made = row is None
    if made:
        row = catalogue.model(estate=estate)
    else:
        row = catalogue.model.objects.select_for_update().get(pk=row.pk, estate=estate)
        versions.check(row, catalogue.fields, version)
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    if not made and not changed:
        return row
    data = {
        "code": values["code"],
        "fields": journal.fields(catalogue.name, changed),
        "old": {name: journal.plain(getattr(row, name)) for name in changed} if not made else {},
        "new": {name: journal.plain(values[name]) for name in changed},
    }
    for name in changed:
        setattr(row, name, values[name])
    catalogue.before_save(row)
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise Refused(_("There is already a row with the code %(code)s.") % {"code": row.code}) from None
    journal.record(
        "catalogue.added" if made else "catalogue.changed",
        subject=row,
        kind=catalogue.subject,
        text=row.code,
        by=by,
        now=now,
        data=data,
    )
    return row


@transaction.atomic
def set_pattern(*, estate, kind, year, pattern, by, now):
    """Numbers of `kind` in `year` look like `pattern`, for example R{year}-{n:06d}.

    Only before the first number of that year is taken, and never like the numbers of another kind.
    """
    this_year = clocks.local_date(now, estate.zone).year
    if kind not in series.PATTERNS or year not in (this_year, this_year + 1):
        raise Refused(_("Number patterns are set for this year or the next one."))
    Estate.objects.select_for_update().get(pk=estate.pk)
    taken = set(Series.objects.filter(estate=estate).exclude(kind=kind).values_list("pattern", flat=True))
    taken |= {value for other, value in series.PATTERNS.items() if other != kind}
    if any(_prefix(pattern) == _prefix(other) for other in taken):
        raise Refused(_("Another kind of document already begins like this."))
    row, made = Series.objects.select_for_update().get_or_create(
        estate=estate, kind=kind, year=year, defaults={"pattern": pattern}
    )
    if row.last:
        raise Refused(
            _("Numbers of %(year)s have been taken already; the pattern of that year stays.") % {"year": year}
        )
    old = "" if made else row.pattern
    row.pattern = pattern
    row.save(update_fields=["pattern"])
    journal.record(
        "series.pattern_set",
        subject=row,
        kind="office.series",
        text=f"{kind} {year}",
        by=by,
        now=now,
        data={"year": year, "example": pattern.format(year=year, n=1), "old": old, "new": pattern},
    )
    return row


def _prefix(pattern):
    return pattern.split("{")[0]
