"""The complaint record 投訴記錄 and the complaints register 投訴登記表 (SPEC §5, §13)."""

from dataclasses import dataclass, field

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from office import money, printing
from office.printing import Printout
from office.tables import TableFacts, table_sheet
from tickets.models import Complaint, ComplaintCall, ComplaintStep
from tickets.printouts.sheets import in_language, stamp, ticks

STEPS_ON_PAPER = 40
SAID_BELOW = (
    ComplaintStep.Kind.REPORT,
    ComplaintStep.Kind.TOLD,
)  # the sheet has boxes of their own for these


@dataclass
class ComplaintFacts:
    number: str = ""
    received_at: str = ""
    occurred_at: str = ""
    channel: str = ""
    place: str = ""
    who: str = ""
    phone: str = ""
    against: str = ""
    cause: str = ""
    taken_by: str = ""
    klass: str = ""  # its code, for the tick
    course: str = ""
    demand: str = ""
    department: str = ""
    handler: str = ""
    acknowledged: str = ""
    limits: str = ""
    repair: str = ""
    steps: list = field(default_factory=list)  # (at, what, words, by)
    remedies: list = field(default_factory=list)  # (remedy, cost, answer)
    result: str = ""
    fault: str = ""  # its code
    valid: object = None
    told: str = ""
    ended: str = ""
    calls: list = field(default_factory=list)  # (at, by, outcome, words)
    blank: bool = False


@in_language
def draw_record(facts, *, letterhead, language, size):
    return Printout(
        template="tickets/print/complaint.html",
        # Translators: 投訴記錄
        title=_("Complaint record"),
        filename=f"{facts.number or 'complaint'}.pdf",
        size=size,
        language=language,
        context={
            "letterhead": letterhead,
            "title_zh": "投訴記錄",
            "number": facts.number,
            "facts": [
                [(pgettext("complaint", "Received"), facts.received_at), (_("Channel"), facts.channel)],
                [(pgettext("complaint", "Happened"), facts.occurred_at), (_("Place"), facts.place)],
                [(_("Name"), facts.who), (_("Telephone"), facts.phone)],
                [(pgettext("complaint", "Against"), facts.against), (_("Cause"), facts.cause)],
                [(_("Taken by"), facts.taken_by), (pgettext("complaint", "Wanted by"), facts.limits)],
            ],
            "class_label": pgettext("of a complaint", "Class"),
            "class_ticks": ticks(Complaint.Klass.choices, facts.klass),
            "story": [
                [(pgettext("complaint", "Course"), facts.course, "tall" if facts.blank else "")],
                [(pgettext("complaint", "Asked for"), facts.demand)],
            ],
            "handling": [
                [(_("Department"), facts.department), (_("Responsible"), facts.handler)],
                [(_("Seen by"), facts.acknowledged), (_("Repair"), facts.repair)],
            ],
            "step_head": [
                (_("Time"), "medium"),
                (pgettext("complaint", "Step"), "medium"),
                (pgettext("complaint", "Details"), ""),
                (_("By"), "medium"),
            ],
            "steps": facts.steps,
            "step_blank": range(3),
            "remedy_head": [
                (_("Remedy proposed"), ""),
                (_("Cost"), "medium right"),
                (_("Answer"), "medium"),
            ],
            "remedies": facts.remedies,
            "ending": [
                [(_("Result"), facts.result, "tall" if facts.blank else "")],
                [(_("Result told"), facts.told), (_("Ended"), facts.ended)],
            ],
            "fault_label": pgettext("complaint", "Fault of"),
            "fault_ticks": ticks(Complaint.Fault.choices, facts.fault),
            "valid_label": pgettext("complaint", "Justified"),
            "valid_ticks": [(_("yes"), facts.valid is True), (_("no"), facts.valid is False)],
            "call_head": [
                (_("Callback"), "medium"),
                (_("By"), "medium"),
                (_("Outcome"), "medium"),
                (_("What was said"), ""),
            ],
            "calls": facts.calls,
            "call_blank": range(1),
            "signs": [(_("Complainant"), ""), (_("Responsible"), ""), (_("Front desk"), "")],
        },
    )


def against_of(complaint):
    """Who is complained of, in one line."""
    parts = [
        str(complaint.get_against_display()),
        str(complaint.get_against_department_display()) if complaint.against_department else "",
        complaint.against_staff.name if complaint.against_staff else "",
        complaint.against_text,
    ]
    return "　".join(filter(None, parts))


def place_of(complaint):
    unit = complaint.unit.code if complaint.unit else str(complaint.building or "")
    return "　".join(filter(None, [unit, complaint.place]))


