"""What rosters say of people: names, owners with their shares, telephones, identity numbers."""

import re
from decimal import ROUND_DOWN, Decimal

from django.utils.translation import gettext as _

from office import identity, phones
from office.imports.cells.plain import LOST, SEVERAL, half_width, said, stands_for_nothing
from office.imports.sheets import Bad

_HAN = r"\u3400-\u9fff〇\U00020000-\U0003ffff"
_PERCENT = re.compile(r"(\d{1,3}(?:\.\d{1,6})?)\s*%")
_FRACTION = re.compile(r"(?<![\d/])(\d{1,3})\s*/\s*(\d{1,3})(?![\d/%.])")
_BRACKETS = re.compile(r"[((\[【][^))\]】]*[))\]】]")
_BETWEEN = re.compile(r"[、;；\n]+")  # what stands in no name; & , / do: Chan & Co, Ltd
_FIRM = re.compile(
    r"公司|集[团團]|有限|中心|事[务務]所|合作社|[学學]校|医院|醫院|(?:ltd|limited|inc|llc|corp|co)\b",
    re.IGNORECASE,
)
_AND = re.compile(r"[、,，;；/／&\n]+|(?<=[\u4e00-\u9fff])\s*[和與与及]\s*(?=[\u4e00-\u9fff]{2,4}$)")


def _tidy(words):
    """Half-width, and Chinese names without the blanks people pad them with: 張　三 → 張三."""
    words = half_width(words)
    if re.fullmatch(rf"[{_HAN}](?: [{_HAN}])+", words):
        words = words.replace(" ", "")
    return words


def name(most):
    """One name. Two names are two rows."""

    def parse(cell, place):
        if not isinstance(cell, str):
            raise Bad(_("This is no name."))
        words = _tidy(said(cell))
        if not any(char.isalpha() for char in words) or stands_for_nothing(words):
            raise Bad(_("This is no name."))
        if len(words) > most:
            raise Bad(_("This is longer than %(most)s characters.") % {"most": most})
        return words

    return parse


def owners(most):
    """Owners of a unit as (name, share or None) pairs: 張三、李四 · 張三 60%、李四 40% · 張三/李四 50%/50% · 張三 1/2、李四 1/2."""

    def parse(cell, place):
        if not isinstance(cell, str):
            raise Bad(_("This is no name."))
        words = half_width(said(cell).replace("\n", "、"))
        if stands_for_nothing(words):
            return ()
        words = _FRACTION.sub(_percent, words)
        shares = [Decimal(one) for one in _PERCENT.findall(words)]
        plain = _PERCENT.sub("", words)
        plain = re.sub(r"[((\[【]\s*[))\]】]", "", plain)
        pattern = _AND if re.search(rf"[{_HAN}]", plain) and not _FIRM.search(plain) else _BETWEEN
        names = [tidied for part in pattern.split(plain) if (tidied := _tidy(part.strip(" :：-")))]
        _check_names(names, most)
        return _dealt(names, shares)

    return parse


def _percent(found):
    part, of = int(found[1]), int(found[2])
    if not 0 < part <= of:
        return found[0]
    return f"{(Decimal(100) * part / of).quantize(Decimal('0.0001'), ROUND_DOWN).normalize():f}%"


def _check_names(names, most):
    if not names:
        raise Bad(_("This is no name."))
    for one in names:
        if not any(char.isalpha() for char in one) or "%" in one:
            raise Bad(_("“%(said)s” is no name.") % {"said": one[:40]})
        if len(one) > most:
            raise Bad(_("This is longer than %(most)s characters.") % {"most": most})
        if re.fullmatch(rf"[{_HAN}]{{2,4}}(?: [{_HAN}]{{2,4}})+", one):
            raise Bad(_("One name or several? Put 、 between names."), "、".join(one.split()))
        if tail := re.search(r"(?<=\S)等\s*(?:\d+|[二三四五六七八九十兩两]+)?\s*[人位名]$", one):
            raise Bad(_("Name every owner."), one[: tail.start()])
    if len(set(names)) < len(names):
        raise Bad(_("A name stands here twice."), "、".join(dict.fromkeys(names)))


