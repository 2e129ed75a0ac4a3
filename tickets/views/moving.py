"""How a small form about a ticket or complaint is answered: 422 with the form, 409 with the rule's sentence, else 302."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from office import formkeys, undo
from office.refusals import Refused, Stale
from tickets import complaints, rules
from tickets.models import Complaint

LONGEST = 300  # characters of an address of ours


def law(matter):
    """The rules a matter moves by: the module with its MOVES and `why_not`."""
    return complaints if isinstance(matter, Complaint) else rules


def page_of(matter):
    name = "tickets:complaint" if isinstance(matter, Complaint) else "tickets:ticket"
    return reverse(name, args=[matter.pk])


def posted(request):
    """What was sent, for a form: an empty form that was sent is not one that was not."""
    return request.POST if request.method == "POST" else None


def back_to(request, ticket):
    """Where the page was opened from, if that is ours; else the page of the ticket or complaint."""
    target = request.POST.get("back") or request.GET.get("back", "")
    # A path: anything else `redirect` would take for the name of a view.
    if (
        target.startswith("/")
        and len(target) <= LONGEST
        and url_has_allowed_host_and_scheme(target, {request.get_host()})
    ):
        return target
    return page_of(ticket)


def done(request, subject, text, location):
    """Say what happened, with its undo while there is one, and go on."""
    subject.refresh_from_db(fields=["version"])
    offer = undo.latest(request.user, subject, request.now)
    tags = f"undo:{reverse('office:undo', args=[offer.pk])}" if offer else ""
    messages.success(request, text, extra_tags=tags)
    return redirect(location)


def page(request, ticket, verb, form, *, template="tickets/move.html", status=200, refused="", **context):
    rule = law(ticket).MOVES[verb]
    return render(
        request,
        template,
        {
            "ticket": ticket,
            "verb": verb,
            "title": rule.label,
            "icon": rule.icon,
            "form": form,
            "back": back_to(request, ticket),
            "refused": refused,
            **context,
        },
        status=status,
    )


def move(request, ticket, verb, form, act, *, said, formset=None, template="tickets/move.html", **context):
    """GET shows the form, POST calls `act()` once. `said` is the sentence of success; `act` may answer a location."""
    if formset is not None:
        context["formset"] = formset
    if request.method == "POST" and (
        already := formkeys.known(request.POST.get(form.add_prefix("form_key")), request.user)
    ):
        return redirect(already)
    sentence = law(ticket).why_not(verb, ticket, request.user)
    if sentence:
        return page(request, ticket, verb, form, template=template, status=409, refused=sentence, **context)
    if request.method != "POST":
        return page(request, ticket, verb, form, template=template, **context)
    forms = [form] if formset is None else [form, formset]
    valid = [one.is_valid() for one in forms]  # all of them, so that every error shows at once
    if not all(valid):
        return page(request, ticket, verb, form, template=template, status=422, **context)
    try:
        location = act()
    except Stale as refusal:
        ticket.refresh_from_db()
        return page(
            request,
            ticket,
            verb,
            fresh(form, ticket),
            template=template,
            status=409,
            refused=refusal.sentence,
            **context,
        )
    except Refused as refusal:
        return page(
            request, ticket, verb, form, template=template, status=409, refused=refusal.sentence, **context
        )
    return done(request, ticket, said, location if isinstance(location, str) else back_to(request, ticket))


def fresh(form, ticket):
    """The same typed form carrying the row's present version, so that saving again is a decision."""
    data = form.data.copy()
    data[form.add_prefix("version")] = ticket.version
    form.data = data
    return form
