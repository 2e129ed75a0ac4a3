"""The office's own paper: the letter a message becomes (SPEC §10, §13)."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from office import printing
from office.printing import Form, Printout, in_language


@dataclass
class LetterFacts:
    to: str = ""
    address: str = ""
    day: str = ""
    about: str = ""
    title: str = ""
    body: str = ""
    number: str = ""


@in_language
def draw_letter(facts, *, letterhead, language, size):
    return Printout(
        template="office/print/letter.html",
        # Translators: 通知函
        title=_("Letter"),
        filename=f"letter-{facts.number or 'blank'}.pdf",
        size=size,
        language=language,
        context={
            "letterhead": letterhead,
            "number": facts.number,
            "to": facts.to,
            "address": facts.address,
            "day": facts.day,
            "about": facts.about,
            "heading": facts.title,
            "paragraphs": [line for line in facts.body.splitlines() if line.strip()],
            "lines": range(0 if facts.body else 12),
        },
    )


def letter(message, *, size="A4"):
    """A message as the letter that goes into the letterbox, in the words it was queued with."""
    estate, language = message.estate, message.language or message.estate.language
    day = (message.sent_at or message.made_at).astimezone(estate.zone)
    facts = LetterFacts(
        to=message.addressee,
        address=message.address,
        day=f"{day:%Y-%m-%d}",
        about=message.data.get("number", ""),
        title=message.title,
        body=message.body,
        number=str(message.pk),
    )
    return draw_letter(facts, letterhead=printing.letterhead(estate, language), language=language, size=size)


def _sample(*, letterhead, language, size):
    words = {
        "zh-hant": ("張小明先生", "翠湖路 18 號 3-2-1201", "上門檢查水錶", "您好：\n本處同事擬於 3 月 14 日 14:00–16:00 上門檢查水錶。\n如時間不便，請致電 2345 6789。"),
        "zh-hans": ("张小明先生", "翠湖路 18 号 3-2-1201", "上门检查水表", "您好：\n本处同事拟于 3 月 14 日 14:00–16:00 上门检查水表。\n如时间不便，请致电 2345 6789。"),
        "en": (
            "Mr Cheung Siu Ming", "18 Jade Lake Road, 3-2-1201", "Your water meter",
            "Our colleague would like to look at your water meter on 14 March between 14:00 and 16:00.\n"
            "If this does not suit you, please call 2345 6789.",
        ),
    }  # fmt: skip
    to, address, title, body = words[language]
    facts = LetterFacts(to, address, "2026-03-12", "R2026-000123", title, body, "4711")
    return draw_letter(facts, letterhead=letterhead, language=language, size=size)


def _blank(*, letterhead, language, size):
    return draw_letter(LetterFacts(), letterhead=letterhead, language=language, size=size)


# Translators: 通知函
printing.register(Form("letter", gettext_lazy("Letter to a resident"), _blank, _sample))
