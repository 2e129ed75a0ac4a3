"""Several words in one line, in the reader's language."""

from django.utils.translation import get_language


def listed(parts):
    """`a, b, c`; in Chinese `a、b、c`. Empty parts are left out."""
    return _between(", ", "、").join(text for text in map(str, parts or ()) if text)


def clauses(parts):
    """`this; that`; in Chinese `這;那` with its own semicolon."""
    return _between("; ", "\uff1b").join(text for text in map(str, parts or ()) if text)


def _between(western, chinese):
    return chinese if (get_language() or "zh").startswith("zh") else western
