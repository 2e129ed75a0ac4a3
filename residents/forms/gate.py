"""Visitors, vehicles, access cards and keys."""

from datetime import timedelta
from typing import cast

from django import forms
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from office.forms import (
    Choose,
    DateField,
    DateInput,
    DateTimeField,
    DateTimeInput,
    Form,
    PhoneField,
    Pills,
    SignatureField,
)
from residents import rules
from residents.forms.fields import PlateField, UnitField
from residents.models import AccessCard, Key, Vehicle, Visitor

PARKING = ("parking",)


class PersonChoice(forms.ModelChoiceField):
    """Somebody of the register, searched by typing."""

    def __init__(self, people, **kwargs):
        super().__init__(people, widget=Choose(search_url=reverse("residents:people_suggest")), **kwargs)

    def prepare_value(self, value):
        value = super().prepare_value(value)
        text = str(value or "")
        is_number = text.isdecimal() and len(text) < 19
        known = cast(QuerySet, self.queryset).filter(pk=int(text)).first() if is_number else None
        self.widget.choices = [("", "")] + ([(known.pk, known.local_name)] if known else [])
        return value

    def to_python(self, value):
        if value and not (str(value).isdecimal() and len(str(value)) < 19):
            raise forms.ValidationError(_("Choose somebody from the register."), code="invalid")
        return super().to_python(value)


class VisitorForm(Form):
    """Large and short: it is filled in at the barrier, on a telephone."""

    keyed = True
    name = forms.CharField(
        label=gettext_lazy("Visitor's name"),
        max_length=120,
        widget=forms.TextInput({"autocomplete": "off", "autofocus": True}),
    )
    purpose = forms.ChoiceField(
        label=gettext_lazy("Purpose"),
        choices=Visitor.Purpose.choices,
        initial=Visitor.Purpose.VISIT,
        widget=Pills(),
    )
    host = forms.CharField(label=gettext_lazy("To whom"), max_length=120, required=False)
    phone = PhoneField(label=gettext_lazy("Telephone"), required=False)
    plate = PlateField(label=gettext_lazy("Number plate"), required=False)
    badge = forms.CharField(
        label=gettext_lazy("Visitor's card lent"), max_length=20, required=False,
        widget=forms.TextInput({"autocomplete": "off"}),
    )  # fmt: skip
    people = forms.IntegerField(label=gettext_lazy("How many people"), min_value=1, max_value=500, initial=1)
    remark = forms.CharField(label=gettext_lazy("Remark"), max_length=300, required=False)
    widths = {"name": 6, "unit": 6, "host": 6, "phone": 6, "plate": 6, "badge": 3, "people": 3}

    def __init__(self, *args, estate, **kwargs):
        super().__init__(*args, **kwargs)
        self.estate = estate
        self.fields["unit"] = UnitField(
            estate=estate, typed=True, label=gettext_lazy("Unit"), required=False,
            help_text=gettext_lazy("As on the door: 3-2-1201. Empty for the office."),
        )  # fmt: skip
        self.order_fields(["name", "unit", "purpose", "host", "phone", "plate", "badge", "people", "remark"])

    def clean_badge(self):
        badge = rules.plain_card(self.cleaned_data["badge"])
        lent = Visitor.objects.inside().filter(estate=self.estate, badge=badge)
        if badge and lent.exists():
            raise forms.ValidationError(_("Card %(badge)s is still with another visitor.") % {"badge": badge})
        return badge

    def clean(self):
        super().clean()
        values = self.cleaned_data
        if (
            not values.get("unit")
            and "unit" not in self.errors
            and not values.get("host")
            and values.get("purpose") != "office"
        ):
            self.add_error("unit", _("Say which unit, or to whom."))
        return values

    @property
    def values(self):
        names = ("name", "unit", "purpose", "host", "phone", "plate", "badge", "people", "remark")
        return {name: self.cleaned_data[name] for name in names}


