from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils.functional import cached_property
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from office import roles

from .case import EstateQuerySet


class Department(models.TextChoices):
    FRONT_DESK = "front_desk", _("front desk")
    REPAIR = "repair", _("repair")
    SECURITY = "security", _("security")
    ENVIRONMENT = "environment", _("cleaning and grounds")
    FINANCE = "finance", _("finance")
    MANAGEMENT = "management", _("management")


class StaffManager(BaseUserManager["Staff"]):
    def create_user(self, username, password=None, **fields):
        staff = self.model(username=username, **fields)
        staff.set_password(password)
        staff.save(using=self._db)
        return staff


class StaffQuerySet(models.QuerySet):
    def visible_to(self, staff, permission=None):
        """Colleagues: those posted to an estate of `staff`, and (for administrators) those posted nowhere yet."""
        own = models.Q(postings__estate_id__in=staff.estate_ids(permission))
        if staff.may("office.administer"):
            own |= models.Q(postings__isnull=True)
        return self.filter(own).distinct()

    def posted_as(self, estate_id, *role_names):
        return self.filter(
            is_active=True, postings__estate_id=estate_id, postings__role__in=role_names
        ).distinct()


class Staff(AbstractBaseUser):
    """A person who works in the office. What they may do depends on the estate (Posting)."""

    username = models.CharField(_("user name"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=80)
    name_en = models.CharField(_("English name"), max_length=80, blank=True)
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    language = models.CharField(_("language"), max_length=8, blank=True)
    theme = models.CharField(_("theme"), max_length=5, blank=True)
    single_keys = models.BooleanField(_("single-key shortcuts"), default=True)
    is_active = models.BooleanField(_("may log in"), default=True)
    # Somebody else knows the password: it opens nothing but the page that changes it.
    password_is_given = models.BooleanField(default=False, editable=False)
    is_demo = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = StaffManager.from_queryset(StaffQuerySet)()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = []
    is_staff = False
    is_superuser = False

    class Meta:
        ordering = ["username"]
        verbose_name = _("staff member")

    def __str__(self):
        return self.local_name

    @property
    def local_name(self):
        return self.name_en if get_language() == "en" and self.name_en else self.name

    @cached_property
    def posting_list(self):
        """Postings in force with their estates: one query for the life of this object (a request)."""
        return list(
            self.postings.filter(estate__is_active=True)
            .select_related("estate")
            .order_by("estate__code", "pk")
        )

    def estate_ids(self, permission=None):
        return sorted(
            {
                p.estate_id
                for p in self.posting_list
                if permission is None or permission in roles.ROLES[p.role].permissions
            }
        )

    def roles_at(self, estate_id):
        return [p.role for p in self.posting_list if p.estate_id == estate_id]

    def may(self, permission, estate_id=None):
        """True when some posting (at `estate_id`, if given) grants `permission`."""
        return any(
            permission in roles.ROLES[p.role].permissions
            for p in self.posting_list
            if estate_id is None or p.estate_id == estate_id
        )

    def has_perm(self, perm, obj=None):  # Django's own checks ask this; nobody is a superuser
        return False

    def has_module_perms(self, app_label):
        return False


class Posting(models.Model):
    """Who works where, in which department and role. An administrator's posting grants no money (SPEC §1)."""

    staff = models.ForeignKey(Staff, models.PROTECT, related_name="postings", verbose_name=_("staff member"))
    estate = models.ForeignKey(
        "office.Estate", models.PROTECT, related_name="postings", verbose_name=_("estate")
    )
    department = models.CharField(_("department"), max_length=20, choices=Department)
    role = models.CharField(_("role"), max_length=20, choices=roles.CHOICES)

    objects = EstateQuerySet.as_manager()

    class Meta:
        verbose_name = _("posting")
        constraints = [
            models.UniqueConstraint(fields=["staff", "estate", "role"], name="posting_once"),
            models.CheckConstraint(
                condition=models.Q(role__in=[key for key, _label in roles.CHOICES]), name="posting_role_known"
            ),
        ]

    def __str__(self):
        return f"{self.staff_id}@{self.estate_id} {self.role}"


class DepartmentHead(models.Model):
    """Forwards and escalations go to the head, else the deputy, else the supervisor (SPEC §1)."""

    estate = models.ForeignKey(
        "office.Estate", models.PROTECT, related_name="department_heads", verbose_name=_("estate")
    )
    department = models.CharField(_("department"), max_length=20, choices=Department)
    head = models.ForeignKey(
        Staff, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("head")
    )
    deputy = models.ForeignKey(
        Staff, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("deputy")
    )

    objects = EstateQuerySet.as_manager()

    class Meta:
        verbose_name = _("head of department")
        constraints = [models.UniqueConstraint(fields=["estate", "department"], name="department_head_once")]

    def __str__(self):
        return f"{self.estate_id} {self.department}"
