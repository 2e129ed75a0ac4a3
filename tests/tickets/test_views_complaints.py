"""Complaints in the browser: taken once, errors at their field, refusals with their sentence, numbers that open their rows (SPEC §5)."""

import re
import uuid
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from office.models import Message, Promise
from tests.cast import NOW, client_of, make_person, make_unit, occupy
from tickets import actions as repairs
from tickets import printouts, reports
from tickets.actions import complaints as acts
from tickets.models import Category, Complaint, ComplaintCause, LogEntry, Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_ten():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def desk(clerk):
    return client_of(clerk)


@pytest.fixture
def cause(estate):
    return ComplaintCause.objects.filter(estate=estate).order_by("position", "code").first()


@pytest.fixture
def complain(estate, unit, clerk, cause):
    """A complaint of the household of 3-2-1201."""

    def complain(**values):
        given = {
            "estate": estate, "unit": unit, "name": "張小明", "phone": "138 0013 8000", "course": "樓上半夜搬桌椅",
            "cause": cause, "by": clerk, "now": NOW,
        }  # fmt: skip
        return acts.take(**given | values)

    return complain


@pytest.fixture
def reported(complain, lead):
    """One whose result is recorded and waits to be told."""

    def reported(**values):
        complaint = acts.contact(complaint=complain(**values), text="住户說噪音每晚都有", by=lead, now=NOW)
        return acts.report(
            complaint=complaint, result="已與樓上協商", fault="neighbour", valid=True, by=lead, now=NOW
        )

    return reported


@pytest.fixture
def told(reported, clerk):
    def told(**values):
        return acts.tell(complaint=reported(**values), by=clerk, now=NOW)

    return told


@pytest.fixture
def form(unit, cause):
    return {
        "form_key": str(uuid.uuid4()), "where": f"unit:{unit.pk}", "name": "張小明", "phone": "138 0013 8000",
        "course": "樓上半夜搬桌椅", "demand": "請物業出面", "against": "neighbour", "cause": cause.pk, "klass": "minor",
        "channel": "phone",
    }  # fmt: skip


def url(verb, row):
    return reverse(f"tickets:complaint_{verb}", args=[row.pk])


def page(row):
    return reverse("tickets:complaint", args=[row.pk])


def new(client, form, **changes):
    return client.post(reverse("tickets:complaint_new"), {**form, **changes})


def errors(response):
    return list(response.context["form"].errors)


def panel(client, **said):
    return client.get(reverse("tickets:complaint_hints"), said).content.decode()


def promised(client, **said):
    return re.findall(r"(20[\d-]+, 24:00|20[\d-]+ \d\d:\d\d)", panel(client, **said))


def numbers(response):
    return [row["cells"][0]["text"] for row in response.context["page"].rows]


# --- taking one ----------------------------------------------------------------------------------------------


def test_a_complaint_sent_twice_is_one(desk, form, cause, unit, clerk):
    first, second = new(desk, form), new(desk, form)
    complaint = Complaint.objects.get()
    assert first["Location"] == second["Location"] == page(complaint)
    assert (complaint.unit, complaint.owner, complaint.cause, complaint.klass) == (
        unit,
        clerk,
        cause,
        "minor",
    )
    assert complaint.opened_at == NOW and not complaint.calmed_at


