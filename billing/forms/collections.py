"""Collections at the door: the appointment, and what came of it (SPEC §6.5)."""

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models import Account, Entry
from office.forms import DateTimeField, DecimalField, Form, PhoneField
from office.models import Staff
from office.money import show


class AccountField(forms.ModelChoiceField):
    def label_from_instance(self, account):
        return f"{account.person.name}　{show(account.owed)}"


class CollectionForm(Form):
    keyed = True
    widths = {
        "account": 6, "amount": 6, "payer": 6, "owner_name": 6, "window_from": 6, "window_to": 6, "collector": 6, "phone": 6,
    }  # fmt: skip

    account = AccountField(label=gettext_lazy("Account"), queryset=Account.objects.none(), empty_label=None)
    amount = DecimalField(label=gettext_lazy("Amount agreed"), min_value=0)
    payer = forms.CharField(label=gettext_lazy("Payer, name confirmed"), max_length=120)
    owner_name = forms.CharField(label=gettext_lazy("Owner, name confirmed"), max_length=120)
    window_from = DateTimeField(label=gettext_lazy("Visit from"))
    window_to = DateTimeField(label=gettext_lazy("Visit until"))
    collector = forms.ModelChoiceField(
        label=gettext_lazy("Who goes"), queryset=Staff.objects.none(), empty_label=None
    )
    phone = PhoneField(label=gettext_lazy("Telephone"), required=False)
    note = forms.CharField(label=gettext_lazy("Note"), max_length=300, required=False)

    def __init__(self, *args, accounts, collectors, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["account"].queryset = accounts
        self.fields["collector"].queryset = collectors

    def clean(self):
        super().clean()
        data = self.cleaned_data
        start, end = data.get("window_from"), data.get("window_to")
        if start and end and end <= start:
            self.add_error("window_to", _("The visit ends before it begins."))
        if data.get("amount") == 0:
            self.add_error("amount", _("Write down the amount agreed."))
        return data


class CollectedForm(Form):
    """What was brought back, by method."""

    keyed = True
    METHODS = (Entry.Method.CASH, Entry.Method.CARD, Entry.Method.QR, Entry.Method.CHEQUE)

    def __init__(self, *args, amount=None, **kwargs):
        super().__init__(*args, **kwargs)
        words = dict(Entry.Method.choices)
        for method in self.METHODS:
            self.fields[method.value] = DecimalField(label=words[method], min_value=0, required=False)
        self.fields["cash"].initial = amount
        self.widths = {method.value: 3 for method in self.METHODS}

    def clean(self):
        super().clean()
        data = self.cleaned_data
        data["methods"] = {
            method.value: data[method.value] for method in self.METHODS if data.get(method.value)
        }
        if not data["methods"] and not self.errors:
            self.add_error("cash", _("Write down what was paid."))
        return data


class GiveUpForm(Form):
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300)
    called_off = forms.BooleanField(label=gettext_lazy("Called off before anybody went"), required=False)
