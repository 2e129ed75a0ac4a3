"""Attachments of a record: what may come in, who may read it, how it is tied to its subject.

The type is what the content says, never the name or the browser. Pictures are drawn anew: nothing hides in them
and they do not tell where they were taken. Who may read a file follows from its subject.
"""

import hashlib
import io
import re
import uuid
import zipfile
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.base import File as Content
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from office import journal
from office.models import File
from office.refusals import Refused

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
ENDINGS = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "application/pdf": ".pdf",
    XLSX: ".xlsx",
    DOCX: ".docx",
}
MAX_SIDE = 4096  # pixels; a larger picture is made smaller
MAX_PIXELS = 60_000_000  # a picture that claims more is a bomb
MAX_PARTS = 5000  # files inside an office document
MAX_UNPACKED = 300 * 1024 * 1024  # bytes
HEIC = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif")

SUBJECTS: dict[str, Any] = {}  # subject_kind → callable(staff, subject_id) -> bool
PERMISSIONS: dict[str, str] = {}  # subject_kind → what opens all of its records at an estate
GUARDS: list = []  # callables(staff, file) -> bool, asked besides: what is shown in the file may need more


class TooLarge(Refused):
    """More bytes than settings.FILE_MAX_BYTES."""


def register_subject(kind, can_read, permission=""):
    """`can_read(staff, subject_id)` answers who may read the files of a kind of record; `permission`, where one
    opens every record of the kind at an estate, lets lists show them without asking for each."""
    SUBJECTS[kind] = can_read
    if permission:
        PERMISSIONS[kind] = permission


def kinds_for(staff, estate_id):
    """Kinds of record all of whose files this person may see listed at the estate."""
    return [kind for kind, permission in PERMISSIONS.items() if staff.may(permission, estate_id)]


# --- coming in ---------------------------------------------------------------------------------------------


def upload(*, content, name, estate, by, now, upload_key="", kind=""):
    """Keep a file somebody adds to a form (`content`: open for reading). The same key again gives the same file.

    Not done here: tying it to a record; that is `attach`, when the form is saved.
    """
    key = _own_key(by, upload_key)
    if first := File.objects.filter(upload_key=key).first():
        return first
    size = getattr(content, "size", None)
    if size is not None and size > settings.FILE_MAX_BYTES:
        raise too_large()
    data = content.read(settings.FILE_MAX_BYTES + 1)
    if len(data) > settings.FILE_MAX_BYTES:
        raise too_large()
    clean, content_type, width, height = examine(data)
    return store(
        data=clean,
        name=tidy_name(name, content_type),
        content_type=content_type,
        estate=estate,
        by=by,
        now=now,
        upload_key=key,
        kind=kind,
        width=width,
        height=height,
    )


def store(
    *, data, name, content_type, estate, by, now, upload_key="", subject_kind="", subject_id=None, **fields
):
    """Write what needs no examination (our own exports and prints, or examined ones) and its row.

    `data`: bytes, or an open file, which is never read into memory whole.
    """
    content = ContentFile(data) if isinstance(data, bytes) else Content(data)
    digest = hashlib.sha256()
    for piece in content.chunks():
        digest.update(piece)
    row = File(
        estate=estate,
        name=name[:200],
        content_type=content_type,
        size=content.size,
        sha256=digest.hexdigest(),
        uploaded_by=by,
        uploaded_at=now,
        upload_key=upload_key or uuid.uuid4().hex,
        subject_kind=subject_kind,
        subject_id=subject_id,
        **fields,
    )
    row.content.save("", content, save=False)
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        row.content.storage.delete(str(row.content.name))
        first = File.objects.filter(upload_key=row.upload_key).first()
        if first is None:
            raise
        return first  # the same upload, sent again while the first was still under way
    except BaseException:
        row.content.storage.delete(str(row.content.name))
        raise
    return row


def _own_key(by, key):
    """Keys are the browser's; two people's never meet."""
    key = key if re.fullmatch(r"[A-Za-z0-9._-]{8,40}", key or "") else uuid.uuid4().hex
    return f"{by.pk}:{key}"[:64]


def too_large():
    megabytes = settings.FILE_MAX_BYTES // (1024 * 1024)
    return TooLarge(_("The file is larger than %(n)s MB.") % {"n": megabytes})


def tidy_name(name, content_type):
    """The name as given, without folders and control characters, with the ending its content has."""
    name = re.sub(
        r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]", "", name.replace("\\", "/").rsplit("/", 1)[-1]
    )
    stem = re.sub(r"\.[A-Za-z0-9]{1,5}$", "", name.strip()).strip(". ") or _("file")
    return stem[:180] + ENDINGS[content_type]


