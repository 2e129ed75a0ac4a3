"""A message written by hand, from the page of a household or of a ticket (SPEC §10).

Here, because a ticket's page may use the words and people of the register, and the register knows no tickets.
"""

from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from office import clocks, formkeys, lists, outbox, sms, texts, undo
from office.access import may
from office.models import Unit
from office.models.places import LANGUAGES
from office.refusals import Refused
from office.views.session import enter
from residents import actions, reports
from residents.forms.messages import MessageForm
from residents.models import Person
from tickets.models import Complaint, Ticket

SEND = "messages.send"


@may(SEND)
@require_http_methods(["GET", "POST"])
def to_household(request, pk):
    """To somebody of the unit; `?person=` chooses whom."""
    unit = get_object_or_404(Unit.objects.visible_to(request.user, SEND).select_related("estate"), pk=pk)
    house = reports.household(unit, clocks.local_date(request.now, unit.estate.zone))
    people = list({one.person_id: one for one in house.residents}.values())
    back = reverse("residents:unit", args=[unit.pk])
    if not people:
        return render(request, "household/message.html", {"back": back, "unit": unit, "nobody": True})
    said = request.GET.get("person", "")
    first = house.contact or people[0]
    chosen = next((one for one in people if str(one.person_id) == said), None)
    if said and chosen is None:
        raise Http404
    chosen = chosen or first
    person = Person.objects.prefetch_related("phones").get(pk=chosen.person_id)
    choices = [(one.person_id, f"{one.local_name}, {one.role_label}") for one in people]
    return _compose(
        request, estate=unit.estate, unit=unit, person=person, people=choices, subject=person, back=back
    )


@may(SEND)
@require_http_methods(["GET", "POST"])
def to_reporter(request, pk):
    """To who reported a repair; who left only a number is reached by it."""
    rows = Ticket.objects.visible_to(request.user, SEND).select_related("estate", "unit")
    ticket = get_object_or_404(rows, pk=pk)
    return _about(
        request, ticket, reverse("tickets:ticket", args=[ticket.pk]), person_id=ticket.reporter_id,
        phone=ticket.reporter_phone, name=ticket.reporter_name, language=ticket.reporter_language,
    )  # fmt: skip


@may(SEND)
@require_http_methods(["GET", "POST"])
def to_complainant(request, pk):
    """To who complained. It keeps no promise: the result is told by telephone or face to face (SPEC §5.3)."""
    rows = Complaint.objects.visible_to(request.user, SEND).select_related("estate", "unit")
    row = get_object_or_404(rows, pk=pk)
    return _about(
        request, row, reverse("tickets:complaint", args=[row.pk]), person_id=row.complainant_id, phone=row.phone,
        name=row.name, language=row.language,
    )  # fmt: skip


def _about(request, row, back, *, person_id, phone, name, language):
    """About a repair or a complaint, to the person it came from, else to the number that was left."""
    person = Person.objects.prefetch_related("phones").filter(pk=person_id).first()
    if person is None and not phone:
        return render(request, "household/message.html", {"back": back, "unit": row.unit, "nobody": True})
    return _compose(
        request, estate=row.estate, unit=row.unit, person=person, people=[], subject=row, back=back, phone=phone,
        name=name or phone, language=language,
    )  # fmt: skip


def _compose(request, *, estate, unit, person, people, subject, back, phone="", name="", language=""):
    enter(request, estate)
    beginnings = texts.in_order(by_itself=False)
    said = request.GET.get("template", "")
    template = next((one for one in beginnings if one.name == said), beginnings[0])
    usual = (person.language if person else "") or language or estate.language
    language = _language(request, usual)
    form = MessageForm(
        request.POST if request.method == "POST" else None, person=person, phone=phone, unit=unit, estate=estate,
        initial=_words(estate, template, language, unit),
    )  # fmt: skip
    status = 200
    if request.method == "POST":
        if already := formkeys.known(form.data.get("form_key"), request.user):
            return redirect(already)
        status = 422
        if form.is_valid():
            values = form.cleaned_data

            def write():
                message = actions.write_message(
                    estate=estate, subject=subject, person=person, phone=phone, unit=unit, channel=values["channel"],
                    title=values["title"], body=values["body"], template=template.name, language=language,
                    key=values["form_key"], by=request.user, now=request.now,
                )  # fmt: skip
                subject.refresh_from_db(fields=["version"])
                offer = undo.latest(request.user, subject, request.now)
                undo.toast(request, offer, _said(message, estate, request.now))
                return back

            try:
                return redirect(formkeys.once(values["form_key"], request.user, request.now, write)[0])
            except Refused as refusal:
                form.add_error(None, refusal.sentence)
                status = 409
    quiet = outbox.quiet_until(request.now, estate)
    context = {
        "form": form,
        "back": back,
        "unit": unit,
        "subject": subject,
        "name": person.local_name if person else name,
        "people": [(pk, label, person is not None and pk == person.pk) for pk, label in people],
        "beginnings": [(one.name, one.label, one is template) for one in beginnings],
        "languages": _languages(request, usual),
        "here": request.path,
        "quiet": lists.stamp(quiet)[-5:] if quiet else "",
        "length": sms.length(str(form["body"].value() or "")),
        "wish": person.get_contact_display() if person else "",
    }
    return render(request, "household/message.html", context, status=status)


def _language(request, usual):
    said = request.GET.get("language", "")
    return said if said in dict(LANGUAGES) else usual


def _languages(request, usual):
    """Their own first: it follows the person when another one is chosen."""
    said = request.GET.get("language", "")
    own = _("their own: %(language)s") % {"language": texts.spoken(usual)}
    return [("", own, not said), *((code, label, code == said) for code, label in LANGUAGES)]


def _words(estate, template, language, unit):
    """The beginning in the person's language, with what is known filled in."""
    title, body, _version = texts.current(estate.pk, template.name, language)
    values = {**texts.house(estate, language), "unit": unit.code if unit else ""}
    return {"title": texts.fill(title, values), "body": texts.fill(body, values)}


def _said(message, estate, now):
    """What the toast says: when it goes, so that nobody believes it has gone."""
    if message.channel == message.Channel.PAPER:
        return _("The letter lies ready to be printed in a moment.")
    until = outbox.quiet_until(now, estate)
    if until:
        return _("It goes at %(time)s, when the quiet hours end.") % {"time": lists.stamp(until)}
    return _("It goes in ten seconds.")
