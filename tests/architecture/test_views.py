"""Rules of the house that a reader of one file would not see broken."""

import ast
import re
from pathlib import Path

import pytest
from django.apps import apps
from django.urls import get_resolver

from office import journal, roles
from office.access import needs
from office.checks import patterns

ROOT = Path(__file__).resolve().parents[2]
APPS = ("config", "office", "residents", "billing", "tickets")
SOURCES = [path for app in APPS for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
# Paper has its style sheet inside: WeasyPrint reads no other, and no browser runs it.
SCREENS = [path for path in TEMPLATES if "print" not in path.parts]


def relative(path):
    return str(path.relative_to(ROOT))


def test_every_view_declares_who_may_open_it():
    assert not [route for _name, route, view in patterns() if needs(view) is None]


def test_every_permission_a_page_needs_is_granted_to_some_role():
    granted = set().union(*(role.permissions for role in roles.ROLES.values()))
    for name, route, view in patterns():
        declared = needs(view)
        if isinstance(declared, frozenset):
            assert declared <= granted, f"{name} ({route}): nobody holds {sorted(declared - granted)}"


def test_every_permission_asked_for_in_the_code_is_granted_to_some_role():
    granted = set().union(*(role.permissions for role in roles.ROLES.values()))
    asked = re.compile(r"""(?:\bmay\(|visible_to\([^()]*?,\s*|estate_ids\()\s*["']([a-z]+\.[a-z_]+)["']""")
    wrong = {
        (relative(path), permission)
        for path in SOURCES
        for permission in asked.findall(path.read_text())
        if permission not in granted
    }
    assert not wrong


def test_every_model_of_an_estate_is_read_through_visible_to():
    for model in apps.get_models():
        if model._meta.app_label not in APPS:
            continue
        if "estate" in {field.name for field in model._meta.fields} or hasattr(model, "estate_id"):
            if model._meta.label_lower == "office.undo":
                continue  # found by its random key and its maker only
            assert hasattr(model.objects.all(), "visible_to"), model._meta.label


@pytest.mark.parametrize("path", SCREENS, ids=relative)
def test_no_inline_style_or_script(path):
    text = re.sub(r"{%.*?%}|{#.*?#}", "", path.read_text(), flags=re.DOTALL)
    assert not re.search(r"<style\b", text), "styles belong into app.css"
    assert not re.search(r"\sstyle\s*=", text), "the content security policy drops style attributes"
    assert not re.search(r"<script(?![^>]*\bsrc=)", text), "scripts belong into app.js"
    assert not re.search(r"\son[a-z]+\s*=|hx-on|hx-vals\s*=\s*[\"']js:", text), "no code in attributes"
    assert "|safe" not in path.read_text()
    assert not re.search(r"(?:src|href)\s*=\s*[\"'](?:https?:)?//", text), "nothing from other sites"


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_no_short_cuts_in_the_code(path):
    text = path.read_text()
    for word in ("mark_safe", "csrf_exempt", "TO" + "DO", "FIX" + "ME"):
        assert word not in text, word


def _recorded(tree):
    """(line, verb, whether it is only how the verb begins) of every journal.record whose verb is written there."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        if ast.unparse(node.func) != "journal.record":
            continue
        built = any(isinstance(part, ast.JoinedStr) for part in ast.walk(node.args[0]))
        for part in ast.walk(node.args[0]):
            if isinstance(part, ast.Constant) and isinstance(part.value, str) and "." in part.value:
                yield node.lineno, part.value, built


def test_every_journal_verb_in_the_code_has_a_sentence():
    for path in SOURCES:
        for line, verb, built in _recorded(ast.parse(path.read_text())):
            known = [
                sentence
                for sentence in journal.SENTENCES
                if sentence == verb or (built and sentence.startswith(verb))
            ]
            assert known, f"{relative(path)}:{line}: {verb} has no sentence"


def test_every_sentence_is_of_a_verb_somebody_records():
    code = "\n".join(path.read_text() for path in SOURCES if path.name != "registers.py")
    stems = {verb: verb.split(".")[0] for verb in journal.SENTENCES}
    unused = [verb for verb, stem in stems.items() if f'"{verb}"' not in code and f'f"{stem}.' not in code]
    assert not unused, f"sentences nobody needs: {unused}"


def test_an_unknown_verb_is_refused(db):
    with pytest.raises(LookupError):
        journal.record("nobody.knows", subject=None, by=None, now=None)


def test_no_view_is_a_class_of_ours():
    ours = [view for _name, _route, view in patterns(get_resolver()) if hasattr(view, "view_class")]
    assert not [view for view in ours if view.view_class.__module__.split(".")[0] in APPS]


def test_money_is_never_a_float():
    for model in apps.get_models():
        if model._meta.app_label in APPS:
            kinds = {field.get_internal_type() for field in model._meta.fields}
            assert "FloatField" not in kinds, model._meta.label
