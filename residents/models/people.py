from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from office.models import EstateQuerySet
from office.models.places import LANGUAGES


class Person(models.Model):
    """業主/住户/租户: a person or company of one estate. Never deleted; names change, history stays with Occupancy."""

    SUBJECT = "person"

    class Kind(models.TextChoices):
        PERSON = "person", _("person")
        COMPANY = "company", _("company")

    class Contact(models.TextChoices):
        """How the office's messages reach a person; telephoning is always allowed."""

        ANY = "", _("SMS, else e-mail")
        SMS = "sms", _("SMS only")
        EMAIL = "email", _("e-mail only")
        PAPER = "paper", _("letters only")
        NONE = "none", _("wants no messages")

    class IdentityType(models.TextChoices):
        RESIDENT_ID = "cn_id", _("resident identity card")
        HK_ID = "hk_id", _("Hong Kong identity card")
        MACAU_ID = "mo_id", _("Macau identity card")
        TW_ID = "tw_id", _("Taiwan identity card")
        PASSPORT = "passport", _("passport")
        PERMIT = "permit", _("travel permit")
        COMPANY = "company", _("company registration number")
        OTHER = "other", _("other document")

    estate = models.ForeignKey(
        "office.Estate", models.PROTECT, related_name="people", verbose_name=_("estate")
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.PERSON)
    name = models.CharField(_("name"), max_length=120)
    name_en = models.CharField(_("English name"), max_length=120, blank=True)
    gender = models.CharField(
        _("gender"), max_length=1, blank=True, choices=[("m", _("male")), ("f", _("female"))]
    )
    born_on = models.DateField(_("born on"), null=True, blank=True)
    identity_type = models.CharField(_("identity document"), max_length=10, choices=IdentityType, blank=True)
    # AES-GCM, written and read through office.identity only; never leaves as text without `reveal`.
    identity_sealed = models.CharField(max_length=400, blank=True, editable=False)
    identity_tail = models.CharField(max_length=4, blank=True, editable=False)  # what the mask shows
    identity_index = models.CharField(
        max_length=64, blank=True, editable=False
    )  # HMAC, exact look-up; not unique
    address = models.CharField(_("address for letters"), max_length=200, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    language = models.CharField(_("preferred language"), max_length=8, choices=LANGUAGES, blank=True)
    contact = models.CharField(
        _("messages"), max_length=8, choices=Contact, blank=True, default="", db_default=""
    )
    note = models.TextField(_("note"), blank=True)
    warning = models.BooleanField(_("show the note as a warning"), default=False)
    source = models.CharField(max_length=40, blank=True)  # running number in the file the person came from
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = EstateQuerySet.as_manager()

    class Meta:
        verbose_name = _("person")
        ordering = ["estate", "name", "pk"]
        indexes = [
            models.Index(fields=["estate", "name", "id"], name="person_by_name"),
            models.Index(
                fields=["estate", "identity_index"],
                condition=~Q(identity_index=""),
                name="person_by_identity",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(identity_sealed="", identity_index="")
                | (~Q(identity_sealed="") & ~Q(identity_index="")),
                name="person_identity_whole",
            )
        ]

    def __str__(self):
        return self.local_name

    @property
    def local_name(self):
        return self.name_en if get_language() == "en" and self.name_en else self.name


class Phone(models.Model):
    person = models.ForeignKey(Person, models.CASCADE, related_name="phones")
    number = models.CharField(_("telephone"), max_length=40)  # as people read it
    digits = models.CharField(max_length=20, editable=False)  # E.164 without +, or bare digits
    label = models.CharField(_("whose / when"), max_length=40, blank=True)
    position = models.PositiveSmallIntegerField(default=1)  # 1 is called first

    class Meta:
        verbose_name = _("telephone")
        ordering = ["person", "position", "pk"]
        constraints = [models.UniqueConstraint(fields=["person", "digits"], name="phone_once")]
        indexes = [models.Index(fields=["digits"], name="phone_digits")]

    def __str__(self):
        return self.number
