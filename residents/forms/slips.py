"""物品放行條: what the clerk writes, what the guard compares."""

from typing import cast

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from office.forms import Form, PhoneField, Pills
from residents import rules
from residents.forms.fields import PlateField
from residents.models import SlipRefusal


class SlipForm(Form):
    """Who moves goods out, with what, for how long. `people`: the household's residents of today."""

    keyed = True
    person = forms.TypedChoiceField(
        label=gettext_lazy("Applicant, by the register"), coerce=int, widget=Pills()
    )
    agent_name = forms.CharField(
        label=gettext_lazy("Somebody else comes: name"), max_length=120, required=False,
        help_text=gettext_lazy("Then the person above is the one in whose name the goods leave."),
    )  # fmt: skip
    agent_phone = PhoneField(label=gettext_lazy("Agent's telephone"), required=False)
    agent_shown = forms.CharField(
        label=gettext_lazy("What the agent shows"), max_length=200, required=False,
        help_text=gettext_lazy("For example: letter of the owner, identity card compared."),
    )  # fmt: skip
    plate = PlateField(label=gettext_lazy("Number plate of the vehicle"), required=False)
    carrier = forms.CharField(label=gettext_lazy("Carrier"), max_length=120, required=False)
    days = forms.IntegerField(
        label=gettext_lazy("Valid for (days)"), min_value=1, max_value=rules.LONGEST_SLIP,
        help_text=gettext_lazy("Until the end of the day so many days after today."),
    )  # fmt: skip
    remark = forms.CharField(label=gettext_lazy("Remark"), max_length=300, required=False)
    widths = {"agent_name": 4, "agent_phone": 4, "agent_shown": 4, "plate": 4, "carrier": 4, "days": 4}

    def __init__(self, *args, people, **kwargs):
        self.people = people
        super().__init__(*args, **kwargs)
        self.sections = (
            (_("Who moves goods out"), ["person", "agent_name", "agent_phone", "agent_shown"]),
            (_("How they leave"), ["plate", "carrier", "days", "remark"]),
        )
        cast(forms.TypedChoiceField, self.fields["person"]).choices = [
            (one.person_id, f"{one.name} ({one.role_label})") for one in people
        ]

    def clean(self):
        super().clean()
        values = self.cleaned_data
        if values.get("agent_name") and not values.get("agent_shown"):
            self.add_error("agent_shown", _("Say what the agent has shown."))
        if (values.get("agent_shown") or values.get("agent_phone")) and not values.get("agent_name"):
            self.add_error("agent_name", _("Say who comes instead of the resident."))
        return values

    @property
    def values(self):
        names = ("agent_name", "agent_phone", "agent_shown", "plate", "carrier", "days", "remark")
        return {name: self.cleaned_data[name] for name in names}


class GoodsForm(Form):
    """One line: what, how many."""

    # Translators: 物品名稱
    name = forms.CharField(label=gettext_lazy("Goods"), max_length=120)
    quantity = forms.IntegerField(
        label=gettext_lazy("Quantity"), min_value=1, max_value=100_000, required=False,
        widget=forms.TextInput({"inputmode": "numeric", "class": "text-end", "placeholder": "1"}),
    )  # fmt: skip
    remark = forms.CharField(label=gettext_lazy("Remark"), max_length=120, required=False)


class _Goods(forms.BaseFormSet):
    def clean(self):
        if not any(self.errors) and not lines_of(self):
            raise forms.ValidationError(_("List at least one thing that leaves."))


def goods_formset(*args, extra=4, **kwargs):
    made = forms.formset_factory(GoodsForm, formset=_Goods, extra=extra, max_num=60, absolute_max=60)
    return made(*args, **{"prefix": "goods", **kwargs})


def lines_of(formset):
    """[(name, quantity, remark)] of the lines that are filled in."""
    return [
        (form.cleaned_data["name"], form.cleaned_data["quantity"] or 1, form.cleaned_data["remark"])
        for form in formset
        if form.has_changed() and form.cleaned_data.get("name")
    ]


class CancelForm(Form):
    versioned = True
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300, min_length=2)


class NumberForm(Form):
    """One big box: the slip's number, or the last digits of it."""

    number = forms.CharField(
        label=gettext_lazy("Number on the slip"), max_length=40,
        widget=forms.TextInput({
            "autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false", "autofocus": True,
            "enterkeyhint": "search",
        }),
    )  # fmt: skip


class ReleaseForm(Form):
    """Every line ticked, and the vehicle and the person where the slip names a vehicle."""

    keyed = True

    def __init__(self, *args, slip, lines, **kwargs):
        self.slip, self.slip_lines = slip, lines
        super().__init__(*args, **kwargs)
        for line in lines:
            remark = f" ({line.remark})" if line.remark else ""
            self.fields[f"line_{line.pk}"] = forms.BooleanField(
                label=f"{line.name} × {line.quantity}{remark}", required=False
            )
        self.fields["person_seen"] = forms.BooleanField(
            label=_("Person: %(name)s") % {"name": slip.applicant}, required=False
        )
        if slip.plate:
            self.fields["car_seen"] = forms.BooleanField(
                label=_("Vehicle: %(plate)s") % {"plate": slip.plate}, required=False
            )
            self.fields["card_seen"] = forms.BooleanField(
                label=_("Card of the vehicle, if it has one"), required=False
            )
        self.order_fields([*(f"line_{line.pk}" for line in lines), "car_seen", "person_seen", "card_seen"])

    def clean(self):
        super().clean()
        missing = [line for line in self.slip_lines if not self.cleaned_data.get(f"line_{line.pk}")]
        if missing:
            self.add_error(
                None, _("Tick every line that is there. If something differs, refuse: %(goods)s.") % {
                    "goods": ", ".join(line.name for line in missing)
                })  # fmt: skip
        if not self.cleaned_data.get("person_seen"):
            self.add_error("person_seen", _("Compare the person."))
        if self.slip.plate and not self.cleaned_data.get("car_seen"):
            self.add_error("car_seen", _("Compare the number plate."))
        return self.cleaned_data

    @property
    def seen(self):
        names = ("car_seen", "person_seen", "card_seen")
        return {name: bool(self.cleaned_data.get(name)) for name in names}


class RefuseForm(Form):
    keyed = True
    reason = forms.ChoiceField(
        label=gettext_lazy("What differs"), widget=Pills(),
        choices=[(reason.value, reason.label) for reason in rules.REFUSALS],
    )  # fmt: skip
    remark = forms.CharField(
        label=pgettext_lazy("at the gate", "What was seen"), max_length=300, required=False
    )

    def clean(self):
        super().clean()
        if self.cleaned_data.get("reason") == SlipRefusal.Reason.GOODS and not self.cleaned_data.get(
            "remark"
        ):
            self.add_error("remark", _("Say what is missing or too much."))
        return self.cleaned_data
