"""A whole list as Excel or CSV, by the columns its page shows: what is filtered is what is exported, in its order.

Sent while it is read, whatever the number of rows; longer ones than settings.EXPORT_JOB_ROWS are written by a worker
that opens the same page for the same person with the same filter. Values are those an import understands: moments to
the second, days, numbers, whole texts.
"""

import csv
import io
import tempfile
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import FieldDoesNotExist, PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import Resolver404, resolve
from django.utils import timezone, translation
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from office import access, accesslog, formulas, jobs
from office.lists import copying, workbook
from office.lists.keysets import keys_of
from office.lists.query import read
from office.lists.words import day
from office.refusals import Refused

JOB = "office.export"
TYPES = {"xlsx": workbook.TYPE, "csv": "text/csv; charset=utf-8"}


def answer_export(request, declared, queryset, kind):
    if kind not in TYPES or not declared.export_permission:
        raise PermissionDenied
    if not request.user.may(declared.export_permission):
        raise PermissionDenied
    query = QueryDict(request.POST.get("query", ""))
    reading = read(request, declared, exportable(declared, queryset, request), query)
    job = getattr(request, "export_job", None)
    if reading.unknown or not reading.is_valid:
        said = _("Nothing was exported: the filter holds something that cannot be.")
        if job:
            raise Refused(said)
        messages.error(request, said)
        return redirect(request.path)
    count = reading.rows.order_by().count()
    if job is None and count > settings.EXPORT_JOB_ROWS:
        return _ask_worker(request, declared, reading, kind, count)
    if declared.personal:
        accesslog.log(
            what=accesslog.EXPORT,
            by=request.user,
            now=timezone.now() if job else request.now,
            estate_id=request.estate.pk if request.estate else None,
            subject_kind=declared.name,
            detail={"list": declared.name, "filter": reading.query.urlencode(), "count": count, "as": kind},
        )
    rows, name = ordered(declared, reading), file_name(declared, request.now, kind)
    if job:
        return _write(job, blocks(declared, rows, request.now, kind), count, name, kind)
    sent = (block for block, _rows in blocks(declared, rows, request.now, kind))
    response = StreamingHttpResponse(sent, content_type=TYPES[kind])
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["X-Accel-Buffering"] = "no"  # a proxy passes on what there is
    return response


def exportable(declared, queryset, request):
    """The rows of the estates where this person may export this list."""
    staff = request.user
    path = declared.estate
    try:
        queryset.model._meta.get_field(path.split("__")[0])
    except FieldDoesNotExist:
        # Rows of no estate (accounts): the list says itself which ones; the right must be held where one works.
        here = request.estate is not None and staff.may(declared.export_permission, request.estate.pk)
        return queryset if here else queryset.none()
    return queryset.filter(**{f"{path}__in": staff.estate_ids(declared.export_permission)})


def ordered(declared, reading):
    """All matching rows in the list's order."""
    order = declared.orders[reading.order.removeprefix("-")]
    keys = keys_of(reading.rows, order, reading.order.startswith("-"))
    return reading.rows.order_by(*(key.expression for key in keys))


def file_name(declared, now, kind):
    return f"{slugify(declared.name)}-{day(now)}.{kind}"


# --- by a worker -------------------------------------------------------------------------------------------


def _ask_worker(request, declared, reading, kind, count):
    job = jobs.start(
        JOB,
        title=_("Export: %(list)s") % {"list": declared.title},
        estate=request.estate,
        by=request.user,
        args={
            "path": request.path,
            "query": reading.query.urlencode(),
            "kind": kind,
            "language": translation.get_language(),
        },
        now=request.now,
    )
    messages.info(
        request,
        _("%(n)s rows are a lot: they are being written, and the bell rings when the file is there.")
        % {"n": f"{count:,}"},
    )
    return redirect("office:job", job.pk)


