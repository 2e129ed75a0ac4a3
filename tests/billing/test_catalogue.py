"""A new estate knows the usual fee items; prices are its own (SPEC §6.1)."""

from decimal import Decimal

from billing import catalogue
from billing.models import Item, Standard


def test_a_new_estate_has_the_items_in_three_languages(estate):
    items = {item.code: item for item in Item.objects.filter(estate=estate)}
    assert items.keys() == {line[0] for line in catalogue.ITEMS}
    water = items["water"]
    assert (water.name_zh_hant, water.name_zh_hans, water.name_en) == ("水費", "水费", "water")
    assert (water.formula, water.meter_kind, water.agency) == ("reading", "water", True)
    assert all(item.name_zh_hans and item.name_en for item in items.values())


def test_no_monthly_fee_has_a_price_before_finance_enters_it(estate):
    proposed = {one.item.code: one.price for one in Standard.objects.select_related("item")}
    assert proposed == {"card": Decimal(20), "deposit_renovation": Decimal(2000)}


def test_what_the_office_changed_stays(estate):
    Item.objects.filter(code="card").update(name_en="gate card")
    Standard.objects.all().delete()
    Item.objects.get(code="gas").delete()
    catalogue.load(estate)
    assert Item.objects.get(code="card").name_en == "gate card"
    assert Item.objects.filter(code="gas").count() == 1
    assert not Standard.objects.exists()
