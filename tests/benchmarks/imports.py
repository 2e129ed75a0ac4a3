"""An import of many rows against the bare COPY + INSERT of the same rows into the same tables (issue 3, Must hold).

`python -m tests.benchmarks.imports [ROWS]` makes a database of its own, brings a roster of that many units with
their owners in as a worker does (file read, parsed, compared, staged, written, indexed, journalled, with progress),
takes it out again, and writes the very same rows by COPY into bare tables and INSERT … SELECT, under the same
constraints and triggers.
"""

import io
import os
import resource
import sys
import time
from contextlib import contextmanager

GOAL, MEMORY = 3, 400  # times; MB


def roster(count):
    """A CSV of units with owner, telephone, area and hand-over date; every name and number its own."""
    surnames, given = "陳李張黃何林吳周梁葉鄧曾", "偉芳娜敏靜麗強磊洋艷勇軍傑娟濤明超秀霞平剛桂英華"
    lines = ["Building,Section,Unit,Floor,Area (m²),Handed over on,Owners,Telephone"]
    for number in range(count):
        building, rest = divmod(number, 400)
        section, rest = divmod(rest, 100)
        floor, room = divmod(rest, 4)
        name = surnames[number % 12] + given[number // 12 % 24] + given[number // 288 % 24]
        lines.append(
            f"{building + 1},{section + 1},{floor + 1:02d}{room + 1:02d},{floor + 1},{60 + number % 900 / 10:.1f},"
            f"20{10 + number % 15}-0{1 + number % 9}-1{number % 10},{name},139{number:08d}"
        )
    return lines


def tables():
    from office.models import Building, Event, SearchKey, Section, Unit
    from residents.models import Occupancy, Person, Phone

    return [Building, Section, Unit, Person, Phone, Occupancy, SearchKey, Event]


@contextmanager
def timed(seconds):
    started = time.perf_counter()
    yield
    seconds.append(time.perf_counter() - started)


def measure(count, say=print):
    """{name: figure} of one import, its rolling back and the bare statements; seconds and MB."""
    from django.utils import timezone

    from office.imports import intake
    from office.models import Job
    from tests import cast, imported

    estate = cast.make_estate()
    admin = cast.make_staff("admin", (estate, "admin"))
    before = {model: _highest(model) for model in tables()}
    batch = imported.sent(estate, admin, roster(count), "units")
    found: dict[str, list] = {name: [] for name in ("check", "apply", "again", "roll back", "bare")}
    with timed(found["check"]):
        intake.match(batch=batch, columns=batch.matching, by=admin, now=timezone.now())
        imported.work()
    batch = imported.again(batch)
    assert imported.counts(batch) == {"create": count}, (batch.job.error, batch.counts)
    with timed(found["apply"]):
        batch = imported.applied(batch, admin)
    assert batch.state == "applied", batch.job.error
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    written = {model: _copy_out(model, before[model]) for model in tables()}
    with timed(found["again"]):
        again = imported.checked(estate, admin, roster(count), "units")
    assert imported.counts(again) == {"unchanged": count}, (again.job.error, again.counts)
    with timed(found["roll back"]):
        batch = imported.rolled_back(batch, admin)
    assert batch.state == "rolled_back", batch.job.error
    for _round in range(1):
        with timed(found["bare"]):
            rows = _copy_in(written)
    assert not Job.objects.exclude(state="done").exists()
    figures = {name: values[0] for name, values in found.items()}
    figures["ratio"] = (figures["check"] + figures["apply"]) / figures["bare"]
    figures |= {"memory": memory, "child": child, "rows": rows}
    say(
        f"{count} rows of a file, {rows} of the register: check {figures['check']:.1f} s, apply {figures['apply']:.1f} s,"
        f" the same file again {figures['again']:.1f} s, roll back {figures['roll back']:.1f} s;"
        f" bare COPY + INSERT {figures['bare']:.1f} s: {figures['ratio']:.2f} times (goal {GOAL});"
        f" memory {memory:.0f} MB, of the reading child {child:.0f} MB (goal {MEMORY})"
    )
    return figures


def _highest(model):
    return model.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def _copy_out(model, after):
    from django.db import connection

    data = io.BytesIO()
    with (
        connection.cursor() as cursor,
        cursor.copy(
            f"COPY (SELECT * FROM {model._meta.db_table} WHERE id > {after} ORDER BY id) TO STDOUT (FORMAT binary)"
        ) as copy,
    ):
        for block in copy:
            data.write(block)
    return data.getvalue()


def _copy_in(written):
    """Bare tables filled by COPY, then one INSERT … SELECT each. The journal's lines stand already: they get new ids."""
    from django.db import connection, transaction

    from office.models import Event

    count = 0
    with transaction.atomic(), connection.cursor() as cursor:
        for model, data in written.items():
            table = model._meta.db_table
            cursor.execute(f"CREATE TEMP TABLE bare_{table} ON COMMIT DROP AS SELECT * FROM {table} LIMIT 0")
            with cursor.copy(f"COPY bare_{table} FROM STDIN (FORMAT binary)") as copy:
                for start in range(0, len(data), 1 << 20):
                    copy.write(data[start : start + (1 << 20)])
            if model is Event:
                names = ", ".join(one.column for one in model._meta.concrete_fields if one.column != "id")
                cursor.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM bare_{table}")
            else:
                cursor.execute(f"INSERT INTO {table} SELECT * FROM bare_{table}")
            count += cursor.rowcount
    return count


def main(words):
    os.environ["GUANJIA_TEST"] = "1"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    from django.utils import translation

    from tests import databases

    databases.servers()
    name = f"imports_{os.getpid()}"
    databases.create(name, databases.template())
    databases.use(name)
    try:
        with translation.override("en"):
            figures = measure(int(words[0]) if words else 100_000)
    finally:
        from django.db import connections

        connections.close_all()
        databases.drop(name)
    return 0 if figures["ratio"] <= GOAL and max(figures["memory"], figures["child"]) <= MEMORY else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
