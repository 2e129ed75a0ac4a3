"""Small choices of the person: language, theme, estate."""

from django.conf import settings
from django.http import Http404
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from office.access import logged_in, public


def enter(request, estate):
    """Work goes on in the estate of the record that was opened, when the person is posted to several."""
    if (
        request.estate is not None
        and request.estate.pk != estate.pk
        and estate.pk in request.user.estate_ids()
    ):
        request.session["estate"] = estate.pk
        request.estate = estate
        timezone.activate(estate.zone)  # the middleware's override puts the old one back after the answer


THEMES = ("light", "dark", "auto")


def _back(request):
    target = request.POST.get("next") or request.headers.get("Referer", "/")
    ours = "/" in target and url_has_allowed_host_and_scheme(target, {request.get_host()})
    return redirect(target if ours else "/")  # without a slash it would be taken for the name of a view


@public
@require_POST
def language(request):
    code = request.POST.get("language")
    if code not in dict(settings.LANGUAGES):
        raise Http404
    if request.user.is_authenticated:
        request.user.language = code
        request.user.save(update_fields=["language"])
    response = _back(request)
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        code,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        samesite="Lax",
        httponly=True,
    )
    return response


@public
@require_POST
def theme(request):
    chosen = request.POST.get("theme")
    if chosen not in THEMES:
        raise Http404
    if request.user.is_authenticated:
        request.user.theme = "" if chosen == "auto" else chosen
        request.user.save(update_fields=["theme"])
    response = _back(request)
    response.set_cookie("theme", chosen, max_age=settings.LANGUAGE_COOKIE_AGE, samesite="Lax", httponly=True)
    return response


@logged_in
@require_POST
def estate(request):
    try:
        chosen = int(request.POST.get("estate", ""))
    except ValueError:
        raise Http404 from None
    if chosen not in request.user.estate_ids():
        raise Http404
    request.session["estate"] = chosen
    return redirect("home")
