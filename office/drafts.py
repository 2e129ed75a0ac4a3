"""What was typed and not yet saved: kept on the server every few seconds, per form and browser tab (UX G3).

It survives a closed browser and an expired log-in, and goes when its form is saved.
"""

import json
from datetime import timedelta

from django.http import QueryDict
from django.utils.translation import gettext as _

from office.models import Draft
from office.refusals import Refused

MAX_BYTES = 200 * 1024
KEEP = timedelta(days=14)  # an older draft is of no use to anybody
OWN = ("csrfmiddlewaretoken", "form_key", "draft_tab", "tab", "page", "version")


def save(*, staff, form, tab, query, page="", now):
    """Keep the fields of `query` (a QueryDict) as the draft of `form` in the browser tab `tab`."""
    data = {name: values for name, values in query.lists() if name not in OWN}
    if len(json.dumps(data, ensure_ascii=False).encode()) > MAX_BYTES:
        raise Refused(
            _("This is too long to be kept as a draft (more than 200 kB). Please save it or shorten it.")
        )
    if _holds_nul(data) or "\0" in page:  # PostgreSQL stores no such character
        raise Refused(_("The text holds a character that cannot be stored."))
    draft, _new = Draft.objects.update_or_create(
        staff=staff,
        form=form[:80],
        tab=tab[:40],
        defaults={"data": {"fields": data, "page": page[:300]}, "saved_at": now},
    )
    return draft


def restore(*, staff, form, tab, now):
    """The draft's fields as a QueryDict for `initial` or a bound form; None when there is none."""
    draft = find(staff=staff, form=form, tab=tab, now=now)
    if draft is None:
        return None
    query = QueryDict(mutable=True)
    for name, values in draft.data.get("fields", {}).items():
        query.setlist(name, values)
    return query


def find(*, staff, form, tab, now):
    rows = Draft.objects.filter(staff=staff, form=form, saved_at__gte=now - KEEP)
    return rows.filter(tab=tab).first() if tab else rows.order_by("-saved_at").first()


def forget(*, staff, form, tab=""):
    """The form was saved, or its draft thrown away: of one tab, or of all."""
    rows = Draft.objects.filter(staff=staff, form=form)
    return (rows.filter(tab=tab) if tab else rows).delete()[0]


def forget_sent(request, form):
    """The form came in and was saved: its tab's draft has done its work."""
    if tab := request.POST.get("draft_tab", "")[:40]:
        forget(staff=request.user, form=form, tab=tab)


def forgotten(now):
    """Drafts nobody came back to."""
    return Draft.objects.filter(saved_at__lt=now - KEEP)


def _holds_nul(data):
    return any("\0" in text for name, values in data.items() for text in (name, *values))
