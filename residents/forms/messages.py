"""A message written by hand to one person (SPEC §10)."""

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from office.forms import Form, Pills
from office.models import Message
from residents import reach

LABELS = dict(Message.Channel.choices)


class MessageForm(Form):
    """How it goes, and what it says. A way that is closed to this person stands there with its reason."""

    channel = forms.ChoiceField(label=gettext_lazy("How"), widget=Pills)
    title = forms.CharField(
        label=gettext_lazy("Subject of an e-mail, heading of a letter"), max_length=200, required=False
    )
    body = forms.CharField(
        label=gettext_lazy("Text"), max_length=2000, widget=forms.Textarea({"rows": 6, "autofocus": True})
    )
    keyed = True

    def __init__(self, *args, person, phone, unit, estate, **kwargs):
        self.closed = {
            way: reach.why_not(person, way, phone=phone, unit=unit, estate=estate) for way in reach.WAYS
        }
        self.open = [way for way in reach.WAYS if not self.closed[way]]
        super().__init__(*args, **kwargs)
        self.fields["channel"].choices = [(way, LABELS[way]) for way in self.open]
        self.fields["channel"].initial = self.open[0] if self.open else None
        self.fields["channel"].help_text = " ".join(
            f"{LABELS[way]}: {reason}" for way, reason in self.closed.items() if reason
        )

    def clean(self):
        super().clean()
        values = self.cleaned_data
        channel = values.get("channel")
        if channel in (Message.Channel.EMAIL, Message.Channel.PAPER) and not values.get("title", "").strip():
            self.add_error("title", _("An e-mail or a letter needs a heading."))
        return values
