"""CSV: which encoding, which separator. Chinese of both scripts comes in four encodings that look alike in bytes."""

import codecs
import csv
import re
from collections import Counter

from office.workbooks.words import Unreadable

SAMPLE = 200_000  # bytes the encoding is judged by
DELIMITERS = ",;\t|"
# Words of every roster: they decide where a file has only a handful of characters.
_COMMON = set(
    "楼栋房屋号业主姓名电话面积单元日期编樓棟號業電話編單層间室层址类型類別别的是有備注备註聯繫联系手機机車车牌證证入住交收"
    "報报修維维狀状態态問问題题"
)


def encoding_of(path):
    """The name Python knows the file's encoding by; Unreadable with the byte where none fits."""
    with open(path, "rb") as handle:
        start = handle.read(SAMPLE)
        whole = len(start) < SAMPLE
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if start.startswith(mark):
            return name
    if _decoded(start, "utf-8", whole) is not None:
        return "utf-8"
    read = {
        name: text for name in ("gb18030", "big5hkscs") if (text := _decoded(start, name, whole)) is not None
    }
    if not read:
        raise Unreadable("encoding", byte=_first_bad(start) + 1)
    return max(read, key=lambda name: _likely(read[name]))


def _decoded(raw, encoding, whole):
    try:
        return codecs.getincrementaldecoder(encoding)().decode(raw, final=whole)
    except UnicodeDecodeError:
        return None


def _first_bad(raw):
    """How far the encoding that fits longest gets."""
    places = []
    for encoding in ("utf-8", "gb18030", "big5hkscs"):
        try:
            raw.decode(encoding)
        except UnicodeDecodeError as problem:
            places.append(problem.start)
    return max(places, default=0)


def _likely(text):
    """How much of the text are characters people write. The wrong one of two decodings gives rare ones."""
    score, counts = 0.0, Counter(char for char in text if char > "\x7f")
    for char, count in counts.items():
        score += count * _weight(char)
    return score / max(1, counts.total())


def _weight(char):
    if char in _COMMON:
        return 3
    if char in "，。、；：？！（）－—·㎡“”‘’　０１２３４５６７８９／":
        return 1
    if not "\u4e00" <= char <= "\u9fff":
        return -1
    return 1 if _frequent(char) else -1


def _frequent(char):
    """In the first level of GB 2312 (3 755 simplified) or of Big5 (5 401 traditional)."""
    for encoding, first, last in (("gb2312", 0xB0, 0xD7), ("big5", 0xA4, 0xC6)):
        try:
            if first <= char.encode(encoding)[0] <= last:
                return True
        except UnicodeEncodeError:
            continue
    return False


def delimiter_of(text):
    """The separator that cuts most of the first lines into the same number of cells; Excel's `sep=;` is believed."""
    if said := re.match(r"\ufeff?sep=(.)\r?\n", text):
        return said[1]
    lines = text.splitlines(keepends=True)[:40]

    def agreed(delimiter):
        counts = Counter(len(row) for row in csv.reader(lines, delimiter=delimiter) if any(row))
        counts.pop(1, None)
        if not counts:
            return (0, 0)
        cells, rows = max(counts.items(), key=lambda pair: (pair[1], pair[0]))
        return (rows, cells)

    return max(DELIMITERS, key=agreed)
