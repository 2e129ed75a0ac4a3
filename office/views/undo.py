"""Taking back what one has just done."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from office import promises, undo
from office.access import may
from office.models import Undo
from office.refusals import Refused


def subject_url(kind, pk):
    """The page of a record, or home where it has none."""
    return promises.SUBJECTS[kind](pk) if kind in promises.SUBJECTS and pk else reverse("home")


@may("office.home")
@require_POST
def take_back(request, pk):
    offer = get_object_or_404(
        Undo.objects.filter(by=request.user, estate_id__in=request.user.estate_ids()), pk=pk
    )
    try:
        undo.take_back(undo=offer, by=request.user, now=request.now)
    except Refused as refusal:
        # The button stands in a toast on any page: the record's page shows the sentence and the present state.
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, _("Taken back."))
    return redirect(subject_url(offer.subject_kind, offer.subject_id))
