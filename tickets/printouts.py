"""The paper of repairs (SPEC §4, §13): work order, the two repair registers, the day's work, the callback sheet.

Every sheet is drawn from plain texts (`…Facts`), so blank, sample and real ones are the same code. Texts are made
in the language of the sheet: the resident's where known, else the estate's (SPEC §1).
"""

from dataclasses import dataclass, field
from datetime import timedelta
from functools import wraps

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from office import money, printing
from office.printing import Form, Printout
from tickets import reports
from tickets.models import CallbackTry, Ticket

BLANK_PARTS = {"A4": 6, "A5": 4}
BLANK_RESULT = {"A4": 3, "A5": 2}


def sheet_language(ticket):
    return ticket.reporter_language or ticket.estate.language


def _in_language(draw):
    """The sheet's words are made in the sheet's language, whatever the person at the desk reads."""

    @wraps(draw)
    def drawn(facts, *, letterhead, language, **values):
        with translation.override(language):
            return draw(facts, letterhead=letterhead, language=language, **values)

    return drawn


def _window(start, end, zone):
    if not start:
        return ""
    start, end = start.astimezone(zone), end.astimezone(zone)
    return f"{start:%Y-%m-%d %H:%M}–{end:%H:%M}"


def _stamp(moment, zone):
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}" if moment else ""


def _ticks(choices, chosen):
    return [(str(label), value == chosen) for value, label in choices]


# --- 維修工作單 --------------------------------------------------------------------------------------------


@dataclass
class WorkOrderFacts:
    """What stands on a work order; empty for one to be filled in by hand."""

    number: str = ""
    url: str = ""
    reprint: bool = False
    place: str = ""
    reporter: str = ""
    phone: str = ""
    reported_at: str = ""
    channel: str = ""
    category: str = ""
    urgent: bool = False
    window: str = ""
    technician: str = ""
    taken_by: str = ""
    cost: str = ""
    problem: str = ""
    history: list = field(default_factory=list)  # (date, number, result)
    parts: list = field(default_factory=list)  # (description, quantity, price, amount)
    quoted: str = ""
    agreed: str = ""
    arrived_at: str = ""
    ended_at: str = ""
    result: str = ""
    leak: bool | None = None  # None: unknown, the line is printed for it
    tested_at: str = ""
    test_passed: bool | None = None
    signed_by: str = ""
    copies: int = 2
    blank: bool = False


@_in_language
def _work_order(facts, *, letterhead, language, size):
    captions = (_("resident's copy"), _("office's copy"), _("repair department's copy"))
    place = facts.place + (f"　【{_('urgent')}】" if facts.urgent else "")
    return Printout(
        template="tickets/print/work_order.html",
        # Translators: 維修工作單
        title=_("Work order"),
        filename=f"{facts.number or 'work-order'}.pdf",
        size=size,
        language=language,
        copies=captions[: facts.copies] if facts.copies > 1 else (),
        context={
            "letterhead": letterhead,
            "title_zh": "維修工作單",
            "number": facts.number,
            "qr": printing.qr(facts.url) if facts.url else "",
            "reprint": _("printed again") if facts.reprint else "",
            "facts": [
                [(_("Place"), place), (_("Category"), facts.category)],
                [(_("Reported by"), facts.reporter), (_("Telephone"), facts.phone)],
                [(_("Reported at"), facts.reported_at), (_("Agreed window"), facts.window)],
                [(_("Taken by"), facts.taken_by), (_("Technician"), facts.technician)],
                [(_("Arrived at"), facts.arrived_at), (_("Work ended at"), facts.ended_at)],
            ],
            "problem": facts.problem,
            "problem_lines": range(2) if facts.blank else (),
            "history_head": [(_("Date"), "medium"), (_("Number"), "wide"), (_("Result"), "")],
            "history": facts.history,
            "parts_head": [
                (_("Description"), ""),
                (_("Quantity"), "narrow right"),
                (_("Price"), "medium right"),
                (_("Amount"), "medium right"),
            ],
            "parts": facts.parts,
            "parts_blank": range(max(0, BLANK_PARTS[size] - len(facts.parts)) if not facts.ended_at else 0),
            "money": [[(_("Cost"), facts.cost), (_("Agreed amount"), facts.agreed or facts.quoted)]],
            "result": facts.result,
            "result_lines": range(BLANK_RESULT[size]),
            "leak": facts.leak is not False,
            "test_at": facts.tested_at,
            "test_ticks": [
                (_("passed"), facts.test_passed is True),
                (_("failed"), facts.test_passed is False),
            ],
            "signs": [
                (_("Technician"), ""),
                (f"{_('Resident')} {facts.signed_by}".strip(), ""),
                (_("Front desk"), ""),
            ],
        },
    )


