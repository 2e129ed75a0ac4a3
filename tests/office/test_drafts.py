"""Drafts: what was typed survives the browser and the log-in."""

from datetime import timedelta

import pytest
from django.http import QueryDict
from django.urls import reverse
from django.utils import translation

from office import drafts
from office.models import Draft
from office.refusals import Refused
from tests.cast import NOW, client_of

pytestmark = pytest.mark.django_db
TYPED = "problem=水管漏水&files=1&files=2&csrfmiddlewaretoken=x&form_key=y&tab=t1&version=3"


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


def save(staff, typed=TYPED, tab="t1", now=NOW):
    return drafts.save(
        staff=staff, form="tickets.intake", tab=tab, query=QueryDict(typed), page="/new", now=now
    )


def test_a_draft_keeps_fields_and_not_the_forms_own_words(clerk):
    save(clerk)
    kept = drafts.restore(staff=clerk, form="tickets.intake", tab="t1", now=NOW)
    assert dict(kept.lists()) == {"problem": ["水管漏水"], "files": ["1", "2"]}


def test_saving_again_replaces_and_each_tab_has_its_own(clerk, lead):
    save(clerk)
    save(clerk, "problem=b")
    save(clerk, "problem=c", tab="t2", now=NOW + timedelta(minutes=1))
    save(lead, "problem=d")
    found = {row.tab: row.data["fields"]["problem"] for row in Draft.objects.filter(staff=clerk)}
    assert found == {"t1": ["b"], "t2": ["c"]}
    newest = drafts.restore(staff=clerk, form="tickets.intake", tab="", now=NOW)
    assert newest["problem"] == "c"


def test_a_saved_form_forgets_its_draft(clerk):
    save(clerk)
    assert drafts.forget(staff=clerk, form="tickets.intake", tab="t1") == 1
    assert drafts.restore(staff=clerk, form="tickets.intake", tab="t1", now=NOW) is None


def test_a_draft_over_200_kb_is_refused_with_a_sentence(clerk):
    with pytest.raises(Refused, match="too long to be kept as a draft"):
        save(clerk, "problem=" + "水" * 70_000)
    assert not Draft.objects.exists()


def test_what_cannot_be_stored_is_refused(clerk):
    with pytest.raises(Refused, match="cannot be stored"):
        save(clerk, "problem=a%00b")


def test_drafts_nobody_came_back_to_go(clerk):
    save(clerk)
    later = NOW + drafts.KEEP + timedelta(seconds=1)
    assert drafts.restore(staff=clerk, form="tickets.intake", tab="t1", now=later) is None
    assert drafts.forgotten(later).delete()[0] == 1


def test_the_page_saves_restores_and_forgets(clerk, lead):
    browser, url = client_of(clerk), reverse("office:draft", args=["tickets.intake"])
    assert browser.post(url, {"problem": "漏水", "tab": "t1", "page": "/new"}).status_code == 200
    answer = browser.get(url, {"tab": "t1"}).json()
    assert (answer["fields"], answer["page"]) == ({"problem": ["漏水"]}, "/new")
    assert client_of(lead).get(url, {"tab": "t1"}).json() == {"fields": {}, "saved_at": ""}
    assert browser.post(url, {"forget": "1", "tab": "t1"}).json() == {"forgotten": 1}
    assert browser.get(url, {"tab": "t1"}).json()["fields"] == {}


def test_the_page_answers_413_with_a_sentence(clerk):
    url = reverse("office:draft", args=["tickets.intake"])
    answer = client_of(clerk).post(url, {"problem": "x" * 300_000, "tab": "t1"})
    assert answer.status_code == 413
    assert answer.json()["error"].startswith("This is too long")
