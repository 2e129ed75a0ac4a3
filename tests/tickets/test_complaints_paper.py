"""The complaint record and the complaints register (SPEC §5, §13)."""

from datetime import date

from office import printing
from tests.tickets.complaints import local
from tickets import printouts
from tickets.actions import complaints as acts
from tickets.models import Complaint


def test_the_record_says_everything_in_the_language_of_who_complained(told, lead, clerk):
    complaint = told("important", language="en", demand="安靜", apology=True)
    acts.call_back(complaint=complaint, outcome="satisfied", remark="多謝", by=clerk, now=local(13, 9))
    complaint = Complaint.objects.get()
    printout = printouts.complaint_record(complaint)
    page = printing.html(printout)
    assert printout.language == "en"
    for words in (
        "C2026-000001", "3-2-1201", "張小明", "138 0013 8000", "樓上裝修噪音", "安靜", "已致電", "已勸止", "多謝",
        "陳美玲", "important", "resident contacted", "called back",
    ):  # fmt: skip
        assert words in page


def test_the_register_lists_the_complaints_in_the_order_they_came(complain, told, estate):
    told()
    complain("major")
    rows = Complaint.objects.select_related("estate", "unit", "building").order_by("opened_at", "pk")
    printout = printouts.complaints_register(
        rows, estate=estate, since=date(2026, 3, 1), until=date(2026, 3, 31)
    )
    page = printing.html(printout)
    assert page.index("C2026-000001") < page.index("C2026-000002") and "已勸止" in page
