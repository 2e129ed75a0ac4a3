"""Places, people, who lives where."""

from datetime import timedelta
from typing import cast

from django import forms
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from office import identity, phones
from office.forms import Choose, DateField, DateInput, DecimalField, Form, PhoneField, Pills
from office.models import Building, Section, Unit
from residents import reports, rules
from residents.models import Occupancy, Person

NO_ACTION = {"quick": ""}


def _today():
    return timezone.localdate()


def _code(value):
    return " ".join(value.split())


# --- places ------------------------------------------------------------------------------------------------


class BuildingForm(Form):
    code = forms.CharField(
        label=gettext_lazy("Code"), max_length=20, help_text=gettext_lazy("As people say it: 3, A, 十二座")
    )
    name = forms.CharField(label=pgettext_lazy("of a thing", "Name"), max_length=80, required=False)
    floors = forms.IntegerField(label=gettext_lazy("Floors"), min_value=1, max_value=200, required=False)
    address = forms.CharField(label=gettext_lazy("Address"), max_length=200, required=False)
    widths = {"code": 3, "name": 6, "floors": 3}

    def __init__(self, *args, estate, building=None, **kwargs):
        self.estate, self.building = estate, building
        super().__init__(*args, **kwargs)

    def clean_code(self):
        code = _code(self.cleaned_data["code"])
        if (
            Building.objects.filter(estate=self.estate, code=code)
            .exclude(pk=self.building and self.building.pk)
            .exists()
        ):
            raise forms.ValidationError(_("There is already a building %(code)s.") % {"code": code})
        return code

    @property
    def values(self):
        return {name: self.cleaned_data[name] for name in ("code", "name", "floors", "address")}


class SectionForm(Form):
    code = forms.CharField(label=gettext_lazy("Section"), max_length=20)
    floors = forms.IntegerField(label=gettext_lazy("Floors"), min_value=1, max_value=200, required=False)
    has_lift = forms.BooleanField(label=gettext_lazy("Lift"), required=False)
    widths = {"code": 5, "floors": 4, "has_lift": 3}

    def __init__(self, *args, building, section=None, **kwargs):
        self.building, self.section = building, section
        super().__init__(*args, **kwargs)

    def clean_code(self):
        code = _code(self.cleaned_data["code"])
        if self.building.sections.filter(code=code).exclude(pk=self.section and self.section.pk).exists():
            raise forms.ValidationError(_("This building already has a section %(code)s.") % {"code": code})
        return code

    @property
    def values(self):
        return {name: self.cleaned_data[name] for name in ("code", "floors", "has_lift")}


class SectionChoice(forms.ModelChoiceField):
    def label_from_instance(self, section):
        return f"{section.building.code} – {section.code}"


class UnitForm(Form):
    code = forms.CharField(
        label=gettext_lazy("Code"), max_length=40, help_text=gettext_lazy("As people say it: 3-2-1201")
    )
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=Unit.Kind.choices, initial=Unit.Kind.FLAT)
    building = forms.ModelChoiceField(label=gettext_lazy("Building"), queryset=Building.objects.none())
    section = SectionChoice(label=gettext_lazy("Section"), queryset=Section.objects.none(), required=False)
    floor = forms.CharField(label=gettext_lazy("Floor"), max_length=10, required=False)
    area = DecimalField(
        label=gettext_lazy("Gross floor area"), suffix="m²", max_digits=9, min_value=0, required=False
    )
    use = forms.CharField(label=gettext_lazy("Use"), max_length=40, required=False)
    handed_over_on = DateField(
        label=gettext_lazy("Handed over on"), required=False, widget=DateInput(quick="today"),
        help_text=gettext_lazy("The warranty runs from this day and stays with the unit on resale."),
    )  # fmt: skip
    note = forms.CharField(
        label=gettext_lazy("Note"), widget=forms.Textarea({"rows": 3}), max_length=2000, required=False
    )
    warning = forms.BooleanField(label=gettext_lazy("Show the note as a warning"), required=False)
    widths = {
        "code": 6,
        "kind": 6,
        "building": 6,
        "section": 6,
        "floor": 3,
        "area": 5,
        "use": 4,
        "handed_over_on": 6,
    }

    def __init__(self, *args, estate, unit=None, **kwargs):
        self.estate, self.unit = estate, unit
        super().__init__(*args, **kwargs)
        cast(forms.ModelChoiceField, self.fields["building"]).queryset = Building.objects.filter(
            estate=estate
        )
        cast(forms.ModelChoiceField, self.fields["section"]).queryset = (
            Section.objects.filter(building__estate=estate)
            .select_related("building")
            .order_by("building__sort_key", "sort_key")
        )

    def clean_code(self):
        code = _code(self.cleaned_data["code"])
        if Unit.objects.filter(estate=self.estate, code=code).exclude(pk=self.unit and self.unit.pk).exists():
            raise forms.ValidationError(_("There is already a unit %(code)s.") % {"code": code})
        return code

    def clean_area(self):
        area = self.cleaned_data["area"]
        if area is not None and area <= 0:
            raise forms.ValidationError(_("An area is more than 0 m²."))
        return area

    def clean(self):
        super().clean()
        values = self.cleaned_data
        section, building, day = values.get("section"), values.get("building"), values.get("handed_over_on")
        if section and building and section.building_id != building.pk:
            self.add_error(
                "section", _("This section belongs to building %(code)s.") % {"code": section.building.code}
            )
        if day and day > _today():
            self.warn("handed_over_on", _("This day is still to come."))
        return values

    @property
    def values(self):
        names = (
            "code",
            "kind",
            "building",
            "section",
            "floor",
            "area",
            "use",
            "handed_over_on",
            "note",
            "warning",
        )
        return {name: self.cleaned_data[name] for name in names}


