"""What administrators, and people for themselves, type in."""

import re

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from office import clocks, promises, roles, series
from office.forms import Choose, DateField, Form, ModelForm, PhoneField, PillsMany, TimeInput
from office.models import Department, EscalationRule, Estate, Staff
from office.models.places import LANGUAGES
from office.models.promises import Measure

LANGUAGE_CHOICES = [("", _("as the browser asks")), *LANGUAGES]
THEME_CHOICES = [("", _("as the device")), ("light", _("light")), ("dark", _("dark"))]
DEPARTMENTS = [("", "–"), *Department.choices]
ROLES = [("", "–"), *roles.CHOICES]
username_shape = RegexValidator(
    r"^[a-z0-9][a-z0-9._-]{1,39}$",
    _("2 to 40 small letters, digits, dots, dashes; beginning with a letter or digit."),
)

ESCALATION_FIELDS = (
    "hour_minutes", "closing_hours", "day_time", "director_hours_short", "director_hours", "email_from", "sms_from",
)  # fmt: skip
STAFF_FIELDS = ("username", "name", "name_en", "phone", "email", "language")


class RowForm(ModelForm):
    """Fields of a row, checked like the row, but never written into it: the action does that under its lock."""

    def _post_clean(self):
        copy = self._meta.model(pk=self.instance.pk)
        given = [name for name in self.declared if name in self.cleaned_data]
        for name in given:
            setattr(copy, name, self.cleaned_data[name])
        kept = {field.name for field in copy._meta.fields} - set(given)
        try:
            copy.clean_fields(exclude=kept)
        except ValidationError as problem:
            self._update_errors(problem)  # type: ignore[attr-defined]  # Django's own, as in its _post_clean

    @property
    def declared(self):
        return self._meta.fields or ()

    @property
    def values(self):
        """What the action writes: the declared columns, nothing else."""
        return {name: self.cleaned_data[name] for name in self.declared if name in self.cleaned_data}


class StaffForm(RowForm):
    """An account's particulars."""

    widths = {"username": 6, "name": 6, "name_en": 6, "phone": 6, "email": 6, "language": 6}

    class Meta:
        model = Staff
        fields = STAFF_FIELDS
        field_classes = {"phone": PhoneField}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["username"].validators.append(username_shape)
        self.fields["username"].widget.attrs.update(
            autocomplete="off", autocapitalize="none", spellcheck="false"
        )
        self.fields["phone"].required = False
        self.fields["language"] = forms.ChoiceField(
            label=_("Language"), choices=LANGUAGE_CHOICES, required=False
        )
        if self.instance.pk:
            self.initial["language"] = self.instance.language

    def clean_username(self):
        name = self.cleaned_data["username"]
        taken = Staff.objects.filter(username__iexact=name).exclude(pk=self.instance.pk)
        if taken.exists():
            raise ValidationError(_("This user name is taken."))
        return name


