"""Forms of fee items, standards, percentages and payers."""

from datetime import timedelta

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models import Item, Standard
from billing.rules import standards as rules
from office.forms import Choose, DateField, DecimalField, Form, ModelForm
from office.lists.estates import DAYS
from office.models import Building, Unit
from residents.models import Person

F = Item.Formula


class ItemForm(ModelForm):
    widths = {
        "code": 4, "formula": 4, "meter_kind": 4, "name_zh_hant": 4, "name_zh_hans": 4, "name_en": 4, "tax_code": 5, "tax_rate": 3,
        "position": 4,
    }  # fmt: skip

    class Meta:
        model = Item
        fields = (
            "code", "formula", "meter_kind", "name_zh_hant", "name_zh_hans", "name_en", "agency", "tax_code", "tax_rate",
            "position", "is_active",
        )  # fmt: skip

    def __init__(self, *args, estate, **kwargs):
        self.estate = estate
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            for name in ("code", "formula", "meter_kind"):
                del self.fields[name]

    def clean_code(self):
        code = self.cleaned_data["code"].strip()
        if Item.objects.filter(estate=self.estate, code=code).exists():
            raise forms.ValidationError(_("There is an item with this code already."))
        return code

    def clean(self):
        values = super().clean()
        if "formula" in self.fields and values.get("formula"):
            read = values["formula"] in (F.READING, F.SHARED)
            if read and not values.get("meter_kind"):
                self.add_error("meter_kind", _("Say which meters count."))
            if not read:
                values["meter_kind"] = ""
        rate = values.get("tax_rate")
        if rate is not None and not 0 <= rate <= 100:
            self.add_error("tax_rate", _("Between 0 and 100."))
        return values


class StandardForm(Form):
    """`preview` is pressed first: the effect stands above the same form, which is then saved."""

    widths = {
        "price": 4, "from_on": 4, "until_on": 4, "document": 6, "due_days": 6, "unit_kind": 4, "use": 4, "building": 4, "rate": 4,
        "grace_days": 4, "cap": 4,
    }  # fmt: skip
    price = DecimalField(label=gettext_lazy("Price"), decimal_places=4, min_value=0, required=False)
    tiers = forms.CharField(
        # Translators: 階梯價
        label=gettext_lazy("Tiers"),
        required=False,
        widget=forms.Textarea({"rows": 3, "placeholder": "0 3.45\n15 4.83\n25 5.83"}),
        help_text=gettext_lazy(
            "One line each: from where on per month, and the price. Empty: one price for all."
        ),
    )
    rate = DecimalField(
        label=gettext_lazy("Rate per day"), suffix="%", decimal_places=4, min_value=0, required=False
    )
    grace_days = forms.IntegerField(
        label=gettext_lazy("Days of grace"), min_value=0, max_value=365, required=False, initial=0
    )
    cap = DecimalField(
        label=gettext_lazy("At most"), suffix="%", min_value=0, required=False, max_digits=6,
        help_text=gettext_lazy("Of the amount that is late. Empty: no limit."),
    )  # fmt: skip
    from_on = DateField(label=gettext_lazy("Holds from"), validators=DAYS)
    until_on = DateField(
        validators=DAYS,
        label=gettext_lazy("Last day"),
        required=False,
        help_text=gettext_lazy("Empty: until another follows."),
    )
    document = forms.CharField(
        label=gettext_lazy("Authority's document number"), max_length=80, required=False
    )
    due_days = forms.IntegerField(
        label=gettext_lazy("Due so many days after the period"),
        min_value=0,
        max_value=365,
        required=False,
        initial=0,
    )
    by_days = forms.BooleanField(label=gettext_lazy("Part months by days"), required=False, initial=True)
    unit_kind = forms.ChoiceField(label=gettext_lazy("Kind of unit"), required=False)
    use = forms.CharField(label=gettext_lazy("Use"), max_length=40, required=False)
    building = forms.ModelChoiceField(
        Building.objects.none(), label=gettext_lazy("Building"), required=False, widget=Choose
    )
    sections = [
        (
            "",
            [
                "price",
                "tiers",
                "rate",
                "grace_days",
                "cap",
                "from_on",
                "until_on",
                "document",
                "due_days",
                "by_days",
            ],
        ),
        (gettext_lazy("Only for (empty: all units)"), ["unit_kind", "use", "building"]),
    ]

    def __init__(self, *args, item, **kwargs):
        self.item = item
        super().__init__(*args, **kwargs)
        self.fields["unit_kind"].choices = [("", _("all")), *Unit.Kind.choices]
        self.fields["building"].queryset = Building.objects.filter(estate=item.estate_id)
        away = {"price", "by_days", "due_days"} if item.formula == F.LATE else {"rate", "grace_days", "cap"}
        if item.formula not in (F.READING, F.SHARED):
            away.add("tiers")
        if item.formula in (F.READING, F.SHARED, F.ONCE, F.DEPOSIT):
            away.add("by_days")
        if item.formula in (F.ONCE, F.DEPOSIT):
            away.add("due_days")
        for name in away:
            del self.fields[name]

    def clean_tiers(self):
        try:
            return rules.read_tiers(self.cleaned_data["tiers"])
        except rules.WrongLine as problem:
            raise forms.ValidationError(str(problem)) from problem

    def clean_rate(self):
        rate = self.cleaned_data["rate"]
        if rate is None:
            raise forms.ValidationError(_("A late fee needs its rate per day."))
        if not 0 < rate < 100:
            raise forms.ValidationError(_("More than 0 and less than 100."))
        return rate

    def clean_cap(self):
        cap = self.cleaned_data["cap"]
        if cap is not None and cap <= 0:
            raise forms.ValidationError(_("More than 0, or empty."))
        return cap

    def clean(self):
        values = super().clean()
        first, last = values.get("from_on"), values.get("until_on")
        if first and last and last < first:
            self.add_error("until_on", _("The last day lies before the first."))
        if (
            "price" in self.fields
            and values.get("price") is None
            and not values.get("tiers")
            and "price" not in self.errors
        ):
            self.add_error("price", _("Write the price."))
        return values

    @property
    def draft(self):
        """The standard as typed, not saved."""
        values = self.cleaned_data
        last = values.get("until_on")
        until = last + timedelta(days=1) if last else None
        from psycopg.types.range import DateRange  # what the database gives for a period

        return Standard(
            estate_id=self.item.estate_id,
            item=self.item,
            period=DateRange(values["from_on"], until),
            document=values["document"],
            unit_kind=values["unit_kind"],
            use=values["use"].strip(),
            building=values["building"],
            price=values.get("price") or 0,
            by_days=values.get("by_days", True),
            due_days=values.get("due_days") or 0,
            rate=values["rate"] / 100 if values.get("rate") else None,
            grace_days=values.get("grace_days") or 0,
            cap=values.get("cap"),
        )


