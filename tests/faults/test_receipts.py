"""One form is one payment, numbers have no gaps, and what happens at once happens in some order (ARCHITECTURE §3)."""

import os
import random
import signal
from collections import Counter
from decimal import Decimal
from itertools import permutations

import pytest
from django.db import transaction
from django.urls import reverse

from billing.actions import payment, refund, void, waiver
from billing.models import Account, Entry, OpenCharge, Receipt, Voucher
from office import failpoints, formkeys
from office.refusals import Refused
from tests.billing.money import make_account, make_charge, make_item
from tests.cast import NOW, client_of, make_estate, make_staff

from .child import ended, start
from .crowd import at_once

pytestmark = pytest.mark.faults

FULL = bool(os.environ.get("GUANJIA_FULL"))
SENT, FORMS = (100, 20) if FULL else (6, 2)
THREADS = 16
NUMBERS = 10_000 if FULL else 96
KILLED = 40 if FULL else 4
MEETINGS = 200 if FULL else 6


@pytest.fixture
def office(own_db):
    estate = make_estate()
    return estate, make_item(estate), make_staff("cashier", (estate, "cashier"))


@pytest.fixture
def desk(estate, cashier):
    """The same for those who come one after the other."""
    return estate, make_item(estate), cashier


def numbers():
    return sorted(Receipt.objects.values_list("number", flat=True))


def without_gaps(count):
    return [f"S2026-{n:06d}" for n in range(1, count + 1)]


# --- one form ----------------------------------------------------------------------------------------------


class Form:
    """A page of the counter as it was opened: a debt of 100.00, and 10.00 in advance; sent as often as one likes."""

    def __init__(self, account, item, cashier):
        self.charge = make_charge(account, item, by=cashier)
        self.cashier, self.url = cashier, reverse("billing:counter", args=[account.unit_id])
        form = client_of(cashier).get(self.url).context["form"]
        self.values = {
            "form_key": str(form["form_key"].value()),
            "payer": "張小明",
            "main": "cash",
            "person": account.person_id,
            "prepay": "10.00",
            "tick": [self.charge.pk],
            f"pay_{self.charge.pk}": "100.00",
            "extra-TOTAL_FORMS": 1,
            "extra-INITIAL_FORMS": 0,
        }
        self.clients = [client_of(cashier) for _ in range(SENT)]

    def send(self, n=0):
        answer = self.clients[n].post(self.url, self.values)
        return answer.status_code, answer.headers.get("Location")

    def send_until_answered(self, n):
        """Every third answer is lost on its way, and the form sent again."""
        if n % 3 == 0:
            self.send(n)
        return self.send(n)


def opened(office):
    estate, item, cashier = office
    account = Account.objects.first() or make_account(estate)
    return Form(account, item, cashier)


def killed_at(form, name):
    failpoints._arrivals.clear()
    return start(form.send, GUANJIA_FAILPOINT=name)


def test_a_form_sent_many_times_at_once_pays_once_and_leads_to_one_receipt(office):
    for turn in range(FORMS):
        form = opened(office)
        kills = ("billing.pay.written", "billing.pay.booked") if turn % 2 else ()
        dying = [killed_at(form, name) for name in kills]
        answers = at_once(SENT, form.send_until_answered)
        assert len(set(answers)) == 1, Counter(answers)
        assert all(ended(child) in (0, -signal.SIGKILL) for child in dying)
        status, address = answers[0]
        receipt = Receipt.objects.latest("pk")
        assert status == 302 and address.startswith(reverse("billing:receipt", args=[receipt.pk]))
        assert receipt.number in client_of(form.cashier).get(address).content.decode()
        account = Account.objects.get()
        assert (Receipt.objects.count(), account.owed, account.prepaid) == (turn + 1, 0, 10 * (turn + 1))


def test_killed_before_its_commit_nothing_is_paid_killed_after_it_the_form_leads_to_its_receipt(office):
    form = opened(office)
    assert ended(killed_at(form, "billing.pay.written")) == -signal.SIGKILL
    assert not Receipt.objects.exists() and OpenCharge.objects.exists()
    assert ended(killed_at(form, "billing.pay.booked")) == -signal.SIGKILL
    receipt = Receipt.objects.get()
    status, address = form.send()
    assert status == 302 and address.startswith(reverse("billing:receipt", args=[receipt.pk]))
    assert (Receipt.objects.count(), receipt.number) == (1, "S2026-000001")


def test_a_form_that_finds_its_debts_paid_by_its_twin_leads_to_the_twins_receipt(desk, monkeypatch):
    """The second looks for the first one before it commits, and for the debts afterwards."""
    form = opened(desk)
    first = form.send()
    known, looked = formkeys.known, []

    def too_early(key, staff):
        looked.append(key)
        return None if len(looked) == 1 else known(key, staff)

    monkeypatch.setattr(formkeys, "known", too_early)
    assert form.send() == first


def test_without_its_key_the_form_is_paid_as_often_as_it_is_sent(desk, monkeypatch):
    """The twin: nobody remembers the form."""
    form = opened(desk)
    form.values |= {"tick": [], "prepay": "10.00"}
    monkeypatch.setattr(formkeys, "known", lambda key, staff: None)
    monkeypatch.setattr(formkeys, "once", lambda key, staff, now, act: (act(), True))
    for _ in range(4):
        form.send()
    assert Account.objects.get().prepaid == 40


