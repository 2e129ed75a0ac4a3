"""What an office changes in its catalogues of the register (SPEC §1)."""

from django.utils.translation import gettext_lazy as _

from office.admin_forms import CatalogueForm
from residents.models import DocumentKind


class DocumentKindForm(CatalogueForm):
    widths = {**CatalogueForm.widths, "needed": 4, "keep_years": 3, "per_person": 4, "is_identity": 4}

    class Meta:
        model = DocumentKind
        fields = (
            "code", "name_zh_hant", "name_zh_hans", "name_en", "needed", "keep_years", "per_person", "is_identity",
            "position", "is_active",
        )  # fmt: skip
        help_texts = {
            "needed": _("Where such a person is related to a unit, its archive must hold one."),
            "is_identity": _("Opens only to who may see identity numbers."),
        }

    def clean(self):
        super().clean()
        if self.cleaned_data.get("is_identity") and not self.cleaned_data.get("per_person"):
            self.add_error("per_person", _("A document that shows an identity number is somebody's."))
        return self.cleaned_data
