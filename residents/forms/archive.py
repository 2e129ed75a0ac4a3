"""存檔: what a file is, and whose."""

from typing import cast

from django import forms
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from office.forms import AttachmentsField, Form


class FileForm(Form):
    """Files for the archive. `kinds`: those in use; `people`: today's occupancies of the unit."""

    keyed = True
    kind: forms.ModelChoiceField = forms.ModelChoiceField(label=gettext_lazy("Document"), queryset=None)
    person = forms.TypedChoiceField(
        label=gettext_lazy("Whose"), coerce=int, required=False, empty_value=None,
        help_text=gettext_lazy("For documents of one person: identity copies, leases, powers of attorney."),
    )  # fmt: skip
    widths = {"kind": 6, "person": 6}

    def __init__(self, *args, kinds, people, **kwargs):
        self.people = {one.person_id: one.person for one in people}
        super().__init__(*args, **kwargs)
        cast(forms.ModelChoiceField, self.fields["kind"]).queryset = kinds
        cast(forms.TypedChoiceField, self.fields["person"]).choices = [
            ("", _("the unit")),
            *((pk, person.local_name) for pk, person in self.people.items()),
        ]
        self.fields["file_ids"] = AttachmentsField(upload_url=reverse("office:upload"), required=True)

    def clean(self):
        values = super().clean() or {}
        kind = values.get("kind")
        if kind is not None and kind.per_person and not values.get("person"):
            self.add_error("person", _("Say whose document it is."))
        return values


class KindForm(Form):
    kind: forms.ModelChoiceField = forms.ModelChoiceField(
        label=gettext_lazy("Document"), queryset=None, required=False, empty_label=gettext_lazy("not said")
    )

    def __init__(self, *args, kinds, **kwargs):
        super().__init__(*args, **kwargs)
        cast(forms.ModelChoiceField, self.fields["kind"]).queryset = kinds
