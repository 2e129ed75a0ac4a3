"""Every failure a person can meet has a page that says what to do. None of them reads the database."""

from django.core.exceptions import RequestDataTooBig
from django.shortcuts import render


def _page(request, name, status, **context):
    return render(request, f"errors/{name}.html", context, status=status)


def bad_request(request, exception=None):
    if isinstance(exception, RequestDataTooBig):
        return _page(request, "413", 413)
    return _page(request, "400", 400)


def forbidden(request, exception=None):
    return _page(request, "403", 403)


def not_found(request, exception=None):
    return _page(request, "404", 404)


def too_many(request, exception=None):
    """Too many log-ins from one place (429)."""
    return _page(request, "429", 429)


def broken(request):
    return _page(request, "500", 500)


def csrf_failure(request, reason=""):
    return _page(request, "csrf", 403)
