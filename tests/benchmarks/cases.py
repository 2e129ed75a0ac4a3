"""What a lane can be told to do, and to time."""

import io
import resource
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection, transaction

from office import escalation, printing, series
from office.models import Event, Message, Promise, SearchKey, Staff, Unit
from tests.benchmarks.exporting import Exporting
from tests.benchmarks.households import Households
from tickets import actions, printouts
from tickets.models import Category, LogEntry, Ticket, WorkOrder
from tickets.views.rows import PAPER

from .finding import Finding

DUE_FROM = datetime(2026, 4, 1, tzinfo=UTC)  # tests/benchmarks/data.py: one promise a second from here


class Cases(Exporting, Finding, Households):
    def __init__(self, application):
        self.application = application
        self.cookie = self.sign_in("supervisor")

    def run(self, case, times, values):
        """Seconds of each time the case was done; `set_up` and what it answers are not timed."""
        do, more = getattr(self, case)(**values)
        seconds = []
        for _one in range(times):
            started = time.perf_counter()
            do()
            seconds.append(time.perf_counter() - started)
            if hasattr(more, "after"):
                more.after()
        return {"seconds": seconds, **(more if isinstance(more, dict) else {})}

    # --- pages ---------------------------------------------------------------------------------------------------

    def sign_in(self, username):
        staff = Staff.objects.get(username=username)
        session = SessionStore()
        session[SESSION_KEY] = str(staff.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = staff.get_session_auth_hash()
        session.save()
        connection.close()
        return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"

    def get(self, path):
        """One GET through the whole application, as the web server makes it; the length of its body."""
        address, _mark, query = path.partition("?")
        environ = {
            "REQUEST_METHOD": "GET", "PATH_INFO": address, "QUERY_STRING": query, "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "8000", "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": "127.0.0.1:8000", "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(), "wsgi.errors": sys.stderr, "wsgi.multithread": False,
            "wsgi.multiprocess": True, "wsgi.run_once": False, "HTTP_ACCEPT_LANGUAGE": "zh-TW",
            "HTTP_COOKIE": self.cookie if address != "/plain" else "",
        }  # fmt: skip
        statuses = []
        response = self.application(environ, lambda status, headers: statuses.append(status))
        body = b"".join(response)
        response.close()
        if not statuses[0].startswith("200"):
            raise RuntimeError(f"{path}: {statuses[0]}")
        return len(body)

    def page(self, path):
        size = self.get(path)  # warm: templates, plans, pool
        with recorded() as statements:
            self.get(path)
        return lambda: self.get(path), {"queries": len(statements), "bytes": size}

    def plan_of(self, path, table):
        """Plans of the page's statements that read `table` up to a limit."""
        with recorded() as statements:
            self.get(path)
        wanted = [entry for entry in statements if f'FROM "{table}"' in entry[0] and "LIMIT" in entry[0]]
        return (lambda: None), {"plans": [explained(*entry) for entry in wanted]}

    def ids(self):
        """Rows the pages are asked for, and how many there are."""
        ticket = Ticket.objects.filter(state="done").order_by("pk").last()
        return (lambda: None), {"ticket": ticket.pk, "tickets": Ticket.objects.count()}

    # --- taking a repair -----------------------------------------------------------------------------------------

    def take(self):
        clerk = Staff.objects.get(username="clerk")
        unit = Unit.objects.filter(kind="flat").select_related("building", "estate").order_by("pk").last()
        category = Category.objects.select_related("warranty").get(estate=unit.estate, code="TAP")
        person = unit.occupancies.filter(role="owner").select_related("person").last()

        def take():
            return actions.take(
                estate=unit.estate, category=category, problem="廚房龍頭關不緊滴水", unit=unit, by=clerk,
                reporter=person and person.person, reporter_name="張小明", reporter_phone="138 0013 8000", now=datetime.now(UTC),
            )  # fmt: skip

        self.taken = take()
        return take, {}

    def bare_inserts(self):
        """R of taking a repair: the same rows by hand, in one transaction."""
        estate = self.taken.estate
        rows = {
            "ticket": row_of(Ticket, self.taken.pk),
            "order": row_of(WorkOrder, self.taken.work_orders.get().pk),
            "event": row_of(
                Event, Event.objects.get(subject_kind=Ticket.SUBJECT, subject_id=self.taken.pk).pk
            ),
        }
        rows["log"] = row_of(LogEntry, LogEntry.objects.about(Ticket.SUBJECT, self.taken.pk).get().pk)
        keys = SearchKey.objects.filter(subject_kind=Ticket.SUBJECT, subject_id=self.taken.pk)
        rows["keys"] = [row_of(SearchKey, pk) for pk in keys.values_list("pk", flat=True)]

        def insert():
            with transaction.atomic(), connection.cursor() as cursor:
                number = series.take(estate, "ticket", now=datetime.now(UTC))
                ticket = put(cursor, Ticket, rows["ticket"] | {"number": number})
                put(cursor, WorkOrder, rows["order"] | {"ticket_id": ticket, "number": f"{number}-1"})
                put(cursor, SearchKey, *[row | {"subject_id": ticket} for row in rows["keys"]])
                put(cursor, Event, rows["event"] | {"subject_id": ticket, "subject_text": number})
                put(cursor, LogEntry, rows["log"] | {"became_id": ticket, "became_text": number})

        insert()
        return insert, {}

    # --- sweeps --------------------------------------------------------------------------------------------------

    def sweep_nothing(self):
        def sweep():
            result = escalation.climb("callback", DUE_FROM - timedelta(days=1))
            assert result.found == 0, result

        with recorded() as statements:
            sweep()
        values = {"kind": "callback", "now": DUE_FROM, "skip": [], "only": None, "batch": 1}
        return sweep, {"queries": len(statements), "plans": [explained(escalation.DUE, values)]}

    def bare_look(self):
        """R of a sweep that finds nothing: its one question."""

        def look():
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT id FROM office_promise WHERE kind = 'callback' AND next_step_at <= %s ORDER BY next_step_at LIMIT 1",
                    [DUE_FROM - timedelta(days=1)],
                )
                cursor.fetchall()

        return look, {}

    def sweep_due(self, count):
        now = DUE_FROM + timedelta(seconds=count)

        def sweep():
            result = escalation.climb("callback", now)
            assert result.done == count, result

        return sweep, SimpleNamespace(after=self.undo_sweep)

    def bare_update(self, count):
        """R: the same rows, claimed and raised in batches as large as the sweep's, nobody told."""
        now = DUE_FROM + timedelta(seconds=count)

        def update():
            done = 0
            while True:
                with transaction.atomic(), connection.cursor() as cursor:
                    cursor.execute(
                        """UPDATE office_promise SET level = level + 1, warned_at = %s WHERE id IN (
                             SELECT id FROM office_promise WHERE kind = 'callback' AND next_step_at <= %s
                             ORDER BY next_step_at, id LIMIT %s FOR UPDATE SKIP LOCKED)
                           RETURNING id, owner_id, title, due_at""",
                        [now, now, escalation.BATCH],
                    )
                    found = len(cursor.fetchall())
                done += found
                if not found:
                    break
            assert done == count, done

        return update, SimpleNamespace(after=self.undo_sweep)

    def undo_sweep(self):
        Promise.objects.filter(level=1, closed_at=None, warned_at__gte=DUE_FROM).update(
            level=0, warned_at=None
        )
        Message.objects.filter(dedupe_key__startswith="promise:").delete()

    # --- paper ---------------------------------------------------------------------------------------------------

    def orders(self, count):
        found = WorkOrder.objects.filter(technician__isnull=False).select_related(*PAPER)
        return list(found.prefetch_related("lines", "ticket__water_tests").order_by("-pk")[:count])

    def sheet(self):
        def draw():
            return printing.pdf(printouts.work_order(self.orders(1)[0]))

        draw()
        return draw, {}

    def bare_sheet(self):
        """R: WeasyPrint alone on the same HTML, with the same faces and stylesheet ready."""
        pages = printing._pages(printouts.work_order(self.orders(1)[0]), False)
        draw = bare_press()
        draw([pages])
        return lambda: draw([pages]), {}

    def batch(self, count):
        orders = self.orders(count)
        for page in printouts.work_orders(orders[:1]):
            printing._pages(page, False)

        def draw():
            batch = printing.pdf_many(iter(printouts.work_orders(orders)), shard=25)
            assert batch.done == len(orders), batch

        return draw, {"sheets": sum(max(1, len(one.copies)) for one in printouts.work_orders(orders))}

    def bare_batch(self, count):
        """R: children with garbage collection off draw shards of the same HTML, each shard a PDF of its own."""
        pages = [printing._pages(one, False) for one in printouts.work_orders(self.orders(count))]
        shards = [pages[at : at + 25] for at in range(0, len(pages), 25)]

        def draw():
            with TemporaryDirectory() as folder:
                children = []
                for number in range(min(2, len(shards))):
                    command = [sys.executable, "-m", "tests.benchmarks.press", folder, str(number)]
                    children.append(subprocess.Popen(command, stdin=subprocess.PIPE, text=True))
                import json

                for number, child in enumerate(children):
                    child.stdin.write(json.dumps(shards[number :: len(children)]))
                    child.stdin.close()
                for child in children:
                    if child.wait():
                        raise RuntimeError("a bare press ended badly")
                assert len(list(Path(folder).glob("*.pdf"))) == len(shards)

        return draw, {}

    def memory(self, count):
        """Highest resident memory (MB) of this process and of its largest child while it prints a batch."""
        draw, more = self.batch(count)
        draw()
        own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        return (lambda: None), {**more, "megabytes": (own + 2 * child) / 1024}


