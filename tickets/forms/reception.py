"""One line of the reception log, the question to an expert, and the shift hand-over (SPEC §2)."""

from datetime import datetime, time, timedelta

from django import forms
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from office import clocks
from office.forms import Choose, DateField, DateTimeField, Form, PhoneField, Pills
from office.models import Department, DepartmentHead, Posting
from tickets import places, reception
from tickets.forms.fields import LONGEST_AHEAD, PastTimeField, PlaceField
from tickets.models import Authority, Handover, LogEntry, Question

LENGTH = 4000


class TextField(forms.CharField):
    """Several lines of words; too much is said, not cut."""

    def __init__(self, rows=2, **kwargs):
        super().__init__(
            widget=forms.Textarea({"rows": rows, "maxlength": None}),
            **{"max_length": LENGTH, **kwargs},
        )

    def widget_attrs(self, widget):
        return {}


class LogForm(Form):
    """One line to write: who, what was asked, what was answered. The time is now unless another is given."""

    keyed = True
    widths = {
        "where": 3, "name": 2, "phone": 2, "channel": 5, "asked": 5, "answered": 4, "at": 4,
        "authority": 4, "organisation": 4, "credentials": 4,
    }  # fmt: skip

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120, required=False)
    phone = PhoneField(label=gettext_lazy("Telephone"), required=False)
    asked = TextField(label=gettext_lazy("What was asked"))
    answered = TextField(label=gettext_lazy("What was answered"), required=False)
    channel = forms.ChoiceField(
        label=gettext_lazy("Channel"),
        choices=LogEntry.Channel.choices,
        initial=LogEntry.Channel.PHONE,
        widget=Pills,
    )
    organisation = forms.CharField(
        label=gettext_lazy("Another authority or organisation"), max_length=120, required=False
    )
    credentials = forms.CharField(label=gettext_lazy("Credentials shown"), max_length=120, required=False)

    def __init__(self, *args, estate, now, **kwargs):
        self.estate = estate
        super().__init__(*args, **kwargs)
        self.fields["where"] = PlaceField(
            estate=estate,
            search_url=reverse("tickets:places"),
            label=_("Unit or person"),
            required=False,
        )
        self.fields["at"] = PastTimeField(now=now, label=_("Another time"), required=False)
        self.fields["authority"] = forms.ModelChoiceField(
            Authority.objects.filter(estate=estate, is_active=True),
            # Translators: 公務人員
            label=_("Official of"),
            required=False,
            empty_label="",
            widget=Choose(),
        )
        self.order_fields(
            ["where", "name", "phone", "channel", "asked", "answered", "at", "authority", "organisation"]
        )
        self._keep_place()

    def _keep_place(self):
        """The chosen place is the only option the page needs to hold; the rest is searched."""
        options = []
        if self.is_bound:
            raw = self.data.get(self.add_prefix("where")) or ""
            place = places.read(self.estate, raw)
            options = [(raw, place.label if place else raw[:60])] if raw else []
        elif place := self.initial.get("place"):
            options = [(place.value, place.label)]
            self.initial["where"] = place.value
        self.fields["where"].widget.choices = [("", ""), *options]

    quick = ("where", "name", "phone", "channel", "asked", "answered")

    @property
    def quick_fields(self):
        """What the row above the day's list asks."""
        return [self[name] for name in self.quick]

    @property
    def further_fields(self):
        return [field for field in self.visible_fields() if field.name not in self.quick]

    def clean(self):
        super().clean()
        data = self.cleaned_data
        if data.get("credentials") and not (data.get("authority") or data.get("organisation")):
            self.add_error("organisation", _("Whose credentials? Name the authority."))
        known = ("where", "name", "phone", "authority", "organisation")
        if not self.errors and not any(data.get(name) for name in known):
            self.warn("name", _("Nobody is named: the line will be anonymous."))
        return data

    def values(self):
        """Keyword values of `actions.log`."""
        data = self.cleaned_data
        where = data["where"] or places.Place()
        names = (
            "name", "phone", "asked", "answered", "channel", "at", "authority", "organisation", "credentials",
        )  # fmt: skip
        return {
            **{name: data[name] for name in names},
            "unit": where.unit,
            "person": where.person,
            "place": "" if where.unit else where.label,
        }


class LogCorrectForm(Form):
    """Completing or mending a line; what was answered comes first."""

    versioned = True
    widths = {"name": 4, "phone": 4, "at": 4}

    answered = TextField(label=gettext_lazy("What was answered"), rows=3, required=False)
    asked = TextField(label=gettext_lazy("What was asked"), rows=3)
    name = forms.CharField(label=gettext_lazy("Name"), max_length=120, required=False)
    phone = PhoneField(label=gettext_lazy("Telephone"), required=False)

    def __init__(self, *args, entry, now, **kwargs):
        super().__init__(*args, version=entry.version, **kwargs)
        self.entry = entry
        self.fields["at"] = PastTimeField(now=now, label=_("Time"))
        for name in ("answered", "asked", "name", "phone", "at"):
            self.initial.setdefault(name, getattr(entry, name))
        self.fields["answered"].widget.attrs["autofocus"] = True

    def clean(self):
        super().clean()
        data = self.cleaned_data
        if data.get("at") and self.entry.at.replace(second=0, microsecond=0) == data["at"]:
            data["at"] = self.entry.at  # the field shows no seconds
        if self.entry.who == LogEntry.Who.OFFICIAL or self.entry.unit_id or self.entry.person_id:
            return data
        if self.entry.name + self.entry.phone and not (data.get("name") or data.get("phone")):
            self.warn("name", _("Nobody is named: the line will be anonymous."))
        return data

    def values(self):
        return {name: self.cleaned_data[name] for name in ("answered", "asked", "name", "phone", "at")}


