"""One search box (SPEC §2): every way people ask for a household, a person or a document, as keys with one index.

What is written (`keys_of_…`) and what is asked (`find`) pass through the same functions: NFKC, simplified
characters, case folding. Each kind of key is compared in its own way:

    name        folded name                            張小明, chantaiman              beginning
    name_part   its endings; other orders of words     小明, 明; taimanchan            beginning
    pinyin      syllables joined                       zhangxiaoming, zhangxm          beginning
    initials    first letters, each surname reading    zxm; zx and cx for 曾鑫         beginning
    phone       digits with and without country        8613800138000, 13800138000      beginning
    phone_tail  national digits backwards              the last 4 or more              beginning, from 4 digits
    code        unit code, joined and with hyphens     321201, 3-2-1201                beginning
    code_tail   unit code without its first parts      1201, 2-1201; 3-1201            whole, beginning from 3
    number      number of a document                   r2026000123, r2026123           beginning
    number_tail its running part, its digits           000123, 123, 2026123            whole
    plate       number plate, with and without region  粤b12345, b12345, 12345         beginning

A room brings a subject of its own by `register("goods_slip", source, kinds=("number", "number_tail"))` and `put` in its
actions; what a hit shows and where it leads stands in config/find.py.
"""

import itertools
import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from django.db import connection

from office import phones
from office.models import SearchKey