class EndForm(Form):
    """The last day something holds."""

    versioned = True
    last_day = DateField(label=gettext_lazy("Last day"), validators=DAYS)

    @property
    def until(self):
        return self.cleaned_data["last_day"] + timedelta(days=1)


class _Days(Form):
    def __init__(self, *args, unit, **kwargs):
        self.unit = unit
        super().__init__(*args, **kwargs)
        items = Item.objects.filter(estate=unit.estate_id, is_active=True)
        self.fields["item"].queryset = items.exclude(formula__in=[F.ONCE, F.DEPOSIT, F.LATE])

    def clean(self):
        values = super().clean()
        first, last = values.get("from_on"), values.get("until_on")
        if first and last and last < first:
            self.add_error("until_on", _("The last day lies before the first."))
        return values

    @property
    def period(self):
        last = self.cleaned_data["until_on"]
        return self.cleaned_data["from_on"], last + timedelta(days=1) if last else None


class AdjustmentForm(_Days):
    widths = {"item": 6, "percent": 6, "from_on": 6, "until_on": 6}
    item = forms.ModelChoiceField(Item.objects.none(), label=gettext_lazy("Fee item"))
    percent = DecimalField(label=gettext_lazy("Pays"), suffix="%", min_value=0, max_value=100, max_digits=5)
    from_on = DateField(label=gettext_lazy("From"), validators=DAYS)
    until_on = DateField(label=gettext_lazy("Last day"), required=False, validators=DAYS)
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300)


class PayerForm(_Days):
    widths = {"item": 6, "person": 6, "from_on": 6, "until_on": 6}
    item = forms.ModelChoiceField(
        Item.objects.none(),
        label=gettext_lazy("Fee item"),
        required=False,
        empty_label=gettext_lazy("every fee"),
    )
    # Translators: 付款人
    person = forms.ModelChoiceField(Person.objects.none(), label=gettext_lazy("Payer"), widget=Choose)
    from_on = DateField(label=gettext_lazy("From"), validators=DAYS)
    until_on = DateField(label=gettext_lazy("Last day"), required=False, validators=DAYS)
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300, required=False)

    def __init__(self, *args, unit, **kwargs):
        super().__init__(*args, unit=unit, **kwargs)
        known = Person.objects.filter(estate=unit.estate_id, occupancies__unit=unit).distinct().order_by("pk")
        self.fields["person"].queryset = known
        self.fields["person"].help_text = _("People of this unit. Enter a tenant in the register first.")
