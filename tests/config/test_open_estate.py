"""The first day of an installation, from the command line to the first login."""

import io

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from office.models import DepartmentHead, Estate, Staff

pytestmark = pytest.mark.django_db


def open_estate(monkeypatch, *words, typed="a long and private sentence\n"):
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    printed = io.StringIO()
    call_command("open_estate", *words, stdout=printed)
    return printed.getvalue()


def test_an_estate_and_its_administrator(monkeypatch, client):
    assert "HC is open; wong administers it." in open_estate(monkeypatch, "HC", "海城花園", "--admin", "wong")
    estate, wong = Estate.objects.get(code="HC"), Staff.objects.get(username="wong")
    assert wong.may("office.administer", estate.pk) and not wong.is_demo
    assert DepartmentHead.objects.filter(estate=estate).exists()
    assert client.login(username="wong", password="a long and private sentence")
    open_estate(monkeypatch, "SC", "山城", "--admin", "wong", typed="")
    assert len(Staff.objects.get(pk=wong.pk).posting_list) == 2


@pytest.mark.parametrize(
    ("words", "typed", "sentence"),
    [
        (("HC", "海城花園", "--admin", "wong"), "short\n", "password"),
        (("H C", "海城花園", "--admin", "wong"), "a long and private sentence\n", "slug"),
        (
            ("HC", "海城花園", "--admin", "wong", "--time-zone", "Moon/Sea"),
            "a long and private sentence\n",
            "zone",
        ),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_made(monkeypatch, words, typed, sentence, settings):
    settings.LANGUAGE_CODE = "en"
    with pytest.raises(CommandError, match=sentence):
        open_estate(monkeypatch, *words, typed=typed)
    assert not Estate.objects.exists() and not Staff.objects.exists()
