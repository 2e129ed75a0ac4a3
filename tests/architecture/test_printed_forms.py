"""Every printed form, in every language, blank and filled, on every paper: one page a copy, its title, no missing glyph."""

import io
import re
from functools import cache
from pathlib import Path

import pytest
from django.utils import translation
from django.utils.module_loading import autodiscover_modules
from fontTools.ttLib import TTFont
from pypdf import PdfReader

from office import printing

autodiscover_modules("printouts")
LANGUAGES = ("en", "zh-hant", "zh-hans")
VARIANTS = [
    pytest.param(form, language, kind, size, id=f"{form.name}-{language}-{kind}-{size}")
    for form in printing.FORMS.values()
    for language in LANGUAGES
    for kind in ("blank", "filled")
    for size in form.sizes
]
# The forms of SPEC §13 that exist so far. One that is dropped or renamed fails here.
EXPECTED = {
    "work_order",
    "repair_register",
    "paid_repair_register",
    "repair_day",
    "callback_sheet",
    "complaint_record",
    "complaints_register",
    "release_slip",
    "archive_list",
    "morning_sheet",
    "letter",
    "upkeep_order",
    "year_plan",
    "equipment_register",
    "equipment_card",
    "receipt",
}


@cache
def drawable():
    """Every character some face of the office's paper can draw."""
    found = set()
    for path in Path(printing.FONTS).glob("*-400.ttf"):
        found |= set(TTFont(path, lazy=True).getBestCmap())
    return found


def draw(form, language, kind, size):
    with translation.override(language):
        return getattr(form, kind)(
            letterhead=printing.sample_letterhead(language), language=language, size=size
        )


def test_the_forms_of_the_specification_are_registered():
    assert set(printing.FORMS) >= EXPECTED


@pytest.mark.parametrize(("form", "language", "kind", "size"), VARIANTS)
def test_form(form, language, kind, size):
    printout = draw(form, language, kind, size)
    pdf = PdfReader(io.BytesIO(printing.pdf(printout)))
    assert len(pdf.pages) == max(1, len(printout.copies))
    text = "".join(page.extract_text() for page in pdf.pages)
    squeezed = re.sub(r"\s", "", text)
    assert re.sub(r"\s", "", str(printout.title)) in squeezed
    words = re.sub(r"<style.*?</style>|<[^>]+>", "", printing.html(printout), flags=re.S)
    missing = {char for char in words if ord(char) > 32 and ord(char) not in drawable()}
    assert not missing


@pytest.mark.parametrize("form", printing.FORMS.values(), ids=lambda form: form.name)
def test_chinese_forms_carry_their_chinese_title(form):
    if "title_zh" in draw(form, "en", "blank", form.sizes[0]).context:
        assert (
            draw(form, "zh-hant", "blank", form.sizes[0]).title
            == draw(form, "en", "blank", form.sizes[0]).context["title_zh"]
        )
