"""日結單, 月結單, 收款日記帳 (SPEC §6.6, §13)."""

from dataclasses import dataclass, field
from decimal import Decimal

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models import Entry, Voucher
from office import clocks, money, printing
from office.printing import Form, Printout, in_language

MONEY = "narrow right"


@dataclass
class CloseFacts:
    """A closed day as printed: every text ready, amounts included."""

    day: str = ""
    cashier: str = ""
    closed: str = ""
    receipts: str = ""
    sums: list = field(default_factory=list)  # (method, amount, how it was held against slips)
    total: str = ""
    cash: list = field(default_factory=list)  # texts of the five amounts of cash
    notes: str = ""
    reason: str = ""
    lines: list = field(default_factory=list)  # (time, receipt, unit, payer, booking, method, amount)
    blank: int = 0


@in_language
def draw_day_close(facts, *, letterhead, language, size):
    cash = iter(facts.cash)
    return Printout(
        template="billing/print/day_close.html",
        # Translators: 日結單
        title=_("Day close"),
        filename=f"day-close-{facts.day or 'blank'}.pdf",
        size=size,
        language=language,
        context={
            "letterhead": letterhead,
            "title_zh": "日結單",
            "facts": [
                [(_("Day"), facts.day), (_("Cashier"), facts.cashier)],
                [(_("Closed at"), facts.closed), (_("Receipts"), facts.receipts)],
            ],
            "sums_head": [
                (_("Method"), ""),
                (_("Held against slips"), "medium"),
                (_("Amount"), "medium right"),
            ],
            "sums": facts.sums,
            "sums_blank": range(4 if facts.blank else 0),
            "total": [_("Total"), "", facts.total],
            "cash": [
                [(_("Cash by the ledger"), next(cash, "")), (_("Float in the drawer"), next(cash, ""))],
                [(_("Should be in the drawer"), next(cash, "")), (_("Cash counted"), next(cash, ""))],
                [(_("Difference"), next(cash, "")), (_("Notes and coins"), facts.notes)],
                [(_("Explanation"), facts.reason)],
            ],
            "head": [
                (_("Time"), "narrow"),
                # Translators: 收據
                (_("Receipt"), "medium"),
                (_("Unit"), "narrow"),
                (_("Payer"), ""),
                (_("Booking"), "narrow"),
                (_("Method"), "narrow"),
                (_("Amount"), MONEY),
            ],
            "lines": facts.lines,
            "blank": range(facts.blank),
            "signs": [(_("Cashier"), ""), (_("Checked by"), ""), (_("Finance"), "")],
        },
    )


def day_close(row, lines):
    """The sheet of a closed day; `lines` as reports.closing.lines gives them."""
    estate = row.estate
    zone, language, show = (
        estate.zone,
        estate.language,
        lambda amount: money.show(Decimal(amount), sign=False),
    )
    with translation.override(language):
        methods, kinds = dict(Entry.Method.choices), dict(Voucher.Kind.choices)
        facts = CloseFacts(
            day=f"{row.day:%Y-%m-%d}",
            cashier=row.cashier.name,
            closed=clocks.moment_text(row.at, zone)
            + ("" if row.by_id == row.cashier_id else f"　{row.by.name}"),
            receipts=str(row.receipts),
            sums=[
                (
                    str(methods[method]),
                    _("Cash counted")
                    if method == Entry.Method.CASH
                    else _("agrees")
                    if method in row.confirmed
                    else "",
                    show(amount),
                )
                for method, amount in row.sums.items()
            ],
            total=money.show(row.total, estate.currency),
            cash=[
                show(a) for a in (row.cash, row.opening, row.cash + row.opening, row.counted, row.difference)
            ],
            notes="　".join(f"{number} × {note}" for note, number in row.notes.items()),
            reason=row.reason,
            lines=[
                (
                    f"{line['at'].astimezone(zone):%H:%M}",
                    line["number"] or "",
                    line["unit"] or "",
                    line["payer"] or line["reason"],
                    str(kinds[line["kind"]]),
                    str(methods[line["method"]]),
                    show(line["amount"]),
                )
                for line in lines
            ],
        )
    return draw_day_close(
        facts, letterhead=printing.letterhead(estate, language), language=language, size="A4"
    )


