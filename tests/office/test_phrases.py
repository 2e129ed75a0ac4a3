"""Words in a row stand as the reader's language writes them."""

import pytest
from django.utils import translation

from office import journal
from office.models import Event
from office.phrases import clauses, listed


@pytest.mark.parametrize(
    ("language", "words", "said"),
    [("en", "a, b", "a; b"), ("zh-hant", "a、b", "a\uff1bb"), ("zh-hans", "a、b", "a\uff1bb")],
)
def test_lists_and_clauses(language, words, said):
    with translation.override(language):
        assert (listed(["a", "", "b"]), clauses(["a", "b"])) == (words, said)
        assert (listed(None), listed([1])) == ("", "1")


def test_the_journal_lists_by_language(monkeypatch):
    monkeypatch.setitem(journal.SENTENCES, "test.changed", "%(fields)s")
    event = Event(verb="test.changed", data={"fields": ["甲", "乙"]})
    with translation.override("zh-hant"):
        assert journal.sentence(event) == "甲、乙"
    with translation.override("en"):
        assert journal.sentence(event) == "甲, 乙"
