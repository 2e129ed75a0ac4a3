"""The rows the access table speaks of: one estate with its cast, made once and only read.

Rows are made when a line asks for them, outside the savepoint of its cases, so that they stay for the lines after
it. Everything is of `estate`, unless its name says otherwise.
"""

from functools import cached_property

from django.utils import timezone

from office import roles
from office.clocks import local_date
from tests import cast


class World:
    def __init__(self):
        # The present time: views ask the clock, and rules that begin in the past are refused.
        self.now = timezone.now()
        self.estate = cast.make_estate(now=self.now)
        self.elsewhere = cast.make_estate("YG", "陽光新城", "Sunshine City", now=self.now)
        self.cast = {role: cast.make_staff(role, (self.estate, role)) for role in roles.ROLES}
        everything = [(self.elsewhere, role) for role in roles.ROLES]
        self.cast["stranger"] = cast.make_staff("stranger", *everything)
        # A second administrator, so that the walk never meets "the last administrator".
        cast.make_staff("admin2", (self.estate, "admin"))
        self.today = local_date(self.now, self.estate.zone)

    @cached_property
    def closed_account(self):
        return cast.make_staff("gone", (self.estate, "clerk"), is_active=False)

    @cached_property
    def building(self):
        return cast.make_building(self.estate)

    @cached_property
    def unit(self):
        return cast.make_unit(self.estate, "3-2-1201", building=self.building)

    @cached_property
    def person(self):
        person = cast.make_person(self.estate, "張小明", "13800138000")
        cast.occupy(self.unit, person)
        return person

    @cached_property
    def category(self):
        from tickets.models import Category

        return Category.objects.get(estate=self.estate, code="TAP")

    @cached_property
    def leak(self):
        from tickets.models import Category

        return Category.objects.get(estate=self.estate, code="LK-PIPE")