@dataclass
class PeriodFacts:
    through: str = ""
    closed: str = ""
    by: str = ""
    note: str = ""
    heads: list = field(default_factory=list)  # (head, debit, credit)
    total: list = field(default_factory=list)
    blank: int = 0


@in_language
def draw_period_close(facts, *, letterhead, language, size):
    return Printout(
        template="billing/print/period_close.html",
        # Translators: 月結單
        title=_("Close of the books"),
        filename=f"books-{facts.through or 'blank'}.pdf",
        size=size,
        language=language,
        context={
            "letterhead": letterhead,
            "title_zh": "月結單",
            "facts": [
                [(_("Up to and including"), facts.through), (_("Closed at"), facts.closed)],
                [(_("Closed by"), facts.by), (_("Note"), facts.note)],
            ],
            # Translators: 科目, 借方, 貸方
            "head": [(_("Account head"), ""), (_("Debit"), "medium right"), (_("Credit"), "medium right")],
            "heads": facts.heads,
            "blank": range(facts.blank),
            "total": facts.total,
            "signs": [(_("Drawn up by"), ""), (_("Checked by"), ""), (_("Director"), "")],
        },
    )


def period_close(row):
    """The sheet of closed books: the trial balance as it was when they were closed."""
    estate = row.estate
    with translation.override(estate.language):
        words = dict(Entry.Head.choices)
        amounts = {head: Decimal(amount) for head, amount in row.heads.items()}
        debit = sum((amount for amount in amounts.values() if amount > 0), Decimal(0))
        credit = sum((-amount for amount in amounts.values() if amount < 0), Decimal(0))
        facts = PeriodFacts(
            through=f"{row.through:%Y-%m-%d}",
            closed=clocks.moment_text(row.at, estate.zone),
            by=row.by.name,
            note=row.note,
            heads=[
                (str(words[head]), money.show(amounts[head]) if amounts[head] > 0 else "", money.show(-amounts[head]) if amounts[head] < 0 else "")
                for head in words
                if amounts.get(head)
            ],
            total=[_("Total"), money.show(debit, estate.currency), money.show(credit, estate.currency)],
        )  # fmt: skip
    return draw_period_close(
        facts, letterhead=printing.letterhead(estate, estate.language), language=estate.language, size="A4"
    )


@dataclass
class BookFacts:
    between: str = ""
    rows: list = field(default_factory=list)
    total: list = field(default_factory=list)
    blank: int = 0


@in_language
def draw_cash_book(facts, *, letterhead, language, size):
    return Printout(
        template="billing/print/cash_book.html",
        # Translators: 收款日記帳
        title=_("Cashier's book"),
        filename="cash-book.pdf",
        size=size,
        language=language,
        context={
            "letterhead": letterhead,
            "title_zh": "收款日記帳",
            "facts": [[(_("Days"), facts.between)]],
            "head": [
                (_("Day"), "date"),
                (_("Cashier"), ""),
                (_("Method"), ""),
                (_("Lines"), MONEY),
                (_("Amount"), "medium right"),
            ],
            "rows": facts.rows,
            "blank": range(facts.blank),
            "total": facts.total,
            "signs": [(_("Cashier"), ""), (_("Finance"), "")],
        },
    )


def cash_book(rows, *, estate, first, last):
    """`rows` as reports.closing.book gives them."""
    with translation.override(estate.language):
        words = dict(Entry.Method.choices)
        facts = BookFacts(
            between=f"{first:%Y-%m-%d} – {last:%Y-%m-%d}",
            rows=[
                (f"{day:%Y-%m-%d}", name, str(words[method]), f"{count:,}", money.show(amount))
                for day, _pk, name, method, amount, count in rows
            ],
            total=[
                _("Total"), "", "", f"{sum(row[5] for row in rows):,}",
                money.show(sum((row[4] for row in rows), Decimal(0)), estate.currency),
            ],
        )  # fmt: skip
    return draw_cash_book(
        facts, letterhead=printing.letterhead(estate, estate.language), language=estate.language, size="A4"
    )


