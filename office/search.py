"""One search box (SPEC §2): every way people ask for a household, a person or a document, as keys with one index.

What is written (`keys_of_…`) and what is asked (`find`) pass through the same functions: NFKC, simplified
characters, case folding. Each kind of key is compared in its own way:

    name        folded name and its endings           張小明, 小明, chan tai man      beginning
    pinyin      syllables joined                       zhangxiaoming                   beginning
    initials    first letters, each surname reading    zxm; zx and cx for 曾鑫         beginning
    phone       digits with and without country        8613800138000, 13800138000      beginning
    phone_tail  national digits backwards              the last 4 or more              beginning, from 4 digits
    code        unit code, joined and with hyphens     321201, 3-2-1201                beginning
    code_tail   unit code without its first parts      1201, 2-1201; 3-1201            whole, beginning from 3
    number      number of a document                   r2026000123                     beginning
    number_tail its running part                       000123, 123                     whole
    plate       number plate                           粤b12345                        beginning
"""

import itertools
import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from django.db import connection, transaction
from django.db.models import Q

from office import phones
from office.models import SearchKey

LONGEST = 80  # of a key
FEWEST = 2  # folded characters before anything is looked for
TAIL = 4  # digits from which the end of a telephone number is looked for
# Forms of Hong Kong, Taiwan and print that OpenCC's table of words leaves as they are.
_VARIANTS = str.maketrans(
    "衞粧痺淸靑郷黄吴歩税説户邨槪着兑蜕閲鋭啓裡喆堃犇", "卫妆痹清青乡黄吴步税说户村概着兑蜕阅锐启里哲坤奔"
)


@cache
def _simplify():
    from opencc import OpenCC  # here: reading its dictionaries takes time that not every command needs

    return OpenCC("t2s").convert


def fold(text):
    """Half-width, simplified, lower case, single spaces: what is compared."""
    text = unicodedata.normalize("NFKC", text or "")
    if not text.isascii():
        text = _simplify()(text).translate(_VARIANTS)
    return " ".join(text.casefold().split())