class ExpertField(forms.ModelChoiceField):
    """Who may be asked, with department; heads of departments say so."""

    def __init__(self, *, experts, estate_id, **kwargs):
        super().__init__(experts, widget=Choose(), empty_label="", **kwargs)
        departments = dict(
            Posting.objects.filter(estate_id=estate_id).order_by("-pk").values_list("staff_id", "department")
        )
        heads = set(DepartmentHead.objects.filter(estate_id=estate_id).values_list("head_id", "department"))
        words = dict(Department.choices)
        rows = []
        for person in experts:
            department = departments.get(person.pk, "")
            is_head = (person.pk, department) in heads
            label = _("%(name)s, head of %(department)s") if is_head else "%(name)s, %(department)s"
            said = label % {"name": person.local_name, "department": words.get(department, "")}
            rows.append((not is_head, said, person.pk))
        self.choices = [("", ""), *[(pk, said) for _head, said, pk in sorted(rows)]]


class ExpertForm(Form):
    """Who is asked, and for when the answer is promised."""

    versioned = True
    widths = {"expert": 7, "agreed_at": 5}

    agreed_at = DateTimeField(label=gettext_lazy("Answer promised for"))

    def __init__(self, *args, experts, entry, now, **kwargs):
        super().__init__(*args, version=entry.version, **kwargs)
        self.now = now
        self.fields["expert"] = ExpertField(
            experts=experts, estate_id=entry.estate_id, label=_("Who is asked")
        )
        self.fields["agreed_at"].widget.attrs["data-quick"] = ""
        self.initial.setdefault("agreed_at", usual_time(entry.estate, now))
        self.order_fields(["expert", "agreed_at"])

    def clean_agreed_at(self):
        agreed = self.cleaned_data["agreed_at"]
        if agreed <= self.now:
            raise forms.ValidationError(_("The promised time lies in the past."), code="past")
        if agreed > self.now + LONGEST_AHEAD:
            raise forms.ValidationError(_("This is more than half a year ahead. Check the date."), code="far")
        return agreed


def usual_time(estate, now):
    """An hour before the office closes today, while that leaves two hours; else tomorrow at noon."""
    closes = estate.closes_at
    closes = time.fromisoformat(closes) if isinstance(closes, str) else closes
    today = clocks.local_date(now, estate.zone)
    tonight = datetime.combine(today, closes, tzinfo=estate.zone) - timedelta(hours=1)
    if tonight - now >= timedelta(hours=2):
        return tonight
    return datetime.combine(today + timedelta(days=1), time(12), tzinfo=estate.zone)


class PassOnForm(Form):
    versioned = True

    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300)

    def __init__(self, *args, experts, entry, **kwargs):
        super().__init__(*args, version=entry.version, **kwargs)
        self.fields["expert"] = ExpertField(
            experts=experts.exclude(pk=entry.question.expert_id), estate_id=entry.estate_id, label=_("To")
        )
        self.order_fields(["expert", "reason"])


class AnswerForm(Form):
    """The expert's answer; who has told it at once says how."""

    versioned = True

    text = TextField(label=gettext_lazy("Answer"), rows=4)
    told_how = forms.ChoiceField(
        label=gettext_lazy("Has who asked been told?"),
        choices=[("", gettext_lazy("not yet")), *Question.How.choices],
        required=False,
        widget=Pills,
    )


class TellForm(Form):
    versioned = True

    told_how = forms.ChoiceField(
        label=gettext_lazy("Told how"),
        choices=Question.How.choices,
        initial=Question.How.PHONE,
        widget=Pills(keys=True),
    )


class HandoverForm(Form):
    """What the next shift must know. What is open lists itself."""

    keyed = True
    widths = {"day": 4, "shift": 8}

    day = DateField(label=gettext_lazy("Day"))
    shift = forms.ChoiceField(label=gettext_lazy("Shift"), choices=Handover.Shift.choices, widget=Pills)
    text = TextField(
        label=gettext_lazy("What the next shift must know"),
        rows=6,
        required=False,
        help_text=gettext_lazy("One matter a line. What is open is listed below by itself."),
    )

    def __init__(self, *args, estate, now, **kwargs):
        super().__init__(*args, **kwargs)
        self.estate, self.now = estate, now
        day, shift = reception.shift_at(now, estate.zone)
        self.initial.setdefault("day", day)
        self.initial.setdefault("shift", shift)
        self.fields["text"].widget.attrs["autofocus"] = True

    def clean_day(self):
        day, today = self.cleaned_data["day"], clocks.local_date(self.now, self.estate.zone)
        if not today - timedelta(days=2) <= day <= today:
            raise forms.ValidationError(_("A shift of today or of the two days before."), code="day")
        return day