class NoteForm(Form):
    """The note of a unit alone, on the household page."""

    versioned = True
    note = forms.CharField(
        label=gettext_lazy("Note"), widget=forms.Textarea({"rows": 3}), max_length=2000, required=False
    )
    warning = forms.BooleanField(label=gettext_lazy("Show the note as a warning"), required=False)

    def clean(self):
        super().clean()
        if self.cleaned_data.get("warning") and not self.cleaned_data.get("note") and not self.errors:
            self.add_error("note", _("A warning needs its words."))
        return self.cleaned_data


# --- people ------------------------------------------------------------------------------------------------


class IdentityFields(Form):
    """Type and number of an identity document; a number that cannot be real is refused at the field."""

    def check_identity(self, values):
        kind, number = values.get("identity_type"), values.get("identity_number")
        if not number:
            return
        if not kind:
            self.add_error("identity_type", _("Say which document this is."))
        elif sentence := identity.why_not_real(kind, number, _today()):
            self.add_error("identity_number", sentence)

    def warn_of(self, alike):
        """One warning per person who has the same number already."""
        said = {
            "phone": _("%(name)s (no. %(pk)s) has this telephone number already. Is it the same person?"),
            "identity": _("%(name)s (no. %(pk)s) has this identity number already. Is it the same person?"),
        }
        for person, why in alike:
            field = "identity_number" if why == "identity" else "phone_1"
            self.warn(field, said[why] % {"name": person.local_name, "pk": person.pk})


def _identity_number(**options):
    attrs = {"autocomplete": "off", "spellcheck": "false"}
    return forms.CharField(
        label=gettext_lazy("Identity number"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs),
        **options,
    )


