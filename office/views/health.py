"""Signs of life for machines: /healthz says the process answers, /readyz that promises are being kept."""

from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from office import reports
from office.access import public

HEARTBEAT_LIMIT = timedelta(minutes=2)
MESSAGE_LIMIT = timedelta(
    minutes=10
)  # a whole building's letters take a while; nobody waits longer than this


@public
@never_cache
@require_GET
def healthz(request):
    return JsonResponse({"status": "ok"})


@public
@never_cache
@require_GET
def readyz(request):
    """200 when database, broker, worker and beat are alive, no escalation step is late by two minutes and no message by ten."""
    answer: dict[str, str | int | None] = {"database": "ok", "broker": "ok"}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        beats = reports.heartbeats()
        for name in ("worker", "beat"):
            at = beats.get(name)
            age = (request.now - at) if at else None
            answer[name] = "ok" if age is not None and age < HEARTBEAT_LIMIT else "silent"
            answer[f"{name}_seconds"] = int(age.total_seconds()) if age is not None else None
        oldest = reports.oldest_due(request.now)
        late = int((request.now - oldest).total_seconds()) if oldest else 0
        answer["oldest_due_seconds"] = late
        answer["sweeps"] = "ok" if late < HEARTBEAT_LIMIT.total_seconds() else "late"
        unsent = reports.oldest_unsent(request.now)
        waits = int((request.now - unsent).total_seconds()) if unsent else 0
        answer["oldest_message_seconds"] = waits
        answer["messages"] = "ok" if waits < MESSAGE_LIMIT.total_seconds() else "late"
    except DatabaseError:
        answer["database"] = "down"
    if not broker_answers():
        answer["broker"] = "down"
    ready = all(value not in ("down", "silent", "late") for value in answer.values())
    return JsonResponse(answer | {"status": "ready" if ready else "not ready"}, status=200 if ready else 503)


def broker_answers():
    from celery import current_app

    try:
        with current_app.connection_for_write(connect_timeout=1) as link:
            link.ensure_connection(max_retries=0, timeout=1)
    except Exception:  # any failure to reach it means the same here
        return False
    return settings.CELERY_BROKER_URL != ""
