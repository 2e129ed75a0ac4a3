"""Taking a repair, correcting it, its other ends and its owner (SPEC §4)."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from office import journal
from office.models import Event, Promise, Unit
from office.refusals import Refused, Stale
from tests.cast import make_unit
from tests.tickets.repairs import S, open_promise
from tickets import actions
from tickets.models import Asset, Category, Ticket

pytestmark = pytest.mark.django_db


def test_take_makes_ticket_and_first_work_order(take, clerk):
    ticket = take()
    assert (ticket.number, ticket.state, ticket.owner) == ("R2026-000001", S.ACCEPTED, clerk)
    order = ticket.work_orders.get()
    assert (order.number, order.technician, order.dispatched_at) == ("R2026-000001-1", None, None)
    assert Promise.objects.count() == 0


def test_take_decides_the_warranty_from_the_first_hand_over(estate, take, category_of, now):
    electrical = category_of(warranty__months=24)
    inside = take(category=electrical, unit=make_unit(estate, "3-2-1301", handed_over_on=date(2024, 3, 13)))
    assert (inside.cost, inside.warranty_until) == ("warranty", date(2026, 3, 12))  # today is the last day
    outside = take(category=electrical, unit=make_unit(estate, "3-2-1302", handed_over_on=date(2024, 3, 12)))
    assert (outside.cost, outside.warranty_until) == ("paid", date(2026, 3, 11))


def test_take_at_a_public_facility_costs_nothing(estate, take):
    lift = Asset.objects.create(estate=estate, code="L2", name_zh_hant="2 號電梯", kind="lift", place="2 座")
    ticket = take(unit=None, asset=lift)
    assert (ticket.cost, ticket.place) == ("public", "2 座")


@pytest.mark.parametrize(
    ("start", "end", "words"), [(3, 1, "ends before it begins"), (-3, -1, "lies in the past")]
)
def test_take_refuses_an_impossible_window(take, now, start, end, words):
    with pytest.raises(Refused, match=words):
        take(window_from=now + timedelta(hours=start), window_to=now + timedelta(hours=end))
    assert Ticket.objects.count() == 0


def test_the_same_fault_again_is_flagged_and_linked_when_wanted(estate, take, now):
    first = take()
    again = take(now=now + timedelta(days=estate.repeat_days), repeat_of=first)
    assert (again.is_repeat, again.repeat_of) == (True, first)
    later = take(now=now + timedelta(days=2 * estate.repeat_days, seconds=1))
    assert later.is_repeat is False


def test_a_ticket_without_a_place_cannot_exist(take):
    with pytest.raises(IntegrityError), transaction.atomic():
        take(unit=None)


def test_correct_is_refused_on_a_stale_page(take, clerk, now):
    ticket = take()
    actions.correct(ticket=ticket, problem="浴室漏水", by=clerk, now=now, version=ticket.version)
    with pytest.raises(Stale):
        actions.correct(ticket=ticket, problem="客廳漏水", by=clerk, now=now, version=ticket.version)


def test_cancelled_tells_the_reporter_and_owes_no_callback(dispatched, clerk, now):
    ticket = dispatched()
    with pytest.raises(Refused, match="how the reporter was told"):
        actions.cancel(ticket=ticket, reason="自行修好", told="", by=clerk, now=now)
    ticket = actions.cancel(ticket=ticket, reason="自行修好", told="電話", by=clerk, now=now)
    assert (ticket.state, ticket.ending, ticket.next_due_at) == (S.CANCELLED, "cancelled", None)
    assert not Promise.objects.open().exists()


def test_a_duplicate_names_the_other_ticket(take, clerk, now):
    first, second = take(), take()
    second = actions.mark_duplicate(ticket=second, of=first, told="電話", by=clerk, now=now)
    assert (second.state, second.duplicate_of, second.ending) == (S.CANCELLED, first, "duplicate")
    with pytest.raises(Refused):
        actions.mark_duplicate(ticket=first, of=second, told="電話", by=clerk, now=now)


def test_hand_over_moves_the_owner_with_every_open_promise(ended, cashier, clerk, supervisor, now):
    ticket = ended()
    at = now + timedelta(hours=3)
    with pytest.raises(Refused, match="reason"):
        actions.hand_over(ticket=ticket, to=cashier, reason="", by=supervisor, now=at)
    ticket = actions.hand_over(ticket=ticket, to=cashier, reason="休假", by=supervisor, now=at)
    told = Event.objects.filter(verb="ticket.handed_over").latest("id")
    assert journal.sentence(told) == "handed over to 何嘉欣: 休假"
    assert (ticket.owner, open_promise(ticket, "callback").owner) == (cashier, cashier)


@pytest.mark.parametrize("way", ["unit", "asset"])
def test_no_ticket_names_a_place_of_another_estate(take, elsewhere, way):
    """The last line: whatever a page, an import or a script does, the database refuses it."""
    ticket = take()
    theirs = (
        make_unit(elsewhere, "9-9")
        if way == "unit"
        else Asset.objects.create(estate=elsewhere, code="L9", name_zh_hant="電梯")
    )
    with pytest.raises(IntegrityError, match=f"ticket_{way}_of_its_estate"), transaction.atomic():
        Ticket.objects.filter(pk=ticket.pk).update(**{way: theirs})
    with pytest.raises(IntegrityError, match="of_its_estate"), transaction.atomic():
        Ticket.objects.filter(pk=ticket.pk).update(estate=elsewhere)


def test_another_category_weighs_the_warranty_again(take, category_of, clerk, now):
    """2 years of pipes are over, 5 years of waterproofing are not."""
    wet = Category.objects.get(estate=category_of("other").estate, code="LK-WET")
    pipe = Category.objects.get(estate=wet.estate, code="LK-PIPE")
    Unit.objects.update(handed_over_on=date(2023, 3, 1))
    ticket = take(category=pipe, unit=Unit.objects.get())
    assert ticket.cost == "paid"
    ticket = actions.correct(ticket=ticket, category=wet, by=clerk, now=now)
    assert (ticket.cost, ticket.warranty_until) == ("warranty", date(2028, 2, 29))
    ticket = actions.correct(ticket=ticket, category=pipe, by=clerk, now=now)
    ticket = actions.decide_cost(ticket=ticket, cost="warranty", reason="發展商同意", by=clerk, now=now)
    other = Category.objects.get(estate=wet.estate, code="TAP")
    assert actions.correct(ticket=ticket, category=other, by=clerk, now=now).cost == "warranty"


def test_another_category_may_make_it_a_repeat(take, category_of, clerk, now):
    tap = Category.objects.get(estate=category_of("other").estate, code="TAP")
    take(category=tap, now=now - timedelta(days=3))
    ticket = take("leak")
    assert not ticket.is_repeat
    assert actions.correct(ticket=ticket, category=tap, by=clerk, now=now).is_repeat


def test_a_correction_is_told_in_the_readers_words(take, clerk, now):
    ticket = actions.correct(ticket=take(), problem="水龍頭漏", reporter_phone="1", by=clerk, now=now)
    event = Event.objects.filter(subject_id=ticket.pk).latest("id")
    assert journal.sentence(event) == "corrected: what is wrong, telephone"
    assert "水龍頭漏" not in str(event.data)


def test_a_duplicate_names_a_ticket_that_goes_on(take, clerk, now):
    first, second = take(), take()
    actions.cancel(ticket=first, reason="自行修好", told="電話", by=clerk, now=now)
    with pytest.raises(Refused, match="goes on"):
        actions.mark_duplicate(ticket=second, of=first, told="電話", by=clerk, now=now)


def test_half_a_window_cannot_be_written_down(take, now):
    with pytest.raises(IntegrityError, match="ticket_window_in_order"), transaction.atomic():
        Ticket.objects.filter(pk=take().pk).update(window_from=now)


def test_how_long_a_fault_counts_as_a_repeat_is_a_setting(estate, take, now):
    take(now=now - timedelta(days=10))
    for days, repeats in ((9, False), (11, True)):
        estate.repeat_days = days
        with transaction.atomic():
            assert take().is_repeat is repeats
            transaction.set_rollback(True)
