"""What a repair owes climbs by itself (SPEC §0, §4.3, §4.4), seen through the sweeps that beat runs."""

from datetime import datetime, timedelta

import pytest

from office import sweeps
from office.models import DepartmentHead, File, Message, Promise
from tests.cast import ZONE
from tickets import actions
from tickets.models import Category, Ticket

pytestmark = pytest.mark.django_db


def local(day, hour=0, minute=0):
    return datetime(2026, 3, day, hour, minute, tzinfo=ZONE)


def heard(kind):
    """[(who, template)] of the bell, in the order it rang."""
    rows = Message.objects.filter(channel="desk", data__kind__word=f"promise.{kind}").order_by("pk")
    return list(rows.values_list("staff__username", "template"))


@pytest.fixture
def heads(estate, supervisor, lead, director):
    for department, head in (("front_desk", supervisor), ("repair", lead)):
        DepartmentHead.objects.update_or_create(estate=estate, department=department, defaults={"head": head})


def test_an_overdue_callback_climbs_from_owner_to_head_to_director(heads, ended):
    ended(at=local(12, 12))
    for moment, told in [
        (local(14, 8, 59), []),
        (local(14, 9), [("clerk", "promise.warn")]),
        (local(15) - timedelta(seconds=1), [("clerk", "promise.warn")]),
        (local(15), [("clerk", "promise.warn"), ("supervisor", "promise.head")]),
        (local(16) - timedelta(seconds=1), [("clerk", "promise.warn"), ("supervisor", "promise.head")]),
        (
            local(16),
            [("clerk", "promise.warn"), ("supervisor", "promise.head"), ("director", "promise.director")],
        ),
        (
            local(20),
            [("clerk", "promise.warn"), ("supervisor", "promise.head"), ("director", "promise.director")],
        ),
    ]:
        sweeps.run("callback", moment)
        assert heard("callback") == told, moment


def test_a_leak_without_its_water_test_is_an_overdue_matter_on_its_own(heads, ended):
    ended("leak", at=local(12, 16))
    sweeps.run("water_test", local(15) - timedelta(seconds=1))
    assert heard("water_test") == [("clerk", "promise.warn")]
    sweeps.run("water_test", local(15))
    assert heard("water_test") == [("clerk", "promise.warn"), ("lead", "promise.head")]


def test_preventive_work_is_checked_on_site_within_the_same_limit(estate, unit, ended, clerk):
    preventive = Category.objects.filter(estate=estate, stream="preventive").first()
    ticket = ended(category=preventive, at=local(12, 12))
    promise = Promise.objects.get(kind="callback")
    assert (promise.rule_key, promise.due_at) == ("callback_site", local(15))
    ticket = actions.call_back(ticket=ticket, outcome="satisfied", by=clerk, now=local(13))
    assert (ticket.state, ticket.ending) == (Ticket.State.CLOSED, "site_checked")


def test_photos_given_with_the_report_hang_on_the_ticket(estate, take, clerk, cashier, now):
    def photo(by, key):
        return File.objects.create(
            estate=estate, name="leak.jpg", content="aa/bb", content_type="image/jpeg", size=1, sha256="0" * 64,
            uploaded_by=by, uploaded_at=now, upload_key=key,
        )  # fmt: skip

    mine, anothers = photo(clerk, "a"), photo(cashier, "b")
    ticket = take(file_ids=[mine.pk, anothers.pk])
    attached = File.objects.filter(subject_kind=Ticket.SUBJECT, subject_id=ticket.pk)
    assert list(attached) == [mine]  # never somebody else's upload
