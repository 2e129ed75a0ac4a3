"""Accounts, postings and heads of departments. Every change leaves a line in the journal of the estates concerned;
it names fields, never their values, because these are personal."""

from django.db import transaction
from django.utils.translation import gettext as _

from office import journal, roles, rules, versions
from office.models import Department, DepartmentHead, Estate, Posting, Staff
from office.refusals import Refused

KIND = "office.staff"
FIELDS = ("username", "name", "name_en", "phone", "email", "language")
PROFILE_FIELDS = ("name", "name_en", "phone", "email", "language", "theme", "single_keys")


@transaction.atomic
def create(*, values, password, by, now):
    """Make an account. It opens nothing until it is posted somewhere, and until its owner has a password of his own.

    `values`: FIELDS, and optionally estate, department and role of a first posting.
    """
    staff = Staff(**{name: values.get(name, "") for name in FIELDS}, password_is_given=True)
    staff.set_password(password)
    staff.save()
    estate = values.get("estate")
    _note("staff.created", staff, by=by, now=now, estate_ids=[estate.pk] if estate else None)
    if estate:
        post(staff=staff, estate=estate, department=values["department"], role=values["role"], by=by, now=now)
    return staff


@transaction.atomic
def change(*, staff, values, by, now, version=None):
    """Change name, user name, telephone, e-mail or language of an account."""
    staff = Staff.objects.select_for_update().get(pk=staff.pk)
    versions.check(staff, FIELDS, version)
    changed = _assign(staff, values, FIELDS)
    if "username" in changed and (reason := rules.why_not_touch_account(staff, by)):
        raise Refused(reason)
    if changed:
        staff.save(update_fields=changed)
        _note("staff.changed", staff, by=by, now=now, data={"fields": journal.fields("staff", changed)})
    return staff


@transaction.atomic
def change_profile(*, staff, values, now):
    """What people set for themselves: name, telephone, language, appearance, keys."""
    staff = Staff.objects.select_for_update().get(pk=staff.pk)
    changed = _assign(staff, values, PROFILE_FIELDS)
    if changed:
        staff.save(update_fields=changed)
        _note("staff.changed", staff, by=staff, now=now, data={"fields": journal.fields("staff", changed)})
    return staff


@transaction.atomic
def reset_password(*, staff, password, by, now):
    """Give `staff` a new password, to be changed at the next log-in; every session of theirs ends with the old one."""
    staff = Staff.objects.select_for_update().get(pk=staff.pk)
    if reason := rules.why_not_touch_account(staff, by):
        raise Refused(reason)
    staff.set_password(password)
    staff.password_is_given = staff.pk != by.pk
    staff.save(update_fields=["password", "password_is_given"])
    _note("staff.password_reset", staff, by=by, now=now)
    return staff


@transaction.atomic
def deactivate(*, staff, by, now):
    """`staff` can no longer log in; sessions end with the next request. Not done here: handing over what they
    owe. Their promises go on climbing to the head of the department until somebody takes them over."""
    _lock_estates_of(staff)
    staff = Staff.objects.select_for_update().get(pk=staff.pk)
    if reason := rules.why_not_deactivate(staff, by):
        raise Refused(reason)
    if staff.is_active:
        staff.is_active = False
        staff.save(update_fields=["is_active"])
        _note("staff.deactivated", staff, by=by, now=now)
    return staff


@transaction.atomic
def activate(*, staff, by, now):
    """`staff` may log in again."""
    staff = Staff.objects.select_for_update().get(pk=staff.pk)
    if reason := rules.why_not_touch_account(staff, by):
        raise Refused(reason)
    if not staff.is_active:
        staff.is_active = True
        staff.save(update_fields=["is_active"])
        _note("staff.activated", staff, by=by, now=now)
    return staff


@transaction.atomic
def post(*, staff, estate, department, role, by, now):
    """Post `staff` to `estate`: from the next page on they see it."""
    if not by.may("office.administer", estate.pk):
        raise Refused(_("You do not administer %(estate)s.") % {"estate": estate})
    posting, made = Posting.objects.get_or_create(
        staff=staff, estate=estate, role=role, defaults={"department": department}
    )
    if not made:
        raise Refused(
            _("%(name)s is already %(role)s there.") % {"name": staff, "role": roles.ROLES[role].label}
        )
    _note_posting("posting.added", posting, by=by, now=now)
    return posting


@transaction.atomic
def end_posting(*, posting, by, now):
    """Take a posting away. The person, and everything they did, stays. A head without a posting is no head."""
    _lock_estates_of(posting.staff)
    posting = (
        Posting.objects.select_related("staff", "estate").select_for_update(of=("self",)).get(pk=posting.pk)
    )
    if reason := rules.why_not_end_posting(posting, by):
        raise Refused(reason)
    _note_posting("posting.ended", posting, by=by, now=now)
    staff, estate = posting.staff, posting.estate
    posting.delete()
    if not Posting.objects.filter(staff=staff, estate=estate).exists():
        DepartmentHead.objects.filter(estate=estate, head=staff).update(head=None)
        DepartmentHead.objects.filter(estate=estate, deputy=staff).update(deputy=None)
    return staff


@transaction.atomic
def set_heads(*, estate, heads, by, now):
    """Name head and deputy of each department. `heads`: department → (head or None, deputy or None)."""
    for department in Department.values:
        DepartmentHead.objects.get_or_create(estate=estate, department=department)
    rows = DepartmentHead.objects.filter(estate=estate).select_for_update().order_by("pk")
    for row in rows:
        head, deputy = heads[row.department]
        before, after = (row.head_id, row.deputy_id), (head and head.pk, deputy and deputy.pk)
        if before == after:
            continue
        row.head, row.deputy = head, deputy
        row.save(update_fields=["head", "deputy"])
        journal.record(
            "department.head_set",
            subject=row,
            kind="office.department_head",
            text=str(row.get_department_display()),
            by=by,
            now=now,
            data={
                "department": journal.word("department", row.department),
                "head": after[0],
                "deputy": after[1],
                "old_head": before[0],
                "old_deputy": before[1],
            },
        )


def _lock_estates_of(staff):
    """Administrators become scarcer: two of them must not remove each other at once. In id order."""
    ids = Posting.objects.filter(staff=staff).values("estate_id")
    list(Estate.objects.filter(pk__in=ids).select_for_update().order_by("pk").values_list("pk"))


def _assign(staff, values, allowed):
    changed = [name for name in allowed if name in values and getattr(staff, name) != values[name]]
    for name in changed:
        setattr(staff, name, values[name])
    return changed


def _note(verb, staff, *, by, now, data=None, estate_ids=None):
    """One line at every estate the person works at; at the administrator's own when they work nowhere yet."""
    if estate_ids is None:
        estate_ids = sorted(set(Posting.objects.filter(staff=staff).values_list("estate_id", flat=True)))
    for estate_id in estate_ids or by.estate_ids("office.administer")[:1] or [None]:
        journal.record(
            verb,
            subject=staff,
            kind=KIND,
            text=staff.username,
            by=by,
            now=now,
            data=data,
            estate_id=estate_id,
        )


def _note_posting(verb, posting, *, by, now):
    data = {
        "role": journal.word("role", posting.role),
        "department": journal.word("department", posting.department),
        "staff": posting.staff_id,
    }
    journal.record(
        verb,
        subject=posting.staff,
        kind=KIND,
        text=posting.staff.username,
        by=by,
        now=now,
        data=data,
        estate_id=posting.estate_id,
    )
