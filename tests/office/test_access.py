"""Declarations, roles, and the check that no view goes without one."""

import pytest
from django.urls import path

from office import access, checks, roles
from tests.cast import make_staff


def view(request):
    return None


def test_a_view_without_declaration_needs_something_nobody_has(admin):
    assert access.needs(view) is None
    assert not access.allowed(view, admin)


def test_any_of_several_permissions_opens(clerk, auditor):
    def page(request):
        return None

    opened = access.may("office.administer", "office.read_settings")(page)
    assert access.allowed(opened, auditor)
    assert not access.allowed(opened, clerk)


def test_the_system_check_names_the_url(settings):
    settings.ROOT_URLCONF = type("Routes", (), {"urlpatterns": [path("bare/", view, name="bare")]})
    (error,) = checks.every_view_declares_who_may_open_it(None)
    assert error.id == "office.E001"
    assert "bare/" in error.msg


def test_every_url_of_the_project_declares(db):
    assert checks.every_view_declares_who_may_open_it(None) == []


@pytest.mark.parametrize(
    ("role", "includes"),
    [("cashier", "clerk"), ("supervisor", "clerk"), ("supervisor", "lead"), ("director", "supervisor")],
)
def test_roles_that_say_plus_include_the_ones_they_name(role, includes):
    assert roles.ROLES[includes].permissions <= roles.ROLES[role].permissions


def test_the_administrator_has_no_repairs_and_the_auditor_no_verb():
    assert not {p for p in roles.ROLES["admin"].permissions if p.startswith("tickets.")}
    verbs = {p.split(".")[1] for p in roles.ROLES["auditor"].permissions}
    assert verbs <= {
        "home",
        "search",
        "files",
        "read",
        "dashboard",
        "jobs",
        "reminders",
        "audit",
        "read_settings",
        "read_rules",
        "board",
        "rates",
        "reports",
    }


def test_a_permission_counts_only_at_the_estate_of_the_posting(estate, elsewhere):
    both = make_staff("both", (estate, "admin"), (elsewhere, "clerk"))
    assert both.may("office.administer", estate.pk)
    assert not both.may("office.administer", elsewhere.pk)
    assert both.estate_ids() == sorted([estate.pk, elsewhere.pk])
    assert both.estate_ids("office.administer") == [estate.pk]


def test_a_closed_estate_opens_nothing(estate, clerk):
    estate.is_active = False
    estate.save()
    assert clerk.estate_ids() == []
    assert not clerk.may("office.home")


def test_colleagues_of_other_estates_are_not_visible(cast, stranger):
    from office.models import Staff

    assert stranger not in Staff.objects.visible_to(cast["admin"], "office.administer")
    assert set(Staff.objects.visible_to(stranger, "office.administer")) == {stranger}
