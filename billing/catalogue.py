"""The fee items a new estate starts with (SPEC §6.1).

Data, not rules: names and order are edited in the interface afterwards; `load` adds what is missing by code and leaves
what the office changed. Prices are the authority's, so that no monthly fee is charged before finance enters its
standard; only counter items have an amount proposed, in yuan.
"""

from datetime import date
from decimal import Decimal

from billing.models import Item, Standard

F, M = Item.Formula, Item.Meter

# code, zh-Hant, zh-Hans, en, formula, meters, collected for others
ITEMS = [
    ("management", "物業管理費", "物业管理费", "management fee", F.AREA, "", False),
    ("parking", "停車費", "停车费", "parking fee", F.FIXED, "", False),
    ("refuse", "垃圾清運費", "垃圾清运费", "refuse removal", F.FIXED, "", False),
    ("water", "水費", "水费", "water", F.READING, M.WATER, True),
    ("electricity", "電費", "电费", "electricity", F.READING, M.ELECTRICITY, True),
    ("gas", "燃氣費", "燃气费", "gas", F.READING, M.GAS, True),
    ("shared_electricity", "公攤電費", "公摊电费", "shared electricity", F.SHARED, M.ELECTRICITY, True),
    ("shared_water", "公攤水費", "公摊水费", "shared water", F.SHARED, M.WATER, True),
    ("repair", "維修費", "维修费", "repair", F.ONCE, "", False),
    ("service", "有償服務費", "有偿服务费", "paid service", F.ONCE, "", False),
    ("refuse_renovation", "裝修垃圾清運費", "装修垃圾清运费", "renovation refuse removal", F.ONCE, "", False),
    ("deposit_renovation", "裝修押金", "装修押金", "renovation deposit", F.DEPOSIT, "", False),
    ("card", "門禁卡工本費", "门禁卡工本费", "access card", F.ONCE, "", False),
    ("late", "滯納金", "滞纳金", "late fee", F.LATE, "", False),
]

# Proposed at the counter, where the cashier may type another amount.
PROPOSED = {"card": Decimal(20), "deposit_renovation": Decimal(2000)}
SINCE = date(2000, 1, 1)


def load(estate):
    """Add the items `estate` lacks, and the amounts proposed with them."""
    known = set(Item.objects.filter(estate=estate).values_list("code", flat=True))
    missing = [
        Item(
            estate=estate,
            code=code,
            name_zh_hant=hant,
            name_zh_hans=hans,
            name_en=en,
            formula=formula,
            meter_kind=meter,
            agency=agency,
            position=place * 10,
        )
        for place, (code, hant, hans, en, formula, meter, agency) in enumerate(ITEMS, start=1)
        if code not in known
    ]
    Item.objects.bulk_create(missing)
    Standard.objects.bulk_create(
        Standard(estate=estate, item=item, period=(SINCE, None), price=PROPOSED[item.code])
        for item in missing
        if item.code in PROPOSED
    )
