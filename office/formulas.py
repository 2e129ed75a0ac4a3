"""Texts a spreadsheet would take for a formula: made harmless in a CSV, and the same again when it is read.

A text that begins with one of these characters gets an apostrophe, and so does one that already begins with
apostrophes before such a character; reading takes one away. Whatever was written comes back.
"""

import re

FIRST = "=+-@\t\r\n＝＋－＠"
PATTERN = r"^'*[=+\-@\t\r\n＝＋－＠]"
_risky = re.compile(PATTERN)
_marked = re.compile(r"^'+[=+\-@\t\r\n＝＋－＠]")


def is_risky(text):
    return _risky.match(text) is not None


def guarded(text):
    return f"'{text}" if is_risky(text) else text


def unguarded(text):
    return text[1:] if _marked.match(text) else text