@pytest.mark.parametrize(
    "changes, field",
    [
        ({"course": ""}, "course"),
        ({"where": ""}, "where"),
        ({"where": "unit:999999"}, "where"),
        ({"name": ""}, "name"),
        ({"klass": ""}, "klass"),
        ({"klass": "grave"}, "klass"),
        ({"cause": ""}, "cause"),
        ({"against": "department"}, "against_department"),
        ({"against": "staff"}, "against_staff"),
        ({"against": "other"}, "against_text"),
        ({"wanted_by": "2026-03-11"}, "wanted_by"),
        ({"wanted_by": "2036-03-11"}, "wanted_by"),
        ({"occurred_at": "2026-03-13T10:00"}, "occurred_at"),
        ({"occurred_at": "2026-03-12T09:00", "at": "2026-03-12T08:00"}, "occurred_at"),
        ({"at": "2026-03-12T10:30"}, "at"),
        ({"course": "吵" * 4001}, "course"),
        ({"demand": "賠" * 2001}, "demand"),
    ],
)
def test_wrong_input_is_said_at_its_field_and_writes_nothing(desk, form, changes, field):
    response = new(desk, form, **changes)
    assert (response.status_code, errors(response)) == (422, [field])
    assert not Complaint.objects.exists() and not Promise.objects.exists()


def test_without_a_telephone_the_form_asks_once(desk, form):
    response = new(desk, form, phone="")
    assert response.status_code == 422 and not Complaint.objects.exists()
    mark = response.context["form"].warnings_mark
    assert new(desk, form, phone="", confirm_warnings=mark).status_code == 302


def test_what_was_chosen_before_the_mind_was_changed_is_not_kept(desk, form, lead):
    new(desk, form, against="neighbour", against_staff=lead.pk, against_department="repair")
    new(desk, form | {"form_key": uuid.uuid4()}, klass="major", wanted_by="2026-03-20")
    minor, major = Complaint.objects.order_by("pk")
    assert (minor.against_staff, minor.against_department) == (None, "")
    assert major.wanted_by is None


def test_it_comes_prefilled_from_household_softphone_and_log(desk, unit, estate, clerk):
    wife = make_person(estate, "李麗", "139 0013 9000")
    occupy(unit, wife, role="member")
    address = reverse("tickets:complaint_new")
    initial = desk.get(address, {"unit": unit.pk, "person": wife.pk}).context["form"].initial
    assert (initial["name"], initial["phone"], initial["place"].unit) == ("李麗", "139 0013 9000", unit)
    assert desk.get(address, {"phone": "12345"}).context["form"].initial == {"phone": "12345"}
    line = repairs.log(
        estate=estate, unit=unit, name="李麗", asked="保安態度差", by=clerk, now=NOW - timedelta(hours=3)
    )
    initial = desk.get(address, {"entry": line.pk}).context["form"].initial
    assert (initial["course"], initial["name"], initial["at"]) == ("保安態度差", "李麗", line.at)
    for name in ("unit", "person", "entry"):
        assert desk.get(address, {name: "x"}).status_code == 404


def test_a_line_of_the_log_becomes_the_complaint_and_its_clocks_run_from_the_line(
    desk, form, estate, unit, clerk
):
    line = repairs.log(estate=estate, unit=unit, asked="保安態度差", by=clerk, now=NOW - timedelta(hours=3))
    entry = desk.get(reverse("tickets:reception_entry", args=[line.pk]))
    turn = next(move for move in entry.context["moves"] if move["verb"] == "complaint")
    assert (turn["key"], turn["url"]) == ("t", f"{reverse('tickets:complaint_new')}?entry={line.pk}")
    new(desk, form, entry=line.pk, at="2026-03-12T07:00")
    complaint, line = Complaint.objects.get(), LogEntry.objects.get()
    assert (line.became_kind, line.became_id) == (Complaint.SUBJECT, complaint.pk)
    assert complaint.opened_at == NOW - timedelta(hours=3)
    assert "new" in str(desk.get(reverse("tickets:reception_entry", args=[line.pk])).context["became"])


def test_the_panel_says_what_each_class_promises_and_the_words_in_the_residents_language(desk, unit, estate):
    person = make_person(estate, "John Smith", "139 0013 9001", language="en")
    assert promised(desk, klass="minor") == ["2026-03-14, 24:00"]
    assert promised(desk, klass="minor", wanted_by="2026-03-20") == ["2026-03-20, 24:00"]
    assert promised(desk, klass="important") == ["2026-03-12 11:00", "2026-03-15, 24:00"]
    major = ["2026-03-12, 24:00", "2026-03-14, 24:00", "2026-03-22, 24:00"]
    assert promised(desk, klass="major") == major
    said = panel(desk, where=f"unit:{unit.pk}:{person.pk}")
    assert 'lang="en"' in said and "Thank you for telling us." in said
    assert f'lang="{estate.language}"' in panel(desk)


