from django.core.checks import Error, register
from django.urls import get_resolver
from django.urls.resolvers import URLPattern

from office import access

# Served by libraries as they are; nothing of the office passes through them.
FOREIGN = {"prometheus-django-metrics"}


def patterns(resolver=None, prefix="", namespace=""):
    """Every URL pattern of the project as (name, route, view), nested includes opened."""
    for entry in (resolver or get_resolver()).url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLPattern):
            name = f"{namespace}:{entry.name}" if namespace and entry.name else entry.name
            yield name, route, entry.callback
        else:
            inner = ":".join(filter(None, [namespace, entry.namespace]))
            yield from patterns(entry, route, inner)


@register()
def every_view_declares_who_may_open_it(app_configs, **kwargs):
    return [
        Error(
            f"URL {route!r} ({name}) does not declare who may open it.",
            hint="Use office.access.may.",
            id="office.E001",
        )
        for name, route, view in patterns()
        if access.needs(view) is None
    ]
