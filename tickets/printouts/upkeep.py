"""The paper of preventive work (SPEC §4.7): yearly plan 年度保養計劃, register 設備台帳 and card 設備卡 of the equipment."""

from collections import defaultdict
from dataclasses import dataclass, field

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from office import printing
from office.printing import Printout
from office.tables import TableFacts, table_sheet
from tickets import reports, upkeep
from tickets.models import Asset, Plan
from tickets.printouts.sheets import in_language, public_url, stamp

CHANGES_ON_PAPER = 20


@in_language
def draw_year(table, *, letterhead, language, size):
    return table_sheet(
        table,
        # Translators: 年度保養計劃
        title=_("Maintenance plan of the year"),
        title_zh="年度保養計劃",
        filename="maintenance-year.pdf",
        labels=[[_("Year"), _("Plans")]],
        head=[
            (_("Public facility"), "wide"),
            (_("Work"), ""),
            (_("How often"), "medium"),
            *((str(month), "month center") for month in range(1, 13)),
            (_("Responsible"), "medium"),
        ],
        signs=[_("Repair lead"), _("Supervisor")],
        letterhead=letterhead,
        language=language,
        size=size,
        landscape=True,
    )


def year_plan(estate, year):
    """年度保養計劃: the due days of each plan by month, opened tickets and what is still to come. Two queries."""
    language = estate.language
    with translation.override(language):
        rows = [
            (
                f"{row.plan.asset.code} {row.plan.asset.name_in(language)}",
                row.plan.title,
                upkeep.every_text(row.plan),
                *(" ".join(str(day) for day in days) for days in row.months),
                row.plan.responsible.name,
            )
            for row in reports.year(estate, year)
        ]
    table = TableFacts([str(year), str(len(rows))], rows)
    return draw_year(table, letterhead=printing.letterhead(estate, language), language=language, size="A4")


@in_language
def draw_equipment(table, *, letterhead, language, size):
    return table_sheet(
        table,
        # Translators: 設備台帳
        title=_("Equipment register"),
        title_zh="設備台帳",
        filename="equipment-register.pdf",
        labels=[[_("Date"), _("Public facilities")]],
        head=[
            (_("Code"), "medium"),
            (pgettext("of a thing", "Name"), ""),
            (_("Kind"), "medium"),
            (_("Place"), ""),
            (_("Maker and model"), ""),
            (_("Serial number"), "medium"),
            (_("Installed on"), "date"),
            (_("Serviced by"), ""),
            (_("Certificate until"), "date"),
            (_("Service"), "date"),
        ],
        signs=[_("Repair lead"), _("Supervisor")],
        letterhead=letterhead,
        language=language,
        size=size,
        landscape=True,
    )


def equipment_register(assets, *, estate, now):
    """設備台帳: the facilities given (with their buildings), as they stand now."""
    language = estate.language
    with translation.override(language):
        rows = [
            (
                asset.code,
                asset.name_in(language),
                asset.get_kind_display(),
                _where(asset),
                asset.maker,
                asset.serial,
                _day(asset.installed_on),
                asset.contractor,
                _day(asset.certificate_until),
                _service(asset.in_service),
            )
            for asset in assets
        ]
    table = TableFacts([f"{now.astimezone(estate.zone):%Y-%m-%d}", str(len(rows))], rows)
    return draw_equipment(
        table, letterhead=printing.letterhead(estate, language), language=language, size="A4"
    )


def _where(asset):
    return " ".join(filter(None, (str(asset.building) if asset.building else "", asset.place)))


def _day(day):
    return f"{day:%Y-%m-%d}" if day else ""


def _service(running):
    return _("in service") if running else _("out of service")


@dataclass
class EquipmentFacts:
    """What stands on the card of one facility; empty for one to be filled in by hand."""

    code: str = ""
    url: str = ""
    name: str = ""
    kind: str = ""
    place: str = ""
    maker: str = ""
    serial: str = ""
    installed: str = ""
    contractor: str = ""
    certificate: str = ""
    service: str = ""
    plans: list = field(default_factory=list)  # (work, how often, next due day, responsible)
    works: list = field(default_factory=list)  # (date, number, what, result)
    changes: list = field(default_factory=list)  # (since, service, reason, by)
    blank: bool = False


