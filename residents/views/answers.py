"""How a page of the register answers a form: 422 at the field, 409 with the rule's sentence, else go on."""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse

from office import formkeys, journal
from office.lists import stamp
from office.models import Event
from office.refusals import Refused
from residents.models import Person

READ, EDIT, REVEAL = "register.read", "register.edit", "register.reveal"
SHOWN = 60  # lines of a timeline


def page(request, title, form, back, *, submit="", status=200, intro=""):
    """The one template of every form here."""
    context = {"title": title, "form": form, "back": back, "submit": submit, "intro": intro}
    return render(request, "residents/form.html", context, status=status)


def handle(request, title, form, back, act, **words):
    """Show the form, or run `act(form)` once and go to the address it answers."""
    if request.method != "POST":
        return page(request, title, form, back, **words)
    key = form.data.get(form.add_prefix("form_key"))
    if key and (address := formkeys.known(key, request.user)):
        return redirect(address)
    if not form.is_valid():
        return page(request, title, form, back, status=422, **words)
    try:
        address = formkeys.once(key, request.user, request.now, lambda: act(form))[0] if key else act(form)
    except Refused as refusal:
        form.add_error(None, refusal.sentence)
        return page(request, title, form, back, status=409, **words)
    return redirect(address)


def posted(request):
    """What was sent; a form of optional fields may be sent empty, which is not the same as being looked at."""
    return request.POST if request.method == "POST" else None


def here(request, permission):
    """The estate in view, if the person may do this there."""
    if request.estate is None or not request.user.may(permission, request.estate.pk):
        raise Http404
    return request.estate


def of_estate(request, model, permission=READ):
    """Rows of the estate in view."""
    return model.objects.visible_to(request.user, permission).filter(estate=request.estate)


def address_of(name, *args, query=""):
    """A page of another room by its name; empty where it is not there."""
    try:
        return reverse(name, args=args) + (f"?{query}" if query else "")
    except NoReverseMatch:
        return ""


def timeline(rows):
    """The newest lines of the journal as people read them: two queries. Names are looked up, never stored."""
    events = list(rows.order_by("-id")[:SHOWN])
    ids = {event.data["person"] for event in events if isinstance(event.data.get("person"), int)}
    names = {person.pk: person.local_name for person in Person.objects.filter(pk__in=ids)} if ids else {}
    return [
        {
            "text": _line(event, names),
            "at": stamp(event.at),
            "iso": event.at.isoformat(timespec="minutes"),
            "by": event.by_name,
            "href": address_of("tickets:ticket", event.subject_id)
            if event.subject_kind == "tickets.ticket"
            else "",
        }
        for event in events
    ]


def _line(event: Event, names):
    who = names.get(event.data.get("person"))
    lead = who or (event.subject_text if event.subject_kind not in ("unit", "person", "building") else "")
    said = journal.sentence(event)
    return f"{lead}: {said}" if lead else said


def paper(printout):
    """The PDF in the browser's own viewer, named for saving."""
    from office import printing  # here: WeasyPrint takes a second to load, and few requests print

    response = HttpResponse(printing.pdf(printout), content_type="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{printout.filename}"'
    response.headers["Cache-Control"] = "private, no-store"
    return response