def work_order(order, *, size=None, history=None):
    """維修工作單 of one errand, filled as far as the facts are known. `history` saves a query in batches."""
    ticket, estate, zone = order.ticket, order.ticket.estate, order.ticket.estate.zone
    language = sheet_language(ticket)
    if history is None:
        history = reports.fault_history(ticket, limit=3)
    lines = list(order.lines.all())
    tests = [test for test in ticket.water_tests.all() if order.ended_at and test.tested_at >= order.ended_at]
    with translation.override(language):
        facts = WorkOrderFacts(
            number=order.number,
            url=public_url(reverse("tickets:work_order", args=[order.pk])),
            reprint=order.prints > 0,
            place=place_of(ticket),
            reporter=ticket.reporter_name,
            phone=ticket.reporter_phone,
            reported_at=f"{_stamp(ticket.opened_at, zone)}　{ticket.get_channel_display()}",
            category=ticket.category.name_in(language),
            urgent=ticket.urgent,
            window=_window(
                order.window_from or ticket.window_from, order.window_to or ticket.window_to, zone
            ),
            technician=order.technician.name if order.technician else "",
            taken_by=ticket.owner.name if ticket.owner else "",
            cost=ticket.get_cost_display() if ticket.cost != Ticket.Cost.UNDECIDED else "",
            problem=ticket.problem,
            history=[
                (
                    f"{old.opened_at.astimezone(zone):%Y-%m-%d}",
                    old.number,
                    (old.result or old.get_state_display())[:80],
                )
                for old in history
            ],
            parts=[part_row(line, estate.currency) for line in lines],
            quoted=_amount(ticket.quoted_amount, estate.currency),
            agreed=_amount(ticket.agreed_amount, estate.currency),
            arrived_at=_stamp(order.arrived_at, zone),
            ended_at=_stamp(order.ended_at, zone),
            result=order.result,
            leak=ticket.is_leak,
            tested_at=_stamp(tests[-1].tested_at, zone) if tests else "",
            test_passed=tests[-1].passed if tests else None,
            signed_by=order.signed_by,
            copies=estate.copies,
        )
    letterhead = printing.letterhead(estate, language)
    return _work_order(facts, letterhead=letterhead, language=language, size=size or estate.paper)


def work_orders(orders, *, size=None):
    """The sheets of a crew's day in the order given, with three queries for all of them."""
    histories = reports.fault_histories([order.ticket for order in orders], limit=3)
    return [work_order(order, size=size, history=histories.get(order.ticket_id, [])) for order in orders]


def place_of(ticket):
    """Where to go: unit, public facility and place, whichever are known."""
    parts = [
        ticket.unit.code if ticket.unit_id else "",
        ticket.asset.name_in(None) if ticket.asset_id else "",
        ticket.place,
    ]
    return "　".join(dict.fromkeys(part for part in parts if part))


def part_row(line, currency):
    price = money.show(line.price, currency) if line.price else ""
    amount = money.show(money.round_half_up(line.price * line.quantity), currency) if line.price else ""
    return (line.text, f"{line.quantity.normalize():f}", price, amount)


def _amount(value, currency):
    return money.show(value, currency) if value is not None else ""


def public_url(path):
    return settings.PUBLIC_URL.rstrip("/") + path


# --- 業主報修登記表, 業主報修有償服務登記表 ------------------------------------------------------------------


