"""A fresh demonstration is awake: bells have rung, something is acknowledged, a change of a rule is announced."""

from datetime import timedelta

from config.demo import awake
from office import promises, reports
from office.models import EscalationRule, Message, PromiseRule, Seen, SweepRun
from tests.cast import NOW
from tests.matters import owe


def test_the_first_look_happens_once(estate, clerk, supervisor, director):
    type(director).objects.update(is_demo=True)
    for days in (9, 8, 7, 6):
        owe(estate, clerk, NOW - timedelta(days=days))
    for _twice in range(2):
        awake.wake(NOW)
        assert SweepRun.objects.exists() and not reports.silence(reports.unswept())
        assert Message.objects.filter(state="sent").exists()
        assert Seen.objects.filter(by=director).count() == 2
        assert PromiseRule.objects.filter(estate=estate, key="callback_leak").count() == 2
        assert EscalationRule.objects.get().valid_from > NOW
    assert promises.rule_at(estate.pk, "callback_leak", NOW) == (3, "days")
