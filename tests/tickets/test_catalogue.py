"""The catalogues a new estate starts with."""

import pytest
from opencc import OpenCC

from office.actions import estates
from office.models import Department, DepartmentHead, PromiseRule
from office.promises import RULES
from tickets import catalogue
from tickets.models import Category, PriceItem, WarrantyPeriod

ROWS = [row for rows in catalogue.CATEGORIES.values() for row in rows]
ALL = catalogue.WARRANTIES + catalogue.SEASONAL + ROWS + catalogue.PRICES


@pytest.mark.parametrize("row", ALL, ids=lambda row: row[0])
def test_the_simplified_name_is_the_traditional_one_simplified(row):
    assert OpenCC("t2s").convert(row[1]) == row[2]


def test_an_estate_is_set_up_with_the_specification_s_defaults(estate):
    months = dict(WarrantyPeriod.objects.filter(estate=estate).values_list("code", "months"))
    assert {months[code] for code in ("WP-ROOF", "WP-WET", "WP-WALL")} == {60}
    assert {months[code] for code in ("ELEC", "PIPE", "EQUIP", "DECOR")} == {24}
    seasons = dict(WarrantyPeriod.objects.filter(estate=estate).values_list("code", "seasons"))
    assert (seasons["HEAT"], seasons["COOL"]) == (2, 2)
    assert Category.objects.filter(estate=estate).count() == len(ROWS)
    assert PriceItem.objects.filter(estate=estate).count() == len(catalogue.PRICES)
    assert set(PromiseRule.objects.filter(estate=estate).values_list("key", flat=True)) == set(RULES)
    assert DepartmentHead.objects.filter(estate=estate).count() == len(Department.values)


def test_setting_up_again_adds_nothing_and_keeps_what_the_office_changed(estate, now):
    Category.objects.filter(estate=estate, code="LIFT").update(name_en="elevator")
    before = [Category.objects.count(), PriceItem.objects.count(), PromiseRule.objects.count()]
    estates.set_up(estate, now)
    assert [Category.objects.count(), PriceItem.objects.count(), PromiseRule.objects.count()] == before
    assert Category.objects.get(estate=estate, code="LIFT").name_en == "elevator"


@pytest.mark.parametrize("typed", ["lift", "電梯", "电梯", "dtgz", "diantiguzhang"])
def test_a_category_is_found_by_code_names_and_pinyin(estate, typed):
    found = Category.objects.filter(estate=estate, search__contains=typed).values_list("code", flat=True)
    assert list(found) == ["LIFT"]
