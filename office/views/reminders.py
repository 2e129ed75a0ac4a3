"""Everything that happens by itself, in one place: the rule, the runs, what a run would do now, what failed (SPEC §11)."""

from datetime import timedelta

from django.contrib import messages
from django.db.models import Q, Sum
from django.db.models.functions import TruncDate
from django.http import Http404, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from office import clocks, promises, reports, sweeps
from office.access import logged_in, may
from office.board import matter_url
from office.lists import stamp
from office.models import PromiseRule, SweepFailure, SweepHour, SweepRun
from office.phrases import clauses, listed
from office.reports import heartbeats

ALIVE = timedelta(minutes=2)
DAYS = 14  # of the history on a reminder's own page
HOURS = 24
FAILURES_SHOWN = 100


@may("office.reminders")
@require_GET
def reminders(request):
    """Every reminder under the heading of its workflow, and every row that failed."""
    runs = {run.name: run for run in SweepRun.objects.all()}
    today = _summed(request.now - timedelta(hours=HOURS))
    numbers = _numbers(request)
    workflows: dict[str, list] = {}
    for sweep in sweeps.REGISTRY.values():
        row = _row(sweep, runs.get(sweep.name), request.now) | {"day": today.get(sweep.name)}
        row["rule"] = _rule(sweep, numbers)
        workflows.setdefault(str(sweep.workflow), []).append(row)
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
                "at": _clock(at, request.now),
            }
        )
    failures = _failures(request, runs)
    signs.append(
        {
            "label": _("rows that failed"),
            "state": str(len(failures)) + ("+" if len(failures) == FAILURES_SHOWN else ""),
            "tone": "bad" if failures else "good",
            "at": stamp(min((row["since_at"] for row in failures), default=None)),
        }
    )
    context = {"workflows": workflows.items(), "signs": signs, "failures": failures}
    return render(request, "office/reminders.html", context | _rights(request))


@may("office.reminders")
@require_GET
def reminder(request, name):
    """One reminder: what a run would do now (nothing is written), what failed, and how the last days went."""
    sweep = _sweep(name)
    run = SweepRun.objects.filter(name=name).first()
    foreseen = sweeps.foresee(name, request.now, request.user.estate_ids("office.reminders"))
    context = {
        "row": _row(sweep, run, request.now) | {"rule": _rule(sweep, _numbers(request))},
        "foreseen": foreseen,
        "coming": [_coming(line, request.user) for line in foreseen.rows] if foreseen else [],
        "failures": _failures(request, {name: run}, name),
        "hours": _history(SweepHour.objects.filter(name=name, hour__gt=request.now - timedelta(hours=HOURS))),
        "days": _days(name, request.now),
    }
    return render(request, "office/reminder.html", context | _rights(request))


@may("office.run_reminders")
@require_POST
def reminder_run(request, name):
    """Run one sweep now. It does what is due and nothing else, so running it again changes nothing."""
    sweep = _sweep(name)
    result = sweeps.run(name)
    text = _("%(name)s: %(found)s found, %(done)s done, %(failed)s failed.") % {
        "name": sweep.label,
        "found": result.found,
        "done": result.done,
        "failed": result.failed,
    }
    (messages.error if result.failed else messages.success)(request, text)
    if request.POST.get("next") == "reminder":
        return redirect("office:reminder", name)
    return redirect("office:reminders")


@logged_in
@never_cache
@require_GET
def pulse(request):
    """What a page that stays open shows while nothing reminds: one look, asked once a minute."""
    return JsonResponse({"silence": reports.silence(reports.unswept())})


def _sweep(name):
    if name not in sweeps.REGISTRY:
        raise Http404
    return sweeps.REGISTRY[name]


def _rights(request):
    return {"may_run": request.user.may("office.run_reminders")}


def _numbers(request):
    """{rule: (amount, measure)} in force at the estate one works in."""
    rows = PromiseRule.objects.filter(estate=request.estate, valid_from__lte=request.now)
    return {row.key: (row.amount, row.measure) for row in rows.order_by("valid_from")}