@dataclass
class RegisterFacts:
    number: str = ""
    paid: bool = False
    place: str = ""
    reporter: str = ""
    phone: str = ""
    reported_at: str = ""
    channel: str = ""
    category: str = ""
    window: str = ""
    warranty: str = ""
    contractor: str = ""
    taken_by: str = ""
    problem: str = ""
    quote: list = field(default_factory=list)  # (description, quantity, price, amount)
    quote_total: str = ""
    agreed: str = ""
    consent: str = ""
    technician: str = ""
    arrived_at: str = ""
    ended_at: str = ""
    result: str = ""
    tested: str = ""
    callbacks: list = field(default_factory=list)  # (at, by, outcome, words)
    blank: bool = False


@_in_language
def _register(facts, *, letterhead, language, size):
    if facts.paid:
        # Translators: 業主報修有償服務登記表
        title, title_zh = _("Register of paid repair services"), "業主報修有償服務登記表"
    else:
        # Translators: 業主報修登記表
        title, title_zh = _("Register of owners' repairs"), "業主報修登記表"
    return Printout(
        template="tickets/print/register.html",
        title=title,
        filename=f"{facts.number or 'repair-register'}.pdf",
        size=size,
        language=language,
        context={
            "letterhead": letterhead,
            "title_zh": title_zh,
            "number": facts.number,
            "paid": facts.paid,
            "facts": [
                [(_("Place"), facts.place), (_("Category"), facts.category)],
                [(_("Reported by"), facts.reporter), (_("Telephone"), facts.phone)],
                [(_("Reported at"), facts.reported_at), (_("Channel"), facts.channel)],
                [(_("Convenient time"), facts.window), (_("Taken by"), facts.taken_by)],
                [(_("Warranty until"), facts.warranty), (_("Developer or contractor"), facts.contractor)],
            ],
            "problem": facts.problem,
            "problem_lines": range(1 if facts.paid else 2) if facts.blank else (),
            "quote_head": [
                (_("Description"), ""),
                (_("Quantity"), "narrow right"),
                (_("Price"), "medium right"),
                (_("Amount"), "medium right"),
            ],
            "quote": facts.quote,
            "quote_blank": range(max(0, 3 - len(facts.quote))),
            "quote_total": [_("Total"), "", "", facts.quote_total],
            "consent": [[(_("Agreed amount"), facts.agreed), (_("Consent"), facts.consent)]],
            "handling": [
                [(_("Technician"), facts.technician), (_("Arrived at"), facts.arrived_at)],
                [(_("Work ended at"), facts.ended_at), (_("Water test"), facts.tested)],
                [(_("Result"), facts.result, "tall") if not facts.paid else (_("Result"), facts.result)],
            ],
            "callback_head": [
                (_("At"), "medium"),
                (_("By"), "medium"),
                (_("Outcome"), "medium"),
                (_("What was said"), ""),
            ],
            "callbacks": facts.callbacks,
            "callback_blank": range(max(0, 1 - len(facts.callbacks))),
            "signs": [(_("Resident"), ""), (_("Technician"), ""), (_("Front desk"), "")],
        },
    )


def register(ticket, *, size="A4"):
    """The register sheet of one ticket: with quotation and consent where the resident pays (SPEC §4.1)."""
    estate, zone, language = ticket.estate, ticket.estate.zone, sheet_language(ticket)
    order = ticket.work_orders.order_by("-sequence").first()
    with translation.override(language):
        tests = list(ticket.water_tests.all())
        tested = tests[-1] if tests else None
        facts = RegisterFacts(
            number=ticket.number,
            paid=ticket.cost in (Ticket.Cost.PAID, Ticket.Cost.FREE),
            place=place_of(ticket),
            reporter=ticket.reporter_name,
            phone=ticket.reporter_phone,
            reported_at=_stamp(ticket.opened_at, zone),
            channel=ticket.get_channel_display(),
            category=ticket.category.name_in(language),
            window=_window(ticket.window_from, ticket.window_to, zone),
            warranty=f"{ticket.warranty_until:%Y-%m-%d}" if ticket.warranty_until else "",
            contractor=ticket.contractor,
            taken_by=ticket.owner.name if ticket.owner else "",
            problem=ticket.problem,
            quote=[
                (
                    line.text,
                    f"{line.quantity.normalize():f}",
                    money.show(line.price, estate.currency),
                    money.show(line.amount, estate.currency),
                )
                for line in ticket.quote_lines.all()
            ],
            quote_total=_amount(ticket.quoted_amount, estate.currency),
            agreed=_amount(ticket.agreed_amount, estate.currency),
            consent=f"{ticket.consent_by} {_stamp(ticket.consent_at, zone)} {ticket.consent_how}".strip(),
            technician=ticket.technician.name if ticket.technician else "",
            arrived_at=_stamp(order.arrived_at, zone) if order else "",
            ended_at=_stamp(ticket.work_ended_at, zone),
            result=ticket.result,
            tested=f"{_stamp(tested.tested_at, zone)} {_('passed') if tested.passed else _('failed')}"
            if tested
            else "",
            callbacks=[
                (_stamp(row.tried_at, zone), row.by.name, row.get_outcome_display(), row.remark)
                for row in ticket.callbacks.select_related("by")
            ],
        )
    return _register(facts, letterhead=printing.letterhead(estate, language), language=language, size=size)


