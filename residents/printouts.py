"""The paper of the gate (SPEC §2, §13): goods-release slip, visitors' register, key register.

Drawn from plain texts, so that blank, sample and real sheets are the same code.
"""

from dataclasses import dataclass, field

from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from office import printing
from office.phrases import listed
from office.printing import Form, Printout, in_language, public_url
from office.tables import TableFacts, table_sheet
from residents import papers, reports
from residents.models import KeyLoan

GOODS = {"A4": 14, "A5": 8}  # lines a sheet has room for


@dataclass
class SlipFacts:
    """What stands on a goods-release slip; empty for one to be filled in by hand."""

    number: str = ""
    url: str = ""
    reprint: bool = False
    unit: str = ""
    resident: str = ""
    phone: str = ""
    agent: str = ""
    shown: str = ""
    plate: str = ""
    carrier: str = ""
    issued_at: str = ""
    issued_by: str = ""
    valid_until: str = ""
    remark: str = ""
    goods: list = field(default_factory=list)  # (name, quantity, remark)


@in_language
def draw_slip(facts, *, letterhead, language, size):
    rows = [(n, *line, "") for n, line in enumerate(facts.goods, start=1)]
    return Printout(
        template="residents/print/slip.html",
        # Translators: 物品放行條
        title=_("Goods-release slip"),
        filename=f"{facts.number or 'release-slip'}.pdf",
        size=size,
        language=language,
        # Translators: 門崗聯, 存根聯
        copies=(_("gate's copy"), _("office's copy")),
        context={
            "letterhead": letterhead,
            "title_zh": "物品放行條",
            "number": facts.number,
            "qr": printing.qr(facts.url) if facts.url else "",
            "reprint": _("printed again") if facts.reprint else "",
            "facts": [
                [(_("Unit"), facts.unit), (_("Resident"), facts.resident)],
                [(_("Agent"), facts.agent), (_("Shown"), facts.shown)],
                [(_("Telephone"), facts.phone), (_("Carrier"), facts.carrier)],
                [(_("Number plate"), facts.plate), (_("Valid until"), facts.valid_until)],
                [(_("Issued at"), facts.issued_at), (_("Issued by"), facts.issued_by)],
                [(_("Remark"), facts.remark)],
            ],
            "goods_head": [
                (_("No."), "narrow center"),
                (_("Goods"), ""),
                (_("Quantity"), "narrow right"),
                (_("Remark"), "medium"),
                (_("Compared"), "narrow center"),
            ],
            "goods": rows,
            "goods_blank": range(max(0, GOODS[size] - len(rows))),
            # Translators: 門崗核對物品與本條相符後放行一次；塗改、過期、重複使用無效。
            "rule": _(
                "The gate compares the goods with this slip and lets them out once. Altered, expired or used, it is void."
            ),
            "signs": [(_("Applicant"), ""), (_("Front desk"), ""), (_("Guard"), "")],
        },
    )


def release_slip(slip, *, size):
    """物品放行條 in the resident's language where it is known, else the estate's."""
    estate, zone = slip.estate, slip.estate.zone
    language = slip.person.language or estate.language

    def said(moment):
        return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"

    lines = reports.phones_of({slip.person_id}).get(slip.person_id, [])
    with translation.override(language):
        facts = SlipFacts(
            number=slip.number,
            url=public_url(reverse("residents:gate_slip", args=[slip.pk, slip.token])),
            reprint=slip.prints > 0,
            unit=slip.unit.code,
            resident=slip.person.local_name,
            phone=slip.agent_phone or (lines[0].number if lines else ""),
            agent=slip.agent_name,
            shown=slip.agent_shown,
            plate=slip.plate,
            carrier=slip.carrier,
            issued_at=said(slip.issued_at),
            issued_by=slip.issued_by.local_name,
            valid_until=reports.last_minute(slip.valid_until),
            remark=slip.remark,
            goods=[(line.name, str(line.quantity), line.remark) for line in slip.lines.all()],
        )
    return draw_slip(facts, letterhead=printing.letterhead(estate, language), language=language, size=size)


@in_language
def draw_keys(table, *, letterhead, language, size):
    return table_sheet(
        table,
        # Translators: 鑰匙登記表
        title=_("Key register"),
        title_zh="鑰匙登記表",
        filename="keys.pdf",
        labels=[[_("Date"), _("Held")]],
        head=[
            (_("Tag"), "narrow"),
            (_("Opens"), ""),
            (_("Keys"), "narrow center"),
            (_("State"), "medium"),
            (_("Out to"), "medium"),
            (_("Due back"), "medium"),
            (_("Signed"), "medium"),
            (_("Back"), "narrow"),
        ],
        signs=[_("Front desk"), _("Supervisor")],
        letterhead=letterhead,
        language=language,
        size=size,
    )


