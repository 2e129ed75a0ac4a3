"""Draw every printed form in every language, blank and filled, on every paper it is made for (`make forms`)."""

import shutil
import subprocess
import time
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.module_loading import autodiscover_modules
from PIL import Image, ImageDraw
from pypdf import PdfReader

from office import printing

THUMB = (300, 424)
KINDS = ("blank", "filled")


class Command(BaseCommand):
    help = "Render every printed form into a folder, with a contact sheet."

    def add_arguments(self, parser):
        parser.add_argument("--out", default="build/forms", help="folder, default build/forms")
        parser.add_argument("--only", default="", help="name of one form")

    def handle(self, *args, out, only, **options):
        autodiscover_modules("printouts")
        forms = [form for name, form in sorted(printing.FORMS.items()) if only in ("", name)]
        if not forms:
            raise CommandError("no such form" if only else "no form is registered")
        folder = Path(out)
        folder.mkdir(parents=True, exist_ok=True)
        started, sheets = time.monotonic(), []
        for form in forms:
            drawn = [self._draw(form, folder, *variant) for variant in variants(form)]
            sheets.append({"form": form, "drawn": drawn, "contact": self._contact(form, folder, drawn)})
            self.stdout.write(f"{form.name}: {len(drawn)} sheets, {sum(one['pages'] for one in drawn)} pages")
        with translation.override("en"):
            page = render_to_string("print/contact.html", {"sheets": sheets})
        (folder / "index.html").write_text(page)
        total = sum(len(sheet["drawn"]) for sheet in sheets)
        self.stdout.write(f"{total} sheets in {time.monotonic() - started:.1f} s: {folder / 'index.html'}")

    def _draw(self, form, folder, language, kind, size):
        head = printing.sample_letterhead(language)
        make = getattr(form, kind)
        with translation.override(language):
            printout = make(letterhead=head, language=language, size=size)
        data = printing.pdf(printout)
        path = folder / f"{form.name}-{language}-{kind}-{size}.pdf"
        path.write_bytes(data)
        return {
            "file": path.name,
            "language": language,
            "kind": kind,
            "size": size,
            "pages": len(PdfReader(path).pages),
            "image": picture(path),
        }

    def _contact(self, form, folder, drawn):
        """One picture of all sheets of a form side by side, or nothing without pdftoppm."""
        drawn = [one for one in drawn if one["image"]]
        if not drawn:
            return ""
        across = min(6, len(drawn))
        down = -(-len(drawn) // across)
        sheet = Image.new("RGB", (across * (THUMB[0] + 16) + 16, down * (THUMB[1] + 34) + 16), "#c9ccd1")
        pen = ImageDraw.Draw(sheet)
        for at, one in enumerate(drawn):
            left, top = 16 + at % across * (THUMB[0] + 16), 16 + at // across * (THUMB[1] + 34)
            with Image.open(folder / one["image"]) as image:
                image.thumbnail(THUMB)
                sheet.paste(image, (left, top + 18))
            pen.text(
                (left, top), f"{one['language']} {one['kind']} {one['size']} ({one['pages']})", fill="#111"
            )
        name = f"{form.name}.png"
        sheet.save(folder / name)
        return name


def variants(form):
    """(language, kind, size) of every sheet a form must be drawable as."""
    return [
        (language, kind, size)
        for language, _name in settings.LANGUAGES
        for kind in KINDS
        for size in form.sizes
    ]


def picture(path):
    """First page as PNG beside the PDF; its name, or nothing when pdftoppm is not installed."""
    tool = shutil.which("pdftoppm")
    if not tool:
        return ""
    stem = path.with_suffix("")
    subprocess.run([tool, "-png", "-r", "60", "-singlefile", str(path), str(stem)], check=True)
    return f"{stem.name}.png"
