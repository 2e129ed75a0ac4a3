"""Payment notices and statements on paper, one by one and in a batch; the sums folded by a sweep (SPEC §6.9)."""

from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from billing import figure_registers, notices
from billing.actions import run
from billing.models import Item, Turnover
from billing.reports import figures
from office import clocks, jobs
from office.models import Job, Promise
from office.refusals import Refused
from tests.billing.money import make_account, make_charge, make_standard
from tests.cast import NOW, client_of, make_person, make_unit, occupy

D = Decimal


@pytest.fixture
def management(estate):
    return Item.objects.get(estate=estate, code="management")


def text_of(data):
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(data)).pages)


@pytest.mark.parametrize(("name", "amount"), [("account_notice", "138.56"), ("account_statement", "238.56")])
def test_a_sheet_says_what_is_to_be_paid_in_the_payers_language(
    estate, management, clerk, cashier, name, amount
):
    from billing.actions import payment

    account = make_account(estate)
    type(account.person).objects.filter(pk=account.person_id).update(language="en", name_en="Cheung Siu Ming")
    charge = make_charge(account, management, "238.56", by=cashier)
    payment.pay(
        estate=estate,
        payer="x",
        charges=[(charge.pk, D("100.00"))],
        methods={"cash": D("100.00")},
        by=cashier,
        now=NOW,
    )
    said = text_of(client_of(clerk).get(reverse(f"billing:{name}", args=[account.pk])).content)
    assert "Cheung Siu Ming" in said
    assert amount in said
    assert "138.56" in said


def test_a_batch_is_one_file_of_all_who_owe_in_the_order_of_the_units(estate, management, clerk, cashier):
    for code, owes in (("3-2-1202", True), ("3-2-1201", True), ("3-2-1203", False)):
        unit, person = make_unit(estate, code), make_person(estate, f"住户{code[-1]}", language="en")
        occupy(unit, person)
        from billing.actions import ledger

        account = ledger.account_of(unit, person)
        if owes:
            make_charge(account, management, by=cashier)
    client_of(clerk).post(reverse("billing:notices"), {"kind": "notice"})
    jobs.run_waiting(timezone.now())
    job = Job.objects.get(kind=notices.JOB)
    assert (job.state, job.done, job.total) == (Job.State.DONE, 2, 2)
    pages = [page.extract_text() for page in PdfReader(job.result_file.content.open()).pages]
    assert ["3-2-1201" in pages[0], "3-2-1202" in pages[1], len(pages)] == [True, True, 2]


def test_nobody_owes_nothing_is_printed(estate, clerk):
    with pytest.raises(Refused):
        notices.start(kind="notice", estate=estate, building=None, by=clerk, now=NOW)


def test_folding_changes_no_sum(estate, management, cashier):
    account = make_account(estate)
    for _time in range(3):
        make_charge(account, management, "10.00", by=cashier)
    before, rows = figures.ageing([estate.pk], NOW.date()), Turnover.objects.count()
    assert figure_registers.foresee(NOW, [estate.pk], 10).count > 0
    assert figure_registers.fold(NOW).done > 0
    assert figures.ageing([estate.pk], NOW.date()) == before
    assert Turnover.objects.count() < rows
    assert figure_registers.foresee(NOW, [estate.pk], 10).count == 0
    assert figures.proof(estate).holds
    assert connection.in_atomic_block


def test_a_run_promises_its_notices_seven_days_before_they_are_due_and_a_batch_keeps_it(
    estate, finance, clerk
):
    unit = make_unit(estate, "3-2-1299", area=D(80))
    occupy(unit, make_person(estate))
    make_standard(Item.objects.get(estate=estate, code="management"), "2.00")
    row = run.go_on(run.post(estate=estate, period=date(2026, 3, 1), by=finance, now=NOW), now=lambda: NOW)
    promise = Promise.objects.get(kind="payment_notice")
    assert clocks.local_date(promise.due_at - timedelta(seconds=1), estate.zone) == date(
        2026, 3, 24
    )  # due on the 31st
    assert (promise.subject_id, promise.department, promise.outcome) == (row.pk, "finance", "open")
    client_of(clerk).post(reverse("billing:notices"), {"kind": "notice"})
    jobs.run_waiting(timezone.now())
    promise.refresh_from_db()
    assert (promise.outcome, promise.closed_by) == ("kept", clerk)


def test_a_run_that_charged_nobody_promises_nothing(estate, finance):
    run.go_on(run.post(estate=estate, period=date(2026, 3, 1), by=finance, now=NOW), now=lambda: NOW)
    assert not Promise.objects.filter(kind="payment_notice").exists()
