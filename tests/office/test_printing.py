"""Paper: what is drawn, what is never fetched, and batches that survive a bad sheet."""

from io import BytesIO

import pytest
from pypdf import PdfReader

from office import printing
from office.printing import Letterhead, Press, Printout, allowed_path, pdf, pdf_many, qr

HEAD = Letterhead("翠湖花園", "恒安物業", "2345 6789", "翠湖路 18 號")


def sheet(number="A-1", **changes):
    context = {
        "letterhead": HEAD,
        "number": number,
        "qr": qr("https://example.test/1"),
        "title_zh": "維修工作單",
    }
    values = {"filename": "a.pdf", "title": "Sheet", "language": "zh-hant", **changes}
    return Printout("print/base.html", context, **values)


def words(data):
    return [page.extract_text() for page in PdfReader(BytesIO(data)).pages]


@pytest.mark.parametrize(("size", "width"), [("A4", 210), ("A5", 148), ("80mm", 80)])
def test_each_size_has_its_width(size, width):
    page = PdfReader(BytesIO(pdf(sheet(size=size)))).pages[0]
    assert round(float(page.mediabox.width) * 25.4 / 72) == width


def test_a_slip_is_cut_to_its_length():
    page = PdfReader(BytesIO(pdf(sheet(size="80mm")))).pages[0]
    assert float(page.mediabox.height) * 25.4 / 72 < 120


def test_english_sheets_keep_the_chinese_title_above():
    assert "維修工作單" in words(pdf(sheet(language="en")))[0]
    assert "維修工作單" not in words(pdf(sheet(language="zh-hant", title="收據")))[0]


def test_every_copy_counts_its_own_pages():
    pages = words(pdf(sheet(copies=("住戶聯", "存根聯"))))
    assert ["住戶聯" in pages[0], "存根聯" in pages[1]] == [True, True]
    assert all("1 / 1" in page for page in pages)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "http://127.0.0.1/",
        "desk:/attachment/../secret",
        "desk:/static/%2e%2e/pyproject.toml",
        "desk://host/static/app.css",
        "desk:/etc/passwd",
    ],
)
def test_nothing_outside_our_folders_is_fetched(url, tmp_path):
    (tmp_path / "files").mkdir()
    (tmp_path / "secret").write_text("x")
    roots = {"static_url": "/static/", "static": ["static"], "attachments": str(tmp_path / "files")}
    with pytest.raises(ValueError, match="not fetched"):
        allowed_path(url, roots)


def test_a_denied_picture_is_left_out_and_the_sheet_still_drawn():
    page = '<html><body class="paper-a4"><img src="file:///etc/passwd"><p>drawn</p></body></html>'
    assert "drawn" in words(Press(printing.places()).print([page], "A4"))[0]


def test_a_batch_keeps_its_order_and_names_the_sheet_that_failed():
    seen = []
    sheets = [sheet(f"A-{n}") for n in range(5)] + [sheet("bad", size="A3", title="Odd")]
    batch = pdf_many(iter(sheets), shard=2, progress=seen.append, processes=1)
    assert [f"A-{n}" in page for n, page in enumerate(words(batch.data))] == [True] * 5
    assert [(position, title) for position, title, _words in batch.failures] == [(5, "Odd")]
    assert seen[-1] == 6
