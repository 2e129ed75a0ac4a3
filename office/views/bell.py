"""The bell: what the office has told this person, unread first."""

from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import translation
from django.views.decorators.http import require_GET, require_POST

from office import escalation, lists, outbox
from office.access import may
from office.models import Promise
from office.views.undo import subject_url

UNREAD_SHOWN, READ_SHOWN = 200, 50


def _climbed(notices, staff):
    """{message id: where the acknowledgement of the promise it speaks of stands}, for notices of escalation."""
    about = {notice.pk: notice.data.get("promise") for notice in notices}
    rows = Promise.objects.filter(pk__in=set(filter(None, about.values())))
    stands = escalation.stands([row for row in rows if row.is_open], staff)
    return {pk: stands[promise] for pk, promise in about.items() if promise in stands}


def _drawn(message, stand=None):
    subject, body = outbox.text(message, translation.get_language())
    return {
        "subject": subject,
        "body": body,
        "at": lists.stamp(message.made_at),
        "open_url": reverse("office:bell_open", args=[message.pk]),
        "has_page": bool(message.subject_kind),
        "stand": stand,
    }


@may("office.home")
@require_GET
def bell(request):
    mine = outbox.bell(request.user)
    unread = list(mine.filter(read_at__isnull=True)[:UNREAD_SHOWN])
    read = list(mine.filter(read_at__isnull=False)[:READ_SHOWN])
    stands = _climbed([*unread, *read], request.user)
    return render(
        request,
        "office/bell.html",
        {
            "unread": [_drawn(message, stands.get(message.pk)) for message in unread],
            "read": [_drawn(message, stands.get(message.pk)) for message in read],
            "unread_count": outbox.unread(request.user),
        },
    )


@may("office.home")
@require_POST
def bell_open(request, pk):
    """Mark one as read and go to what it speaks of."""
    message = get_object_or_404(outbox.bell(request.user), pk=pk)
    outbox.read(staff=request.user, now=request.now, ids=[message.pk])
    if not message.subject_kind:
        return redirect("office:bell")
    return redirect(subject_url(message.subject_kind, message.subject_id))


@may("office.home")
@require_POST
def bell_read(request):
    """Mark all as read."""
    outbox.read(staff=request.user, now=request.now)
    return redirect("office:bell")
