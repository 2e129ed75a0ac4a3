"""The office's own paper: the morning sheet 晨會清單, what each department answers for today (SPEC §11, §13)."""

from dataclasses import dataclass, field

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from office import board, clocks, printing, promises
from office.models import Department
from office.printing import Form, Printout, in_language

MOST = 400  # lines of one sheet; a meeting reads no more


@dataclass
class MorningFacts:
    """`parts`: (department, how much, lines) — a page each. `left` lines are not printed."""

    date: str = ""
    about: str = ""
    parts: list = field(default_factory=list)
    left: int = 0
    blank: int = 0


@in_language
def draw_morning(facts, *, letterhead, language, size):
    left = ""
    if facts.left:
        left = ngettext(
            "%(n)s more line is on the board.", "%(n)s more lines are on the board.", facts.left
        ) % {"n": facts.left}
    return Printout(
        template="office/print/morning.html",
        # Translators: 晨會清單
        title=_("Morning sheet"),
        filename="morning.pdf",
        size=size,
        language=language,
        context={
            "letterhead": letterhead,
            "title_zh": "晨會清單",
            "facts": [[(_("Date"), facts.date), (_("Shown"), facts.about)]],
            "head": [
                (_("No."), "narrow center"),
                (_("Clock"), "medium"),
                (_("Matter"), "medium"),
                (_("Promise"), "medium"),
                (_("Rule and fact"), ""),
                (_("Owner"), "narrow"),
                (_("What is done about it"), "medium"),
            ],
            "parts": facts.parts or [("", "", [])],
            "blank": range(facts.blank),
            "left": left,
            "signs": [(_("Supervisor"), ""), (_("Head of department"), "")],
        },
    )


def morning(rows, *, estate, now, about, left=0):
    """Promises (with estate and owner) department by department, the most urgent first."""
    language = estate.language
    parts = []
    with translation.override(language):
        for department, label in Department.choices:
            mine = [row for row in rows if row.department == department]
            if not mine:
                continue
            late = sum(1 for row in mine if row.closed_at is None and row.due_at <= now)
            count = ngettext("%(n)s promise", "%(n)s promises", len(mine)) % {"n": len(mine)}
            overdue = _("%(n)s overdue") % {"n": late} if late else ""
            lines = [_line(n, row, now, language) for n, row in enumerate(mine, 1)]
            parts.append((str(label), "　".join(filter(None, [count, overdue])), lines))
    facts = MorningFacts(f"{clocks.local_date(now, estate.zone):%Y-%m-%d}", about, parts, left)
    return draw_morning(facts, letterhead=printing.letterhead(estate, language), language=language, size="A4")


def _line(n, row, now, language):
    zone = row.estate.zone
    _tone, text = clocks.due_text(row.due_at, now, zone)
    owner = row.owner.name_en if language == "en" and row.owner and row.owner.name_en else None
    return (
        str(n),
        f"{text}\n{row.due_at.astimezone(zone):%m-%d %H:%M}",
        row.title,
        board.kind_label(row.kind),
        promises.rule_text(row, zone),
        owner or (row.owner.name if row.owner else _("nobody")),
        "",
    )


def _blank(*, letterhead, language, size):
    return draw_morning(MorningFacts(blank=16), letterhead=letterhead, language=language, size=size)


def _sample(*, letterhead, language, size):
    def say(hant, hans, english):
        return {"zh-hant": hant, "zh-hans": hans, "en": english}[language]

    with translation.override(language):
        callback, late = board.kind_label("callback"), _("%(n)s overdue") % {"n": 1}
        count = ngettext("%(n)s promise", "%(n)s promises", 2) % {"n": 2}
        department = str(Department.FRONT_DESK.label)
    chan = say("陳美玲", "陈美玲", "Chan Mei Ling")
    rows = [
        ("1", say("逾期 1 天\n03-11 00:00", "逾期 1 天\n03-11 00:00", "late 1 day\n03-11 00:00"), "R2026-000123 3-2-1201", callback,
         say("完工（2026-03-08 16:20）起 2 天", "完工（2026-03-08 16:20）起 2 天", "2 days after completion (2026-03-08 16:20)"), chan, ""),
        ("2", say("今日 24:00", "今日 24:00", "today 24:00"), "R2026-000131 1-1-502", callback,
         say("完工（2026-03-10 11:05）起 2 天", "完工（2026-03-10 11:05）起 2 天", "2 days after completion (2026-03-10 11:05)"), chan, ""),
    ]  # fmt: skip
    about = say("逾期及今日到期", "逾期及今日到期", "Overdue and due today")
    facts = MorningFacts("2026-03-12", about, [(department, f"{count}　{late}", rows)])
    return draw_morning(facts, letterhead=letterhead, language=language, size=size)


printing.register(Form("morning_sheet", gettext_lazy("Morning sheet"), _blank, _sample))
