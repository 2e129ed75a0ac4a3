"""The resident's signature, drawn when the work ends: kept, shown to who reads the ticket, printed, undone with the rest."""

import io

from django.urls import reverse
from PIL import Image

from office import printing, undo
from office.models import File
from tickets import actions, printouts, reports


def drawn():
    out = io.BytesIO()
    Image.new("RGB", (60, 20), "navy").save(out, "PNG")
    return out.getvalue()


def finish(ticket, technician, now):
    order = ticket.work_orders.get()
    actions.finish(
        work_order=order, ended_at=now, arrived_at=now, result="已修復", signature=drawn(), signed_by="張小明",
        by=technician, now=now,
    )  # fmt: skip
    order.refresh_from_db()
    return order


def test_it_is_kept_printed_and_read_by_who_reads_the_ticket(
    dispatched, technician, clerk, guard, sign_in, now
):
    order = finish(dispatched(), technician, now)
    file = reports.signature(order)
    assert (file.kind, file.subject_id) == ("signature", order.pk)
    assert printing.attachment_url(file) in printing.html(printouts.work_order(order, size="A4"))
    address = reverse("office:file", args=[file.pk])
    assert address in sign_in(clerk).get(reverse("tickets:work_order", args=[order.pk])).content.decode()
    assert [sign_in(who).get(address).status_code for who in (clerk, technician, guard)] == [200, 200, 404]


def test_taken_back_with_the_end_of_work_it_is_gone(dispatched, technician, now):
    ticket = dispatched()
    order = finish(ticket, technician, now)
    ticket.refresh_from_db()
    undo.take_back(undo=undo.latest(technician, ticket, now), by=technician, now=now)
    order.refresh_from_db()
    assert reports.signature(order) is None and not File.objects.filter(kind="signature").exists()
