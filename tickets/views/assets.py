"""公共設施: the list, one facility with its faults, adding and mending."""

from django.contrib import messages
from django.db.models import Count, IntegerField, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from office import lists
from office.access import may
from office.refusals import Refused
from tickets import columns, upkeep
from tickets.actions.asset import save_asset
from tickets.forms import AssetForm
from tickets.models import Asset, Ticket
from tickets.views import moving, rows

CHANGES = 20  # changes of service shown at once
FAULTS = 50  # faults of one facility shown at once


@may("assets.read")
@require_http_methods(["GET", "POST"])
def assets(request):
    faults = (
        Ticket.objects.filter(asset=OuterRef("pk"), closed_at__isnull=True)
        .order_by()
        .values("asset")
        .annotate(n=Count("pk"))
        .values("n")
    )
    found = rows.of_estate(request, Asset, "assets.read").annotate(
        faults=Coalesce(Subquery(faults, output_field=IntegerField()), 0)
    )
    actions = []
    if request.user.may("assets.edit"):
        actions = [
            {
                "verb": "add",
                "label": _("Add a facility"),
                "url": reverse("tickets:asset_add"),
                "icon": "plus",
                "style": "primary",
                "key": "n",
            }
        ]
    url = reverse("tickets:equipment_pdf")
    # Translators: 設備台帳
    actions.append(
        {"verb": "register", "label": _("Print the register"), "url": url, "icon": "printer", "key": "p"}
    )
    return lists.render(request, columns.ASSETS, found, template="tickets/list.html", actions=actions)


@may("assets.read")
@require_GET
def asset(request, pk):
    row = get_object_or_404(
        Asset.objects.visible_to(request.user, "assets.read").select_related("building", "estate"), pk=pk
    )
    faults = row.tickets.select_related("category", "technician").order_by("-opened_at", "-pk")[:FAULTS]
    context = {
        "asset": row,
        "facts": [
            (_("Code"), row.code),
            (_("Kind"), row.get_kind_display()),
            (_("Building"), str(row.building) if row.building else ""),
            (_("Place"), row.place),
            (_("Maker and model"), row.maker),
            (_("Serial number"), row.serial),
            (_("Installed on"), f"{row.installed_on:%Y-%m-%d}" if row.installed_on else ""),
            (_("Maintenance contractor"), row.contractor),
            (
                _("Certificate valid until"),
                f"{row.certificate_until:%Y-%m-%d}" if row.certificate_until else "",
            ),
        ],
        "plans": [
            (plan, upkeep.every_text(plan), upkeep.TONES[plan.state])
            for plan in row.plans.order_by("next_due", "pk")
        ],
        "changes": [
            (change, lists.stamp(change.at))
            for change in row.service_changes.select_related("by", "ticket").order_by("-at")[:CHANGES]
        ],
        "may_plan": request.user.may("assets.edit", row.estate_id),
        "faults": [
            (
                fault,
                lists.stamp(fault.opened_at),
                columns.state_label(fault.state),
                columns.TONES[fault.state],
            )
            for fault in faults
        ],
        "moves": _moves(row, request.user),
    }
    return render(request, "tickets/asset.html", context)


def _moves(asset, staff):
    moves: list[dict] = []
    if staff.may("tickets.intake", asset.estate_id):
        moves.append(
            {
                "verb": "report",
                "label": _("Report a fault"),
                "url": f"{reverse('tickets:intake')}?asset={asset.pk}",
                "icon": "tool",
                "key": "r",
                "style": "primary",
            }
        )
    if staff.may("assets.edit", asset.estate_id):
        moves.append(
            {
                "verb": "service",
                "label": _("Take out of service") if asset.in_service else _("Back in service"),
                "url": reverse("tickets:asset_service", args=[asset.pk]),
                "icon": "alert-triangle" if asset.in_service else "circle-check",
                "key": "s",
                "dialog": True,
            }
        )
        moves.append(
            {
                "verb": "edit",
                "label": _("Edit"),
                "url": reverse("tickets:asset_edit", args=[asset.pk]),
                "icon": "edit",
                "key": "e",
            }
        )
    url = reverse("tickets:asset_card", args=[asset.pk])
    # Translators: 設備卡
    moves.append({"verb": "card", "label": _("Equipment card"), "url": url, "icon": "qrcode", "key": "p"})
    return moves


@may("assets.edit")
@require_http_methods(["GET", "POST"])
def asset_add(request):
    if request.estate is None:
        raise Http404
    return _edit(request, Asset(estate=request.estate))


@may("assets.edit")
@require_http_methods(["GET", "POST"])
def asset_edit(request, pk):
    row = get_object_or_404(
        Asset.objects.visible_to(request.user, "assets.edit").select_related("estate"), pk=pk
    )
    return _edit(request, row)


def _edit(request, row):
    form = AssetForm(moving.posted(request), instance=row, estate=row.estate)
    refused = ""
    if request.method == "POST" and form.is_valid():
        try:
            saved = save_asset(
                estate=row.estate,
                asset=row if row.pk else None,
                values=form.cleaned_data,
                by=request.user,
                now=request.now,
            )
        except Refused as refusal:
            refused = refusal.sentence
        else:
            messages.success(request, _("Saved."))
            return redirect("tickets:asset", saved.pk)
    status = 409 if refused else 422 if form.errors else 200
    return render(
        request, "tickets/asset_edit.html", {"form": form, "asset": row, "refused": refused}, status=status
    )
