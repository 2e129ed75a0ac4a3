"""One small form per next action of a ticket."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from office.forms import DateField, DateTimeField, Form, Pills, WindowField
from tickets.forms.fields import LONGEST_AHEAD, window_error
from tickets.models import Request, Ticket

REASON: dict[str, Any] = {"max_length": 300, "widget": forms.TextInput}


class TechnicianField(forms.ModelChoiceField):
    """Technicians of the estate, each with the load of the day in view: `loads` {staff id: words}."""

    def __init__(self, *, technicians, loads=None, **kwargs):
        self.loads = loads or {}
        super().__init__(technicians, empty_label=None, **kwargs)

    def label_from_instance(self, row):
        load = self.loads.get(row.pk, "")
        return f"{row.local_name} · {load}" if load else row.local_name


class WindowForm(Form):
    """A window that must not be over yet."""

    versioned = True

    def __init__(self, *args, now, **kwargs):
        self.now = now
        super().__init__(*args, **kwargs)

    def clean_window(self):
        window = self.cleaned_data["window"]
        if window and (error := window_error(window, self.now)):
            raise forms.ValidationError(error, code="past")
        return window


class ScheduleForm(WindowForm):
    window = WindowField(label=gettext_lazy("Agreed window"))


class DispatchForm(WindowForm):
    """Who goes, and when."""

    def __init__(self, *args, technicians, loads=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["technician"] = TechnicianField(
            technicians=technicians, loads=loads, label=gettext_lazy("Technician"), widget=Pills
        )
        self.order_fields(["technician", "window", "visit_order"])

    window = WindowField(label=gettext_lazy("Agreed window"))
    visit_order = forms.IntegerField(
        label=gettext_lazy("Visit order of that day"),
        required=False,
        min_value=1,
        max_value=99,
        help_text=gettext_lazy("Left empty, it comes last."),
    )


class BulkDispatchForm(Form):
    """Several tickets to one technician. Each keeps its agreed window; those without one take this."""

    keyed = True

    def __init__(self, *args, technicians, now, loads=None, **kwargs):
        self.now = now
        super().__init__(*args, **kwargs)
        self.fields["technician"] = TechnicianField(
            technicians=technicians, loads=loads, label=gettext_lazy("Technician"), widget=Pills
        )
        self.order_fields(["technician", "window"])

    window = WindowField(label=gettext_lazy("Window for tickets that have none"), required=False)

    def clean_window(self):
        window = self.cleaned_data["window"]
        if window and (error := window_error(window, self.now)):
            raise forms.ValidationError(error, code="past")
        return window


class WaitForm(Form):
    versioned = True

    def __init__(self, *args, today, **kwargs):
        self.today = today
        super().__init__(*args, **kwargs)

    waiting_for = forms.ChoiceField(
        label=gettext_lazy("Waiting for"), choices=Ticket.Waiting.choices, widget=Pills
    )
    until = DateField(label=gettext_lazy("Until"))
    reason = forms.CharField(label=gettext_lazy("Reason"), **REASON)

    def clean_until(self):
        until = self.cleaned_data["until"]
        if until < self.today:
            raise forms.ValidationError(_("This day is over."), code="past")
        if until > self.today + LONGEST_AHEAD:
            raise forms.ValidationError(_("This is more than half a year ahead. Check the date."), code="far")
        return until


class ResumeForm(Form):
    versioned = True


class AskForm(Form):
    """More time needs the promise it is about and a new time; free work needs the reason only."""

    def __init__(self, *args, kind, promises=(), now=None, **kwargs):
        self.kind, self.now = kind, now
        super().__init__(*args, **kwargs)
        if kind == Request.Kind.FREE:
            del self.fields["promise"], self.fields["new_due_at"]
        else:
            self.rows = {str(promise.pk): promise for promise, _text in promises}
            self.fields["promise"].choices = [(promise.pk, text) for promise, text in promises]
            if promises:
                self.fields["promise"].initial = promises[0][0].pk

    promise = forms.ChoiceField(label=gettext_lazy("Which promise"), widget=Pills)
    new_due_at = DateTimeField(label=gettext_lazy("New time"))
    reason = forms.CharField(label=gettext_lazy("Reason"), **REASON)

    def clean(self):
        super().clean()
        data = self.cleaned_data
        if self.kind == Request.Kind.TIME and data.get("promise") and data.get("new_due_at"):
            data["promise"] = self.rows[data["promise"]]
            if data["new_due_at"] <= max(self.now, data["promise"].due_at):
                self.add_error("new_due_at", _("The new time must be later than now and than the old one."))
            elif data["new_due_at"] > self.now + LONGEST_AHEAD:
                self.add_error("new_due_at", _("This is more than half a year ahead. Check the date."))
        return data


class DecideForm(Form):
    approve = forms.TypedChoiceField(
        label=gettext_lazy("Decision"),
        choices=[("yes", gettext_lazy("approve")), ("no", gettext_lazy("refuse"))],
        coerce=lambda value: value == "yes",
        widget=Pills,
    )
    answer = forms.CharField(label=gettext_lazy("Answer"), required=False, **REASON)

    def clean(self):
        super().clean()
        data = self.cleaned_data
        if data.get("approve") is False and not data.get("answer"):
            self.add_error("answer", _("Say why it is refused."))
        return data


class ToldForm(Form):
    """Ending without work: the reporter has to be told (SPEC §4.4)."""

    versioned = True

    told = forms.ChoiceField(
        label=gettext_lazy("How the reporter was told"),
        choices=[
            ("phone", gettext_lazy("by telephone")),
            ("counter", gettext_lazy("at the counter")),
            ("message", gettext_lazy("by message")),
            ("visit", gettext_lazy("by visit")),
        ],
        widget=Pills,
        error_messages={"required": gettext_lazy("Tell the reporter first, then say how.")},
    )

    def clean_told(self):
        """The words, as they stand in the ticket's reason."""
        return str(dict(self.fields["told"].choices)[self.cleaned_data["told"]])


class CancelForm(ToldForm):
    reason = forms.CharField(label=gettext_lazy("Reason"), **REASON)
    field_order = ["reason", "told"]


class DuplicateForm(ToldForm):
    """The other ticket by its number, or picked from the open ones of the same place."""

    field_order = ["of", "told"]

    def __init__(self, *args, candidates, **kwargs):
        self.candidates = candidates
        super().__init__(*args, **kwargs)

    of = forms.CharField(label=gettext_lazy("Number of the ticket that goes on"), max_length=40)

    def clean_of(self):
        number = self.cleaned_data["of"].strip().upper()
        row = self.candidates.filter(number=number).first()
        if row is None:
            raise forms.ValidationError(
                _("No ticket of this estate has the number %(number)s."), params={"number": number}
            )
        return row


class HandOverForm(Form):
    def __init__(self, *args, staff, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["to"] = forms.ModelChoiceField(staff, label=gettext_lazy("New owner"), empty_label="")
        self.order_fields(["to", "reason"])

    reason = forms.CharField(label=gettext_lazy("Reason"), **REASON)
