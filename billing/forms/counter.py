"""The cashier's form: what is paid, by whom, with what. Whatever was typed comes back with it."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import cast

from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from billing.reports.counter import AT_COUNTER, Due
from billing.rules.counter import METHODS, ZERO, divide, spread
from office import money
from office.forms import DecimalField, Form, Pills

LEAST, MOST = Decimal("0.01"), Decimal("9999999999.99")


@dataclass
class Row:
    """A line of what is owed, with what was typed into it."""

    due: Due
    ticked: bool
    typed: str
    turn: int = 0  # its place, the oldest first
    error: str = ""
    amount: Decimal = ZERO  # what is paid of it


class CounterForm(Form):
    keyed = True
    # Translators: 付款人
    payer = forms.CharField(label=gettext_lazy("Payer"), max_length=120)
    amount = DecimalField(
        label=gettext_lazy("Pay this much, the oldest first"), required=False, min_value=LEAST, max_value=MOST
    )
    main = forms.ChoiceField(
        label=pgettext_lazy("of payment", "Method"),
        widget=Pills(keys=True),
        choices=[(m.value, m.label) for m in METHODS],
    )
    given = DecimalField(
        label=gettext_lazy("Cash handed over"), required=False, min_value=LEAST, max_value=MOST
    )
    # Translators: 預存
    prepay = DecimalField(
        label=gettext_lazy("Paid in advance"), required=False, min_value=LEAST, max_value=MOST
    )
    person = forms.TypedChoiceField(label=gettext_lazy("On the account of"), coerce=int, required=False)

    def __init__(self, *args, dues, debtors, ticked=(), extras=None, currency="", **kwargs):
        self.dues, self.extras, self.currency = dues, extras, currency
        super().__init__(*args, **kwargs)
        for method in METHODS:
            self.fields[f"by_{method.value}"] = DecimalField(
                label=method.label, required=False, min_value=LEAST, max_value=MOST
            )
        cast(forms.TypedChoiceField, self.fields["person"]).choices = debtors
        self.rows = [self._row(due, ticked, turn) for turn, due in enumerate(dues)]
        self.spread_shown = self.data.get("spread", "") if self.is_bound else ""
        self.money = divide(ZERO, "cash", {})
        self.total = sum((row.due.amount for row in self.rows if row.ticked), ZERO)

    def _row(self, due, ticked, turn):
        if not self.is_bound:
            return Row(due, due.charge_id in ticked, f"{due.amount:.2f}", turn)
        typed = self.data.get(f"pay_{due.charge_id}", "").strip()[:20]
        return Row(due, str(due.charge_id) in self.picked, typed, turn)

    @cached_property
    def picked(self):
        return set(self.data.getlist("tick"))  # type: ignore[attr-defined]  # a QueryDict

    @property
    def more_open(self):
        """Several methods are shown when something stands there."""
        return any(field.value() or field.errors for field in self.parts)

    @property
    def advance_open(self):
        return bool(self["prepay"].value() or self["prepay"].errors or self["person"].errors)

    @property
    def parts(self):
        """The fields by which the total is divided over several methods."""
        return [self[f"by_{method.value}"] for method in METHODS]

    def clean(self):
        super().clean()
        values = self.cleaned_data
        wanted = values.get("amount")
        if wanted and self.spread_shown != f"{wanted:.2f}":
            self._spread(wanted)
        paid = self._read_rows()
        extra = sum((amount for _item, amount, _text in lines_of(self.extras)), ZERO) if self.extras else ZERO
        prepay = values.get("prepay") or ZERO
        rest = wanted - paid - extra - prepay if wanted else ZERO
        if rest < 0:
            self.add_error(
                "amount",
                _("The lines below come to %(sum)s more than this. Change one of the two.")
                % {"sum": money.show(-rest, self.currency)},
            )
        elif rest > 0:
            self.warn(
                "amount",
                _("%(rest)s is more than is owed: it is kept as a prepayment.")
                % {"rest": money.show(rest, self.currency)},
            )
            prepay += rest
        values["prepaid"], self.total = prepay, paid + extra + prepay
        if not self.total and not self.errors:
            self.add_error(None, _("Nothing is paid yet: tick a line, or type an amount."))
        if (prepay or extra) and not values.get("person"):
            self.add_error("person", _("Say on whose account this is booked."))
        self._divide(values)
        return values

    def _spread(self, wanted):
        """Without the browser's help the spreading is shown once before it is booked."""
        chosen = {row.due.account_id for row in self.rows if row.ticked}
        chosen = chosen or {row.due.account_id for row in self.rows[:1]}  # somebody's, not everybody's debts
        rows = [row for row in self.rows if row.due.account_id in chosen]
        parts, _rest = spread([(row.due.charge_id, row.due.amount) for row in rows], wanted)
        for row in rows:
            part = parts.get(row.due.charge_id)
            row.ticked, row.typed = part is not None, f"{part or row.due.amount:.2f}"
        self.spread_shown = f"{wanted:.2f}"
        self.add_error(
            None, _("The amount is spread over the oldest lines below. Check it and take the payment.")
        )

    def _read_rows(self):
        total = ZERO
        for row in self.rows:
            if not row.ticked:
                continue
            try:
                row.amount = DecimalField().clean(row.typed)
                if row.amount <= 0:
                    row.error = _("More than nothing, or take the tick away.")
                elif row.amount > row.due.amount:
                    row.error = _("Only %(open)s is owed.") % {
                        "open": money.show(row.due.amount, self.currency)
                    }
            except (forms.ValidationError, InvalidOperation):
                row.error = _("Type an amount, such as 120.50.")
            if row.error:
                self.add_error(
                    None,
                    _("%(month)s %(item)s: %(error)s")
                    % {"month": row.due.month, "item": row.due.item, "error": row.error},
                )
            total += row.amount
        return total

    def _divide(self, values):
        others = {m.value: values.get(f"by_{m.value}") for m in METHODS}
        self.money = divide(self.total, values.get("main", "cash"), others, values.get("given"))
        if self.errors or not self.money.wrong:
            return
        name, sort = self.money.wrong
        said = {
            "too_much": _("The other methods come to more than is paid."),
            "no_cash": _("Nothing is paid in cash. Choose cash, or leave this empty."),
            "too_little": _(
                "This does not cover the cash part of %(cash)s. Take less, or let them add to it."
            )
            % {"cash": money.show(self.money.methods.get("cash"), self.currency)},
        }
        self.add_error(name, said[sort])

    @property
    def charges(self):
        """[(charge id, amount)] that are paid."""
        return [(row.due.charge_id, row.amount) for row in self.rows if row.ticked]

    @property
    def row_of(self):
        return {row.due.charge_id: row for row in self.rows}


