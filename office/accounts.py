"""How staff log in: allauth's login without sign-up, and who needs a second factor."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.utils import is_mfa_enabled

from office import roles


class Adapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request):
        return False  # accounts are made by the administrator


def needs_second_factor(staff):
    """From supervisor up, once TOTP is not set up yet (required in production)."""
    return any(p.role in roles.SECOND_FACTOR for p in staff.posting_list) and not is_mfa_enabled(staff)
