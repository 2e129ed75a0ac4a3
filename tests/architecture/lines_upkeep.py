"""Maintenance of public facilities: plans, the coming weeks, in and out of service."""

from datetime import timedelta

from tests.architecture.lines import Line

READ = "clerk cashier lead supervisor director finance auditor"
EDIT = "lead supervisor director"


def _plan(w):
    return {"pk": w.plan.pk}


def _version(w):
    return type(w.plan).objects.get(pk=w.plan.pk).version


def _values(w):
    return {
        "asset": w.asset.pk, "title": "季度保養", "number": 3, "every": "month", "starts_on": w.now.date() + timedelta(days=20),
        "category": w.plan.category_id, "responsible": w.cast["lead"].pk, "checks": "看\n聽", "version": _version(w),
    }  # fmt: skip


def _column(name):
    return lambda w: getattr(type(w.plan).objects.get(pk=w.plan.pk), name)


LINES = [
    Line("tickets:upkeep", READ, shows=lambda w: w.plan.title),
    Line("tickets:upkeep_pdf", READ, plain="a PDF; tests/tickets/test_upkeep.py reads it"),
    Line("tickets:equipment_pdf", READ, plain="a PDF; tests/tickets/test_upkeep.py reads it"),
    Line(
        "tickets:asset_card",
        READ,
        args=lambda w: {"pk": w.asset.pk},
        plain="a PDF; tests/tickets/test_upkeep.py reads it",
    ),
    Line("tickets:plans", READ, post=302, shows=lambda w: w.plan.title, stranger=(302,)),
    Line("tickets:plan", READ, args=_plan, shows=lambda w: w.plan.title),
    Line(
        "tickets:plan_new",
        EDIT,
        post=302,
        data=_values,
        changes=lambda w: w.asset.plans.count(),
        stranger=(200, 404, 422),
    ),
    Line(
        "tickets:plan_edit",
        EDIT,
        post=302,
        args=_plan,
        data=_values,
        shows=lambda w: w.plan.title,
        changes=_column("title"),
    ),
    Line(
        "tickets:plan_stop",
        EDIT,
        post=302,
        args=_plan,
        data=lambda w: {"end": "pause", "reason": "大修", "version": _version(w)},
        shows=lambda w: "for good",
        changes=_column("state"),
    ),
    Line(
        "tickets:plan_resume",
        EDIT,
        get=405,
        post=302,
        args=lambda w: {"pk": w.paused_plan.pk},
        changes=lambda w: type(w.plan).objects.get(pk=w.paused_plan.pk).state,
    ),
    Line(
        "tickets:asset_service",
        EDIT,
        post=302,
        args=lambda w: {"pk": w.asset.pk},
        data=lambda w: {"at": w.now.strftime("%Y-%m-%dT%H:%M"), "reason": "漏油", "in_service": "no"},
        shows=lambda w: w.asset.name_zh_hant,
        changes=lambda w: w.asset.service_changes.count(),
    ),
]
