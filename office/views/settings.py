"""Settings of the estate one works in: catalogues, numbers. Read by directors and auditors too."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from office import series, versions
from office.access import may
from office.actions import settings as actions
from office.admin_forms import PatternForm
from office.catalogues import REGISTRY
from office.models import Series
from office.refusals import Refused

ADMINISTER, READ = "office.administer", "office.read_settings"


def estate_of(request, change=ADMINISTER, read=READ):
    """The estate one works in, if one may read its settings; whether one may change them too."""
    estate = request.estate
    if estate is None or not any(request.user.may(permission, estate.pk) for permission in (change, read)):
        raise Http404
    changes = request.user.may(change, estate.pk)
    if request.method == "POST" and not changes:
        raise PermissionDenied
    return estate, changes


@may(ADMINISTER, READ)
@require_GET
def catalogue(request, name):
    estate, administers = estate_of(request)
    declared = _catalogue(name)
    rows = []
    for row in declared.model.objects.filter(estate=estate).select_related(*declared.related):
        rows.append({"row": row, "cells": [text(row) for _label, text in declared.columns]})
    context = {"catalogue": declared, "rows": rows, "administers": administers, **tabs(request, name)}
    return render(request, "office/settings_catalogue.html", context)


@may(ADMINISTER)
@require_http_methods(["GET", "POST"])
def row_new(request, name):
    return _edit_row(request, _catalogue(name), None)


@may(ADMINISTER)
@require_http_methods(["GET", "POST"])
def row(request, name, pk):
    declared = _catalogue(name)
    estate, _administers = estate_of(request)
    visible = declared.model.objects.visible_to(request.user, ADMINISTER).filter(estate=estate)
    return _edit_row(request, declared, get_object_or_404(visible, pk=pk))


def _edit_row(request, declared, row):
    estate, _administers = estate_of(request)
    shown = {"instance": row, "version": versions.mark(row, declared.fields)} if row else {}
    form = declared.form(request.POST or None, estate=estate, **shown)
    status, refused = 200, ""
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                actions.save_row(
                    estate=estate,
                    catalogue=declared,
                    row=row,
                    values=form.values,
                    by=request.user,
                    now=request.now,
                    version=form.cleaned_data.get("version"),
                )
            except Refused as refusal:
                status, refused = 409, refusal.sentence
                if row:
                    row.refresh_from_db()
                    shown["version"] = versions.mark(row, declared.fields)
                    form = declared.form(estate=estate, **shown)
            else:
                messages.success(request, _("Saved."))
                return redirect("office:settings_catalogue", declared.name)
    context = {
        "catalogue": declared,
        "row": row,
        "form": form,
        "refused": refused,
        **tabs(request, declared.name),
    }
    return render(request, "office/settings_row.html", context, status=status)


@may(ADMINISTER, READ)
@require_http_methods(["GET", "POST"])
def numbers(request):
    estate, administers = estate_of(request)
    form = PatternForm(request.POST or None, now=request.now)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            values = form.cleaned_data
            try:
                actions.set_pattern(
                    estate=estate,
                    kind=values["kind"],
                    year=values["year"],
                    pattern=form.pattern,
                    by=request.user,
                    now=request.now,
                )
            except Refused as refusal:
                form.add_error(None, refusal.sentence)
                status = 409
            else:
                messages.success(request, _("Saved."))
                return redirect("office:settings_numbers")
    rows = [
        {
            "label": series.label(line.kind),
            "year": line.year,
            "example": line.pattern.format(year=line.year, n=line.last or 1),
            "last": line.last,
        }
        for line in Series.objects.filter(estate=estate).order_by("-year", "kind")
    ]
    context = {"rows": rows, "form": form if administers else None, **tabs(request, "numbers")}
    return render(request, "office/settings_numbers.html", context, status=status)


def _catalogue(name):
    if name not in REGISTRY:
        raise Http404
    return REGISTRY[name]


def tabs(request, active):
    """The pages of the settings this person may read."""
    shown = [
        # Translators: 承諾時限
        ("rules", _("Promises"), reverse("office:settings")),
        ("escalation", _("Escalation"), reverse("office:settings_escalation")),
    ]
    if any(request.user.may(permission, request.estate.pk) for permission in (ADMINISTER, READ)):
        shown += [("messages", _("Messages"), reverse("office:texts"))]
        shown += [
            (name, row.label, reverse("office:settings_catalogue", args=[name]))
            for name, row in REGISTRY.items()
        ]
        shown += [("numbers", _("Numbers"), reverse("office:settings_numbers"))]
    return {"tabs": [{"label": label, "url": url, "active": key == active} for key, label, url in shown]}
