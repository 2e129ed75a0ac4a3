from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import translation

from office import journal, search
from office.models import Event
from office.refusals import Refused, Stale
from residents import actions, reports
from residents.models import Occupancy, Person
from tests import cast

D = date


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


@pytest.fixture
def unit(estate):
    return cast.make_unit(estate, "3-2-1201")


@pytest.fixture
def zhang(estate, clerk, now):
    return actions.add_person(estate=estate, name="張小明", phones=["13800138000"], by=clerk, now=now)


@pytest.fixture
def li(estate, clerk, now):
    return actions.add_person(estate=estate, name="李四", by=clerk, now=now)


def own(unit, person, clerk, now, since, until=None, share=100):
    return actions.start_occupancy(
        unit=unit,
        person=person,
        role="owner",
        since=since,
        until=until,
        share=Decimal(share),
        by=clerk,
        now=now,
    )


def test_a_new_person_is_found_by_name_and_number(zhang, estate):
    for typed in ("zxm", "8000", "张小明"):
        assert search.only_hit(search.find([estate.pk], typed)).subject_id == zhang.pk


def test_editing_moves_the_search_keys_and_keeps_values_out_of_the_journal(zhang, estate, clerk, now):
    changed = actions.edit_person(
        person=zhang, name="張大明", phones=[("91234567", "wife")], version=1, by=clerk, now=now
    )
    assert changed.version == 2
    assert search.find([estate.pk], "zxm") == [] and search.find([estate.pk], "8000") == []
    assert search.only_hit(search.find([estate.pk], "zdm")).subject_id == zhang.pk
    events = list(Event.objects.filter(subject_kind="person", subject_id=zhang.pk).order_by("id"))
    assert [journal.sentence(event) for event in events] == [
        "entered in the register",
        "register entry changed: name",
        "telephone numbers changed: 1 now",
    ]
    said = " ".join(f"{event.data} {event.subject_text}" for event in events)
    assert "張" not in said and "1234" not in said


def test_stale_person_is_refused(zhang, clerk, now):
    actions.edit_person(person=zhang, name="甲", version=1, by=clerk, now=now)
    with pytest.raises(Stale):
        actions.edit_person(person=zhang, name="乙", version=1, by=clerk, now=now)
    assert Person.objects.get(pk=zhang.pk).name == "甲"


def test_what_is_no_telephone_number_is_refused_whole(zhang, clerk, now):
    with pytest.raises(Refused, match="not a telephone number"):
        actions.set_phones(person=zhang, numbers=["13911112222", "abc"], by=clerk, now=now)
    assert [phone.number for phone in zhang.phones.all()] == ["13800138000"]


def test_who_owned_it_in_march_2024(unit, zhang, li, clerk, now):
    own(unit, zhang, clerk, now, D(2020, 6, 10), D(2024, 3, 15))
    own(unit, li, clerk, now, D(2024, 3, 15))
    asked = [D(2020, 6, 9), D(2020, 6, 10), D(2024, 3, 14), D(2024, 3, 15), D(2030, 1, 1)]
    said = [[one.name for one in reports.household(unit, day).owners] for day in asked]
    assert said == [[], ["張小明"], ["張小明"], ["李四"], ["李四"]]