class VehicleForm(Form):
    """A new vehicle asks for its plate and first day; a known one keeps its plate."""

    keyed = True
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"), choices=Vehicle.Kind.choices, initial="car", widget=Pills()
    )
    colour = forms.CharField(label=gettext_lazy("Colour"), max_length=20, required=False)
    make = forms.CharField(label=gettext_lazy("Make"), max_length=40, required=False)
    since = DateField(label=gettext_lazy("First day"), widget=DateInput(quick="today"))
    widths = {"unit": 6, "plate": 6, "colour": 3, "make": 3, "person": 6, "space": 6, "since": 6}

    def __init__(self, *args, estate, people, today, vehicle=None, **kwargs):
        self.today, self.vehicle = today, vehicle
        super().__init__(*args, **kwargs)
        if vehicle is None:
            self.fields["unit"] = UnitField(estate=estate, label=gettext_lazy("Unit"))
            self.fields["plate"] = PlateField(label=gettext_lazy("Number plate"))
        else:
            self.fields["since"].label = _("In this space since")
        self.fields["person"] = PersonChoice(people, label=gettext_lazy("Keeper"), required=False)
        self.fields["space"] = UnitField(
            estate=estate, kinds=PARKING, label=gettext_lazy("Parking space"), required=False
        )
        self.order_fields(["unit", "plate", "kind", "colour", "make", "person", "space", "since"])

    def clean_since(self):
        day = self.cleaned_data["since"]
        if day > self.today + timedelta(days=366):
            raise forms.ValidationError(_("This is more than a year ahead. Check the date."))
        return day

    @property
    def values(self):
        names = ("unit", "plate", "kind", "colour", "make", "person", "space", "since")
        return {name: self.cleaned_data[name] for name in names if name in self.fields}


class LastDayForm(Form):
    last_day = DateField(label=gettext_lazy("Last day"), widget=DateInput(quick="today"))


class CardForm(Form):
    keyed = True
    number = forms.CharField(
        label=gettext_lazy("Card number"),
        max_length=40,
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"), choices=AccessCard.Kind.choices, initial="door", widget=Pills()
    )
    issued_on = DateField(label=gettext_lazy("Issued on"), widget=DateInput(quick="today"))
    widths = {"unit": 6, "number": 6, "person": 6, "issued_on": 6}

    def __init__(self, *args, estate, people, today, **kwargs):
        self.today = today
        super().__init__(*args, **kwargs)
        self.fields["unit"] = UnitField(estate=estate, label=gettext_lazy("Unit"))
        self.fields["person"] = PersonChoice(people, label=gettext_lazy("Holder"), required=False)
        self.order_fields(["unit", "number", "kind", "person", "issued_on"])

    def clean_number(self):
        if not (number := rules.plain_card(self.cleaned_data["number"])):
            raise forms.ValidationError(_("A card has a number."))
        return number

    def clean_issued_on(self):
        if self.cleaned_data["issued_on"] > self.today:
            raise forms.ValidationError(_("This day is still to come."))
        return self.cleaned_data["issued_on"]

    @property
    def values(self):
        return {name: self.cleaned_data[name] for name in ("unit", "number", "kind", "person", "issued_on")}


class ReasonForm(Form):
    versioned = True
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300, min_length=2)


class CardMoveForm(Form):
    versioned = True
    reason = forms.CharField(label=gettext_lazy("Remark"), max_length=300, required=False)