def complaint_record(complaint, *, size="A4"):
    """投訴記錄 of one complaint, in the language of who complained. Not read here: the promises; the dates are facts."""
    estate, zone = complaint.estate, complaint.estate.zone
    language = complaint.language or estate.language
    steps = list(complaint.steps.select_related("by"))[:STEPS_ON_PAPER]
    with translation.override(language):
        answers = {None: "", True: pgettext("remedy", "accepted"), False: pgettext("remedy", "refused")}
        acknowledged = complaint.acknowledged_by
        facts = ComplaintFacts(
            number=complaint.number,
            received_at=stamp(complaint.opened_at, zone),
            occurred_at=stamp(complaint.occurred_at, zone),
            channel=str(complaint.get_channel_display()),
            place=place_of(complaint),
            who=complaint.name,
            phone=complaint.phone,
            against=against_of(complaint),
            cause=complaint.cause.name_in(language),
            taken_by=complaint.owner.name if complaint.owner else "",
            klass=complaint.klass,
            course=complaint.course,
            demand=complaint.demand,
            department=str(complaint.get_department_display()),
            handler=complaint.handler.name if complaint.handler else "",
            acknowledged=f"{acknowledged.name}　{stamp(complaint.acknowledged_at, zone)}"
            if acknowledged
            else "",
            limits=f"{complaint.wanted_by:%Y-%m-%d}" if complaint.wanted_by else "",
            repair=complaint.ticket.number if complaint.ticket else "",
            steps=[
                (
                    f"{step.at.astimezone(zone):%m-%d %H:%M}",
                    str(ComplaintStep.Kind(step.kind).label),
                    step.text,
                    step.by.name,
                )
                for step in steps
                if step.kind not in SAID_BELOW
            ],
            remedies=[
                (
                    row.text,
                    money.show(row.cost, estate.currency) if row.cost is not None else "",
                    answers[row.accepted],
                )
                for row in complaint.remedies.all()
            ],
            result=complaint.result,
            fault=complaint.fault,
            valid=complaint.valid,
            told=" ".join(
                filter(
                    None,
                    [
                        stamp(complaint.told_at, zone),
                        str(complaint.get_told_how_display()) if complaint.told_at else "",
                        complaint.told_by.name if complaint.told_by else "",
                    ],
                )
            ),
            ended=" ".join(
                filter(None, [stamp(complaint.closed_at, zone), str(complaint.get_ending_display())])
            )
            if complaint.closed_at
            else "",
            calls=[
                (
                    stamp(row.tried_at, zone),
                    row.by.name,
                    str(ComplaintCall.Outcome(row.outcome).label),
                    row.remark,
                )
                for row in complaint.calls.select_related("by")
            ],
        )
    return draw_record(facts, letterhead=printing.letterhead(estate, language), language=language, size=size)


@in_language
def draw_complaints_register(table, *, letterhead, language, size):
    return table_sheet(
        table,
        # Translators: 投訴登記表
        title=_("Register of complaints"),
        title_zh="投訴登記表",
        filename="complaints.pdf",
        labels=[[_("From"), _("To")]],
        head=[
            (_("Number"), "medium"),
            (_("Complainant"), "medium"),
            (pgettext("of a complaint", "Class"), "medium"),
            (pgettext("complaint", "What happened"), ""),
            (_("Result"), ""),
            (_("Result told"), "narrow"),
        ],
        signs=[_("Front desk"), _("Supervisor"), _("Director")],
        letterhead=letterhead,
        language=language,
        size=size,
    )


def complaints_register(complaints, *, estate, since, until):
    """投訴登記表: the complaints of a period in the order they came, in the estate's language.

    `complaints` come with estate, unit, building; `until` is the last day."""
    zone, language = estate.zone, estate.language
    with translation.override(language):
        rows = [
            (
                f"{row.number} {row.opened_at.astimezone(zone):%m-%d %H:%M}",
                " · ".join(filter(None, [row.name, row.phone, place_of(row)])),
                f"{row.get_klass_display()} · {row.get_department_display()}",
                row.course[:200],
                row.result[:160],
                f"{row.told_at.astimezone(zone):%m-%d %H:%M}" if row.told_at else "",
            )
            for row in complaints
        ]
    table = TableFacts([f"{since:%Y-%m-%d}", f"{until:%Y-%m-%d}"], rows)
    return draw_complaints_register(
        table, letterhead=printing.letterhead(estate, language), language=language, size="A4"
    )


# --- samples for `make forms` ----------------------------------------------------------------------------------