def _rule(sweep, numbers):
    """The rule in words; of a kind of promise with its numbers."""
    if sweep.name not in promises.KINDS:
        return sweep.rule
    return clauses(
        _("%(rule)s: %(limit)s")
        % {
            "rule": rule.label,
            "limit": promises.length(*numbers.get(rule.key, (rule.amount, rule.measure))),
        }
        for rule in promises.KINDS[sweep.name].rules
    )


def _clock(moment, now):
    """To the second today, since some run every quarter of a minute; with the day otherwise."""
    if moment is None:
        return ""
    zone = timezone.get_current_timezone()
    if clocks.local_date(moment, zone) == clocks.local_date(now, zone):
        return f"{moment.astimezone(zone):%H:%M:%S}"
    return stamp(moment)


def _row(sweep, run, now):
    following = run.started_at + timedelta(seconds=sweep.every) if run else None
    broken, failed = bool(run and run.error), bool(run and run.failed)
    late = following is not None and now - following > ALIVE
    return {
        "sweep": sweep,
        "run": run,
        "last": _clock(run and run.started_at, now),
        "next": _clock(following and max(following, now), now),
        "tone": "bad" if broken else "wait" if failed or late else "good" if run else "quiet",
        "state": _("failed") if broken else _("some failed") if failed else _("late") if late else "",
    }


def _summed(since):
    """{sweep: {found, done, failed}} since a moment."""
    rows = SweepHour.objects.filter(hour__gt=since).values("name")
    sums = rows.annotate(found=Sum("found"), done=Sum("done"), failed=Sum("failed"))
    return {row["name"]: row for row in sums.order_by()}


def _history(rows):
    shown = rows.order_by("-hour").values("hour", "runs", "found", "done", "failed")
    return [row | {"at": stamp(row["hour"])} for row in shown]


def _days(name, now):
    rows = SweepHour.objects.filter(name=name, hour__gt=now - timedelta(days=DAYS))
    days = rows.annotate(day=TruncDate("hour", tzinfo=timezone.get_current_timezone())).values("day")
    sums = days.annotate(runs=Sum("runs"), found=Sum("found"), done=Sum("done"), failed=Sum("failed"))
    return [row | {"at": f"{row['day']:%Y-%m-%d}"} for row in sums.order_by("-day")]


def _href(row, staff):
    """The page of the matter; empty where this person may not open it."""
    return matter_url(staff, row.subject_kind, row.subject_id, row.estate_id) if row.subject_id else ""


def _coming(line, staff):
    return {
        "title": line.title,
        "href": _href(line, staff),
        "step": line.step,
        "told": listed(line.told),
        "due": stamp(line.due_at),
    }


def _failures(request, runs, name=None):
    """Rows that failed, of one's own estates and of none; each with the moment it is tried again, if it is."""
    estates = request.user.estate_ids("office.reminders")
    mine = Q(estate__isnull=True) | Q(estate_id__in=estates)
    rows = SweepFailure.objects.filter(mine, **({"sweep": name} if name else {}))
    found = []
    for failure in rows[:FAILURES_SHOWN]:
        sweep, run = sweeps.REGISTRY.get(failure.sweep), runs.get(failure.sweep)
        found.append((failure, run.started_at + timedelta(seconds=sweep.every) if sweep and run else None))
    for sweep in [sweeps.REGISTRY[name]] if name else sweeps.REGISTRY.values():
        if sweep.failing:
            found += sweep.failing(request.now, estates, FAILURES_SHOWN)
    return [_failed(request, failure, again) for failure, again in found[:FAILURES_SHOWN]]


def _failed(request, failure, again):
    sweep = sweeps.REGISTRY.get(failure.sweep)
    return {
        "sweep": sweep.label if sweep else failure.sweep,
        "name": failure.sweep if sweep else "",
        "title": failure.title or _("the whole reminder"),
        "href": _href(failure, request.user),
        "error": failure.error,
        "since_at": failure.since,
        "since": stamp(failure.since),
        "tries": failure.tries,
        "again": stamp(max(again, request.now)) if again else _("not by itself"),
    }
