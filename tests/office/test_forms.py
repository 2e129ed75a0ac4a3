"""The base form: warnings are confirmed once and only for what was shown; fields read what people type."""

from datetime import datetime, timedelta
from decimal import Decimal

from django import forms as django_forms
from django.utils import timezone

from office import forms


class Visit(forms.Form):
    keyed = True
    name = django_forms.CharField()
    fee = forms.DecimalField(required=False)
    window = forms.WindowField(required=False)

    def clean(self):
        values = super().clean()
        if values.get("name") == "odd":
            self.warn("name", "Not in the register")
        return values


def test_a_warning_stops_once_and_its_tick_lets_the_form_pass():
    form = Visit({"name": "odd"})
    assert not form.is_valid()
    assert Visit({"name": "odd", "confirm_warnings": form.warnings_mark}).is_valid()
    assert not Visit({"name": "odd", "confirm_warnings": "another warning"}).is_valid()


def test_full_width_digits_and_commas_are_read():
    form = Visit({"name": "a", "fee": "１，２３４．５"})
    assert form.is_valid()
    assert form.cleaned_data["fee"] == Decimal("1234.5")


def test_a_window_is_a_pair_of_local_moments():
    form = Visit({"name": "a", "window_day": "2026-03-12", "window_from": "14:00", "window_to": "16:00"})
    assert form.is_valid(), form.errors
    start, end = form.cleaned_data["window"]
    assert start == datetime(2026, 3, 12, 14, tzinfo=timezone.get_current_timezone())
    assert end - start == timedelta(hours=2)


def test_a_window_must_be_whole_and_in_order():
    for day, start, end in [("2026-03-12", "", "16:00"), ("2026-03-12", "16:00", "14:00")]:
        form = Visit({"name": "a", "window_day": day, "window_from": start, "window_to": end})
        assert list(form.errors) == ["window"]


def test_every_page_gets_a_new_key_and_a_refused_one_keeps_it():
    first, second = (form["form_key"].value() for form in (Visit(), Visit()))
    assert first != second
    assert str(first) in str(Visit({"name": "", "form_key": str(first)}))


def test_errors_are_told_in_a_summary_and_at_the_field():
    html = str(Visit({"name": ""}))
    assert '<a href="#id_name">' in html
    assert 'id="id_name_error"' in html
    assert 'aria-describedby="id_name_error"' in html
    assert 'aria-invalid="true"' in html
