"""Old ledgers and the bank: finance alone (SPEC §1, §6.7)."""

import io
from datetime import date
from decimal import Decimal

from billing.models import BankFile, History, ItemName, Layout, Mandate, StatementLine
from tests.architecture.lines import Line

BANK = "finance"


def _history(w):
    """The import whose ledger finance looks at."""
    batch = w.sent_import
    History.objects.get_or_create(
        batch=batch,
        defaults={"estate": w.estate, "facts": {"items": ["Walk fee"], "people": ["王老五 9-901"]}},
    )
    type(batch).objects.filter(pk=batch.pk, state="open").update(state="checked", checked_at=w.now)
    return {"pk": batch.pk}


def _item(w):
    from billing.models import Item

    return Item.objects.filter(estate=w.estate).order_by("pk").first() or Item.objects.create(
        estate=w.estate, code="walk", name_zh_hant="散步費", formula="once"
    )


def _layout(w, purpose):
    columns = {
        "out": {"reference": "A", "number": "B", "amount": "C"},
        "results": {"reference": "A", "result": "B"},
    }
    return Layout.objects.get_or_create(
        estate=w.estate,
        purpose=purpose,
        name="walk",
        defaults={
            "columns": columns.get(purpose, {"day": "A", "amount": "B", "payer": "C"}),
            "success": "ok",
        },
    )[0]


def _account(w):
    from billing.actions import ledger
    from tests.cast import make_person, make_unit

    if not hasattr(w, "bank_account"):
        w.bank_account = ledger.account_of(
            make_unit(w.estate, "8-8-808", building=w.unit.building), make_person(w.estate, "錢付款")
        )
    return w.bank_account


def _owed(w):
    """The account with a debt of its own, which a mandate draws."""
    from billing.actions import charging

    account = _account(w)
    charging.charge(account=account, item=_item(w), amount=Decimal(7), by=w.cast["cashier"], now=w.now)
    return account


def _mandate(w):
    from billing.actions import mandates

    if not (row := Mandate.objects.filter(estate=w.estate).first()):
        row = mandates.sign(
            account=_account(w), bank="步行銀行", number="6222020000001234", holder="錢付款", since=date(2020, 1, 1),
            evidence="folder", by=w.cast["finance"], now=w.now,
        )  # fmt: skip
    return row


def _file(w, purpose="statement"):
    return BankFile.objects.get_or_create(
        estate=w.estate,
        purpose=purpose,
        digest=f"walk-{purpose}",
        defaults={
            "layout": _layout(w, purpose), "name": "walked.csv", "day": w.now.date(), "by": w.cast["finance"], "at": w.now,
        },
    )[0]  # fmt: skip


def _line(w, state="open"):
    extra = {"reason": "walk"} if state == "ignored" else {}
    if state == "proposed":
        extra = {"account": _account(w), "sure": 3}
    return StatementLine.objects.get_or_create(
        estate=w.estate,
        key=f"walk-{state}-{StatementLine.objects.filter(state='posted').count()}",
        defaults={
            "file": _file(w),
            "number": 2,
            "day": w.now.date(),
            "amount": 5,
            "payer": "錢付款人",
            "state": state,
            **extra,
        },
    )[0]


def _line_pk(state="open"):
    return lambda w: {"pk": _line(w, state).pk}


class Again(io.BytesIO):
    """A file every role sends from its beginning."""

    name = "walk.csv"

    def read(self, *size):
        self.seek(0)
        return super().read()


def _statement(w):
    return {"layout": _layout(w, "statement").pk, "file": Again(b"Day,Amount,Payer\n2026-03-01,5,Walker\n")}


def _results(w):
    return {"layout": _layout(w, "results").pk, "file": Again(b"Ref,Result\nD0-0,ok\n")}


def _ask(w):
    _mandate(w)
    _owed(w)
    return {"layout": _layout(w, "out").pk, "due_through": f"{w.now.date():%Y-%m-%d}"}


def _mandate_values(w):
    from billing.actions import ledger
    from tests.cast import make_person, make_unit

    unit = make_unit(w.estate, f"8-9-{Mandate.objects.count()}01", building=w.unit.building)
    ledger.account_of(unit, make_person(w.estate, "委託人"))
    return {
        "unit": unit.code, "bank": "b", "number": "6222020000009999", "holder": "h", "since": "2024-01-01", "evidence": "e",
    }  # fmt: skip


def _layout_values(w):
    return {
        "name": f"walk {Layout.objects.count()}", "purpose": "statement", "form": "csv", "separator": ",", "encoding": "utf-8",
        "header_rows": 1, "places": "day = A\namount = B", "date_form": "%Y-%m-%d", "sign": "plus", "is_active": "on",
    }  # fmt: skip