@pytest.mark.parametrize(
    ("first", "second", "allowed"),
    [
        ((D(2020, 1, 1), None, 50), (D(2020, 1, 1), None, 50), True),
        ((D(2020, 1, 1), None, 60), (D(2020, 1, 1), None, 50), False),
        ((D(2020, 1, 1), D(2021, 1, 1), 60), (D(2021, 1, 1), None, 50), True),
        ((D(2020, 1, 1), D(2021, 1, 2), 60), (D(2021, 1, 1), None, 50), False),
        ((D(2022, 1, 1), None, 60), (D(2020, 1, 1), None, 50), False),
        ((D(2022, 1, 1), None, 60), (D(2020, 1, 1), D(2022, 1, 1), 50), True),
        ((D(2020, 1, 1), None, "33.3333"), (D(2020, 1, 1), None, "66.6667"), True),
        ((D(2020, 1, 1), None, 100), (D(2025, 1, 1), None, 100), False),
        ((D(2020, 1, 1), None, 50), (D(2020, 1, 1), None, 0), False),
    ],
)
def test_shares_are_at_most_the_whole_on_every_day(unit, zhang, li, clerk, now, first, second, allowed):
    own(unit, zhang, clerk, now, *first)
    if allowed:
        own(unit, li, clerk, now, *second)
    else:
        with pytest.raises(Refused):
            own(unit, li, clerk, now, *second)
    assert Occupancy.objects.count() == 1 + allowed


def test_the_refusal_names_who_owns_it_and_since_when(unit, zhang, li, clerk, now):
    own(unit, zhang, clerk, now, D(2020, 6, 10))
    with pytest.raises(
        Refused, match=r"On 2024-01-01 100 % is taken already \(張小明 100 %, since 2020-06-10\)"
    ):
        own(unit, li, clerk, now, D(2024, 1, 1))


def test_nobody_is_the_same_twice_at_once(unit, zhang, clerk, now):
    own(unit, zhang, clerk, now, D(2020, 1, 1), share=40)
    with pytest.raises(Refused, match="already is owner here"):
        own(unit, zhang, clerk, now, D(2021, 1, 1), share=40)
    with pytest.raises(Refused, match="before the first day"):
        own(unit, zhang, clerk, now, D(2019, 1, 1), D(2019, 1, 1), share=40)


def test_a_developer_is_sole(unit, zhang, li, clerk, now):
    values = {"unit": unit, "role": "developer", "since": D(2020, 1, 1), "by": clerk, "now": now}
    actions.start_occupancy(person=zhang, **values)
    with pytest.raises(Refused, match="End that period first"):
        actions.start_occupancy(person=li, **values)


def test_the_database_itself_excludes_overlaps(unit, zhang, li, estate):
    values = {"estate": estate, "unit": unit, "role": "owner", "period": DateRange(D(2020, 1, 1), None)}
    Occupancy.objects.create(person=zhang, share=100, **values)
    for person, share in ((zhang, 30), (li, 100)):
        with pytest.raises(IntegrityError), transaction.atomic():
            Occupancy.objects.create(person=person, share=share, **values)
    with pytest.raises(IntegrityError), transaction.atomic():
        Occupancy.objects.create(person=li, share=None, **values)
    with pytest.raises(IntegrityError), transaction.atomic():
        Occupancy.objects.create(
            person=li, estate=estate, unit=unit, role="tenant", period=DateRange(D(2020, 1, 1), D(2020, 1, 1))
        )


def test_ending_keeps_the_past_and_cannot_happen_twice(unit, zhang, clerk, now):
    row = own(unit, zhang, clerk, now, D(2020, 1, 1))
    ended = actions.end_occupancy(occupancy=row, until=D(2024, 3, 15), by=clerk, now=now)
    assert (ended.starts_on, ended.ends_on) == (D(2020, 1, 1), D(2024, 3, 15))
    with pytest.raises(Refused, match="has ended already: 2020-01-01 – 2024-03-14"):
        actions.end_occupancy(occupancy=row, until=D(2024, 5, 1), by=clerk, now=now)
    assert [one.period_text for one in reports.people_of_unit(unit)] == ["2020-01-01 – 2024-03-14"]


def test_a_correction_says_what_stood_there_and_why(unit, zhang, clerk, now):
    row = own(unit, zhang, clerk, now, D(2020, 1, 1))
    actions.correct_occupancy(
        occupancy=row, since=D(2020, 2, 1), share=Decimal(50), reason="typed wrong", by=clerk, now=now
    )
    event = Event.objects.filter(unit_id=unit.pk, verb="occupancy.corrected").get()
    assert event.data["before"]["from"] == "2020-01-01" and event.data["after"]["share"] == "50"
    assert journal.sentence(event) == "entry of owner corrected: typed wrong"


