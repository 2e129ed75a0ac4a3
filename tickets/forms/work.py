"""What comes back from the site: arrival, end and result, slips, water tests, and the crew's day."""

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from office.forms import AttachmentsField, ChooseMany, DateField, Form, Pills
from tickets.forms.fields import PastTimeField
from tickets.models import WorkOrder

PASSED = [("yes", gettext_lazy("passed")), ("no", gettext_lazy("failed"))]


def _yes(value):
    return {"yes": True, "no": False}.get(value)


class ArriveForm(Form):
    def __init__(self, *args, now, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["at"] = PastTimeField(now=now, label=gettext_lazy("Arrived at"), initial=now)


class FinishForm(Form):
    """End and result of a work order; the lines stand beside it in their own formset."""

    keyed = True
    widths = {"arrived_at": 6, "ended_at": 6}

    def __init__(self, *args, now, work_order, upload_url="", **kwargs):
        super().__init__(*args, **kwargs)
        if work_order.arrived_at is None:
            self.fields["arrived_at"] = PastTimeField(now=now, label=gettext_lazy("Arrived at"))
        self.arrived_at = work_order.arrived_at
        self.fields["ended_at"] = PastTimeField(now=now, label=gettext_lazy("Work ended at"), initial=now)
        self.fields["file_ids"] = AttachmentsField(upload_url=upload_url)
        self.order_fields(["arrived_at", "ended_at", "result", "signed_by", "file_ids"])

    result = forms.CharField(
        label=gettext_lazy("Result"), max_length=4000, widget=forms.Textarea({"rows": 3, "maxlength": None})
    )
    signed_by = forms.CharField(label=gettext_lazy("Signed by"), max_length=120, required=False)

    def clean(self):
        data = super().clean()
        arrived = data.get("arrived_at") or self.arrived_at
        if arrived and data.get("ended_at") and data["ended_at"] < arrived:
            self.add_error("ended_at", _("Work cannot end before the arrival."))
        return data


class WaterTestForm(Form):
    def __init__(self, *args, now, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["tested_at"] = PastTimeField(now=now, label=gettext_lazy("Tested at"))
        self.order_fields(["tested_at", "passed", "remark"])

    passed = forms.TypedChoiceField(label=gettext_lazy("Result of the test"), choices=PASSED, coerce=_yes, widget=Pills)
    remark = forms.CharField(label=gettext_lazy("Remark"), max_length=300, required=False)


class SlipForm(Form):
    """A returned slip in the order it is written on: number, arrived, ended, result, parts, signature, test."""

    keyed = True
    widths = {"number": 4, "arrived_at": 4, "ended_at": 4, "signed_by": 4, "test_passed": 4, "tested_at": 4}

    def __init__(self, *args, estate, now, **kwargs):
        self.estate = estate
        super().__init__(*args, **kwargs)
        self.fields["arrived_at"] = PastTimeField(now=now, label=gettext_lazy("Arrived at"))
        self.fields["ended_at"] = PastTimeField(now=now, label=gettext_lazy("Work ended at"))
        self.fields["tested_at"] = PastTimeField(now=now, label=gettext_lazy("Tested at"), required=False)
        self.order_fields(["number", "arrived_at", "ended_at", "result", "signed_by", "test_passed", "tested_at"])

    number = forms.CharField(
        label=gettext_lazy("Work order"), max_length=44, widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"})
    )
    result = forms.CharField(label=gettext_lazy("Result"), max_length=4000)
    signed_by = forms.CharField(label=gettext_lazy("Signed by"), max_length=120, required=False)
    test_passed = forms.TypedChoiceField(
        label=gettext_lazy("Water test (leaks)"),
        choices=[("", gettext_lazy("none")), *PASSED],
        coerce=_yes,
        empty_value=None,
        required=False,
    )

    def clean_number(self):
        """The whole number, the ticket's, or just its last digits: what stands on the slip."""
        typed = self.cleaned_data["number"].strip().upper()
        rows = WorkOrder.objects.filter(estate=self.estate).select_related("ticket", "ticket__unit", "ticket__category")
        row = rows.filter(number=typed).first() or rows.filter(ticket__number=typed).order_by("-sequence").first()
        if row is None and typed.isdecimal() and len(typed) <= 6:
            # Slips of this year or last: the year stands in small print, the number in large.
            ends = f"-{int(typed):06d}"
            row = rows.filter(ended_at=None, ticket__number__endswith=ends).order_by("-made_at", "-sequence").first()
        if row is None:
            raise forms.ValidationError(_("No work order of this estate has the number %(number)s."), params={"number": typed})
        return row

    def clean(self):
        data = super().clean()
        if data.get("arrived_at") and data.get("ended_at") and data["ended_at"] < data["arrived_at"]:
            self.add_error("ended_at", _("Work cannot end before the arrival."))
        order = data.get("number")
        if data.get("test_passed") is not None:
            if order and not order.ticket.is_leak:
                self.add_error("test_passed", _("Only leaks are water-tested."))
            elif not data.get("tested_at") and "tested_at" not in self.errors:
                self.add_error("tested_at", _("When was it tested?"))
            elif data.get("tested_at") and data.get("ended_at") and data["tested_at"] < data["ended_at"]:
                self.add_error("tested_at", _("The test comes after the work."))
        return data


class DayForm(Form):
    """Which day and whose work orders. Nobody chosen means the whole crew."""

    widths = {"day": 4, "technician": 8}

    def __init__(self, *args, technicians, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["technician"] = forms.ModelMultipleChoiceField(
            technicians, label=gettext_lazy("Technicians"), required=False, widget=ChooseMany
        )

    day = DateField(label=gettext_lazy("Day"))
