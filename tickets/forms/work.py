"""What comes back from the site: arrival, end and result, slips, water tests, and the crew's day."""

from datetime import datetime

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from office.forms import (
    AttachmentsField,
    ChooseMany,
    DateField,
    DateInput,
    DecimalField,
    Form,
    Pills,
    SignatureField,
    TimeInput,
)
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
    widths = {"arrived_at": 6, "ended_at": 6, "agreed_amount": 6, "consent_by": 6}

    def __init__(self, *args, now, work_order, upload_url="", needs_amount=False, currency="", **kwargs):
        super().__init__(*args, **kwargs)
        if needs_amount:
            self.fields["agreed_amount"] = DecimalField(
                label=gettext_lazy("Amount the resident agreed to"), min_value=0, prefix_text=currency
            )
            self.fields["consent_by"] = forms.CharField(
                label=gettext_lazy("Consent given by"), max_length=120
            )
        if work_order.arrived_at is None:
            self.fields["arrived_at"] = PastTimeField(now=now, label=gettext_lazy("Arrived at"))
        self.arrived_at = work_order.arrived_at
        self.fields["ended_at"] = PastTimeField(now=now, label=gettext_lazy("Work ended at"), initial=now)
        self.fields["file_ids"] = AttachmentsField(upload_url=upload_url)
        # Translators: 業主簽名
        self.fields["signature"] = SignatureField(label=gettext_lazy("Signature of the resident"))
        names = "arrived_at ended_at result agreed_amount consent_by file_ids signature signed_by"
        self.order_fields(names.split())

    result = forms.CharField(
        label=gettext_lazy("Result"), max_length=4000, widget=forms.Textarea({"rows": 3, "maxlength": None})
    )
    signed_by = forms.CharField(
        label=gettext_lazy("Signed by"), max_length=120, required=False,
        help_text=gettext_lazy("Where drawing is impossible, the name typed here stands for the signature."),
    )  # fmt: skip

    def clean(self):
        super().clean()
        data = self.cleaned_data
        arrived = data.get("arrived_at") or self.arrived_at
        if arrived and data.get("ended_at") and data["ended_at"] < arrived:
            self.add_error("ended_at", _("Work cannot end before the arrival."))
        return data


