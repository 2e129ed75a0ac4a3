"""Who pays and how much: the decision, the quotation's lines, the resident's consent (SPEC §4.1)."""

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from office.forms import DecimalField, Form, Pills
from tickets.forms.fields import PastTimeField
from tickets.models import PriceItem, Ticket


class CostForm(Form):
    cost = forms.ChoiceField(
        label=gettext_lazy("Who pays"),
        choices=[(value, label) for value, label in Ticket.Cost.choices if value != Ticket.Cost.FREE],
        widget=Pills,
    )
    reason = forms.CharField(label=gettext_lazy("Reason of the decision"), max_length=300, required=False)
    contractor = forms.CharField(
        label=gettext_lazy("Developer or contractor who does the rework"), max_length=120, required=False
    )


class ConsentForm(Form):
    """The resident's consent to an amount: who gave it, how and when."""

    widths = {"amount": 4, "consent_by": 8, "at": 6}

    def __init__(self, *args, now, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["at"] = PastTimeField(now=now, label=gettext_lazy("When"))

    amount = DecimalField(label=gettext_lazy("Agreed amount"), min_value=0)
    consent_by = forms.CharField(label=gettext_lazy("Consent given by"), max_length=120)
    how = forms.ChoiceField(
        label=gettext_lazy("How"),
        choices=[
            ("signature", gettext_lazy("signature on paper")),
            ("phone", gettext_lazy("by telephone")),
            ("message", gettext_lazy("by message")),
            ("in_person", gettext_lazy("in person")),
        ],
        widget=Pills,
    )


class PriceSelect(forms.Select):
    """Options carry kind, name and price, so that choosing one fills the line."""

    rows: dict = {}
    language: str | None = None

    def create_option(self, name, value, label, selected, index, subindex=None, attrs=None):
        option = super().create_option(name, value, label, selected, index, subindex, attrs)
        if row := self.rows.get(str(value)):
            option["attrs"] |= {
                "data-kind": row.kind,
                "data-text": row.name_in(self.language),
                "data-price": f"{row.price}",
            }
        return option


class LineForm(Form):
    """Labour or part: from the price list or free. An untouched line is no line.

    The words go on paper, so a price list item is written down in the estate's `language`.
    """

    def __init__(self, *args, prices=(), language=None, **kwargs):
        self.language = language
        kwargs.setdefault("empty_permitted", True)
        kwargs.setdefault("use_required_attribute", False)
        super().__init__(*args, **kwargs)
        widget = PriceSelect({"data-price-item": ""})
        widget.rows, widget.language = {str(row.pk): row for row in prices}, language
        field = forms.TypedChoiceField(
            label=gettext_lazy("Price list"), required=False, coerce=int, empty_value=None, widget=widget
        )
        groups: list = [("", _("free line"))]
        for kind, label in PriceItem.Kind.choices:
            own = [(row.pk, row.local_name) for row in prices if row.kind == kind]
            if own:
                groups.append((label, own))
        field.choices = groups
        self.fields["item"] = field
        self.order_fields(["item", "kind", "text", "quantity", "price"])

    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=PriceItem.Kind.choices, required=False)
    text = forms.CharField(label=gettext_lazy("Description"), max_length=120, required=False)
    quantity = DecimalField(label=gettext_lazy("Quantity"), max_digits=8, required=False)
    price = DecimalField(label=gettext_lazy("Price"), max_digits=10, required=False)

    def has_changed(self):
        return any((self.data.get(self.add_prefix(name)) or "").strip() for name in ("item", "text", "price"))

    def clean(self):
        super().clean()
        data = self.cleaned_data
        if not self.has_changed():
            return data
        row = self.fields["item"].widget.rows.get(str(data.get("item") or ""))
        if row:
            data["text"] = data.get("text") or row.name_in(self.language)
            data["kind"] = row.kind
            data["price"] = (
                row.price if data.get("price") is None and "price" not in self.errors else data.get("price")
            )
        data["kind"] = data.get("kind") or PriceItem.Kind.PART
        if not data.get("text"):
            self.add_error("text", _("Say what it is."))
        if "quantity" not in self.errors:
            if data.get("quantity") is None:
                data["quantity"] = 1
            elif data["quantity"] <= 0:
                self.add_error("quantity", _("More than nothing."))
        if "price" not in self.errors:
            if data.get("price") is None:
                data["price"] = 0
            elif data["price"] < 0:
                self.add_error("price", _("Not less than nothing."))
        return data


def _formset(extra):
    return forms.formset_factory(LineForm, extra=extra, max_num=40, absolute_max=60)


def work_formset(*args, prices, language, **kwargs):
    """Parts and labour used on a work order."""
    return _formset(2)(*args, prefix="lines", form_kwargs={"prices": prices, "language": language}, **kwargs)


def quote_formset(*args, prices, language, extra=3, **kwargs):
    return _formset(extra)(
        *args, prefix="lines", form_kwargs={"prices": prices, "language": language}, **kwargs
    )


def lines_of(formset):
    """Cleaned lines as actions take them: [{"item_id", "kind", "text", "quantity", "price"}]."""
    return [
        {
            "item_id": form.cleaned_data.get("item"),
            "kind": form.cleaned_data["kind"],
            "text": form.cleaned_data["text"],
            "quantity": form.cleaned_data["quantity"],
            "price": form.cleaned_data["price"],
        }
        for form in formset
        if form.has_changed()
    ]
