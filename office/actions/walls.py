"""Screens on the wall: a link made and ended by whoever leads an estate. The link is shown once and kept as a hash."""

import hashlib
import secrets

from django.db import transaction
from django.utils.translation import gettext as _

from office import journal
from office.models import Wall
from office.refusals import Refused

SUBJECT = "office.wall"
PERMISSION = "office.walls"


def hashed(token):
    return hashlib.sha256(token.encode()).hexdigest()


def find(token, now):
    """The wall this link opens, or None: unknown, ended and expired ones look alike."""
    wall = Wall.objects.select_related("estate").filter(token_hash=hashed(token)).first()
    return wall if wall and wall.is_open(now) and wall.estate.is_active else None


@transaction.atomic
def make(*, estate, name, language, expires_at, by, now):
    """A new screen: (wall, its link's token, which nobody can read again)."""
    if not by.may(PERMISSION, estate.pk):
        raise Refused(_("Your role does not allow this."))
    if expires_at and expires_at <= now:
        raise Refused(_("The last day lies in the past."))
    token = secrets.token_urlsafe(32)
    wall = Wall.objects.create(
        estate=estate, name=name, token_hash=hashed(token), language=language, made_at=now, made_by=by,
        expires_at=expires_at,
    )  # fmt: skip
    journal.record("wall.made", subject=wall, kind=SUBJECT, by=by, now=now, data={"name": name})
    return wall, token


@transaction.atomic
def end(*, wall, by, now):
    """The link opens nothing any more; a screen that still shows it says so within half a minute."""
    wall = Wall.objects.select_for_update().get(pk=wall.pk)
    if not by.may(PERMISSION, wall.estate_id):
        raise Refused(_("Your role does not allow this."))
    if wall.ended_at:
        raise Refused(_("This link was ended already."))
    wall.ended_at, wall.ended_by = now, by
    wall.save(update_fields=["ended_at", "ended_by"])
    journal.record("wall.ended", subject=wall, kind=SUBJECT, by=by, now=now, data={"name": wall.name})
    return wall
