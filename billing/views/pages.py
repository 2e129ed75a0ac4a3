"""How a page of the fees answers a form: 422 at the field, 409 with the rule's sentence, else go on; twice sent acts once."""

from django.shortcuts import redirect, render

from office import formkeys, journal
from office.lists import stamp
from office.refusals import Refused

SHOWN = 60  # lines of a timeline


def handle(request, title, form, back, act, **words):
    """Show the form, or run `act(form)` once and go to the address it answers. `words`: submit, intro, facts, style."""
    context = {"title": title, "form": form, "back": back, **words}
    if request.method != "POST":
        return render(request, "billing/act.html", context)
    key = form.data.get("form_key")
    if address := formkeys.known(key, request.user):
        return redirect(address)
    if not form.is_valid():
        return render(request, "billing/act.html", context, status=422)
    try:
        return redirect(formkeys.once(key, request.user, request.now, lambda: act(form.cleaned_data))[0])
    except Refused as refusal:
        form.add_error(None, refusal.sentence)
        return render(request, "billing/act.html", context, status=409)


def of_estate(request, model, permission):
    """Rows of the estate in view."""
    return model.objects.visible_to(request.user, permission).filter(estate=request.estate)


def timeline(rows):
    """The newest lines of the journal as people read them."""
    return [
        {
            "text": journal.sentence(event),
            "at": stamp(event.at),
            "iso": event.at.isoformat(timespec="minutes"),
            "by": event.by_name,
        }
        for event in rows.order_by("-id")[:SHOWN]
    ]
