"""投訴: what is written down while somebody complains, and at each step of its handling (SPEC §5)."""

from django import forms
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from office import clocks
from office.forms import (
    AttachmentsField,
    Choose,
    DateField,
    DateTimeField,
    DecimalField,
    Form,
    PhoneField,
    Pills,
)
from office.models import Department
from tickets import places
from tickets.forms.fields import LONGEST_AHEAD, PastTimeField, PlaceField
from tickets.forms.moves import REASON
from tickets.forms.reception import TextField
from tickets.models import Complaint, ComplaintCause

DEPARTMENTS = [("", gettext_lazy("none")), *Department.choices]
YES_NO = [("yes", gettext_lazy("yes")), ("no", gettext_lazy("no"))]
LANGUAGES = [
    ("", gettext_lazy("as registered")),
    ("zh-hant", "繁體中文"),
    ("zh-hans", "简体中文"),
    ("en", "English"),
]


def _yes(value):
    return {"yes": True, "no": False}.get(value)


class CauseField(forms.ModelChoiceField):
    """投訴原因, by its words in the reader's language."""

    def __init__(self, *, estate, **kwargs):
        rows = ComplaintCause.objects.filter(estate=estate, is_active=True)
        super().__init__(rows, widget=Choose(), empty_label="", label=gettext_lazy("Cause"), **kwargs)

    def label_from_instance(self, row):
        return row.local_name


class StaffField(forms.ModelChoiceField):
    def __init__(self, *, staff, **kwargs):
        super().__init__(staff, widget=Choose(), empty_label="", **{"required": False, **kwargs})

    def label_from_instance(self, row):
        return row.local_name


class Facts(Form):
    """What intake and correction both ask: against whom, what happened, what is asked for."""

    against = forms.ChoiceField(
        # Translators: 被投訴對象
        label=gettext_lazy("Against"), choices=Complaint.Against.choices, initial="company", widget=Pills
    )  # fmt: skip
    against_department = forms.ChoiceField(
        label=gettext_lazy("Which department"), choices=DEPARTMENTS, required=False
    )
    against_text = forms.CharField(label=gettext_lazy("Who or what"), max_length=120, required=False)
    # Translators: 事情經過
    course = TextField(label=pgettext_lazy("complaint", "What happened"), rows=4)
    # Translators: 訴求
    demand = TextField(label=gettext_lazy("What is asked for"), rows=2, max_length=2000, required=False)

    def add_facts(self, estate, staff, now):
        self.estate, self.now = estate, now
        self.fields["against_staff"] = StaffField(staff=staff, label=gettext_lazy("Which member of staff"))
        self.fields["cause"] = CauseField(estate=estate)
        self.fields["occurred_at"] = PastTimeField(
            now=now, label=gettext_lazy("When it happened, if not just now"), required=False
        )
        self.fields["file_ids"] = AttachmentsField(upload_url=reverse("office:upload"))

    def clean(self):
        super().clean()
        data = self.cleaned_data
        against = data.get("against")
        if against == Complaint.Against.DEPARTMENT and not data.get("against_department"):
            self.add_error("against_department", _("Which department is complained of?"))
        if against == Complaint.Against.STAFF and not (data.get("against_staff") or data.get("against_text")):
            self.add_error("against_staff", _("Name the member of staff, or describe them."))
        if against == Complaint.Against.OTHER and not data.get("against_text"):
            self.add_error("against_text", _("Say who or what is complained of."))
        # What was chosen before the mind was changed does not stay behind unseen.
        if against not in (Complaint.Against.DEPARTMENT, Complaint.Against.STAFF):
            data["against_department"] = ""
        if against != Complaint.Against.STAFF:
            data["against_staff"] = None
        return data

    def clean_wanted_by(self):
        wanted = self.cleaned_data["wanted_by"]
        today = clocks.local_date(self.now, self.estate.zone)
        if wanted and wanted < today:
            raise forms.ValidationError(_("This day is over."), code="past")
        if wanted and wanted > today + LONGEST_AHEAD:
            raise forms.ValidationError(_("This is more than half a year ahead. Check the date."), code="far")
        return wanted