class ExtraForm(Form):
    """Something charged and paid in one step: an access card, copies, a deposit."""

    item = forms.TypedChoiceField(label=gettext_lazy("Item"), coerce=int, required=False)
    amount = DecimalField(label=gettext_lazy("Amount"), required=False, min_value=LEAST, max_value=MOST)
    text = forms.CharField(label=gettext_lazy("What for"), max_length=200, required=False)

    def __init__(self, *args, items, **kwargs):
        super().__init__(*args, **kwargs)
        chosen = [
            (item.pk, item.local_name) for item in items if item.formula in AT_COUNTER and item.is_active
        ]
        cast(forms.TypedChoiceField, self.fields["item"]).choices = [("", "–"), *chosen]

    def clean(self):
        super().clean()
        values = self.cleaned_data
        if values.get("item") and not values.get("amount") and "amount" not in self.errors:
            self.add_error("amount", _("Type the amount."))
        if (values.get("amount") or values.get("text")) and not values.get("item"):
            self.add_error("item", _("Choose the item."))
        return values


def extras_formset(*args, items, **kwargs):
    made = forms.formset_factory(ExtraForm, extra=1, max_num=12, absolute_max=12)
    return made(*args, **{"prefix": "extra", "form_kwargs": {"items": items}, **kwargs})


def lines_of(formset):
    """[(item id, amount, text)] of the lines that are filled in."""
    return [
        (form.cleaned_data["item"], form.cleaned_data["amount"], form.cleaned_data["text"])
        for form in formset
        if getattr(form, "cleaned_data", None)
        and form.cleaned_data.get("item")
        and form.cleaned_data.get("amount")
    ]
