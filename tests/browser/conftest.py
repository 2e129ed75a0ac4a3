"""An office in a database of its own, and people who sit before a browser in it.

`office` is the estate with the cast, heads of departments, and the household of 3-2-1201. `sit(role)` opens a
browser in which that person has signed in by cookie; `sit(role, phone=True)` does so on a telephone.
"""

from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.utils import timezone

from office import clocks, roles, search
from office.models import DepartmentHead, SearchKey
from tests import cast

DESK = {"viewport": {"width": 1440, "height": 900}}
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 2,
}
AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c4944415408d763f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)


def category(estate, code):
    from tickets.models import Category

    return Category.objects.get(estate=estate, code=code)


@pytest.fixture
def office(served, language):
    """Estate HT with its cast in the test's language; Mr Zhang owns 3-2-1201 and lives there."""
    now = timezone.now()
    estate = cast.make_estate(now=now)
    staff = {role: cast.make_staff(role, (estate, role), language=language) for role in roles.ROLES}
    DepartmentHead.objects.filter(estate=estate, department="front_desk").update(head=staff["supervisor"])
    DepartmentHead.objects.filter(estate=estate, department="repair").update(head=staff["lead"])
    today = clocks.local_date(now, estate.zone)
    unit = cast.make_unit(estate, "3-2-1201", handed_over_on=today - timedelta(days=100))
    zhang = cast.make_person(estate, "張小明", "13800138000")
    cast.occupy(unit, zhang, since=date(2020, 1, 1), lives_here=True)
    let_find()
    return SimpleNamespace(
        url=served.url, estate=estate, staff=staff, unit=unit, zhang=zhang, today=today, language=language
    )


def let_find():
    """Search keys of everything there is: rows of tests are made without the actions that write them."""
    SearchKey.objects.all().delete()
    for kind, source in search.SOURCES.items():
        search.put_many(kind, source())


@pytest.fixture
def sit(new_page, office):
    """`sit("clerk")` → a page of a browser of her own; signed in by cookie, telephone with `phone=True`."""

    def open_browser(role, phone=False, **options):
        page = new_page(**{**(PHONE if phone else DESK), **options})
        # No printer here, and Chromium without a screen breaks down over its own dialogue.
        page.add_init_script("window.print = () => { top.document.documentElement.dataset.printed = 'yes' }")
        sign_in(page, office.staff[role], office.url)
        return page

    open_browser.errors = new_page.errors
    return open_browser


def sign_in(page, staff, url):
    """The session cookie of somebody who has logged in; the form itself is tested once, in test_repair.py."""
    session = cast.client_of(staff).cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": url}])


class Keys:
    """A keyboard that counts. `press` is one keystroke however many keys are held; `text` is what has to be said."""

    def __init__(self, page):
        self.page, self.count = page, 0

    def press(self, key):
        self.count += 1
        self.page.keyboard.press(key)

    def text(self, words):
        self.page.keyboard.type(words)