def test_what_is_open_here_and_what_was_complained_of_before_is_offered(desk, form, complain, cause, unit):
    first = complain()
    said = panel(desk, where=f"unit:{unit.pk}", cause=cause.pk)
    assert said.count(page(first)) == 2 and f'name="repeat_of" value="{first.pk}"' in said
    new(desk, form, repeat_of=first.pk)
    second = Complaint.objects.latest("pk")
    assert second.repeat_of == first and second.is_repeat
    assert [row.pk for row, *_rest in desk.get(page(second)).context["history"]] == [first.pk]


# --- its page and its moves ------------------------------------------------------------------------------------


def test_each_clock_says_its_rule_and_the_fact_it_runs_from(desk, complain):
    clocks = desk.get(page(complain(klass="important"))).context["clocks"]
    assert len(clocks) == 2
    for clock in clocks:
        assert "2026-03-12 10:00" in clock["hint"]


def test_while_harm_goes_on_every_other_step_is_disabled_with_its_reason(desk, complain):
    complaint = complain(harm_now=True)
    moves = {move["verb"]: move["why_not"] for move in desk.get(page(complaint)).context["moves"]}
    assert moves["stop_harm"] is None
    assert moves["contact"] == moves["act"] == "Harm is still going on: first record what stops it."
    answer = desk.post(
        url("contact", complaint), {"text": "在", "reached": "yes", "version": complaint.version}
    )
    assert (answer.status_code, answer.context["refused"]) == (409, moves["contact"])
    answer = desk.post(url("stop_harm", complaint), {"text": "關了水閥", "version": complaint.version})
    assert answer.status_code == 302
    assert not Complaint.objects.get().harm_going_on


MOVES = {
    "reclass": ({"klass": "important", "reason": "保安失職"}, "klass"),
    "route": ({"department": "security"}, "department"),
    "contact": ({"text": "住户說每晚都有", "reached": "yes"}, "text"),
    "tell_reason": ({"text": "樓上無人"}, "text"),
    "report_up": ({"text": "住户情緒激動"}, "text"),
    "withdraw": ({"reason": "已自行解決"}, "reason"),
    "hand_over": ({"reason": "休假"}, "reason"),
    "correct": ({"course": "樓上半夜搬桌椅", "against": "neighbour", "name": "張"}, "course"),
}


@pytest.fixture
def values(estate, lead, cashier, cause):
    given = {verb: dict(data) for verb, (data, _field) in MOVES.items()}
    given["route"]["handler"] = lead.pk
    given["hand_over"]["to"] = cashier.pk
    given["correct"]["cause"] = cause.pk
    return given


@pytest.mark.parametrize("verb", MOVES)
def test_a_move_is_a_small_form_and_an_empty_field_is_said(complain, supervisor, values, verb):
    complaint, client = complain(), client_of(supervisor)
    assert client.get(url(verb, complaint)).status_code == 200
    sent = values[verb] | {"version": complaint.version}
    field = MOVES[verb][1]
    answer = client.post(url(verb, complaint), sent | {field: ""})
    assert (answer.status_code, errors(answer)) == (422, [field])
    answer = client.post(url(verb, complaint), sent)
    assert (answer.status_code, answer.headers.get("Location")) == (302, page(complaint)), answer.context[
        "form"
    ].errors


