"""收據: one template for A4, A5 and the 80 mm slip; the amount in words, a copy marked as one (SPEC §6.4, §13)."""

from dataclasses import dataclass, field
from decimal import Decimal

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from billing.models import Entry
from billing.reports import receipts as reports
from billing.reports.counter import language_of
from billing.rules.words import in_words
from office import money, printing
from office.printing import Form, Printout, in_language

SIZES = ("A5", "A4", "80mm")
BLANK_LINES = {"A4": 12, "A5": 6, "80mm": 4}


@dataclass
class ReceiptFacts:
    """What stands on a receipt; empty for one to be filled in by hand."""

    number: str = ""
    day: str = ""
    unit: str = ""
    payer: str = ""
    cashier: str = ""
    lines: list = field(default_factory=list)  # (unit, item, period, amount)
    total: Decimal | None = None
    currency: str = "CNY"
    methods: list = field(default_factory=list)  # (words, amount)
    given: Decimal | None = None
    change: Decimal | None = None
    copy: int = 0  # how many times it has been printed before
    state: str = ""  # words for a receipt that is not in force


@in_language
def draw_receipt(facts, *, letterhead, language, size):
    def said(amount):
        return money.show(amount, facts.currency) if amount is not None else ""

    narrow = size == "80mm"
    head = [
        (_("Item"), ""),
        (_("Period"), "wide" if size == "A4" else "medium"),
        (_("Amount"), "medium right"),
    ]
    rows: list[tuple] = [
        (item, period, money.show(amount, sign=False)) for _unit, item, period, amount in facts.lines
    ]
    units = {line[0] for line in facts.lines if line[0]}
    if len(units) > 1:  # a flat and its parking space on one receipt
        head.insert(0, (_("Unit"), "medium" if not narrow else ""))
        rows = [(unit, *row) for (unit, *_rest), row in zip(facts.lines, rows, strict=True)]
    # Translators: 補印 (第幾次)
    copy = _("reprint %(count)s") % {"count": facts.copy} if facts.copy else ""
    paid = "  ".join(f"{method} {said(amount)}" for method, amount in facts.methods)
    cash = [(_("Cash handed over"), said(facts.given)), (pgettext("money", "Change"), said(facts.change))]
    return Printout(
        template="billing/print/receipt.html",
        # Translators: 收據
        title=_("Receipt"),
        filename=f"{facts.number or 'receipt'}.pdf",
        size=size,
        language=language,
        context={
            "letterhead": letterhead,
            "title_zh": "收據",
            "number": facts.number,
            "reprint": copy,
            "state": facts.state,
            # Translators: 付款人
            "facts": [
                [(_("Payer"), facts.payer), (_("Date"), facts.day)],
                [(_("Unit"), facts.unit), (_("Cashier"), facts.cashier)],
            ],
            "head": head,
            "rows": rows,
            "blank": range(max(0, BLANK_LINES[size] - len(rows)) if not facts.number else 0),
            "total": [_("Total"), *[""] * (len(head) - 2), said(facts.total)],
            "after": [
                # Translators: 大寫金額
                [(_("In words"), in_words(facts.total, language, facts.currency) if facts.total else "")],
                [(_("Paid by"), paid)],
                *([cash] if facts.given is not None else []),
            ],
            "narrow": narrow,
            "signs": [] if narrow else [(_("Cashier"), ""), (_("Office's seal"), "")],
        },
    )


def receipt(row, *, copy, size, verbs=()):
    """A receipt in the language of its payer; `copy` says how many times it has left the printer."""
    language = language_of(row, row.estate.language)
    with translation.override(language):
        cashier = row.cashier.name_en if language == "en" and row.cashier.name_en else row.cashier.name
        state = reports.state_of(verbs)
        facts = ReceiptFacts(
            number=row.number,
            day=f"{row.day:%Y-%m-%d}",
            unit=row.unit.code if row.unit_id else "",
            payer=row.payer,
            cashier=cashier,
            lines=[
                (line.unit, f"{line.item} {line.text}".strip(), line.period, line.amount)
                for line in reports.lines(row, language)
            ],
            total=row.total,
            currency=row.estate.currency,
            methods=[(words, amount) for _name, words, amount in reports.methods(row)],
            given=Decimal(row.facts["given"]) if row.facts.get("given") else None,
            change=Decimal(row.facts["change"]) if row.facts.get("given") else None,
            copy=copy,
            state=str(state[1]) if state[0] in ("voided", "cancelled") else "",
        )
    return draw_receipt(
        facts, letterhead=printing.letterhead(row.estate, language), language=language, size=size
    )


def _blank(*, letterhead, language, size):
    return draw_receipt(ReceiptFacts(), letterhead=letterhead, language=language, size=size)


def _sample(*, letterhead, language, size):
    def say(hant, hans, english):
        return {"en": english, "zh-hans": hans}.get(language, hant)

    fee = say("物業管理費", "物业管理费", "Management fee")
    lines = [
        ("3-2-1201", fee, "2026-01", Decimal("238.56")),
        ("3-2-1201", fee, "2026-02", Decimal("238.56")),
        ("3-2-1201", say("水費 32 m³", "水费 32 m³", "Water 32 m³"), "2026-02", Decimal("96.00")),
        (
            "B1-088",
            say("車位管理費", "车位管理费", "Parking fee"),
            "2026-02-13 – 2026-02-28",
            Decimal("171.43"),
        ),
    ]
    with translation.override(language):
        methods = [
            (str(Entry.Method.CASH.label), Decimal("500.00")),
            (str(Entry.Method.QR.label), Decimal("244.55")),
        ]
    facts = ReceiptFacts(
        number="S2026-000128", day="2026-03-12", unit="3-2-1201",
        payer=say("張小明", "张小明", "Cheung Siu Ming"), cashier=say("何嘉欣", "何嘉欣", "Kary Ho"),
        lines=lines, total=Decimal("744.55"), methods=methods, given=Decimal("520.00"), change=Decimal("20.00"), copy=1,
    )  # fmt: skip
    return draw_receipt(facts, letterhead=letterhead, language=language, size=size)


# Translators: 收據
printing.register(Form("receipt", gettext_lazy("Receipt"), _blank, _sample, sizes=SIZES))