def run(job):
    """The list's own view, asked again in the person's name: the same rows and rights, as of when it was asked."""
    try:
        found = resolve(job.args["path"])
    except Resolver404:
        raise Refused(_("This list is not there any more.")) from None
    if not access.allowed(found.func, job.by) or job.estate_id not in job.by.estate_ids():
        raise Refused(_("You may no longer open this list."))
    request: Any = HttpRequest()
    request.method, request.path, request.path_info = "POST", job.args["path"], job.args["path"]
    given = QueryDict(mutable=True)
    given.update({"export": job.args["kind"], "query": job.args["query"]})
    request.POST = given
    request.user, request.estate, request.now, request.resolver_match = job.by, job.estate, job.made_at, found
    request.session, request.htmx, request.export_job = {}, None, job
    with translation.override(job.args.get("language") or translation.get_language()):
        found.func(request, *found.args, **found.kwargs)
    if job.result_file_id is None:
        raise Refused(_("You may no longer open this list."))


def _write(job, written, count, name, kind):
    jobs.progress(job, 0, count)
    done = 0
    with tempfile.TemporaryFile() as file:
        for block, rows in written:
            file.write(block)
            done += rows
            jobs.progress(job, min(done, count), count)
        job.done = job.total = count
        file.seek(0)
        jobs.keep_result(job, data=file, name=name, content_type=TYPES[kind].partition(";")[0])
    return HttpResponse(status=204)


def register():
    jobs.register(JOB, run, gettext_lazy("export of a long list"))


# --- rows --------------------------------------------------------------------------------------------------


def blocks(declared, rows, now, kind):
    """The file as (bytes, rows in them), whatever the number of rows; memory does not grow."""
    # The answer is sent after the middleware has put its language and zone away.
    language, zone = translation.get_language(), timezone.get_current_timezone()
    columns = [column for column in declared.columns if column.exported]
    by_database = copying.can(columns)
    # `values` are asked for only here: the database's own way has no need of them.
    each = None if by_database else _each(rows.values(*declared.fields), now)
    if kind == "csv":
        made = _csv(columns, rows, each)
    else:
        made = _xlsx(columns, rows, each)
    while True:
        with translation.override(language), timezone.override(zone):
            block = next(made, None)
        if block is None:
            return
        yield block


def _each(rows, now):
    for row in rows.iterator(chunk_size=2000):
        row["now"] = now
        yield row


def _csv(columns, rows, each):
    """UTF-8 with the mark Excel wants. A text that looks like a formula gets a `'`."""
    buffer = io.StringIO()
    buffer.write("\ufeff")
    writer = csv.writer(buffer)
    writer.writerow([formulas.guarded(str(column.label)) for column in columns])
    yield buffer.getvalue().encode(), 0
    if each is None:
        yield from copying.csv_blocks(columns, rows)
        return
    while batch := list(islice(each, 500)):
        buffer.seek(0)
        buffer.truncate()
        writer.writerows([_csv_value(column.exported_value(row)) for column in columns] for row in batch)
        yield buffer.getvalue().encode(), len(batch)


def _xlsx(columns, rows, each):
    counted = [0]

    def drawn():
        for chunk, count in copying.xlsx_rows(columns, rows) if each is None else _chunks(columns, each):
            counted[0] += count
            yield chunk, count

    told = 0
    for block in workbook.stream([column.label for column in columns], drawn()):
        yield block, counted[0] - told
        told = counted[0]


def _chunks(columns, each):
    while batch := list(islice(each, 500)):
        cells = [
            "".join(workbook.cell(column.exported_value(row), column.kind == "money") for column in columns)
            for row in batch
        ]
        yield "<row>" + "</row><row>".join(cells) + "</row>", len(batch)


def _csv_value(value):
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, (int, Decimal)):
        return str(value)
    if isinstance(value, datetime):
        return f"{value.astimezone(timezone.get_current_timezone()):%Y-%m-%d %H:%M:%S}"
    if isinstance(value, date):
        return day(value)
    return formulas.guarded(str(value))
