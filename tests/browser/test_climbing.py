"""A rule is tried out before it is announced; what climbed is acknowledged in one press; a sleeping machine is seen."""

from datetime import timedelta

import pytest
from django.utils import timezone

from office import escalation, sweeps
from office.models import Promise, PromiseRule, Seen, SweepRun
from tests.matters import KIND, owe

LANGUAGES = pytest.mark.parametrize("language", ["en", "zh-hant"])
SAID = ".desk-toast-success"


@LANGUAGES
def test_a_rule_is_tried_out_as_one_types_and_then_announced(sit, office, language):
    owe(office.estate, office.staff["clerk"], timezone.now() - timedelta(hours=2))
    due = Promise.objects.get().due_at
    director = sit("director")
    director.goto("/office/settings/")
    director.click('a[href="/office/settings/rules/callback_other/"]')
    assert not director.query_selector("#rule-preview table")
    director.fill("#id_amount", "5")
    director.wait_for_selector("#rule-preview table strong")  # what would change stands out
    assert PromiseRule.objects.filter(key="callback_other").count() == 1
    director.fill("#id_amount", "0")
    director.wait_for_selector("#rule-preview table", state="detached")
    director.fill("#id_amount", "5")
    director.wait_for_selector("#rule-preview table strong")
    director.keyboard.press("Control+Enter")
    director.wait_for_selector(SAID)
    assert PromiseRule.objects.filter(key="callback_other").latest("valid_from").amount == 5
    assert Promise.objects.get().due_at == due
    assert owe(office.estate, office.staff["clerk"], timezone.now()).amount == 5


def test_one_press_acknowledges_from_home_and_from_the_bell(sit, office):
    now = timezone.now()
    for days in (9, 8):
        owe(office.estate, office.staff["clerk"], now - timedelta(days=days))
    escalation.climb(KIND, now)
    supervisor = sit("supervisor")
    supervisor.goto("/")
    supervisor.click(".owed-seen button >> nth=0")
    supervisor.wait_for_selector(SAID)
    assert supervisor.url.endswith("/")
    assert len(supervisor.query_selector_all(".owed-seen button")) == 1
    assert supervisor.inner_text(".owed-seen .seen-by")
    supervisor.goto("/office/bell/")
    supervisor.click(".bell-seen button")
    supervisor.wait_for_selector(SAID)
    assert set(Seen.objects.values_list("step", "by__username")) == {(2, "supervisor")}
    assert Seen.objects.count() == 2


def test_a_page_that_stays_open_hears_that_the_machine_sleeps_and_wakes(sit, office):
    sweeps.run("housekeeping")
    clerk = sit("clerk")
    clerk.clock.install()
    clerk.goto("/")
    assert clerk.is_hidden("#silence")
    SweepRun.objects.update(finished_at=timezone.now() - timedelta(minutes=5))
    clerk.clock.run_for(61_000)
    clerk.wait_for_selector("#silence:not([hidden])")
    assert "5 minutes" in clerk.inner_text("#silence")
    sweeps.run("housekeeping")
    clerk.clock.run_for(61_000)
    clerk.wait_for_selector("#silence", state="hidden")
