"""Acknowledging what climbed to oneself, in one press, from wherever it stands."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

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
