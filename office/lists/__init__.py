"""Lists: a filter and a tuple of columns, declared once; page, count, totals, Excel and CSV all read it.

    LIST = List(
        name="tickets", title=_("Repairs"),
        fields=("id", "number", "unit__code", "next_due_at"),
        columns=(Column("number", _("Number"), lambda row: row["number"], order="newest"), …),
        filterset=TicketFilter, orders={"newest": ("-opened_at", "-id"), "next": ("next_due_at", "id")},
        default_order="newest", row_href=lambda row: reverse("tickets:ticket", args=[row["id"]]),
    )

    @may("tickets.read")
    @require_http_methods(["GET", "POST"])
    def tickets(request):
        rows = Ticket.objects.visible_to(request.user, "tickets.read")
        return lists.render(request, LIST, rows, template="tickets/ticket_list.html")

GET shows a page. POST `export=xlsx|csv` streams all matching rows, `keep=1` saves the filter under a name,
`forget=ID` removes a saved one. Rows are `values()` dicts of `fields`, with the present moment as `row["now"]`.

Paging is by keyset: the last page costs what the first one costs, and nothing counts a million rows. Make an
index that holds what the queryset always asks for (the estate) followed by the fields of each order.
"""

from office.lists.answers import render
from office.lists.declaration import Column, List, ListPage
from office.lists.export import blocks, exportable, file_name, ordered, register
from office.lists.keysets import Key, cursor_of, keys_of, place_of, take
from office.lists.page import draw, make_page
from office.lists.query import Reading, chosen, parameter_names, read
from office.lists.words import day, stamp

__all__ = [
    "Column",
    "Key",
    "List",
    "ListPage",
    "Reading",
    "blocks",
    "chosen",
    "cursor_of",
    "day",
    "draw",
    "exportable",
    "file_name",
    "keys_of",
    "make_page",
    "ordered",
    "parameter_names",
    "place_of",
    "read",
    "register",
    "render",
    "stamp",
    "take",
]
