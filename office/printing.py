"""Paper: the one module that knows WeasyPrint (ARCHITECTURE §2, §4).

A printout function names template, data and file name; this module makes HTML, PDF, and batches of PDF of it.

- Fonts are those in office/fonts, loaded once per process; the stylesheet is parsed once per process.
- Nothing is fetched: the only addresses that resolve are our static files, stored attachments
  (`attachment_url`) and pictures carried in the address itself.
- Batches run in child processes that know neither Django nor the database: they get HTML and give PDF, in
  shards, without garbage collection inside a shard, and are replaced after some shards, so memory stays flat.
"""

import base64
import gc
import json
import logging
import mimetypes
import os
import queue
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import wraps
from io import BytesIO
from itertools import islice
from pathlib import Path
from urllib.parse import unquote, unquote_to_bytes, urlsplit

FONTS = Path(__file__).resolve().parent / "fonts"
SHEET = Path(__file__).resolve().parent.parent / "static" / "print.css"
SIZES = ("A4", "A5", "80mm")
FAMILIES = {"Paper TC": "paper-tc", "Paper SC": "paper-sc", "Rest TC": "rest-tc", "Rest SC": "rest-sc"}
SHARDS_PER_CHILD = 20
MILLIMETRE = 96 / 25.4  # CSS pixels

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Letterhead:
    """The head of every sheet. Built from an estate row by `letterhead`, or made up for samples."""

    name: str
    company: str = ""
    phone: str = ""
    address: str = ""
    logo_url: str = ""


@dataclass(frozen=True)
class Printout:
    """One document: what to draw, and what to call the file.

    `context` holds ready values; `letterhead`, `number`, `qr` (see `qr`), `reprint` (words for the mark on a
    copy printed again) are drawn by print/base.html. `copies` are the captions of the sheets handed out, such
    as ("resident's copy", "office's copy"): each is laid out on its own and counts its own pages.
    """

    template: str
    context: dict
    filename: str
    title: str
    size: str = "A4"
    language: str = ""
    copies: tuple = ()


@dataclass(frozen=True)
class Form:
    """A printed form of the register below.

    `blank(*, letterhead, language, size)` and `filled(*, letterhead, language, size)` give a Printout without
    reading the database: samples are made up, so every form can be drawn, looked at and tested anywhere.
    """

    name: str
    title: object
    blank: object
    filled: object
    sizes: tuple = ("A4",)


FORMS: dict[str, Form] = {}


def register(form):
    """Put a form on the list of `manage.py render_forms`; apps do it in their printouts.py."""
    if form.name in FORMS and FORMS[form.name].blank.__module__ != form.blank.__module__:
        raise ValueError(f"two forms are called {form.name}")
    FORMS[form.name] = form
    return form


def in_language(draw):
    """The sheet's words are made in the sheet's language, whatever the person at the desk reads."""

    @wraps(draw)
    def drawn(facts, *, letterhead, language, **values):
        from django.utils import translation  # here: the press knows no Django

        with translation.override(language):
            return draw(facts, letterhead=letterhead, language=language, **values)

    return drawn


def public_url(path):
    """The address of a page as a telephone outside the office reaches it: what a QR code holds."""
    from django.conf import settings

    return settings.PUBLIC_URL.rstrip("/") + path


# --- what templates draw with ------------------------------------------------------------------------------


def qr(text):
    """A QR code as an address for <img src>; segno sizes it, print.css gives it its millimetres."""
    import segno  # here: only sheets with a code need it

    return segno.make(text, error="m", micro=False).svg_data_uri(border=0, omitsize=True, svgns=True)


def attachment_url(file):
    """The address under which a stored attachment is drawn on paper."""
    return f"desk:/attachment/{file.content.name}"


def letterhead(estate, language=""):
    """The head of an estate's paper, its name in the language of the sheet."""
    name = estate.name_en if language == "en" and estate.name_en else estate.name
    return Letterhead(
        name=name,
        company=estate.company,
        phone=estate.phone,
        address=estate.address,
        logo_url=attachment_url(estate.logo) if estate.logo_id else "",
    )


