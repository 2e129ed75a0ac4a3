"""Forms as people see them: one field markup, errors that say where, warnings that can be confirmed.

`Renderer` is Django's FORM_RENDERER: every form of the house, allauth's included, is drawn by the templates
under `_ui/forms/`. Forms never save; a view hands `cleaned_data` to one action.
"""

import base64
import hashlib
import uuid
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.forms.renderers import DjangoTemplates
from django.template.loader import get_template
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from office import files
from office.refusals import Refused

CHECKS = (forms.CheckboxInput,)
CHOICES = (forms.RadioSelect, forms.CheckboxSelectMultiple)


class BoundField(forms.BoundField):
    """Gives each widget its Tabler class and `required`/error marks, whoever wrote the form."""

    def build_widget_attrs(self, attrs, widget=None):
        widget = widget or self.field.widget
        attrs = super().build_widget_attrs(attrs, widget)
        if widget.is_hidden:
            return attrs
        if isinstance(widget, CHECKS):
            css = "form-check-input"
        elif isinstance(widget, CHOICES):
            css = "form-selectgroup-input" if getattr(widget, "pills", False) else "form-check-input"
        elif isinstance(widget, forms.Select):
            css = "form-select"
        else:
            css = "form-control"
        if self.errors:
            css += " is-invalid"
        given = widget.attrs.get("class", "")
        attrs["class"] = f"{css} {given}".strip()
        return attrs

    @property
    def is_check(self):
        """A single tick stands before its label."""
        return isinstance(self.field.widget, CHECKS)

    @property
    def is_group(self):
        """Radios and ticks need a fieldset with a legend."""
        return self.field.widget.use_fieldset

    @property
    def is_pills(self):
        return getattr(self.field.widget, "pills", False)

    @property
    def suffix(self):
        """Unit behind the input, such as minutes or m²."""
        return getattr(self.field, "suffix", "")

    @property
    def prefix_text(self):
        return getattr(self.field, "prefix_text", "")

    @property
    def column(self):
        """Grid class; a form's `widths` counts twelfths from tablet width up."""
        width = getattr(self.form, "widths", {}).get(self.name) or getattr(self.field, "width", 12)
        return "col-12" if width == 12 else f"col-12 col-sm-{width}"

    @property
    def key(self):
        """Key that puts the cursor here, shown on the label."""
        return getattr(self.field, "key", "")


class Renderer(DjangoTemplates):
    """Our templates for forms and fields, Django's own for the bare widgets."""

    form_template_name = "_ui/forms/form.html"
    formset_template_name = "_ui/forms/formset.html"
    field_template_name = "_ui/forms/field.html"
    bound_field_class = BoundField

    def get_template(self, template_name):
        if template_name.startswith(("django/", "django_filters/")):
            return super().get_template(template_name)
        return get_template(template_name)


# --- widgets -----------------------------------------------------------------------------------------------


class DateInput(forms.DateInput):
    """The browser's own date picker, with quick buttons for the usual days."""

    input_type = "date"

    def __init__(self, attrs=None, quick="today tomorrow"):
        super().__init__({"data-quick": quick, **(attrs or {})}, format="%Y-%m-%d")


class DateTimeInput(forms.DateTimeInput):
    """The browser's own date and time picker; local time of the estate, minutes."""

    input_type = "datetime-local"

    def __init__(self, attrs=None, quick="now"):
        super().__init__({"data-quick": quick, **(attrs or {})}, format="%Y-%m-%dT%H:%M")


class TimeInput(forms.TimeInput):
    input_type = "time"

    def __init__(self, attrs=None):
        super().__init__({"step": "300", **(attrs or {})}, format="%H:%M")


class PhoneInput(forms.TextInput):
    input_type = "tel"

    def __init__(self, attrs=None):
        super().__init__({"autocomplete": "off", "inputmode": "tel", **(attrs or {})})


class DecimalInput(forms.TextInput):
    """Text with a number keypad: no spinner, no scroll-wheel accidents, full-width digits accepted."""

    def __init__(self, attrs=None):
        super().__init__(
            {"inputmode": "decimal", "autocomplete": "off", "class": "text-end", **(attrs or {})}
        )


class Choose(forms.Select):
    """A select that is searched by typing; `search_url` answers `?q=` with `[{"value", "text", "hint"}]`."""

    def __init__(self, attrs=None, choices=(), search_url=None):
        extra = {"data-choose": ""}
        if search_url is not None:  # not its truth: a lazy address must not be worked out while URLs load
            extra["data-search-url"] = search_url
        super().__init__({**extra, **(attrs or {})}, choices)


class ChooseMany(forms.SelectMultiple):
    def __init__(self, attrs=None, choices=(), search_url=None):
        extra = {"data-choose": ""}
        if search_url is not None:  # not its truth: a lazy address must not be worked out while URLs load
            extra["data-search-url"] = search_url
        super().__init__({**extra, **(attrs or {})}, choices)


