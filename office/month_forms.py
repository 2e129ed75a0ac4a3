"""What is written and signed on the monthly report."""

import zlib

from django import forms
from django.utils.translation import gettext_lazy as _

from office.forms import Form, SignatureField

SUMMARY = "summary"
LONGEST = 4_000


def _area(rows):
    return forms.Textarea({"rows": rows})


class MonthForm(Form):
    """The texts of a report: a summary, a remark for each part, an analysis for each recurring issue."""

    versioned = True

    def __init__(self, *args, report, parts, **kwargs):
        super().__init__(*args, version=report.version, **kwargs)
        self.issues = {}
        self._text(SUMMARY, _("Summary of the month"), 4, report)
        for part in parts:
            self._text(part.key, _("What has to be said about it"), 3, report)
            for one in part.issues:
                name = f"analysis_{zlib.crc32(one['key'].encode()):x}"
                self.issues[name] = one["key"]
                self.fields[name] = forms.CharField(
                    label=_("Cause, and what is done about it"), required=False, max_length=LONGEST, widget=_area(2),
                    initial=report.analyses.get(one["key"], ""),
                )  # fmt: skip
                one["field"] = self[name]
            part.field = self[f"text_{part.key}"]

    def _text(self, key, label, rows, report):
        self.fields[f"text_{key}"] = forms.CharField(
            label=label,
            required=False,
            max_length=LONGEST,
            widget=_area(rows),
            initial=report.texts.get(key, ""),
        )

    @property
    def summary(self):
        return self[f"text_{SUMMARY}"]

    @property
    def texts(self):
        data = self.cleaned_data
        return {name.removeprefix("text_"): data[name] for name in data if name.startswith("text_")}

    @property
    def analyses(self):
        return {key: self.cleaned_data[name] for name, key in self.issues.items()}


class SignForm(Form):
    """One's signature under exactly the figures that were shown."""

    versioned = True

    mark = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)
    signature = SignatureField(
        label=_("Your signature"),
        help_text=_("Where drawing is impossible, your name and the time stand for it."),
    )


class SendBackForm(Form):
    versioned = True

    reason = forms.CharField(label=_("What has to be changed"), max_length=500, widget=_area(3))