@in_language
def draw_card(facts, *, letterhead, language, size):
    return Printout(
        template="tickets/print/equipment.html",
        # Translators: 設備卡
        title=_("Equipment card"),
        filename=f"{facts.code or 'equipment-card'}.pdf",
        size=size,
        language=language,
        context={
            "letterhead": letterhead,
            "title_zh": "設備卡",
            "number": facts.code,
            "qr": printing.qr(facts.url) if facts.url else "",
            "facts": [
                [(pgettext("of a thing", "Name"), facts.name), (_("Kind"), facts.kind)],
                [(_("Place"), facts.place), (_("Maker and model"), facts.maker)],
                [(_("Serial number"), facts.serial), (_("Installed on"), facts.installed)],
                [(_("Serviced by"), facts.contractor), (_("Certificate until"), facts.certificate)],
                [(_("Service"), facts.service)],
            ],
            "plans_head": [
                (_("Work"), ""),
                (_("How often"), "medium"),
                (_("Next due day"), "medium"),
                (_("Responsible"), "medium"),
            ],
            "plans": facts.plans,
            "plans_blank": range(4 if facts.blank else 0),
            "works_head": [
                (_("Date"), "medium"),
                (_("Number"), "nowrap"),
                (_("Work"), ""),
                (_("Result"), ""),
            ],
            "works": facts.works,
            "works_blank": range(max(0, 6 - len(facts.works))),
            "changes_head": [
                (_("Since"), "nowrap"),
                (_("Service"), "medium"),
                (_("Reason"), ""),
                (_("By"), "medium"),
            ],
            "changes": facts.changes,
            "changes_blank": range(max(0, 3 - len(facts.changes))),
        },
    )  # fmt: skip


def equipment_card(asset, *, size="A4"):
    """設備卡 to hang in the machine room: what it is, what comes round, what was done, when it stood still."""
    estate, zone, language = asset.estate, asset.estate.zone, asset.estate.language
    plans = (
        asset.plans.exclude(state=Plan.State.ENDED).select_related("responsible").order_by("next_due", "pk")
    )
    done = asset.tickets.filter(done_at__isnull=False).order_by("-done_at", "-pk")[:6]
    changes = asset.service_changes.select_related("by").order_by("-at")[:CHANGES_ON_PAPER]
    with translation.override(language):
        facts = EquipmentFacts(
            code=asset.code,
            url=public_url(reverse("tickets:asset", args=[asset.pk])),
            name=asset.name_in(language),
            kind=asset.get_kind_display(),
            place=_where(asset),
            maker=asset.maker,
            serial=asset.serial,
            installed=_day(asset.installed_on),
            contractor=asset.contractor,
            certificate=_day(asset.certificate_until),
            service=_service(asset.in_service),
            plans=[
                (
                    plan.title,
                    upkeep.every_text(plan),
                    _day(plan.next_due) if plan.state == Plan.State.ACTIVE else plan.get_state_display(),
                    plan.responsible.name,
                )
                for plan in plans
            ],
            works=[
                (
                    _day(ticket.done_at.astimezone(zone)),
                    ticket.number,
                    ticket.problem[:80],
                    ticket.result[:80],
                )
                for ticket in done
            ],
            changes=[
                (stamp(change.at, zone), _service(change.in_service), change.reason, change.by.name)
                for change in changes
            ],
        )
    return draw_card(facts, letterhead=printing.letterhead(estate, language), language=language, size=size)


# --- samples ------------------------------------------------------------------------------------------------------


def _say(language):
    def say(*words):
        return dict(zip(("zh-hant", "zh-hans", "en"), words, strict=True))[language]

    return say


def _kinds(say):
    return [
        ("LIFT-1-1", say("1號樓1單元電梯", "1号楼1单元电梯", "Lift 1-1"), Asset.Kind.LIFT, say("1號樓1單元", "1号楼1单元", "Building 1, entrance 1")),
        ("PUMP-1", say("1 號生活水泵", "1 号生活水泵", "Domestic water pump 1"), Asset.Kind.PUMP, say("地下泵房", "地下泵房", "Basement pump room")),
        ("FIRE-1", say("消防主泵", "消防主泵", "Fire pump"), Asset.Kind.FIRE, say("消防泵房", "消防泵房", "Fire pump room")),
    ]  # fmt: skip


