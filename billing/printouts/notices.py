"""繳費通知單 and 對帳單 of an account: what is to be paid until when, and what was booked (SPEC §6.9)."""

from dataclasses import dataclass, field
from decimal import Decimal

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models import Account
from billing.reports import counter, receipts, statement
from billing.rules.words import in_words
from office import clocks, money, printing
from office.printing import Form, Printout, in_language

NOTICE, STATEMENT = "notice", "statement"
TITLES = {
    # Translators: 繳費通知單
    NOTICE: gettext_lazy("Payment notice"),
    # Translators: 對帳單
    STATEMENT: gettext_lazy("Statement of account"),
}
TITLES_ZH = {NOTICE: "繳費通知單", STATEMENT: "對帳單"}
SHARD = 25


@dataclass
class NoticeFacts:
    """What stands on the sheet; empty for one to be filled in by hand."""

    unit: str = ""
    payer: str = ""
    day: str = ""
    until: str = ""  # the last day it is due on
    rows: list = field(default_factory=list)
    owed: Decimal | None = None
    prepaid: Decimal | None = None
    currency: str = "CNY"
    blank: int = 0


def _head(kind):
    amount = "medium right"
    if kind == NOTICE:
        return [(_("Item"), ""), (_("Period"), "medium"), (_("Due on"), "medium"), (_("Amount"), amount)]
    return [
        (_("Date"), "medium"),
        (_("What"), ""),
        (_("Charged"), amount),
        (_("Settled"), amount),
        (_("Balance"), amount),
    ]


def _draw(kind):
    @in_language
    def drawn(facts, *, letterhead, language, size):
        def said(amount):
            return money.show(amount, facts.currency) if amount is not None else ""

        head = _head(kind)
        after = [
            # Translators: 大寫金額
            [(_("In words"), in_words(facts.owed, language, facts.currency) if facts.owed else "")],
            # Translators: 預存款
            [(_("Prepaid"), said(facts.prepaid)), (_("Please pay until"), facts.until)],
        ]
        return Printout(
            template="billing/print/notice.html",
            title=str(TITLES[kind]),
            filename=f"{kind}-{facts.unit or 'blank'}.pdf",
            size=size,
            language=language,
            context={
                "letterhead": letterhead,
                "title_zh": TITLES_ZH[kind],
                # Translators: 付款人
                "facts": [[(_("Payer"), facts.payer), (_("Unit"), facts.unit)], [(_("Date"), facts.day), (_("Currency"), facts.currency)]],
                "head": head,
                "rows": facts.rows,
                "blank": range(facts.blank),
                "total": [_("To be paid"), *[""] * (len(head) - 2), said(facts.owed)],
                "after": after,
                "signs": [(_("Office's seal"), "")],
            },
        )  # fmt: skip

    return drawn


DRAW = {kind: _draw(kind) for kind in TITLES}


def _due_rows(dues, language):
    return [
        (
            f"{due.item.name_in(language)} {due.text}".strip(),
            receipts.period_of({"period": due.month, "from": f"{due.from_on}", "until": f"{due.until_on}"}) or due.month,
            f"{due.due_on:%Y-%m-%d}",
            money.show(due.amount, sign=False),
        )
        for due in dues
    ]  # fmt: skip


def _entry_rows(account, items):
    lines, _more = statement.lines(account, items)
    return [
        (line.day, line.what, *(money.show(part, sign=False) if part is not None else "" for part in (line.debit, line.credit, line.balance)))
        for line in reversed(lines)
    ]  # fmt: skip


def _sheet(kind, account, dues, items, now):
    language = account.person.language or account.estate.language
    with translation.override(language):
        english = language == "en" and account.person.name_en
        facts = NoticeFacts(
            unit=account.unit.code,
            payer=account.person.name_en if english else account.person.name,
            day=f"{clocks.local_date(now, account.estate.zone):%Y-%m-%d}",
            until=max((f"{due.due_on:%Y-%m-%d}" for due in dues), default=""),
            rows=_due_rows(dues, language) if kind == NOTICE else _entry_rows(account, items),
            owed=account.owed,
            prepaid=account.prepaid,
            currency=account.estate.currency,
        )
    letterhead = printing.letterhead(account.estate, language)
    return DRAW[kind](facts, letterhead=letterhead, language=language, size="A4")


def of_accounts(kind, ids, estate, now):
    """The sheets of these accounts, in the order of their units; a few statements for each shard."""
    items = counter.items_of(estate)
    today = clocks.local_date(now, estate.zone)
    rows = Account.objects.filter(estate=estate).select_related("unit", "person", "estate")
    for start in range(0, len(ids), SHARD):
        part = ids[start : start + SHARD]
        found = rows.in_bulk(part)
        dues: dict = {pk: [] for pk in part}
        for due in counter.open_dues(part, items, today):
            dues[due.account_id].append(due)
        yield from (_sheet(kind, found[pk], dues[pk], items, now) for pk in part if pk in found)


def _form(kind):
    def blank(*, letterhead, language, size):
        return DRAW[kind](NoticeFacts(blank=12), letterhead=letterhead, language=language, size=size)

    def sample(*, letterhead, language, size):
        fee = {"en": "Management fee", "zh-hans": "物业管理费"}.get(language, "物業管理費")
        notice = [(fee, f"2026-0{month}", f"2026-0{month}-28", "238.56") for month in (1, 2)]
        booked = [
            ("2026-01-01", f"{fee} 2026-01", "238.56", "", "238.56"),
            ("2026-02-01", f"{fee} 2026-02", "238.56", "", "477.12"),
        ]
        facts = NoticeFacts(
            unit="3-2-1201", payer="Cheung Siu Ming" if language == "en" else "張小明", day="2026-02-10", until="2026-02-28",
            rows=notice if kind == NOTICE else booked, owed=Decimal("477.12"), prepaid=Decimal("0.00"),
        )  # fmt: skip
        return DRAW[kind](facts, letterhead=letterhead, language=language, size=size)

    return Form(f"fees_{kind}", TITLES[kind], blank, sample)


for _kind in TITLES:
    printing.register(_form(_kind))