def test_a_person_of_another_estate_does_not_move_in(unit, elsewhere, clerk, now):
    other = cast.make_person(elsewhere)
    with pytest.raises(Refused, match="another estate"):
        own(unit, other, clerk, now, D(2020, 1, 1))


def test_without_its_journal_line_the_change_does_not_exist(unit, zhang, clerk, now, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr(journal, "record", broken)
    with pytest.raises(RuntimeError):
        own(unit, zhang, clerk, now, D(2020, 1, 1))
    with pytest.raises(RuntimeError):
        actions.edit_person(person=zhang, name="甲", by=clerk, now=now)
    assert not Occupancy.objects.exists()
    assert Person.objects.get(pk=zhang.pk).name == "張小明"


def test_household_is_one_query_and_knows_whom_to_call(
    unit, zhang, li, estate, clerk, now, django_assert_num_queries
):
    own(unit, zhang, clerk, now, D(2020, 1, 1))
    tenant = actions.add_person(estate=estate, name="王五", phones=["13911112222"], by=clerk, now=now)
    for person, role in ((tenant, "tenant"), (li, "member")):
        actions.start_occupancy(unit=unit, person=person, role=role, since=D(2023, 1, 1), by=clerk, now=now)
    with django_assert_num_queries(1):
        house = reports.household(unit, D(2024, 1, 1))
        assert [one.name for one in house.owners] == ["張小明"]
        assert [one.name for one in house.living_here] == ["張小明", "王五", "李四"]
        assert (house.contact.name, house.contact.phone) == ("王五", "13911112222")


def test_caller_by_number_and_by_its_end(unit, zhang, estate, elsewhere, clerk, now):
    own(unit, zhang, clerk, now, D(2020, 1, 1))
    for typed in ("13800138000", "+86 138 0013 8000", "8000"):
        [(pk, name, homes)] = reports.caller([estate.pk], typed, D(2024, 1, 1))
        assert (pk, name, [home.unit_code for home in homes]) == (zhang.pk, "張小明", ["3-2-1201"])
    assert reports.caller([elsewhere.pk], "13800138000", D(2024, 1, 1)) == []
    assert reports.caller([estate.pk], "12", D(2024, 1, 1)) == []


def test_lookalikes_by_number_and_by_document(zhang, estate, clerk, now):
    actions.set_identity(person=zhang, identity_type="hk_id", number="A123456(3)", by=clerk, now=now)
    assert reports.lookalikes(estate.pk, digits=["8613800138000"])[0][1] == "phone"
    assert reports.lookalikes(estate.pk, identity_number="A1234563")[0][1] == "identity"
    assert reports.lookalikes(estate.pk, digits=["8613800138000"], but=zhang.pk) == []


def test_two_desks_cannot_sell_the_same_share(own_db):
    """With the unit locked one of two waits, sees the other's owner, and is refused."""
    import threading

    from django.db import connection

    estate = cast.make_estate()
    clerk = cast.make_staff("clerk", (estate, "clerk"))
    unit = cast.make_unit(estate, "3-2-1201")
    people = [cast.make_person(estate, name) for name in ("甲", "乙")]
    said, gate = [], threading.Barrier(2)

    def desk(person):
        gate.wait()
        try:
            own(unit, person, clerk, cast.NOW, D(2020, 1, 1), share=60)
            said.append("done")
        except Refused:
            said.append("refused")
        finally:
            connection.close()

    desks = [threading.Thread(target=desk, args=[person]) for person in people]
    for one in desks:
        one.start()
    for one in desks:
        one.join(60)
    assert sorted(said) == ["done", "refused"]
    assert Occupancy.objects.count() == 1
