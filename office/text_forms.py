"""The words of messages, as an administrator writes them."""

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from office import texts
from office.forms import Form
from office.phrases import listed


class TextForm(Form):
    """The words of a message in one language, with {placeholders} of what the template knows."""

    title = forms.CharField(
        label=_("Subject of an e-mail, heading of a letter"), max_length=200, required=False
    )
    body = forms.CharField(label=_("Text"), max_length=2000, widget=forms.Textarea({"rows": 6}))
    versioned = True

    def __init__(self, *args, template, language, **kwargs):
        super().__init__(*args, **kwargs)
        self.template, self.language = template, language

    def clean(self):
        super().clean()
        values = self.cleaned_data
        title, body = values.get("title", ""), values.get("body", "")
        if unknown := texts.unknown(self.template.name, title):
            self.add_error("title", self._nothing_of(unknown))
        if unknown := texts.unknown(self.template.name, body):
            self.add_error("body", self._nothing_of(unknown))
        elif body and (missing := texts.left_out(self.template.name, self.language, title, body)):
            self.warn(
                "body",
                _now("The shipped text names %(names)s; yours does not.")
                % {"names": listed(f"{{{name}}}" for name in missing)},
            )
        return values

    def _nothing_of(self, names):
        return _now("This message knows nothing of %(names)s.") % {
            "names": listed(f"{{{name}}}" for name in names)
        }