class ComplaintForm(Facts):
    """Name, address, telephone, what happened, what is asked for; the class with its promises comes last."""

    keyed = True
    widths = {
        "name": 3, "where": 5, "phone": 4, "against_department": 6, "against_staff": 6, "against_text": 6, "cause": 6,
        "occurred_at": 6, "at": 6, "klass": 7, "wanted_by": 5, "department": 6, "harm_now": 12, "channel": 12,
    }  # fmt: skip

    def __init__(self, *args, estate, staff, now, **kwargs):
        super().__init__(*args, **kwargs)
        self.add_facts(estate, staff, now)
        self.fields["where"] = PlaceField(
            estate=estate,
            search_url=reverse("tickets:places"),
            label=gettext_lazy("Unit or place"),
        )
        self.fields["at"] = PastTimeField(
            now=now,
            label=gettext_lazy("Received, if not just now"),
            required=False,
            help_text=gettext_lazy("For letters and messages: the promises run from then."),
        )
        self.fields["course"].widget.attrs["placeholder"] = _("as the person tells it")
        self.fields["department"].choices = [
            ("", gettext_lazy("by the cause")), *Department.choices,
        ]  # fmt: skip
        self.order_fields(
            [
                "name", "where", "phone", "course", "demand", "against", "against_department", "against_staff",
                "against_text", "cause", "klass", "wanted_by", "harm_now", "department", "channel", "occurred_at", "at", "file_ids",
            ]
        )  # fmt: skip
        self._keep_place()

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    phone = PhoneField(label=gettext_lazy("Telephone"), required=False)
    klass = forms.ChoiceField(
        # Translators: 投訴級別
        label=gettext_lazy("Class"), choices=Complaint.Klass.choices, initial="minor", widget=Pills
    )  # fmt: skip
    wanted_by = DateField(label=gettext_lazy("Date the resident asks for"), required=False)
    harm_now = forms.BooleanField(label=gettext_lazy("The harm is still going on"), required=False)
    department = forms.ChoiceField(
        label=gettext_lazy("Department that handles it"), choices=DEPARTMENTS, required=False
    )
    channel = forms.ChoiceField(
        label=gettext_lazy("Channel"), choices=Complaint.Channel.choices, initial="phone", widget=Pills
    )
    repeat_of = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def _keep_place(self):
        """The chosen place is the only option the page needs to hold; the rest is searched."""
        options = []
        if self.is_bound:
            raw = self.data.get(self.add_prefix("where")) or ""
            place = places.read(self.estate, raw)
            options = [(raw, place.label if place else raw[:60])] if raw else []
        elif place := self.initial.get("place"):
            options = [(place.value, place.label)]
            self.initial["where"] = place.value
        self.fields["where"].widget.choices = [("", ""), *options]

    def clean(self):
        data = super().clean()
        if data.get("klass") != Complaint.Klass.MINOR:
            data["wanted_by"] = None  # the resident's date moves the promise of minor ones only
        if data.get("occurred_at") and data.get("at") and data["occurred_at"] > data["at"]:
            self.add_error("occurred_at", _("It cannot happen after it was complained of."))
        if not self.errors and not data.get("phone"):
            self.warn("phone", _("Without a telephone number nobody can tell the result."))
        return data

    def values(self):
        """Keyword values of `actions.complaints.take`."""
        data = self.cleaned_data
        where = data["where"]
        place = where.as_fields()
        names = (
            "name", "phone", "course", "demand", "against", "against_department", "against_staff", "against_text",
            "cause", "klass", "wanted_by", "harm_now", "department", "channel", "occurred_at", "at", "file_ids",
        )  # fmt: skip
        return {
            **{name: data[name] for name in names},
            "unit": place["unit"],
            "building": place["building"],
            "place": "" if place["unit"] else where.label,
            "complainant": place["reporter"],
        }


class ComplaintCorrectForm(Facts):
    """Mending what was taken down; class and department have their own moves with their reasons."""

    versioned = True
    widths = {
        "name": 4, "phone": 4, "language": 4, "against_department": 6, "against_staff": 6, "against_text": 6, "cause": 6,
        "occurred_at": 6, "wanted_by": 6,
    }  # fmt: skip
    NAMES = (
        "name", "phone", "language", "course", "demand", "cause", "against", "against_department", "against_staff",
        "against_text", "occurred_at", "wanted_by",
    )  # fmt: skip

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120, required=False)
    language = forms.ChoiceField(
        label=gettext_lazy("Language of the resident"), choices=LANGUAGES, required=False
    )
    wanted_by = DateField(label=gettext_lazy("Date the resident asks for"), required=False)
    phone = PhoneField(label=gettext_lazy("Telephone"), required=False)

    def __init__(self, *args, complaint, staff, now, **kwargs):
        super().__init__(*args, version=complaint.version, **kwargs)
        self.add_facts(complaint.estate, staff, now)
        self.complaint = complaint
        if (
            complaint.klass != Complaint.Klass.MINOR
        ):  # the resident's date moves the promise of minor ones only
            del self.fields["wanted_by"]
        for name in self.NAMES:
            value = getattr(complaint, name)
            self.initial.setdefault(name, value.pk if hasattr(value, "pk") else value)
        self.order_fields([*self.NAMES, "file_ids"])

    def clean(self):
        data = super().clean()
        was = self.complaint.occurred_at
        if data.get("occurred_at") in (None, was.replace(second=0, microsecond=0)):
            data["occurred_at"] = was  # the field shows no seconds
        return data


