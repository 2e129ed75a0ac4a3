"""The search box at a million residents: the data, what a lane is asked, and the rows of the table (SPEC §2).

Every third resident owns a flat, the others are members of its household; one in ten is a company; one in six has an
English name. Names repeat as they do among people: two hundred surnames, the common ones most often.
"""

import hashlib
import inspect
import io
import json
import random
import subprocess
import sys
import time
from functools import cache
from pathlib import Path
from urllib.parse import quote

from tests import databases

ESTATES = 3
SURNAMES = (
    "王李張劉陳楊黃趙吳周徐孫馬朱胡郭何林高羅鄭梁謝宋唐許韓鄧馮曹彭曾肖田董潘袁蔡蔣余于杜葉程魏蘇呂丁任盧姚沈鍾姜崔"
    "譚陸范汪廖石金韋賈夏付方鄒熊白孟秦邱侯江尹薛閻段雷龍黎史陶賀毛郝顧龔邵萬覃武錢戴嚴莫孔向常湯康易喬賴文單仇區解查翟朴"
)
GIVEN = (
    "偉芳娜敏靜麗強磊軍洋勇艷傑娟濤明超秀霞平剛桂英華玉蘭紅梅建國志文小大德慶祥雲海東曉春秋冬雪峰林森鑫浩宇軒博涵欣怡"
    "詩雅琪思嘉佳俊豪家樂永康榮昌福壽安寧美玲珍珠鳳龍虎飛翔天地仁義禮智信忠孝廉心如水清泉山石松柏竹梅荷"
)
TRADES = (
    "物業管理",
    "房地產開發",
    "電子科技",
    "餐飲管理",
    "貿易",
    "鐘錶",
    "裝飾工程",
    "國際物流",
    "生物醫藥",
    "服飾",
)
ENGLISH = ("Peter", "Mary", "John", "Susan", "David", "Grace", "Michael", "Helen", "Thomas", "Alice")
CANTONESE = ("Chan", "Cheung", "Lee", "Wong", "Ho", "Lam", "Leung", "Ng", "Tsang", "Yip", "Chow", "Kwok")
ABSENT = ("龘靐", "龘靐齉", "xqzvw", "13999999999", "99-9-9999", "R2099-999999", "粵X00000", "Zzyzx Road")
CLASSES = {
    "telephone": lambda lot, count: [f"13{lot.randrange(count):09}" for _n in range(200)],
    "last four digits": lambda lot, count: [f"{lot.randrange(10_000):04}" for _n in range(200)],
    "two characters": lambda lot, count: [lot.choice(SURNAMES) + lot.choice(GIVEN) for _n in range(200)],
    "part of a name": lambda lot, count: [lot.choice(GIVEN) + lot.choice(GIVEN) for _n in range(200)],
    "part of a company": lambda lot, count: [f"{lot.choice(GIVEN)}{lot.choice(TRADES)}" for _n in range(200)],
    "initials": lambda lot, count: ["".join(lot.choices("zlwcxhyjgqmtdfs", k=3)) for _n in range(200)],
    "pinyin": lambda lot, count: [lot.choice(("zhang", "wang", "li", "chen", "ceng")) + lot.choice(("wei", "xiao", "jia"))
                                  for _n in range(200)],
    "English name": lambda lot, count: [f"{lot.choice(ENGLISH)} {lot.choice(CANTONESE)}" for _n in range(200)],
    "unit": lambda lot, count: [code_of(lot.randrange(count // (3 * ESTATES))) for _n in range(200)],
    "nobody": lambda lot, count: list(ABSENT) * 25,
}  # fmt: skip
ONE = list("張陳偉明華公司龍")


def code_of(number):
    """1-1-0101 …: 40 flats to a floor's worth of stairs, 30 floors, 4 sections."""
    flat, rest = number % 4 + 1, number // 4
    floor, rest = rest % 30 + 1, rest // 30
    section, building = rest % 4 + 1, rest // 4 + 1
    return f"{building}-{section}-{floor:02}{flat:02}"


def residents(count):
    """The template with `count` residents in three estates, with homes, telephones and their keys."""

    def fill(environment):
        databases.manage(
            "load_demo", "--estates", str(ESTATES), "--units", "24", "--months", "2", "--now", "2026-03-12T15:00",
            environment=environment,
        )  # fmt: skip
        command = [sys.executable, "-m", "tests.benchmarks.finding", str(count)]
        owner = environment | {"GUANJIA_DB_ROLE": "owner"}
        done = subprocess.run(command, env=owner, cwd=databases.ROOT, capture_output=True, text=True)
        if done.returncode:
            raise AssertionError(done.stderr[-4000:])

    return databases.template(f"bench_found_{count}_{_version()}", fill)


def _version():
    """Changes with what makes the data: the keys and the people."""
    made_by = [inspect.getsource(part) for part in (code_of, people, fill, _phone_keys)]
    made_by += [
        Path(databases.ROOT, "office", "search.py").read_text(),
        SURNAMES,
        GIVEN,
        *TRADES,
        *ENGLISH,
        *CANTONESE,
    ]
    return hashlib.sha256("".join(made_by).encode()).hexdigest()[:6]


# --- the data ------------------------------------------------------------------------------------------------


def people(count):
    """(name, English name, telephone) of each; the same ones every time."""
    lot = random.Random(20260312)
    weights = [1 / (rank + 3) for rank in range(len(SURNAMES))]
    surnames = lot.choices(SURNAMES, weights, k=count)
    for number, surname in enumerate(surnames):
        given = "".join(lot.choices(GIVEN, k=1 if lot.random() < 0.3 else 2))
        name, english = surname + given, ""
        if number % 10 == 0:
            name = f"深圳市{given}{lot.choice(TRADES)}有限公司"
        elif number % 6 == 0:
            english = f"{lot.choice(CANTONESE)} {lot.choice(CANTONESE)} {lot.choice(ENGLISH)}"
        yield name, english, f"13{number:09}"


def fill(count):
    """COPY throughout; the indexes of the keys are made when all of them are there."""
    from django.db import connection, transaction

    from office import search
    from office.models import Estate, SearchKey

    keys_of = cache(lambda name, english: tuple(search.keys_of_name(name, english)))
    estates = list(Estate.objects.order_by("pk").values_list("pk", flat=True))
    started = time.monotonic()

    def tell(what):
        print(f"{what}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)

    table = SearchKey._meta.db_table
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM residents_person")
        first = cursor.fetchone()[0] + 1
        cursor.execute("SELECT coalesce(max(id), 0) FROM office_unit")
        first_unit = cursor.fetchone()[0] + 1
        homes = -(-count // 3)
        _copy(cursor, "office_building (estate_id, code, sort_key, name, address)",
              ((estate, "bench", "bench", "", "") for estate in estates))  # fmt: skip
        cursor.execute("SELECT estate_id, id FROM office_building WHERE code = 'bench'")
        buildings = dict(cursor.fetchall())
        _copy(cursor, "office_unit (id, estate_id, building_id, code, code_key, sort_key, kind, floor, use, note, warning, version)",
              ((first_unit + n, estates[n % ESTATES], buildings[estates[n % ESTATES]], code, code.replace("-", ""),
                f"b{code}", "flat", "", "", "", False, 1)
               for n in range(homes) for code in [f"{code_of(n // ESTATES)}"]))  # fmt: skip
        tell("units")
        _copy(cursor, "residents_person (id, estate_id, kind, name, name_en, gender, identity_type, identity_sealed, "
              "identity_tail, identity_index, address, email, language, note, warning, source, version)",
              ((first + n, estates[n // 3 % ESTATES], "person", name, english, *[""] * 9, False, "", 1)
               for n, (name, english, _phone) in enumerate(people(count))))  # fmt: skip
        _copy(cursor, "residents_phone (person_id, number, digits, label, position)",
              ((first + n, phone, f"86{phone}", "", 1) for n, (_n, _e, phone) in enumerate(people(count))))  # fmt: skip
        tell("people")
        cursor.execute(
            """INSERT INTO residents_occupancy (estate_id, unit_id, person_id, role, share, period, lives_here)
            SELECT u.estate_id, u.id, %s + 3 * n + k, CASE k WHEN 0 THEN 'owner' ELSE 'member' END,
                CASE k WHEN 0 THEN 100 END, daterange('2020-01-01', NULL), true
            FROM generate_series(0, %s - 1) AS n, generate_series(0, 2) AS k, office_unit AS u
            WHERE u.id = %s + n AND 3 * n + k < %s""",
            [first, homes, first_unit, count],
        )
        tell("homes")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype IN ('f', 'u')",
            [table],
        )
        constraints = cursor.fetchall()
        for name, _definition in constraints:
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        cursor.execute("DROP INDEX search_key_in_order")
        tell("dropped")
        search.put_many("person", (
            (first + n, estates[n // 3 % ESTATES], {*keys_of(name, english), *_phone_keys(phone)})
            for n, (name, english, phone) in enumerate(people(count))
        ))  # fmt: skip
        search.put_many("unit", (
            (first_unit + n, estates[n % ESTATES], search.keys_of_code(code_of(n // ESTATES))) for n in range(homes)
        ))  # fmt: skip
        tell("keys")
        cursor.execute("SET LOCAL maintenance_work_mem = '1GB'")
        for name, definition in constraints:
            cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
        with connection.schema_editor() as editor:
            editor.add_index(SearchKey, SearchKey._meta.indexes[0])
        for name in ("office_unit", "residents_person", "residents_phone"):
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT max(id) FROM {name}))"
            )
        tell("indexes")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE, FREEZE)")
    tell("vacuum")


def _phone_keys(phone):
    """`search.keys_of_phone` of a number known to be whole: asking the numbering plan takes a tenth of a millisecond."""
    return ("phone", f"86{phone}"), ("phone", phone), ("phone_tail", phone[::-1])


def _copy(cursor, into, rows):
    with cursor.copy(f"COPY {into} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


# --- what a lane is asked ------------------------------------------------------------------------------------


class Finding:
    """Cases of the search box; `Cases` takes them in."""

    def found(self, words, often=3):
        """Milliseconds of the database for each of the words: planning and execution, as the server counts them.

        Of `often` askings the quickest counts: what others do on the machine only ever adds to it.
        """
        took, hits = [], 0
        for word in words:
            with Statement() as said:
                hits += len(self.search(word))
            took.append(min(self.explained(*said.looks[-1]) for _time in range(often)))
        return (lambda: None), {"milliseconds": took, "hits": hits}

    def explained(self, sql, values):
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, BUFFERS OFF, FORMAT JSON) {sql}", values)
            plan = cursor.fetchone()[0]
        plan = json.loads(plan) if isinstance(plan, str) else plan
        return plan[0]["Planning Time"] + plan[0]["Execution Time"]

    def search(self, word):
        from config import find
        from office import search
        from office.models import Staff

        staff = getattr(self, "finder", None) or Staff.objects.get(username="supervisor")
        self.finder = staff
        return search.find_in(find._scopes(staff), word, limit=12)

    def search_one(self, word):
        return (lambda: self.search(word)), {}

    def scan_one(self, word):
        """Yardstick: every name and English name of the estates is read, as a box without keys would have it."""
        from django.db import connection

        def scan():
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT id FROM residents_person WHERE name LIKE %s OR name_en ILIKE %s",
                    [f"%{word}%"] * 2,
                )
                cursor.fetchall()

        return scan, {}

    def look_plan(self, words):
        """Plans of the look for each word, and how often this connection used a generic plan for it."""
        from django.db import connection

        from .cases import explained

        plans = []
        for word in words * 3:
            with Statement() as said:
                self.search(word)
            plans.append(explained(*said.looks[-1]))
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT coalesce(sum(generic_plans), 0) FROM pg_prepared_statements WHERE statement LIKE '%searchkey%'"
            )
            return (lambda: None), {"plans": plans, "generic": int(cursor.fetchone()[0])}


class Statement:
    """The looks a block makes at the keys: [(statement, values)]."""

    def __enter__(self):
        from .cases import recorded

        self.manager = recorded()
        self.said = self.manager.__enter__()
        return self

    def __exit__(self, *problem):
        return self.manager.__exit__(*problem)

    @property
    def looks(self):
        return [entry for entry in self.said if "office_searchkey" in entry[0] and "EXPLAIN" not in entry[0]]


# --- the rows of the table -----------------------------------------------------------------------------------


def part(run):
    """Called by plan.Run: what the box costs with run.size.residents in it."""
    lane, count, lot = (
        run.lane("residents" if run.size.residents else "few"),
        run.size.residents or 3_000,
        random.Random(7),
    )
    for name, words in CLASSES.items():
        typed = words(lot, count)[: run.size.words]
        lane.ask("found", 0, words=typed, often=1)  # warm: what is asked all day is in memory
        answer = lane.ask("found", 0, words=typed)
        ninety_nine = percentile(answer["milliseconds"])
        middle = percentile(answer["milliseconds"], 0.5)
        run.fact(f"search, {name}: database p99 at {count:,}", f"{ninety_nine:.2f} ms", "≤ 1 ms", ninety_nine <= 1,
                 f"median {middle:.2f} ms, {len(typed)} asked, {answer['hits']} hits")  # fmt: skip
    answer = lane.ask("found", 0, words=ONE * 5)
    ninety_nine = percentile(answer["milliseconds"])
    run.fact("search, one character: database p99", f"{ninety_nine:.2f} ms", "≤ 5 ms", ninety_nine <= 5)
    for name, word in (("two characters", "陳偉"), ("an absent name", "龘靐")):
        run.ratio(f"search, {name}, to a sequential scan", (lane, "search_one", {"word": word}),
                  (lane, "scan_one", {"word": word}), 0.01, "R", times=min(run.size.times, 5))  # fmt: skip
    answer = lane.ask("look_plan", 0, words=["陳偉", "8000", "1-1-0101", "zxm", "龘靐", "陳"])
    reads = [
        plan
        for plan in answer["plans"]
        if "search_key_in_order" in plan and "Seq Scan" not in plan and "Sort" not in plan
    ]
    in_order = len(reads) == len(answer["plans"])
    run.fact(
        "search walks its index in order",
        "search_key_in_order" if in_order else "no",
        "no sort, no scan",
        in_order,
    )
    run.fact("generic plans of search", answer["generic"], "0", answer["generic"] == 0)
    a = (lane, "page", {"path": "/yardstick"})
    run.ratio("search page, several found", (lane, "page", {"path": f"/search?q={quote('陳偉')}"}), a, 3, "A")
    run.ratio("search page, nobody found", (lane, "page", {"path": f"/search?q={quote('龘靐')}"}), a, 3, "A")


def percentile(values, share=0.99):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


if __name__ == "__main__":
    import django

    django.setup()
    sys.stdout = io.StringIO()
    fill(int(sys.argv[1]))
