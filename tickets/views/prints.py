"""Paper: the sheet shown in the page before it is printed, and the PDFs themselves (SPEC §4.2, §13)."""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from office import clocks, jobs
from office.access import may
from tickets import actions, reports
from tickets.views import rows
from tickets.views.day import asked

SIZES = ("A4", "A5")


def size_of(request, estate):
    """`?size=A4|A5`, else the estate's usual paper."""
    wanted = request.GET.get("size", "")
    return wanted if wanted in SIZES else estate.paper


def answer(printout):
    """The PDF in the browser's own viewer, named for saving."""
    from office import printing  # here: WeasyPrint takes a second to load, and few requests print

    return printing.answer(printout)


@may("tickets.print", "tickets.print_own")
@require_GET
def work_order_print(request, pk):
    """The sheet as it will leave the printer; Ctrl+P prints it."""
    order = rows.order(request, pk)
    size = size_of(request, order.estate)
    context = {
        "order": order,
        "ticket": order.ticket,
        "pdf_url": f"{reverse('tickets:work_order_pdf', args=[order.pk])}?size={size}",
        "sizes": [(name, f"?size={name}", name == size) for name in SIZES],
        "now": request.GET.get("now") == "1",
        "takes": request.user.may("tickets.intake", order.estate_id),
    }
    return render(request, "tickets/work_order_print.html", context)


@may("tickets.print", "tickets.print_own")
@require_GET
def work_order_pdf(request, pk):
    """維修工作單 as PDF; looking at it is not printing it."""
    from tickets import printouts  # here: see `answer`

    order = rows.order(request, pk, related=rows.PAPER)
    return answer(printouts.work_order(order, size=size_of(request, order.ticket.estate)))


@may("tickets.print", "tickets.print_own")
@require_POST
def work_order_printed(request, pk):
    """The sheet has been printed: from now on it is marked as a copy."""
    order = rows.order(request, pk)
    actions.mark_printed(work_orders=[order], by=request.user, now=request.now)
    if request.headers.get("Accept") == "application/json":
        return HttpResponse(status=204)
    return redirect("tickets:work_order_pdf", order.pk)


@may("tickets.print")
@require_GET
def register_pdf(request, pk):
    """業主報修登記表, or 業主報修有償服務登記表 where the resident pays."""
    from tickets import printouts  # here: see `answer`

    return answer(printouts.register(rows.ticket(request, pk), size="A4"))


@may("tickets.callback")
@require_GET
def callback_pdf(request):
    """回訪記錄表: the queue on paper, to tick while telephoning or visiting."""
    from tickets import printouts  # here: see `answer`

    if request.estate is None:
        raise Http404
    waiting = reports.callbacks_owed(request.user, request.estate.pk, request.now)
    today = clocks.local_date(request.now, request.estate.zone)
    return answer(printouts.callbacks(waiting, estate=request.estate, date=today, by=request.user))


@may("tickets.print")
@require_POST
def day_pdf(request):
    """A crew's day as one PDF: a Job with progress, because it may be three hundred sheets."""
    day, technicians = asked(request, request.POST)
    if not reports.day_orders(request.estate, day, technicians).exists():
        raise Http404
    size = request.POST.get("size", "")
    args = {"day": day.isoformat(), "technicians": technicians, "size": size if size in SIZES else ""}
    title = _("Work orders of %(day)s") % {"day": f"{day:%Y-%m-%d}"}
    job = jobs.start(
        "tickets.print_day", title=title, estate=request.estate, by=request.user, args=args, now=request.now
    )
    return redirect("office:job", job.pk)
