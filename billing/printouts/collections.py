"""上門收費清單: what a collector takes along (SPEC §6.5, §13)."""

from decimal import Decimal

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.rules.collections import window
from office import clocks, money, printing
from office.printing import Form, in_language
from office.tables import TableFacts, table_sheet


@in_language
def draw_collection_list(table, *, letterhead, language, size):
    return table_sheet(
        table,
        # Translators: 上門收費清單
        title=_("Collection list"),
        title_zh="上門收費清單",
        filename="collections.pdf",
        labels=[[_("Date"), _("Visits")], [_("Amount")]],
        head=[
            (_("Time of the visit"), "medium"),
            (_("Unit"), "narrow"),
            (_("Payer"), ""),
            (_("Owner of the unit"), ""),
            (_("Telephone"), "medium"),
            # Translators: 收據
            (_("Receipt"), "medium"),
            (_("Amount"), "narrow right"),
            (_("Who goes"), "narrow"),
            (_("Paid, by what"), "medium"),
            (_("Signature"), "medium"),
        ],
        signs=[_("Collector"), _("Cashier")],
        letterhead=letterhead,
        language=language,
        size=size,
        landscape=True,
    )


def collection_list(rows, *, estate, now):
    with translation.override(estate.language):
        lines = [
            (
                window(row.window_from, row.window_to),
                row.unit.code,
                row.payer,
                row.owner_name,
                row.phone,
                row.receipt.number if row.receipt else "",
                money.show(row.amount),
                row.collector.name,
                "",
                "",
            )
            for row in rows
        ]
        total = money.show(sum((row.amount for row in rows), Decimal(0)), estate.currency)
        today = f"{clocks.local_date(now, estate.zone):%Y-%m-%d}"
    return draw_collection_list(
        TableFacts([today, str(len(lines)), total], lines),
        letterhead=printing.letterhead(estate, estate.language), language=estate.language, size="A4",
    )  # fmt: skip


def _sample(*, letterhead, language, size):
    say = lambda hant, hans, english: {"zh-hans": hans, "en": english}.get(language, hant)  # noqa: E731
    who = say("張小明", "张小明", "Cheung Siu Ming")
    goes = say("何穎欣", "何颖欣", "Ho Wing Yan")
    lines = [
        ("2026-03-12 14:00–15:00", "3-2-1201", who, who, "138 0013 8000", "S2026-000490", "716.50", goes, "", ""),
        ("2026-03-12 15:00–15:30", "3-1-0802", say("李國榮", "李国荣", "Lee Kwok Wing"), who, "139 0013 9000", "S2026-000491", "238.60", goes, "", ""),
    ]  # fmt: skip
    return draw_collection_list(
        TableFacts(["2026-03-12", "2", "¥955.10"], lines), letterhead=letterhead, language=language, size=size
    )


printing.register(
    Form(
        "collection_list",
        gettext_lazy("Collection list"),
        lambda **values: draw_collection_list(TableFacts(blank=10), **values),
        _sample,
    )
)
