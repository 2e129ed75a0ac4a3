"""The day's log 客戶服務中心工作日誌 with its shift hand-overs 交接班記錄 (SPEC §2, §13)."""

from dataclasses import dataclass, field

from django.utils import translation
from django.utils.translation import gettext as _

from office import printing
from office.printing import Printout
from tickets.models import Handover, LogEntry
from tickets.printouts.sheets import in_language, stamp


@dataclass
class LogFacts:
    day: str = ""
    shift: str = ""
    rows: list = field(default_factory=list)  # the nine texts of each line, the running number first
    handovers: list = field(default_factory=list)  # (shift, text, open lines, written by, acknowledged by)
    blank: int = 0


@in_language
def draw_log(facts, *, letterhead, language, size):
    return Printout(
        template="tickets/print/reception.html",
        # Translators: 客戶服務中心工作日誌
        title=_("Log of the customer service centre"),
        filename=f"log-{facts.day or 'blank'}.pdf",
        size=size,
        language=language,
        context={
            "letterhead": letterhead,
            "title_zh": "客戶服務中心工作日誌",
            "facts": [[(_("Date"), facts.day), (_("Shift"), facts.shift)]],
            "head": [
                (_("No."), "narrow center"),
                (_("Time"), "narrow"),
                (_("Visitor or caller"), "medium"),
                (_("Unit or place"), "narrow"),
                (_("Channel"), "narrow"),
                (_("What was asked"), ""),
                (_("Answered, handled"), ""),
                (_("By"), "narrow"),
            ],
            "rows": facts.rows,
            "blank": range(facts.blank),
            "handovers": facts.handovers,
            # Translators: 交班人 / 接班人
            "signs": [(_("Handed over by"), ""), (_("Taken over by"), ""), (_("Supervisor"), "")],
        },
    )


def handled(entry, zone):
    """What came of a line in one cell: answer, expert, matter."""
    parts = [entry.answered]
    question = getattr(entry, "question", None)
    if question and not question.told_at:
        parts.append(
            _("asked %(expert)s, answer promised for %(due)s")
            % {"expert": question.expert.name, "due": stamp(question.agreed_at, zone)}
        )
    if entry.became_text:
        parts.append(f"→ {entry.became_text}")
    return "\n".join(filter(None, parts))


def reception_log(entries, handovers, *, estate, day, shift=""):
    """The lines in the order they came, numbered from 1, in the estate's language."""
    zone, language = estate.zone, estate.language
    with translation.override(language):
        lines = [
            (
                str(number),
                f"{entry.at.astimezone(zone):%H:%M}",
                "\n".join(filter(None, [entry.caller, entry.phone if entry.phone != entry.caller else ""])),
                entry.where,
                LogEntry.Channel(entry.channel).label,
                entry.asked,
                handled(entry, zone),
                entry.by.name,
            )
            for number, entry in enumerate(entries, start=1)
        ]
        handed = [
            (
                row.get_shift_display(),
                row.text,
                [line["text"] for line in row.open_lines],
                f"{row.written_by.name} {row.written_at.astimezone(zone):%m-%d %H:%M}",
                f"{row.acknowledged_by.name} {row.acknowledged_at.astimezone(zone):%m-%d %H:%M}"
                if row.acknowledged_by
                else "",
            )
            for row in handovers
        ]
        words = str(Handover.Shift(shift).label) if shift else ""
    facts = LogFacts(f"{day:%Y-%m-%d}", words, lines, handed)
    return draw_log(facts, letterhead=printing.letterhead(estate, language), language=language, size="A4")
