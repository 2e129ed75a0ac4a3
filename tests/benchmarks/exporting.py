"""Export of a long list against COPY of the same rows: how long, how soon the first bytes, how much memory."""

import io
import resource
import sys
import time
from urllib.parse import urlencode

from django.conf import settings
from django.db import connection
from django.urls import reverse
from psycopg import ClientCursor

from office.models import Staff
from tickets import columns
from tickets.models import Ticket

TOKEN = "a" * 32


def post(application, cookie, path, values):
    """One POST through the whole application: (blocks of the answer, the answer)."""
    address, _mark, query = path.partition("?")
    body = urlencode({**values, "csrfmiddlewaretoken": TOKEN}).encode()
    environ = {
        "REQUEST_METHOD": "POST", "PATH_INFO": address, "QUERY_STRING": query, "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000", "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": "127.0.0.1:8000", "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(body), "wsgi.errors": sys.stderr, "wsgi.multithread": False,
        "wsgi.multiprocess": True, "wsgi.run_once": False, "HTTP_ACCEPT_LANGUAGE": "zh-TW",
        "CONTENT_TYPE": "application/x-www-form-urlencoded", "CONTENT_LENGTH": str(len(body)),
        "HTTP_COOKIE": f"{cookie}; csrftoken={TOKEN}",
    }  # fmt: skip
    statuses = []
    response = application(environ, lambda status, headers: statuses.append(status))
    if not statuses[0].startswith("200"):
        raise RuntimeError(f"{path}: {statuses[0]}")
    return response


class Exporting:
    """Cases of a lane; `self.application` and `self.cookie` are the lane's."""

    def export(self, kind):
        path = f"{reverse('tickets:list')}?export={kind}"

        def send():
            started = time.perf_counter()
            response = post(self.application, self.cookie, path, {"query": ""})
            blocks, size, first, lines = iter(response), 0, None, 0
            for block in blocks:
                size += len(block)
                lines += block.count(b"\n")
                # The head is no news: the first rows are.
                if first is None and size > 1000:
                    first = time.perf_counter() - started
            response.close()
            told.update(bytes=size, first=first, rows=lines - 1, seconds_whole=time.perf_counter() - started)

        told: dict = {}
        settings.EXPORT_JOB_ROWS = sys.maxsize  # by the request, however long
        send()
        told["megabytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return send, told

    def bare_copy(self):
        """R: COPY of the same rows and columns, as they stand, sorted alike."""
        supervisor = Staff.objects.get(username="supervisor")
        estate = supervisor.posting_list[0].estate_id
        wanted = [column.source for column in columns.TICKETS.columns if isinstance(column.source, str)]
        wanted += ["unit__code", "place", "asset__name_zh_hant", "category__name_zh_hant", "technician__name"]
        rows = (
            Ticket.objects.filter(estate_id=estate)
            .order_by("-opened_at", "-id")
            .values_list(*dict.fromkeys(wanted))
        )
        text, values = rows.query.sql_with_params()
        connection.ensure_connection()
        statement = ClientCursor(connection.connection).mogrify(text, values)

        def copy():
            with (
                connection.cursor() as cursor,
                cursor.copy(f"COPY ({statement}) TO STDOUT (FORMAT csv)") as sent,
            ):
                for line in sent:
                    found.append(len(line))
            found.clear()

        found: list = []
        copy()
        return copy, {}


def report(run):
    """The rows of the table; `run` is plan.Run."""
    size = run.size
    lane = run.lane("ten")
    rows = f"{size.few * 10:,}"
    copy = (lane, "bare_copy", {})
    run.ratio(f"export of {rows} repairs, CSV", (lane, "export", {"kind": "csv"}), copy, 5, "COPY", times=2)
    run.ratio(
        f"export of {rows} repairs, Excel", (lane, "export", {"kind": "xlsx"}), copy, None, "COPY", times=1
    )
    told = lane.ask("export", 1, kind="csv")
    share = told["first"] / told["seconds_whole"]
    note = f"{told['first'] * 1000:.0f} of {told['seconds_whole'] * 1000:.0f} ms"
    run.fact("first rows of an export", f"{share:.2f} of the time", "≤ 0.6", share <= 0.6, note)
    used = []
    for name in ("few", "ten"):  # each in a process that has exported nothing yet
        fresh = run.fresh(name)
        try:
            used.append(fresh.ask("export", 0, kind="xlsx")["megabytes"])
        finally:
            fresh.end()
    growth = used[1] / used[0]
    run.fact(
        "memory of an export ten times as large", f"{growth:.2f}", "≤ 1.2", growth <= 1.2,
        f"{used[1]:.0f} / {used[0]:.0f} MB",
    )  # fmt: skip
