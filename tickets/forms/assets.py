"""公共設施: what may break that belongs to everybody (SPEC §4.5), and the plans that keep it running (§4.7)."""

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from office.forms import Choose, DateInput, Form, ModelForm, Pills
from office.models import Building, Staff
from tickets.forms.fields import PastTimeField
from tickets.models import Asset, Category, Plan


class AssetForm(ModelForm):
    """`code` is what stands on the machine."""

    widths = {
        "code": 4, "kind": 4, "building": 4, "name_zh_hant": 4, "name_zh_hans": 4, "name_en": 4, "place": 6, "maker": 6,
        "serial": 4, "installed_on": 4, "certificate_until": 4, "contractor": 6, "is_active": 6,
    }  # fmt: skip

    class Meta:
        model = Asset
        fields = [
            "code", "kind", "building", "name_zh_hant", "name_zh_hans", "name_en", "place", "maker",
            "serial", "installed_on", "contractor", "certificate_until", "is_active",
        ]  # fmt: skip
        widgets = {"installed_on": DateInput(quick=""), "certificate_until": DateInput(quick="")}

    def __init__(self, *args, estate, **kwargs):
        self.estate = estate
        super().__init__(*args, **kwargs)
        self.fields["building"].queryset = Building.objects.filter(estate=estate)

    def clean_code(self):
        code = self.cleaned_data["code"].strip()
        taken = Asset.objects.filter(estate=self.estate, code=code).exclude(pk=self.instance.pk)
        if taken.exists():
            raise forms.ValidationError(_("Another facility has the code %(code)s."), params={"code": code})
        return code


class PlanForm(ModelForm):
    """What is done on which facility, how often, from which day on, by whom."""

    keyed = True
    versioned = True
    widths = {
        "asset": 6,
        "title": 6,
        "number": 3,
        "every": 5,
        "starts_on": 4,
        "category": 6,
        "responsible": 6,
    }

    class Meta:
        model = Plan
        fields = ["asset", "title", "number", "every", "starts_on", "category", "responsible", "checks"]
        widgets = {
            "asset": Choose,
            "category": Choose,
            "responsible": Choose,
            "every": Pills,
            "starts_on": DateInput(quick="today 7 30"),
            "checks": forms.Textarea({"rows": 6}),
        }

    def __init__(self, *args, estate, **kwargs):
        self.estate = estate
        super().__init__(*args, **kwargs)
        fields = self.fields
        fields["asset"].queryset = Asset.objects.filter(estate=estate, is_active=True)
        fields["category"].queryset = Category.objects.filter(
            estate=estate, is_active=True, stream=Category.Stream.PREVENTIVE
        )
        posted = Staff.objects.filter(
            is_active=True,
            postings__estate=estate,
            postings__role__in=("lead", "supervisor", "director", "clerk"),
        )
        fields["responsible"].queryset = posted.distinct().order_by("name")
        fields["every"].choices = Plan.Every.choices
        fields["number"].validators += [MinValueValidator(1), MaxValueValidator(52)]
        fields["number"].widget.attrs.update(min=1, max=52)
        fields["checks"].help_text = _("Printed on the work order with a box for each line.")

    def clean_number(self):
        number, every = self.cleaned_data["number"], self.data.get(self.add_prefix("every"))
        if every == Plan.Every.YEAR and number > 10:
            raise forms.ValidationError(_("At most every ten years."))
        return number


class ServiceForm(Form):
    """Since when a facility is out of service or back, and why."""

    widths = {"at": 6}
    fixed: tuple[tuple[str, str], ...] = ()  # (name, value) sent along unseen: which of the two it is
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300)

    def __init__(self, *args, now, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["at"] = PastTimeField(now=now, label=gettext_lazy("Since"), initial=now)
        self.order_fields(["at", "reason"])


class StopPlanForm(Form):
    """For a while, or for good."""

    versioned = True
    END = (("pause", gettext_lazy("for a while")), ("end", gettext_lazy("for good")))
    end = forms.ChoiceField(label=gettext_lazy("Stop"), choices=END, initial="pause", widget=Pills)
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300)
