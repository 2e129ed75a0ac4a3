"""Taking a repair: the five questions of the telephone in their order, then the category (SPEC §4.1)."""

from django import forms
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from office.forms import AttachmentsField, Form, PhoneField, Pills, WindowField
from tickets.forms.fields import CategoryField, PlaceField, UsualWindowField, read_usual, window_error
from tickets.models import Ticket

PROBLEM_LENGTH = 4000
BY_HAND = [(value, label) for value, label in Ticket.Channel.choices if value != Ticket.Channel.IMPORT]


class ProblemField(forms.CharField):
    def __init__(self, rows=3, **kwargs):
        super().__init__(
            label=gettext_lazy("What is wrong"),
            max_length=PROBLEM_LENGTH,
            widget=forms.Textarea({"rows": rows, "maxlength": None}),
            **kwargs,
        )

    def widget_attrs(self, widget):
        return {}  # no maxlength: the browser would cut what is pasted, we say how much is too much


class IntakeForm(Form):
    """Name, address, telephone, what is wrong, when; the first three come filled from the household."""

    keyed = True
    widths = {"reporter_name": 3, "where": 5, "reporter_phone": 4, "category": 8, "urgent": 4}

    def __init__(self, *args, estate, now, **kwargs):
        self.estate, self.now = estate, now
        super().__init__(*args, **kwargs)
        self.fields["where"] = PlaceField(
            estate=estate,
            search_url=reverse("tickets:places"),
            label=gettext_lazy("Address (unit or public area)"),
        )
        self.fields["when"] = UsualWindowField(estate=estate, now=now)
        self.fields["category"] = CategoryField(estate=estate, label=gettext_lazy("Category"))
        self.fields["file_ids"] = AttachmentsField(upload_url=reverse("office:upload"))
        self.fields["problem"] = ProblemField()
        self.fields["problem"].widget.attrs["placeholder"] = _("as the caller says it")
        self.order_fields(
            [
                "reporter_name",
                "where",
                "reporter_phone",
                "problem",
                "when",
                "window",
                "category",
                "urgent",
                "channel",
                "file_ids",
            ]
        )
        self._keep_place()

    reporter_name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    reporter_phone = PhoneField(label=gettext_lazy("Telephone"), required=False)
    window = WindowField(label=gettext_lazy("Another time"), required=False)
    urgent = forms.BooleanField(label=gettext_lazy("Urgent: danger or water running"), required=False)
    channel = forms.ChoiceField(
        label=gettext_lazy("Channel"), choices=BY_HAND, initial=Ticket.Channel.PHONE, widget=Pills
    )
    repeat_of = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def _keep_place(self):
        """The chosen place is the only option the page needs to hold; the rest is searched."""
        place = self.initial.get("place") if not self.is_bound else None
        if self.is_bound:
            from tickets import places

            place = places.read(self.estate, self.data.get(self.add_prefix("where"), ""))
            raw = (self.data.get(self.add_prefix("where")) or "")[:60]
            options = (
                [(self.data.get(self.add_prefix("where")), place.label if place else raw)] if raw else []
            )
        else:
            options = [(place.value, place.label)] if place else []
            if place:
                self.initial["where"] = place.value
        self.fields["where"].widget.choices = [("", ""), *options]

    def clean(self):
        super().clean()
        data = self.cleaned_data
        when, window = data.get("when"), data.get("window")
        if when == UsualWindowField.OTHER:
            if window is None and "window" not in self.errors:
                self.add_error("window", _("Give the day and both times of the window."))
        elif when:
            window = None if when == UsualWindowField.NONE else read_usual(when, self.estate.zone)
        if window and (error := window_error(window, self.now)):
            self.add_error("window" if when == UsualWindowField.OTHER else "when", error)
        data["window"] = window
        if not data.get("reporter_phone") and not self.errors:
            self.warn("reporter_phone", _("Without a telephone number nobody can be called back."))
        return data

    def values(self):
        """Keyword values of `actions.take`."""
        data = self.cleaned_data
        start, end = data["window"] or (None, None)
        fields = data["where"].as_fields()
        return {
            **fields,
            "category": data["category"],
            "problem": data["problem"],
            "reporter_name": data["reporter_name"],
            "reporter_phone": data["reporter_phone"],
            "channel": data["channel"],
            "urgent": data["urgent"],
            "window_from": start,
            "window_to": end,
            "file_ids": data["file_ids"],
        }


class CorrectForm(Form):
    """Mending what was taken down. The category and the place stay facts of the ticket: cancel and take anew."""

    versioned = True
    widths = {"reporter_name": 6, "reporter_phone": 6, "category": 8, "urgent": 4}

    def __init__(self, *args, ticket, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["category"] = CategoryField(
            estate=ticket.estate, label=gettext_lazy("Category"), initial=ticket.category_id
        )
        self.fields["problem"] = ProblemField(rows=5)
        self.fields["file_ids"] = AttachmentsField(upload_url=reverse("office:upload"))
        self.order_fields(["reporter_name", "reporter_phone", "problem", "category", "urgent", "file_ids"])
        for name in ("reporter_name", "reporter_phone", "problem", "urgent"):
            self.initial.setdefault(name, getattr(ticket, name))

    reporter_name = forms.CharField(label=gettext_lazy("Name"), max_length=120, required=False)
    reporter_phone = PhoneField(label=gettext_lazy("Telephone"), required=False)
    urgent = forms.BooleanField(label=gettext_lazy("Urgent: danger or water running"), required=False)
