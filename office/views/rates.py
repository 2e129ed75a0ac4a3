"""Kept and on time: by kind of promise, person and month; every number opens exactly its rows (SPEC §4.4, §12)."""

from datetime import date, timedelta

from django.http import Http404
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from office import board, clocks, reports
from office.access import may
from office.lists.estates import ALL, readable
from office.models import Staff

PERMISSION = "office.rates"


def month_of(request):
    """First day of `?month=2026-03`, else of the present month."""
    today = clocks.local_date(request.now, request.estate.zone)
    try:
        asked = date.fromisoformat(f"{request.GET.get('month', '')}-01")
    except ValueError:
        return today.replace(day=1)
    return min(asked, today.replace(day=1)) if asked.year >= 1900 else today.replace(day=1)


def percent(part, whole):
    return f"{part * 100 / whole:.1f} %".replace(".0 %", " %") if whole else "–"


@may(PERMISSION)
@require_GET
def rates(request):
    if request.estate is None or not request.user.may(PERMISSION, request.estate.pk):
        raise Http404
    now, first = request.now, month_of(request)
    last = clocks.add_months(first, 1) - timedelta(days=1)
    estates, query = [request.estate], {}
    if request.GET.get("estate") == ALL:
        estates = readable(request.user, PERMISSION)
        as_board = len(estates) == len(readable(request.user, board.READ))
        query = {"estate": ALL if as_board else [row.pk for row in estates]}
    kinds = [name for name, _label in board.kind_choices()]
    kind = request.GET.get("kind", "")
    kind = kind if kind in kinds else ""
    found: dict = {}
    for estate in estates:
        start, end = clocks.midnight(first, estate.zone), clocks.end_of_day(last, estate.zone)
        for key, row in reports.promise_rates(estate.pk, kinds, now, start, end).items():
            found.setdefault(key, []).append(row)
    whole = {key: reports.added(reports.Rates, rows) for key, rows in found.items()}
    person = request.GET.get("person", "")
    owners = {owner for _kind, owner in whole}
    person = int(person) if person.isdecimal() and len(person) < 19 and int(person) in owners else None
    names = {one.pk: str(one) for one in Staff.objects.filter(pk__in=owners - {None})}
    month = f"{first:%Y-%m}"

    def address(outcome, kind="", owner=0):
        more = {"kind": kind} if kind else {}
        if owner is None:
            more["no_owner"] = "true"
        elif owner:
            more["owner"] = owner
        span = {"fact_from": first.isoformat(), "fact_to": last.isoformat()}
        return board.address(**query, outcome=outcome, **more, **span)

    def page(**changes):
        asked = {
            "month": month,
            "kind": kind,
            "person": person or "",
            "estate": ALL if query else "",
            **changes,
        }
        return "?" + "&".join(f"{name}={value}" for name, value in asked.items() if value)

    by_kind = _grouped(whole, 0, lambda kind_, owner: person is None or owner == person)
    by_person = _grouped(whole, 1, lambda kind_, owner: not kind or kind_ == kind)
    callback = reports.added(
        reports.Rates, [row for (one, _owner), row in whole.items() if one == "callback"]
    )
    everything = reports.added(reports.Rates, list(whole.values()))
    following = clocks.add_months(first, 1)
    kind_rows = [
        _row(board.kind_label(one), by_kind[one], page(kind="" if one == kind else one), one == kind,
             lambda outcome, one=one: address(outcome, one, person or 0))
        for one in kinds if one in by_kind
    ]  # fmt: skip
    person_rows = [
        _row(names.get(one, _("nobody")), by_person[one], page(person="" if one == person else one or ""), one == person,
             lambda outcome, one=one: address(outcome, kind, one))
        for one in sorted(by_person, key=lambda one: (-by_person[one].owed, names.get(one, "")))
    ]  # fmt: skip
    context = {
        "month": month,
        "before": page(month=f"{clocks.add_months(first, -1):%Y-%m}"),
        "after": page(month=f"{following:%Y-%m}") if clocks.midnight(following, request.estate.zone) <= now else "",
        "several": len(readable(request.user, PERMISSION)) > 1,
        "everywhere": bool(query),
        "kind": kind,
        "kinds": board.kind_choices(),
        "person": person,
        "person_name": names[person] if person else "",
        "without_person": page(person=""),
        "tiles": _tiles(callback, everything, address),
        "parts": [
            {
                "id": "rates-people",
                "title": _("By person: %(kind)s") % {"kind": board.kind_label(kind)} if kind else _("By person"),
                "head": _("Person"),
                "rows": person_rows,
            },
            {
                "id": "rates-kinds",
                "title": _("By kind: %(name)s") % {"name": names[person]} if person else _("By kind"),
                "head": _("Promise"),
                "rows": kind_rows,
            },
        ],
    }  # fmt: skip
    for part in context["parts"]:
        part["chart"] = _chart(part)
    return render(request, "office/rates.html", context)


def _grouped(whole, place, wanted):
    groups: dict = {}
    for key, row in whole.items():
        if wanted(*key):
            groups.setdefault(key[place], []).append(row)
    return {key: reports.added(reports.Rates, rows) for key, rows in groups.items()}


NUMBERS = ("owed", "on_time", "late", "unreachable", "overdue", "waiting")


def _row(label, rates, narrow, chosen, address):
    values = {name: (getattr(rates, name), address(name)) for name in NUMBERS}
    values["kept"] = (rates.kept, address("kept"))
    return {
        "label": label,
        "narrow": narrow,
        "chosen": chosen,
        "cells": [values[name] for name in ("owed", "kept", "late", "unreachable", "overdue", "waiting")],
        "kept_rate": percent(rates.kept, rates.owed),
        "on_time_rate": percent(rates.on_time, rates.owed),
        "full": rates.owed > 0 and rates.kept == rates.owed,
        "values": values,
    }


def _chart(part):
    names = ("on_time", "late", "unreachable", "overdue", "waiting")
    return {
        "id": part["id"],
        "title": part["title"],
        "head": part["head"],
        "series": [_("kept on time"), _("kept late"), _("could not be kept"), _("overdue"), _("not yet due")],
        "tones": ["good", "today", "quiet", "late", "new"],
        "stacked": True,
        "horizontal": True,
        "tall": len(part["rows"]) > 6,
        "rows": [
            (
                row["label"],
                [row["values"][name][0] for name in names],
                [row["values"][name][1] for name in names],
            )
            for row in part["rows"]
        ],
    }


def _tiles(callback, everything, address):
    def tile(label, value, href, tone="", icon="", hint=""):
        return {"label": label, "value": value, "href": href, "tone": tone, "icon": icon, "hint": hint}

    goal = _("%(rate)s; the goal is 100 %%") % {"rate": percent(callback.kept, callback.owed)}
    return [
        tile(_("Callbacks owed"), callback.owed, address("owed", "callback"), "", "phone"),
        tile(
            _("Callbacks kept"), callback.kept, address("kept", "callback"),
            "good" if callback.kept == callback.owed else "today", "phone-call", goal,
        ),
        tile(
            _("Callbacks on time"), callback.on_time, address("on_time", "callback"), "", "clock",
            percent(callback.on_time, callback.owed),
        ),
        tile(_("All promises owed"), everything.owed, address("owed"), "", "list-check"),
        tile(
            _("All kept"), everything.kept, address("kept"), "good", "circle-check",
            percent(everything.kept, everything.owed),
        ),
        tile(
            _("Of these late"), everything.late, address("late"), "today" if everything.late else "", "clock",
            _("on time: %(rate)s") % {"rate": percent(everything.on_time, everything.owed)},
        ),
    ]  # fmt: skip