# --- helpers ---------------------------------------------------------------------------------------------------


@contextmanager
def recorded():
    """[(statement, values)] of what the default connection is asked."""
    found = []

    def note(execute, sql, params, many, context):
        found.append((str(sql), params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield found


def explained(sql, values):
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {sql}", values)
        return "\n".join(line for (line,) in cursor.fetchall())


def row_of(model, pk):
    """Column → value as the driver has it; without the key and generated columns."""
    columns = [f.column for f in model._meta.concrete_fields if not f.primary_key and not f.generated]
    with connection.cursor() as cursor:
        names = ", ".join(columns)
        cursor.execute(f"SELECT {names} FROM {model._meta.db_table} WHERE id = %s", [pk])
        return dict(zip(columns, cursor.fetchone(), strict=True))


def put(cursor, model, *rows):
    """INSERT the rows in one statement; the first one's id."""
    columns = list(rows[0])
    marks = ", ".join(["(" + ", ".join(["%s"] * len(columns)) + ")"] * len(rows))
    statement = f"INSERT INTO {model._meta.db_table} ({', '.join(columns)}) VALUES {marks} RETURNING id"
    cursor.execute(statement, [row[column] for row in rows for column in columns])
    return cursor.fetchone()[0]


def bare_press():
    """A function that draws [[page, …], …] with WeasyPrint into one PDF; nothing of ours but faces and stylesheet."""
    from weasyprint import HTML

    fonts, sheet = printing.Press.shared()

    def draw(documents):
        drawn = [
            HTML(string=page, base_url="desk:/", url_fetcher=_fetch).render(
                stylesheets=[sheet], font_config=fonts
            )
            for pages in documents
            for page in pages
        ]
        return drawn[0].copy([page for document in drawn for page in document.pages]).write_pdf()

    _fetch = printing._fetcher({"static_url": "/static/", "static": [], "attachments": ""})
    return draw
