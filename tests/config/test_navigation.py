"""The left-hand navigation: two keys never open two pages."""

from collections import Counter

from config import navigation


def test_no_two_pages_share_their_keys():
    keys = Counter(entry.key for _label, entries in navigation.SECTIONS for entry in entries if entry.key)
    assert [key for key, times in keys.items() if times > 1] == []
