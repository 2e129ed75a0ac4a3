"""What is typed about the bank: a file with its layout, a mandate, a layout, what to ask for."""

import re

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models import Account, Layout
from billing.rules import bank_files
from office.forms import Choose, DateField, Form, ModelForm
from office.imports.units import said as units_said


class FileForm(Form):
    """A file of the bank and the layout it is written in."""

    keyed = True
    layout = forms.ModelChoiceField(
        label=gettext_lazy("Layout"), queryset=Layout.objects.none(), widget=Choose
    )
    file = forms.FileField(label=gettext_lazy("File"))

    def __init__(self, *args, estate, purpose, **kwargs):
        super().__init__(*args, **kwargs)
        rows = Layout.objects.filter(estate=estate, purpose=purpose, is_active=True)
        self.fields["layout"].queryset = rows
        if len(rows) == 1:
            self.fields["layout"].initial = rows[0]


class AskForm(Form):
    keyed = True
    layout = forms.ModelChoiceField(
        label=gettext_lazy("Layout"), queryset=Layout.objects.none(), widget=Choose
    )
    due_through = DateField(label=gettext_lazy("Everything due up to and including"))

    def __init__(self, *args, estate, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["layout"].queryset = Layout.objects.filter(estate=estate, purpose="out", is_active=True)


class MandateForm(Form):
    keyed = True
    widths = {
        "unit": 4,
        "account": 8,
        "bank": 4,
        "number": 4,
        "holder": 4,
        "since": 4,
        "until": 4,
        "reference": 4,
    }
    unit = forms.CharField(label=gettext_lazy("Unit"), max_length=40)
    debtor = forms.CharField(
        label=gettext_lazy("Debtor"),
        max_length=120,
        required=False,
        help_text=gettext_lazy("Only where a unit has several accounts."),
    )
    bank = forms.CharField(label=gettext_lazy("Bank"), max_length=80)
    number = forms.CharField(
        label=gettext_lazy("Bank account number"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric"}),
    )
    holder = forms.CharField(label=gettext_lazy("Account holder"), max_length=120)
    since = DateField(label=gettext_lazy("From"))
    until = DateField(label=gettext_lazy("Last day"), required=False)
    reference = forms.CharField(
        label=gettext_lazy("Contract number with the bank"), max_length=60, required=False
    )
    evidence = forms.CharField(
        label=gettext_lazy("Evidence"),
        max_length=200,
        help_text=gettext_lazy("Where the signed mandate is kept."),
    )

    def __init__(self, *args, estate, **kwargs):
        self.estate = estate
        super().__init__(*args, **kwargs)

    def clean(self):
        super().clean()
        data = self.cleaned_data
        hits = units_said(self, [data["unit"]]).get(data["unit"], []) if data.get("unit") else []
        if data.get("unit") and len(hits) != 1:
            self.add_error(
                "unit", _("There is no such unit.") if not hits else _("This may be one of several units.")
            )
            return data
        if hits:
            rows = Account.objects.filter(unit_id=hits[0][0]).select_related("person", "unit")
            if data.get("debtor"):
                rows = rows.filter(person__name=data["debtor"].strip())
            if len(rows) != 1:
                names = ", ".join(
                    row.person.name
                    for row in Account.objects.filter(unit_id=hits[0][0]).select_related("person")
                )
                self.add_error(
                    "debtor", _("Which account? This unit has: %(names)s.") % {"names": names or "–"}
                )
            else:
                data["account"] = rows[0]
        return data


class EndForm(Form):
    versioned = True
    last_day = DateField(label=gettext_lazy("Last day"))


class LayoutForm(ModelForm):
    versioned = True
    widths = {
        "name": 6,
        "purpose": 6,
        "form": 3,
        "separator": 3,
        "encoding": 3,
        "header_rows": 3,
        "date_form": 6,
        "sign": 6,
    }
    places = forms.CharField(
        label=gettext_lazy("Columns"), widget=forms.Textarea(attrs={"rows": 8}),
        help_text=gettext_lazy("One to a line: field = column letter, such as amount = C."),
    )  # fmt: skip

    sample = forms.FileField(
        label=gettext_lazy("Sample file"),
        required=False,
        help_text=gettext_lazy("Shows how it would be read; nothing is saved."),
    )

    class Meta:
        model = Layout
        fields = (
            "name",
            "purpose",
            "form",
            "separator",
            "encoding",
            "header_rows",
            "date_form",
            "in_cents",
            "sign",
            "success",
            "is_active",
        )

    field_order = ("name", "purpose", "form", "separator", "encoding", "header_rows", "places")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["places"].initial = "\n".join(
                f"{name} = {letter}" for name, letter in self.instance.columns.items()
            )
        known = "; ".join(
            f"{purpose.label}: {', '.join(bank_files.FIELDS[purpose])}" for purpose in Layout.Purpose
        )
        self.fields["places"].help_text = f"{self.fields['places'].help_text} {known}"

    def clean(self):
        super().clean()
        data = self.cleaned_data
        found, purpose = {}, data.get("purpose")
        for line in (data.get("places") or "").splitlines():
            if not line.strip():
                continue
            match = re.fullmatch(r"\s*(\w+)\s*[=::]\s*([A-Za-z]{1,2})\s*", line)
            if not match or (purpose and match[1] not in bank_files.FIELDS[purpose]):
                self.add_error(
                    "places", _("“%(line)s” names no field and column.") % {"line": line.strip()[:40]}
                )
                return data
            found[match[1]] = match[2].upper()
        if purpose and (missing := [name for name in bank_files.NEEDED[purpose] if name not in found]):
            self.add_error("places", _("Say which column is: %(names)s.") % {"names": ", ".join(missing)})
        if purpose == "statement" and not {"amount", "income"} & set(found):
            self.add_error("places", _("Say which column is: %(names)s.") % {"names": "amount"})
        data["columns"] = found
        return data


class IgnoreForm(Form):
    versioned = True
    reason = forms.CharField(label=gettext_lazy("Why it is left aside"), max_length=200)
