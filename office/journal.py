"""The journal: one call per change, inside the change's transaction (ARCHITECTURE §2).

If the line cannot be written the change must not exist either. Verbs are registered with a sentence in the
past tense; a verb without one is refused here, so it fails a test and never a page.
"""

from office.models import Event, OwnerChange
from office.models.by_hand import insert
from office.money import show
from office.phrases import listed

SENTENCES: dict = {}  # verb → lazy translated sentence with %(placeholders)s of the event's data


def sentences(mapping):
    """Register an app's verbs: {"ticket.dispatched": _("dispatched to %(technician)s")}."""
    SENTENCES.update(mapping)


def record(verb, *, subject, by, now, data=None, unit_id=None, kind=None, pk=None, text=None, estate_id=None):
    """Write one line about `subject` (a row with SUBJECT, estate_id; unit_id when it has one), or about the matter
    `kind`, `pk` it belongs to.

    `data` holds numbers, codes, ids and dates as JSON; never personal values. `by` None is the machine.
    """
    return insert(_line(verb, subject, by, now, data, unit_id, kind, pk, text, estate_id))


def record_for_units(verb, *, subject, unit_ids, by, now, data=None):
    """The same line on the timeline of each of these households, in one statement."""
    units = sorted(set(unit_ids)) or [None]
    Event.objects.bulk_create([_line(verb, subject, by, now, data, unit) for unit in units])


def _line(verb, subject, by, now, data, unit_id=None, kind=None, pk=None, text=None, estate_id=None):
    if verb not in SENTENCES:
        raise LookupError(f"journal verb {verb!r} has no sentence")
    return Event(
        at=now,
        verb=verb,
        subject_kind=kind or subject.SUBJECT,
        subject_id=subject.pk if pk is None else pk,
        subject_text=(text or str(subject))[:80],
        estate_id=estate_id if estate_id is not None else getattr(subject, "estate_id", None),
        unit_id=unit_id if unit_id is not None else getattr(subject, "unit_id", None),
        by_id=by.pk if by else None,
        by_name=by.name[:80] if by else "",
        data=data or {},
    )


class _Blank(dict):
    def __missing__(self, key):
        return "…"


def sentence(event):
    """The event as one translated sentence. Values that are themselves words come as {"word": key} and are looked up."""
    if isinstance(event.data.get("reason"), dict):
        read_reasons(event.data)
    data = {key: _word(value) for key, value in event.data.items()}
    return str(SENTENCES[event.verb]) % _Blank(data)


WORDS: dict = {}  # "tickets.state.done" → lazy label, so that the journal speaks the reader's language


def words(prefix, choices):
    """Register the labels of a choices class under `prefix`."""
    WORDS.update({f"{prefix}.{value}": label for value, label in choices})


def field_words(prefix, model):
    """Register the names of a model's fields, for sentences that say which fields changed."""
    words(prefix, [(field.name, field.verbose_name) for field in model._meta.fields])


def fields(prefix, names):
    """Field names as journal data: shown under their labels in the reader's language, in a steady order."""
    return [word(prefix, name) for name in sorted(names)]


def plain(value):
    """A column's value as journal data: numbers and truth as they are, rows by id, the rest as text."""
    if hasattr(value, "pk"):
        return value.pk
    return value if isinstance(value, bool | int | None) else str(value)


def word(prefix, value):
    """A value the journal shows as its label in the reader's language."""
    return {"word": f"{prefix}.{value}"}


def money(amount, currency):
    """An amount with the currency it was in, whatever the estate reckons in later."""
    return {"money": str(amount), "currency": currency}


def reason(change):
    """Why an owner changed: the text stands in OwnerChange, the journal points at it."""
    return {"reason": change.pk}


def read_reasons(*rows):
    """Put the reasons that the data of these lines point at in their place, in one query; where there are none, none."""
    meant = [data for data in rows if isinstance(data.get("reason"), dict)]
    wanted = [data["reason"].get("reason") for data in meant]
    if not wanted:
        return
    found = dict(OwnerChange.objects.filter(pk__in=wanted).values_list("pk", "reason"))
    for data, pk in zip(meant, wanted, strict=True):
        data["reason"] = found.get(pk, "…")


def _word(value):
    if isinstance(value, list):
        return listed(_word(part) for part in value)
    if isinstance(value, dict) and "money" in value:
        return show(value["money"], value["currency"])
    if isinstance(value, dict) and "word" in value:
        if value["word"] in WORDS:
            return str(WORDS[value["word"]])
        verb = value["word"].removeprefix("verb.")  # what was taken back, where no shorter word is registered
        return str(SENTENCES[verb]) % _Blank() if verb in SENTENCES else value["word"]
    return value
