"""A roster comes in: sent, its columns found, its errors mended in the grid, brought in, and rolled back.

Once by keys in English, once by mouse in Chinese. Pages are read by names and states, not by their words.
"""

import pytest

from office.models import Import, Unit
from residents.models import Person
from tests import imported

SAID = ".desk-toast-success"
ROSTER = [
    "恆泰花園業主清單,,,,,",
    "樓棟,單元,房號,建築面積(㎡),交樓日期,業主,聯繫電話",
    "21,1,0101,89.5,2020年6月1日,陳大文,13800138000",
    "21,1,0102,９０.５,2020/6/2,李小紅,13800138001",
    "21,1,0103,九十,2020-13-01,王強,13800138002",
]


def work(page):
    """What a worker would do; the page that shows the bar goes on by itself."""
    page.wait_for_selector("#import-work")
    imported.work()
    page.wait_for_selector(".import-tiles")


def counted(page):
    return [int(text) for text in page.locator(".import-tiles .tile-value").all_inner_texts()]


@pytest.mark.parametrize("language", ["en", "zh-hant"])
def test_a_roster_from_the_file_to_the_register_and_back(sit, office, language):
    by_keys = language == "en"
    page = sit("admin")
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.accept()))

    def go(selector=".desk-main [data-save]"):
        page.keyboard.press("Control+Enter") if by_keys else page.locator(selector).click()

    page.goto("/office/imports/")
    page.keyboard.press("n") if by_keys else page.locator('[data-verb="new"]').click()
    page.wait_for_selector("#file")
    data = imported.file_of(ROSTER).getvalue()
    page.set_input_files("#file", {"name": "業主清單.csv", "mimeType": "text/csv", "buffer": data})
    page.focus("#file")
    go()
    page.wait_for_selector("#sheet")
    assert page.input_value("#sheet") == "units"
    assert page.locator("[name=header_row]:checked").get_attribute("value") == "1"
    page.focus("#sheet")
    go()
    page.wait_for_selector("#column-room")
    assert page.input_value("#column-room") == "2" and page.input_value("#column-area") == "3"
    page.focus("#column-room")
    go()
    work(page)
    assert counted(page) == [2, 0, 0, 1, 3]  # new, changes, unchanged, errors, all
    assert not Unit.objects.filter(building__code="21").exists()

    row = Import.objects.get().rows.get(outcome="error")
    area, day = f"#cell-{row.pk}-area", f"#cell-{row.pk}-handed_over_on"
    assert page.locator(f"{area}[aria-invalid=true], {day}[aria-invalid=true]").count() == 2
    page.fill(area, "90")
    take = page.locator(f'[data-fills="cell-{row.pk}-handed_over_on"]')
    if by_keys:
        take.focus()
        page.keyboard.press("Enter")
    else:
        take.click()
    assert page.input_value(day) == "2020-01-13"
    go()
    page.wait_for_selector(SAID)
    assert counted(page) == [3, 0, 0, 0, 3]

    page.locator("h1").click()
    page.keyboard.press("b") if by_keys else page.locator('[data-verb="apply"]').click()
    work(page)
    assert Unit.objects.filter(building__code="21").count() == 3
    assert Person.objects.filter(name="王強").exists()

    page.locator('[data-verb="roll-back"]').click()
    if page.locator("dialog[open]").count():
        page.locator("dialog[open] .btn-primary, dialog[open] .btn-danger").first.click()
    work(page)
    assert not Unit.objects.filter(building__code="21").exists()
    assert Import.objects.get().state == "rolled_back"