LONGEST = 80  # of a key
FEWEST = 2  # letters or digits before anything is looked for; one Chinese character is enough
TAIL = 4  # digits from which the end of a telephone number is looked for
PARTS = 40  # characters of a name from which a part of it may begin
KEY_KINDS = (
    "name", "name_part", "pinyin", "initials", "phone", "phone_tail", "code", "code_tail", "number", "number_tail", "plate",
)  # fmt: skip
# Forms of Hong Kong, Taiwan and print that OpenCC's table of words leaves as they are.
_VARIANTS = str.maketrans(
    "锺衞粧痺淸靑郷黄吴歩税説户邨槪着兑蜕閲鋭啓裡喆堃犇", "钟卫妆痹清青乡黄吴步税说户村概着兑蜕阅锐启里哲坤奔"
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
            # 張小明 is asked for as 小明 and as 明 too; companies by any part of their name.
            keys.add(("name", joined))
            keys |= {("name_part", joined[start:]) for start in range(1, min(len(joined), PARTS))}
            keys |= _pinyin_keys("".join(han))
        else:
            words = [_joined(word) for word in re.split(r"[\s,.;/]+", folded)]
            keys |= _word_keys([word for word in words if word][:8])
    return _cut(keys)


def _word_keys(words):
    """Chan Tai Man, Peter: from any word on, and any two of its words in either order."""
    keys = {("name", "".join(words))} if words else set()
    keys |= {("name_part", "".join(words[at:] + words[:at])) for at in range(1, len(words))}
    if 2 < len(words) < 5:
        keys |= {("name_part", "".join(pair)) for pair in itertools.permutations(words, 2)}
    if len(words) == 4:  # Chan Tai Man, Peter is asked for as Tai Man Chan and as Tai Man Peter
        for three in (words[:3], words[1:]):
            keys |= {("name_part", "".join(three[at:] + three[:at])) for at in range(3)}
    if len(words) > 1:
        letters = "".join(word[0] for word in words)
        keys |= {("initials", letters), ("initials", letters[1:] + letters[0])}
    return keys - {("name_part", "".join(words))}


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
        keys.add(("pinyin", "".join(readings) + rest_initials))  # zhangxm, as input methods take it
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
    r"号楼|单元|单$|楼栋|车位|[座栋幢楼层室号房户期第阁梯]|\b(?:block|blk|tower|flat|room|rm|unit|floor|section|no)\b\.?"
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


def code_parts(code, zeros=False):
    """A unit code as its parts, however it is said: `3座12樓A室` → ["3", "12", "a"]. Leading zeros go unless `zeros`."""
    text = _FLOOR.sub("-", fold(code))
    text = arabic(text)
    text = _WORDS.sub("-", text)
    parts = [part for part in re.split(r"[^0-9a-z\u3400-\u9fff]+", text) if part]
    return parts if zeros else [part.lstrip("0") or "0" if part.isdigit() else part for part in parts]


def _finest(parts):
    """3-12A as 3-12-a: figures and letters apart, as in 3座12樓A室."""
    return "-".join(re.findall(r"\d+|[^\d-]+", "-".join(parts)))


def keys_of_code(code):
    """{(kind, key)} of a unit code: joined and with hyphens, whole and without its first parts."""
    parts = code_parts(code)
    if not parts:
        return set()
    keys = {("code", "".join(parts)), ("code", "-".join(parts)), ("code", _joined(fold(code)))}
    keys.add(("code", _finest(parts)))
    # What stands before the letters of a shop or a parking space is often left out: 商鋪S-12, 車位C0001, 0001.
    bare = [part for part in (re.sub("[\u3400-\u9fff]+", "", part) for part in parts) if part]
    keys |= {("code", "".join(bare)), ("code", "-".join(bare))}
    if figures := re.search(r"[a-z](\d{3,})$", parts[-1]):
        keys.add(("code_tail", figures[1]))
    # Joined tails are left out: 1201 must not mean 1-201 of some other building.
    keys |= {("code_tail", "-".join(parts[start:])) for start in range(1, len(parts))}
    if len(parts) > 2:  # the entrance is often left out: 3-1201
        keys |= {("code_tail", f"{parts[0]}-{parts[-1]}"), ("code_tail", parts[0] + parts[-1])}
    return _cut(keys)


def keys_of_number(number):
    """{(kind, key)} of a document's number. R2026-000123 is said R2026-123, 2026-123, 000123 and 123 too."""
    joined = _joined(fold(number))
    keys = {("number", joined)}
    if found := re.search(r"^(.*?)(\d+)\D*$", fold(number)):
        head, tail = _joined(found[1]), found[2]
        short = tail.lstrip("0") or "0"
        digits = "".join(c for c in head if c.isdigit())
        keys |= {("number", head + short)} if head else set()
        keys |= {("number_tail", text) for text in (tail, short, digits + tail, digits + short)}
    return _cut(keys)


def keys_of_plate(plate):
    """{(kind, key)} of a number plate: 粵B·12345, B12345, 12345."""
    joined = _joined(fold(plate))
    latin = "".join(c for c in joined if c.isascii())
    figures = re.sub(r"^\D+", "", joined)
    return _cut({("plate", joined), ("plate", latin), ("plate", figures if len(figures) > 2 else "")})


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
    if not missing:
        return
    kinds, keys = zip(*sorted(missing), strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""INSERT INTO {SearchKey._meta.db_table} (estate_id, subject_kind, subject_id, kind, key)
                SELECT %s, %s, %s, * FROM unnest(%s::text[], %s::text[]) ON CONFLICT DO NOTHING""",  # noqa: S608
            [estate_id, subject_kind, subject_id, list(kinds), list(keys)],
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
ANSWERS_TO: dict[str, tuple[str, ...]] = {}  # subject kind → the kinds of key it has


def register(subject_kind, source, kinds=KEY_KINDS):
    """Tell `reindex` how the keys of a kind of subject are worked out from its rows, and `find` which kinds those are."""
    SOURCES[subject_kind] = source
    ANSWERS_TO[subject_kind] = tuple(kinds)


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
    if len(joined) < FEWEST and not any(_is_han(c) for c in joined):
        return []
    names = ("name", "name_part", "pinyin", "initials", "plate", "number")
    asked: list[tuple[tuple[str, ...], str, bool]] = [
        (names, joined, False),
        (("number_tail",), joined, True),
    ]
    asked += _questions_of_phone(text)
    if len(joined) > 1:
        asked += _questions_of_code(text, joined)
    return list(dict.fromkeys(asked))


# What stands before a number in a message or in a softphone's address.
_TELEPHONE = re.compile(
    r"^\s*(?:tel|phone|mobile|電話|电话|手機|手机|聯絡電話|联系电话)\s*[.::]?\s*", re.IGNORECASE
)


def _questions_of_phone(text):
    text = _TELEPHONE.sub("", unicodedata.normalize("NFKC", text))
    digits = phones.bare(text)
    if len(digits) < TAIL or re.search(r"[^\d\s+()./\-–]", text):
        return
    for form in (digits, digits.removeprefix("00"), digits.lstrip("0")):
        if len(form) >= TAIL:
            yield ("phone",), form, False
    national = phones.national(digits.removeprefix("00")) if len(digits) > 10 else digits
    # The nought of an area code goes; that of a number's end (0001) is part of it.
    yield ("phone_tail",), (national.lstrip("0") if len(national) > 8 else national)[::-1], False


def _questions_of_code(text, joined):
    parts = code_parts(text)
    hyphened, together = "-".join(parts), "".join(parts)
    forms = [(form, len(hyphened) < 3) for form in dict.fromkeys((hyphened, together)) if form]
    for form, short in forms:
        yield ("code",), form, False
        yield ("code_tail",), form, short
    # 03-02-0801 and 3座12樓01室: zeros that were typed may be zeros of the code.
    for form in (joined, "".join(code_parts(text, zeros=True)), _finest(parts)):
        if form and form not in (hyphened, together):
            yield ("code",), form, False
            yield ("code_tail",), form, True


def find(estate_ids, text, kinds=None, limit=10):
    """Subjects of these estates that answer to `text`, the surest first, each once; at most `limit`.

    `kinds` restricts to subject kinds.
    """
    return find_in(dict.fromkeys(ANSWERS_TO if kinds is None else kinds, estate_ids), text, limit)


# One short walk along the index for each estate, kind of subject and question: it begins at the first key that fits and
# stops at its limit, whatever else there is. ORDER BY is the index's own order, so nothing is ever sorted or read in full.
_LOOK = """
SELECT found.subject_kind, found.subject_id, found.estate_id, found.kind, found.key
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[]) AS asked (estate, subject, kind, low, high)
CROSS JOIN LATERAL (
    SELECT subject_kind, subject_id, estate_id, kind, key FROM office_searchkey
    WHERE estate_id = asked.estate AND subject_kind = asked.subject AND kind = asked.kind
        AND key COLLATE "C" >= asked.low AND key COLLATE "C" <= asked.high
    ORDER BY key COLLATE "C" LIMIT %s
) AS found
"""
_LAST = "\U0010ffff"  # sorts behind every character there is


def find_in(scopes, text, limit=10):
    """`find` for {subject kind: estates}, as permissions have it: one statement for all of them.

    Never under a generic plan (ARCHITECTURE §4 Speed: one turned 0.2 into 143 ms): nothing is prepared, the driver puts
    the values into the statement. tests/office/test_search_plan.py holds that, and that even a generic plan walks the index.
    """
    asked = questions(text)
    looks = [
        (estate, subject, kind, key, key if whole else key + _LAST)
        for subject, estates in sorted(scopes.items())
        for names, key, whole in asked
        for kind in names
        if kind in ANSWERS_TO.get(subject, ())
        for estate in sorted(set(estates))
    ]
    if not looks:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_LOOK, [*map(list, zip(*looks, strict=True)), limit * 2])
        found = cursor.fetchall()
    return _ranked(found, asked, limit)


def _ranked(found, asked, limit):
    """One hit per subject, the surest first; among equals the kinds of subject take turns, so that none hides another.

    A code typed with its hyphens stands before all others, and beginnings behind what was typed whole.
    """
    whole = {(name, key) for names, key, _whole in asked for name in names}
    best: dict[tuple[str, int], Hit] = {}
    for subject_kind, subject_id, estate_id, kind, key in found:
        certain = (kind, key) in whole
        hit = Hit(subject_kind, subject_id, estate_id, kind, key, certain, _rank(kind, key, certain))
        known = best.get((subject_kind, subject_id))
        if known is None or (hit.rank, kind) < (known.rank, known.kind):
            best[subject_kind, subject_id] = hit
    hits = sorted(best.values(), key=lambda hit: (hit.rank, len(hit.key), hit.key, hit.subject_id))
    if hits and hits[0].rank == 0:  # 3-2-1201 was typed: 32-1-201 is not meant
        hits = [hit for hit in hits if not hit.kind.startswith("code") or "-" in hit.key]
    turns: dict[tuple[int, str], int] = {}
    placed = []
    for hit in hits:
        turn = turns[hit.rank, hit.subject_kind] = turns.get((hit.rank, hit.subject_kind), 0) + 1
        placed.append((hit.rank, turn, hit.subject_kind, hit))
    return [place[-1] for place in sorted(placed, key=lambda place: place[:3])][:limit]


def _rank(kind, key, certain):
    if not certain:
        return 2 if kind == "phone_tail" else 4 if kind == "name_part" else 3
    if kind == "code" and "-" in key:
        return 0
    if kind in ("code", "phone", "number", "plate"):
        return 1
    return 3 if kind == "name_part" else 2


def only_hit(hits):
    """The one subject that was meant, or None: the only hit, or the only one typed whole that means one thing only."""
    surest = surest_hits(hits)
    return surest[0] if len(surest) == 1 else None


def surest_hits(hits):
    """What was typed whole and means one thing only (a code, a telephone, a document's number, a plate); else all."""
    if not hits or hits[0].rank > 1:
        return hits
    return [hit for hit in hits if hit.rank == hits[0].rank]
