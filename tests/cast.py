"""The cast everyone knows, and the two estates it works in.

`estate` is where the cast is posted, one person per role, each fixture named after the role. `elsewhere` is
another estate of the company; the `stranger` holds every role there and nothing here, so that whatever he is
refused he is refused for the place and never for the role: he gets 404.

Fixtures call plain functions (`make_estate`, `make_staff`, `make_unit`, …) that tests call for more.
Estates are set up by the same function as in production.
"""

import itertools
import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.hashers import make_password
from django.test import Client

from office import roles
from office.actions import estates
from office.models import Building, Department, Estate, Posting, Section, Staff, Unit

ZONE = ZoneInfo("Asia/Shanghai")
# A Thursday morning in an ordinary week.
NOW = datetime(2026, 3, 12, 10, 0, tzinfo=ZONE)
PASSWORD = "correct horse battery staple"

NAMES = {
    "clerk": ("陳美玲", "May Chan"),
    "cashier": ("何嘉欣", "Kary Ho"),
    "lead": ("黃志強", "Keung Wong"),
    "technician": ("李國榮", "Wing Lee"),
    "guard": ("周大勇", "Yung Chow"),
    "supervisor": ("林雅文", "Ngaman Lam"),
    "director": ("曾慶祥", "Cheung Tsang"),
    "finance": ("蔡敏儀", "Man Choi"),
    "auditor": ("葉永康", "Hong Yip"),
    "admin": ("吳子健", "Kin Ng"),
}
DEPARTMENTS = {
    "clerk": Department.FRONT_DESK,
    "cashier": Department.FRONT_DESK,
    "supervisor": Department.FRONT_DESK,
    "lead": Department.REPAIR,
    "technician": Department.REPAIR,
    "guard": Department.SECURITY,
    "finance": Department.FINANCE,
}
_numbers = itertools.count(1)
_hashed = {}


def sort_key(code):
    """Natural order of a code: numbers as six digits."""
    return re.sub(r"\d+", lambda found: found[0].zfill(6), code.upper())


def make_estate(code="HT", name="恆泰花園", name_en="Hang Tai Garden", now=NOW, **fields):
    """An estate as an administrator opens it: promise rules, departments, catalogues."""
    estate = Estate.objects.create(code=code, name=name, name_en=name_en, **fields)
    return estates.set_up(estate, now)


def make_staff(username, *posts, password=PASSWORD, **fields):
    """A member of staff; `posts` are (estate, role) pairs. English unless told otherwise, so tests can read it."""
    name, name_en = NAMES.get(username, (username, ""))
    if password not in _hashed:
        _hashed[password] = make_password(password)
    values = {"name": name, "name_en": name_en, "language": "en", "password": _hashed[password], **fields}
    staff = Staff.objects.create(username=username, **values)
    for estate, role in posts:
        post(staff, estate, role)
    return staff


def post(staff, estate, role, department=None):
    """One more posting; as in the office, it holds from the next request on."""
    return Posting.objects.create(
        staff=staff,
        estate=estate,
        role=role,
        department=department or DEPARTMENTS.get(role, Department.MANAGEMENT),
    )


def make_building(estate, code="3", **fields):
    return Building.objects.create(estate=estate, code=code, sort_key=sort_key(code), **fields)


def make_section(building, code="2", **fields):
    return Section.objects.create(building=building, code=code, sort_key=sort_key(code), **fields)


def make_unit(estate, code=None, building=None, **fields):
    """A flat; its building is the first part of its code unless given."""
    code = code or f"3-2-{next(_numbers) + 1000}"
    if building is None:
        first = code.split("-")[0]
        building = Building.objects.filter(estate=estate, code=first).first() or make_building(estate, first)
    keys = {"code_key": code.replace("-", "").upper(), "sort_key": sort_key(code)}
    return Unit.objects.create(estate=estate, building=building, code=code, **{**keys, **fields})


def make_person(estate, name="張小明", *phones, **fields):
    """A person of the register with telephone numbers."""
    from residents.models import Person, Phone

    person = Person.objects.create(estate=estate, name=name, **fields)
    for position, number in enumerate(phones, start=1):
        digits = re.sub(r"\D", "", number)
        Phone.objects.create(person=person, number=number, digits=digits, position=position)
    return person


def occupy(unit, person, role="owner", since=date(2020, 1, 1), until=None, share=100, **fields):
    """`person` relates to `unit` from `since` until the day before `until`."""
    from residents.models import Occupancy

    return Occupancy.objects.create(
        estate_id=unit.estate_id,
        unit=unit,
        person=person,
        role=role,
        share=share if role == "owner" else None,
        period=(since, until),
        **fields,
    )


def client_of(staff):
    """A browser in which `staff` has signed in."""
    client = Client()
    if staff is not None:
        client.force_login(staff)
    return client


@pytest.fixture
def now():
    return NOW


@pytest.fixture
def estate(db):
    return make_estate()


@pytest.fixture
def elsewhere(db):
    return make_estate("YG", "陽光新城", "Sunshine City")


@pytest.fixture
def stranger(elsewhere):
    return make_staff("stranger", *[(elsewhere, role) for role in roles.ROLES])


def _member(role):
    @pytest.fixture(name=role)
    def member(estate):
        return make_staff(role, (estate, role))

    return member


for _role in roles.ROLES:
    globals()[f"the_{_role}"] = _member(_role)


@pytest.fixture
def cast(estate):
    """Role name → member of staff: all ten at once."""
    return {role: make_staff(role, (estate, role)) for role in roles.ROLES}


@pytest.fixture
def sign_in():
    """`sign_in(clerk)` → a browser in which she has signed in."""
    return client_of