def examine(data):
    """(bytes to keep, type, width, height); refused with a sentence unless the content is on the allow-list."""
    if data[:3] == b"\xff\xd8\xff" or data[:8] == b"\x89PNG\r\n\x1a\n" or data[:6] in (b"GIF87a", b"GIF89a"):
        return _redraw(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _redraw(data)
    if data[:5] == b"%PDF-":
        return data, "application/pdf", None, None
    if data[:4] == b"PK\x03\x04":
        return data, _office_document(data), None, None
    if data[4:8] == b"ftyp" and data[8:12] in HEIC:
        raise Refused(
            _(
                "This picture is in the HEIC format. Set the telephone's camera to “most compatible” (JPEG) and try again."
            )
        )
    if not data:
        raise Refused(_("The file is empty."))
    raise Refused(
        _("Only pictures (JPEG, PNG, WebP, GIF), PDF, Excel (xlsx) and Word (docx) files can be added.")
    )


def _redraw(data):
    """A picture drawn anew: turned upright, at most 4096 pixels a side, without what the camera wrote into it."""
    unreadable = Refused(_("The picture is damaged and cannot be read."))
    try:
        picture: Any = Image.open(io.BytesIO(data), formats=["JPEG", "PNG", "WEBP", "GIF"])
        if picture.width * picture.height > MAX_PIXELS:
            raise Refused(_("The picture has too many pixels."))
        form = "PNG" if picture.format == "GIF" else str(picture.format)
        if form == "JPEG":
            picture.draft("RGB", (MAX_SIDE, MAX_SIDE))
        picture.load()
        picture = ImageOps.exif_transpose(picture)
        clear = picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info
        picture = picture.convert("RGBA" if clear and form != "JPEG" else "RGB")
        picture.thumbnail((MAX_SIDE, MAX_SIDE))
        picture.info = {}
        drawn = io.BytesIO()
        picture.save(drawn, form, **({"optimize": False} if form == "PNG" else {"quality": 85}))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, EOFError, MemoryError) as problem:
        raise unreadable from problem
    return drawn.getvalue(), f"image/{form.lower()}", picture.width, picture.height


def _office_document(data):
    """The type of an office document by what is inside; nothing is unpacked."""
    try:
        parts = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError) as problem:
        raise Refused(_("The file is damaged and cannot be read.")) from problem
    names = {part.filename for part in parts}
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
        raise Refused(_("The file is packed too densely."))
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise Refused(_("Files with macros are not taken."))
    if "[Content_Types].xml" in names and "xl/workbook.xml" in names:
        return XLSX
    if "[Content_Types].xml" in names and "word/document.xml" in names:
        return DOCX
    raise Refused(
        _("Only pictures (JPEG, PNG, WebP, GIF), PDF, Excel (xlsx) and Word (docx) files can be added.")
    )


# --- belonging and reading ---------------------------------------------------------------------------------


def attach(file_ids, subject, *, by, now):
    """Give files uploaded by `by` and not yet attached to `subject`; others are passed over. Returns how many."""
    return attach_as(
        file_ids, subject_kind=subject.SUBJECT, subject_id=subject.pk, estate_id=subject.estate_id, by=by,
        unit_id=getattr(subject, "unit_id", None),
    )  # fmt: skip


def attach_as(file_ids, *, subject_kind, subject_id, estate_id, by, unit_id=None, **fields):
    """`attach` for records named by kind and number; `fields` (a document's kind) are set besides."""
    ids = {int(text) for text in map(str, file_ids or ()) if text.isdecimal() and len(text) < 19}
    if not ids:
        return 0
    loose = File.objects.filter(
        pk__in=ids, uploaded_by=by, subject_id__isnull=True, estate_id=estate_id, removed_at__isnull=True
    )
    return loose.update(subject_kind=subject_kind, subject_id=subject_id, unit_id=unit_id, **fields)


def of(subject):
    """Files of `subject` that were not removed, oldest first."""
    return File.objects.filter(
        subject_kind=subject.SUBJECT, subject_id=subject.pk, removed_at__isnull=True
    ).order_by("uploaded_at", "pk")


def readable(file, staff):
    """May `staff` read this file? Unattached ones only their uploader; others who may read their subject."""
    if file.removed_at or file.estate_id not in staff.estate_ids():
        return False
    if file.subject_id is None:
        return file.uploaded_by_id == staff.pk
    can_read = SUBJECTS.get(file.subject_kind)
    if can_read is None or not can_read(staff, file.subject_id):
        return False
    return all(guard(staff, file) for guard in GUARDS)


@transaction.atomic
def remove(*, file, by, now):
    """Take a file off its record. Row and content stay: records of business are not deleted (SPEC §14)."""
    file = File.objects.select_for_update().get(pk=file.pk)
    if file.removed_at:
        return file
    file.removed_at = now
    file.save(update_fields=["removed_at"])
    # Its name is what somebody typed and may be personal; the journal holds the number.
    journal.record(
        "file.removed",
        subject=file,
        kind="office.file",
        text=f"#{file.pk}",
        by=by,
        now=now,
        data={"kind": file.subject_kind, "id": file.subject_id},
    )
    return file