def _joined(text):
    """Letters, digits and characters only: separators never decide."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return "".join(c for c in plain if c.isalnum())


def _is_han(char):
    return "\u3400" <= char <= "\u9fff" or char == "〇" or "\U00020000" <= char <= "\U0003ffff"


# --- what a row is found by --------------------------------------------------------------------------------


def keys_of_name(name, name_en=""):
    """{(kind, key)} of a person's or company's names."""
    keys = set()
    for text in (name, name_en):
        folded = fold(text)
        if not folded:
            continue
        joined = _joined(folded)
        han = [c for c in joined if _is_han(c)]
        if han:
            # 張小明 is asked for as 小明 too; companies by any part of their name.
            keys |= {("name", joined[start:]) for start in range(min(len(joined) - 1, 12))} or {
                ("name", joined)
            }
            keys |= _pinyin_keys("".join(han))
        else:
            words = [_joined(word) for word in re.split(r"[\s,.;/]+", folded)]
            words = [word for word in words if word][:6]
            for start in range(len(words)):
                keys.add(("name", "".join(words[start:] + words[:start])))
            if len(words) > 1:
                keys.add(("initials", "".join(word[0] for word in words)))
    return _cut(keys)


@cache
def _readings(char):
    """Every reading of a surname; ü is typed v, u or yu."""
    from pypinyin import Style, pinyin

    found = pinyin(char, heteronym=True, style=Style.NORMAL)[0]
    return tuple(dict.fromkeys(form for reading in found for form in _spellings(reading)))


def _spellings(reading):
    return (reading, reading.replace("v", "u"), reading.replace("v", "yu")) if "v" in reading else (reading,)


# Two-character surnames whose first character must not be read alone.
_DOUBLE = {"欧阳": "ouyang", "司马": "sima", "上官": "shangguan", "诸葛": "zhuge", "东方": "dongfang", "皇甫": "huangfu",
           "尉迟": "yuchi", "公孙": "gongsun", "令狐": "linghu", "慕容": "murong", "万俟": "moqi", "司徒": "situ",
           "端木": "duanmu", "夏侯": "xiahou", "宇文": "yuwen", "长孙": "zhangsun", "独孤": "dugu", "南宫": "nangong",
           "澹台": "tantai", "单于": "chanyu", "申屠": "shentu", "呼延": "huyan"}  # fmt: skip


def _pinyin_keys(name):
    from pypinyin import Style, lazy_pinyin

    name = name[:20]
    surname = 2 if name[:2] in _DOUBLE and len(name) > 2 else 1
    rest = lazy_pinyin(name[surname:], style=Style.NORMAL) if name[surname:] else []
    rest_text, rest_initials = "".join(rest), "".join(word[:1] for word in rest)
    keys = set()
    for readings in itertools.product(*(_readings(c) for c in name[:surname])):
        keys.add(("pinyin", "".join(readings) + rest_text))
        keys.add(("initials", "".join(reading[0] for reading in readings) + rest_initials))
    if surname == 2:
        keys.add(("pinyin", _DOUBLE[name[:2]] + rest_text))
    if len(rest) > 1:
        keys.add(("pinyin", rest_text))
    if "v" in rest_text:
        keys |= {(kind, key.replace("v", "u")) for kind, key in keys if kind == "pinyin"}
    return keys


def keys_of_phone(digits):
    """{(kind, key)} of a number kept as `phones.read` left it."""
    national = phones.national(digits)
    return _cut({("phone", digits), ("phone", national), ("phone_tail", national[::-1])})


# Words between the parts of a unit code, simplified: 3座12樓A室, 3栋2单元1201, Block 3 Flat 12A, 12/F.
_WORDS = re.compile(
    r"号楼|单元|楼栋|车位|[座栋幢楼层室号房户期第阁梯]|\b(?:block|blk|tower|flat|room|rm|unit|floor|section|no)\b\.?"
)
_FLOOR = re.compile(r"(?<=\d)\s*/\s*f\b")
_DIGITS = {
    "〇": 0,
    "零": 0,
    "一": 1,
    "二": 2,
    "两": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
}
_NUMERAL = re.compile("[〇零一二两三四五六七八九十]+")


def _arabic(match):
    """三 → 3, 十二 → 12, 二十 → 20; a row of digits (一二〇一) is read digit by digit."""
    text = match[0]
    if "十" not in text:
        return "".join(str(_DIGITS[c]) for c in text)
    tens, _ten, ones = text.partition("十")
    if len(tens) > 1 or len(ones) > 1:
        return text
    return str(10 * _DIGITS.get(tens, 1) + _DIGITS.get(ones, 0))


def arabic(text):
    """Chinese numerals of a folded text as digits."""
    return _NUMERAL.sub(_arabic, text)


def code_parts(code):
    """A unit code as its parts, however it is said: `3座12樓A室` → ["3", "12", "a"]. Leading zeros go."""
    text = _FLOOR.sub("-", fold(code))
    text = arabic(text)
    text = _WORDS.sub("-", text)
    parts = [part for part in re.split(r"[^0-9a-z\u3400-\u9fff]+", text) if part]
    return [part.lstrip("0") or "0" if part.isdigit() else part for part in parts]


def keys_of_code(code):
    """{(kind, key)} of a unit code: joined and with hyphens, whole and without its first parts."""
    parts = code_parts(code)
    if not parts:
        return set()
    keys = {("code", "".join(parts)), ("code", "-".join(parts)), ("code", _joined(fold(code)))}
    # Joined tails are left out: 1201 must not mean 1-201 of some other building.
    keys |= {("code_tail", "-".join(parts[start:])) for start in range(1, len(parts))}
    if len(parts) > 2:  # the entrance is often left out: 3-1201
        keys |= {("code_tail", f"{parts[0]}-{parts[-1]}"), ("code_tail", parts[0] + parts[-1])}
    return _cut(keys)


def keys_of_number(number):
    """{(kind, key)} of a document's number: R2026-000123, r2026000123, 000123, 123."""
    keys = {("number", _joined(fold(number)))}
    if tail := re.search(r"(\d+)\D*$", number):
        keys |= {("number_tail", tail[1]), ("number_tail", tail[1].lstrip("0") or "0")}
    return _cut(keys)


def keys_of_plate(plate):
    return _cut(
        {
            ("plate", _joined(fold(plate))),
            ("plate", "".join(c for c in fold(plate) if c.isascii() and c.isalnum())),
        }
    )


def _cut(keys):
    return {(kind, key[:LONGEST]) for kind, key in keys if key}


# --- writing -----------------------------------------------------------------------------------------------


def put(subject_kind, subject_id, estate_id, keys):
    """Make `keys` the subject's keys. Called by actions inside their transaction; touches only what differs."""
    wanted = _cut(keys)
    rows = SearchKey.objects.filter(subject_kind=subject_kind, subject_id=subject_id)
    present = {(row.kind, row.key): row for row in rows}
    gone = [row.pk for pair, row in present.items() if pair not in wanted or row.estate_id != estate_id]
    if gone:
        SearchKey.objects.filter(pk__in=gone).delete()
    _insert(
        subject_kind,
        subject_id,
        estate_id,
        wanted - {pair for pair, row in present.items() if row.estate_id == estate_id},
    )


def put_new(subject_kind, subject_id, estate_id, keys):
    """`put` for a subject made in this transaction: there is nothing to compare with."""
    _insert(subject_kind, subject_id, estate_id, _cut(keys))


def _insert(subject_kind, subject_id, estate_id, missing):
    SearchKey.objects.bulk_create(
        [
            SearchKey(
                estate_id=estate_id, subject_kind=subject_kind, subject_id=subject_id, kind=kind, key=key
            )
            for kind, key in sorted(missing)
        ],
        ignore_conflicts=True,
    )


