"""Moves, the technician's telephone, slips, callbacks and the crew's day in the browser (SPEC §4.2–4.4)."""

import uuid
from datetime import timedelta

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.urls import reverse

from office import jobs
from office.models import Job, Promise
from tests.cast import NOW, make_staff, make_unit
from tickets import actions
from tickets.models import CallbackTry, PriceItem, Ticket, WorkLine, WorkOrder

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=4)
LINES = {"lines-TOTAL_FORMS": "2", "lines-INITIAL_FORMS": "0"}


@pytest.fixture(autouse=True)
def this_afternoon():
    with time_machine.travel(LATER, tick=False):
        yield


def url(name, row):
    return reverse(f"tickets:{name}", args=[row.pk])


def state_of(ticket):
    return Ticket.objects.get(pk=ticket.pk).state


def window(day="2026-03-13", start="09:00", end="11:00"):
    return {"window_day": day, "window_from": start, "window_to": end}


# --- moves -------------------------------------------------------------------------------------------------


def test_dispatch_shows_the_load_and_sends_the_technician(take, dispatched, technician, lead, sign_in):
    dispatched()
    ticket = take()
    client = sign_in(lead)
    page = client.get(url("dispatch", ticket)).content.decode()
    assert "Wing Lee · 1 order, 2 h" in page
    answer = client.post(url("dispatch", ticket), {"technician": technician.pk, "version": 1, **window()})
    assert (answer.status_code, answer["Location"]) == (302, url("ticket", ticket))
    ticket.refresh_from_db()
    assert (ticket.state, ticket.technician) == ("dispatched", technician)


def test_a_change_offers_to_be_undone(take, technician, lead, sign_in):
    ticket = take()
    answer = sign_in(lead).post(url("dispatch", ticket), {"technician": technician.pk, **window()})
    said = list(get_messages(answer.wsgi_request))
    assert [str(message) for message in said] == ["Dispatched."]
    assert said[0].extra_tags.startswith("undo:/")


@pytest.mark.parametrize(
    "back", ["NaN", "tickets:list", "//evil.example/", "https://evil.example/", "/" + "a" * 400]
)
def test_only_an_address_of_ours_is_gone_back_to(take, clerk, sign_in, back):
    ticket = take()
    url = reverse("tickets:decide_cost", args=[ticket.pk])
    answer = sign_in(clerk).post(url, {"cost": "warranty", "reason": "x", "back": back})
    assert (answer.status_code, answer.url) == (302, reverse("tickets:ticket", args=[ticket.pk]))


@pytest.mark.parametrize(
    ("name", "field", "value"), [("consent", "at", "0001-01-01T00:00"), ("wait", "until", "9999-12-31")]
)
def test_a_time_no_calendar_holds_is_an_error_at_its_field(dispatched, lead, sign_in, name, field, value):
    """Written down, the first could never be read again."""
    ticket = dispatched()
    Ticket.objects.update(cost="paid")
    data = {"amount": "10", "consent_by": "張", "how": "phone", "waiting_for": "parts", "reason": "x"}
    data |= {field: value, "version": ticket.version}
    answer = sign_in(lead).post(reverse(f"tickets:{name}", args=[ticket.pk]), data)
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])


def test_a_past_window_is_an_error_at_its_field(take, technician, lead, sign_in):
    ticket = take()
    answer = sign_in(lead).post(
        url("dispatch", ticket), {"technician": technician.pk, **window("2026-03-11")}
    )
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["window"])


def test_a_stale_page_is_refused_and_may_be_sent_again(take, lead, sign_in):
    ticket = take()
    client = sign_in(lead)
    actions.correct(ticket=ticket, by=lead, now=LATER, problem="馬桶漏水")
    form = {"waiting_for": "parts", "until": "2026-03-14", "reason": "角閥", "version": 1}
    answer = client.post(url("wait", ticket), form)
    assert (answer.status_code, state_of(ticket)) == (409, "accepted")
    assert "Somebody changed this in the meantime" in answer.content.decode()
    again = form | {"version": answer.context["form"]["version"].value()}
    assert (client.post(url("wait", ticket), again).status_code, state_of(ticket)) == (302, "waiting")


