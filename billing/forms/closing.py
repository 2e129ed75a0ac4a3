"""Closing a day and the books: what was counted, what was held against slips, and why it differs (SPEC §6.6)."""

import json
from decimal import Decimal

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models import Entry
from billing.rules.closing import CASH
from office.forms import DateField, DecimalField, Form
from office.money import show

# Notes and coins in use, the greatest first; elsewhere one figure is written down.
NOTES = {
    "CNY": ("100", "50", "20", "10", "5", "1", "0.5", "0.1"),
    "HKD": ("1000", "500", "100", "50", "20", "10", "5", "2", "1", "0.5", "0.2", "0.1"),
    "MOP": ("1000", "500", "100", "50", "20", "10", "5", "2", "1", "0.5", "0.2", "0.1"),
}


def sums_text(sums):
    """What the page showed, to be sent back: {method: amount} as text."""
    return json.dumps({method: f"{amount}" for method, amount in (sums or {}).items()})


class CloseDayForm(Form):
    keyed = True
    widths = {"opening": 6, "counted": 6}

    opening = DecimalField(
        label=gettext_lazy("Float in the drawer"), required=False, min_value=0, initial="0.00"
    )
    counted = DecimalField(label=gettext_lazy("Cash counted, float included"), required=False, min_value=0)
    reason = forms.CharField(
        label=gettext_lazy("Explanation"),
        max_length=300,
        required=False,
        widget=forms.Textarea({"rows": 2}),
        help_text=gettext_lazy("Needed when what was counted differs from the ledger."),
    )
    foreseen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args, currency, sums, own, **kwargs):
        super().__init__(*args, **kwargs)
        self.notes = {}
        words = dict(Entry.Method.choices)
        for note in NOTES.get(currency, ()):
            name = f"n_{note.replace('.', '_')}"
            self.notes[name] = Decimal(note)
            label = _("%(note)s ×") % {"note": show(Decimal(note), currency)}
            self.fields[name] = forms.IntegerField(
                label=label, min_value=0, max_value=100_000, required=False
            )
            self.fields[name].widget = forms.TextInput({"inputmode": "numeric", "class": "number"})
        self.methods = {f"agrees_{method}": method for method in sums or {} if method != CASH}
        for name, method in self.methods.items():
            label = _("%(method)s: %(amount)s agrees with the slips") % {
                "method": words[method],
                "amount": show(sums[method], currency),
            }
            self.fields[name] = forms.BooleanField(label=label, required=False)
        self.fields["foreseen"].initial = sums_text(sums)
        if not own:
            self.fields["reason"].help_text = _("You close somebody else's day: write down why.")
        self.widths = {**self.widths, **dict.fromkeys(self.notes, 3)}
        self.sections = [
            (_("Notes and coins, if you count them one by one"), list(self.notes)),
            (_("Cash"), ["opening", "counted"]),
            (_("Other methods"), list(self.methods)),
        ]

    def clean(self):
        super().clean()
        data = self.cleaned_data
        data["opening"] = data.get("opening") or Decimal("0.00")
        pieces = {str(worth): data[name] for name, worth in self.notes.items() if data.get(name)}
        total = sum((Decimal(worth) * number for worth, number in pieces.items()), Decimal("0.00"))
        if data.get("counted") is None and "counted" not in self.errors:
            if pieces:
                data["counted"] = total
            else:
                self.add_error("counted", _("Write down what is in the drawer, 0 if nothing."))
        elif pieces and data.get("counted") != total:
            self.add_error("counted", _("Notes and coins come to %(total)s.") % {"total": f"{total:,.2f}"})
        data["notes"] = pieces
        data["confirmed"] = [method for name, method in self.methods.items() if data.get(name)]
        return data

    def clean_foreseen(self):
        """What the page showed; None when it is not ours to read."""
        try:
            found = json.loads(self.cleaned_data["foreseen"] or "null")
            return {str(method): Decimal(amount) for method, amount in found.items()}
        except (ValueError, AttributeError, ArithmeticError, TypeError):
            return None


class ClosePeriodForm(Form):
    keyed = True
    widths = {"through": 4, "note": 8}

    through = DateField(label=gettext_lazy("Up to and including"))
    note = forms.CharField(label=gettext_lazy("Note"), max_length=300, required=False)
