"""The paper of the office itself (SPEC §13): the monthly report 月度統計分析."""

from dataclasses import dataclass, field

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from office import files, letters, months, morning, printing  # noqa: F401  letter and morning sheet register themselves
from office.models import MonthReport
from office.printing import Form, Printout, in_language

PIECE = 20  # rows of a chart that stay together on a page


@dataclass
class MonthFacts:
    """What stands on a monthly report; empty for one to be filled in by hand."""

    month: str = ""
    estate: str = ""
    mark: str = ""  # in a box beside the number: "draft", "printed again"
    summary: str = ""
    parts: list = field(default_factory=list)  # office.months.Part
    texts: dict = field(default_factory=dict)
    analyses: dict = field(default_factory=dict)
    signs: list = field(default_factory=list)  # (label, address of the drawn signature)


@in_language
def draw_month(facts, *, letterhead, language, size):
    return Printout(
        template="office/print/month.html",
        # Translators: 月度統計分析
        title=_("Monthly statistics and analysis"),
        filename=f"monthly-report-{facts.month}.pdf" if facts.month else "monthly-report.pdf",
        size=size,
        language=language,
        context={
            "letterhead": letterhead,
            "title_zh": "月度統計分析",
            "number": facts.month,
            "reprint": facts.mark,
            "summary": facts.summary,
            "blank": not facts.month,
            "head": [
                (_("Figure"), ""),
                (_("This month"), "medium right"),
                (_("Month before"), "medium right"),
                (_("Same month last year"), "medium right"),
            ],
            "parts": [_on_paper(part, facts) for part in facts.parts],
            "empty": [(_("Repairs"), range(5)), (_("Callbacks"), range(4)), (_("Complaints"), range(4))],
            "signs": facts.signs or [(_("Supervisor"), ""), (_("Director"), "")],
        },
    )


def _on_paper(part, facts):
    return {
        "title": part.title,
        "text": facts.texts.get(part.key, ""),
        "rows": [(label, *(_said(number) for number in numbers)) for label, *numbers in part.facts],
        "charts": [_pieces(chart) for chart in part.charts if chart["rows"]],
        "issues": [(one, facts.analyses.get(one["key"], "")) for one in part.issues],
    }


def _said(number):
    return f"{number.text} ({number.beside})" if number.beside else number.text


def _pieces(chart):
    """A long chart goes on in pieces with its table beside it; no row is cut."""
    rows, rates = chart["rows"], chart["rates"]
    pieces = [
        {**chart, "paper": True, "rows": rows[at : at + PIECE], "rates": rates[at : at + PIECE]}
        for at in range(0, len(rows), PIECE)
    ]
    return {**chart, "pieces": pieces}


def month_report(report, *, language="", copy=False):
    """月度統計分析 in the estate's print language unless another is asked for; `copy` marks one printed again."""
    estate, zone = report.estate, report.estate.zone
    language = language or estate.language
    drawn = {
        file.kind: printing.attachment_url(file)
        for file in files.of(report).filter(kind__startswith="signature")
    }
    with translation.override(language):
        marks = {
            MonthReport.State.ISSUED: _("printed again") if copy else "",
            MonthReport.State.SIGNED: _("not yet signed by the director"),
        }

        def sign(role, person, moment, kind):
            if not moment:
                return (role, "")
            return (
                f"{role} {person.local_name} {moment.astimezone(zone):%Y-%m-%d %H:%M}",
                drawn.get(kind, ""),
            )

        facts = MonthFacts(
            month=str(report),
            estate=estate.local_name,
            mark=marks.get(MonthReport.State(report.state), _("draft")),
            summary=report.texts.get("summary", ""),
            parts=months.shown(months.figures_of(report)),
            texts=report.texts,
            analyses=report.analyses,
            signs=[
                sign(_("Supervisor"), report.signed_by, report.signed_at, "signature"),
                sign(_("Director"), report.issued_by, report.issued_at, "signature_director"),
            ],
        )
    return draw_month(facts, letterhead=printing.letterhead(estate, language), language=language, size="A4")


# --- samples ---------------------------------------------------------------------------------------------------


@in_language
def _sample(_facts, *, letterhead, language, size):
    def say(hant, hans, english):
        return {"zh-hans": hans, "en": english}.get(language, hant)

    number = months.Number
    facts = [
        (say("接報報修", "接报报修", "Repairs reported"), number("128"), number("117"), number("134")),
        (say("應回訪", "应回访", "Callbacks owed"), number("96"), number("101"), number("88")),
        (say("已回訪，目標 100 %", "已回访，目标 100 %", "kept, goal 100 %"), number("96", "", "100 %"),
         number("99", "", "98 %"), number("88", "", "100 %")),
    ]  # fmt: skip
    rows = [
        (say("樓上滲水", "楼上渗水", "Seepage from above"), [14, 5], ["", ""]),
        (say("水龍頭、閥門", "水龙头、阀门", "Taps and valves"), [22, 1], ["", ""]),
        (say("公共照明", "公共照明", "Public lighting"), [9, 0], ["", ""]),
    ]
    chart = {
        "id": "sample", "title": say("按類別", "按类别", "By category"), "head": say("類別", "类别", "Category"),
        "series": [say("首次", "首次", "first time"), say("重複", "重复", "repeats")], "tones": ["busy", "today"],
        "rate": "", "rates": [], "rows": rows, "top": 23,
    }  # fmt: skip
    issue = {"key": "one", "what": rows[0][0], "where": "3-2-×01", "count": 5, "href": ""}
    part = months.Part("repairs", say("報修", "报修", "Repairs"), facts, [chart], [issue])
    sample = MonthFacts(
        month="2026-03",
        summary=say("報修量較上月略升，回訪率達標。", "报修量较上月略升，回访率达标。", "A few more repairs than the month before; every resident was called back."),
        parts=[part],
        analyses={"one": say("同一立管接口老化，四月更換。", "同一立管接口老化，四月更换。", "The joints of one riser are worn; it is replaced in April.")},
    )  # fmt: skip
    return draw_month(sample, letterhead=letterhead, language=language, size=size)


printing.register(
    Form(
        "month_report",
        gettext_lazy("Monthly statistics and analysis"),
        lambda *, letterhead, language, size: draw_month(
            MonthFacts(), letterhead=letterhead, language=language, size=size
        ),
        lambda *, letterhead, language, size: _sample(
            None, letterhead=letterhead, language=language, size=size
        ),
    )
)
