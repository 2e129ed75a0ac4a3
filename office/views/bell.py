"""The bell: what the office has told this person, unread first."""

from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import translation
from django.views.decorators.http import require_GET, require_POST

from office import lists, outbox
from office.access import may
from office.views.undo import subject_url

UNREAD_SHOWN, READ_SHOWN = 200, 50


def _drawn(message):
    subject, body = outbox.text(message, translation.get_language())
    return {
        "subject": subject,
        "body": body,
        "at": lists.stamp(message.made_at),
        "open_url": reverse("office:bell_open", args=[message.pk]),
        "has_page": bool(message.subject_kind),
    }


@may("office.home")
@require_GET
def bell(request):
    mine = outbox.bell(request.user)
    return render(
        request,
        "office/bell.html",
        {
            "unread": [_drawn(message) for message in mine.filter(read_at__isnull=True)[:UNREAD_SHOWN]],
            "read": [_drawn(message) for message in mine.filter(read_at__isnull=False)[:READ_SHOWN]],
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