class PersonForm(IdentityFields):
    """Three telephones, or one more than the person has; `new` asks for the identity document as well."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    name_en = forms.CharField(label=gettext_lazy("English name"), max_length=120, required=False)
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"), choices=Person.Kind.choices, initial=Person.Kind.PERSON, widget=Pills()
    )
    language = forms.ChoiceField(label=gettext_lazy("Preferred language"), required=False)
    gender = forms.ChoiceField(label=gettext_lazy("Gender"), required=False)
    born_on = DateField(label=gettext_lazy("Born on"), required=False, widget=DateInput(**NO_ACTION))
    identity_type = forms.ChoiceField(
        label=gettext_lazy("Identity document"),
        required=False,
        choices=[("", "—"), *Person.IdentityType.choices],
    )
    identity_number = _identity_number()
    address = forms.CharField(label=gettext_lazy("Address for letters"), max_length=200, required=False)
    email = forms.EmailField(label=gettext_lazy("E-mail"), required=False)
    contact = forms.ChoiceField(
        label=gettext_lazy("Messages"), required=False, choices=Person.Contact.choices,
        help_text=gettext_lazy("How messages of the office reach this person. Telephoning is always allowed."),
    )  # fmt: skip
    note = forms.CharField(
        label=gettext_lazy("Note"), widget=forms.Textarea({"rows": 3}), max_length=2000, required=False
    )
    warning = forms.BooleanField(label=gettext_lazy("Show the note as a warning"), required=False)
    keyed = True
    widths = {"name": 6, "name_en": 6, "kind": 6, "language": 6, "gender": 4, "born_on": 4, "identity_type": 6,
              "identity_number": 6, "address": 8, "email": 4, "contact": 6}  # fmt: skip

    def __init__(self, *args, estate, person=None, lines=(), **kwargs):
        self.estate, self.person = estate, person
        super().__init__(*args, **kwargs)
        self.count = max(2, min(len(lines) + 1, 12))
        self.widths = dict(self.widths)
        for number in range(1, self.count + 1):
            line = lines[number - 1] if number <= len(lines) else None
            self.fields[f"phone_{number}"] = PhoneField(
                label=_("Telephone %(n)s") % {"n": number}, required=False, initial=line and line.number
            )
            self.fields[f"label_{number}"] = forms.CharField(
                label=_("Whose, when"), max_length=40, required=False, initial=line and line.label
            )
            self.widths |= {f"phone_{number}": 6, f"label_{number}": 6}
        fields = Person._meta
        cast(forms.ChoiceField, self.fields["language"]).choices = [
            ("", _("as the estate")),
            *(fields.get_field("language").choices or ()),
        ]
        cast(forms.ChoiceField, self.fields["gender"]).choices = [
            ("", "—"),
            *(fields.get_field("gender").choices or ()),
        ]
        names = [name for n in range(1, self.count + 1) for name in (f"phone_{n}", f"label_{n}")]
        self.sections = (
            (_("Who"), ["name", "name_en", "kind", "language"]),
            (_("Telephones, the first is called first"), names),
            (_("Identity document"), ["identity_type", "identity_number"]),
            (_("Further"), ["gender", "born_on", "address", "email", "contact", "note", "warning"]),
        )
        if person is not None:
            del self.fields["identity_type"], self.fields["identity_number"]

    @property
    def phones(self):
        """[(number, label)] as typed, empty lines left out."""
        pairs = (
            (self.cleaned_data.get(f"phone_{n}"), self.cleaned_data.get(f"label_{n}"))
            for n in range(1, self.count + 1)
        )
        return [(number, label or "") for number, label in pairs if number]

    def clean(self):
        super().clean()
        values = self.cleaned_data
        digits = []
        for number in range(1, self.count + 1):
            typed = values.get(f"phone_{number}")
            if not typed:
                continue
            read = phones.read(typed, self.estate.country)
            if not read:
                self.add_error(f"phone_{number}", _("This is not a telephone number: 4 to 15 digits."))
            elif read in digits:
                self.add_error(f"phone_{number}", _("This number stands here twice."))
            digits.append(read)
        if values.get("born_on") and values["born_on"] > _today():
            self.add_error("born_on", _("This day is still to come."))
        self.check_identity(values)
        self.warn_of(
            reports.lookalikes(
                self.estate.pk,
                digits=[one for one in digits if one],
                identity_number=values.get("identity_number", ""),
                but=self.person and self.person.pk,
            )
        )
        return values

    @property
    def values(self):
        names = (
            "name", "name_en", "kind", "language", "gender", "born_on", "address", "email", "contact", "note", "warning",
        )  # fmt: skip
        return {name: self.cleaned_data[name] for name in names}


class IdentityForm(IdentityFields):
    """Record, replace or remove an identity number. The old one is not shown: `reveal` is for that."""

    identity_type = forms.ChoiceField(
        label=gettext_lazy("Identity document"), choices=Person.IdentityType.choices
    )
    identity_number = _identity_number(
        help_text=gettext_lazy("Left empty, the number recorded so far is removed.")
    )
    widths = {"identity_type": 6, "identity_number": 6}

    def __init__(self, *args, person, **kwargs):
        self.person = person
        super().__init__(*args, **kwargs)

    def clean(self):
        super().clean()
        values = self.cleaned_data
        self.check_identity(values)
        number = values.get("identity_number", "")
        if number:
            self.warn_of(
                reports.lookalikes(self.person.estate_id, identity_number=number, but=self.person.pk)
            )
        elif self.person.identity_sealed:
            self.warn("identity_number", _("The identity number recorded so far will be removed."))
        return values


class RevealForm(Form):
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200, min_length=2)


class LookupForm(Form):
    number = forms.CharField(
        label=gettext_lazy("Identity number"), max_length=40, min_length=4,
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
    )  # fmt: skip


# --- who lives where ---------------------------------------------------------------------------------------


class PeriodFields(Form):
    """First and last day, both included; the action wants the first day after."""

    def check_period(self, values):
        since, last = values.get("since"), values.get("last_day")
        if since and last and last < since:
            self.add_error("last_day", _("The last day lies before the first day."))
        if values.get("role", Occupancy.Role.OWNER) == Occupancy.Role.OWNER and "share" in self.fields:
            share = values.get("share")
            if share is None and "share" not in self.errors:
                self.add_error("share", _("Say which share this owner has; 100 for a sole owner."))
            elif share is not None and not 0 < share <= rules.WHOLE:
                self.add_error("share", _("An owner's share is more than 0 and at most 100 %."))

    @property
    def until(self):
        last = self.cleaned_data.get("last_day")
        return last + timedelta(days=1) if last else None


def _last_day(**options):
    return DateField(
        label=gettext_lazy("Last day"), required=options.pop("required", False),
        widget=DateInput(quick="today"), help_text=gettext_lazy("The day of transfer belongs to the new owner."),
    )  # fmt: skip


class OccupancyForm(PeriodFields):
    person = forms.IntegerField(
        label=gettext_lazy("Person"),
        error_messages={"invalid": gettext_lazy("Choose somebody from the register.")},
    )
    role = forms.ChoiceField(
        label=gettext_lazy("Role"), choices=Occupancy.Role.choices, widget=Pills(), initial="owner"
    )
    share = DecimalField(
        label=gettext_lazy("Share"), suffix="%", max_digits=7, decimal_places=4, required=False, initial=100,
        help_text=gettext_lazy("Owners only."),
    )  # fmt: skip
    since = DateField(label=gettext_lazy("First day"), widget=DateInput(quick="today"))
    last_day = _last_day()
    lives_here = forms.BooleanField(label=gettext_lazy("Lives here"), required=False, initial=True)
    keyed = True
    widths = {"person": 12, "role": 8, "share": 4, "since": 5, "last_day": 5, "lives_here": 2}

    def __init__(self, *args, unit, people, **kwargs):
        self.unit, self.people = unit, people
        super().__init__(*args, **kwargs)
        self.fields["person"].widget = Choose(search_url=reverse("residents:people_suggest"))
        chosen = self["person"].value()
        known = (
            people.filter(pk=chosen).first()
            if str(chosen or "").isdecimal() and len(str(chosen)) < 19
            else None
        )
        self.fields["person"].widget.choices = [("", "")] + ([(known.pk, known.local_name)] if known else [])

    def clean_person(self):
        person = self.people.filter(pk=self.cleaned_data["person"], estate_id=self.unit.estate_id).first()
        if person is None:
            raise forms.ValidationError(_("Choose somebody from the register."))
        return person

    def clean(self):
        super().clean()
        values = self.cleaned_data
        self.check_period(values)
        if not self.errors:
            sentence = rules.why_not_occupy(
                Occupancy.objects.filter(unit=self.unit).select_related("person"),
                person=values["person"], role=values["role"], share=values.get("share"),
                since=values["since"], until=self.until,
            )  # fmt: skip
            if sentence:
                self.add_error("share" if values["role"] == Occupancy.Role.OWNER else "since", sentence)
        return values

    @property
    def values(self):
        names = ("person", "role", "share", "since", "lives_here")
        return {name: self.cleaned_data[name] for name in names} | {"until": self.until}


class EndForm(PeriodFields):
    last_day = _last_day(required=True)

    def __init__(self, *args, occupancy, **kwargs):
        self.occupancy = occupancy
        super().__init__(*args, **kwargs)

    def clean_last_day(self):
        last = self.cleaned_data["last_day"]
        if last < self.occupancy.period.lower:
            raise forms.ValidationError(
                _("The last day lies before the first day (%(day)s).")
                % {"day": f"{self.occupancy.period.lower:%Y-%m-%d}"}
            )
        return last


class CorrectForm(PeriodFields):
    share = DecimalField(
        label=gettext_lazy("Share"), suffix="%", max_digits=7, decimal_places=4, required=False
    )
    since = DateField(label=gettext_lazy("First day"), widget=DateInput(quick="today"))
    last_day = _last_day()
    lives_here = forms.BooleanField(label=gettext_lazy("Lives here"), required=False)
    reason = forms.CharField(label=gettext_lazy("What was wrong"), max_length=200)
    widths = {"share": 4, "since": 4, "last_day": 4}

    def __init__(self, *args, occupancy, **kwargs):
        self.occupancy = occupancy
        super().__init__(*args, **kwargs)
        if occupancy.role != Occupancy.Role.OWNER:
            del self.fields["share"]

    def clean(self):
        super().clean()
        values = self.cleaned_data
        self.check_period(values)
        return values
