"""Settings of the estate one works in: promise rules, catalogues, numbers. Read by directors and auditors too."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from office import promises, series, versions
from office.access import may
from office.actions import settings as actions
from office.admin_forms import PatternForm, RuleForm
from office.catalogues import REGISTRY
from office.lists import stamp
from office.models import PromiseRule, Series
from office.models.promises import Measure
from office.refusals import Refused

ADMINISTER, READ = "office.administer", "office.read_settings"


def _estate(request):
    """The estate one works in, if one may read its settings; whether one may change them too."""
    estate = request.estate
    if estate is None or not any(
        request.user.may(permission, estate.pk) for permission in (ADMINISTER, READ)
    ):
        raise Http404
    administers = request.user.may(ADMINISTER, estate.pk)
    if request.method == "POST" and not administers:
        raise PermissionDenied
    return estate, administers


@may(ADMINISTER, READ)
@require_GET
def settings(request):
    estate, administers = _estate(request)
    groups = []
    for kind in sorted(promises.KINDS.values(), key=lambda kind: kind.order):
        rows = [_rule_row(estate, rule, request.now) for rule in kind.rules]
        groups.append({"label": kind.label, "rows": rows})
    context = {"groups": groups, "administers": administers, **_tabs("rules")}
    return render(request, "office/settings.html", context)


@may(ADMINISTER, READ)
@require_http_methods(["GET", "POST"])
def rule(request, key):
    estate, administers = _estate(request)
    declared = promises.RULES.get(key)
    if declared is None:
        raise Http404
    row = _rule_row(estate, declared, request.now)
    initial = {"amount": row["amount"], "measure": row["measure"]}
    form = RuleForm(request.POST or None, estate=estate, now=request.now, initial=initial)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            values = form.cleaned_data
            try:
                actions.change_rule(
                    estate=estate,
                    key=key,
                    amount=values["amount"],
                    measure=values["measure"],
                    valid_from=values["valid_from"],
                    by=request.user,
                    now=request.now,
                )
            except Refused as refusal:
                form.add_error(None, refusal.sentence)
                status = 409
            else:
                messages.success(request, _("Saved. Promises already made stay as they are."))
                return redirect("office:settings_rule", key)
    history = [
        {
            "text": promises.length(past.amount, past.measure),
            "from": stamp(past.valid_from) if past.valid_from > promises.EPOCH else _("the beginning"),
            "state": _("announced") if past.valid_from > request.now else "",
        }
        for past in PromiseRule.objects.filter(estate=estate, key=key).order_by("-valid_from")
    ]
    context = {
        "rule": declared,
        "row": row,
        "form": form if administers and row["editable"] else None,
        "history": history,
        **_tabs("rules"),
    }
    return render(request, "office/settings_rule.html", context, status=status)


@may(ADMINISTER, READ)
@require_GET
def catalogue(request, name):
    estate, administers = _estate(request)
    declared = _catalogue(name)
    rows = []
    for row in declared.model.objects.filter(estate=estate).select_related(*declared.related):
        rows.append({"row": row, "cells": [text(row) for _label, text in declared.columns]})
    context = {"catalogue": declared, "rows": rows, "administers": administers, **_tabs(name)}
    return render(request, "office/settings_catalogue.html", context)


@may(ADMINISTER)
@require_http_methods(["GET", "POST"])
def row_new(request, name):
    return _edit_row(request, _catalogue(name), None)


@may(ADMINISTER)
@require_http_methods(["GET", "POST"])
def row(request, name, pk):
    declared = _catalogue(name)
    estate, _administers = _estate(request)
    visible = declared.model.objects.visible_to(request.user, ADMINISTER).filter(estate=estate)
    return _edit_row(request, declared, get_object_or_404(visible, pk=pk))


def _edit_row(request, declared, row):
    estate, _administers = _estate(request)
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
    context = {"catalogue": declared, "row": row, "form": form, "refused": refused, **_tabs(declared.name)}
    return render(request, "office/settings_row.html", context, status=status)


@may(ADMINISTER, READ)
@require_http_methods(["GET", "POST"])
def numbers(request):
    estate, administers = _estate(request)
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
    context = {"rows": rows, "form": form if administers else None, **_tabs("numbers")}
    return render(request, "office/settings_numbers.html", context, status=status)


def _catalogue(name):
    if name not in REGISTRY:
        raise Http404
    return REGISTRY[name]


def _rule_row(estate, rule, now):
    amount, measure = promises.rule_at(estate.pk, rule.key, now)
    coming = (
        PromiseRule.objects.filter(estate=estate, key=rule.key, valid_from__gt=now)
        .order_by("valid_from")
        .first()
    )
    return {
        "rule": rule,
        "amount": amount,
        "measure": measure,
        "text": promises.length(amount, measure),
        "default": promises.length(rule.amount, rule.measure),
        "changed": (amount, measure) != (rule.amount, rule.measure),
        "coming": coming and f"{promises.length(coming.amount, coming.measure)} · {stamp(coming.valid_from)}",
        "editable": measure != Measure.AT,
    }


def _tabs(active):
    tabs = [("rules", _("Promises"), reverse("office:settings"))]
    tabs += [
        (name, row.label, reverse("office:settings_catalogue", args=[name])) for name, row in REGISTRY.items()
    ]
    tabs += [("numbers", _("Numbers"), reverse("office:settings_numbers"))]
    return {"tabs": [{"label": label, "url": url, "active": key == active} for key, label, url in tabs]}
