from django.db import models
from django.utils.translation import gettext_lazy as _

from office.models import Catalogue


class DocumentKind(Catalogue):
    """檔案種類: what a household's archive holds, when it must be there, how long it is kept (SPEC §3.2, §3.8, §10)."""

    class Needed(models.TextChoices):
        """Whose being related to the unit makes the document necessary."""

        OWNER = "owner", _("every owner")
        OWNER_PERSON = "person", _("an owner in person")
        OWNER_COMPANY = "company", _("a company that owns")
        AGENT = "agent", _("an agent")
        TENANT = "tenant", _("a tenant")

    needed = models.CharField(_("needed of"), max_length=8, choices=Needed, blank=True)
    per_person = models.BooleanField(_("one of each person"), default=False)
    # A copy of an identity card says what the register masks: it opens to who may reveal numbers.
    is_identity = models.BooleanField(_("shows an identity number"), default=False)
    keep_years = models.PositiveSmallIntegerField(
        _("years kept"), null=True, blank=True,
        help_text=_("After the person has left, or the day of filing where it is nobody's. Empty: for good."),
    )  # fmt: skip

    class Meta(Catalogue.Meta):
        verbose_name = _("kind of document")
        constraints = [
            models.UniqueConstraint(fields=["estate", "code"], name="document_kind_code_once"),
            models.CheckConstraint(
                condition=models.Q(is_identity=False) | models.Q(per_person=True),
                name="document_kind_identity_of_somebody",
            ),
        ]
