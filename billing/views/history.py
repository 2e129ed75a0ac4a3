"""What an old ledger comes to beside ours: sums, differences, what is new (SPEC §14)."""

from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from billing.actions import history as actions
from billing.models import History, Item
from billing.reports import history as reports
from office.access import may
from office.imports import intake
from office.models import Import
from office.money import show
from office.refusals import Refused
from office.workbooks import cell_name

IMPORT = "billing.import"
SHOWN = 300  # accounts on the page; the sums are of all


def _get(request, pk):
    batch = get_object_or_404(
        Import.objects.visible_to(request.user, IMPORT).select_related("estate", "job"), pk=pk
    )
    return batch, get_object_or_404(History, batch=batch)


@may(IMPORT)
@require_GET
def history(request, pk):
    """Sums in the file and in the ledger, every difference with its cell, new items and debtors."""
    batch, found = _get(request, pk)
    facts = found.facts
    applied = batch.state == Import.State.APPLIED
    rows, totals = _booked(batch) if applied else _foreseen(facts)
    context = {
        "batch": batch,
        "notices": facts.get("notices", []),
        "tiles": _tiles(facts),
        "rows": rows[:SHOWN],
        "more": max(0, len(rows) - SHOWN),
        "totals": totals,
        "applied": applied,
        "differences": [
            {
                "cell": cell_name(one["row"] - 1, one["column"])
                if one["column"] is not None
                else str(one["row"]),
                "account": one["account"],
                **{key: show(one[key]) for key in ("file", "ours", "difference")},
            }
            for one in facts.get("differences", [])
        ],
        "different": facts.get("different", 0),
        "people": facts.get("people", []),
        "items": facts.get("items", []) if batch.state == Import.State.CHECKED else [],
        "choices": [
            (item.pk, str(item)) for item in Item.objects.filter(estate=batch.estate, is_active=True)
        ],
    }
    return render(request, "billing/history.html", context)


def _tiles(facts):
    return [
        (_("Rows"), facts.get("rows", 0)),
        (_("Accounts"), facts.get("parties", 0)),
        (_("Charged"), show(facts.get("charges"))),
        (_("Paid"), show(facts.get("payments"))),
        (_("Balance"), show(facts.get("balance"))),
        (_("Balance in the file"), show(facts.get("file_balance"))),
        (_("Rows that differ"), facts.get("different", 0)),
    ]


def _foreseen(facts):
    rows = [
        {
            "account": label, "count": count,
            "cells": [show(charged), show(paid), show(balance), show(said)], "wrong": said is not None and said != balance,
        }
        for label, count, charged, paid, balance, said in facts.get("accounts", [])
    ]  # fmt: skip
    return rows, [show(facts.get(key)) for key in ("charges", "payments", "balance", "file_balance")]


def _booked(batch):
    """The file's sums of what came in, and ours from the entries themselves."""
    ours, rows, sums = reports.booked(batch), [], [0] * 6
    for account, (label, count, charged, paid, _running, _said) in reports.rows_of(batch).items():
        mine = ours.get(account, (0, 0, 0))
        cells = [charged, paid, charged - paid, *mine]
        sums = [one + other for one, other in zip(sums, cells, strict=True)]
        rows.append(
            {
                "account": label,
                "count": count,
                "cells": [show(cell) for cell in cells],
                "wrong": cells[2] != cells[5],
            }
        )
    return rows, [show(cell) for cell in sums]


@may(IMPORT)
@require_POST
def history_items(request, pk):
    """Say which of our items a name of the file means; remembered for this estate, then everything is checked anew."""
    batch, _found = _get(request, pk)
    if batch.state != Import.State.CHECKED:
        raise Http404
    chosen = {
        name.removeprefix("item-"): int(value)
        for name, value in request.POST.items()
        if name.startswith("item-") and value.isdecimal() and len(value) < 18
    }
    names = _found.facts.get("items", [])
    meant = {
        names[int(place)]: pk for place, pk in chosen.items() if place.isdecimal() and int(place) < len(names)
    }
    actions.remember_items(estate=batch.estate, meant=meant, by=request.user, now=request.now)
    if meant:
        try:
            intake.check_again(batch=batch, by=request.user, now=request.now)
        except Refused:  # already being checked
            return redirect("office:import", batch.pk)
    return redirect("office:import" if meant else "billing:history", batch.pk)
