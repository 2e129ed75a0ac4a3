"""Old ledgers and the bank: finance alone (SPEC §1, §6.7)."""

from billing.models import History, ItemName
from tests.architecture.lines import Line

BANK = "finance"


def _history(w):
    """The import whose ledger finance looks at."""
    batch = w.sent_import
    History.objects.get_or_create(
        batch=batch,
        defaults={"estate": w.estate, "facts": {"items": ["Walk fee"], "people": ["王老五 9-901"]}},
    )
    type(batch).objects.filter(pk=batch.pk, state="open").update(state="checked", checked_at=w.now)
    return {"pk": batch.pk}


def _item(w):
    from billing.models import Item

    return Item.objects.filter(estate=w.estate).order_by("pk").first() or Item.objects.create(
        estate=w.estate, code="walk", name_zh_hant="散步費", formula="once"
    )


LINES = [
    Line("billing:history", BANK, args=_history, shows=lambda w: "王老五 9-901"),
    Line(
        "billing:history_items",
        BANK,
        get=405,
        post=302,
        args=_history,
        data=lambda w: {"item-0": _item(w).pk},
        changes=lambda w: ItemName.objects.filter(estate=w.estate).count(),
    ),
]