class WaterTestForm(Form):
    def __init__(self, *args, now, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["tested_at"] = PastTimeField(now=now, label=gettext_lazy("Tested at"))
        self.order_fields(["tested_at", "passed", "remark"])

    passed = forms.TypedChoiceField(
        label=gettext_lazy("Result of the test"), choices=PASSED, coerce=_yes, widget=Pills
    )
    remark = forms.CharField(label=gettext_lazy("Remark"), max_length=300, required=False)


class SlipForm(Form):
    """A returned slip in the order it is written on: number, day, arrived, ended, result, signature, test.

    The last three fields are for the rare slip: work never dispatched on screen, an amount agreed on paper.
    """

    keyed = True
    widths = {
        "number": 3, "day": 3, "arrived": 3, "ended": 3, "result": 8, "signed_by": 4, "test_passed": 4, "tested_at": 8,
        "technician": 4, "agreed_amount": 4, "consent_by": 4,
    }  # fmt: skip
    MAIN = ("number", "day", "arrived", "ended", "result", "signed_by")
    TEST = ("test_passed", "tested_at")
    RARE = ("technician", "agreed_amount", "consent_by")

    def __init__(self, *args, estate, now, technicians, **kwargs):
        self.estate, self.now = estate, now
        super().__init__(*args, **kwargs)
        self.fields["tested_at"] = PastTimeField(now=now, label=gettext_lazy("Tested at"), required=False)
        self.fields["technician"] = forms.ModelChoiceField(
            technicians, label=gettext_lazy("Technician, if never dispatched"), required=False, empty_label=""
        )
        self.order_fields([*self.MAIN, *self.TEST, *self.RARE])

    number = forms.CharField(
        label=gettext_lazy("Work order"),
        max_length=44,
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false", "autofocus": True}),
    )
    day = DateField(label=gettext_lazy("Day"), widget=DateInput(quick=""))
    arrived = forms.TimeField(label=gettext_lazy("Arrived"), widget=TimeInput({"step": "60"}))
    ended = forms.TimeField(label=gettext_lazy("Work ended"), widget=TimeInput({"step": "60"}))
    result = forms.CharField(
        label=gettext_lazy("Result"), max_length=4000, widget=forms.TextInput({"maxlength": None})
    )
    signed_by = forms.CharField(label=gettext_lazy("Signed by"), max_length=120, required=False)
    test_passed = forms.TypedChoiceField(
        label=gettext_lazy("Water test (leaks)"),
        choices=[("", gettext_lazy("none")), *PASSED],
        coerce=_yes,
        empty_value=None,
        required=False,
    )
    agreed_amount = DecimalField(label=gettext_lazy("Amount agreed on the slip"), min_value=0, required=False)
    consent_by = forms.CharField(label=gettext_lazy("Consent given by"), max_length=120, required=False)

    def groups_of(self, names):
        return [self[name] for name in names]

    @property
    def main_fields(self):
        return self.groups_of(self.MAIN)

    @property
    def test_fields(self):
        return self.groups_of(self.TEST)

    @property
    def rare_fields(self):
        return self.groups_of(self.RARE)

    def clean_number(self):
        """The whole number, the ticket's, or just its last digits: what stands on the slip."""
        typed = self.cleaned_data["number"].strip().upper()
        rows = WorkOrder.objects.filter(estate=self.estate).select_related(
            "ticket", "ticket__unit", "ticket__category"
        )
        row = (
            rows.filter(number=typed).first()
            or rows.filter(ticket__number=typed).order_by("-sequence").first()
        )
        if row is None and typed.isdecimal() and len(typed) <= 6:
            # Slips of this year or last: the year stands in small print, the number in large.
            ends = f"-{int(typed):06d}"
            row = (
                rows.filter(ended_at=None, ticket__number__endswith=ends)
                .order_by("-made_at", "-sequence")
                .first()
            )
        if row is None:
            raise forms.ValidationError(
                _("No work order of this estate has the number %(number)s."), params={"number": typed}
            )
        return row

    def clean(self):
        super().clean()
        data = self.cleaned_data
        day, zone = data.get("day"), self.estate.zone
        for name in ("arrived", "ended"):
            if day and data.get(name):
                data[f"{name}_at"] = datetime.combine(day, data[name], tzinfo=zone)
                if data[f"{name}_at"] > self.now:
                    self.add_error(name, _("This time has not come yet."))
        if data.get("arrived") and data.get("ended") and data["ended"] < data["arrived"]:
            self.add_error("ended", _("Work cannot end before the arrival."))
        self._clean_test(data)
        if data.get("agreed_amount") is not None and not data.get("consent_by"):
            self.add_error("consent_by", _("Write down who agreed to the amount."))
        return data

    def _clean_test(self, data):
        order = data.get("number")
        if data.get("test_passed") is None:
            return
        if order and not order.ticket.is_leak:
            self.add_error("test_passed", _("Only leaks are water-tested."))
        elif not data.get("tested_at") and "tested_at" not in self.errors:
            self.add_error("tested_at", _("When was it tested?"))
        elif data.get("tested_at") and data.get("ended_at") and data["tested_at"] < data["ended_at"]:
            self.add_error("tested_at", _("The test comes after the work."))


class DayForm(Form):
    """Which day and whose work orders. Nobody chosen means the whole crew."""

    widths = {"day": 4, "technician": 8}

    def __init__(self, *args, technicians, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["technician"] = forms.ModelMultipleChoiceField(
            technicians, label=gettext_lazy("Technicians"), required=False, widget=ChooseMany
        )

    day = DateField(label=gettext_lazy("Day"))