class Dated(Form):
    """Something that was done: now, unless another time is given."""

    versioned = True

    def __init__(self, *args, complaint, now, **kwargs):
        super().__init__(*args, version=complaint.version, **kwargs)
        self.complaint = complaint
        self.fields["at"] = PastTimeField(now=now, label=_("Another time"), required=False)

    def clean_at(self):
        """The field shows no seconds: within the minute of a fact before it, it is not before that fact."""
        at = self.cleaned_data["at"]
        for fact in (self.complaint.counts_from, self.complaint.reported_at):
            if at and fact and fact.replace(second=0, microsecond=0) == at:
                at = fact
        return at


class StepForm(Dated):
    """What was done, in words; what is asked for is the page's."""

    def __init__(self, *args, said, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["text"] = TextField(label=said, rows=3)
        self.fields["text"].widget.attrs["autofocus"] = True
        self.order_fields(["text", "at"])


class ContactForm(StepForm):
    """A try that reached nobody is written down too: it is the first step all the same."""

    reached = forms.TypedChoiceField(
        label=gettext_lazy("Reached"), choices=YES_NO, coerce=_yes, initial="yes", widget=Pills
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["text"].required = False
        self.order_fields(["text", "reached", "at"])

    def clean(self):
        super().clean()
        if self.cleaned_data.get("reached") and not self.cleaned_data.get("text"):
            self.add_error("text", _("Write down what the resident said."))
        return self.cleaned_data


class ReclassForm(Form):
    """Another class: its promises are recomputed from the reception."""

    versioned = True

    klass = forms.ChoiceField(label=gettext_lazy("Class"), choices=Complaint.Klass.choices, widget=Pills)
    reason = forms.CharField(label=gettext_lazy("Reason"), **REASON)
    wanted_by = DateField(
        label=gettext_lazy("Date the resident asks for"),
        required=False,
        help_text=gettext_lazy("For minor complaints only; it replaces the 2 days, earlier or later."),
    )

    def __init__(self, *args, complaint, now, **kwargs):
        super().__init__(*args, version=complaint.version, **kwargs)
        self.estate, self.now = complaint.estate, now
        self.initial.setdefault("klass", complaint.klass)
        self.initial.setdefault("wanted_by", complaint.wanted_by)

    clean_wanted_by = Facts.clean_wanted_by

    def clean(self):
        super().clean()
        if self.cleaned_data.get("klass") != Complaint.Klass.MINOR:
            self.cleaned_data["wanted_by"] = None
        return self.cleaned_data


class RouteForm(Form):
    """Which department, and who there is responsible for contacting the resident first."""

    versioned = True

    department = forms.ChoiceField(label=gettext_lazy("Department"), choices=Department.choices, widget=Pills)

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        required=False,
        help_text=gettext_lazy("Needed where somebody was responsible already."),
        **REASON,
    )

    def __init__(self, *args, staff, complaint, **kwargs):
        super().__init__(*args, version=complaint.version, **kwargs)
        self.was = complaint.handler_id
        self.initial.setdefault("department", complaint.department)
        self.initial.setdefault("handler", complaint.handler_id)
        self.fields["handler"] = StaffField(staff=staff, label=_("Person responsible"))
        self.order_fields(["department", "handler", "reason"])

    def clean(self):
        super().clean()
        if self.was and not self.cleaned_data.get("reason"):
            self.add_error("reason", _("Give the reason."))
        return self.cleaned_data


class MeetForm(Dated):
    """協調會: several parties at one table."""

    widths = {"at": 6, "place": 6}

    place = forms.CharField(label=gettext_lazy("Place"), max_length=120)
    parties = forms.CharField(
        label=gettext_lazy("Who took part"),
        max_length=500,
        help_text=gettext_lazy("All parties, with commas between them."),
    )
    outcome = TextField(label=gettext_lazy("What was agreed"), rows=3)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.order_fields(["place", "at", "parties", "outcome"])


class ProposeForm(Form):
    """補救方案: one way to put it right, with what it costs."""

    versioned = True
    widths = {"cost": 4}

    text = TextField(label=gettext_lazy("Proposed remedy"), rows=3, max_length=500)

    def __init__(self, *args, currency, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["cost"] = DecimalField(label=_("Cost"), min_value=0, required=False, prefix_text=currency)


class RemedyForm(Form):
    versioned = True

    def __init__(self, *args, remedies, **kwargs):
        super().__init__(*args, **kwargs)
        self.rows = {str(row.pk): row for row in remedies}
        choices = [(pk, row.text[:80]) for pk, row in self.rows.items()]
        self.fields["remedy"] = forms.ChoiceField(
            label=_("Remedy"), choices=choices, widget=Pills, initial=choices[0][0] if choices else None
        )
        self.order_fields(["remedy", "accepted"])

    accepted = forms.TypedChoiceField(
        label=gettext_lazy("The resident"),
        choices=[("yes", gettext_lazy("accepts it")), ("no", gettext_lazy("refuses it"))],
        coerce=_yes,
        widget=Pills,
    )

    def clean_remedy(self):
        return self.rows[self.cleaned_data["remedy"]]


class ReportForm(Dated):
    """The department's report: result, whether the complaint was well founded, whose fault it was."""

    widths = {"valid": 4, "fault": 8}

    # Translators: 處理結果
    result = TextField(label=gettext_lazy("Result"), rows=4)
    valid = forms.TypedChoiceField(
        # Translators: 投訴是否屬實
        label=gettext_lazy("Well founded"), choices=YES_NO, coerce=_yes, widget=Pills
    )  # fmt: skip
    # Translators: 責任方
    fault = forms.ChoiceField(
        label=gettext_lazy("Fault lies with"), choices=Complaint.Fault.choices, widget=Pills
    )
    apology = forms.BooleanField(label=gettext_lazy("An apology was given"), required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial.setdefault("apology", self.complaint.apology)
        self.order_fields(["result", "valid", "fault", "apology", "at"])
        self.fields["result"].widget.attrs["autofocus"] = True

    def clean(self):
        super().clean()
        data = self.cleaned_data
        if data.get("valid") is False and data.get("fault") == Complaint.Fault.COMPANY:
            self.add_error("fault", _("Where the company is at fault the complaint is well founded."))
        return data


class ToldResultForm(Dated):
    """By telephone or face to face only: a queued message tells nobody anything (SPEC §5.3)."""

    how = forms.ChoiceField(
        label=gettext_lazy("Told how"), choices=Complaint.ToldHow.choices, initial="phone", widget=Pills
    )
    remark = TextField(label=gettext_lazy("What the resident said"), rows=2, required=False)
    reached = forms.TypedChoiceField(
        label=gettext_lazy("Reached"), choices=YES_NO, coerce=_yes, initial="yes", widget=Pills
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.order_fields(["how", "reached", "remark", "at"])


class WithdrawForm(Form):
    """The resident takes it back: in what words."""

    versioned = True

    reason = forms.CharField(label=gettext_lazy("Reason the resident gives"), **REASON)


class ExtendForm(Form):
    """An approved extension with its reason; the first promise stays visible (SPEC §0)."""

    versioned = True

    reason = forms.CharField(label=gettext_lazy("Reason"), **REASON)
    new_due_at = DateTimeField(label=gettext_lazy("New time"))

    def __init__(self, *args, owed, now, **kwargs):
        super().__init__(*args, **kwargs)
        self.now, self.rows = now, {str(promise.pk): promise for promise, _text in owed}
        self.fields["promise"] = forms.ChoiceField(
            label=_("Which promise"),
            choices=[(promise.pk, text) for promise, text in owed],
            initial=owed[0][0].pk if owed else None,
            widget=Pills,
        )
        self.order_fields(["promise", "new_due_at", "reason"])

    def clean_promise(self):
        return self.rows[self.cleaned_data["promise"]]

    def clean(self):
        super().clean()
        data = self.cleaned_data
        if data.get("promise") and data.get("new_due_at"):
            if data["new_due_at"] <= max(self.now, data["promise"].due_at):
                self.add_error("new_due_at", _("The new time must be later than now and than the old one."))
            elif data["new_due_at"] > self.now + LONGEST_AHEAD:
                self.add_error("new_due_at", _("This is more than half a year ahead. Check the date."))
        return data


class LinkTicketForm(Form):
    """The repair that puts it right, by its number."""

    versioned = True

    def __init__(self, *args, candidates, **kwargs):
        self.candidates = candidates
        super().__init__(*args, **kwargs)

    ticket = forms.CharField(label=gettext_lazy("Number of the repair"), max_length=40)

    def clean_ticket(self):
        number = self.cleaned_data["ticket"].strip().upper()
        row = self.candidates.filter(number=number).first()
        if row is None:
            raise forms.ValidationError(
                _("No ticket of this estate has the number %(number)s."), params={"number": number}
            )
        return row
