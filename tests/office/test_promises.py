"""Promises are rows: made from the fact by the rule of its day, kept or not, never rewritten (SPEC §0, opening words)."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import translation

from office import promises
from office.models import Promise, PromiseRule
from office.models.promises import Measure
from tests.cast import NOW, make_estate, make_staff
from tests.matters import KIND, RULE, matter, owe

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
Outcome = Promise.Outcome


def local(moment, estate):
    return f"{moment.astimezone(estate.zone):%Y-%m-%d %H:%M}"


# --- rules -------------------------------------------------------------------------------------------------


def test_a_new_estate_has_the_numbers_of_the_specification(estate):
    rows = {row.key: (row.amount, row.measure) for row in PromiseRule.objects.filter(estate=estate)}
    assert rows == {rule.key: (rule.amount, rule.measure) for rule in promises.RULES.values()}
    assert rows["callback_safety"] == rows["callback_other"] == (2, "days")
    assert rows["callback_leak"] == (3, "days")
    assert rows["water_test"] == (2, "days")


def test_loading_them_again_keeps_what_the_office_changed(estate):
    PromiseRule.objects.filter(estate=estate, key=RULE).update(amount=5)
    count = PromiseRule.objects.count()
    promises.load_rules(estate)
    assert promises.rule_at(estate.pk, RULE, NOW) == (5, "days")
    assert PromiseRule.objects.count() == count


def test_the_rule_in_force_at_the_fact_holds(estate, clerk):
    PromiseRule.objects.create(estate=estate, key=RULE, amount=1, measure=Measure.DAYS, valid_from=NOW)
    before = owe(estate, clerk, NOW - timedelta(seconds=1), now=NOW + 5 * DAY)  # keyed long after the change
    after = owe(estate, clerk, NOW)
    assert (before.amount, local(before.due_at, estate)) == (2, "2026-03-15 00:00")
    assert (after.amount, local(after.due_at, estate)) == (1, "2026-03-14 00:00")


def test_a_changed_rule_never_rewrites_the_past(estate, clerk):
    promise = owe(estate, clerk, NOW)
    PromiseRule.objects.filter(estate=estate, key=RULE).update(amount=9)
    due = promise.due_at
    promise.refresh_from_db()
    assert (promise.due_at, promise.amount) == (due, 2)


def test_another_estates_rule_is_another_estates(estate, elsewhere, clerk):
    PromiseRule.objects.filter(estate=elsewhere, key=RULE).update(amount=9)
    assert promises.rule_at(estate.pk, RULE, NOW) == (2, "days")
    assert promises.rule_at(elsewhere.pk, RULE, NOW) == (9, "days")


def test_days_end_in_the_estates_own_zone(db):
    here, there = make_estate(), make_estate("LN", time_zone="Europe/London")
    fact = NOW.replace(hour=7)  # 23:00 of the day before in London
    assert local(owe(here, None, fact).due_at, here) == "2026-03-15 00:00"
    assert local(owe(there, None, fact).due_at, there) == "2026-03-14 00:00"


# --- making ------------------------------------------------------------------------------------------------


def test_a_promise_remembers_what_it_was_worked_out_from(estate, clerk):
    subject = matter(title="R2026-000001 3-2-1201")
    promise = owe(estate, clerk, NOW, now=NOW + HOUR, subject=subject)
    promise.refresh_from_db()
    assert (promise.kind, promise.subject_kind, promise.subject_id, promise.title) == (
        KIND,
        "tests.matter",
        subject.pk,
        "R2026-000001 3-2-1201",
    )
    assert (promise.fact_at, promise.made_at, promise.rule_key) == (NOW, NOW + HOUR, RULE)
    assert (promise.owner, promise.outcome, promise.level, promise.sequence) == (clerk, Outcome.OPEN, 0, 1)
    assert promise.next_step_at == promise.warn_at
    with translation.override("en"):
        assert promises.rule_text(promise, estate.zone) == "2 days after completion (2026-03-12 10:00)"


def test_a_fact_keyed_late_is_born_overdue(estate, clerk):
    promise = owe(estate, clerk, NOW - 10 * DAY, now=NOW)
    assert local(promise.due_at, estate) == "2026-03-05 00:00"
    assert list(Promise.objects.overdue(NOW)) == [promise]


def test_an_agreed_time_is_the_due_time(estate, clerk):
    promise = owe(estate, clerk, NOW, kind="waiting", rule="waiting", agreed=NOW + 2 * HOUR)
    assert (promise.due_at, promise.measure, promise.director_at) == (NOW + 2 * HOUR, "at", None)


def test_the_next_one_about_the_same_matter_counts_on(estate, clerk):
    subject = matter()
    assert [owe(estate, clerk, NOW, subject=subject).sequence for _ in range(3)] == [1, 2, 3]


def test_the_database_knows_only_one_of_a_sequence(estate, clerk):
    promise = owe(estate, clerk, NOW)
    promise.pk = None
    with pytest.raises(IntegrityError, match="promise_once"), transaction.atomic():
        promise.save(force_insert=True)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"outcome": "kept"}, "promise_closed_has_outcome"),
        ({"closed_at": NOW}, "promise_closed_has_outcome"),
        ({"warn_at": NOW + 100 * DAY}, "promise_warns_before_due"),
        ({"director_at": NOW}, "promise_director_after_due"),
    ],
)
def test_what_cannot_be_true_together_is_refused(estate, clerk, change, constraint):
    promise = owe(estate, clerk, NOW)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Promise.objects.filter(pk=promise.pk).update(**change)


# --- ending ------------------------------------------------------------------------------------------------


def test_kept_at_the_fact_not_at_the_keying(estate, clerk):
    subject = matter()
    owe(estate, clerk, NOW, subject=subject)
    (promise,) = promises.keep(subject, KIND, at=NOW + HOUR, by=clerk)
    promise.refresh_from_db()
    assert (promise.outcome, promise.closed_at, promise.closed_by) == (Outcome.KEPT, NOW + HOUR, clerk)
    assert (promise.is_open, promise.next_step_at) == (False, None)


def test_keeping_touches_its_kind_only(estate, clerk):
    subject = matter()
    owe(estate, clerk, NOW, subject=subject)
    other = owe(estate, clerk, NOW, subject=subject, kind="waiting", rule="waiting", agreed=NOW + DAY)
    promises.keep(subject, KIND, at=NOW, by=clerk)
    assert promises.open_of(subject) == [other]
    assert promises.next_due(subject) == NOW + DAY


def test_cancelling_keeps_the_reason(estate, clerk):
    subject = matter()
    owe(estate, clerk, NOW, subject=subject)
    (promise,) = promises.cancel(subject, at=NOW, by=clerk, reason="duplicate")
    assert (promise.outcome, promise.reason) == (Outcome.CANCELLED, "duplicate")
    assert promises.next_due(subject) is None


def test_an_extension_is_a_new_promise_and_the_old_one_stays_visible(estate, clerk, supervisor):
    subject = matter()
    old = owe(estate, clerk, NOW, subject=subject)
    due, asked = old.due_at, NOW + HOUR
    new = promises.extend(
        old,
        new_due_at=NOW + 9 * DAY,
        estate=estate,
        subject=subject,
        by=supervisor,
        now=asked,
        reason="parts",
    )
    old.refresh_from_db()
    assert (old.outcome, old.due_at, old.closed_at, old.closed_by) == (
        Outcome.EXTENDED,
        due,
        asked,
        supervisor,
    )
    assert (new.sequence, new.extends, new.due_at, new.reason) == (2, old, NOW + 9 * DAY, "parts")
    assert (new.owner, new.fact_at, new.kind, new.title) == (old.owner, old.fact_at, old.kind, old.title)
    assert promises.open_of(subject) == [new]


def test_a_promise_is_extended_once(estate, clerk):
    subject = matter()
    old = owe(estate, clerk, NOW, subject=subject)
    values = {"estate": estate, "subject": subject, "by": clerk, "now": NOW, "reason": "parts"}
    promises.extend(old, new_due_at=NOW + 9 * DAY, **values)
    with pytest.raises(IntegrityError), transaction.atomic():
        promises.extend(old, new_due_at=NOW + 10 * DAY, **values)


def test_hand_over_moves_the_owner_and_no_clock(estate, clerk):
    subject, other = matter(estate=estate), make_staff("other", (estate, "clerk"))
    closed = owe(estate, clerk, NOW, subject=subject)
    promises.keep(subject, at=NOW, by=clerk)
    promise = owe(estate, clerk, NOW, subject=subject)
    times = (promise.warn_at, promise.due_at, promise.director_at)
    promises.hand_over(subject, other, was=clerk, reason="leave", by=clerk, now=NOW)
    promise.refresh_from_db()
    closed.refresh_from_db()
    assert (promise.owner, promise.warn_at, promise.due_at, promise.director_at) == (other, *times)
    assert closed.owner == clerk  # what was kept stays with who kept it


# --- seeing ------------------------------------------------------------------------------------------------


def test_a_stranger_sees_none(estate, clerk, stranger):
    promise = owe(estate, clerk, NOW)
    assert list(Promise.objects.visible_to(clerk)) == [promise]
    assert not Promise.objects.visible_to(stranger).exists()
