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


def _deposit(w):
    return {"pk": w.holding.pk, "charge": w.holding.deposit.pk}


def _asked(w):
    return {"pk": w.asked_refund.pk}


def _now(row, field):
    """A column as it stands now in a row of the world."""
    return lambda w: getattr(type(row(w)).objects.get(pk=row(w).pk), field)


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
    Line(
        "billing:receipt_void",
        "supervisor director",
        post=302,
        args=_receipt,
        data=lambda w: {"reason": "單位錯誤"},
        shows=lambda w: w.paid_receipt.number,
        changes=lambda w: ReceiptStep.objects.filter(receipt=w.paid_receipt, verb="voided").count(),
    ),
    Line("billing:accounts", READ, post=302, shows=lambda w: w.owing.unit.code, stranger=(302,)),
    Line("billing:arrears", READ, post=302, shows=lambda w: w.owing.unit.code, stranger=(302,)),
    Line("billing:account", READ, args=_account, shows=lambda w: w.owing.unit.code),
    Line(
        "billing:draw",
        "cashier finance",
        post=302,
        args=lambda w: {"pk": w.holding.pk},
        shows=lambda w: w.unit.code,
        changes=_now(lambda w: w.holding, "prepaid"),
    ),
    Line(
        "billing:waive",
        "director",
        post=302,
        args=_account,
        data=lambda w: {"amount": "1.00", "reason": "主任批准"},
        shows=lambda w: w.unit.code,
        changes=_now(lambda w: w.owing, "owed"),
    ),
    Line(
        "billing:take_over",
        "supervisor director finance",
        post=302,
        args=_account,
        data=lambda w: {"person": w.new_owner.pk, "evidence": "買賣合同"},
        shows=lambda w: w.person.name,
        changes=_now(lambda w: w.owing, "owed"),
    ),
    Line(
        "billing:deposit_back",
        TAKE,
        post=302,
        args=_deposit,
        data=lambda w: {"amount": "1.00", "method": "cash", "reason": "驗收合格"},
        shows=lambda w: w.unit.code,
        changes=_now(lambda w: w.holding, "deposits"),
    ),
    Line(
        "billing:deposit_forfeit",
        "director finance",
        post=302,
        args=_deposit,
        data=lambda w: {"amount": "1.00", "reason": "損壞公共設施"},
        shows=lambda w: w.unit.code,
        changes=_now(lambda w: w.holding, "deposits"),
    ),
    Line(
        "billing:take_back",
        "supervisor director finance",
        post=302,
        args=lambda w: {"pk": w.holding.pk, "voucher": w.drawn_voucher.pk},
        data=lambda w: {"reason": "誤沖"},
        shows=lambda w: w.unit.code,
        changes=lambda w: type(w.drawn_voucher).objects.filter(reverses=w.drawn_voucher).count(),
    ),
    Line(
        "billing:refund_ask",
        "finance",
        post=302,
        args=lambda w: {"pk": w.holding.pk},
        data=lambda w: {"source": "", "amount": "1.00", "reason": "重複付款"},
        shows=lambda w: w.unit.code,
        changes=lambda w: w.holding.refunds.count(),
    ),
    Line("billing:refunds", READ, post=302, shows=lambda w: w.asked_refund.reason, stranger=(302,)),
    Line("billing:refund", READ, args=_asked, shows=lambda w: w.asked_refund.reason),
    Line(
        "billing:refund_decide",
        "director finance",
        post=302,
        args=_asked,
        data=lambda w: {"decision": "approve"},
        shows=lambda w: w.asked_refund.reason,
        changes=_now(lambda w: w.asked_refund, "state"),
    ),
    Line(
        "billing:refund_pay_out",
        "finance",
        post=302,
        args=lambda w: {"pk": w.approved_refund.pk},
        data=lambda w: {"method": "transfer"},
        shows=lambda w: w.approved_refund.reason,
        changes=_now(lambda w: w.approved_refund, "state"),
    ),
]
