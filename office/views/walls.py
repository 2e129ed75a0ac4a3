"""Wallboards: the pages that make and end their links, and the screen itself, which nobody signs in to."""

from django import forms
from django.conf import settings
from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from office import board, clocks, reports
from office.access import may, public
from office.actions import walls as actions
from office.forms import DateInput, Form
from office.lists import stamp
from office.lists.estates import DAYS, readable, tonight
from office.models import Estate, Wall
from office.refusals import Refused

ROWS, LATE = 10, 4  # clocks on the screen, and how many of them may be overdue ones
EVERY = 30  # seconds between two looks
STALE = 90  # seconds without an answer after which the screen says so


class WallForm(Form):
    """Where it hangs, in which language, until when."""

    estate = forms.ModelChoiceField(Estate.objects.none(), label=gettext_lazy("Estate"), empty_label=None)
    name = forms.CharField(
        label=pgettext_lazy("of a thing", "Name"),
        max_length=60,
        help_text=gettext_lazy("Where the screen hangs: front desk, duty room."),
    )
    language = forms.ChoiceField(label=gettext_lazy("Language"), choices=settings.LANGUAGES)
    until = forms.DateField(
        label=gettext_lazy("Last day"),
        required=False,
        widget=DateInput(quick=""),
        validators=DAYS,
        help_text=gettext_lazy("Empty: until somebody ends it."),
    )
    widths = {"estate": 6, "name": 6, "language": 6, "until": 6}

    def __init__(self, *args, estates, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["estate"].queryset = Estate.objects.filter(pk__in=[estate.pk for estate in estates])


@may(actions.PERMISSION)
@never_cache
@require_http_methods(["GET", "POST"])
def walls(request):
    """The screens of one's estates; a new one's link is seen here once and never again."""
    estates = readable(request.user, actions.PERMISSION)
    initial = {"estate": request.estate, "language": request.estate.language if request.estate else ""}
    form = WallForm(request.POST if request.method == "POST" else None, estates=estates, initial=initial)
    link, status = "", 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            data = form.cleaned_data
            last = data["until"]
            try:
                _wall, token = actions.make(
                    estate=data["estate"], name=data["name"], language=data["language"],
                    expires_at=clocks.end_of_day(last, data["estate"].zone) if last else None,
                    by=request.user, now=request.now,
                )  # fmt: skip
            except Refused as refusal:
                form.add_error(None, refusal.sentence)
                status = 409
            else:
                link, status = request.build_absolute_uri(reverse("wall", args=[token])), 200
                form = WallForm(None, estates=estates, initial=initial)
    rows = (
        Wall.objects.visible_to(request.user, actions.PERMISSION)
        .select_related("estate", "made_by", "ended_by")
        .order_by("ended_at", "-pk")
    )
    rows = sorted(rows[:200], key=lambda wall: not wall.is_open(request.now))
    context = {"form": form, "link": link, "walls": [_drawn(wall, request.now) for wall in rows]}
    return render(request, "office/walls.html", context, status=status)


def _drawn(wall, now):
    languages = dict(settings.LANGUAGES)
    return {
        "pk": wall.pk,
        "name": wall.name,
        "estate": wall.estate.local_name,
        "language": languages[wall.language],
        "made": f"{stamp(wall.made_at)} {wall.made_by.local_name}",
        "until": stamp(wall.expires_at) or "–",
        "open": wall.is_open(now),
        "ended": f"{stamp(wall.ended_at)} {wall.ended_by.local_name}" if wall.ended_at else "",
    }


@may(actions.PERMISSION)
@require_POST
def wall_end(request, pk):
    wall = get_object_or_404(Wall.objects.visible_to(request.user, actions.PERMISSION), pk=pk)
    try:
        actions.end(wall=wall, by=request.user, now=request.now)
    except Refused as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, _("The link of “%(name)s” opens nothing any more.") % {"name": wall.name})
    return redirect("office:walls")


@public
@never_cache
@require_GET
def wall(request, token):
    """What hangs on the wall: three numbers and the next clocks. Numbers and units; nobody's name or telephone."""
    row = actions.find(token, request.now)
    if row is None:
        return _plain(
            render(request, "office/wall.html", {"ended": True, "every": EVERY, "stale": STALE}, status=404)
        )
    with translation.override(row.language), timezone.override(row.estate.zone):
        return _plain(render(request, "office/wall.html", _screen(row, request.now)))


def _plain(response):
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _screen(wall, now):
    estate, zone = wall.estate, wall.estate.zone
    today = clocks.local_date(now, zone)
    numbers, rows = reports.on_the_wall(
        estate.pk, now, clocks.midnight(today, zone), tonight(now, zone), ROWS, LATE
    )
    english = wall.language == "en" and estate.name_en
    return {
        "estate": estate.name_en if english else estate.name,
        "name": wall.name,
        "at": f"{now.astimezone(zone):%H:%M}",
        "day": f"{today:%Y-%m-%d}",
        "iso": now.isoformat(timespec="seconds"),
        "numbers": [
            (_("overdue"), numbers.overdue, "late" if numbers.overdue else "kept"),
            (_("due today"), numbers.today, "today" if numbers.today else "kept"),
            (_("kept today"), numbers.kept, "kept"),
        ],
        "rows": [_row(row, now, zone) for row in rows],
        "every": EVERY,
        "stale": STALE,
    }


def _row(row, now, zone):
    tone, text = clocks.due_text(row.due_at, now, zone)
    return {
        "tone": tone,
        "text": text,
        "due": f"{row.due_at.astimezone(zone):%m-%d %H:%M}",
        "kind": board.kind_label(row.kind),
        "title": row.title,
        "department": row.get_department_display(),
    }
