"""Why an administrator may not do this now: None or one translated sentence, also the disabled button's hint.

Administration never locks itself out: nobody takes the right to administer from himself, and every estate keeps
an active administrator (SPEC §1). The questions read the database; callers hold the estates' locks.
"""

from django.utils.translation import gettext as _

from office.models import Posting

ADMIN = "admin"


def why_not_touch_account(staff, by):
    """Password and log-in belong to the whole company: only somebody who administers every estate of the person
    may change them, or an administrator of one estate could take over the director of another."""
    theirs = set(Posting.objects.filter(staff=staff).values_list("estate_id", flat=True))
    if theirs - set(by.estate_ids("office.administer")):
        return _("%(name)s also works at an estate that you do not administer.") % {"name": staff}
    return None


def why_not_deactivate(staff, by):
    if staff.pk == by.pk:
        return _("You cannot lock yourself out. Ask another administrator.")
    if reason := why_not_touch_account(staff, by):
        return reason
    for posting in Posting.objects.filter(staff=staff, role=ADMIN).select_related("estate"):
        if _is_last_administrator(posting):
            return _("%(name)s is the last administrator of %(estate)s. Appoint another one first.") % {
                "name": staff,
                "estate": posting.estate,
            }
    return None


def why_not_end_posting(posting, by):
    if posting.role != ADMIN:
        return None
    if posting.staff_id == by.pk:
        return _("You cannot take the administrator's role from yourself. Ask another administrator.")
    if _is_last_administrator(posting):
        return _("%(name)s is the last administrator of %(estate)s. Appoint another one first.") % {
            "name": posting.staff,
            "estate": posting.estate,
        }
    return None


def _is_last_administrator(posting):
    others = Posting.objects.filter(estate_id=posting.estate_id, role=ADMIN, staff__is_active=True)
    return not others.exclude(staff_id=posting.staff_id).exists()
