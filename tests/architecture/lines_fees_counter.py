"""The cashier's counter: payments, receipts, accounts."""

from billing.models import OpenCharge, ReceiptStep
from tests.architecture.lines import Line

READ = "clerk cashier supervisor director finance auditor"
PRINT = "clerk cashier supervisor director finance"
TAKE = "cashier"


def _unit(w):
    return {"pk": w.owing.unit_id}


def _account(w):
    return {"pk": w.owing.pk}


def _receipt(w):
    return {"pk": w.paid_receipt.pk}


def _oldest(w):
    return OpenCharge.objects.filter(account=w.owing).order_by("due_on", "pk")


def _payment(w):
    pk = _oldest(w).values_list("pk", flat=True).first()
    lines = {"extra-TOTAL_FORMS": 0, "extra-INITIAL_FORMS": 0}
    return {"payer": "張小明", "main": "cash", "tick": [pk], f"pay_{pk}": "1.00", **lines}


LINES = [
    Line(
        "billing:counter",
        TAKE,
        post=302,
        args=_unit,
        data=_payment,
        shows=lambda w: w.unit.code,
        changes=lambda w: type(w.owing).objects.get(pk=w.owing.pk).owed,
    ),
    Line("billing:receipts", READ, post=302, shows=lambda w: w.paid_receipt.number, stranger=(302,)),
    Line("billing:receipt", READ, args=_receipt, shows=lambda w: w.paid_receipt.number),
    Line("billing:receipt_pdf", PRINT, args=_receipt, plain="a PDF; tests/billing/test_counter.py reads it"),
    Line(
        "billing:receipt_printed",
        PRINT,
        get=405,
        post=302,
        args=_receipt,
        changes=lambda w: ReceiptStep.objects.filter(receipt=w.paid_receipt).count(),
    ),
    Line("billing:accounts", READ, post=302, shows=lambda w: w.owing.unit.code, stranger=(302,)),
    Line("billing:arrears", READ, post=302, shows=lambda w: w.owing.unit.code, stranger=(302,)),
    Line("billing:account", READ, args=_account, shows=lambda w: w.owing.unit.code),
]