@pytest.mark.parametrize("verb", MOVES)
def test_a_page_older_than_the_row_is_refused_and_can_be_decided_again(complain, supervisor, values, verb):
    complaint, client = complain(), client_of(supervisor)
    Complaint.objects.update(version=7)
    answer = client.post(url(verb, complaint), values[verb] | {"version": 1})
    assert answer.status_code == 409
    again = values[verb] | {"version": answer.context["form"]["version"].value()}
    assert client.post(url(verb, complaint), again).status_code == 302


def test_meeting_remedy_result_and_telling(complain, desk, lead, clerk):
    complaint = acts.contact(complaint=complain(), text="每晚都有", by=lead, now=NOW)

    def send(verb, **data):
        row = Complaint.objects.get(pk=complaint.pk)
        return desk.post(url(verb, row), data | {"version": row.version})

    assert errors(send("meet", place="會議室", parties="", outcome="同意鋪地墊")) == ["parties"]
    assert send("meet", place="會議室", parties="1201、1301", outcome="同意鋪地墊").status_code == 302
    assert errors(send("propose", text="鋪地墊", cost="-5")) == ["cost"]
    assert send("propose", text="鋪地墊", cost="300").status_code == 302
    remedy = complaint.remedies.get()
    assert send("decide_remedy", remedy=remedy.pk, accepted="yes").status_code == 302
    assert errors(send("report", result="已鋪", valid="no", fault="company")) == ["fault"]
    assert send("report", result="已鋪", valid="yes", fault="neighbour").status_code == 302
    shown = desk.get(page(complaint)).content.decode()
    assert "會議室" in shown and "鋪地墊" in shown and "300.00" in shown
    assert Promise.objects.open().get().kind == "complaint_tell"
    assert send("tell", how="message", reached="yes").status_code == 422  # a message tells nobody anything
    assert send("tell", how="phone", reached="yes").status_code == 302
    complaint.refresh_from_db()
    assert (complaint.state, Promise.objects.open().get().kind) == ("told", "complaint_callback")


@pytest.mark.parametrize("verb", ["contact", "tell"])
def test_nobody_reached_is_a_try_and_says_so(desk, complain, reported, verb):
    complaint = complain() if verb == "contact" else reported()
    state, sent = complaint.state, {"reached": "no", "how": "phone", "version": complaint.version}
    said = desk.post(url(verb, complaint), sent, follow=True)
    assert "Not reached: noted, try again today." in said.content.decode()
    complaint.refresh_from_db()
    assert complaint.told_at is None and complaint.contacted_at == (None if verb == "contact" else NOW)
    assert verb == "contact" or complaint.state == state


def test_a_step_within_the_minute_of_its_reception_is_not_before_it(desk, estate, complain):
    received = NOW - timedelta(seconds=20)
    complaint = complain(now=received)
    answer = desk.post(
        url("contact", complaint),
        {"text": "已致電", "reached": "yes", "at": f"{received:%Y-%m-%dT%H:%M}", "version": 1},
    )
    assert answer.status_code == 302
    assert complaint.steps.get().at == received


def test_the_calm_down_button_is_one_press(desk, complain, supervisor):
    complaint = complain()
    assert desk.get(page(complaint)).context["calm"]["url"] == url("calm_down", complaint)
    assert desk.get(url("calm_down", complaint)).status_code == 405
    assert desk.post(url("calm_down", complaint)).status_code == 302
    complaint.refresh_from_db()
    assert complaint.calmed_at == NOW
    bell = Message.objects.get(staff=supervisor, subject_id=complaint.pk, subject_kind=Complaint.SUBJECT)
    assert bell.channel == "desk"


def test_saved_and_calmed_down_in_one_go(desk, form, supervisor):
    new(desk, form, then="calm")
    assert Complaint.objects.get().calmed_at == NOW
    assert Message.objects.filter(staff=supervisor).exists()


