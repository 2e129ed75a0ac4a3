"""What a file is, and whether it may be opened at all: some kilobytes are read, nothing is unfolded."""

import re
import struct
import zipfile

from office.workbooks.words import Unreadable

MAX_FILE = 30 * 2**20
MAX_UNFOLDED = 400 * 2**20
MAX_RATIO = 250  # of one part; a sheet of equal rows comes to about 60
SMALL_PART = 8 * 2**20  # below it the ratio does not matter
MAX_PARTS = 2000
MAX_DIRECTORY = 2**20  # bytes of the zip directory
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# What people send instead of a table, by how it begins.
_OTHERS = (
    (b"%PDF", "PDF"), (b"\xff\xd8\xff", "JPEG"), (b"\x89PNG", "PNG"), (b"GIF8", "GIF"), (b"{\\rtf", "RTF"),
    (b"Rar!", "RAR"), (b"7z\xbc\xaf\x27\x1c", "7z"), (b"\x1f\x8b", "gzip"), (b"BM", "BMP"), (b"RIFF", "WebP"),
    (b"SQLite format 3", "SQLite"), (b"\x7fELF", "program"), (b"MZ", "program"),
)  # fmt: skip


def check(handle):
    """xlsx, xlsb, xls, ods or csv; Unreadable for everything else, for what is locked and for what unfolds too far."""
    handle.seek(0, 2)
    size = handle.tell()
    if size > MAX_FILE:
        raise Unreadable("large", f"{size // 2**20} MB")
    if not size:
        raise Unreadable("empty")
    handle.seek(0)
    start = handle.read(65_536)
    if start.startswith(b"PK"):
        return _zip(handle, size)
    if start.startswith(_OLE):
        return _ole(handle)
    return _text(start)


def _text(start):
    for mark, name in _OTHERS:
        if start.startswith(mark):
            raise Unreadable("format", name)
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "csv"
    if (place := start.find(b"\0")) >= 0:
        raise Unreadable("format", "", byte=place + 1)
    lead = start[:2048].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if re.match(rb"<(!doctype html|html|table|head|meta|div|style)", lead):
        raise Unreadable("format", "HTML")
    if lead.startswith(b"<?xml") or lead.startswith(b"<workbook"):
        raise Unreadable("format", "XML")
    odd = sum(byte < 32 and byte not in (9, 10, 11, 12, 13, 26) for byte in start[:4096])
    if odd > len(start[:4096]) // 50:
        raise Unreadable("format")
    return "csv"


def _zip(handle, size):
    _short_directory(handle, size)
    try:
        with zipfile.ZipFile(handle) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, struct.error) as problem:
        raise Unreadable("damaged", problem) from problem
    if len(parts) > MAX_PARTS:
        raise Unreadable("unfolds", f"{len(parts)} parts")
    total = 0
    for part in parts:
        total += part.file_size
        if part.file_size > SMALL_PART and part.file_size > MAX_RATIO * max(part.compress_size, 1):
            raise Unreadable("unfolds", f"{part.file_size // 2**20} MB", part=part.filename[:80])
        if part.flag_bits & 1:
            raise Unreadable("locked", part=part.filename[:80])
    if total > MAX_UNFOLDED:
        raise Unreadable("unfolds", f"{total // 2**20} MB")
    names = {part.filename for part in parts}
    if "xl/workbook.bin" in names:
        return "xlsb"
    if any(name.startswith("xl/") for name in names):
        return "xlsx"
    if "content.xml" in names:
        return _open_document(handle)
    raise Unreadable("format", _kind_of_zip(names))


def _kind_of_zip(names):
    for start, kind in (("word/", "Word"), ("ppt/", "PowerPoint"), ("Index/", "Numbers")):
        if any(name.startswith(start) for name in names):
            return kind
    return "ZIP"


def _open_document(handle):
    with zipfile.ZipFile(handle) as archive:
        kind, listed = _part(archive, "mimetype", 200), _part(archive, "META-INF/manifest.xml", 2**20)
    if b"encryption-data" in listed:
        raise Unreadable("locked")
    if kind and b"spreadsheet" not in kind:
        raise Unreadable("format", "OpenDocument")
    return "ods"


def _part(archive, name, most):
    try:
        with archive.open(name) as part:
            return part.read(most)
    except (
        KeyError,
        zipfile.BadZipFile,
        OSError,
        EOFError,
        RuntimeError,
        ValueError,
        NotImplementedError,
    ) as gone:
        if isinstance(gone, KeyError):
            return b""
        raise Unreadable("damaged", gone, part=name) from gone
    except Exception as problem:  # zlib.error and its like
        raise Unreadable("damaged", problem, part=name) from problem


def _short_directory(handle, size):
    """The directory's own length, before somebody reads 400 000 entries of it."""
    handle.seek(max(0, size - 65_600))
    end = handle.read()
    place = end.rfind(b"PK\x05\x06")
    if place < 0 or len(end) < place + 22:
        raise Unreadable("damaged", "the end of the file is missing", byte=size)
    entries, length = struct.unpack_from("<HI", end, place + 10)
    if entries > MAX_PARTS or length > MAX_DIRECTORY:
        raise Unreadable("unfolds", f"{entries} parts")


def _ole(handle):
    """The old container holds .xls, or a locked .xlsx, or something else: its directory names say what."""
    handle.seek(0)
    data = handle.read()

    def holds(name):
        return name.encode("utf-16-le") in data

    if holds("EncryptedPackage") or holds("EncryptionInfo"):
        raise Unreadable("locked")
    if holds("Workbook") or holds("Book"):
        return "xls"
    for name, kind in (
        ("WordDocument", "Word"),
        ("PowerPoint Document", "PowerPoint"),
        ("__substg1", "Outlook"),
    ):
        if holds(name):
            raise Unreadable("format", kind)
    raise Unreadable("damaged", "no workbook inside")
