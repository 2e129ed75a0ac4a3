"""Amounts in words, as receipts and notices have them: 大寫 in two scripts, and English (SPEC §6.4)."""

from office.money import round_half_up

# Digits, tens … thousands, the groups of four, yuan, jiao, fen, "exactly".
_SIGNS = {
    "zh-hant": (
        "零壹貳叁肆伍陸柒捌玖",
        ("", "拾", "佰", "仟"),
        ("", "萬", "億", "萬億"),
        "元",
        "角",
        "分",
        "整",
    ),
    "zh-hans": (
        "零壹贰叁肆伍陆柒捌玖",
        ("", "拾", "佰", "仟"),
        ("", "万", "亿", "万亿"),
        "元",
        "角",
        "分",
        "整",
    ),
}
_ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_GROUPS = ("", "thousand", "million", "billion", "trillion")
MOST = 10**15


def in_words(amount, language="zh-hant", currency="CNY"):
    """1234.50 → 壹仟貳佰叁拾肆元伍角整; in English "CNY one thousand two hundred and thirty-four and 50/100 only"."""
    amount = round_half_up(amount)  # first: nothing may be cut off silently
    if not 0 <= amount < MOST:
        raise ValueError("an amount in words is neither negative nor beyond counting")
    whole, cents = divmod(int(amount.scaleb(2)), 100)
    if language in _SIGNS:
        return _chinese(whole, cents, *_SIGNS[language])
    return f"{currency} {_english(whole)} and {cents:02d}/100 only"


def _chinese(whole, cents, digits, places, groups, yuan, jiao, fen, exactly):
    text = ""
    parts = [whole // 10_000**at % 10_000 for at in range(len(groups))]
    for at in reversed(range(len(groups))):
        if not parts[at]:
            continue
        if text and (parts[at] < 1000 or not parts[at + 1]):
            text += digits[0]
        text += _group(parts[at], digits, places) + groups[at]
    tenth, hundredth = divmod(cents, 10)
    if not cents:
        return (text or digits[0]) + yuan + exactly
    text += yuan if text else ""
    if tenth:
        text += digits[tenth] + jiao
    elif text:
        text += digits[0]
    return text + (digits[hundredth] + fen if hundredth else exactly)


def _group(number, digits, places):
    """Four places; a gap of noughts is said once, noughts at the end not at all."""
    text, gap = "", False
    for at in (3, 2, 1, 0):
        digit = number // 10**at % 10
        if not digit:
            gap = bool(text)
            continue
        text += (digits[0] if gap else "") + digits[digit] + places[at]
        gap = False
    return text


def _english(number):
    if not number:
        return _ONES[0]
    said = []
    for at in reversed(range(len(_GROUPS))):
        part = number // 1000**at % 1000
        if part:
            words = _hundreds(part, bool(said) and at == 0)
            said.append(f"{words} {_GROUPS[at]}".strip())
    return " ".join(said)


def _hundreds(number, joined):
    hundreds, rest = divmod(number, 100)
    small = _ONES[rest] if rest < 20 else _TENS[rest // 10] + (f"-{_ONES[rest % 10]}" if rest % 10 else "")
    if not hundreds:
        return f"and {small}" if joined else small
    return f"{_ONES[hundreds]} hundred" + (f" and {small}" if rest else "")
