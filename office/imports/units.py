"""Units as rows name them: by their code, or however people say it (3座12樓A室)."""

from django.utils.translation import gettext as _

from office import search
from office.models import SearchKey, Unit


def said(run, codes):
    """{as said: [(pk, code)]} of the estate's units; one hit is meant, several are not clear, none is not there."""
    keys = {one: "-".join(search.code_parts(one)) for one in codes}
    rows = Unit.objects.filter(estate=run.estate, code__in=keys).values_list("pk", "code")
    found = {code: [(pk, code)] for pk, code in rows}
    rest = {one: key for one, key in keys.items() if one not in found and key}
    if rest:
        hits: dict[str, set] = {}
        keyed = SearchKey.objects.filter(
            estate=run.estate, subject_kind="unit", kind="code", key__in=set(rest.values())
        )
        for key, pk in keyed.values_list("key", "subject_id"):
            hits.setdefault(key, set()).add(pk)
        pks = {pk for several in hits.values() for pk in several}
        names = dict(Unit.objects.filter(pk__in=pks).values_list("pk", "code"))
        for one, key in rest.items():
            found[one] = sorted(((pk, names[pk]) for pk in hits.get(key, ())), key=lambda pair: pair[1])
    return found


def why_not_one(words, hits):
    """(sentence, proposal) when a row's words do not name one unit, else None."""
    if len(hits) == 1:
        return None
    if not hits:
        return _("There is no unit %(said)s. Bring in the units first, or correct the code.") % {
            "said": words
        }, ""
    codes = ", ".join(code for _pk, code in hits[:5])
    return _("“%(said)s” may be one of several units: %(codes)s.") % {
        "said": words,
        "codes": codes,
    }, hits[0][1]
