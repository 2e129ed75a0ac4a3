"""What is read over many rows of the office."""

from office.models import Heartbeat, Promise


def heartbeats():
    """{"worker": datetime, "beat": datetime}"""
    return dict(Heartbeat.objects.values_list("name", "at"))


def oldest_due(now):
    """When the most neglected escalation step was due; None when nothing is waiting."""
    return (
        Promise.objects.filter(next_step_at__lte=now).order_by("next_step_at").values_list("next_step_at", flat=True).first()
    )
