"""Files on their way into the register, for tests: sent, matched and checked as the desk does it."""

import io

from django.utils import timezone

from office import jobs
from office.imports import intake
from office.models import Import


def file_of(lines, name="roster.csv"):
    """A CSV file as a browser sends it; `lines` are texts or lists of cells."""
    rows = [line if isinstance(line, str) else ",".join(map(str, line)) for line in lines]
    content = io.BytesIO("\r\n".join(rows).encode("utf-8-sig"))
    content.name = name
    return content


def work():
    """Do what waits, as a worker does."""
    return jobs.run_waiting(timezone.now())


def sent(estate, by, lines, sheet, now=None, name="roster.csv"):
    """An import of a file whose first row names the columns: chosen and matched by name."""
    now = now or timezone.now()
    batch = intake.receive(content=file_of(lines, name), name=name, estate=estate, by=by, now=now)
    source = batch.previews[0]["name"]
    return intake.choose(batch=batch, source=source, sheet=sheet, header_row=0, by=by, now=now)


def checked(estate, by, lines, sheet, **given):
    """The same, with its dry run done."""
    batch = sent(estate, by, lines, sheet, **given)
    intake.match(batch=batch, columns=batch.matching, by=by, now=timezone.now())
    work()
    return again(batch)


def applied(batch, by, all_rows=False):
    """Brought in; the job says how it went."""
    intake.apply(batch=batch, all_rows=all_rows, by=by, now=timezone.now())
    work()
    return again(batch)


def rolled_back(batch, by):
    intake.roll_back(batch=batch, by=by, now=timezone.now())
    work()
    return again(batch)


def again(batch):
    return Import.objects.select_related("estate", "by", "file", "job").get(pk=batch.pk)


def counts(batch):
    """The outcomes that are not zero."""
    return {name: count for name, count in batch.counts.items() if count}