def _count(model):
    return lambda w: model.objects.filter(estate=w.estate).count()


def _taken(w):
    """A receipt of own income."""
    from billing.actions import payment
    from billing.models import OpenCharge

    account = _owed(w)
    charge = OpenCharge.objects.filter(account=account).first()
    payment.pay(
        estate=w.estate, payer="x", charges=[(charge.charge_id, charge.amount)], methods={"card": charge.amount},
        by=w.cast["cashier"], now=w.now,
    )  # fmt: skip
    return "錢付款"


LINES = [
    Line("billing:statements", BANK, post=302, shows=lambda w: _line(w).payer, stranger=(302,)),
    Line(
        "billing:statement_new",
        BANK,
        post=302,
        data=_statement,
        changes=_count(StatementLine),
        stranger=(302, 404, 422),
    ),
    Line("billing:statement_work", BANK, shows=lambda w: _line(w, "proposed").payer),
    Line(
        "billing:statement_book",
        BANK,
        get=405,
        post=302,
        data=lambda w: {"line": [_line(w, "proposed").pk]},
        changes=lambda w: StatementLine.objects.filter(estate=w.estate, state="posted").count(),
        stranger=(302, 404, 422),
    ),
    Line("billing:statement_line", BANK, args=_line_pk(), shows=lambda w: _line(w).payer),
    Line(
        "billing:statement_assign",
        BANK,
        get=405,
        post=302,
        args=_line_pk(),
        data=lambda w: {f"share-{_account(w).pk}": "5"},
        changes=lambda w: StatementLine.objects.filter(estate=w.estate, state="posted").count(),
    ),
    Line(
        "billing:statement_ignore",
        BANK,
        get=405,
        post=302,
        args=_line_pk(),
        data=lambda w: {"reason": "no fee"},
        changes=lambda w: StatementLine.objects.filter(estate=w.estate, state="ignored").count(),
    ),
    Line(
        "billing:statement_take_up",
        BANK,
        get=405,
        post=302,
        args=_line_pk("ignored"),
        changes=lambda w: StatementLine.objects.filter(estate=w.estate, state="ignored").count(),
    ),
    Line("billing:mandates", BANK, post=302, shows=lambda w: _mandate(w).bank, stranger=(302,)),
    Line(
        "billing:mandate_new",
        BANK,
        post=302,
        data=_mandate_values,
        changes=_count(Mandate),
        stranger=(302, 404, 422),
    ),
    Line(
        "billing:mandate",
        BANK,
        post=302,
        args=lambda w: {"pk": _mandate(w).pk},
        shows=lambda w: _mandate(w).bank,
        data=lambda w: {"last_day": "2030-01-01"},
        changes=lambda w: Mandate.objects.get(pk=_mandate(w).pk).version,
    ),
    Line(
        "billing:mandate_ask", BANK, post=302, data=_ask, changes=_count(BankFile), stranger=(302, 404, 422)
    ),
    Line(
        "billing:mandate_results",
        BANK,
        post=302,
        data=_results,
        changes=_count(BankFile),
        stranger=(302, 404, 422),
    ),
    Line(
        "billing:drafts",
        BANK,
        post=302,
        plain="its rows are tested in tests/billing/test_bank.py",
        stranger=(302,),
    ),
    Line("billing:bank_files", BANK, post=302, shows=lambda w: _file(w).name, stranger=(302,)),
    Line("billing:bank_file", BANK, args=lambda w: {"pk": _file(w).pk}, shows=lambda w: "walked.csv"),
    Line(
        "billing:bank_file_out",
        BANK,
        get=405,
        post=200,
        args=lambda w: {"pk": _file(w, "out").pk},
        plain="answers a file; what it holds is tested in tests/billing/test_bank.py",
    ),
    Line("billing:layouts", BANK, post=302, shows=lambda w: _layout(w, "out").name, stranger=(302,)),
    Line(
        "billing:layout_new",
        BANK,
        post=302,
        data=_layout_values,
        changes=_count(Layout),
        stranger=(302, 404, 422),
    ),
    Line(
        "billing:layout",
        BANK,
        post=302,
        args=lambda w: {"pk": _layout(w, "statement").pk},
        shows=lambda w: "walk",
        data=_layout_values,
        changes=lambda w: list(Layout.objects.filter(estate=w.estate).values_list("version", flat=True)),
    ),
    Line("billing:tax_lines", BANK, post=302, shows=_taken, stranger=(302,)),
    Line("billing:history", BANK, args=_history, shows=lambda w: "王老五 9-901"),
    Line(
        "billing:history_items",
        BANK,
        get=405,
        post=302,
        args=_history,
        data=lambda w: {"item-0": _item(w).pk},
        changes=lambda w: ItemName.objects.filter(estate=w.estate).count(),
    ),
]