class Pills(forms.RadioSelect):
    """Few choices side by side as large buttons; keys 1–9 choose when `keys` is set (callback results)."""

    pills = True
    template_name = "_ui/forms/pills.html"
    option_template_name = "_ui/forms/pill.html"

    def __init__(self, attrs=None, choices=(), keys=False):
        super().__init__(attrs, choices)
        self.keys = keys

    def create_option(self, name, value, label, selected, index, subindex=None, attrs=None):
        option = super().create_option(name, value, label, selected, index, subindex, attrs)
        option["key"] = str(index + 1) if self.keys and index < 9 else ""
        return option


class PillsMany(forms.CheckboxSelectMultiple):
    pills = True
    template_name = "_ui/forms/pills.html"
    option_template_name = "_ui/forms/pill.html"


class Attachments(forms.Widget):
    """Pick, paste, drop or photograph; each file goes to `upload_url` at once, its id comes back into the form.

    The value is a list of file ids (texts). Files already there are shown from `existing`.
    """

    template_name = "_ui/forms/attachments.html"

    def __init__(self, attrs=None, upload_url="", accept="image/*,application/pdf", camera=True):
        super().__init__(attrs)
        self.upload_url, self.accept, self.camera = upload_url, accept, camera
        self.existing = ()

    def get_context(self, name, value, attrs):
        context = super().get_context(name, value, attrs)
        context["widget"].update(
            upload_url=self.upload_url,
            accept=self.accept,
            camera=self.camera,
            existing=self.existing,
            ids=list(value or []),
        )
        return context

    def value_from_datadict(self, data, files, name):
        return data.getlist(name) if hasattr(data, "getlist") else data.get(name, [])

    def value_omitted_from_data(self, data, files, name):
        return False

    def id_for_label(self, id_):
        return f"{id_}_pick" if id_ else id_


class Signature(forms.Widget):
    """A field to sign with finger or mouse; the value is a PNG data address. Without script nothing can be drawn."""

    template_name = "_ui/signature.html"
    use_fieldset = True

    def id_for_label(self, id_):
        return ""


class WindowWidget(forms.MultiWidget):
    """A day, from, to."""

    template_name = "_ui/forms/window.html"
    use_fieldset = True

    def __init__(self, attrs=None):
        super().__init__({"day": DateInput(), "from": TimeInput(), "to": TimeInput()}, attrs)

    def decompress(self, value):
        if not value:
            return [None, None, None]
        start, end = value
        start = timezone.localtime(start) if start and timezone.is_aware(start) else start
        end = timezone.localtime(end) if end and timezone.is_aware(end) else end
        return [start and start.date(), start and start.time(), end and end.time()]

    def get_context(self, name, value, attrs):
        context = super().get_context(name, value, attrs)
        labels = [_("Day"), _("From"), _("To")]
        for part, label in zip(context["widget"]["subwidgets"], labels, strict=True):
            part["attrs"]["aria-label"] = label
            part["attrs"]["class"] = "form-control"
        return context


# --- fields ------------------------------------------------------------------------------------------------


class DateField(forms.DateField):
    widget = DateInput


