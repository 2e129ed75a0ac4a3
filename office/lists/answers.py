"""What a list's view answers: the page, its rows alone, an export, a filter kept or removed."""

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.shortcuts import render as render_page
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _

from office.lists.export import answer_export
from office.lists.page import make_page
from office.lists.query import read, url_of
from office.models import SavedFilter

SAVED_LIMIT = 30


def render(
    request,
    declared,
    queryset,
    *,
    template="_ui/list.html",
    extra_context=None,
    title=None,
    actions=(),
    bulk=(),
    tabs=None,
):
    """Answer a list's request: page, htmx fragment, export, saved filter. `bulk` and `actions` are moves; `tabs` are
    parts of the list, counted under the same filter."""
    if request.method == "POST":
        return _answer_post(request, declared, queryset)
    page = make_page(request, declared, queryset, title=title, actions=actions, bulk=bulk, tabs=tabs)
    context = {"page": page, **(extra_context or {})}
    status = 200 if page.is_valid else 422
    htmx = getattr(request, "htmx", None)
    if htmx and not htmx.boosted and not htmx.history_restore_request:
        words = render_to_string("_ui/messages_oob.html", {}, request)
        body = render_to_string("_ui/list.html#list-rows", context, request)
        response = HttpResponse(body + words, status=status)
        response.headers["HX-Push-Url"] = f"{request.path}?{page.query}" if page.query else request.path
    else:
        response = render_page(request, template, context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _answer_post(request, declared, queryset):
    asked = request.POST.get("export") or request.GET.get("export")
    if asked:
        return answer_export(request, declared, queryset, asked)
    forget = request.POST.get("forget") or request.GET.get("forget", "")
    if forget.isdecimal() and len(forget) < 19:
        SavedFilter.objects.filter(pk=forget, staff=request.user, list_name=declared.name).delete()
        return redirect(request.path)
    query = QueryDict(request.POST.get("query", ""))
    reading = read(request, declared, queryset, query)
    back = url_of(request, reading.query, after=None, before=None)
    name = request.POST.get("name", "").replace("\0", "").strip()[:60]
    kept = back.partition("?")[2]
    if not name or not kept or reading.unknown or not reading.is_valid or len(kept) > 1000:
        messages.error(request, _("A filter to keep needs a name and at least one choice."))
        return redirect(back)
    mine = SavedFilter.objects.filter(staff=request.user, list_name=declared.name)
    if mine.count() >= SAVED_LIMIT and not mine.filter(name=name).exists():
        messages.error(request, _("There are %(n)s kept filters; remove one first.") % {"n": SAVED_LIMIT})
        return redirect(back)
    SavedFilter.objects.update_or_create(
        staff=request.user, list_name=declared.name, name=name, defaults={"query": kept}
    )
    messages.success(request, _("Filter kept as “%(name)s”.") % {"name": name})
    return redirect(back)
