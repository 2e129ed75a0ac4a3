"""What an office changes in its catalogues of repairs (SPEC §1, §4.1)."""

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from office.admin_forms import CatalogueForm
from office.forms import DecimalField
from office.models import Staff
from tickets.models import Authority, Category, ComplaintCause, PriceItem, WarrantyPeriod

NAMES = ("code", "name_zh_hant", "name_zh_hans", "name_en")
COMMON = ("position", "is_active")


class CategoryForm(CatalogueForm):
    widths = {**CatalogueForm.widths, "stream": 3, "risk": 3, "department": 3, "warranty": 3}

    class Meta:
        model = Category
        fields = (*NAMES, "stream", "risk", "department", "warranty", *COMMON)
        help_texts = {"risk": _("Decides when the callback is due. Repairs taken before keep theirs.")}


class AuthorityForm(CatalogueForm):
    widths = {**CatalogueForm.widths, "department": 3, "staff": 5}

    class Meta:
        model = Authority
        fields = (*NAMES, "department", "staff", *COMMON)
        help_texts = {"staff": _("Without a name: the head of the department.")}

    def __init__(self, *args, estate, **kwargs):
        super().__init__(*args, estate=estate, **kwargs)
        posted = Staff.objects.filter(is_active=True, postings__estate=estate).distinct()
        self.fields["staff"].queryset = posted.order_by("name")


class CauseForm(CatalogueForm):
    widths = {**CatalogueForm.widths, "department": 3}

    class Meta:
        model = ComplaintCause
        fields = (*NAMES, "department", *COMMON)


class PriceForm(CatalogueForm):
    widths = {**CatalogueForm.widths, "kind": 3, "measure": 3, "price": 3}

    class Meta:
        model = PriceItem
        fields = (*NAMES, "kind", "measure", "price", *COMMON)
        field_classes = {"price": DecimalField}
        help_texts = {"price": _("Quotations already made keep their price.")}

    def clean_price(self):
        price = self.cleaned_data["price"]
        if price < 0:
            raise ValidationError(_("A price cannot be below zero."))
        return price


class WarrantyForm(CatalogueForm):
    widths = {**CatalogueForm.widths, "months": 3, "seasons": 3, "season_starts": 3, "season_ends": 3}

    class Meta:
        model = WarrantyPeriod
        fields = (*NAMES, "months", "seasons", "season_starts", "season_ends", *COMMON)

    def clean(self):
        super().clean()
        values = self.cleaned_data
        months, seasons = values.get("months"), values.get("seasons")
        if not (months or seasons) or (months and seasons):
            self.add_error("months", _("Give either months or seasons, at least 1."))
        values["months"], values["seasons"] = months or None, seasons or None
        for name in ("season_starts", "season_ends"):
            text = values.get(name, "")
            if seasons and not _is_day(text):
                self.add_error(name, _("Month and day, such as 11-15."))
            elif not seasons:
                values[name] = ""
        return values


def _is_day(text):
    found = re.fullmatch(r"(\d\d)-(\d\d)", text)
    return found is not None and 1 <= int(found[1]) <= 12 and 1 <= int(found[2]) <= 31
