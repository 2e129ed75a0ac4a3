"""Forms about meters: written down, exchanged; a reading corrected or decided (SPEC §6.3)."""

from decimal import Decimal

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models import Meter
from office.forms import Choose, DateField, DateInput, DecimalField, Form, ModelForm, Pills
from office.models import Building, Unit

READING = {"max_digits": 12, "decimal_places": 3, "min_value": Decimal(0)}


class MeterForm(ModelForm):
    """A unit, or who shares it: one of the two."""

    keyed = True
    versioned = True
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=Meter.Kind.choices, widget=Pills)
    unit = forms.CharField(
        label=gettext_lazy("Unit"), max_length=40, required=False,
        help_text=gettext_lazy("Its code, such as 3-2-1201. Leave empty for a shared meter."),
    )  # fmt: skip
    widths = {
        "kind": 6, "serial": 6, "unit": 4, "building": 4, "reach": 4, "place": 8, "position": 4, "digits": 3, "multiplier": 3,
        "installed_on": 3, "installed_at_value": 3,
    }  # fmt: skip

    class Meta:
        model = Meter
        fields = [
            "kind", "serial", "building", "reach", "place", "position", "digits", "multiplier", "installed_on",
            "installed_at_value",
        ]  # fmt: skip
        field_classes = {"multiplier": DecimalField, "installed_at_value": DecimalField}
        widgets = {"building": Choose, "installed_on": DateInput(quick="today")}

    def __init__(self, *args, estate, **kwargs):
        self.estate = estate
        super().__init__(*args, **kwargs)
        fields = self.fields
        self.order_fields(["kind", "serial", "unit"])
        if self.instance.unit_id:
            self.initial["unit"] = self.instance.unit.code
        fields["building"].queryset = Building.objects.filter(estate=estate)
        fields["reach"].help_text = _("Of a shared meter: among whom its consumption is divided.")
        fields["position"].required = False
        fields["position"].help_text = _("The round goes from low to high within a building.")
        fields["multiplier"].help_text = _("1, or the ratio of the current transformer.")

    def clean_unit(self):
        said = self.cleaned_data["unit"].strip()
        if not said:
            return None
        found = Unit.objects.filter(estate=self.estate).select_related("building")
        key = said.replace("-", "").replace(" ", "").upper()
        unit = found.filter(code=said).first() or found.filter(code_key=key).first()
        if unit is None:
            raise forms.ValidationError(_("There is no unit %(said)s."), params={"said": said})
        return unit

    def clean_position(self):
        return self.cleaned_data["position"] or 0

    def clean(self):
        super().clean()
        data = self.cleaned_data
        unit, building, reach = data.get("unit"), data.get("building"), data.get("reach")
        if unit and reach:
            self.add_error("reach", _("The meter of a unit is not shared: leave this or the unit empty."))
        if not unit and not reach and "unit" not in self.errors:
            self.add_error("unit", _("Choose a unit, or say who shares the meter."))
        if not unit and reach == Meter.Reach.BUILDING and not building:
            self.add_error("building", _("Choose the building that shares the meter."))
        digits, first = data.get("digits"), data.get("installed_at_value")
        if digits and first is not None and first >= 10**digits:
            self.add_error("installed_at_value", _("The dial of this meter has fewer digits."))
        return data

    def _post_clean(self):
        """The database's rules speak through the action; the row stays as it was."""


class ExchangeForm(Form):
    keyed = True
    widths = {"day": 4, "final": 4, "rolled_over": 4, "serial": 4, "first": 4, "digits": 2, "multiplier": 2}
    sections = (
        (gettext_lazy("The old meter"), ["day", "final", "rolled_over"]),
        (gettext_lazy("The new meter"), ["serial", "first", "digits", "multiplier"]),
    )
    day = DateField(label=gettext_lazy("Exchanged on"), widget=DateInput(quick="today"))
    final = DecimalField(label=gettext_lazy("Final reading"), **READING)
    rolled_over = forms.BooleanField(label=gettext_lazy("The dial passed zero"), required=False)
    serial = forms.CharField(label=gettext_lazy("Meter number"), max_length=40)
    first = DecimalField(label=gettext_lazy("First reading"), initial=0, **READING)
    digits = forms.IntegerField(
        label=gettext_lazy("Digits"), validators=[MinValueValidator(3), MaxValueValidator(9)]
    )
    multiplier = DecimalField(
        label=gettext_lazy("Multiplier"), max_digits=8, decimal_places=3, min_value=Decimal("0.001")
    )

    def clean(self):
        super().clean()
        data = self.cleaned_data
        if data.get("digits") and data.get("first") is not None and data["first"] >= 10 ** data["digits"]:
            self.add_error("first", _("The dial of this meter has fewer digits."))
        return data


class CorrectForm(Form):
    keyed = True
    widths = {"value": 4, "rolled_over": 8}
    value = DecimalField(label=gettext_lazy("The right reading"), **READING)
    rolled_over = forms.BooleanField(label=gettext_lazy("The dial passed zero"), required=False)
    words = forms.CharField(label=gettext_lazy("Reason"), max_length=300)


class DecideForm(Form):
    keyed = True
    words = forms.CharField(
        label=gettext_lazy("Why"), max_length=300, required=False, widget=forms.Textarea({"rows": 2}),
        help_text=gettext_lazy("Needed where it is refused."),
    )  # fmt: skip
    decision = forms.ChoiceField(
        choices=[("count", ""), ("rolled", ""), ("refuse", "")], widget=forms.HiddenInput
    )


class ReadForm(Form):
    """One reading, at the meter's page and without script on the round."""

    keyed = True
    widths = {"read_on": 4, "value": 4, "rolled_over": 4}
    read_on = DateField(label=gettext_lazy("Read on"), widget=DateInput(quick="today"))
    value = DecimalField(label=gettext_lazy("Reading"), **READING)
    rolled_over = forms.BooleanField(label=gettext_lazy("The dial passed zero"), required=False)
