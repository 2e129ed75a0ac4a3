"""Keeping what is typed: called every few seconds by the page, never by people."""

from django.http import JsonResponse
from django.views.decorators.http import require_http_methods

from office import drafts, lists
from office.access import may
from office.refusals import Refused


@may("office.home")
@require_http_methods(["GET", "POST", "DELETE"])
def draft(request, form):
    """GET `?tab=`: the kept fields; POST: keep them; DELETE or POST `forget=1`: throw them away."""
    tab = (request.POST.get("tab") or request.GET.get("tab", "")).replace("\0", "")[:40]
    who = {"staff": request.user, "form": form[:80]}
    if request.method == "GET":
        kept = drafts.find(**who, tab=tab, now=request.now)
        if kept is None:
            return JsonResponse({"fields": {}, "saved_at": ""})
        return JsonResponse(
            {
                "fields": kept.data.get("fields", {}),
                "page": kept.data.get("page", ""),
                "saved_at": lists.stamp(kept.saved_at),
            }
        )
    if request.method == "DELETE" or request.POST.get("forget"):
        return JsonResponse({"forgotten": drafts.forget(**who, tab=tab)})
    try:
        kept = drafts.save(
            **who, tab=tab or "-", query=request.POST, page=request.POST.get("page", ""), now=request.now
        )
    except Refused as refusal:
        return JsonResponse({"error": str(refusal.sentence)}, status=413)
    return JsonResponse({"saved_at": lists.stamp(kept.saved_at)})
