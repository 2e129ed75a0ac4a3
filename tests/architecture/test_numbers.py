"""Every number that can be pressed opens a list with as many rows (SPEC §12 "what is drawn equals what is listed").

Walks all pages of the access table as a supervisor of two estates, reads the HTML as a browser does, and follows
every link that shows a number: tiles, cells of charts, tabs, cells of tables. A number drawn as a tile, a tab or a
chart's cell without a link fails as well, so that a new one cannot escape.
"""

import os
import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from django.urls import reverse

from office import lists, promises
from office.models import Promise
from tests.architecture.access_table import TABLE
from tests.cast import NOW, make_estate, make_staff
from tests.matters import owe
from tests.tickets.test_over_estates import repairs
from tickets import actions
from tickets.models import Complaint, ComplaintCause

FULL = os.environ.get("GUANJIA_FULL") == "1"
NUMBER = re.compile(r"\d{1,3}(,\d{3})*|\d+")
# Pages whose pressed numbers are no counts of rows, each with what they are.
OTHERWISE = {
    "residents:buildings": "buildings are called by numbers",
    "office:reminders": "runs of the machine, told on the same page",
}
# Where numbers must be found, or the walk has gone blind.
SEEN = {"home", "tickets:dashboard", "office:board", "office:rates"}


class Numbers(HTMLParser):
    """(number, address) of what is drawn as a number; the address is empty where nothing can be pressed."""

    def __init__(self):
        super().__init__()
        self.found, self.open, self.href, self.words, self.counted = [], [], None, "", None

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        classes = (attrs.get("class") or "").split()
        if tag == "a":
            self.href, self.words = attrs.get("href") or "", ""
        if "tile-value" in classes or (
            "tabs-count" in classes and self.href
        ):  # in a heading it counts what follows
            self.counted = [tag, ""]

    def handle_data(self, data):
        self.words += data
        if self.counted:
            self.counted[1] += data

    def handle_endtag(self, tag):
        if self.counted and tag == self.counted[0]:
            self.note(self.counted[1], self.href)
            self.counted, self.words = None, "said already"
        if tag == "a":
            self.note(self.words, self.href)
            self.href = None

    def note(self, words, href):
        words = words.strip()
        if NUMBER.fullmatch(words):
            self.found.append((int(words.replace(",", "")), href or ""))


def numbers_of(answer):
    reader = Numbers()
    html = answer.content.decode()
    html = html[html.find("<main") : html.rfind("</main>")]
    reader.feed(html)
    return reader.found


@pytest.fixture(scope="module")
def office(django_db_setup, django_db_blocker):
    """Two estates, sixteen hours apart, with repairs at every age and promises of every kind and outcome."""
    with django_db_blocker.unblock(), time_machine.travel(NOW, tick=False):
        atomic = transaction.atomic()
        atomic.__enter__()
        try:
            here = make_estate()
            far = make_estate("VC", "溫哥華苑", "Vancouver Court", time_zone="America/Vancouver")
            boss = make_staff("boss", (here, "supervisor"), (far, "supervisor"))
            worker = make_staff("worker", (here, "lead"), (far, "lead"))
            for estate in (here, far):
                repairs(estate, boss, worker, NOW)
                every_kind(estate, [boss, worker, None], NOW)
                complaints(estate, boss)
            client = Client(HTTP_ACCEPT_LANGUAGE="en")
            client.force_login(boss)
            yield client
        finally:
            transaction.set_rollback(True)
            atomic.__exit__(None, None, None)


def every_kind(estate, owners, now):
    outcomes = [None, None, Promise.Outcome.KEPT, Promise.Outcome.UNREACHABLE, None, Promise.Outcome.KEPT]
    for n, kind in enumerate(promises.KINDS.values()):
        for at, outcome in enumerate(outcomes):
            fact = now - timedelta(days=(at * 3 + n) % 12, hours=at)
            row = owe(
                estate, owners[(n + at) % 3], fact, kind=kind.name, rule=kind.rules[0].key,
                agreed=fact + timedelta(days=1 + 3 * at),
            )  # fmt: skip
            if outcome:
                promises.close(
                    [row], outcome, at=min(now, row.due_at + timedelta(hours=at - 3)), by=owners[0]
                )


def complaints(estate, by):
    cause = ComplaintCause.objects.filter(estate=estate).order_by("code").first()
    for n, klass in enumerate(Complaint.Klass.values * 2):
        actions.complaints.take(
            estate=estate, cause=cause, course="噪音", klass=klass, class_reason="測試", name="張小明",
            phone="13800138000", place="大堂", by=by, now=NOW - timedelta(days=n * 3, hours=2),
        )  # fmt: skip


def pages():
    """Pages a supervisor opens without naming a row."""
    return [
        line.name
        for line in TABLE
        if line.get == 200 and not line.public and not line.args and "supervisor" in line.opens.split()
    ]


def count_of(client, address, known):
    """Rows of the list behind an address; its numbers are those it opens for everybody."""
    if address not in known:
        answer = client.get(address, headers={"HX-Request": "true"})  # its rows without the frame
        assert answer.status_code == 200, address
        page = (answer.context or {}).get("page")
        fits = isinstance(page, lists.ListPage) and page.is_valid and not page.reading.unknown
        known[address] = page.count if fits else "no list of"
    return known[address]


def test_every_number_is_the_number_of_rows_it_opens(office):
    known, wrong, seen, followed = {}, [], set(), 0
    with time_machine.travel(NOW, tick=False):
        for name in pages():
            if name in OTHERWISE:
                continue
            path = reverse(name)
            for query in ("", "?estate=all"):
                answer = office.get(path + query)
                if "text/html" not in answer.headers.get("Content-Type", ""):
                    break
                found = numbers_of(answer)
                # Over several estates the links are the same but for the estates: each fourth, or all of them in full.
                for value, href in found if FULL or not query else found[::4]:
                    if not href:
                        wrong.append(f"{name}{query}: {value} can be seen and not be pressed")
                        continue
                    address = path + href if href.startswith("?") else href
                    followed += 1
                    rows = count_of(office, address, known)
                    if rows != value:
                        wrong.append(f"{name}{query}: {value} opens {rows} rows: {address}")
                if not found:
                    break
                seen.add(name)
    assert not wrong, "\n".join(wrong)
    assert seen >= SEEN, f"no numbers found any more on {SEEN - seen}"
    assert followed > 150


def test_a_wrong_number_and_one_without_a_link_are_found():
    """The twin: without it the reader could be blind."""
    reader = Numbers()
    reader.feed(
        '<a class="tile" href="/x"><span class="tile-value">12</span> hint 3</a><td><a href="/y"> 1,234 </a></td>'
        '<a href="/z">All <span class="tabs-count">7</span></a><h2>Owed <span class="tabs-count">5</span></h2><div class="tile"><span class="tile-value">8</span></div>'
        '<a href="/n">3 rows</a>'
    )
    assert reader.found == [(12, "/x"), (1234, "/y"), (7, "/z"), (8, "")]
