"""How long a text message is, as the networks count it.

One message takes 160 characters of the GSM alphabet, or 70 of anything else; longer ones are cut into parts that lose
some characters to what joins them again: 153 or 67 each. Chinese is "anything else".
"""

from dataclasses import dataclass

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_TWICE = frozenset("\f^{}\\[~]|€")  # each takes two places


@dataclass(frozen=True)
class Length:
    """`used` places of `room`, in `parts` messages."""

    used: int
    room: int
    parts: int


def length(text):
    if all(letter in _BASIC or letter in _TWICE for letter in text):
        return _counted([2 if letter in _TWICE else 1 for letter in text], 160, 153)
    # Characters beyond the basic plane (rare Han, emoji) take two places.
    return _counted([2 if ord(letter) > 0xFFFF else 1 for letter in text], 70, 67)


def _counted(places, alone, joined):
    used = sum(places)
    if used <= alone:
        return Length(used, alone, 1 if used else 0)
    parts, left = 1, joined
    for size in places:  # no character is cut in two
        if size > left:
            parts, left = parts + 1, joined
        left -= size
    return Length(used, parts * joined, parts)