def _sample_record(*, letterhead, language, size):
    def say(*words):
        return dict(zip(("zh-hant", "zh-hans", "en"), words, strict=True))[language]

    clerk, lead = say("陳美玲", "陈美玲", "Chan Mei Ling"), say("黃志強", "黄志强", "Wong Chi Keung")
    kind = ComplaintStep.Kind
    facts = ComplaintFacts(
        number="C2026-000018",
        received_at="2026-03-12 10:00",
        occurred_at="2026-03-11 23:30",
        channel=str(Complaint.Channel.PHONE.label),
        place="3-2-1201",
        who=say("張小明", "张小明", "Cheung Siu Ming"),
        phone="138 0013 8000",
        against=f"{Complaint.Against.DEPARTMENT.label}　{say('安護', '安护', 'security')}",
        cause=say("噪音滋擾", "噪音滋扰", "noise"),
        taken_by=clerk,
        klass="important",
        course=say(
            "樓上裝修至深夜，致電保安室三次無人處理。",
            "楼上装修至深夜，致电保安室三次无人处理。",
            "Renovation upstairs until late at night; three calls to the guard room, nobody came.",
        ),
        demand=say(
            "制止夜間施工，保安道歉。",
            "制止夜间施工，保安道歉。",
            "Stop work at night; an apology of the guards.",
        ),
        department=say("安護", "安护", "security"),
        handler=lead,
        acknowledged=f"{say('周大勇', '周大勇', 'Chow Tai Yung')}　2026-03-12 10:25",
        repair="",
        steps=[
            (
                "03-12 10:20",
                str(kind.HARM_STOPPED.label),
                say("派員到場勒令停工", "派员到场勒令停工", "Guard sent, work stopped"),
                lead,
            ),
            (
                "03-12 10:30",
                str(kind.CONTACT.label),
                say("致電致歉並說明處理", "致电致歉并说明处理", "Called, apologised, explained"),
                lead,
            ),
        ],
        remedies=[
            (
                say("送達書面致歉函", "送达书面致歉函", "Letter of apology"),
                "",
                say("接受", "接受", "accepted"),
            ),
        ],
        result=say(
            "已處罰當值保安，夜間巡查加至每兩小時一次。",
            "已处罚当值保安，夜间巡查加至每两小时一次。",
            "The guard on duty was reprimanded; patrols every two hours at night.",
        ),
        fault="company",
        valid=True,
        told=f"2026-03-12 16:40 {Complaint.ToldHow.PHONE.label} {clerk}",
        ended=f"2026-03-13 11:00 {Complaint.Ending.CALLED_BACK.label}",
        calls=[
            (
                "2026-03-13 11:00",
                clerk,
                str(ComplaintCall.Outcome.SATISFIED.label),
                say("昨晚已安靜", "昨晚已安静", "Quiet last night"),
            )
        ],
    )
    return draw_record(facts, letterhead=letterhead, language=language, size=size)


def _sample_register(*, letterhead, language, size):
    def say(*words):
        return dict(zip(("zh-hant", "zh-hans", "en"), words, strict=True))[language]

    who = say("張小明", "张小明", "Cheung Siu Ming")
    cases = [
        (
            Complaint.Klass.IMPORTANT,
            say("樓上夜間施工，保安未制止", "楼上夜间施工，保安未制止", "Works at night, the guards did nothing"),
            say("安護", "安护", "security"),
            say("已停工並致歉", "已停工并致歉", "Stopped, apology given"),
        ),
        (
            Complaint.Klass.MINOR,
            say("鄰居狗隻整夜吠叫", "邻居狗只整夜吠叫", "A neighbour's dog barks all night"),
            say("安護", "安护", "security"),
            say("已勸導養犬住户", "已劝导养犬住户", "The owner was spoken to"),
        ),
        (
            Complaint.Klass.MAJOR,
            say("電梯困人四十分鐘", "电梯困人四十分钟", "Trapped in the lift for forty minutes"),
            say("維修", "维修", "repair"),
            say("更換主板，主任登門致歉", "更换主板，主任登门致歉", "Board replaced, the director apologised in person"),
        ),
    ]  # fmt: skip
    rows = [
        (
            f"C2026-0000{18 + n} 03-{10 + n} 10:00",
            f"{who} · 138 0013 800{n} · 3-2-{n}201",
            f"{klass.label} · {department}",
            course,
            result,
            f"03-{10 + n} 16:40",
        )
        for n, (klass, course, department, result) in enumerate(cases * 2, 1)
    ]
    table = TableFacts(["2026-03-01", "2026-03-31"], rows)
    return draw_complaints_register(table, letterhead=letterhead, language=language, size=size)


def _blank(draw, facts):
    return lambda *, letterhead, language, size: draw(
        facts, letterhead=letterhead, language=language, size=size
    )


def _register():
    from django.utils.translation import gettext_lazy

    printing.register(
        printing.Form(
            "complaint_record",
            gettext_lazy("Complaint record"),
            _blank(draw_record, ComplaintFacts(blank=True)),
            _sample_record,
        )
    )
    printing.register(
        printing.Form(
            "complaints_register",
            gettext_lazy("Register of complaints"),
            _blank(draw_complaints_register, TableFacts(blank=12)),
            _sample_register,
        )
    )


_register()