def put_many(subject_kind, rows):
    """`put` for subjects that have no keys yet, by COPY: rows are (subject_id, estate_id, keys). Answers how many keys.

    In batches: `rows` may itself read from this connection, which a COPY under way would block for ever.
    """
    columns = "estate_id, subject_kind, subject_id, kind, key"
    rows, count = iter(rows), 0
    while batch := list(itertools.islice(rows, 5000)):
        command = f"COPY {SearchKey._meta.db_table} ({columns}) FROM STDIN"
        with connection.cursor() as cursor, cursor.copy(command) as copy:
            for subject_id, estate_id, keys in batch:
                for kind, key in sorted(_cut(keys)):
                    copy.write_row((estate_id, subject_kind, subject_id, kind, key))
                    count += 1
    return count


SOURCES: dict = {}  # subject kind → callable() yielding (subject_id, estate_id, keys) of every row there is


def register(subject_kind, source):
    """Tell `reindex` how the keys of a kind of subject are worked out from its rows."""
    SOURCES[subject_kind] = source


# --- asking ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Hit:
    """A subject that answers to what was typed. `kind` says by what; `certain` that the whole key was typed."""

    subject_kind: str
    subject_id: int
    estate_id: int
    kind: str
    key: str
    certain: bool
    rank: int


def questions(text):
    """[(kinds, text to compare, whole)] a typed text may mean; empty when it is too short to mean anything."""
    folded = fold(text)
    joined = _joined(folded)
    if len(joined) < FEWEST:
        return []
    asked: list[tuple[tuple[str, ...], str, bool]] = [
        (("name", "pinyin", "initials", "plate", "number"), joined, False)
    ]
    digits = phones.bare(text)
    if len(digits) >= TAIL and not re.search(r"[^\d\s+()./\-]", unicodedata.normalize("NFKC", text)):
        for form in dict.fromkeys([digits, digits.removeprefix("00"), digits.lstrip("0")]):
            if len(form) >= TAIL:
                asked.append((("phone",), form, False))
        national = phones.national(digits.removeprefix("00")) if len(digits) > 10 else digits
        asked.append((("phone_tail",), national.lstrip("0")[::-1] or digits, False))
    parts = code_parts(text)
    if parts:
        hyphened = "-".join(parts)
        asked.append((("code",), hyphened, False))
        asked.append((("code_tail",), hyphened, len(hyphened) < 3))
        if hyphened != "".join(parts):
            asked.append((("code",), "".join(parts), False))
            asked.append((("code_tail",), "".join(parts), len(hyphened) < 3))
        if joined != "".join(parts):
            asked.append((("code",), joined, False))
    asked.append((("number_tail",), joined, True))
    return asked


def find(estate_ids, text, kinds=None, limit=10):
    """Subjects of these estates that answer to `text`, the surest first, each once; at most `limit`.

    `kinds` restricts to subject kinds. Not ordered by the database: an index range stops at its limit, a sort
    would read it all (SPEC §2; ARCHITECTURE §4 Speed: a generic plan turned 0.2 into 143 ms).
    """
    asked = questions(text)
    if not asked or not estate_ids:
        return []
    rows = SearchKey.objects.filter(estate_id__in=sorted(estate_ids))
    if kinds is not None:
        rows = rows.filter(subject_kind__in=sorted(kinds))
    fields = ("subject_kind", "subject_id", "estate_id", "kind", "key")
    exact = Q()
    for names, key, _whole in asked:
        exact |= Q(kind__in=names, key=key)
    found: list[tuple] = []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL plan_cache_mode = force_custom_plan")
        found += rows.filter(exact).values_list(*fields)[: limit * 5]
        for names, key, whole in asked:
            if not whole and len(found) < limit * 8:
                found += rows.filter(kind__in=names, key__startswith=key).values_list(*fields)[: limit * 5]
    return _ranked(found, asked, limit)


def _ranked(found, asked, limit):
    """One hit per subject: whole keys before beginnings, and a code typed with its hyphens before all others."""
    order: dict[tuple[str, str], int] = {}
    for place, (names, key, _whole) in enumerate(asked):
        for name in names:
            order.setdefault((name, key), place)
    best: dict[tuple[str, int], Hit] = {}
    for subject_kind, subject_id, estate_id, kind, key in found:
        whole = (kind, key) in order
        hyphened = whole and kind == "code" and "-" in key
        rank = (
            0
            if hyphened
            else 1
            if whole and kind in ("code", "phone", "number", "plate")
            else 2
            if whole
            else 3
        )
        hit = Hit(subject_kind, subject_id, estate_id, kind, key, whole, rank)
        known = best.get((subject_kind, subject_id))
        if known is None or (rank, kind) < (known.rank, known.kind):
            best[subject_kind, subject_id] = hit
    if any(hit.rank == 0 for hit in best.values()):  # 3-2-1201 was typed: 32-1-201 is not meant
        best = {pair: hit for pair, hit in best.items() if not hit.kind.startswith("code") or "-" in hit.key}
    return sorted(best.values(), key=lambda hit: (hit.rank, hit.subject_kind, len(hit.key), hit.key))[:limit]


def only_hit(hits):
    """The one subject that was meant, or None: the only hit, or the only one typed with its hyphens."""
    if len(hits) == 1:
        return hits[0]
    surest = [hit for hit in hits if hit.rank == 0]
    return surest[0] if len(surest) == 1 else None