# --- the day's work 維修派工表, the callback sheet 回訪記錄表 ---------------------------------------------------


@dataclass
class TableFacts:
    facts: list = field(default_factory=list)  # [(label, text), …] of one row
    rows: list = field(default_factory=list)
    blank: int = 0


@_in_language
def _day(table, *, letterhead, language, size):
    return Printout(
        template="tickets/print/table.html",
        # Translators: 維修派工表
        title=_("Work of the day"),
        filename="day.pdf",
        size=size,
        language=language,
        context={
            "letterhead": letterhead,
            "title_zh": "維修派工表",
            "facts": [
                [
                    (_("Date"), table.facts[0] if table.facts else ""),
                    (_("Technician"), table.facts[1] if table.facts else ""),
                ]
            ],
            "head": [
                (_("No."), "narrow center"),
                (_("Window"), "narrow"),
                (_("Place"), "medium"),
                (_("What is wrong"), ""),
                (_("Contact"), "medium"),
                (_("Work order"), "medium nowrap"),
                (_("Done"), "center"),
            ],
            "rows": table.rows,
            "blank": range(table.blank),
            "signs": [(_("Repair lead"), ""), (_("Technician"), "")],
        },
    )


def day(orders, *, estate, date, technician):
    """The cover of a crew's day: its work orders in visit order."""
    zone, language = estate.zone, estate.language
    rows = []
    for n, order in enumerate(orders, 1):
        ticket = order.ticket
        window = _window(order.window_from, order.window_to, zone).split(" ", 1)[-1]
        contact = f"{ticket.reporter_name} {ticket.reporter_phone}".strip()
        rows.append((n, window, place_of(ticket), ticket.problem[:120], contact, order.number, ""))
    table = TableFacts([f"{date:%Y-%m-%d}", technician.name if technician else ""], rows)
    return _day(table, letterhead=printing.letterhead(estate, language), language=language, size="A4")


@_in_language
def _callbacks(table, *, letterhead, language, size):
    outcome = [str(label) for _value, label in CallbackTry.Outcome.choices]
    rows = [(*row, "　".join(f"□{word}" for word in outcome)) if len(row) == 5 else row for row in table.rows]
    return Printout(
        template="tickets/print/table.html",
        # Translators: 回訪記錄表
        title=_("Callback sheet"),
        filename="callbacks.pdf",
        size=size,
        language=language,
        context={
            "letterhead": letterhead,
            "title_zh": "回訪記錄表",
            "facts": [
                [
                    (_("Date"), table.facts[0] if table.facts else ""),
                    (_("Called by"), table.facts[1] if table.facts else ""),
                ]
            ],
            "head": [
                (_("Due"), "narrow"),
                (_("Number"), "medium"),
                (_("Place"), "medium"),
                (_("Contact"), "medium"),
                (_("What was done"), ""),
                (_("Outcome"), "wide"),
            ],
            "rows": rows,
            "blank": range(table.blank),
            "signs": [(_("Front desk"), ""), (_("Supervisor"), "")],
        },
    )


