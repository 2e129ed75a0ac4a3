"""Gap-free numbers (ARCHITECTURE §2): the counter row is locked until the transaction ends, so take it last."""

import re
import string

from django.db import connection

from office import clocks
from office.models import Series

PATTERNS: dict[str, str] = {}  # kind → pattern, registered by each app: "R{year}-{n:06d}"
LABELS: dict = {}  # kind → words for people


def label(kind):
    return LABELS.get(kind, kind)


def take(estate, kind, *, now):
    """The next number of `kind` for the estate's local year of `now`. Rolls back with the transaction."""
    return take_many(estate, kind, 1, now=now)[0]


def take_many(estate, kind, count, *, now):
    """`count` consecutive numbers in one statement."""
    pattern, year, first = reserve(estate, kind, count, now=now)
    return [pattern.format(year=year, n=n) for n in range(first, first + count)]


def reserve(estate, kind, count, *, now):
    """(pattern, year, first) of `count` consecutive numbers: for statements that write them out by themselves."""
    year = clocks.local_date(now, estate.zone).year
    with connection.cursor() as cursor:
        cursor.execute(
            f"""INSERT INTO {Series._meta.db_table} (estate_id, kind, year, pattern, last) VALUES (%s, %s, %s, %s, %s)
                ON CONFLICT (estate_id, kind, year) DO UPDATE SET last = {Series._meta.db_table}.last + EXCLUDED.last
                RETURNING pattern, last""",  # noqa: S608  table name is ours
            [estate.pk, kind, year, PATTERNS[kind], count],
        )
        pattern, last = cursor.fetchone()
    return pattern, year, last - count + 1


def in_sql(pattern, year, number):
    """SQL of a number (a safe expression) under `pattern`, and its values: what `str.format` would write."""
    words, values = [], []
    for text, name, digits, _conversion in string.Formatter().parse(pattern):
        if text:
            words.append("%s")
            values.append(text)
        if name == "n":
            width = int(re.sub(r"\D", "", digits or "") or 0)
            words.append(f"lpad({number}::text, greatest({width}, length({number}::text)), '0')")
        elif name == "year":
            words.append("%s")
            values.append(format(year, digits or ""))
    return " || ".join(words), values