def test_a_head_acknowledges_from_home_in_one_press(complain, director, supervisor):
    complaint, client = complain(klass="major"), client_of(director)
    home = client.get(reverse("home"))
    assert [row["title"] for row in home.context["acknowledge"]] == [f"{complaint.number} 3-2-1201"]
    assert client_of(supervisor).get(reverse("home")).context["acknowledge"] == []
    answer = client.post(url("acknowledge", complaint), {"back": reverse("home")})
    assert (answer.status_code, answer["Location"]) == (302, reverse("home"))
    complaint.refresh_from_db()
    assert complaint.acknowledged_by == director
    assert client.get(reverse("home")).context["acknowledge"] == []


def test_the_report_reaches_the_home_of_the_clerk_who_took_it(reported, desk, clerk):
    complaint = reported()
    lines = [line for part in desk.get(reverse("home")).context["sections"] for line in part["lines"]]
    assert [(line["href"], "today" in line["text"]) for line in lines] == [(page(complaint), True)]
    assert Message.objects.filter(staff=clerk, subject_id=complaint.pk).exists()


def test_a_repair_opened_from_a_complaint_is_linked_to_it(desk, complain, unit, estate, clerk):
    complaint = complain(course="天花漏水")
    opened = desk.get(reverse("tickets:intake"), {"complaint": complaint.pk})
    assert opened.context["form"].initial["problem"] == "天花漏水"
    category = Category.objects.get(estate=estate, code="TAP")
    sent = {
        "form_key": uuid.uuid4(), "reporter_name": "張小明", "reporter_phone": "138 0013 8000", "where": f"unit:{unit.pk}", "problem": "天花漏水",
        "when": "none", "category": category.pk, "channel": "phone", "complaint": complaint.pk,
    }  # fmt: skip
    answer = desk.post(reverse("tickets:intake"), sent)
    assert answer.status_code == 302, answer.context["form"].errors
    complaint.refresh_from_db()
    assert complaint.ticket == Ticket.objects.get()
    assert desk.get(page(complaint)).context["ticket"]["number"] == complaint.ticket.number
    assert desk.get(reverse("tickets:intake"), {"complaint": "9" * 5}).status_code == 404


def test_who_handles_one_reads_that_one_and_no_other(complain, guard, estate):
    mine, other = complain(handler=guard), complain()
    client = client_of(guard)
    assert client.get(page(mine)).status_code == 200
    assert client.get(page(other)).status_code == 404
    answer = client.post(url("contact", mine), {"text": "已到場", "reached": "yes", "version": mine.version})
    assert answer.status_code == 302


def test_a_complaint_page_asks_as_much_with_twenty_steps_as_with_one(
    desk, complain, lead, django_assert_max_num_queries
):
    complaint = acts.contact(complaint=complain(), text="在", by=lead, now=NOW)
    desk.get(page(complaint))
    with django_assert_max_num_queries(25) as one:
        desk.get(page(complaint))
    for _ in range(20):
        complaint = acts.act(complaint=complaint, text="巡查", by=lead, now=NOW)
        complain()
    with django_assert_max_num_queries(len(one)):
        desk.get(page(complaint))


# --- the one queue of callbacks ----------------------------------------------------------------------------------


def queue(client, **said):
    return client.get(reverse("tickets:callbacks"), said)


def test_complaints_wait_beside_repairs_by_their_clocks(desk, ended, told, cashier):
    repair, complaint = ended(), told()
    shown = queue(desk)
    assert {line["matter"] for line in shown.context["queue"]} == {repair, complaint}
    card = queue(desk, complaint=complaint.pk).context["card"]
    assert (card["number"], card["phone"]) == (complaint.number, "138 0013 8000")
    assert complaint.cause.name_zh_hant in card["script"]
    aside = queue(desk, skip=f"c{complaint.pk}")
    assert aside.context["matter"] == repair
    assert {line["matter"]: line["skipped"] for line in aside.context["queue"]}[complaint]


