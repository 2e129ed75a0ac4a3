"""Every text is translated: the catalogues hold exactly what the sources say, whole, in the right characters."""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import polib
import pytest
from opencc import OpenCC

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = ("zh_Hant", "zh_Hans")
ROOMS = ("config", "office", "residents", "billing", "tickets")
ASKING = {"_", "gettext", "gettext_lazy", "ngettext", "pgettext", "pgettext_lazy", "npgettext"}
# What makemessages does not read (see `make messages`), and what no text comes from.
LEFT_OUT = ("build", "tests", "docs", "fonts", "*.mo", "*.pyc", "__pycache__", ".*")
PLACES = re.compile(r"%\(\w+\)[sd]|%[sd%]|\{\w*\}|</?[a-z][^>]*>|&\w+;")
HAN = re.compile("[\u3400-\u9fff]")
# Traditional Chinese writes these as they stand, whatever the tables say: 批准.
RIGHT = set("准")


def catalogue(language, kind="po", root=ROOT):
    path = root / "locale" / language / "LC_MESSAGES" / f"django.{kind}"
    return (polib.pofile if kind == "po" else polib.mofile)(str(path))


def key(entry):
    return entry.msgctxt, entry.msgid, entry.msgid_plural


def texts(entry):
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


def every_text():
    return [
        (language, entry, text)
        for language in LANGUAGES
        for entry in catalogue(language)
        for text in texts(entry)
    ]


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """Every text of the sources as they are now: makemessages in a copy, so that the catalogues stay untouched."""
    copy = tmp_path_factory.mktemp("sources") / "guanjia"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*LEFT_OUT))
    shutil.rmtree(copy / "locale")
    for language in LANGUAGES:
        (copy / "locale" / language / "LC_MESSAGES").mkdir(parents=True)
    command = [sys.executable, "manage.py", "makemessages", "--verbosity", "0", "--no-location"]
    for language in LANGUAGES:
        command += ["--locale", language]
    # The tests' own settings stay behind with the tests.
    alone = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"}
    subprocess.run(command, cwd=copy, env=alone, check=True, capture_output=True, timeout=120)
    return {key(entry) for entry in catalogue(LANGUAGES[0], root=copy)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_catalogue_is_up_to_date(language, said):
    """Else: `make messages`, translate, `make messages` again."""
    found = {key(entry) for entry in catalogue(language) if not entry.obsolete}
    assert sorted(map(str, said - found)) == []
    assert sorted(map(str, found - said)) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_missing_or_guessed(language):
    entries = catalogue(language)
    assert [entry.msgid for entry in entries if not all(texts(entry)) or not texts(entry)] == []
    assert [entry.msgid for entry in entries if entry.fuzzy or entry.obsolete] == []
    assert not entries.metadata_is_fuzzy
    assert entries.metadata["Language"] == language
    assert entries.metadata["Plural-Forms"] == "nplurals=1; plural=0;"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_catalogue_is_the_written_one(language):
    written = {key(entry)[:2]: texts(entry) for entry in catalogue(language)}
    assert {key(entry)[:2]: texts(entry) for entry in catalogue(language, "mo")} == written


def test_placeholders_are_kept():
    """A plural may write its one as a word: the translation has the places of either form, and no other."""
    wrong = []
    for language, entry, text in every_text():
        one, many = (
            sorted(PLACES.findall(entry.msgid)),
            sorted(PLACES.findall(entry.msgid_plural or entry.msgid)),
        )
        if sorted(PLACES.findall(text)) not in (one, many):
            wrong.append((language, entry.msgid, text))
        for end in (str.startswith, str.endswith):
            if end(text, "\n") != end(entry.msgid, "\n"):
                wrong.append((language, entry.msgid, text))
    assert wrong == []


def test_chinese_says_it_in_chinese():
    """Names of formats stay; a sentence that stayed English does not."""
    same = {text for _language, entry, text in every_text() if text == entry.msgid or not HAN.search(text)}
    assert {text for text in same if re.search(r"[a-z]{3,}", PLACES.sub("", text))} <= {"Excel"}


def test_each_catalogue_is_in_its_own_characters():
    to_simplified, to_traditional = OpenCC("t2s"), OpenCC("s2hk")
    wrong = []
    for language, _entry, text in every_text():
        for char in HAN.findall(text):
            simplified = to_simplified.convert(char) == char
            if language == "zh_Hans" and (not simplified or not _in("gb2312", char)):
                wrong.append((language, char, text))
            if (
                language == "zh_Hant"
                and simplified
                and to_traditional.convert(char) != char
                and char not in RIGHT
            ):
                wrong.append((language, char, text))
    assert wrong == []


def _in(encoding, char):
    try:
        char.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def test_no_text_is_asked_for_inside_an_f_string():
    """The tools that collect texts do not look there: it would stay English for everybody."""
    inside = []
    for path in sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py")):
        for formed in (
            node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.JoinedStr)
        ):
            calls = (node for node in ast.walk(formed) if isinstance(node, ast.Call))
            inside += [
                f"{path.relative_to(ROOT)}:{call.lineno}"
                for call in calls
                if isinstance(call.func, ast.Name) and call.func.id in ASKING
            ]
    assert not inside
