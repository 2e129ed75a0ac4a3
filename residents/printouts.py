"""The paper of the gate (SPEC §2, §13): goods-release slip, visitors' register, key register.

Drawn from plain texts, so that blank, sample and real sheets are the same code.
"""

from dataclasses import dataclass, field

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from office import printing
from office.printing import Form, Printout, in_language, public_url
from residents import reports

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
                (_("Remark"), "wide"),
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
