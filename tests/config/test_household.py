"""The household page: one request, at most 15 questions to the database however long the history is (SPEC §2)."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import translation

from config.desk import ROOMS
from office import journal
from office.models import Event, Promise
from tests.cast import make_person, make_unit, occupy
from tickets import actions
from tickets.models import CallbackTry, Category, Ticket

MOST = 15  # queries of the page


def text(response):
    return response.content.decode()


def page_of(unit):
    return reverse("residents:unit", args=[unit.pk])


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


@pytest.fixture
def unit(estate):
    return make_unit(estate, "3-2-1201", handed_over_on=date(2025, 6, 1))


@pytest.fixture
def owner(unit, estate):
    person = make_person(estate, "張小明", "138 0013 8000")
    occupy(unit, person, since=date(2020, 6, 10))
    return person


@pytest.fixture
def desk(clerk, sign_in):
    return sign_in(clerk)


def repair(unit, clerk, now, **values):
    category = Category.objects.filter(estate=unit.estate, stream="repair", risk="other").first()
    given = {"problem": "廚房龍頭滴水", "reporter_name": "張小明", "reporter_phone": "138 0013 8000"} | values
    return actions.take(estate=unit.estate, category=category, unit=unit, by=clerk, now=now, **given)


def years_of_history(unit, clerk, now, count):
    """`count` ended repairs with their callbacks, `count` open ones, and the journal's lines of all."""
    model = repair(unit, clerk, now)
    fields = {
        field.attname: getattr(model, field.attname)
        for field in Ticket._meta.concrete_fields
        if not field.generated and field.attname != "id"
    }
    rows = []
    for at in range(2 * count):
        row = Ticket(**fields | {"number": f"H{at:06d}", "opened_at": now - timedelta(days=at + 5)})
        if at % 2:
            row.state, row.ending, row.satisfied = "closed", "called_back", True
            row.done_at = row.closed_at = now - timedelta(days=at)
        rows.append(row)
    Ticket.objects.bulk_create(rows)
    CallbackTry.objects.bulk_create(
        CallbackTry(
            ticket=row, tried_at=row.closed_at, by=clerk, outcome="satisfied", recorded_at=row.closed_at
        )
        for row in rows
        if row.closed_at
    )
    Promise.objects.bulk_create(
        Promise(
            kind="callback", subject_kind=Ticket.SUBJECT, subject_id=row.pk, title=row.number, estate=unit.estate,
            unit=unit, owner=clerk, rule_key="callback_other", amount=2, measure="days", fact_at=row.opened_at,
            due_at=row.opened_at + timedelta(days=2), made_at=row.opened_at,
        )
        for row in rows
        if not row.closed_at
    )  # fmt: skip
    Event.objects.bulk_create(
        Event(
            at=row.opened_at, verb="ticket.closed" if row.closed_at else "ticket.resumed", subject_kind=Ticket.SUBJECT,
            subject_id=row.pk, subject_text=row.number, estate_id=unit.estate_id, unit_id=unit.pk, by_id=clerk.pk,
            by_name=clerk.name,
        )
        for row in rows
    )  # fmt: skip


@pytest.mark.parametrize("count", [0, 1, 300])
def test_the_page_asks_at_most_fifteen_questions_however_much_happened(
    count, unit, owner, desk, clerk, now, django_assert_max_num_queries
):
    if count:
        years_of_history(unit, clerk, now, count)
    desk.get(page_of(unit))
    with django_assert_max_num_queries(MOST):
        page = desk.get(page_of(unit))
    assert page.status_code == 200
    assert len(page.content) < 120_000  # no row more than a person reads


