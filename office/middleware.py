"""Language of the person, postings of the person, and the door: denied unless declared."""

from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from office import access, accounts

SUPPORTED = {code for code, _name in settings.LANGUAGES}


def browser_language(header):
    """The first of our languages in an Accept-Language header; regions without a script follow their custom."""
    for part in (header or "").lower().replace("_", "-").split(","):
        code = part.split(";")[0].strip()
        if code.startswith(("zh-hant", "zh-tw", "zh-hk", "zh-mo")):
            return "zh-hant"
        if code.startswith("zh"):
            return "zh-hans"
        if code.startswith("en"):
            return "en"
    return settings.LANGUAGE_CODE


class LanguageMiddleware:
    """The person's choice, else the cookie of this browser, else the browser's wish, else zh-Hant (SPEC §1)."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME)
        code = chosen if chosen in SUPPORTED else browser_language(request.headers.get("Accept-Language"))
        request.LANGUAGE_CODE = code
        with translation.override(code):
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", translation.get_language())
        return response


class PostingMiddleware:
    """Puts the estate a person works in on the request, and the estate's zone in force."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.now = timezone.now()
        request.estate = None
        if request.user.is_authenticated:
            if request.user.language in SUPPORTED:
                translation.activate(request.user.language)
                request.LANGUAGE_CODE = request.user.language
            estates = {p.estate_id: p.estate for p in request.user.posting_list}
            request.estate = estates.get(request.session.get("estate")) or next(iter(estates.values()), None)
        with timezone.override(request.estate.zone if request.estate else timezone.get_default_timezone()):
            return self.get_response(request)


def _way_back(request):
    """Where to go after log-in: the page asked for, or the page the lost form stood on, and never another site."""
    if request.method == "GET":
        return request.get_full_path()
    page = urlsplit(request.headers.get("Referer", ""))
    if page.netloc != request.get_host():
        return "/"
    return urlunsplit(("", "", page.path or "/", page.query, ""))


def _own_password_first(request):
    """To the one page that is open to a password somebody else knows."""
    page = reverse("account_change_password")
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": page})
    messages.warning(
        request, _("Choose a password of your own first: this one is known to who gave it to you.")
    )
    return redirect(page)


class AccessMiddleware:
    """Default deny. An undeclared view is refused even if the system check was skipped."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        declared = access.needs(view)
        if declared == access.PUBLIC:
            return None
        if not request.user.is_authenticated:
            login = reverse(settings.LOGIN_URL)
            if request.headers.get("HX-Request"):
                # A fragment must not receive the login page: app.js keeps what was typed and says what to do.
                return HttpResponse(status=401)
            return redirect_to_login(_way_back(request), login)
        if not access.allowed(view, request.user):
            raise PermissionDenied
        if request.user.password_is_given and declared != access.LOGGED_IN:
            return _own_password_first(request)
        if (
            settings.SECOND_FACTOR_REQUIRED
            and declared != access.LOGGED_IN
            and accounts.needs_second_factor(request.user)
        ):
            return redirect("mfa_index")
        return None
