"""The forms as `make forms` renders them, blank and filled."""

from django.utils.translation import gettext_lazy

from office import printing
from office.printing import Form
from office.tables import TableFacts
from tickets.models import CallbackTry, Handover, LogEntry, Ticket
from tickets.printouts.orders import WorkOrderFacts, draw_work_order
from tickets.printouts.reception import LogFacts, draw_log
from tickets.printouts.registers import RegisterFacts, draw_register
from tickets.printouts.tables import draw_callbacks, draw_day


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
    return draw_work_order(facts, letterhead=letterhead, language=language, size=size)


def _sample_upkeep(*, letterhead, language, size):
    say = lambda *words: _sample(language, *words)  # noqa: E731
    steps = (
        say(
            "聽水泵運轉聲音，觸摸軸承溫度",
            "听水泵运转声音，触摸轴承温度",
            "Listen to the pump, feel the bearings",
        ),
        say("記錄進、出水壓力表讀數", "记录进、出水压力表读数", "Note both pressure gauges"),
        say("檢查機械密封有無滴漏", "检查机械密封有无滴漏", "Look for drips at the mechanical seal"),
        say("檢查電流、電壓是否正常", "检查电流、电压是否正常", "Check current and voltage"),
        say("切換備用泵試運行十分鐘", "切换备用泵试运行十分钟", "Run the standby pump for ten minutes"),
        say("清潔泵房地面及排水溝", "清洁泵房地面及排水沟", "Clean the floor and the gully"),
    )
    facts = WorkOrderFacts(
        number="R2026-000188-1",
        url="http://127.0.0.1:8000/repairs/orders/2",
        upkeep=True,
        copies=1,
        facility=say("PUMP-1 1 號生活水泵", "PUMP-1 1 号生活水泵", "PUMP-1 Domestic water pump 1"),
        contractor=say("安泰機電工程有限公司", "安泰机电工程有限公司", "On Tai Engineering Ltd"),
        place=say("地下泵房", "地下泵房", "Basement pump room"),
        category=say("設備保養", "设备保养", "Maintenance of equipment"),
        due="2026-03-15",
        window="2026-03-15 08:30–17:30",
        technician=say("李國榮", "李国荣", "Lee Kwok Wing"),
        problem=say("月度保養", "月度保养", "Monthly service"),
        steps=list(steps),
        history=[("2026-02-15", "R2026-000131", say("運轉正常", "运转正常", "Runs well"))],
    )
    return draw_work_order(facts, letterhead=letterhead, language=language, size=size)


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
        return draw_register(facts, letterhead=letterhead, language=language, size=size)

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
    return draw_day(table, letterhead=letterhead, language=language, size=size)


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
    return draw_callbacks(table, letterhead=letterhead, language=language, size=size)


def _sample_log(*, letterhead, language, size):
    say = lambda *words: _sample(language, *words)  # noqa: E731
    channel, by = LogEntry.Channel, say("陳美玲", "陈美玲", "Chan Mei Ling")
    who = say("張小明", "张小明", "Cheung Siu Ming")
    rows = [
        ("1", "08:42", f"{who}\n138 0013 8000", "3-2-1201", str(channel.PHONE.label),
         say("詢問裝修押金何時退還。", "询问装修押金何时退还。", "When is the renovation deposit paid back?"),
         say("驗收合格三個月後，已說明手續。", "验收合格三个月后，已说明手续。", "Three months after the final inspection; steps explained."), by),
        ("2", "09:15", say("李太", "李太", "Mrs Li"), "3-2-0802", str(channel.COUNTER.label),
         say("廚房水龍頭漏水。", "厨房水龙头漏水。", "The kitchen tap drips."), "→ R2026-000123", by),
        ("3", "10:05", say("公安派出所 王警官", "公安派出所 王警官", "Police, Officer Wong"), "", str(channel.VISIT.label),
         say("調取三月十日南門監控錄像，出示工作證及調取函。", "调取三月十日南门监控录像，出示工作证及调取函。", "Asks for the recording of the south gate of 10 March; card and letter shown."),
         say("由安護部周大勇接待。", "由安护部周大勇接待。", "Received by Chow Tai Yung, security."), by),
        ("4", "14:30", who, "3-2-1201", str(channel.PHONE.label),
         say("外牆滲水保修是否仍在期內？", "外墙渗水保修是否仍在期内？", "Is the seepage still within warranty?"),
         say("請教黃志強，答應 17:00 前回覆。", "请教黄志强，答应 17:00 前回复。", "Asked Wong Chi Keung, answer promised for 17:00."), by),
    ]  # fmt: skip
    handed = say(
        "3-2-1201 滲水問題待工程答覆；明早八點電梯年檢。",
        "3-2-1201 渗水问题待工程答复；明早八点电梯年检。",
        "Answer on 3-2-1201 still to come; lift inspection at eight tomorrow.",
    )
    facts = LogFacts(
        "2026-03-12",
        str(Handover.Shift.AFTERNOON.label),
        rows,
        [(str(Handover.Shift.AFTERNOON.label), handed, ["L2026-000321 3-2-1201"], f"{by} 03-12 21:55", "")],
    )
    return draw_log(facts, letterhead=letterhead, language=language, size=size)


def _blank(draw, facts):
    return lambda *, letterhead, language, size: draw(
        facts, letterhead=letterhead, language=language, size=size
    )


printing.register(
    Form(
        "work_order",
        gettext_lazy("Work order"),
        _blank(draw_work_order, WorkOrderFacts(blank=True)),
        _sample_order,
        ("A4", "A5"),
    )
)
printing.register(
    Form(
        "upkeep_order",
        gettext_lazy("Maintenance order"),
        _blank(draw_work_order, WorkOrderFacts(blank=True, upkeep=True, copies=1)),
        _sample_upkeep,
        ("A4", "A5"),
    )
)
printing.register(
    Form(
        "repair_register",
        gettext_lazy("Register of owners' repairs"),
        _blank(draw_register, RegisterFacts(blank=True)),
        _sample_register(False),
    )
)
printing.register(
    Form(
        "paid_repair_register",
        gettext_lazy("Register of paid repair services"),
        _blank(draw_register, RegisterFacts(blank=True, paid=True)),
        _sample_register(True),
    )
)
printing.register(
    Form("repair_day", gettext_lazy("Work of the day"), _blank(draw_day, TableFacts(blank=14)), _sample_day)
)
printing.register(
    Form(
        "callback_sheet",
        gettext_lazy("Callback sheet"),
        _blank(draw_callbacks, TableFacts(blank=14)),
        _sample_callbacks,
    )
)
printing.register(
    Form(
        "reception_log",
        gettext_lazy("Log of the customer service centre"),
        _blank(draw_log, LogFacts(blank=20)),
        _sample_log,
    )
)