def test_it_names_owner_people_telephone_state_repairs_and_the_last_callbacks(
    unit, owner, desk, clerk, estate, now
):
    tenant = make_person(estate, "王小芳", "139 1111 2222", name_en="Fang Wang")
    occupy(unit, tenant, "tenant", since=date(2024, 1, 1))
    taken = repair(unit, clerk, now)
    years_of_history(unit, clerk, now, 4)
    page = desk.get(page_of(unit))
    shown = text(page)
    assert 'href="tel:+13800138000"' in shown  # the cast has no country code
    assert "王小芳" in shown and "tenant" in shown
    assert taken.number in shown
    repairs = next(card for column in page.context["columns"] for card in column if card.key == "repairs")
    assert len(repairs.context["tries"]) == 3
    assert [row["at"] for row in repairs.context["tries"]] == sorted(
        (row["at"] for row in repairs.context["tries"]), reverse=True
    )
    assert all(row["clocks"] for row in repairs.context["open"] if row["number"].startswith("H"))
    assert "2 days after completion" in shown  # the rule behind the clock


def test_whoever_may_not_read_repairs_sees_none_of_them(unit, owner, admin, clerk, sign_in, now):
    taken = repair(unit, clerk, now)
    shown = text(sign_in(admin).get(page_of(unit)))
    assert "張小明" in shown
    assert taken.number not in shown


def test_technicians_guards_and_strangers_do_not_open_it(unit, technician, guard, stranger, sign_in):
    for staff, answer in ((technician, 403), (guard, 403), (stranger, 404)):
        assert sign_in(staff).get(page_of(unit)).status_code == answer


# --- the caller ----------------------------------------------------------------------------------------------


def test_the_caller_is_marked_and_carried_into_the_repair(unit, owner, desk, estate):
    member = make_person(estate, "張小寶", "137 0000 0001")
    occupy(unit, member, "member", since=date(2021, 1, 1))
    page = desk.get(page_of(unit), {"caller": member.pk})
    shown = text(page)
    assert ">張小寶</a> is calling" in shown and shown.count("is-calling") == 1
    intake = next(start["url"] for start in page.context["starts"] if start["verb"] == "repair")
    assert intake == f"{reverse('tickets:intake')}?unit={unit.pk}&person={member.pk}"
    filled = desk.get(intake).context["form"].initial
    assert (filled["reporter_name"], filled["reporter_phone"]) == ("張小寶", "137 0000 0001")


def test_a_caller_from_outside_is_named_and_one_of_another_estate_is_nobody(
    unit, owner, desk, estate, elsewhere
):
    visitor = make_person(estate, "陳師傅", "136 0000 0002")
    assert "not of this household" in text(desk.get(page_of(unit), {"caller": visitor.pk}))
    foreign = make_person(elsewhere, "外人", "135 0000 0003")
    for wrong in (foreign.pk, 10**15, "abc", "-1"):
        assert desk.get(page_of(unit), {"caller": wrong}).status_code == 404


def test_what_may_be_started_is_what_the_role_may_start(unit, owner, clerk, auditor, sign_in):
    started = {start["verb"]: start["key"] for start in sign_in(clerk).get(page_of(unit)).context["starts"]}
    assert started["repair"] == "r" and started["edit"] == "e"
    assert sign_in(auditor).get(page_of(unit)).context["starts"] == []
    keys = [key for key in started.values() if key]
    assert len(keys) == len(set(keys)) and "n" not in keys


# --- the note ------------------------------------------------------------------------------------------------


def test_the_note_is_mended_on_the_page(unit, owner, desk):
    address = reverse("residents:unit_note", args=[unit.pk])
    values = {"note": "有狗", "warning": "on", "version": unit.version}
    part = desk.post(address, values, headers={"HX-Request": "true"})
    assert part.status_code == 200 and text(part).lstrip().startswith('<div id="unit-note"')
    assert 'class="alert alert-warning" role="note"' in text(part) and "有狗" in text(part)
    again = desk.post(address, values | {"note": "兩隻狗"}, headers={"HX-Request": "true"})
    assert again.status_code == 409 and "兩隻狗" in text(
        again
    )  # somebody else was quicker; nothing typed is lost
    unit.refresh_from_db()
    assert (unit.note, unit.warning) == ("有狗", True)
    plain = desk.post(address, {"note": "", "warning": "", "version": unit.version})
    assert (plain.status_code, plain["Location"]) == (302, page_of(unit))