# --- samples -----------------------------------------------------------------------------------------------------


def _words():
    return dict(Entry.Method.choices), dict(Voucher.Kind.choices)


def _sample_close(*, letterhead, language, size):
    methods, kinds = _words()
    who = {"en": "Cheung Siu Ming", "zh-hans": "张小明"}.get(language, "張小明")
    paid = str(kinds["payment"])
    facts = CloseFacts(
        day="2026-03-12",
        cashier={"en": "Ho Wing Yan", "zh-hans": "何颖欣"}.get(language, "何穎欣"),
        closed="2026-03-12 17:28",
        receipts="3",
        sums=[
            (str(methods["cash"]), _("Cash counted"), "716.50"),
            (str(methods["qr"]), _("agrees"), "238.60"),
            (str(methods["card"]), _("agrees"), "1,200.00"),
        ],
        total="¥2,155.10",
        cash=["716.50", "500.00", "1,216.50", "1,216.00", "−0.50"],
        notes="12 × 100　1 × 10　1 × 5　1 × 1",
        reason={"en": "Coins short in change given.", "zh-hans": "找零差五角。"}.get(
            language, "找零差五角。"
        ),
        lines=[
            ("09:12", "S2026-000481", "3-2-1201", who, paid, str(methods["cash"]), "716.50"),
            ("10:40", "S2026-000482", "3-1-0802", who, paid, str(methods["qr"]), "238.60"),
            ("15:05", "S2026-000483", "5-1-1503", who, paid, str(methods["card"]), "1,200.00"),
        ],
    )
    return draw_day_close(facts, letterhead=letterhead, language=language, size=size)


def _sample_period(*, letterhead, language, size):
    words = dict(Entry.Head.choices)
    facts = PeriodFacts(
        through="2026-02-28",
        closed="2026-03-03 10:15",
        by={"en": "Lau Chi Keung", "zh-hans": "刘志强"}.get(language, "劉志強"),
        heads=[
            (str(words["receivable"]), "48,212.30", ""),
            (str(words["money"]), "1,204,881.10", ""),
            (str(words["prepaid"]), "", "36,500.00"),
            (str(words["income"]), "", "1,216,593.40"),
        ],
        total=[_("Total"), "¥1,253,093.40", "¥1,253,093.40"],
    )
    return draw_period_close(facts, letterhead=letterhead, language=language, size=size)


def _sample_book(*, letterhead, language, size):
    methods, _kinds = _words()
    who = {"en": "Ho Wing Yan", "zh-hans": "何颖欣"}.get(language, "何穎欣")
    facts = BookFacts(
        between="2026-03-01 – 2026-03-31",
        rows=[
            ("2026-03-02", who, str(methods["cash"]), "14", "8,216.50"),
            ("2026-03-02", who, str(methods["qr"]), "22", "13,038.60"),
            ("2026-03-03", who, str(methods["cash"]), "9", "4,100.00"),
        ],
        total=[_("Total"), "", "", "45", "¥25,355.10"],
    )
    return draw_cash_book(facts, letterhead=letterhead, language=language, size=size)


def _in_words(draw):
    """Samples say their words in the sheet's language."""

    def drawn(*, language, **values):
        with translation.override(language):
            return draw(language=language, **values)

    return drawn


def _blank(draw, facts):
    return lambda **values: draw(facts, **values)


def _register():
    for name, title, draw, facts, sample in (
        ("day_close", gettext_lazy("Day close"), draw_day_close, CloseFacts(blank=12), _sample_close),
        ("period_close", gettext_lazy("Close of the books"), draw_period_close, PeriodFacts(blank=9), _sample_period),
        ("cash_book", gettext_lazy("Cashier's book"), draw_cash_book, BookFacts(blank=20), _sample_book),
    ):  # fmt: skip
        printing.register(Form(name, title, _blank(draw, facts), _in_words(sample)))


_register()
