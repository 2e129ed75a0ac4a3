"""Access is denied unless declared (SPEC §1).

Every view says who may open it: `@may("tickets.intake")`, `@may_any(...)`, `@logged_in` or `@public`.
A view without a declaration fails `manage.py check` (office.checks) and is denied by AccessMiddleware.
The declaration is coarse (some posting grants it); the row decides finely: `visible_to(user, permission)`
for reading, `rules.why_not` for moves.
"""

from functools import partial

PUBLIC, LOGGED_IN = "public", "logged-in"


def _declare(needs, view):
    view.needs = needs
    return view


def may(*permissions):
    """The view opens for staff holding any of `permissions` at some estate."""
    return partial(_declare, frozenset(permissions))


def logged_in(view):
    """Any member of staff, posted or not (profile, log out)."""
    return _declare(LOGGED_IN, view)


def public(view):
    """Nobody needs to be logged in (log in, health, language)."""
    return _declare(PUBLIC, view)


def needs(view):
    """What the view declares, or None. Looks through Django's and allauth's wrappers."""
    while view is not None:
        declared = getattr(view, "needs", None)
        if declared is not None:
            return declared
        view = getattr(view, "__wrapped__", None)
    return None


def allowed(view, staff):
    declared = needs(view)
    if declared == PUBLIC:
        return True
    if declared is None or not staff.is_authenticated:
        return False
    if declared == LOGGED_IN:
        return True
    return any(staff.may(permission) for permission in declared)