def test_a_warning_without_words_and_too_many_words_are_refused_at_the_field(unit, owner, desk):
    address = reverse("residents:unit_note", args=[unit.pk])
    for values, said in (
        ({"note": "", "warning": "on"}, "A warning needs its words."),
        ({"note": "x" * 2001}, "at most 2000 characters"),
    ):
        for headers in ({}, {"HX-Request": "true"}):
            answer = desk.post(address, values | {"version": unit.version}, headers=headers)
            assert answer.status_code == 422 and said in text(answer)


# --- the timeline --------------------------------------------------------------------------------------------


def lines(response):
    return [event["text"] for event in response.context["timeline"]["events"]]


def test_the_timeline_tells_of_the_unit_its_repairs_and_its_people(unit, owner, desk, clerk, now):
    from residents.actions import set_phones

    taken = repair(unit, clerk, now)
    set_phones(person=owner, numbers=[("138 0013 8000", ""), ("139 0000 0000", "")], by=clerk, now=now)
    found = lines(desk.get(page_of(unit)))
    assert found[0] == "張小明: telephone numbers changed: 2 now"
    assert found[1].startswith(f"{taken.number}: taken:")
    people = lines(desk.get(page_of(unit), {"kind": "people"}))
    assert people == [found[0]]
    assert lines(desk.get(page_of(unit), {"kind": "repairs"})) == [found[1]]
    assert len(lines(desk.get(page_of(unit), {"kind": "nonsense"}))) == len(found)


def test_people_who_moved_out_are_not_followed(unit, owner, desk, clerk, estate, now):
    from residents.actions import set_phones

    gone = make_person(estate, "舊業主")
    occupy(unit, gone, "tenant", since=date(2018, 1, 1), until=date(2019, 1, 1))
    set_phones(person=gone, numbers=[("139 0000 0000", "")], by=clerk, now=now)
    assert lines(desk.get(page_of(unit))) == []


@pytest.mark.parametrize("kind", ["", "repairs", "callbacks"])
def test_paging_shows_every_line_once_the_newest_first(kind, unit, owner, desk, clerk, now):
    years_of_history(unit, clerk, now, 60)
    verbs = {"callbacks": ["ticket.closed"]}.get(kind)
    wanted = Event.objects.filter(unit_id=unit.pk).order_by("-id")
    if verbs:
        wanted = wanted.filter(verb__in=verbs)
    seen, address = [], f"{page_of(unit)}?kind={kind}"
    while address:
        part = desk.get(address)
        seen += [event["text"].split(":")[0] for event in part.context["timeline"]["events"]]
        address = part.context["timeline"]["older_url"]
    assert seen == list(wanted.values_list("subject_text", flat=True))


def test_htmx_gets_the_older_lines_alone(unit, owner, desk, clerk, now, django_assert_max_num_queries):
    years_of_history(unit, clerk, now, 60)
    older = desk.get(page_of(unit)).context["timeline"]["older_url"]
    with django_assert_max_num_queries(9):
        part = desk.get(older, headers={"HX-Request": "true"})
    assert "<html" not in text(part) and text(part).lstrip().startswith('<li class="timeline-item')
    whole = desk.get(page_of(unit), {"kind": "callbacks"}, headers={"HX-Request": "true"})
    assert text(whole).lstrip().startswith('<section class="card" id="timeline"')


def test_a_change_taken_back_stands_with_its_kind(unit, owner, desk, clerk, now):
    taken = repair(unit, clerk, now)
    journal.record("office.undone", subject=taken, by=clerk, now=now, data={"change": "x"})
    assert len(lines(desk.get(page_of(unit), {"kind": "repairs"}))) == 2
    assert lines(desk.get(page_of(unit), {"kind": "people"})) == []


def test_every_kind_of_every_room_has_verbs_and_a_key_of_its_own():
    kinds = [kind for room in ROOMS for kind in room.KINDS]
    assert len({kind.key for kind in kinds}) == len(kinds)
    for kind in kinds:
        assert [verb for verb in journal.SENTENCES if verb.startswith(kind.begins)], kind.key


def test_an_empty_unit_says_so_and_what_to_do(unit, desk):
    shown = text(desk.get(page_of(unit)))
    assert "No owner is recorded." in shown and "No open repair." in shown
    assert "Nothing has happened yet." in shown
