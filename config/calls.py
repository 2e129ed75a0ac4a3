"""Who is calling: the address a softphone opens when the telephone rings, `/call?number=` (SPEC §2, UX G2)."""

import re
import unicodedata
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from config import find
from office import clocks, phones, search
from office.access import may
from office.phrases import listed
from office.refusals import Refused
from residents import actions, reports
from residents.models import Person
from residents.views import answers

READ, EDIT = "register.read", "register.edit"
LONGEST = 100  # characters of an address a softphone may send
OFFERED = 12  # people offered as the owner of an unknown number


def number_of(said):
    """The number in what a softphone sends: `tel:+86…`, `sip:0755…@host`, `"Chan" <138…>`; "" for a withheld one."""
    text = unicodedata.normalize("NFKC", said).replace("\0", "").strip()[:LONGEST]
    if inner := re.search(r"<([^>]*)>", text):
        text = inner[1]
    text = re.sub(r"^(?:tel|sips?|callto):/*", "", text, flags=re.IGNORECASE)
    text = re.split(r"[@;?]", text, maxsplit=1)[0]
    digits = phones.bare(text)
    if len(digits) < phones.FEWEST or len(digits) > phones.MOST + 4 or re.search(r"[^\W\d_]", text):
        return ""
    return f"+{digits}" if text.lstrip().startswith("+") else digits


@may(READ)
@never_cache
@require_GET
def call(request):
    """A number that means one household opens it; several are listed; an unknown one finds its person here."""
    number = number_of(request.GET.get("number", ""))
    country = request.estate.country if request.estate else "CN"
    today = clocks.local_date(request.now, request.estate.zone) if request.estate else request.now.date()
    estates = request.user.estate_ids(READ)
    known = _lines(request, reports.callers(estates, number, today, country)) if number else []
    typed = request.GET.get("q", "").replace("\0", "").strip()[:LONGEST]
    if known and not typed and len({line.unit or line.url for line in known}) == 1:
        several = (
            len({line.url for line in known}) > 1
        )  # husband and wife with one number: who calls is not known
        return redirect(find.household(known[0].unit) if several else known[0].url)
    context = {
        "number": number,
        "said": phones.shown(phones.read(number, country) or number, country) if number else "",
        "known": known,
        "similar": []
        if known or not number
        else _lines(request, reports.callers(estates, number, today, country, ends=True)),
        "typed": typed,
        "offered": _offered(request, typed, today) if typed and number else [],
        "may_attach": request.user.may(EDIT),
        "reception": _reception(request, number),
    }
    if request.htmx and not request.htmx.boosted:
        return render(request, "call.html#offered", context)
    return render(request, "call.html", context)


@may(EDIT)
@require_POST
def call_attach(request):
    """The unknown number belongs to this person: one press, and on to the household."""
    number, said = number_of(request.POST.get("number", "")), request.POST.get("person", "")
    if not number or not said.isdecimal() or len(said) > 18:
        raise Http404
    people = Person.objects.visible_to(request.user, EDIT).select_related("estate")
    person = get_object_or_404(people, pk=said)
    kept = phones.shown(phones.read(number, person.estate.country) or number, person.estate.country)
    try:
        actions.add_phone(person=person, number=kept, by=request.user, now=request.now)
    except Refused as refusal:
        context = {
            "number": number,
            "said": number,
            "refused": refusal.sentence,
            "typed": "",
            "may_attach": True,
        }
        return render(request, "call.html", context, status=409)
    told = {"number": kept, "name": person.local_name}
    messages.success(request, _("%(number)s is now a number of %(name)s.") % told)
    today = clocks.local_date(request.now, person.estate.zone)
    homes = [*reports.homes_of_people([person.pk], today).get(person.pk, {})]
    if len(homes) == 1:
        return redirect(find.household(homes[0], person.pk))
    return redirect("residents:person", pk=person.pk)


def _lines(request, callers):
    """A line for each home of each caller; one without a home leads to the person."""
    asker, lines = find.Asker(request.user, None), []
    for person_id, name, estate_id, homes in callers:
        if not homes:
            url = reverse("residents:person", args=[person_id])
            lines.append(find.Line(url, name, asker.hint(estate_id, _("no home here today"))))
        for home in homes:
            hint = asker.hint(estate_id, name, str(home.role_label))
            lines.append(
                find.Line(find.household(home.unit_id, person_id), home.unit_code, hint, unit=home.unit_id)
            )
    return lines


def _offered(request, typed, today):
    """[{pk, name, hint}] of people who answer to what was typed, or who live in a unit that does: three queries more."""
    estates = request.user.estate_ids(EDIT)
    hits = search.find(estates, typed, kinds=("person", "unit"), limit=OFFERED)
    ids = [hit.subject_id for hit in hits if hit.subject_kind == "person"]
    units = [hit.subject_id for hit in hits if hit.subject_kind == "unit"]
    ids += reports.people_of_units(units, today)[:OFFERED] if units else []
    homes = reports.homes_of_people(ids, today)
    people = Person.objects.visible_to(request.user, EDIT).in_bulk(ids)
    asker = find.Asker(request.user, today)
    return [
        {
            "pk": pk,
            "name": people[pk].local_name,
            "hint": asker.hint(people[pk].estate_id, listed([*homes.get(pk, {}).values()][: find.HOMES])),
        }
        for pk in dict.fromkeys(ids)
        if pk in people
    ]


def _reception(request, number):
    """Where a call of somebody who does not live here is written down; "" where that cannot be."""
    if not request.user.may("tickets.intake"):
        return ""
    return answers.address_of("tickets:reception_new", query=urlencode({"phone": number, "channel": "phone"}))