def test_the_refusal_is_the_sentence_of_the_disabled_button(take, supervisor, sign_in):
    ticket = take()
    client = sign_in(supervisor)
    sentence = "Not possible while the ticket is “accepted”."
    page = client.get(url("ticket", ticket))
    assert {move["verb"]: move["why_not"] for move in page.context["moves"]}["call_back"] == sentence
    assert sentence in page.content.decode()
    form = {"form_key": uuid.uuid4(), "outcome": "satisfied", "how": "phone"}
    answer = client.post(url("call_back", ticket), form)
    assert (answer.status_code, sentence in answer.content.decode()) == (409, True)


def test_quotation_consent_and_free_work(take, clerk, lead, supervisor, sign_in):
    ticket = actions.decide_cost(ticket=take(), cost="paid", reason="人為損壞", by=clerk, now=LATER)
    client = sign_in(clerk)
    item = PriceItem.objects.get(estate=ticket.estate, code="L-HOUR")
    lines = LINES | {
        "lines-0-item": item.pk,
        "lines-0-quantity": "1.5",
        "lines-1-text": "角閥",
        "lines-1-price": "２５",
    }
    assert client.post(url("quote", ticket), lines).status_code == 302
    ticket.refresh_from_db()
    assert (str(ticket.quoted_amount), ticket.quote_lines.count()) == ("115.00", 2)
    given = {"amount": "115", "consent_by": "張小明", "how": "phone", "at": "2026-03-12T13:00"}
    assert client.post(url("consent", ticket), given | {"at": "2026-03-12T15:00"}).status_code == 422
    assert client.post(url("consent", ticket), given).status_code == 302
    ticket.refresh_from_db()
    assert (str(ticket.agreed_amount), ticket.consent_by) == ("115.00", "張小明")


def test_a_wrong_line_says_so_at_the_line(take, clerk, sign_in):
    ticket = actions.decide_cost(ticket=take(), cost="paid", reason="人為損壞", by=clerk, now=LATER)
    lines = LINES | {"lines-0-text": "角閥", "lines-0-quantity": "-1", "lines-0-price": "abc"}
    answer = sign_in(clerk).post(url("quote", ticket), lines)
    assert answer.status_code == 422
    assert set(answer.context["formset"].forms[0].errors) == {"quantity", "price"}


def test_more_time_is_asked_for_and_approved(dispatched, lead, supervisor, sign_in):
    ticket = dispatched()
    promise = Promise.objects.get(subject_id=ticket.pk, kind="arrival")
    form = {"promise": promise.pk, "new_due_at": "2026-03-14T12:00", "reason": "配件未到"}
    assert sign_in(lead).post(url("ask_time", ticket), form).status_code == 302
    asked = ticket.requests.get()
    assert sign_in(supervisor).post(url("decide", asked), {"approve": "no"}).status_code == 422
    assert sign_in(supervisor).post(url("decide", asked), {"approve": "yes"}).status_code == 302
    promise.refresh_from_db()
    assert promise.outcome == "extended"


def test_cancelling_needs_the_reporter_told(take, clerk, sign_in):
    ticket, client = take(), sign_in(clerk)
    answer = client.post(url("cancel", ticket), {"reason": "自行修好"})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["told"])
    assert client.post(url("cancel", ticket), {"reason": "自行修好", "told": "phone"}).status_code == 302
    assert state_of(ticket) == "cancelled"


def test_a_duplicate_names_the_ticket_that_goes_on(take, clerk, sign_in):
    first, second = take(), take()
    client = sign_in(clerk)
    assert f'value="{first.number}"' in client.get(url("duplicate", second)).content.decode()
    assert client.post(url("duplicate", second), {"of": "R1", "told": "phone"}).status_code == 422
    assert (
        client.post(url("duplicate", second), {"of": first.number.lower(), "told": "phone"}).status_code
        == 302
    )
    second.refresh_from_db()
    assert (second.ending, second.duplicate_of) == ("duplicate", first)


def test_nobody_moves_a_strangers_ticket(take, stranger, sign_in):
    ticket, client = take(), sign_in(stranger)
    for name in ("dispatch", "wait", "cancel", "correct", "consent", "hand_over"):
        assert client.get(url(name, ticket)).status_code == 404
        assert client.post(url(name, ticket), {}).status_code == 404


# --- the technician ----------------------------------------------------------------------------------------


