"""Only what is no record of business is swept out, and only when its time is over."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session

from office import housekeeping
from office.models import Draft, FormKey, Undo

pytestmark = pytest.mark.django_db


def test_old_keys_offers_and_sessions_go_and_young_ones_stay(clerk, estate, now):
    def undo(until):
        return Undo.objects.create(
            subject_kind="x",
            subject_id=1,
            estate=estate,
            verb="v",
            by=clerk,
            at=now,
            until=until,
            version=1,
            before=[],
        )

    for age in (timedelta(days=8), timedelta(days=6)):
        FormKey.objects.create(staff=clerk, at=now - age, location="/")
    undo(now - timedelta(days=2)), undo(now)
    for n, expiry in enumerate((now - timedelta(seconds=1), now + timedelta(hours=1))):
        Session.objects.create(session_key=f"key{n}", session_data="", expire_date=expiry)
    Draft.objects.create(staff=clerk, form="f", tab="t", saved_at=now)
    result = housekeeping.tidy(now)
    assert (result.found, result.done) == (3, 3)
    assert (
        FormKey.objects.count(),
        Undo.objects.count(),
        Session.objects.count(),
        Draft.objects.count(),
    ) == (1, 1, 1, 1)
    assert housekeeping.tidy(now).done == 0
