"""Estates: what their letterhead, paper and clocks say."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from office import versions
from office.access import may
from office.actions import estates as actions
from office.admin_forms import ESTATE_FIELDS, EstateForm
from office.models import Estate
from office.refusals import Refused

ADMINISTER = "office.administer"


@may(ADMINISTER)
@require_GET
def estate_list(request):
    estates = Estate.objects.visible_to(request.user, ADMINISTER)
    return render(request, "office/estate_list.html", {"estates": estates})


@may(ADMINISTER)
@require_http_methods(["GET", "POST"])
def estate_new(request):
    form = EstateForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        estate = actions.create(values=form.values, by=request.user, now=request.now)
        messages.success(request, _("The estate is open, with the usual rules and catalogues."))
        return redirect("office:estate", estate.pk)
    status = 422 if request.method == "POST" else 200
    return render(request, "office/estate_form.html", {"form": form}, status=status)


@may(ADMINISTER)
@require_http_methods(["GET", "POST"])
def estate(request, pk):
    row = get_object_or_404(Estate.objects.visible_to(request.user, ADMINISTER), pk=pk)
    form = EstateForm(request.POST or None, instance=row, version=versions.mark(row, ESTATE_FIELDS))
    status, refused = 200, ""
    if request.method == "POST" and form.is_valid():
        version = form.cleaned_data["version"]
        try:
            actions.change(estate=row, values=form.values, by=request.user, now=request.now, version=version)
        except Refused as refusal:
            row.refresh_from_db()
            form = EstateForm(instance=row, version=versions.mark(row, ESTATE_FIELDS))
            status, refused = 409, refusal.sentence
        else:
            messages.success(request, _("Saved."))
            return redirect("office:estate", pk)
    elif request.method == "POST":
        status = 422
    context = {"form": form, "estate": row, "refused": refused}
    return render(request, "office/estate_form.html", context, status=status)
