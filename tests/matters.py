"""Matters that owe a promise, without any workflow above the office: for tests of clocks, ladders and sweeps."""

import itertools
from dataclasses import dataclass
from datetime import timedelta

from office import promises
from office.models import Promise

_numbers = itertools.count(1)
KIND, RULE = "callback", "callback_other"


@dataclass
class Matter:
    """Anything a promise can be about."""

    pk: int
    title: str
    unit_id: int | None = None
    estate: object = None
    SUBJECT = "tests.matter"

    def __str__(self):
        return self.title

    @property
    def estate_id(self):
        return self.estate.pk


def matter(**values):
    number = next(_numbers)
    return Matter(**{"pk": number, "title": f"T-{number}"} | values)


def owe(estate, owner, fact_at, *, now=None, kind=KIND, rule=RULE, subject=None, **values):
    """One promise as an action would make it."""
    return promises.make(
        kind,
        rule,
        subject=subject or matter(),
        fact_at=fact_at,
        now=now or fact_at,
        owner=owner,
        estate=estate,
        **values,
    )


def owe_many(estate, owner, fact_at, count, **changes):
    """`count` promises alike, written at once."""
    model = owe(estate, owner, fact_at)
    fields = {
        field.attname: getattr(model, field.attname)
        for field in Promise._meta.concrete_fields
        if not field.generated and field.attname != "id"
    }
    rows = []
    for _ in range(count - 1):
        subject = matter()
        rows.append(Promise(**fields | {"subject_id": subject.pk, "title": subject.title} | changes))
    return [model, *Promise.objects.bulk_create(rows, batch_size=5000)]


def times(promise):
    """When each step is due: (warning, head, director)."""
    return promise.warn_at, promise.due_at, promise.director_at


SECOND = timedelta(seconds=1)
