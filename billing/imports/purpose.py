"""What the rows are for: fee items by name, code or memory, new ones where there is none."""

from typing import Any

from billing.imports import reading
from billing.models import Item, ItemName
from office import search

SPARES = {
    "opening": ("期初餘額", "期初余额", "Balance brought forward"),
    "old": ("舊賬項目", "旧账项目", "Old ledger"),
    "deposit_old": ("舊賬押金", "旧账押金", "Deposits brought forward"),
}


def find(estate, parties, whole):
    """The fee item of every row: by name or code, as remembered, as it stands in the text; else a new one."""
    items = list(Item.objects.filter(estate=estate))
    known: dict[str, Any] = {}
    for item in items:
        for name in (item.code, item.name_zh_hant, item.name_zh_hans, item.name_en):
            if name:
                known.setdefault(search.fold(name), item)
    remembered = ItemName.objects.filter(estate=estate).select_related("item")
    known |= {row.key: row.item for row in remembered}
    by_code = {item.code: item for item in items}
    named = sorted((name for name in known if len(name) > 1), key=len, reverse=True)
    fresh: dict[str, Item] = {}
    in_text: dict[str, Any] = {}

    def spare(code):
        if code not in by_code:
            hant, hans, english = SPARES[code]
            by_code[code] = item = Item(
                estate=estate, code=code, name_zh_hant=hant, name_zh_hans=hans, name_en=english,
                formula=Item.Formula.DEPOSIT if code == "deposit_old" else Item.Formula.ONCE,
            )  # fmt: skip
            fresh[code] = item
        return by_code[code]

    def called(words):
        key = search.fold(words)
        if key in known:
            return known[key]
        formula = Item.Formula.DEPOSIT if reading.DEPOSIT.search(key) else Item.Formula.ONCE
        item = Item(
            estate=estate, code="", name_zh_hant=words[:80], name_en=words[:80] if words.isascii() else "",
            formula=formula,
        )  # fmt: skip
        known[key] = fresh[key] = item
        return item

    def of_text(words):
        if words not in in_text:
            in_text[words] = next((known[name] for name in named if name in words), None)
        return in_text[words]

    def deposits():
        found = next((item for item in items if item.formula == Item.Formula.DEPOSIT), None)
        return found or spare("deposit_old")

    for party in parties:
        for said in party.rows:
            if said.informs:
                continue
            words = said.values.get("item")
            if said.opening and not words:
                said.item = spare("opening")
            elif words and not reading.OPENING.search(search.fold(words)):
                said.item = called(str(words))
            elif said.opening:
                said.item = spare("opening")
            else:
                said.item = (said.charge and of_text(search.fold(said.values.get("text") or ""))) or spare(
                    "old"
                )
            if said.parts:
                said.deposit = said.item if said.item.formula == Item.Formula.DEPOSIT else deposits()
    spare("old")
    used = {id(item) for party in parties for said in party.rows for item in (said.item, said.deposit)}
    whole.items = [item for item in fresh.values() if id(item) in used or item.code == "old"]
    whole.facts["items"] = [item.name_zh_hant for item in whole.items if not item.code]
    whole.spare = by_code["old"]