def _sample_year(*, letterhead, language, size):
    say = _say(language)
    who = say("李國榮", "李国荣", "Lee Kwok Wing")
    weekly, monthly = defaultdict(list), {month: ["15"] for month in range(1, 13)}
    for month in range(1, 13):
        weekly[month] = [str(day) for day in range(1 + month % 7, 29, 7)]
    works = (
        (say("每週巡檢", "每周巡检", "Weekly inspection"), upkeep.every_words(Plan.Every.WEEK, 1), weekly),
        (say("月度保養", "月度保养", "Monthly service"), upkeep.every_words(Plan.Every.MONTH, 1), monthly),
        (
            say("季度檢查", "季度检查", "Quarterly inspection"),
            upkeep.every_words(Plan.Every.MONTH, 3),
            {2: ["28"], 5: ["28"], 8: ["28"], 11: ["28"]},
        ),
        (say("年度檢測", "年度检测", "Yearly test"), upkeep.every_words(Plan.Every.YEAR, 1), {6: ["30"]}),
    )
    rows = [
        (f"{code} {name}", title, every, *(" ".join(days.get(month, ())) for month in range(1, 13)), who)
        for code, name, _kind, _place in _kinds(say)[:2]
        for title, every, days in works
    ]
    table = TableFacts(["2026", str(len(rows))], rows)
    return draw_year(table, letterhead=letterhead, language=language, size=size)


def _sample_register(*, letterhead, language, size):
    say = _say(language)
    by = say("通力電梯有限公司", "通力电梯有限公司", "Kone Lifts Ltd")
    rows = [
        (
            f"{code}{n or ''}", name, str(kind.label), place, "KONE MonoSpace", f"SH{n}20190{n}17", "2019-05-20", by,
            "2027-04-30", _service(code != "FIRE-1"),
        )
        for n in range(2)
        for code, name, kind, place in _kinds(say)
    ]  # fmt: skip
    table = TableFacts(["2026-03-12", str(len(rows))], rows)
    return draw_equipment(table, letterhead=letterhead, language=language, size=size)


def _sample_card(*, letterhead, language, size):
    say = _say(language)
    who = say("李國榮", "李国荣", "Lee Kwok Wing")
    facts = EquipmentFacts(
        code="FIRE-1",
        url="http://127.0.0.1:8000/assets/1/",
        name=say("消防主泵", "消防主泵", "Fire pump"),
        kind=str(Asset.Kind.FIRE.label),
        place=say("消防泵房", "消防泵房", "Fire pump room"),
        maker="XBD 8/40",
        serial="KQ-2019-04417",
        installed="2019-05-20",
        contractor=say("安泰消防工程有限公司", "安泰消防工程有限公司", "On Tai Fire Services Ltd"),
        certificate="2027-04-30",
        service=_("in service"),
        plans=[
            (
                say("月度試運行", "月度试运行", "Monthly test run"),
                upkeep.every_words(Plan.Every.MONTH, 1),
                "2026-04-15",
                who,
            ),
            (
                say("年度檢測", "年度检测", "Yearly test"),
                upkeep.every_words(Plan.Every.YEAR, 1),
                "2026-06-30",
                who,
            ),
        ],
        works=[
            (
                "2026-03-15",
                "R2026-000188",
                say("月度試運行", "月度试运行", "Monthly test run"),
                say("運轉正常，壓力 0.8 MPa。", "运转正常，压力 0.8 MPa。", "Runs well, 0.8 MPa."),
            )
        ],
        changes=[
            ("2026-01-09 16:20", _("in service"), say("已更換機械密封", "已更换机械密封", "Mechanical seal replaced"), who),
            ("2026-01-07 09:05", _("out of service"), say("機械密封漏水", "机械密封漏水", "Mechanical seal leaks"), who),
        ],
    )  # fmt: skip
    return draw_card(facts, letterhead=letterhead, language=language, size=size)


def _blank(draw, facts):
    return lambda *, letterhead, language, size: draw(
        facts, letterhead=letterhead, language=language, size=size
    )


def _register():
    from django.utils.translation import gettext_lazy

    for name, label, draw, empty, sample in (
        ("year_plan", gettext_lazy("Maintenance plan of the year"), draw_year, TableFacts(blank=12), _sample_year),
        ("equipment_register", gettext_lazy("Equipment register"), draw_equipment, TableFacts(blank=12), _sample_register),
        ("equipment_card", gettext_lazy("Equipment card"), draw_card, EquipmentFacts(blank=True), _sample_card),
    ):  # fmt: skip
        printing.register(printing.Form(name, label, _blank(draw, empty), sample))


_register()