def _dealt(names, shares):
    if not shares:
        return tuple((one, None) for one in names)
    if len(shares) != len(names):
        raise Bad(
            _("There are %(names)s names and %(shares)s shares.")
            % {"names": len(names), "shares": len(shares)}
        )
    if not all(0 < share <= 100 for share in shares) or sum(shares) > 100:
        raise Bad(_("Shares are more than 0 and make at most 100 %."))
    if len(shares) > 1 and 0 < 100 - sum(shares) < Decimal("0.01"):  # thirds, cut: the first takes the rest
        shares[0] += 100 - sum(shares)
    return tuple(zip(names, shares, strict=True))


# --- telephones --------------------------------------------------------------------------------------------


def phone_numbers():
    """Telephones as people read them, one or several in a cell; 13800138000.0 is a number, 10000000000 and 無 are none."""

    def parse(cell, place):
        if isinstance(cell, bool):
            raise Bad(_("This is no telephone number."))
        if isinstance(cell, (int, float)) and abs(cell) >= LOST:
            raise Bad(_("Excel has lost digits of this number; enter it as text."))
        found: dict[str, str] = {}
        for part in _numbers(said(cell)):
            if stands_for_nothing(part) or phones.is_placeholder(part):
                continue
            digits = phones.read(part, place.country)
            if not digits or len(part) > 40:
                raise Bad(
                    _("“%(said)s” is no telephone number.") % {"said": part[:40]}, _without_words(part, place)
                )
            found.setdefault(digits, part)
        return tuple(found.values())

    return parse


def _numbers(words):
    words = phones.plain(words)
    for part in SEVERAL.split(words):
        part = phones.plain(part)
        if not part:
            continue
        pieces = part.split()
        if len(pieces) > 1 and all(len(phones.bare(piece)) >= 7 for piece in pieces):
            yield from pieces
        else:
            yield part


def _without_words(part, place):
    """13800138000(張太), 電話:13800138000 → 13800138000."""
    left = re.sub(r"[^\d\s+().\-#*]", " ", _BRACKETS.sub(" ", part)).strip(" .-()#*")
    return left if phones.read(left, place.country) else ""


# --- identity numbers --------------------------------------------------------------------------------------

_NO_NUMBER = re.compile(r"0{6}19000101\d{3}[\dX]|0+|(\d)\1{7,}|X+")


def identity_number(*, typed=False):
    """An identity number without blanks; None for what stands for none. `typed`: another column says of what document
    it is, so that only numbers that can be nothing but a resident's are judged here.

    A number Excel has rounded is refused: its last digits are gone, and nobody may guess them.
    """

    def parse(cell, place):
        if isinstance(cell, bool):
            raise Bad(_("This is no document number."))
        if (isinstance(cell, (int, float)) and abs(cell) >= LOST) or _is_rounded(cell):
            raise Bad(_("Typed as a number: Excel has lost its last digits. Take them from the document."))
        if isinstance(cell, float) and not (cell.is_integer() and cell >= 0):
            raise Bad(_("This is no document number."))
        words = said(cell)
        number = identity.normal(words)
        if not number or stands_for_nothing(words) or _NO_NUMBER.fullmatch(number):
            return None
        if re.fullmatch(r"\d{15}000", number):
            raise Bad(_("It ends in zeros: Excel has lost its last digits. Take them from the document."))
        kind = identity.guess(number)
        if typed and kind != identity.CN:
            kind = "other"
        if sentence := identity.why_not_real(kind, number, place.today):
            raise Bad(sentence)
        return number

    return parse


def _is_rounded(cell):
    return isinstance(cell, str) and bool(re.fullmatch(r"\s*\d[.,]?\d*\s*[eE]\s*\+?\s*\d{2}\s*", cell))
