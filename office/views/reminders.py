"""Everything that happens by itself, in one place: the rule, the last run, the next (SPEC §11)."""

from datetime import timedelta

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from office import sweeps
from office.access import may
from office.lists import stamp
from office.models import SweepRun
from office.reports import heartbeats

ALIVE = timedelta(minutes=2)


@may("office.reminders")
@require_GET
def reminders(request):
    runs = {run.name: run for run in SweepRun.objects.all()}
    rows = []
    for sweep in sweeps.REGISTRY.values():
        run = runs.get(sweep.name)
        following = run.started_at + timedelta(seconds=sweep.every) if run else None
        rows.append(
            {
                "sweep": sweep,
                "run": run,
                "last": stamp(run.started_at) if run else "",
                "next": stamp(max(following, request.now)) if following else "",
                "tone": "bad"
                if run and run.error
                else "wait"
                if run and run.failed
                else "good"
                if run
                else "quiet",
                "state": _("broken") if run and run.error else _("some failed") if run and run.failed else "",
            }
        )
    beats = heartbeats()
    signs = []
    for name, label in (("worker", _("worker")), ("beat", _("timetable"))):
        at = beats.get(name)
        alive = at is not None and request.now - at < ALIVE
        signs.append(
            {
                "label": label,
                "state": _("awake") if alive else _("silent"),
                "tone": "good" if alive else "bad",
                "at": stamp(at),
            }
        )
    may_run = request.user.may("office.run_reminders")
    return render(request, "office/reminders.html", {"rows": rows, "signs": signs, "may_run": may_run})


@may("office.run_reminders")
@require_POST
def reminder_run(request, name):
    """Run one sweep now. It does what is due and nothing else, so running it again changes nothing."""
    if name not in sweeps.REGISTRY:
        raise Http404
    result = sweeps.run(name)
    text = _("%(name)s: %(found)s found, %(done)s done, %(failed)s failed.") % {
        "name": sweeps.REGISTRY[name].label,
        "found": result.found,
        "done": result.done,
        "failed": result.failed,
    }
    (messages.error if result.failed else messages.success)(request, text)
    return redirect("office:reminders")