def sample_letterhead(language=""):
    """A made-up office for the samples of the forms."""
    if language == "en":
        return Letterhead(
            "Jade Lake Garden", "Heng On Property Management Ltd", "2345 6789", "18 Jade Lake Road"
        )
    if language == "zh-hans":
        return Letterhead("翠湖花园", "恒安物业管理有限公司", "2345 6789", "翠湖路 18 号")
    return Letterhead("翠湖花園", "恒安物業管理有限公司", "2345 6789", "翠湖路 18 號")


def html(printout, *, preview=False):
    """The sheet as HTML text; its first copy when there are several. `preview` links the sheet's style for
    the browser (shown in a frame); without it the text is what the press gets."""
    return _pages(printout, preview)[0]


def _pages(printout, preview):
    from django.conf import settings
    from django.template.loader import render_to_string
    from django.utils import translation

    if printout.size not in SIZES:
        raise ValueError(f"no paper of size {printout.size}")
    language = printout.language or settings.LANGUAGE_CODE
    pages = []
    with translation.override(language):
        copies = [str(caption) for caption in printout.copies] or [""]
        for caption in copies:
            paper = {
                "size": printout.size,
                "class": printout.size.lower(),
                "title": printout.title,
                "language": language,
                "copy": caption,
                "preview": preview,
            }
            pages.append(render_to_string(printout.template, {**printout.context, "paper": paper}))
    return pages


def pdf(printout):
    """One document as PDF bytes, drawn in this process."""
    return Press(places()).print(_pages(printout, False), printout.size)


