"""Accounts, postings, heads of departments: what an administrator may do, and how the last one is kept."""

import threading

import pytest
from django.db import connection
from django.utils import translation

from office.actions import staff as actions
from office.models import DepartmentHead, Event, Posting, Staff
from office.refusals import Refused, Stale
from tests import cast as people
from tests.cast import NOW, PASSWORD, make_staff


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


NEW = {"username": "siufong", "name": "陳小芳", "department": "front_desk", "role": "clerk"}


def verbs(estate):
    return list(Event.objects.filter(estate_id=estate.pk).order_by("pk").values_list("verb", flat=True))


def test_a_new_account_with_a_made_password_can_log_in(estate, admin, sign_in, client):
    answer = sign_in(admin).post("/office/staff/new/", {**NEW, "estate": estate.pk})
    assert answer.status_code == 200
    password = answer.context["password"]
    assert len(password) == 16
    assert "no-store" in answer.headers["Cache-Control"]
    assert client.login(username="siufong", password=password)
    assert verbs(estate) == ["staff.created", "posting.added"]
    assert password not in str(list(Event.objects.values()))


def test_a_typed_password_is_checked_and_not_shown(estate, admin, sign_in):
    client = sign_in(admin)
    weak = client.post("/office/staff/new/", {**NEW, "estate": estate.pk, "password": "password"})
    assert weak.status_code == 422
    assert not Staff.objects.filter(username="siufong").exists()
    strong = client.post("/office/staff/new/", {**NEW, "estate": estate.pk, "password": PASSWORD})
    assert strong.status_code == 302
    assert Staff.objects.get(username="siufong").check_password(PASSWORD)


@pytest.mark.parametrize("name", ["CLERK", "clerk"])
def test_a_user_name_is_taken_whatever_its_case(estate, clerk, admin, sign_in, name):
    answer = sign_in(admin).post("/office/staff/new/", {**NEW, "username": name, "estate": estate.pk})
    assert answer.status_code == 422
    assert "username" in answer.context["form"].errors


def test_nobody_is_posted_where_one_does_not_administer(estate, elsewhere, admin, sign_in):
    answer = sign_in(admin).post("/office/staff/new/", {**NEW, "estate": elsewhere.pk})
    assert answer.status_code == 422
    assert not Staff.objects.filter(username="siufong").exists()


def test_a_change_is_saved_and_a_stale_page_refused(estate, clerk, admin, sign_in):
    client = sign_in(admin)
    page = client.get(f"/office/staff/{clerk.pk}/")
    version = page.context["form"]["version"].value()
    values = {"username": "clerk", "name": "陳美玲", "phone": "2123 4567", "version": version}
    assert client.post(f"/office/staff/{clerk.pk}/", values).status_code == 302
    assert Staff.objects.get(pk=clerk.pk).phone == "2123 4567"
    answer = client.post(f"/office/staff/{clerk.pk}/", {**values, "phone": "2000 0000"})
    assert answer.status_code == 409
    assert Staff.objects.get(pk=clerk.pk).phone == "2123 4567"
    assert verbs(estate) == ["staff.changed"]


def test_the_journal_names_fields_and_not_their_values(estate, clerk, admin):
    actions.change(staff=clerk, values={"phone": "2123 4567"}, by=admin, now=NOW)
    event = Event.objects.get(verb="staff.changed")
    assert "2123" not in str(event.data)
    assert event.data["fields"] == [{"word": "staff.phone"}]


def test_closing_an_account_ends_its_sessions(clerk, admin, sign_in):
    session = sign_in(clerk)
    assert session.get("/office/profile/").status_code == 200
    assert sign_in(admin).post(f"/office/staff/{clerk.pk}/deactivate/").status_code == 302
    assert session.get("/office/profile/").status_code == 302
    assert sign_in(admin).post(f"/office/staff/{clerk.pk}/activate/").status_code == 302
    assert Staff.objects.get(pk=clerk.pk).is_active


def test_a_new_password_ends_the_sessions_of_the_old(clerk, admin, sign_in):
    session = sign_in(clerk)
    assert sign_in(admin).post(f"/office/staff/{clerk.pk}/password/").status_code == 200
    assert session.get("/office/profile/").status_code == 302


def test_nobody_locks_himself_out(estate, admin, sign_in):
    make_staff("admin2", (estate, "admin"))
    client = sign_in(admin)
    answer = client.post(f"/office/staff/{admin.pk}/deactivate/")
    assert (answer.status_code, "lock yourself out" in answer.content.decode()) == (409, True)
    posting = admin.postings.get()
    assert client.post(f"/office/postings/{posting.pk}/end/").status_code == 409
    assert Posting.objects.filter(pk=posting.pk).exists()