def test_a_satisfied_complainant_ends_it_and_the_rate_counts_both(desk, told, ended):
    complaint, _repair = told(), ended()
    assert queue(desk).context["rate"].owed == 2
    answer = desk.post(
        url("call_back", complaint), {"form_key": uuid.uuid4(), "outcome": "satisfied", "how": "phone"}
    )
    assert answer.status_code == 302
    complaint.refresh_from_db()
    assert (complaint.state, complaint.satisfied) == ("closed", True)
    shown = queue(desk)
    assert (shown.context["rate"].kept, [row[2:] for row in shown.context["clerks"]]) == (1, [(1, 1)])


def test_not_satisfied_needs_words_and_opens_it_again(desk, told):
    complaint = told()
    sent = {"form_key": uuid.uuid4(), "outcome": "not_satisfied", "how": "phone"}
    answer = desk.post(url("call_back", complaint), sent)
    assert (answer.status_code, errors(answer), answer.context["matter"]) == (422, ["remark"], complaint)
    assert desk.post(url("call_back", complaint), sent | {"remark": "還在吵"}).status_code == 302
    complaint.refresh_from_db()
    assert complaint.rounds == 2 and complaint.is_open


def test_not_reached_is_put_aside_for_this_sitting(desk, told):
    complaint = told()
    sent = {"form_key": uuid.uuid4(), "outcome": "not_reached", "how": "phone", "skip": "5"}
    answer = desk.post(url("call_back", complaint), sent)
    assert answer["Location"] == f"{reverse('tickets:callbacks')}?skip=5,c{complaint.pk}"
    assert (
        desk.post(url("call_back", complaint), sent)["Location"] == answer["Location"]
    )  # sent twice is one try
    assert complaint.calls.count() == 1


def test_who_handled_it_is_not_offered_its_callback_and_is_refused(told, clerk, supervisor):
    complaint = told(handler=supervisor)
    client = client_of(supervisor)
    assert queue(client).context["queue"] == []
    sent = {"form_key": uuid.uuid4(), "outcome": "satisfied", "how": "phone"}
    answer = client.post(url("call_back", complaint), sent)
    assert (answer.status_code, answer.context["refused"]) == (
        409,
        "Whoever handled the complaint never makes its callback.",
    )


# --- list, analysis, search, household ----------------------------------------------------------------------------


@pytest.fixture
def several(complain, told, estate, clerk, cause):
    """Complaints that differ in everything the list is narrowed by."""
    other = ComplaintCause.objects.filter(estate=estate).exclude(pk=cause.pk).order_by("code").first()
    person = make_person(estate, "李麗", "139 0013 9000")
    building = make_unit(estate, "5-1-101").building
    rows = [
        complain(klass="major", phone="139 0013 9000", against="department", against_department="security"),
        complain(cause=other, unit=None, building=building, department="finance"),
        complain(complainant=person), complain(complainant=person),
        told(klass="important"),
        complain(harm_now=True, now=NOW - timedelta(days=9)),
    ]  # fmt: skip
    return [Complaint.objects.get(pk=row.pk) for row in rows]


FILTERS = [
    ("klass=major", lambda row: row.klass == "major"),
    ("state=told", lambda row: row.state == "told"),
    ("open=yes", lambda row: row.is_open),
    ("due=overdue", lambda row: row.next_due_at and row.next_due_at <= NOW),
    ("due=later", lambda row: row.next_due_at and row.next_due_at > NOW + timedelta(hours=14)),
    ("against=department", lambda row: row.against == "department"),
    ("department=finance", lambda row: row.department == "finance"),
    ("repeat=yes", lambda row: row.is_repeat),
    ("valid=yes", lambda row: row.valid is True),
    ("fault=neighbour", lambda row: row.fault == "neighbour"),
    ("opened_from=2026-03-12", lambda row: row.opened_at == NOW),
    ("q=9000", lambda row: row.phone.endswith("9000")),
]


