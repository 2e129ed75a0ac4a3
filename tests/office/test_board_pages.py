"""Rates, the morning sheet and the screen on the wall (SPEC §4.4, §11, §12)."""

import io
from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pypdf import PdfReader

from office import promises
from office.actions import walls
from office.models import Promise, Wall
from office.refusals import Refused
from tests.cast import NOW, client_of
from tests.matters import matter, owe, owe_many

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(NOW, tick=False):
        yield


def end(promise, outcome, at, by):
    promises.close([promise], outcome, at=at, by=by)
    return promise


# --- rates -------------------------------------------------------------------------------------------------


@pytest.fixture
def month(estate, clerk, cashier):
    """Of March: one kept on time, one late, one never reached, one overdue, one ahead; and what does not count."""
    kept = Promise.Outcome.KEPT
    end(owe(estate, clerk, NOW - 9 * DAY), kept, NOW - 8 * DAY, clerk)
    end(owe(estate, clerk, NOW - 9 * DAY), kept, NOW - 5 * DAY, clerk)
    end(owe(estate, clerk, NOW - 9 * DAY), Promise.Outcome.UNREACHABLE, NOW - 5 * DAY, clerk)
    owe(estate, cashier, NOW - 9 * DAY)
    owe(estate, None, NOW)
    end(owe(estate, clerk, NOW - 9 * DAY), Promise.Outcome.CANCELLED, NOW, clerk)
    end(
        owe(estate, clerk, NOW - 60 * DAY), kept, NOW - 9 * DAY, clerk
    )  # of January, however late it was kept
    moved = owe(
        estate, clerk, NOW - 9 * DAY, kind="water_test", rule="water_test", subject=(about := matter())
    )
    promises.extend(
        moved, new_due_at=NOW + DAY, estate=estate, subject=about, by=clerk, now=NOW, reason="parts"
    )


def part(page, key):
    return next(one for one in page.context["parts"] if one["id"] == key)["rows"]


def numbers(row):
    return [value for value, _href in row["cells"]]


def test_a_month_is_what_its_clocks_became(month, supervisor):
    page = client_of(supervisor).get(reverse("office:rates"), {"month": "2026-03"})
    people = {row["label"]: row for row in part(page, "rates-people")}
    # owed, kept, of these late, could not be kept, overdue, not yet due
    assert numbers(people["May Chan"]) == [4, 2, 1, 1, 0, 1]
    assert numbers(people["Kary Ho"]) == [1, 0, 0, 0, 1, 0]
    assert numbers(people["nobody"]) == [1, 0, 0, 0, 0, 1]
    assert (people["May Chan"]["kept_rate"], people["May Chan"]["on_time_rate"]) == ("50 %", "25 %")
    kinds = {row["label"]: numbers(row) for row in part(page, "rates-kinds")}
    assert kinds == {"callback": [5, 2, 1, 1, 1, 1], "water test": [1, 0, 0, 0, 0, 1]}
    january = client_of(supervisor).get(reverse("office:rates"), {"month": "2026-01"})
    assert [numbers(row) for row in part(january, "rates-kinds")] == [[1, 1, 1, 0, 0, 0]]


def test_kind_and_person_narrow_each_other(month, supervisor, cashier):
    client = client_of(supervisor)
    page = client.get(reverse("office:rates"), {"kind": "water_test"})
    assert [row["label"] for row in part(page, "rates-people")] == ["May Chan"]
    page = client.get(reverse("office:rates"), {"person": cashier.pk})
    assert {row["label"]: numbers(row)[0] for row in part(page, "rates-kinds")} == {"callback": 1}
    for query in (
        {"month": "never"},
        {"month": "9999-12"},
        {"kind": "x"},
        {"person": "x"},
        {"month": "2027-01"},
    ):
        assert client.get(reverse("office:rates"), query).status_code == 200


# --- the morning sheet -------------------------------------------------------------------------------------


def sheet(staff, **query):
    answer = client_of(staff).get(reverse("office:morning_pdf"), query)
    assert answer.headers["Content-Type"] == "application/pdf"
    return [page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages]


def test_each_department_has_its_page_with_what_is_late_or_due_today(estate, clerk, technician, supervisor):
    type(estate).objects.update(language="en")
    late = owe(estate, clerk, NOW - 9 * DAY)
    tonight = owe(
        estate, technician, NOW - 2 * DAY, department="repair", kind="water_test", rule="water_test"
    )
    later = owe(estate, clerk, NOW)
    pages = sheet(supervisor)
    assert len(pages) == 2
    assert late.title in pages[0] and tonight.title in pages[1]
    assert later.title not in pages[0] + pages[1]
    assert len(sheet(supervisor, department="repair")) == 1
    assert later.title in sheet(supervisor, outcome="week")[0]