def test_a_technician_sees_own_work_orders_only(dispatched, take, technician, estate, sign_in):
    mine, others = dispatched(), take(unit=make_unit(estate))
    client = sign_in(technician)
    assert mine.unit.code in client.get(reverse("tickets:my_work")).content.decode()
    assert client.get(url("work_order", mine.work_orders.get())).status_code == 200
    assert client.get(url("ticket", mine)).status_code == 200
    assert client.get(url("work_order", others.work_orders.get())).status_code == 404
    assert client.get(url("ticket", others)).status_code == 404
    assert client.post(url("arrive", others.work_orders.get()), {"at": "2026-03-12T13:00"}).status_code == 404
    assert client.get(reverse("tickets:list")).status_code == 403


def test_a_colleague_does_not_see_it(dispatched, estate, sign_in):
    colleague = make_staff("colleague", (estate, "technician"))
    assert sign_in(colleague).get(url("work_order", dispatched().work_orders.get())).status_code == 404


def test_arrival_and_end_on_the_telephone(dispatched, technician, sign_in):
    ticket = dispatched()
    order = ticket.work_orders.get()
    client, here = sign_in(technician), url("work_order", order)
    moves = client.get(here).context["moves"]
    assert [move["verb"] for move in moves] == ["arrive", "wait", "finish"]
    answer = client.post(url("arrive", order), {"at": "2026-03-12T12:10", "back": here})
    assert (answer.status_code, answer["Location"], state_of(ticket)) == (302, here, "in_progress")
    item = PriceItem.objects.get(estate=ticket.estate, code="P-VALVE")
    form = LINES | {
        "form_key": uuid.uuid4(), "ended_at": "2026-03-12T13:00", "result": "更換角閥", "signed_by": "張小明",
        "lines-0-item": item.pk, "lines-0-quantity": "2", "back": here,
    }  # fmt: skip
    first, second = client.post(url("finish", order), form), client.post(url("finish", order), form)
    assert (first["Location"], second["Location"], state_of(ticket)) == (here, here, "done")
    assert [(line.text, str(line.quantity), str(line.price)) for line in WorkLine.objects.all()] == [
        ("角閥", "2.00", "25.00")
    ]


def test_paid_work_ends_with_the_amount_agreed(take, dispatched, clerk, technician, sign_in):
    ticket = dispatched()
    ticket = actions.decide_cost(ticket=ticket, cost="paid", reason="人為損壞", by=clerk, now=NOW)
    order = ticket.work_orders.get()
    client = sign_in(technician)
    form = LINES | {
        "form_key": uuid.uuid4(),
        "arrived_at": "2026-03-12T12:00",
        "ended_at": "2026-03-12T13:00",
        "result": "好",
    }
    answer = client.post(url("finish", order), form)
    assert (answer.status_code, set(answer.context["form"].errors)) == (422, {"agreed_amount", "consent_by"})
    form |= {"agreed_amount": "80", "consent_by": "張小明"}
    assert (client.post(url("finish", order), form).status_code, state_of(ticket)) == (302, "done")


def test_the_sheet_is_a_pdf_and_printing_marks_it(dispatched, technician, lead, sign_in):
    order = dispatched().work_orders.get()
    client = sign_in(technician)
    answer = client.get(url("work_order_pdf", order), {"size": "A5"})
    assert (answer["Content-Type"], answer.content[:5]) == ("application/pdf", b"%PDF-")
    order.refresh_from_db()
    assert order.prints == 0
    assert (
        client.post(url("work_order_printed", order), headers={"Accept": "application/json"}).status_code
        == 204
    )
    order.refresh_from_db()
    assert order.prints == 1


# --- slips -------------------------------------------------------------------------------------------------


def slip(order, **changes):
    return {
        **LINES,
        "form_key": str(uuid.uuid4()),
        "number": order.number,
        "day": "2026-03-12",
        "arrived": "11:30",
        "ended": "12:15",
        "result": "更換軟管",
        "signed_by": "張小明",
        **changes,
    }


def test_a_slip_is_keyed_in_and_the_next_begins_on_its_day(dispatched, clerk, sign_in):
    ticket = dispatched()
    order = ticket.work_orders.get()
    client = sign_in(clerk)
    answer = client.post(reverse("tickets:slips"), slip(order))
    assert (answer.status_code, answer["Location"]) == (302, reverse("tickets:slips") + "?day=2026-03-12")
    ticket.refresh_from_db()
    assert (ticket.state, f"{ticket.done_at.astimezone(ticket.estate.zone):%H:%M}") == ("done", "12:15")
    assert order.number in client.get(answer["Location"]).content.decode()