def callbacks(tickets, *, estate, date, by):
    """回訪記錄表: what is owed today, with boxes to tick while telephoning."""
    zone, language = estate.zone, estate.language
    with translation.override(language):
        rows = [
            (
                f"{(ticket.next_due_at - timedelta(seconds=1)).astimezone(zone):%m-%d}"
                if ticket.next_due_at
                else "",
                ticket.number,
                place_of(ticket),
                f"{ticket.reporter_name} {ticket.reporter_phone}".strip(),
                "　".join(
                    filter(
                        None,
                        [(ticket.result or ticket.problem)[:100], getattr(ticket.technician, "name", "")],
                    )
                ),
            )
            for ticket in tickets
        ]
    table = TableFacts([f"{date:%Y-%m-%d}", by.name], rows)
    return _callbacks(table, letterhead=printing.letterhead(estate, language), language=language, size="A4")


# --- the register of forms (make forms) ----------------------------------------------------------------------


def _sample(language, hant, hans, english):
    return {"zh-hant": hant, "zh-hans": hans, "en": english}[language]


def _sample_order(*, letterhead, language, size):
    say = lambda *words: _sample(language, *words)  # noqa: E731  three languages on one line each
    labour = say("人工（更換軟喉）", "人工（更换软管）", "Labour (hose replaced)")
    facts = WorkOrderFacts(
        number="R2026-000123-1",
        url="http://127.0.0.1:8000/repairs/orders/1",
        place="3-2-1201",
        reporter=say("張小明", "张小明", "Cheung Siu Ming"),
        phone="138 0013 8000",
        reported_at=f"2026-03-12 10:00　{Ticket.Channel.PHONE.label}",
        category=say("廚房、浴室滲漏", "厨房、浴室渗漏", "Leak in kitchen or bathroom"),
        urgent=True,
        window="2026-03-12 14:00–16:00",
        technician=say("李國榮", "李国荣", "Lee Kwok Wing"),
        taken_by=say("陳美玲", "陈美玲", "Chan Mei Ling"),
        cost=str(Ticket.Cost.PAID.label),
        problem=say(
            "廚房洗滌盆下方軟喉漏水，地櫃底板已浸濕，住户已關水掣。",
            "厨房水槽下方软管漏水，地柜底板已浸湿，住户已关水阀。",
            "The hose under the kitchen sink leaks, the floor of the cabinet is wet. The resident has shut the valve.",
        ),
        history=[
            (
                "2025-12-03",
                "R2025-001201",
                say("更換角閥墊片", "更换角阀垫片", "Washer of the angle valve replaced"),
            )
        ],
        parts=[
            (labour, "1", "¥80.00", "¥80.00"),
            (say("不銹鋼軟喉 60 cm", "不锈钢软管 60 cm", "Steel hose 60 cm"), "2", "¥35.50", "¥71.00"),
        ],
        agreed="¥151.00",
        arrived_at="2026-03-12 14:10",
        ended_at="2026-03-12 14:55",
        result=say(
            "已更換兩條軟喉，試水十五分鐘無滲漏。",
            "已更换两条软管，试水十五分钟无渗漏。",
            "Two hoses replaced; no leak after fifteen minutes.",
        ),
        leak=True,
        tested_at="2026-03-13 10:00",
        test_passed=True,
        signed_by=say("張小明", "张小明", "Cheung Siu Ming"),
    )
    return _work_order(facts, letterhead=letterhead, language=language, size=size)