def test_a_long_sheet_says_how_much_is_left(estate, clerk, supervisor, monkeypatch):
    from office import morning

    monkeypatch.setattr(morning, "MOST", 5)
    type(estate).objects.update(language="en")
    owe_many(estate, clerk, NOW - 9 * DAY, 8)
    assert "3 more lines are on the board." in sheet(supervisor)[-1]


# --- the screen on the wall --------------------------------------------------------------------------------


@pytest.fixture
def screen(estate, supervisor):
    wall, token = walls.make(
        estate=estate, name="front desk", language="zh-hant", expires_at=NOW + DAY, by=supervisor, now=NOW
    )
    wall.path = reverse("wall", args=[token])
    wall.token = token
    return wall


def look(wall):
    return Client(HTTP_ACCEPT_LANGUAGE="en").get(wall.path)


def test_the_screen_shows_numbers_and_clocks_and_sets_no_cookie(screen, estate, clerk):
    owe(estate, clerk, NOW - 9 * DAY)
    owe(estate, clerk, NOW - 2 * DAY)
    end(owe(estate, clerk, NOW - DAY), Promise.Outcome.KEPT, NOW, clerk)
    end(owe(estate, clerk, NOW - 5 * DAY), Promise.Outcome.KEPT, NOW - DAY, clerk)
    answer = look(screen)
    assert [value for _label, value, _tone in answer.context["numbers"]] == [1, 1, 1]
    assert not answer.cookies
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert 'lang="zh-Hant"' in answer.content.decode()  # the link's language, not the browser's


def test_the_screen_shows_ten_clocks_the_oldest_late_ones_first(screen, estate, clerk):
    late = [owe(estate, clerk, NOW - (9 + n) * DAY).title for n in range(6)]
    ahead = [owe(estate, clerk, NOW + n * DAY).title for n in range(8)]
    rows = [row["title"] for row in look(screen).context["rows"]]
    assert rows == [*late[::-1][:4], *ahead[:6]]
    with CaptureQueriesContext(connection) as few:
        look(screen)
    owe_many(estate, clerk, NOW, 40)
    with CaptureQueriesContext(connection) as many:
        look(screen)
    assert len(few) == len(many) <= 6


def test_another_estates_promises_hang_on_no_wall_of_ours(screen, elsewhere, stranger):
    owe(elsewhere, stranger, NOW - 9 * DAY)
    assert look(screen).context["rows"] == []


@pytest.mark.parametrize("why", ["ended", "expired", "closed estate", "unknown"])
def test_a_link_that_is_over_shows_nothing(screen, estate, clerk, supervisor, why):
    row = owe(estate, clerk, NOW - 9 * DAY)
    if why == "ended":
        walls.end(wall=screen, by=supervisor, now=NOW)
    elif why == "expired":
        Wall.objects.update(made_at=NOW - 2 * DAY, expires_at=NOW)
    elif why == "closed estate":
        type(estate).objects.update(is_active=False)
    else:
        screen.path = reverse("wall", args=[screen.token[:-1] + ("a" if screen.token[-1] != "a" else "b")])
    answer = look(screen)
    assert answer.status_code == 404
    assert row.title not in answer.content.decode() and 'id="wall"' in answer.content.decode()


def test_the_link_is_shown_once_and_kept_as_a_hash(estate, supervisor):
    client = client_of(supervisor)
    values = {"estate": estate.pk, "name": "duty room", "language": "en", "until": "2026-03-31"}
    made = client.post(reverse("office:walls"), values)
    link = made.context["link"]
    assert client.get(link).status_code == 200
    token = link.rsplit("/", 1)[1]
    row = Wall.objects.get()
    assert token not in str(row.__dict__) and row.token_hash == walls.hashed(token)
    assert row.expires_at == NOW.replace(month=4, day=1, hour=0)
    assert token not in client.get(reverse("office:walls")).content.decode()
    assert client.post(reverse("office:walls"), values | {"until": "2026-03-01"}).status_code == 409
    assert client.post(reverse("office:walls"), {}).status_code == 422


def test_only_whoever_leads_the_estate_makes_and_ends_links(
    screen, estate, clerk, elsewhere, supervisor, stranger
):
    values = {"estate": elsewhere.pk, "name": "x", "language": "en"}
    assert client_of(supervisor).post(reverse("office:walls"), values).status_code == 422
    for who in (clerk, stranger):
        with pytest.raises(Refused):
            walls.end(wall=screen, by=who, now=NOW)
    walls.end(wall=screen, by=supervisor, now=NOW)
    with pytest.raises(Refused, match="already"):
        walls.end(wall=screen, by=supervisor, now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        Wall.objects.update(ended_by=None)