def test_the_last_administrator_stays(estate, elsewhere, admin):
    other = make_staff("other", (elsewhere, "admin"), (estate, "admin"))
    third = make_staff("third", (elsewhere, "admin"), (estate, "clerk"))
    people.post(third, estate, "admin")
    actions.end_posting(posting=third.postings.get(estate=estate, role="admin"), by=other, now=NOW)
    actions.end_posting(posting=admin.postings.get(), by=other, now=NOW)
    with pytest.raises(Refused, match="last administrator"):
        actions.end_posting(posting=other.postings.get(estate=estate), by=third, now=NOW)
    with pytest.raises(Refused):
        actions.deactivate(staff=other, by=third, now=NOW)
    assert Staff.objects.get(pk=other.pk).is_active


def test_an_administrator_of_one_estate_does_not_take_over_an_account_of_another(estate, elsewhere, admin):
    director = make_staff("both", (estate, "clerk"), (elsewhere, "director"))
    for action, extra in ((actions.reset_password, {"password": PASSWORD}), (actions.deactivate, {})):
        with pytest.raises(Refused, match="do not administer"):
            action(staff=director, by=admin, now=NOW, **extra)
    with pytest.raises(Refused):
        actions.change(staff=director, values={"username": "mine"}, by=admin, now=NOW)


def test_a_stranger_s_account_and_posting_are_not_found(admin, stranger, sign_in):
    client = sign_in(admin)
    assert client.get(f"/office/staff/{stranger.pk}/").status_code == 404
    assert client.post(f"/office/postings/{stranger.postings.first().pk}/end/").status_code == 404


def test_a_head_who_leaves_the_estate_is_no_head_any_more(estate, lead, admin):
    actions.set_heads(
        estate=estate,
        heads={
            row.department: (lead if row.department == "repair" else None, None)
            for row in estate.department_heads.all()
        },
        by=admin,
        now=NOW,
    )
    assert DepartmentHead.objects.get(estate=estate, department="repair").head == lead
    actions.end_posting(posting=lead.postings.get(), by=admin, now=NOW)
    assert DepartmentHead.objects.get(estate=estate, department="repair").head is None
    assert verbs(estate) == ["department.head_set", "posting.ended"]


def test_head_and_deputy_are_two_people(lead, admin, sign_in):
    answer = sign_in(admin).post("/office/heads/", {"head_repair": lead.pk, "deputy_repair": lead.pk})
    assert answer.status_code == 422


def test_the_profile_keeps_the_account_s_rights(clerk, sign_in):
    answer = sign_in(clerk).post(
        "/office/profile/",
        {"name": "陳美玲", "language": "zh-hans", "theme": "dark", "username": "boss", "is_active": ""},
    )
    assert answer.status_code == 302
    clerk = Staff.objects.get(pk=clerk.pk)
    assert (clerk.username, clerk.language, clerk.theme, clerk.single_keys) == (
        "clerk",
        "zh-hans",
        "dark",
        False,
    )
    assert answer.cookies["language"].value == "zh-hans"


@pytest.mark.parametrize(
    "fields", [{"language": "xx"}, {"theme": "pink"}, {"name": ""}, {"email": "nowhere"}]
)
def test_a_profile_that_cannot_be_is_422(clerk, sign_in, fields):
    assert sign_in(clerk).post("/office/profile/", {"name": "陳美玲", **fields}).status_code == 422


def test_the_number_of_queries_of_the_list_does_not_grow(
    estate, admin, sign_in, django_assert_num_queries, django_assert_max_num_queries
):
    client = sign_in(admin)
    with django_assert_max_num_queries(8) as one:
        client.get("/office/staff/")
    for number in range(3):
        make_staff(f"more{number}", (estate, "clerk"), (estate, "guard"))
    with django_assert_num_queries(len(one.captured_queries)):
        client.get("/office/staff/")


@pytest.mark.parametrize("guarded", [True, False])
def test_two_administrators_cannot_remove_each_other(own_db, monkeypatch, guarded):
    """Both ask at once whether another administrator is left. Without the lock both hear yes."""
    estate = people.make_estate()
    one, two = make_staff("one", (estate, "admin")), make_staff("two", (estate, "admin"))
    if not guarded:
        monkeypatch.setattr(actions, "_lock_estates_of", lambda staff: None)
    asked, why_not = threading.Barrier(2), actions.rules.why_not_end_posting

    def slowly(posting, by):
        answer = why_not(posting, by)
        try:
            asked.wait(0.5 if guarded else 60)  # guarded, the other one waits for our lock and never asks
        except threading.BrokenBarrierError:
            pass
        return answer

    monkeypatch.setattr(actions.rules, "why_not_end_posting", slowly)
    refused = []

    def remove(victim, by):
        try:
            actions.end_posting(posting=victim.postings.get(), by=by, now=NOW)
        except Refused:
            refused.append(victim.username)
        finally:
            connection.close()

    threads = [threading.Thread(target=remove, args=pair) for pair in ((one, two), (two, one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    left = Posting.objects.filter(estate=estate, role="admin").count()
    assert (left, len(refused)) == ((1, 1) if guarded else (0, 0))


def test_stale_is_a_refusal():
    assert issubclass(Stale, Refused)