def test_the_last_digits_of_the_number_are_enough(dispatched, clerk, sign_in):
    ticket = dispatched()
    hint = sign_in(clerk).get(reverse("tickets:slip_hint"), {"number": "1"}).content.decode()
    assert f"{ticket.number}-1" in hint
    sign_in(clerk).post(reverse("tickets:slips"), slip(ticket.work_orders.get(), number="1"))
    assert state_of(ticket) == "done"


SLIP_ERRORS = [
    ({"number": "R2026-999999"}, ["number"]),
    ({"number": ""}, ["number"]),
    ({"ended": "11:00"}, ["ended"]),
    ({"day": "2026-03-13"}, ["arrived", "ended"]),
    ({"result": ""}, ["result"]),
    ({"test_passed": "yes", "tested_at": "2026-03-12T13:00"}, ["test_passed"]),
]


@pytest.mark.parametrize(("changes", "fields"), SLIP_ERRORS)
def test_errors_of_a_slip_stand_at_their_fields(dispatched, clerk, sign_in, changes, fields):
    ticket = dispatched()
    answer = sign_in(clerk).post(reverse("tickets:slips"), slip(ticket.work_orders.get(), **changes))
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, fields)
    assert "張小明" in answer.content.decode()
    assert state_of(ticket) == "dispatched"


def test_a_leak_slip_carries_its_water_test(dispatched, clerk, sign_in):
    ticket = dispatched("leak")
    changes = {"test_passed": "yes", "tested_at": "2026-03-12T13:30"}
    assert (
        sign_in(clerk).post(reverse("tickets:slips"), slip(ticket.work_orders.get(), **changes)).status_code
        == 302
    )
    ticket.refresh_from_db()
    assert (ticket.state, ticket.tested_at is not None) == ("done", True)


def test_a_slip_never_dispatched_needs_its_technician(take, technician, clerk, sign_in):
    ticket = take()
    order, client = ticket.work_orders.get(), sign_in(clerk)
    answer = client.post(reverse("tickets:slips"), slip(order))
    assert (answer.status_code, answer.context["refused"]) == (409, "Name the technician who did the work.")
    assert answer.context["rare_open"]
    assert client.post(reverse("tickets:slips"), slip(order, technician=technician.pk)).status_code == 302


# --- callbacks ---------------------------------------------------------------------------------------------


def answer_of(client, ticket, outcome, **values):
    form = {"form_key": uuid.uuid4(), "outcome": outcome, "how": "phone", **values}
    return client.post(url("call_back", ticket), form)


def test_the_most_urgent_comes_first_and_the_next_opens_by_itself(ended, clerk, sign_in, estate):
    leak = ended(at=NOW + timedelta(hours=2), unit=make_unit(estate))
    early = ended(at=NOW + timedelta(minutes=90), unit=make_unit(estate))
    Ticket.objects.filter(pk=early.pk).update(next_due_at=NOW)
    client = sign_in(clerk)
    page = client.get(reverse("tickets:callbacks"))
    assert page.context["matter"] == early
    assert [line["matter"] for line in page.context["queue"]] == [early, leak]
    answer = answer_of(client, early, "satisfied", score="5")
    assert (answer.status_code, answer["Location"]) == (302, reverse("tickets:callbacks"))
    assert client.get(answer["Location"]).context["matter"] == leak
    assert client.get(answer["Location"]).context["rate"].kept == 1


def test_not_satisfied_needs_words_and_goes_back_to_repair(ended, clerk, sign_in):
    ticket, client = ended(), sign_in(clerk)
    answer = answer_of(client, ticket, "not_satisfied")
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["remark"])
    assert answer_of(client, ticket, "not_satisfied", remark="還在滴水").status_code == 302
    ticket.refresh_from_db()
    assert (ticket.state, ticket.rework_count, ticket.work_orders.count()) == ("accepted", 1, 2)


def test_not_reached_is_put_aside_for_this_sitting(ended, clerk, sign_in):
    ticket, client = ended(), sign_in(clerk)
    answer = answer_of(client, ticket, "not_reached")
    page = client.get(answer["Location"])
    assert page.context.get("matter") is None
    assert [line["skipped"] for line in page.context["queue"]] == [True]
    assert client.get(reverse("tickets:callbacks")).context["matter"] == ticket


def test_sent_twice_is_one_try(ended, clerk, sign_in):
    ticket, client = ended(), sign_in(clerk)
    key = uuid.uuid4()
    for _ in range(2):
        assert answer_of(client, ticket, "not_reached", form_key=key).status_code == 302
    assert CallbackTry.objects.count() == 1


