"""回訪: what the person who reported says (SPEC §4.4)."""

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from office.forms import Form, Pills
from tickets.models import CallbackTry, ComplaintCall


class CallbackForm(Form):
    """Result by one key. Why somebody is not satisfied must be written down."""

    keyed = True
    ANSWERS = [
        ("satisfied", gettext_lazy("satisfied")),
        ("not_satisfied", gettext_lazy("not satisfied")),
        ("not_reached", gettext_lazy("not reached")),
    ]

    outcome = forms.ChoiceField(label=gettext_lazy("Result"), choices=ANSWERS, widget=Pills(keys=True))
    how = forms.ChoiceField(
        label=gettext_lazy("How"),
        choices=CallbackTry.How.choices,
        initial=CallbackTry.How.PHONE,
        widget=Pills,
    )
    score = forms.TypedChoiceField(
        label=gettext_lazy("Score"),
        choices=[("", gettext_lazy("none")), *[(str(n), str(n)) for n in range(5, 0, -1)]],
        coerce=int,
        empty_value=None,
        required=False,
        widget=Pills,
    )
    remark = forms.CharField(
        label=gettext_lazy("What was said"),
        max_length=2000,
        required=False,
        widget=forms.Textarea({"rows": 2, "maxlength": None}),
    )

    def __init__(self, *args, on_site=False, **kwargs):
        super().__init__(*args, **kwargs)
        if on_site:
            self.fields["how"].initial = CallbackTry.How.SITE

    def clean(self):
        super().clean()
        data = self.cleaned_data
        if data.get("outcome") == CallbackTry.Outcome.NOT_SATISFIED and not data.get("remark"):
            self.add_error("remark", _("Write down what is not right: the technician reads it."))
        if data.get("outcome") == CallbackTry.Outcome.NOT_REACHED:
            data["score"] = None
        return data


class ComplaintCallForm(CallbackForm):
    """The callback of a complaint; who is not satisfied says whether the harm has come back (SPEC §5.3)."""

    harm_now = forms.BooleanField(label=gettext_lazy("The harm is still going on"), required=False)

    def __init__(self, *args, on_site=False, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["how"].choices = ComplaintCall.How.choices


class UnreachableForm(Form):
    versioned = True

    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300)
