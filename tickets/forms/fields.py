"""Fields that several repair forms share."""

from datetime import datetime, time, timedelta

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from office.forms import Choose, DateTimeField, Pills
from tickets import places
from tickets.models import Category

NOON, AFTER_LUNCH = time(12), time(13, 30)
LONGEST_AHEAD = timedelta(days=180)  # further away is rather a slip of the finger
LONGEST_BACK = timedelta(days=3653)


class PlaceField(forms.CharField):
    """A unit, facility, building or public place; cleans to `places.Place`."""

    def __init__(self, *, estate, search_url, **kwargs):
        self.estate = estate
        super().__init__(max_length=260, widget=Choose(search_url=search_url), **kwargs)

    def clean(self, value):
        value = super().clean(value)
        if not value:
            return None
        place = places.read(self.estate, value)
        if place is None:
            raise forms.ValidationError(
                _(
                    "“%(text)s” is no unit or facility of this estate. Choose one from the list, or a public area in words."
                ),
                code="unknown",
                params={"text": value[:60]},
            )
        return place


class CategorySelect(Choose):
    """Options carry what may be typed to find them: code, Chinese, pinyin and its initials."""

    def __init__(self, attrs=None, choices=(), keys=None):
        super().__init__(attrs, choices)
        self.keys = keys or {}

    def create_option(self, name, value, label, selected, index, subindex=None, attrs=None):
        option = super().create_option(name, value, label, selected, index, subindex, attrs)
        if keys := self.keys.get(str(value)):
            option["attrs"]["data-search"] = keys
        return option


class CategoryField(forms.ModelChoiceField):
    """One query: rows, words to search by, and the code before the name."""

    def __init__(self, *, estate, **kwargs):
        rows = Category.objects.filter(estate=estate, is_active=True)
        super().__init__(rows, widget=CategorySelect(), empty_label="", **kwargs)
        found = list(rows.only("code", "name_zh_hant", "name_zh_hans", "name_en", "search", "estate_id"))
        self.choices = [("", "")] + [(row.pk, row.local_name) for row in found]
        self.widget.keys = {str(row.pk): row.search for row in found}


class PastTimeField(DateTimeField):
    """When something happened: not in the future (five minutes are left to differing clocks)."""

    def __init__(self, *, now, **kwargs):
        self.now = now
        super().__init__(**kwargs)

    def clean(self, value):
        value = super().clean(value)
        if value and value > self.now + timedelta(minutes=5):
            raise forms.ValidationError(_("This time has not come yet."), code="future")
        if value and value < self.now - LONGEST_BACK:
            raise forms.ValidationError(_("This is more than ten years ago. Check the date."), code="past")
        return value


def window_error(window, now):
    """Why a window cannot be agreed at `now`, or None. (start, end) are aware."""
    start, end = window
    if end <= now:
        return _("This window is already over.")
    if start > now + LONGEST_AHEAD:
        return _("This is more than half a year ahead. Check the date.")
    return None


def usual_windows(estate, now):
    """[(value, label)] of the next half days: today while it makes sense, then tomorrow. Local time of the estate."""
    zone = estate.zone
    local = timezone.localtime(now, zone)
    opens, closes = _time(estate.opens_at), _time(estate.closes_at)
    found = []
    days = ((local.date(), _("today")), (local.date() + timedelta(days=1), _("tomorrow")))
    for day, word in days:
        for start, end, part in ((opens, NOON, _("morning")), (AFTER_LUNCH, closes, _("afternoon"))):
            if start >= end:
                continue
            begins = max(datetime.combine(day, start, tzinfo=zone), _next_half_hour(local))
            ends = datetime.combine(day, end, tzinfo=zone)
            if ends - begins < timedelta(hours=1):
                continue
            value = f"{begins:%Y-%m-%dT%H:%M}/{ends:%H:%M}"
            label = _("%(day)s %(part)s") % {"day": word, "part": part}
            found.append((value, f"{label} {begins:%H:%M}–{ends:%H:%M}"))
    return found


def _time(value):
    return time.fromisoformat(value) if isinstance(value, str) else value


def _next_half_hour(local):
    wait = 30 - local.minute % 30
    return local.replace(second=0, microsecond=0) + timedelta(minutes=wait % 30)


def read_usual(value, zone):
    """(start, end) of a `usual_windows` value, or None when it is no such value."""
    begins, _sep, ends = value.partition("/")
    try:
        start = datetime.fromisoformat(begins)
        end = datetime.combine(start.date(), time.fromisoformat(ends))
    except ValueError:
        return None
    if start.tzinfo or end <= start:
        return None
    return start.replace(tzinfo=zone), end.replace(tzinfo=zone)


class UsualWindowField(forms.CharField):
    """The half days people usually agree on as large buttons; `other` shows day and times, `none` leaves it open."""

    OTHER, NONE = "other", "none"

    def __init__(self, *, estate, now, **kwargs):
        self.zone = estate.zone
        choices = usual_windows(estate, now)
        kwargs.setdefault("initial", choices[0][0] if choices else self.OTHER)
        choices += [(self.OTHER, _("another time")), (self.NONE, _("not agreed yet"))]
        super().__init__(
            widget=Pills(choices=choices), **{"label": gettext_lazy("Convenient time"), **kwargs}
        )

    def clean(self, value):
        value = super().clean(value)
        if value and value not in (self.OTHER, self.NONE) and read_usual(value, self.zone) is None:
            raise forms.ValidationError(_("Choose a time from the list."), code="invalid")
        return value