def key_register(keys, *, estate, now):
    """鑰匙登記表 of every key the office holds at `now`; three queries."""
    language, zone = estate.language, estate.zone
    keys = list(keys)
    out = {
        loan.key_id: loan
        for loan in KeyLoan.objects.open().filter(key__in=keys).select_related("person", "staff")
    }
    with translation.override(language):
        rows = []
        for key in keys:
            loan = out.get(key.pk)
            due = f"{loan.due_at.astimezone(zone):%m-%d %H:%M}" if loan else ""
            opens = "　".join(filter(None, [key.unit.code if key.unit else "", key.room]))
            rows.append((
                key.tag, opens, str(key.count), str(key.get_state_display()), loan.holder if loan else "", due,
                loan.signed_by if loan else "", "",
            ))  # fmt: skip
        held = sum(key.count for key in keys)
    table = TableFacts([f"{now.astimezone(zone):%Y-%m-%d %H:%M}", str(held)], rows, blank=0 if rows else 12)
    return draw_keys(table, letterhead=printing.letterhead(estate, language), language=language, size="A4")


@in_language
def draw_visitors(table, *, letterhead, language, size):
    return table_sheet(
        table,
        # Translators: 來訪登記表
        title=_("Visitors' register"),
        title_zh="來訪登記表",
        filename="visitors.pdf",
        labels=[[_("Date"), _("Guard")]],
        head=[
            (_("In"), "narrow"),
            (_("Visitor"), "medium"),
            (_("Telephone"), "medium"),
            (_("To whom"), "medium"),
            (_("Purpose"), ""),
            (_("Number plate"), "medium"),
            (_("Card"), "narrow"),
            (_("Out"), "narrow"),
        ],
        signs=[_("Guard"), _("Next shift")],
        letterhead=letterhead,
        language=language,
        size=size,
    )


@dataclass
class ArchiveFacts:
    unit: str = ""
    day: str = ""
    owners: str = ""
    missing: list = field(default_factory=list)
    rows: list = field(default_factory=list)
    blank: int = 0


@in_language
def draw_archive(facts, *, letterhead, language, size):
    return table_sheet(
        TableFacts(
            [
                facts.unit,
                facts.day,
                facts.owners,
                listed(facts.missing) or (_("nothing") if facts.unit else ""),
            ],
            [(str(n), *row) for n, row in enumerate(facts.rows, start=1)],
            facts.blank,
        ),
        # Translators: 戶檔案目錄
        title=_("List of a household's archive"),
        title_zh="戶檔案目錄",
        filename=f"archive-{facts.unit}.pdf" if facts.unit else "archive.pdf",
        labels=[[_("Unit"), _("As of")], [_("Owners")], [_("Missing")]],
        head=[
            (_("No."), "narrow center"),
            (_("Document"), ""),
            (_("Belongs to"), "medium"),
            (_("File"), ""),
            (_("Filed"), "medium"),
            (_("Filed by"), "medium"),
            (_("Kept until"), "medium"),
        ],
        signs=[_("Front desk"), _("Checked by")],
        letterhead=letterhead,
        language=language,
        size=size,
    )


def archive_list(unit, held, files, *, now):
    """戶檔案目錄 of what is filed for `unit` (rows of papers.with_names), in the estate's language."""
    estate, language = unit.estate, unit.estate.language
    with translation.override(language), timezone.override(estate.zone):
        rows = [
            (
                papers.kind_name(row), papers.whose(row), row["name"], papers.stamp(row["uploaded_at"])[:10],
                row["uploaded_by__name"] or "", papers.kept(row),
            )
            for row in files
        ]  # fmt: skip
        facts = ArchiveFacts(
            unit=unit.code,
            day=f"{now.astimezone(estate.zone):%Y-%m-%d}",
            owners=listed(one.person.local_name for one in held.people if one.role == "owner"),
            missing=[
                f"{need.kind.local_name}{f' ({need.of.person.local_name})' if need.of else ''}"
                for need in held.missing
            ],
            rows=rows,
        )
    return draw_archive(facts, letterhead=printing.letterhead(estate, language), language=language, size="A4")


# --- as `make forms` renders them --------------------------------------------------------------------------


def _say(language, hant, hans, english):
    return {"zh-hant": hant, "zh-hans": hans, "en": english}[language]