@pytest.mark.parametrize("query, belongs", FILTERS, ids=[row[0] for row in FILTERS])
def test_each_filter_keeps_exactly_its_rows(several, desk, query, belongs):
    shown = desk.get(f"{reverse('tickets:complaints')}?{query}")
    expected = {row.number for row in several if belongs(row)}
    assert expected and set(numbers(shown)) == expected


def test_cause_building_and_person_narrow_too(several, desk):
    address = reverse("tickets:complaints")
    for name in ("cause", "building", "complainant"):
        for row in several:
            if pk := getattr(row, f"{name}_id"):
                shown = numbers(desk.get(address, {name: pk}))
                assert set(shown) == {one.number for one in several if getattr(one, f"{name}_id") == pk}


def test_the_list_asks_as_much_for_thirty_as_for_three(desk, complain, django_assert_max_num_queries):
    for _ in range(3):
        complain()
    desk.get(reverse("tickets:complaints"))
    with django_assert_max_num_queries(15) as few:
        desk.get(reverse("tickets:complaints"))
    for _ in range(27):
        complain()
    with django_assert_max_num_queries(len(few)):
        desk.get(reverse("tickets:complaints"))


def test_every_number_of_the_analysis_opens_exactly_its_rows(several, desk, estate, complain):
    for _ in range(2):
        complain()
    shown = desk.get(reverse("tickets:complaint_analysis"), {"month": "2026-03"})
    links = [(tile["value"], tile["href"]) for tile in shown.context["tiles"]]
    for chart in shown.context["charts"]:
        links += [(n, href) for _label, ns, hrefs in chart["rows"] for n, href in zip(ns, hrefs, strict=True)]
    assert len(links) > 15
    for n, href in links:
        assert len(numbers(desk.get(href))) == n, href
    recurring = next(chart for chart in shown.context["charts"] if chart["id"] == "chart-recurring")
    assert recurring["rows"]


def test_the_analysis_asks_as_much_for_many_as_for_few(
    several, desk, complain, django_assert_max_num_queries
):
    address = reverse("tickets:complaint_analysis")
    desk.get(address)
    with django_assert_max_num_queries(12) as few:
        desk.get(address)
    for _ in range(10):
        complain()
    with django_assert_max_num_queries(len(few)):
        desk.get(address)


def test_the_household_shows_them_with_clocks_and_starts_one_by_key(desk, complain, unit):
    complaint = complain()
    shown = desk.get(reverse("residents:unit", args=[unit.pk]))
    text = shown.content.decode()
    assert complaint.number in text
    start = next(one for one in shown.context["starts"] if one["verb"] == "complaint")
    assert (start["key"], start["url"]) == ("t", f"{reverse('tickets:complaint_new')}?unit={unit.pk}")
    timeline = desk.get(reverse("residents:unit", args=[unit.pk]), {"kind": "complaints"})
    assert complaint.number in re.sub(r"(?s).*id=\"timeline", "", timeline.content.decode())


def test_the_box_finds_a_complaint_by_its_number_within_what_one_may_read(complain, desk, guard):
    complaint = complain()
    assert desk.get(reverse("search"), {"q": complaint.number})["Location"] == page(complaint)
    found = client_of(guard).get(reverse("search"), {"q": complaint.number}).content.decode()
    assert page(complaint) not in found


def test_the_callback_sheet_lists_both(told, ended, clerk, estate):
    complaint, repair = told(), ended()
    owed = reports.callbacks_owed(clerk, estate.pk, NOW)
    sheet = printouts.callbacks(owed, estate=estate, date=NOW.date(), by=clerk)
    assert {row[1] for row in sheet.context["rows"]} == {complaint.number, repair.number}


@pytest.mark.parametrize("name", ["complaint_print", "complaint_register"])
def test_record_and_register_print(desk, complain, name):
    complaint = complain()
    args = [complaint.pk] if name == "complaint_print" else []
    answer = desk.get(reverse(f"tickets:{name}", args=args))
    assert answer["Content-Type"] == "application/pdf" and answer.content.startswith(b"%PDF")