def _sample_register(paid):
    def draw(*, letterhead, language, size):
        say = lambda *words: _sample(language, *words)  # noqa: E731
        facts = RegisterFacts(
            number="R2026-000124",
            paid=paid,
            place="3-2-1201",
            reporter=say("張小明", "张小明", "Cheung Siu Ming"),
            phone="138 0013 8000",
            reported_at="2026-03-12 10:00",
            channel=str(Ticket.Channel.PHONE.label),
            category=say("電路、插座", "电路、插座", "Wiring and sockets"),
            window="2026-03-12 14:00–16:00",
            warranty="" if paid else "2027-05-31",
            contractor="" if paid else say("宏發建築", "宏发建筑", "Wang Fat Construction"),
            taken_by=say("陳美玲", "陈美玲", "Chan Mei Ling"),
            problem=say(
                "客廳插座無電，斷路器一合即跳。",
                "客厅插座无电，断路器一合即跳。",
                "No power at the living-room socket; the breaker trips at once.",
            ),
            quote=[
                (say("上門檢查及人工", "上门检查及人工", "Call-out and labour"), "1", "¥80.00", "¥80.00"),
                (say("五孔插座", "五孔插座", "Socket"), "1", "¥28.00", "¥28.00"),
            ],
            quote_total="¥108.00",
            agreed="¥108.00",
            consent=say(
                "張小明 電話 2026-03-12 10:20",
                "张小明 电话 2026-03-12 10:20",
                "Cheung Siu Ming by telephone 2026-03-12 10:20",
            ),
            technician=say("李國榮", "李国荣", "Lee Kwok Wing"),
            arrived_at="2026-03-12 14:10",
            ended_at="2026-03-12 14:55",
            result=say("更換插座，測試正常。", "更换插座，测试正常。", "Socket replaced, tested."),
            callbacks=[
                (
                    "2026-03-13 11:00",
                    say("陳美玲", "陈美玲", "Chan Mei Ling"),
                    str(CallbackTry.Outcome.SATISFIED.label),
                    say("住户表示滿意", "住户表示满意", "The resident is content"),
                )
            ],
        )
        return _register(facts, letterhead=letterhead, language=language, size=size)

    return draw


def _sample_day(*, letterhead, language, size):
    say = lambda *words: _sample(language, *words)  # noqa: E731
    faults = [
        say("廚房軟喉漏水", "厨房软管漏水", "Kitchen hose leaks"),
        say("客廳插座無電", "客厅插座无电", "No power at the socket"),
        say("大門門鎖卡住", "大门门锁卡住", "The door lock is stuck"),
    ]
    who = say("張小明", "张小明", "Cheung Siu Ming")
    rows = [
        (
            n,
            f"{8 + n:02}:00–{9 + n:02}:00",
            f"3-2-{n}201",
            faults[n % 3],
            f"{who} 138 0013 800{n % 10}",
            f"R2026-000{120 + n}-1",
            "",
        )
        for n in range(1, 10)
    ]
    table = TableFacts(["2026-03-12", say("李國榮", "李国荣", "Lee Kwok Wing")], rows)
    return _day(table, letterhead=letterhead, language=language, size=size)


def _sample_callbacks(*, letterhead, language, size):
    say = lambda *words: _sample(language, *words)  # noqa: E731
    row = (
        "03-14",
        "R2026-000123",
        "3-2-1201",
        say("張小明 138 0013 8000", "张小明 138 0013 8000", "Cheung Siu Ming 138 0013 8000"),
        say("已更換兩條軟喉　李國榮", "已更换两条软管　李国荣", "Two hoses replaced　Lee Kwok Wing"),
    )
    table = TableFacts(["2026-03-13", say("陳美玲", "陈美玲", "Chan Mei Ling")], [row] * 6)
    return _callbacks(table, letterhead=letterhead, language=language, size=size)


def _blank(draw, facts):
    return lambda *, letterhead, language, size: draw(
        facts, letterhead=letterhead, language=language, size=size
    )


printing.register(
    Form(
        "work_order",
        gettext_lazy("Work order"),
        _blank(_work_order, WorkOrderFacts(blank=True)),
        _sample_order,
        ("A4", "A5"),
    )
)
printing.register(
    Form(
        "repair_register",
        gettext_lazy("Register of owners' repairs"),
        _blank(_register, RegisterFacts(blank=True)),
        _sample_register(False),
    )
)
printing.register(
    Form(
        "paid_repair_register",
        gettext_lazy("Register of paid repair services"),
        _blank(_register, RegisterFacts(blank=True, paid=True)),
        _sample_register(True),
    )
)
printing.register(
    Form("repair_day", gettext_lazy("Work of the day"), _blank(_day, TableFacts(blank=14)), _sample_day)
)
printing.register(
    Form(
        "callback_sheet",
        gettext_lazy("Callback sheet"),
        _blank(_callbacks, TableFacts(blank=14)),
        _sample_callbacks,
    )
)