def _sample_slip(*, letterhead, language, size):
    def say(*words):
        return _say(language, *words)

    facts = SlipFacts(
        number="F2026-000123",
        url="http://127.0.0.1:8000/register/gate/1/sample",
        unit="3-2-1201",
        resident=say("張小明", "张小明", "Cheung Siu Ming"),
        phone="138 0013 8000",
        agent=say("王建軍", "王建军", "Wong Kin Kwan"),
        shown=say(
            "業主委託書、身份證核對", "业主委托书、身份证核对", "Owner's letter; identity card compared"
        ),
        plate="粤B12345",
        carrier=say("順達搬屋", "顺达搬家", "Shunda Removals"),
        issued_at="2026-03-12 10:00",
        issued_by=say("陳美玲", "陈美玲", "Chan Mei Ling"),
        valid_until="2026-03-13 23:59",
        goods=[
            (say("三座位沙發", "三人沙发", "Sofa, three seats"), "1", ""),
            (
                say("紙箱（書籍）", "纸箱（书籍）", "Boxes of books"),
                "12",
                say("封箱膠紙", "封箱胶带", "taped"),
            ),
            (say("雪櫃", "冰箱", "Refrigerator"), "1", "Siemens"),
        ],
    )
    return draw_slip(facts, letterhead=letterhead, language=language, size=size)


def _blank(draw, facts):
    def drawn(*, letterhead, language, size):
        return draw(facts, letterhead=letterhead, language=language, size=size)

    return drawn


printing.register(
    Form(
        "release_slip",
        gettext_lazy("Goods-release slip"),
        _blank(draw_slip, SlipFacts()),
        _sample_slip,
        ("A5", "A4"),
    )
)


def _sample_keys(*, letterhead, language, size):
    def say(*words):
        return _say(language, *words)

    rows = [
        ("A-01", "3-2-1201", "3", say("借出", "借出", "out"), say("李國榮", "李国荣", "Lee Kwok Wing"), "03-12 17:30", say("李國榮", "李国荣", "Lee Kwok Wing"), ""),
        ("A-02", "3-2-1202", "2", say("在管理處", "在管理处", "in the office"), "", "", "", ""),
        ("P-01", say("水泵房", "水泵房", "Pump room"), "4", say("在管理處", "在管理处", "in the office"), "", "", "", ""),
    ]  # fmt: skip
    return draw_keys(
        TableFacts(["2026-03-12 10:00", "9"], rows), letterhead=letterhead, language=language, size=size
    )


def _sample_visitors(*, letterhead, language, size):
    def say(*words):
        return _say(language, *words)

    rows = [
        ("09:05", say("趙志明", "赵志明", "Chiu Chi Ming"), "139 1111 2222", "3-2-1201", say("探訪", "探访", "visit"), "粤B12345", "V07", "11:20"),
        ("09:40", say("順豐速運", "顺丰速运", "SF Express"), "", "2-1-502", say("送貨", "送货", "delivery"), "", "", "09:52"),
    ]  # fmt: skip
    facts = ["2026-03-12", say("周大勇", "周大勇", "Chow Tai Yung")]
    return draw_visitors(
        TableFacts(facts, rows, blank=14), letterhead=letterhead, language=language, size=size
    )


printing.register(
    Form("key_register", gettext_lazy("Key register"), _blank(draw_keys, TableFacts(blank=16)), _sample_keys)
)
printing.register(
    Form(
        "visitor_register",
        gettext_lazy("Visitors' register"),
        _blank(draw_visitors, TableFacts(blank=18)),
        _sample_visitors,
    )
)


def _sample_archive(*, letterhead, language, size):
    def say(*words):
        return _say(language, *words)

    owner = say("張小明", "张小明", "Cheung Siu Ming")
    clerk = say("陳美玲", "陈美玲", "Chan Mei Ling")
    rows = [
        (say("業主身份證複印件", "业主身份证复印件", "Copy of the owner's identity card"), owner, "scan-0012.pdf", "2025-06-01", clerk,
         say("遷出後 5 年", "迁出后 5 年", "5 years after leaving")),
        (say("購房合同", "购房合同", "Purchase contract"), "3-2-1201", "contract.pdf", "2025-06-01", clerk, say("永久", "永久", "for good")),
        (say("現場照片", "现场照片", "Photo of the place"), say("報修", "报修", "repair"), "kitchen.jpg", "2026-03-12", clerk, "2031-03-12"),
    ]  # fmt: skip
    missing = [say("防火責任書", "防火责任书", "Fire-safety undertaking")]
    facts = ArchiveFacts("3-2-1201", "2026-03-12", owner, missing, rows)
    return draw_archive(facts, letterhead=letterhead, language=language, size=size)


printing.register(
    Form(
        "archive_list",
        gettext_lazy("List of a household's archive"),
        _blank(draw_archive, ArchiveFacts(blank=18)),
        _sample_archive,
    )
)