# --- numbers -----------------------------------------------------------------------------------------------


class Aside(Exception):
    """What goes wrong after the number was taken."""


def pay_ten(account, by):
    return payment.pay(
        estate=account.estate, payer="x", charges=[], prepay=[(account.pk, Decimal(10))], methods={"cash": Decimal(10)},
        by=by, now=NOW,
    )  # fmt: skip


def pays(account, by, times, seed):
    """Payments on one account, every fifth of them rolled back after its number was taken; how many stay."""
    lot, stay = random.Random(seed), 0
    for _ in range(times):
        try:
            with transaction.atomic():
                pay_ten(account, by)
                if lot.random() < 0.2:
                    raise Aside
            stay += 1
        except Aside:
            pass
    return stay


def test_numbers_have_no_gaps_whoever_rolls_back_or_dies(office):
    estate, _item, cashier = office
    accounts = [make_account(estate, f"3-2-{1000 + n}") for n in range(THREADS)]
    lot = random.Random(5)
    dying = []
    for n in range(KILLED):
        failpoints._arrivals.clear()
        arrival = lot.randint(1, 6)
        account = accounts[n % THREADS]
        dying.append(
            start(
                lambda account=account: pays(account, cashier, 20, 0),
                GUANJIA_FAILPOINT=f"billing.pay.written:{arrival}",
            )
        )
    stayed = at_once(THREADS, lambda n: pays(accounts[n], cashier, NUMBERS // THREADS, n))
    assert all(ended(child) == -signal.SIGKILL for child in dying)
    assert sum(stayed) < NUMBERS  # some were rolled back
    assert len(numbers()) > sum(stayed)  # and the dead had paid before they died
    assert numbers() == without_gaps(len(numbers()))
    assert Entry.objects.filter(head="money").count() == len(numbers())


def test_numbers_that_are_not_part_of_the_payment_leave_gaps(desk, monkeypatch):
    """The twin: a number taken by itself stays taken when the payment goes."""
    estate, _item, cashier = desk
    account = make_account(estate)
    taken = iter(range(1, 1000))
    monkeypatch.setattr(payment.series, "take", lambda *_given, now: f"S2026-{next(taken):06d}")
    assert pays(account, cashier, 20, 1) < 20
    assert numbers() != without_gaps(len(numbers()))


# --- what happens at once ----------------------------------------------------------------------------------

# (owed, prepaid) after each, None when it is refused.
MODEL = {
    "pay": lambda owed, held: (owed - 40, held + 5) if owed >= 40 else None,
    "void": lambda owed, held: (owed + 60, held - 40) if held >= 40 else None,
    "waive": lambda owed, held: (owed - 30, held) if owed >= 30 else None,
    "refund": lambda owed, held: (owed, held - 25) if held >= 25 else None,
}


def outcome(order):
    """(what was done, owed, prepaid) in this order."""
    state, done = (40, 40), set()
    for name in order:
        if after := MODEL[name](*state):
            state = after
            done.add(name)
    return frozenset(done), *state


SERIAL = {outcome(order) for order in permutations(MODEL)}


def meet(estate, item, people, turn):
    """Of a new account, at once: what is left is paid, the receipt voided, a part waived, and prepaid money paid out."""
    cashier, director, finance, supervisor = people
    account = make_account(estate, f"3-2-{1000 + turn}")
    charge = make_charge(account, item, by=cashier)
    receipt = payment.pay(
        estate=estate, payer="x", charges=[(charge.pk, Decimal(60))], prepay=[(account.pk, Decimal(40))],
        methods={"cash": Decimal(100)}, by=cashier, now=NOW,
    )  # fmt: skip
    asked = refund.ask(account=account, amount=Decimal(25), reason="moves", by=finance, now=NOW)
    asked = refund.approve(refund=asked, by=director, now=NOW)
    acts = {
        "pay": lambda: payment.pay(
            estate=estate, payer="x", charges=[(charge.pk, Decimal(40))], prepay=[(account.pk, Decimal(5))],
            methods={"cash": Decimal(45)}, by=cashier, now=NOW,
        ),
        "void": lambda: void.void(receipt=receipt, reason="wrong", by=supervisor, now=NOW),
        "waive": lambda: waiver.waive(charges=[(charge.pk, Decimal(30))], reason="noise", by=director, now=NOW),
        "refund": lambda: refund.pay_out(refund=asked, methods={"transfer": Decimal(25)}, by=finance, now=NOW),
    }  # fmt: skip
    order = sorted(acts)
    random.Random(turn).shuffle(order)
    answers = at_once(len(order), lambda n: acts[order[n]]())
    done = frozenset(
        name for name, answer in zip(order, answers, strict=True) if not isinstance(answer, Refused)
    )
    account.refresh_from_db()
    booked = Entry.objects.filter(account=account, head__in=["receivable", "prepaid"])
    assert sum(row.amount for row in booked) == account.owed - account.prepaid
    return done, account.owed, account.prepaid


def test_paying_voiding_waiving_and_refunding_at_once_is_some_order_of_them(office):
    estate, item, cashier = office
    people = (cashier, *(make_staff(role, (estate, role)) for role in ("director", "finance", "supervisor")))
    found = Counter(meet(estate, item, people, turn) for turn in range(MEETINGS))
    assert set(found) <= SERIAL, found
    assert len(found) > 1 or not FULL  # they did meet
    assert not Voucher.objects.filter(entries=None).exists()
