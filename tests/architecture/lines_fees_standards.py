"""Fee items and standards, who pays what of a unit, and a charge explained."""

from datetime import timedelta

from tests.architecture.lines import Line

READ = "clerk cashier supervisor director finance auditor"
ADJUST = "supervisor director finance"


def _item(w):
    return {"pk": w.fee.pk}


def _unit(w):
    return {"pk": w.unit.pk}


def _standards(w):
    return w.fee.standards.count()


def _last_day(row, w):
    version = type(row).objects.get(pk=row.pk).version
    return {"last_day": f"{w.today + timedelta(days=40):%Y-%m-%d}", "version": version}


def _upper(row):
    return type(row).objects.get(pk=row.pk).period.upper


ITEM = {"name_zh_hant": "衛生費", "position": 10, "is_active": "on"}


LINES = [
    Line("billing:standards", READ, plain="the items of the estate in view"),
    Line("billing:item", READ, args=_item, shows=lambda w: w.fee.code),
    Line(
        "billing:item_new",
        "finance",
        post=302,
        data=lambda w: {"code": "CLEAN", "formula": "fixed", **ITEM},
        changes=lambda w: type(w.fee).objects.filter(estate=w.estate).count(),
        stranger=(302,),
    ),
    Line(
        "billing:item_edit",
        "finance",
        post=302,
        args=_item,
        data=lambda w: ITEM,
        changes=lambda w: type(w.fee).objects.get(pk=w.fee.pk).name_zh_hant,
    ),
    Line(
        "billing:standard_new",
        "finance",
        post=302,
        args=_item,
        data=lambda w: {"price": "3.10", "from_on": "2031-01-01", "unit_kind": "shop"},
        changes=_standards,
    ),
    Line(
        "billing:standard_end",
        "finance",
        post=302,
        args=lambda w: {"pk": w.standard.pk},
        data=lambda w: _last_day(w.standard, w),
        changes=lambda w: _upper(w.standard),
    ),
    Line(
        "billing:standard_remove",
        "finance",
        get=405,
        post=302,
        args=lambda w: {"pk": w.mistaken_standard.pk},
        changes=_standards,
    ),
    Line("billing:unit_terms", READ, args=_unit, shows=lambda w: w.unit.code),
    Line("billing:payers", READ, post=302, shows=lambda w: w.payer.reason, stranger=(302,)),
    Line("billing:percentages", READ, post=302, shows=lambda w: w.adjustment.reason, stranger=(302,)),
    Line(
        "billing:late_now",
        "finance",
        post=302,
        args=lambda w: {"pk": w.late_paying.pk},
        shows=lambda w: w.unit.code,
        changes=lambda w: type(w.late_paying).objects.get(pk=w.late_paying.pk).owed,
    ),
    Line(
        "billing:payer_new",
        ADJUST,
        post=302,
        args=_unit,
        data=lambda w: {"person": w.person.pk, "from_on": "2031-01-01", "until_on": "2031-12-31"},
        changes=lambda w: type(w.payer).objects.count(),
    ),
    Line(
        "billing:adjustment_new",
        ADJUST,
        post=302,
        args=_unit,
        data=lambda w: {"item": w.fee.pk, "percent": "70", "from_on": "2031-01-01", "reason": "託管"},
        changes=lambda w: type(w.adjustment).objects.count(),
    ),
    Line(
        "billing:payer_end",
        ADJUST,
        post=302,
        args=lambda w: {"pk": w.payer.pk},
        data=lambda w: _last_day(w.payer, w),
        changes=lambda w: _upper(w.payer),
    ),
    Line(
        "billing:adjustment_end",
        ADJUST,
        post=302,
        args=lambda w: {"pk": w.adjustment.pk},
        data=lambda w: _last_day(w.adjustment, w),
        changes=lambda w: _upper(w.adjustment),
    ),
    Line(
        "billing:charge",
        READ,
        args=lambda w: {"month": f"{w.charge.period:%Y-%m}", "pk": w.charge.pk},
        shows=lambda w: "238.56",
    ),
]