class DateTimeField(forms.DateTimeField):
    widget = DateTimeInput

    def __init__(self, **kwargs):
        super().__init__(input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"], **kwargs)


class PhoneField(forms.CharField):
    widget = PhoneInput

    def __init__(self, **kwargs):
        super().__init__(**{"max_length": 40, **kwargs})


class DecimalField(forms.DecimalField):
    """Money and quantities. Full-width digits and grouping commas are what people paste; both are read."""

    widget = DecimalInput

    def __init__(self, *, suffix="", prefix_text="", **kwargs):
        super().__init__(**{"localize": False, "max_digits": 12, "decimal_places": 2, **kwargs})
        self.suffix, self.prefix_text = suffix, prefix_text

    def widget_attrs(self, widget):
        return {}  # no min/max/step: the widget is text

    def to_python(self, value):
        if isinstance(value, str):
            value = value.translate(_HALF_WIDTH).replace(",", "").replace(" ", "")
        return super().to_python(value)


_HALF_WIDTH = {0xFF10 + digit: 0x30 + digit for digit in range(10)} | {0xFF0E: ".", 0xFF0C: ",", 0xFF0D: "-"}


class AttachmentsField(forms.Field):
    """Ids of files already uploaded; the view's action ties them to the row after checking whose they are."""

    widget = Attachments

    def __init__(self, *, upload_url="", accept="image/*,application/pdf", camera=True, **kwargs):
        kwargs.setdefault("widget", Attachments(upload_url=upload_url, accept=accept, camera=camera))
        super().__init__(**{"required": False, "label": _("Photos and files"), **kwargs})

    def clean(self, value):
        ids = [part for part in (value or []) if part]
        if self.required and not ids:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        return ids


class SignatureField(forms.Field):
    """What was drawn, as the bytes of a picture examined like any file that comes in; empty when nothing was.

    Where drawing is impossible the name is typed: the form that wants one of the two says so.
    """

    widget = Signature
    HEAD = "data:image/png;base64,"
    MOST = 400_000  # characters

    def __init__(self, **kwargs):
        super().__init__(**{"required": False, "label": _("Signature"), **kwargs})

    def clean(self, value):
        value = super().clean(value)
        if not value:
            return b""
        unreadable = forms.ValidationError(_("The signature cannot be read. Sign again."), code="invalid")
        if not value.startswith(self.HEAD) or len(value) > self.MOST:
            raise unreadable
        try:
            return files.examine(base64.b64decode(value[len(self.HEAD) :], validate=True))[0]
        except (ValueError, Refused) as problem:
            raise unreadable from problem


class WindowField(forms.MultiValueField):
    """A time window on one day: (start, end) as aware datetimes, or None when left empty.

    Ending before it starts is an error here; being in the past is for the rule of the caller.
    """

    widget = WindowWidget

    def __init__(self, **kwargs):
        super().__init__(
            fields=[forms.DateField(), forms.TimeField(), forms.TimeField()],
            require_all_fields=False,
            **kwargs,
        )
        for field in self.fields:
            field.required = False

    def clean(self, value):
        parts = [part for part in (value or []) if part not in (None, "")]
        if not parts and not self.required:
            return None
        return super().clean(value)

    def compress(self, values):
        if not values or not any(values):
            return None
        day, start, end = [*values, None, None, None][:3]
        if not (day and start and end):
            raise forms.ValidationError(_("Give the day and both times of the window."), code="incomplete")
        if end <= start:
            raise forms.ValidationError(_("The window must end after it starts."), code="order")
        zone = timezone.get_current_timezone()
        return (
            datetime.combine(day, start, tzinfo=zone),
            datetime.combine(day, end, tzinfo=zone),
        )


# --- the base form -----------------------------------------------------------------------------------------


class DeskForm(forms.BaseForm):
    """What every form of the house can do besides Django's.

    - `widths = {"phone": 4}`: twelfths of the row for each field (default 12).
    - `sections = [(title, ["name", …]), …]`: optional headings; fields not named come last.
    - `keyed = True`: a hidden `form_key`, new for every page shown, stored by the action in the transaction of
      its effect, so that a form sent twice acts once.
    - `versioned = True` and `version=row.version`: a hidden `version`; the action refuses a stale page.
    - `self.warn(field, text)` in `clean`: unusual, not wrong. The form stops once and asks; the tick counts only
      for exactly the warnings that were shown.
    """

    fields: dict[str, Any]  # of many kinds; each form knows its own
    widths: dict[str, int] = {}
    sections: tuple | list = ()
    keyed = False
    versioned = False

    def __init__(self, *args, version=None, **kwargs):
        self.warnings = []
        super().__init__(*args, **kwargs)
        if self.keyed:
            self.fields["form_key"] = forms.UUIDField(
                widget=forms.HiddenInput, required=False, initial=uuid.uuid4
            )
        if self.versioned or version is not None:
            self.fields["version"] = forms.IntegerField(
                widget=forms.HiddenInput, required=False, initial=version
            )

    def warn(self, field, text):
        """Note something unusual; `field` None means the form as a whole."""
        self.warnings.append((field, text))

    @property
    def warnings_mark(self):
        """Fingerprint of the warnings shown; the tick sends it back."""
        lines = "\n".join(f"{field}:{text}" for field, text in self.warnings)
        return hashlib.sha256(lines.encode()).hexdigest()[:16]

    def full_clean(self):
        self.warnings = []
        super().full_clean()
        if not self.is_bound or not self.warnings or self.errors:
            return
        if self.data.get(self.add_prefix("confirm_warnings")) != self.warnings_mark:
            self.add_error(
                None, forms.ValidationError(_("Please check what is unusual below."), code="warning")
            )

    @property
    def warning_lines(self):
        """(label, id to jump to, text) of each warning."""
        lines = []
        for name, text in self.warnings:
            bound = self[name] if name else None
            lines.append((bound.label if bound else "", bound.id_for_label if bound else "", text))
        return lines

    @property
    def confirm_name(self):
        return self.add_prefix("confirm_warnings")

    @property
    def error_lines(self):
        """(label, id to jump to, text) of every error, for the summary above the form."""
        return error_lines(self)

    @property
    def groups(self):
        """[(title, [bound field, …])] in the order they are drawn."""
        left = list(self.visible_fields())
        groups = []
        for title, names in self.sections:
            chosen = [field for field in left if field.name in names]
            chosen.sort(key=lambda field: names.index(field.name))
            left = [field for field in left if field not in chosen]
            if chosen:
                groups.append((title, chosen))
        if left:
            groups.append(("", left))
        return groups


class Form(DeskForm, forms.Form):
    """Base of every plain form."""


class ModelForm(DeskForm, forms.ModelForm):
    """For administration pages whose fields are a row's; still handed to an action, never `save()`d."""


def error_lines(form):
    lines = []
    for name, errors in form.errors.items():
        bound = form[name] if name in form.fields else None
        for text in errors:
            if bound is not None and not bound.is_hidden:
                lines.append((bound.label, bound.id_for_label or bound.auto_id, text))
            else:
                lines.append(("", "", text))
    return lines


def next_hour(now, hours=1):
    """The next full hour, local; a sensible start for a window."""
    local = timezone.localtime(now) + timedelta(hours=hours)
    return local.replace(minute=0, second=0, microsecond=0)
