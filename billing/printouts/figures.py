"""Reports on paper: collection, ageing and income of an estate (SPEC §6.12)."""

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from billing.reports import figures
from office import money, printing
from office.printing import Form, in_language
from office.tables import TableFacts, table_sheet

TITLES = {
    # Translators: 收費情況表
    "collection": gettext_lazy("Collection report"),
    # Translators: 帳齡
    "ageing": gettext_lazy("Ageing of arrears"),
    "income": gettext_lazy("Income by item"),
}
TITLES_ZH = {"collection": "收費情況表", "ageing": "欠費帳齡表", "income": "分項收入表"}


def _show(amount):
    return money.show(amount, sign=False)


def _columns(sheet):
    amount = "medium right"
    if sheet == "collection":
        return [
            (pgettext("of a table", "Of"), ""), (_("Charged"), amount), (_("Collected"), amount), (_("Waived"), amount),
            (_("Still open"), amount), (pgettext("collected of charged", "Rate"), "narrow right"),
        ]  # fmt: skip
    if sheet == "ageing":
        ages = [_("not yet due"), *(str(words) for _key, words, _first, _last in figures.AGES)]
        return [
            (pgettext("of a table", "Of"), ""),
            *((words, amount) for words in ages),
            (_("Total"), amount),
        ]
    # Translators: 代收代辦
    return [(_("Item"), ""), (_("Income"), amount), (_("Collected for others"), amount)]


def _draw(sheet):
    @in_language
    def drawn(facts, *, letterhead, language, size):
        return table_sheet(
            facts,
            title=str(TITLES[sheet]),
            title_zh=TITLES_ZH[sheet],
            filename=f"{sheet}.pdf",
            labels=[[_("Months"), _("As of")], [_("Currency"), ""]],
            head=_columns(sheet),
            signs=[_("Finance"), _("Director")],
            letterhead=letterhead,
            language=language,
            size=size,
            landscape=sheet != "income",
        )

    return drawn


DRAW = {sheet: _draw(sheet) for sheet in TITLES}


def _collected(words, row):
    return [words, _show(row.charged), _show(row.collected), _show(row.waived), _show(row.open), "–" if row.rate is None else f"{row.rate} %"]  # fmt: skip


def _aged(words, group):
    parts = [group.get(age, figures.NOTHING) for age in figures.AGE_KEYS]
    return [words, *map(_show, parts), _show(sum(parts, figures.NOTHING))]


def _rows(sheet, board):
    if sheet == "collection":
        return [
            *(_collected(f"{month:%Y-%m}", row) for month, row in sorted(board.months.items())),
            *(_collected(board.item_names.get(code, ""), row) for code, row in board.items.items()),
            *(_collected(board.building_names.get(pk) or _("no building"), row) for pk, row in board.buildings.items()),
            _collected(_("Total"), board.whole),
        ]  # fmt: skip
    if sheet == "ageing":
        return [
            *(_aged(board.item_names.get(code, ""), group) for code, group in board.ages_by_item.items()),
            *(_aged(board.building_names.get(pk) or _("no building"), group) for pk, group in board.ages_by_building.items()),
            _aged(_("Total"), board.ages),
        ]  # fmt: skip
    codes = [code for code in reversed(board.item_names) if code in board.income or code in board.agency]
    sums = [sum(group.values(), figures.NOTHING) for group in (board.income, board.agency)]
    return [
        *(
            [board.item_names[code], *(_show(group[code]) if code in group else "" for group in (board.income, board.agency))]
            for code in codes
        ),
        [_("Total"), *map(_show, sums)],
    ]  # fmt: skip


def of_board(sheet, board, *, estate):
    """The report of a Board, in the estate's language."""
    language = estate.language
    with translation.override(language):
        facts = TableFacts(
            facts=[f"{board.first:%Y-%m} – {board.last:%Y-%m}", f"{board.today:%Y-%m-%d}", estate.currency],
            rows=_rows(sheet, board),
        )
    letterhead = printing.letterhead(estate, language)
    return DRAW[sheet](facts, letterhead=letterhead, language=language, size="A4")


SAMPLES = {
    "collection": [
        ["2026-02", "128,400.00", "121,850.00", "300.00", "6,250.00", "94.9 %"],
        ["2026-03", "128,940.00", "98,210.00", "0.00", "30,730.00", "76.2 %"],
    ],
    "ageing": [["3", "30,730.00", "4,120.00", "2,300.00", "0.00", "860.00", "0.00", "38,010.00"]],
    "income": [["2026-03", "128,940.00", "21,430.50"]],
}


def _form(sheet):
    def blank(*, letterhead, language, size):
        return DRAW[sheet](
            TableFacts(blank=10 if sheet != "income" else 20),
            letterhead=letterhead,
            language=language,
            size=size,
        )

    def sample(*, letterhead, language, size):
        facts = TableFacts(facts=["2026-02 – 2026-03", "2026-03-31", "CNY"], rows=SAMPLES[sheet])
        return DRAW[sheet](facts, letterhead=letterhead, language=language, size=size)

    return Form(f"fees_{sheet}", TITLES[sheet], blank, sample)


for _sheet in TITLES:
    printing.register(_form(_sheet))
