"""Paper: the sheet shown in the page before it is printed, and the PDFs themselves (SPEC §4.2, §13)."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from office.access import may
from tickets.views import rows

SIZES = ("A4", "A5")


def size_of(request, estate):
    """`?size=A4|A5`, else the estate's usual paper."""
    asked_size = request.GET.get("size", "")
    return asked_size if asked_size in SIZES else estate.paper


def answer(request, printout):
    """The PDF in the browser's own viewer, named for saving."""
    from office import printing  # here: WeasyPrint takes a second to load, and few requests print

    response = HttpResponse(printing.pdf(printout), content_type="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{printout.filename}"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


@may("tickets.print", "tickets.print_own")
@require_GET
def work_order_print(request, pk):
    """The sheet as it will leave the printer; Ctrl+P prints it."""
    order = rows.order(request, pk)
    size = size_of(request, order.estate)
    pdf = reverse("tickets:work_order_pdf", args=[order.pk])
    context = {
        "order": order,
        "ticket": order.ticket,
        "pdf_url": f"{pdf}?size={size}",
        "sizes": [(name, f"?size={name}", name == size) for name in SIZES],
        "now": request.GET.get("now") == "1",
    }
    return render(request, "tickets/work_order_print.html", context)


@may("tickets.print", "tickets.print_own")
@require_GET
def work_order_pdf(request, pk):
    from tickets import printouts  # here: see `answer`

    order = rows.order(request, pk)
    return answer(request, printouts.work_order(order, size=size_of(request, order.estate)))