def answer(printout):
    """The PDF as a page answers it: in the browser's own viewer, named for saving, kept nowhere on the way."""
    from django.http import HttpResponse  # here: the press knows no Django

    response = HttpResponse(pdf(printout), content_type="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{printout.filename}"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


# --- the press: HTML in, PDF out, no Django ----------------------------------------------------------------


def places():
    """Folders the fetcher may read, as plain text so that children need no settings."""
    from django.conf import settings

    return {
        "static_url": "/" + settings.STATIC_URL.strip("/") + "/",
        "static": [str(settings.STATIC_ROOT), *map(str, settings.STATICFILES_DIRS)],
        "attachments": str(settings.MEDIA_ROOT),
    }


class Press:
    """Draws HTML. Fonts and stylesheet are shared by every press of the process."""

    _shared = None
    _lock = threading.RLock()  # Pango's font map is not made for several threads of a web process

    def __init__(self, roots):
        self.fetcher = _fetcher(roots)

    @classmethod
    def shared(cls):
        """(font configuration, stylesheet), made once: loading the faces costs more than a sheet."""
        with cls._lock:
            if cls._shared is None:
                from weasyprint import CSS
                from weasyprint.text.fonts import FontConfiguration

                fetcher = _fetcher({"static_url": "/static/", "static": [], "attachments": ""})
                fonts = FontConfiguration()
                css = _font_faces() + SHEET.read_text()
                sheet = CSS(string=css, base_url="desk:/", url_fetcher=fetcher, font_config=fonts)
                cls._shared = fonts, sheet
            return cls._shared

    def lay_out(self, page, size):
        """One HTML page → a WeasyPrint document. A till slip is laid out twice: long, then cut to length."""
        from weasyprint import CSS, HTML

        fonts, sheet = self.shared()
        source = HTML(string=page, base_url="desk:/", url_fetcher=self.fetcher)
        document = source.render(stylesheets=[sheet], font_config=fonts)
        if size == "80mm":
            length = max(_length(document), 40) + 6
            cut = CSS(
                string=f"@page slip {{ size: 80mm {length:.0f}mm }}",
                base_url="desk:/",
                url_fetcher=self.fetcher,
            )
            document = source.render(stylesheets=[sheet, cut], font_config=fonts)
        return document

    def print(self, pages, size):
        """The pages of one printout in one PDF; each copy counts its own pages."""
        return self.print_many([(pages, size)])

    def print_many(self, printouts):
        """Several printouts [(pages, size), …] in one PDF: faces are subset once for all of them."""
        with self._lock:
            first, *rest = [self.lay_out(page, size) for pages, size in printouts for page in pages]
            sheets = list(first.pages)
            for document in rest:
                sheets.extend(document.pages)
            return first.copy(sheets).write_pdf()


def _font_faces():
    return "\n".join(
        f'@font-face {{ font-family: "{family}"; font-weight: {weight}; src: url("desk:/fonts/{name}-{weight}.ttf") }}'
        for family, name in FAMILIES.items()
        for weight in (400, 700)
    )


def _length(document):
    """Millimetres of paper the slip needs."""
    box = document.pages[0]._page_box
    page_root = box.children[0]
    bottom = max((child.position_y + child.margin_height() for child in page_root.children), default=0)
    return bottom / MILLIMETRE


def _fetcher(roots):
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    class Fetcher(URLFetcher):
        """Denies everything but our own files. It raises ValueError, which WeasyPrint logs and leaves out;
        never FatalURLFetchingError, which is a BaseException and would take the worker with it."""

        def fetch(self, url, headers=None):
            if url.startswith("data:image/"):
                return _inline(url, URLFetcherResponse)
            path = allowed_path(url, roots)
            kind = mimetypes.guess_type(path.name)[0] or _picture_type(path)
            return URLFetcherResponse(url, path.read_bytes(), {"Content-Type": kind})

    return Fetcher(allowed_protocols=("desk", "data"), allow_redirects=False)


def allowed_path(url, roots):
    """The file behind an address of a sheet, or ValueError. Links out of the allowed folders do not count."""
    parts = urlsplit(url)
    if parts.scheme != "desk" or parts.netloc:
        raise ValueError(f"not fetched for paper: {url[:80]}")
    name = unquote(parts.path)
    if name.startswith("/fonts/"):
        candidates = [(FONTS, name.removeprefix("/fonts/"))]
    elif name.startswith("/attachment/"):
        candidates = [(roots["attachments"], name.removeprefix("/attachment/"))]
    elif name.startswith(roots["static_url"]):
        candidates = [(root, name.removeprefix(roots["static_url"])) for root in roots["static"]]
    else:
        candidates = []
    for root, rest in candidates:
        root = Path(root).resolve()
        path = (root / rest).resolve()
        if path.is_relative_to(root) and path.is_file():
            return path
    raise ValueError(f"not fetched for paper: {url[:80]}")


def _inline(url, response):
    head, _comma, body = url.partition(",")
    kind = head.removeprefix("data:").split(";")[0]
    data = base64.b64decode(body) if head.endswith(";base64") else unquote_to_bytes(body)
    return response(url, data, {"Content-Type": kind})


def _picture_type(path):
    """Stored attachments have random names without an ending."""
    head = path.open("rb").read(12)
    if head.startswith(b"\xff\xd8"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG"):
        return "image/png"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    raise ValueError("an attachment that is no picture")


# --- batches -----------------------------------------------------------------------------------------------


@dataclass
class Batch:
    """What a batch came to. `failures`: (position from 0, title, words); the rest is printed all the same."""

    path: Path | None
    data: bytes | None
    done: int = 0
    failures: list = field(default_factory=list)


def pdf_many(printouts, *, shard=25, progress=None, path=None, processes=None):
    """Many documents as one PDF, in the order given (ARCHITECTURE §4 Paper).

    `printouts` may be a generator: HTML is made here, shard by shard, while children draw the shards before.
    `progress(done)` is called after each shard; what it raises (a cancelled job) ends the children.
    With `path` the PDF is written there, else `Batch.data` holds it.
    """
    printouts = iter(printouts)
    processes = processes or min(2, os.cpu_count() or 1)
    batch = Batch(path=Path(path) if path else None, data=None)
    with tempfile.TemporaryDirectory(prefix="print-") as folder:
        parts: list[Path] = []
        with _Pool(processes, places()) as pool:
            waiting = []
            position = 0
            while True:
                group = list(islice(printouts, shard))
                if not group:
                    break
                part = Path(folder) / f"{len(parts):06d}.pdf"
                parts.append(part)
                job = []
                for offset, printout in enumerate(group):
                    try:
                        job.append(
                            (position + offset, printout.title, _pages(printout, False), printout.size)
                        )
                    except Exception as error:  # one document must not stop the batch
                        logger.exception("printout %s", printout.title)
                        batch.failures.append((position + offset, str(printout.title), str(error)))
                position += len(group)
                waiting.append((pool.submit(job, part), len(group)))
                while len(waiting) > 2 * processes:
                    _collect(waiting.pop(0), batch, progress)
            while waiting:
                _collect(waiting.pop(0), batch, progress)
        _merge([part for part in parts if part.exists()], batch)
    batch.failures.sort(key=lambda failure: failure[0])
    return batch


def _collect(entry, batch, progress):
    future, count = entry
    failures = future.result()
    batch.failures.extend(tuple(failure) for failure in failures)
    batch.done += count
    if progress:
        progress(batch.done)


def _merge(parts, batch):
    from pypdf import PdfWriter

    if len(parts) == 1:
        data = parts[0].read_bytes()
    elif parts:
        writer = PdfWriter()
        for part in parts:
            writer.append(str(part), import_outline=False)
        buffer = BytesIO()
        writer.write(buffer)
        data = buffer.getvalue()
    else:
        data = b""
    if batch.path:
        batch.path.write_bytes(data)
    else:
        batch.data = data


class _Pool:
    """Child processes that draw shards. Threads here only wait for them; the HTML is made by the caller."""

    def __init__(self, processes, roots):
        self.roots = roots
        self.idle: queue.LifoQueue[_Child] = queue.LifoQueue()
        self.children = set()
        self.threads = ThreadPoolExecutor(max_workers=processes)
        self.closed = False

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.closed = True
        for child in list(self.children):
            child.end()
        self.threads.shutdown(wait=True, cancel_futures=True)

    def submit(self, job, part):
        return self.threads.submit(self._draw, job, part)

    def _draw(self, job, part):
        """Draw a shard; a document that fails is left out and named, then the rest is drawn again."""
        failures: list[list] = []
        while job:
            child = self._child()
            answer = child.ask({"docs": [[pages, size] for _n, _t, pages, size in job], "out": str(part)})
            if answer is None:  # ended by __exit__, or died (memory): the job runner retries or reports
                self._drop(child)
                if self.closed:
                    return failures
                raise RuntimeError("a drawing process ended in the middle of a shard")
            if child.shards >= SHARDS_PER_CHILD:
                self._drop(child)
            else:
                self.idle.put(child)
            if "error" not in answer:
                return failures
            position, title, *_drawn = job.pop(answer["at"])
            failures.append([position, str(title), answer["error"]])
        return failures

    def _child(self):
        try:
            return self.idle.get_nowait()
        except queue.Empty:
            child = _Child(self.roots)
            self.children.add(child)
            return child

    def _drop(self, child):
        self.children.discard(child)
        child.end()


class _Child:
    def __init__(self, roots):
        code = "from office.printing import child_main; child_main()"
        self.process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).resolve().parent.parent,
        )
        assert self.process.stdin  # both are pipes
        assert self.process.stdout
        self.lines, self.answers = self.process.stdin, self.process.stdout
        self.shards = 0
        self._write(roots)

    def _write(self, message):
        self.lines.write(json.dumps(message).encode() + b"\n")
        self.lines.flush()

    def ask(self, message):
        try:
            self._write(message)
            line = self.answers.readline()
        except (OSError, ValueError):
            return None
        self.shards += 1
        return json.loads(line) if line else None

    def end(self):
        self.process.kill()
        self.process.wait()
        self.lines.close()
        self.answers.close()


def child_main():
    """A drawing process: reads shards as lines of JSON, writes a PDF file each, answers a line."""
    lines, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not look like an answer
    logging.getLogger("weasyprint").setLevel(logging.CRITICAL)
    logging.getLogger("fontTools").setLevel(logging.CRITICAL)
    press = Press(json.loads(lines.readline()))
    press.shared()
    gc.collect()
    gc.freeze()
    gc.disable()
    for line in lines:
        job = json.loads(line)
        answer: dict = {"ok": True}
        try:
            Path(job["out"]).write_bytes(press.print_many(job["docs"]))
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}", "at": _culprit(press, job["docs"])}
        answers.write(json.dumps(answer).encode() + b"\n")
        answers.flush()
        gc.collect()


def _culprit(press, docs):
    """Position of the first document that cannot be drawn alone."""
    for at, (pages, size) in enumerate(docs):
        try:
            press.print(pages, size)
        except Exception:
            return at
    return 0
