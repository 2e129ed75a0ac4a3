"""Acknowledging what climbed to oneself, in one press, from wherever it stands."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from office import board, lists
from office.access import may
from office.actions import escalation as actions
from office.models import Promise
from office.refusals import Refused
from office.views.undo import subject_url


@may("office.home")
@require_POST
def see(request, pk):
    """ "Seen, I take care"; then back to the page the button stood on, else to the matter."""
    promise = get_object_or_404(Promise.objects.visible_to(request.user), pk=pk)
    try:
        actions.see(promise=promise, by=request.user, now=request.now)
    except Refused as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, _("Noted: you take care of it."))
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}) or not back.startswith(
        "/"
    ):
        back = subject_url(promise.subject_kind, promise.subject_id)
    return redirect(back)


AT_ONCE = 200


@may(board.READ)
@require_POST
def see_many(request):
    """The promises chosen on the board: those that climbed to this person are noted, the others left as they are."""
    chosen = lists.chosen(request, board.declared(request), board.rows(request)).order_by("due_at", "pk")
    noted = left = 0
    for promise in chosen.filter(closed_at__isnull=True)[:AT_ONCE]:
        try:
            actions.see(promise=promise, by=request.user, now=request.now)
            noted += 1
        except Refused:
            left += 1
    if noted:
        text = ngettext(
            "Noted: you take care of %(n)s promise.", "Noted: you take care of %(n)s promises.", noted
        )
        messages.success(request, text % {"n": noted})
    if left or not noted:
        text = ngettext(
            "%(n)s promise has not climbed to you, or somebody has seen it already.",
            "%(n)s promises have not climbed to you, or somebody has seen them already.",
            left,
        )
        messages.warning(request, text % {"n": left} if left else _("No open promise was chosen."))
    query = board.query_of(request).urlencode()
    return redirect(f"{reverse('office:board')}?{query}" if query else "office:board")
