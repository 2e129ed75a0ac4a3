"""How staff log in: allauth's login without sign-up, and who needs a second factor."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.utils import is_mfa_enabled
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.translation import gettext as _

from office import roles


class Adapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request):
        return False  # accounts are made by the administrator

    def clean_password(self, password, user=None):
        if user is not None and user.password_is_given and user.check_password(password):
            raise ValidationError(_("Choose another password than the one you were given."))
        return super().clean_password(password, user)

    def set_password(self, user, password):
        """Only people themselves come here; administrators' resets are office.actions.staff."""
        user.password_is_given = False
        super().set_password(user, password)

    def get_password_change_redirect_url(self, request):
        return reverse("home")


def needs_second_factor(staff):
    """From supervisor up, once TOTP is not set up yet (required in production)."""
    return any(p.role in roles.SECOND_FACTOR for p in staff.posting_list) and not is_mfa_enabled(staff)
