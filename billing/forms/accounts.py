"""What is done about an account besides paying: given up, given back, taken over. Every one with its reason."""

from typing import cast

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from billing.models import Entry
from billing.rules.counter import METHODS
from office import money
from office.forms import DecimalField, Form, Pills

LEAST = money.CENT


class ReasonForm(Form):
    keyed = True
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300, min_length=2)


class ConfirmForm(Form):
    """Nothing to say; the page says what will happen."""

    keyed = True


class AmountForm(Form):
    """An amount up to `most`, and why."""

    keyed = True
    amount = DecimalField(label=gettext_lazy("Amount"), min_value=LEAST)
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300, min_length=2)

    def __init__(self, *args, most, currency="", **kwargs):
        self.most, self.currency = most, currency
        super().__init__(*args, **kwargs)
        self.fields["amount"].initial = f"{most:.2f}"

    def clean_amount(self):
        amount = self.cleaned_data["amount"]
        if amount > self.most:
            raise forms.ValidationError(
                _("At most %(most)s.") % {"most": money.show(self.most, self.currency)}
            )
        return amount


class BackForm(AmountForm):
    """Money that leaves the drawer."""

    method = forms.ChoiceField(
        label=pgettext_lazy("of payment", "Method"),
        widget=Pills(),
        initial="cash",
        choices=[(m.value, m.label) for m in METHODS],
    )
    field_order = ("amount", "method", "reason")


class WaiveForm(AmountForm):
    """Which debt is given up; without a choice the oldest first."""

    charge = forms.TypedChoiceField(label=gettext_lazy("Of"), coerce=int, required=False, empty_value=None)
    field_order = ("charge", "amount", "reason")

    def __init__(self, *args, dues, **kwargs):
        self.dues = dues
        super().__init__(*args, **kwargs)
        cast(forms.TypedChoiceField, self.fields["charge"]).choices = [
            ("", _("everything, the oldest first")),
            *(
                (due.charge_id, f"{due.month} {due.item} {money.show(due.amount, self.currency)}")
                for due in dues
            ),
        ]

    def clean(self):
        super().clean()
        chosen = self.cleaned_data.get("charge")
        due = next((due for due in self.dues if due.charge_id == chosen), None)
        if due and (self.cleaned_data.get("amount") or 0) > due.amount:
            self.add_error(
                "amount",
                _("Only %(open)s is owed of this.") % {"open": money.show(due.amount, self.currency)},
            )
        return self.cleaned_data


class AskRefundForm(AmountForm):
    """Out of the prepayment, or of a deposit that is held."""

    source = forms.TypedChoiceField(
        label=gettext_lazy("Out of"), coerce=int, required=False, empty_value=None, widget=Pills()
    )
    field_order = ("source", "amount", "reason")

    def __init__(self, *args, prepaid, held, **kwargs):
        self.sums = {None: prepaid, **{one.charge_id: one.amount for one in held}}
        super().__init__(*args, most=max(self.sums.values()), **kwargs)
        choices = [(one.charge_id, f"{one.item} {money.show(one.amount, self.currency)}") for one in held]
        if prepaid:
            # Translators: 預存款
            label = _("Prepayment %(amount)s") % {"amount": money.show(prepaid, self.currency)}
            choices.insert(0, ("", label))
        cast(forms.TypedChoiceField, self.fields["source"]).choices = choices
        self.fields["source"].initial = choices[0][0] if choices else ""
        self.fields["amount"].initial = f"{self.sums.get(choices[0][0] or None, 0) if choices else 0:.2f}"

    def clean(self):
        super().clean()
        most = self.sums.get(self.cleaned_data.get("source"), 0)
        if (self.cleaned_data.get("amount") or 0) > most and "amount" not in self.errors:
            self.add_error("amount", _("At most %(most)s.") % {"most": money.show(most, self.currency)})
        return self.cleaned_data


class DecideForm(Form):
    keyed = True
    versioned = True
    decision = forms.ChoiceField(
        label=gettext_lazy("Decision"),
        widget=Pills(),
        choices=[("approve", gettext_lazy("Approve")), ("decline", gettext_lazy("Decline"))],
    )
    reason = forms.CharField(label=gettext_lazy("Why declined"), max_length=300, required=False)

    def clean(self):
        super().clean()
        if self.cleaned_data.get("decision") == "decline" and not self.cleaned_data.get("reason", "").strip():
            self.add_error("reason", _("Say why, for who asked."))
        return self.cleaned_data


class PayOutForm(Form):
    """With what a refund leaves the house; cash out of a cashier's drawer."""

    keyed = True
    versioned = True
    method = forms.ChoiceField(
        label=pgettext_lazy("of payment", "Method"),
        widget=Pills(),
        initial=Entry.Method.TRANSFER.value,
        choices=[(m.value, m.label) for m in METHODS],
    )
    cashier = forms.ModelChoiceField(
        queryset=None,
        label=gettext_lazy("Cash out of the drawer of"),
        required=False,
        help_text=gettext_lazy("Only when it is paid in cash."),
    )

    def __init__(self, *args, cashiers, **kwargs):
        super().__init__(*args, **kwargs)
        cast(forms.ModelChoiceField, self.fields["cashier"]).queryset = cashiers

    def clean(self):
        super().clean()
        cash = self.cleaned_data.get("method") == Entry.Method.CASH
        if cash and not self.cleaned_data.get("cashier"):
            self.add_error("cashier", _("Say out of whose drawer the cash is taken."))
        return self.cleaned_data


class TakeOverForm(Form):
    keyed = True
    person = forms.TypedChoiceField(label=gettext_lazy("Who takes the debt over"), coerce=int)
    evidence = forms.CharField(
        label=gettext_lazy("Written evidence"),
        max_length=300,
        min_length=2,
        help_text=gettext_lazy("The paper it stands on, such as the contract of sale and its date."),
    )

    def __init__(self, *args, people, **kwargs):
        super().__init__(*args, **kwargs)
        cast(forms.TypedChoiceField, self.fields["person"]).choices = people
