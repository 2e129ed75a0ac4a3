"""Blank forms come with the letterhead of the estate, on every paper, in every language."""

import io

import pytest
from pypdf import PdfReader

pytestmark = pytest.mark.django_db


def test_the_page_links_every_form_on_every_paper_in_every_language(clerk, sign_in):
    page = sign_in(clerk).get("/office/forms/")
    links = [url for form in page.context["forms"] for _label, url in form["links"]]
    assert page.status_code == 200
    assert "/office/forms/work_order/?size=A5&language=zh-hans" in links
    assert len(links) == len(set(links)) >= 18


def test_a_blank_form_has_the_estates_letterhead(clerk, estate, sign_in):
    answer = sign_in(clerk).get("/office/forms/work_order/?size=A5&language=en")
    text = PdfReader(io.BytesIO(answer.content)).pages[0].extract_text()
    assert answer["Content-Type"] == "application/pdf"
    assert estate.name_en in text


@pytest.mark.parametrize("query", ["?size=A3", "?language=fr", ""])
def test_what_is_not_offered_falls_back_to_the_usual_sheet(clerk, sign_in, query):
    assert sign_in(clerk).get(f"/office/forms/repair_register/{query}").status_code == 200


def test_an_unknown_form_is_404(clerk, sign_in):
    assert sign_in(clerk).get("/office/forms/nothing/").status_code == 404
