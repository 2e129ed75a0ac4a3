"""Fields that several forms of the gate share."""

from django import forms
from django.urls import reverse
from django.utils.translation import gettext as _

from office import places, search
from office.forms import Choose
from office.models import Unit
from residents import rules


class PlateField(forms.CharField):
    """A number plate in any spelling; cleans to the one that is kept and compared."""

    def __init__(self, **kwargs):
        attrs = {"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        super().__init__(**{"max_length": 24, "widget": forms.TextInput(attrs), **kwargs})

    def clean(self, value):
        value = super().clean(value)
        if not value:
            return ""
        plate = rules.plain_plate(value)
        if not plate:
            raise forms.ValidationError(
                _("This is not a number plate. Write it like 粤B12345."), code="invalid"
            )
        return plate


def unit_by_words(estate, text, kinds=None):
    """The unit people mean by what they typed: its code in any usual spelling; None unless exactly one."""
    rows = Unit.objects.filter(estate=estate)
    if kinds:
        rows = rows.filter(kind__in=kinds)
    if exact := rows.filter(code__iexact=text.strip()).first():
        return exact
    if len(found := list(rows.filter(code_key=places.code_key(text))[:2])) == 1:
        return found[0]
    ids = [hit.subject_id for hit in search.find([estate.pk], text, kinds=["unit"], limit=10)]
    found = list(rows.filter(pk__in=ids)[:2])
    return found[0] if len(found) == 1 else None


class UnitField(forms.CharField):
    """A unit, searched by typing or written as on the door; cleans to the Unit."""

    def __init__(self, *, estate, kinds=None, typed=False, **kwargs):
        self.estate, self.kinds = estate, kinds
        if typed:  # on the telephone: a plain box, whatever the door says
            attrs = {"autocomplete": "off", "spellcheck": "false"}
            kwargs.setdefault("widget", forms.TextInput(attrs))
        else:
            query = f"?kind={kinds[0]}" if kinds else ""
            kwargs.setdefault("widget", Choose(search_url=reverse("residents:units_suggest") + query))
        super().__init__(max_length=80, **kwargs)

    def prepare_value(self, value):
        if isinstance(value, Unit):
            value = value.code
        if isinstance(self.widget, Choose):
            self.widget.choices = [("", "")] + ([(value, value)] if value else [])
        return value

    def clean(self, value):
        value = super().clean(value)
        if not value:
            return None
        unit = unit_by_words(self.estate, value, self.kinds)
        if unit is None:
            raise forms.ValidationError(
                _("“%(text)s” is no unit of this estate, or several. Write it as on the door: 3-2-1201."),
                params={"text": value[:40]}, code="unknown",
            )  # fmt: skip
        return unit