class KeyForm(Form):
    keyed = True
    tag = forms.CharField(
        label=gettext_lazy("Tag"), max_length=20, help_text=gettext_lazy("As on the hook: A-12")
    )
    room = forms.CharField(
        label=gettext_lazy("Room"),
        max_length=120,
        required=False,
        help_text=gettext_lazy("For keys of no unit: pump room, roof."),
    )
    count = forms.IntegerField(label=gettext_lazy("Keys on the ring"), min_value=1, max_value=200, initial=1)
    received_on = DateField(label=gettext_lazy("Held since"), widget=DateInput(quick="today"))
    remark = forms.CharField(label=gettext_lazy("Remark"), max_length=300, required=False)
    widths = {"tag": 4, "unit": 4, "room": 4, "count": 4, "received_on": 8}

    def __init__(self, *args, estate, today, **kwargs):
        self.estate, self.today = estate, today
        super().__init__(*args, **kwargs)
        self.fields["unit"] = UnitField(estate=estate, label=gettext_lazy("Unit"), required=False)
        self.order_fields(["tag", "unit", "room", "count", "received_on", "remark"])

    def clean_tag(self):
        tag = self.cleaned_data["tag"].strip().upper()
        if Key.objects.filter(estate=self.estate, tag=tag, ended_on__isnull=True).exists():
            raise forms.ValidationError(_("There is already a key with the tag %(tag)s.") % {"tag": tag})
        return tag

    def clean_received_on(self):
        if self.cleaned_data["received_on"] > self.today:
            raise forms.ValidationError(_("This day is still to come."))
        return self.cleaned_data["received_on"]

    def clean(self):
        super().clean()
        values = self.cleaned_data
        if not values.get("unit") and not values.get("room") and not {"unit", "room"} & self.errors.keys():
            self.add_error("unit", _("Say what the key opens: a unit or a room."))
        return values

    @property
    def values(self):
        return {
            name: self.cleaned_data[name]
            for name in ("tag", "unit", "room", "count", "received_on", "remark")
        }


class LendForm(Form):
    """To one of three, until when, and a signature: drawn, or the name typed where drawing is impossible."""

    keyed = versioned = True
    TO = [
        ("person", gettext_lazy("resident")),
        ("staff", gettext_lazy("colleague")),
        ("contractor", gettext_lazy("contractor")),
    ]
    to = forms.ChoiceField(label=gettext_lazy("Who takes it"), choices=TO, initial="person", widget=Pills())
    contractor = forms.CharField(
        label=gettext_lazy("Contractor: company and name"), max_length=120, required=False
    )
    purpose = forms.CharField(label=gettext_lazy("What for"), max_length=200, required=False)
    due_at = DateTimeField(label=gettext_lazy("Due back"), widget=DateTimeInput(quick=""))
    signature = SignatureField(help_text=gettext_lazy("With the finger or the mouse."))
    signed_by = forms.CharField(
        label=gettext_lazy("Name of who signs"), max_length=120, required=False,
        help_text=gettext_lazy("Where drawing is impossible, the name typed here stands for the signature."),
    )  # fmt: skip
    widths = {"person": 6, "staff": 6, "contractor": 6, "purpose": 6, "due_at": 6, "signed_by": 6}

    def __init__(self, *args, people, colleagues, now, **kwargs):
        self.now = now
        super().__init__(*args, **kwargs)
        self.fields["person"] = PersonChoice(people, label=gettext_lazy("Resident"), required=False)
        self.fields["staff"] = forms.ModelChoiceField(
            colleagues, label=gettext_lazy("Colleague"), required=False, empty_label="–"
        )
        self.order_fields(
            ["to", "person", "staff", "contractor", "purpose", "due_at", "signature", "signed_by"]
        )

    def clean_due_at(self):
        due = self.cleaned_data["due_at"]
        if due <= self.now:
            raise forms.ValidationError(_("This time is over already."))
        if due > self.now + timedelta(days=400):
            raise forms.ValidationError(_("This is more than a year ahead. Check the date."))
        return due

    def clean(self):
        super().clean()
        values = self.cleaned_data
        to = values.get("to")
        if to and not values.get(to) and to not in self.errors:
            self.add_error(to, _("Say who takes the key."))
        for other in {"person", "staff", "contractor"} - {to}:
            values[other] = "" if other == "contractor" else None
        if not values.get("signature") and not values.get("signed_by") and "signature" not in self.errors:
            self.add_error("signed_by", _("Let them sign, or type the name."))
        return values

    @property
    def values(self):
        values = {
            name: self.cleaned_data[name]
            for name in ("person", "staff", "contractor", "purpose", "due_at", "signature")
        }
        holder = values["contractor"] or (values["person"] or values["staff"]).name
        return values | {"signed_by": self.cleaned_data["signed_by"] or holder}


class BackForm(Form):
    keyed = versioned = True
    signature = SignatureField(
        label=pgettext_lazy("key", "Signature of who brings it"), help_text=gettext_lazy("May stay empty.")
    )
