"""公共設施: what may break that belongs to everybody (SPEC §4.5)."""

from django import forms
from django.utils.translation import gettext as _

from office.forms import ModelForm
from office.models import Building
from tickets.models import Asset


class AssetForm(ModelForm):
    """`code` is what stands on the machine."""

    widths = {"code": 4, "kind": 4, "building": 4, "name_zh_hant": 4, "name_zh_hans": 4, "name_en": 4, "place": 6, "maker": 6, "in_service": 6, "is_active": 6}  # fmt: skip

    class Meta:
        model = Asset
        fields = [
            "code", "kind", "building", "name_zh_hant", "name_zh_hans", "name_en", "place", "maker", "in_service", "is_active",
        ]  # fmt: skip

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