def test_who_did_the_job_never_calls_back(ended, lead, estate, sign_in, supervisor, take):
    ticket = take()
    ticket = actions.dispatch(
        ticket=ticket,
        technician=lead,
        window_from=NOW + timedelta(hours=1),
        window_to=NOW + timedelta(hours=2),
        by=lead,
        now=NOW,
    )
    ended_at = NOW + timedelta(hours=2)
    actions.finish(work_order=ticket.work_orders.get(), ended_at=ended_at, result="好", by=lead, now=ended_at)
    from tests.cast import post

    post(lead, estate, "supervisor")
    client = sign_in(lead)
    assert client.get(reverse("tickets:callbacks")).context["queue"] == []
    assert answer_of(client, ticket, "satisfied").status_code == 409


def test_the_queue_asks_as_much_for_three_as_for_one(
    ended, clerk, estate, sign_in, django_assert_max_num_queries
):
    ended()
    client = sign_in(clerk)
    client.get(reverse("tickets:callbacks"))
    with django_assert_max_num_queries(15) as one:
        client.get(reverse("tickets:callbacks"))
    for _ in range(3):
        ended(unit=make_unit(estate))
    with django_assert_max_num_queries(len(one)):
        client.get(reverse("tickets:callbacks"))


# --- the crew's day ----------------------------------------------------------------------------------------


def test_visits_are_moved_up_and_down(dispatched, lead, technician, estate, sign_in):
    first, second = dispatched(), dispatched(unit=make_unit(estate))
    client = sign_in(lead)
    page = client.get(reverse("tickets:day"), {"day": "2026-03-12"})
    assert [line["ticket"] for line in page.context["crews"][0]["orders"]] == [first, second]
    form = {"day": "2026-03-12", "order": second.work_orders.get().pk, "go": "up"}
    answer = client.post(reverse("tickets:day_order"), form)
    assert (answer.status_code, answer["Location"]) == (302, reverse("tickets:day") + "?day=2026-03-12")
    page = client.get(answer["Location"])
    assert [line["ticket"] for line in page.context["crews"][0]["orders"]] == [second, first]
    fragment = client.post(
        reverse("tickets:day_order"), form | {"go": "down"}, headers={"HX-Request": "true"}
    )
    assert fragment.content.decode().strip().startswith('<div id="day-crews"')


def test_the_day_of_one_technician(dispatched, technician, lead, sign_in):
    dispatched()
    client = sign_in(lead)
    assert client.get(reverse("tickets:day"), {"technician": technician.pk}).context["total"] == 1
    assert client.get(reverse("tickets:day"), {"technician": lead.pk}).context["total"] == 0
    assert client.get(reverse("tickets:day"), {"day": "not a day", "technician": "x"}).status_code == 200


def test_pages_ask_no_more_for_many_rows(
    dispatched, lead, technician, estate, sign_in, django_assert_max_num_queries
):
    ticket = dispatched()
    for client, address in (
        (sign_in(lead), reverse("tickets:day")),
        (sign_in(technician), reverse("tickets:my_work")),
        (sign_in(technician), reverse("home")),
        (sign_in(lead), reverse("home")),
    ):
        client.get(address)
        with django_assert_max_num_queries(15) as few:
            client.get(address)
        for _ in range(3):
            dispatched(unit=make_unit(estate))
        with django_assert_max_num_queries(len(few)):
            client.get(address)
    client = sign_in(lead)
    with django_assert_max_num_queries(20):
        client.get(url("ticket", ticket))


def test_the_days_print_is_a_job_with_one_pdf(dispatched, lead, estate, sign_in):
    first, second = dispatched(), dispatched(unit=make_unit(estate))
    client = sign_in(lead)
    assert client.post(reverse("tickets:day_pdf"), {"day": "2026-03-20"}).status_code == 404
    answer = client.post(reverse("tickets:day_pdf"), {"day": "2026-03-12", "size": "A5"})
    job = Job.objects.get(kind="tickets.print_day")
    assert (answer.status_code, answer["Location"]) == (302, reverse("office:job", args=[job.pk]))
    jobs.run_waiting(LATER)
    job.refresh_from_db()
    assert (job.state, job.failed, job.error) == ("done", 0, "")
    with job.result_file.content.open() as file:
        assert file.read(5) == b"%PDF-"
    assert [order.prints for order in WorkOrder.objects.filter(ticket__in=[first, second])] == [1, 1]
