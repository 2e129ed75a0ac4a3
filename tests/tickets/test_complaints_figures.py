"""Complaints of now and of a month, counted (SPEC §4.8, §5.6)."""

from tests.cast import NOW
from tests.tickets.complaints import HOUR, local
from tickets import reports
from tickets.actions import complaints as acts


def test_the_figures_of_now_are_the_open_complaints(complain, told, reported, estate, elsewhere):
    complain("major", harm_now=True)
    complain("important")
    reported()
    told()
    figures = reports.complaint_figures([estate.pk, elsewhere.pk], NOW + 2 * HOUR)
    assert figures == reports.ComplaintFigures(
        open=4, late=1, harm=1, unacknowledged=2, to_tell=1, callbacks=1,
        by_class={"major": 1, "important": 1, "minor": 2},
    )  # fmt: skip


def test_the_months_summary_counts_what_was_received_and_what_was_owed(
    complain, told, clerk, estate, supervisor
):
    first = acts.call_back(
        complaint=told("important"), outcome="satisfied", score=4, by=clerk, now=local(13, 9)
    )
    acts.call_back(complaint=told(), outcome="not_satisfied", remark="x", by=clerk, now=local(14, 9))
    acts.withdraw(complaint=complain(cause="PETS"), reason="x", by=clerk, now=local(13))
    complain(now=local(2, 9, month=4))  # of April
    month = reports.complaints_of_month(estate.pk, local(1), local(1, month=4), least=2)
    assert (month.received, month.by_class) == (3, {"important": 1, "minor": 2})
    assert (month.valid, month.reopened, month.closed, month.satisfied, month.not_satisfied) == (
        2,
        1,
        2,
        1,
        1,
    )
    assert month.by_fault == {"neighbour": 2}
    callbacks, forward = month.promises["complaint_callback"], month.promises["complaint_forward"]
    assert (callbacks.owed, callbacks.kept, callbacks.on_time, callbacks.rate) == (2, 2, 2, 1)
    assert (forward.owed, forward.kept) == (1, 0)  # nobody acknowledged it: closing it makes it no better
    assert [row["n"] for row in month.recurring] == [2]
    assert [(row["unit"], row["n"]) for row in month.complainants] == [(first.unit_id, 3)]


def test_the_months_summary_asks_a_constant_number_of_questions(complain, estate, django_assert_num_queries):
    for _n in range(3):
        complain()
    with django_assert_num_queries(6):
        reports.complaints_of_month(estate.pk, local(1), local(1, month=4))
    with django_assert_num_queries(1):
        reports.complaint_figures([estate.pk], NOW)