class PostingForm(Form):
    """Where somebody works, in which department and role."""

    estate = forms.ModelChoiceField(label=_("Estate"), queryset=Estate.objects.none())
    department = forms.ChoiceField(label=_("Department"), choices=DEPARTMENTS)
    role = forms.ChoiceField(label=_("Role"), choices=ROLES)
    widths = {"estate": 4, "department": 4, "role": 4}

    def __init__(self, *args, by, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["estate"].queryset = Estate.objects.visible_to(by, "office.administer").filter(
            is_active=True
        )


class PasswordForm(Form):
    """A first or new password: typed, or left empty for one made by the machine."""

    password = forms.CharField(
        label=_("Password"),
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Leave empty to have one made; it is shown once."),
    )

    def __init__(self, *args, staff=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.staff = staff

    def clean_password(self):
        password = self.cleaned_data["password"]
        if password:
            validate_password(password, self.staff)
        return password


class NewStaffForm(PasswordForm, StaffForm):
    """A new account with its first posting and first password."""

    sections = (
        (_("Account"), STAFF_FIELDS),
        (_("First posting"), ("estate", "department", "role")),
        (_("First password"), ("password",)),
    )
    widths = {**StaffForm.widths, **PostingForm.widths, "password": 6}

    estate = forms.ModelChoiceField(label=_("Estate"), queryset=Estate.objects.none())
    department = forms.ChoiceField(label=_("Department"), choices=DEPARTMENTS)
    role = forms.ChoiceField(label=_("Role"), choices=ROLES)
    keyed = True

    class Meta(StaffForm.Meta):
        pass

    def __init__(self, *args, by, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["estate"].queryset = Estate.objects.visible_to(by, "office.administer").filter(
            is_active=True
        )


class ProfileForm(RowForm):
    """What a person sets for themselves. Forgetting the password is the administrator's business."""

    sections = (
        (_("Who you are"), ("name", "name_en", "phone", "email")),
        (_("How the screen looks and answers"), ("language", "theme", "single_keys")),
    )
    widths = {"name": 6, "name_en": 6, "phone": 6, "email": 6, "language": 6, "theme": 6}

    class Meta:
        model = Staff
        fields = ("name", "name_en", "phone", "email", "language", "theme", "single_keys")
        field_classes = {"phone": PhoneField}

    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGE_CHOICES, required=False)
    theme = forms.ChoiceField(label=_("Appearance"), choices=THEME_CHOICES, required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["phone"].required = False
        self.fields["single_keys"].help_text = _(
            "Off: only Ctrl+Enter, Ctrl+P and F2 answer (for speech input)."
        )
        self.initial.update(language=self.instance.language, theme=self.instance.theme)


ESTATE_FIELDS = (
    "code",
    "name",
    "name_en",
    "company",
    "address",
    "phone",
    "language",
    "paper",
    "copies",
    "opens_at",
    "closes_at",
    "quiet_from",
    "quiet_to",
    "time_zone",
    "currency",
    "country",
    "repeat_days",
    "recurring_count",
    "slip_days",
    "visitor_days",
    "upkeep_days",
    "certificate_days",
    "certificate_days_last",
    "reading_percent",
    "is_active",
)


class EstateForm(RowForm):
    """Letterhead, paper and clocks of an estate."""

    sections = (
        (_("Estate"), ("code", "name", "name_en")),
        (_("Letterhead"), ("company", "address", "phone")),
        (_("Paper"), ("language", "paper", "copies")),
        (_("Hours"), ("opens_at", "closes_at", "quiet_from", "quiet_to")),
        (_("Place"), ("time_zone", "currency", "country")),
        (_("Repairs"), ("repeat_days", "recurring_count")),
        # Translators: 保養
        (_("Maintenance"), ("upkeep_days", "certificate_days", "certificate_days_last")),
        # Translators: 抄表
        (_("Meter readings"), ("reading_percent",)),
        # Translators: 門崗
        (_("Gate"), ("slip_days", "visitor_days")),
        (_("State"), ("is_active",)),
    )
    widths = {
        "code": 4,
        "name": 4,
        "name_en": 4,
        "company": 6,
        "phone": 6,
        "language": 4,
        "paper": 4,
        "copies": 4,
        "opens_at": 3,
        "closes_at": 3,
        "quiet_from": 3,
        "quiet_to": 3,
        "time_zone": 4,
        "currency": 4,
        "country": 4,
        "repeat_days": 4,
        "recurring_count": 4,
        "slip_days": 4,
        "visitor_days": 4,
        "upkeep_days": 4,
        "certificate_days": 4,
        "certificate_days_last": 4,
        "reading_percent": 8,
    }

    class Meta:
        model = Estate
        fields = ESTATE_FIELDS
        field_classes = {"phone": PhoneField}
        widgets = dict.fromkeys(("opens_at", "closes_at", "quiet_from", "quiet_to"), TimeInput())

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["phone"].required = False
        self.fields["copies"].min_value = 1
        self.fields["copies"].widget.attrs.update(min=1, max=9)
        days = {"slip_days": 30, "visitor_days": 3650, "certificate_days": 365, "certificate_days_last": 90}
        for name, most in days.items():
            self.fields[name].validators += [MinValueValidator(1), MaxValueValidator(most)]
            self.fields[name].widget.attrs.update(min=1, max=most)
        self.fields["upkeep_days"].validators += [MaxValueValidator(60)]
        self.fields["upkeep_days"].widget.attrs.update(min=0, max=60)
        self.fields["reading_percent"].validators += [MaxValueValidator(1000)]
        self.fields["reading_percent"].widget.attrs.update(min=0, max=1000)
        self.fields["recurring_count"].validators += [MinValueValidator(2), MaxValueValidator(99)]
        self.fields["recurring_count"].widget.attrs.update(min=2, max=99)
        self.fields["code"].help_text = _("Short, for numbers and files; letters and digits.")
        if not self.instance.pk:
            del self.fields["is_active"]

    def clean_code(self):
        code = self.cleaned_data["code"].upper()
        if Estate.objects.filter(code__iexact=code).exclude(pk=self.instance.pk).exists():
            raise ValidationError(_("There is already an estate with this code."))
        return code

    def clean_certificate_days_last(self):
        last, first = self.cleaned_data["certificate_days_last"], self.cleaned_data.get("certificate_days")
        if first is not None and last >= first:
            raise ValidationError(_("The last reminder comes after the first: fewer days."))
        return last

    def clean_currency(self):
        currency = self.cleaned_data["currency"].upper()
        if not re.fullmatch("[A-Z]{3}", currency):
            raise ValidationError(_("Three letters, such as CNY or HKD."))
        return currency

    def clean_country(self):
        country = self.cleaned_data["country"].upper()
        if not re.fullmatch("[A-Z]{2}", country):
            raise ValidationError(_("Two letters, such as CN or HK."))
        return country

    def clean_copies(self):
        copies = self.cleaned_data["copies"]
        if not 1 <= copies <= 9:
            raise ValidationError(_("From 1 to 9 copies."))
        return copies

    def clean(self):
        super().clean()
        values = self.cleaned_data
        opens, closes = values.get("opens_at"), values.get("closes_at")
        if opens and closes and closes <= opens:
            self.add_error("closes_at", _("The office must close after it opens."))
        return values


class HeadsForm(Form):
    """Head and deputy of every department of one estate."""

    def __init__(self, *args, staff, rows, **kwargs):
        super().__init__(*args, **kwargs)
        choices = [("", "–"), *((str(person.pk), str(person)) for person in staff)]
        people = {str(person.pk): person for person in staff}
        self.departments = []
        for value, label in Department.choices:
            row = rows.get(value)
            for post, words in (("head", _("Head")), ("deputy", _("Deputy"))):
                self.fields[f"{post}_{value}"] = forms.TypedChoiceField(
                    label=words,
                    choices=choices,
                    required=False,
                    coerce=people.get,
                    empty_value=None,
                    widget=Choose(),
                    initial=str(getattr(row, f"{post}_id") or "") if row else "",
                )
            self.departments.append((value, label))
        self.sections = [
            (capfirst(label), [f"head_{value}", f"deputy_{value}"]) for value, label in self.departments
        ]
        self.widths = dict.fromkeys(self.fields, 6)

    def clean(self):
        super().clean()
        values = self.cleaned_data
        for value, _label in self.departments:
            head, deputy = values.get(f"head_{value}"), values.get(f"deputy_{value}")
            if head and deputy and head == deputy:
                self.add_error(f"deputy_{value}", _("Head and deputy must be two people."))
        return values

    @property
    def heads(self):
        values = self.cleaned_data
        return {
            value: (values[f"head_{value}"], values[f"deputy_{value}"]) for value, _label in self.departments
        }


class _DatedForm(Form):
    """Something that begins today (at once) or on a later day at 00:00."""

    def __init__(self, *args, estate, now, **kwargs):
        super().__init__(*args, **kwargs)
        self.estate, self.now = estate, now
        today = clocks.local_date(now, estate.zone)
        field = DateField(
            label=_("Valid from"), initial=today, help_text=_("Facts before this day keep the old rule.")
        )
        field.widget.attrs["min"] = today.isoformat()
        self.fields["valid_from"] = field

    def clean_valid_from(self):
        day, today = self.cleaned_data["valid_from"], clocks.local_date(self.now, self.estate.zone)
        if day < today:
            raise ValidationError(
                _("A rule cannot begin in the past: promises made under the old rule stay.")
            )
        return self.now if day == today else clocks.midnight(day, self.estate.zone)


class RuleForm(_DatedForm):
    """A promise rule's next number."""

    amount = forms.IntegerField(label=pgettext_lazy("of a rule", "Number"), min_value=0, max_value=999)
    measure = forms.ChoiceField(
        label=_("Counted in"), choices=[choice for choice in Measure.choices if choice[0] != Measure.AT]
    )
    widths = {"amount": 4, "measure": 4, "valid_from": 4}

    def clean(self):
        super().clean()
        values = self.cleaned_data
        measure, amount = values.get("measure"), values.get("amount")
        if measure == Measure.SAME_DAY:
            values["amount"] = 0
        elif amount == 0:
            self.add_error("amount", _("At least 1; for no waiting at all choose “same day”."))
        return values


class EscalationForm(_DatedForm):
    """How promises climb (SPEC §0), which kinds reach the director, and by which ways staff hear of it."""

    hour_minutes = forms.IntegerField(
        label=_("Limits in hours: warning, minutes ahead"), min_value=0, max_value=1440
    )
    closing_hours = forms.IntegerField(
        label=_("Same-day limits: warning, hours before closing"), min_value=0, max_value=23
    )
    day_time = forms.TimeField(label=_("Limits in days: warning on the due day at"), widget=TimeInput())
    director_hours_short = forms.IntegerField(
        label=_("1-hour limits: director, hours after the due time"), min_value=1, max_value=720
    )
    director_hours = forms.IntegerField(
        label=_("Other limits: director, hours after the due time"), min_value=1, max_value=720
    )
    directors = forms.MultipleChoiceField(label=_("Reach the director"), required=False, widget=PillsMany())
    email_from = forms.TypedChoiceField(
        label=_("E-mail to staff"), choices=EscalationRule.From.choices, coerce=int
    )
    sms_from = forms.TypedChoiceField(
        label=_("SMS to staff"),
        choices=EscalationRule.From.choices,
        coerce=int,
        help_text=_(
            "To colleagues with an address or telephone; limits in hours and agreed times at once, others outside the quiet hours."
        ),
    )
    widths = dict.fromkeys(
        ("hour_minutes", "closing_hours", "day_time", "director_hours_short", "director_hours", "valid_from"),
        4,
    ) | {"email_from": 6, "sms_from": 6}

    def __init__(self, *args, row, **kwargs):
        """`row`: the EscalationRule in force, None for the specification's own numbers."""
        kwargs.setdefault("initial", {}).update(
            {name: getattr(row or EscalationRule(), name) for name in ESCALATION_FIELDS}
        )
        super().__init__(*args, **kwargs)
        kinds = sorted(promises.KINDS.values(), key=lambda kind: kind.order)
        self.fields["directors"].choices = [(kind.name, capfirst(str(kind.label))) for kind in kinds]
        self.initial["directors"] = [kind.name for kind in kinds if promises.climbs(kind.name, row)]
        self.order_fields(
            [
                *("hour_minutes", "closing_hours", "day_time", "director_hours_short", "director_hours"),
                *("valid_from", "directors", "email_from", "sms_from"),
            ]
        )

    @property
    def values(self):
        """The columns of the row; of the kinds only those that differ from what the kind itself says."""
        chosen = set(self.cleaned_data["directors"])
        values = {name: self.cleaned_data[name] for name in ESCALATION_FIELDS}
        values["directors"] = {
            kind.name: kind.name in chosen
            for kind in promises.KINDS.values()
            if (kind.name in chosen) != kind.climbs_to_director
        }
        return values


class PatternForm(Form):
    """How the numbers of one kind look: prefix, year, running number of so many digits."""

    kind = forms.ChoiceField(label=_("Kind"))
    year = forms.TypedChoiceField(label=_("Year"), coerce=int)
    prefix = forms.CharField(  # type: ignore[assignment]  # a field; the metaclass takes it off the class
        label=_("Begins with"),
        max_length=8,
        validators=[
            RegexValidator(r"^[A-Z][A-Z0-9-]*$", _("Capital letters, digits and dashes; a letter first."))
        ],
    )
    digits = forms.TypedChoiceField(
        label=_("Digits"), coerce=int, choices=[(n, n) for n in range(4, 9)], initial=6
    )
    widths = {"kind": 3, "year": 3, "prefix": 3, "digits": 3}

    def __init__(self, *args, now, **kwargs):
        super().__init__(*args, **kwargs)
        year = timezone.localtime(now).year
        self.fields["kind"].choices = [(kind, series.label(kind)) for kind in series.PATTERNS]
        self.fields["year"].choices = [(n, n) for n in (year + 1, year)]
        self.fields["year"].help_text = _now("Only while no number of that year has been taken.")

    @property
    def pattern(self):
        return f"{self.cleaned_data['prefix']}{{year}}-{{n:0{self.cleaned_data['digits']}d}}"


class CatalogueForm(RowForm):
    """A catalogue row: code and names, and what the catalogue adds. Apps derive theirs from this."""

    names = ("code", "name_zh_hant", "name_zh_hans", "name_en")
    widths = {"code": 3, "name_zh_hant": 3, "name_zh_hans": 3, "name_en": 3, "position": 3}

    def __init__(self, *args, estate, **kwargs):
        super().__init__(*args, **kwargs)
        self.estate = estate
        for field in self.fields.values():
            queryset = getattr(field, "queryset", None)
            if queryset is not None and hasattr(queryset.model, "estate"):
                field.queryset = queryset.filter(estate=estate, is_active=True)
        self.fields["code"].validators.append(
            RegexValidator(r"^[A-Za-z0-9][A-Za-z0-9._-]*$", _("Letters, digits, dots and dashes only."))
        )

    def clean_code(self):
        code = self.cleaned_data["code"].upper()
        same = self._meta.model.objects.filter(estate=self.estate, code__iexact=code).exclude(
            pk=self.instance.pk
        )
        if same.exists():
            raise ValidationError(_("There is already a row with this code."))
        return code
