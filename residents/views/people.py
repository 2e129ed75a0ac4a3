from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.http import JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from office import accesslog, identity, lists, search
from office.access import may
from office.models import Event, Unit
from office.phrases import listed
from office.refusals import Refused
from office.views.session import enter
from residents import actions, columns, reports
from residents.forms import IdentityForm, LookupForm, PersonForm, RevealForm
from residents.models import Occupancy, Person, Phone
from residents.views import answers
from residents.views.answers import EDIT, READ, REVEAL

FIELDS = (
    "name",
    "name_en",
    "kind",
    "language",
    "gender",
    "born_on",
    "address",
    "email",
    "contact",
    "note",
    "warning",
)
SUGGESTED = 20


def _url(person):
    return reverse("residents:person", args=[person.pk])


def _get(request, pk, permission=READ):
    return get_object_or_404(
        Person.objects.visible_to(request.user, permission).select_related("estate"), pk=pk
    )


@may(READ)
@require_http_methods(["GET", "POST"])
def people(request):
    numbers = Phone.objects.filter(person=OuterRef("pk")).order_by("position", "pk").values("number")
    homes = (
        Occupancy.objects.filter(person=OuterRef("pk")).on(timezone.localdate()).order_by("unit__sort_key")
    )
    rows = answers.of_estate(request, Person).annotate(
        numbers=ArraySubquery(numbers), homes=ArraySubquery(homes.values("unit__code"))
    )
    moves = []
    if request.user.may(EDIT):
        new = {"verb": "new", "label": _("New person"), "url": reverse("residents:person_new"), "icon": "user-plus",
               "key": "n", "style": "primary"}  # fmt: skip
        moves.append(new)
    if request.user.may(REVEAL):
        look = {
            "verb": "lookup",
            "label": _("Find by identity number"),
            "url": reverse("residents:identity_lookup"),
            "icon": "id",
        }
        moves.insert(0, look)
    return lists.render(request, columns.PEOPLE, rows, actions=moves)


@may(READ)
@never_cache
@require_GET
def people_suggest(request):
    """People of the estate in view for a box that is searched by typing."""
    estates = [request.estate.pk] if request.estate and request.user.may(READ, request.estate.pk) else []
    hits = search.find(estates, request.GET.get("q", "")[:100], kinds=["person"], limit=SUGGESTED)
    lines = reports.phones_of({hit.subject_id for hit in hits})
    names = Person.objects.in_bulk([hit.subject_id for hit in hits])
    found = [
        {
            "value": str(hit.subject_id),
            "text": names[hit.subject_id].local_name,
            "hint": listed(line.number for line in lines.get(hit.subject_id, ())),
        }
        for hit in hits
        if hit.subject_id in names
    ]
    return JsonResponse({"results": found})


@may(READ)
@never_cache
@require_GET
def person(request, pk):
    row = _get(request, pk)
    enter(request, row.estate)
    return _page(request, row)


def _page(request, row, *, revealed="", form=None, refused="", status=200):
    may_edit = request.user.may(EDIT, row.estate_id)
    context = {
        "person": row,
        "facts": _facts(row),
        "lines": reports.phones_of({row.pk}).get(row.pk, []),
        "homes": reports.units_of_person(row),
        "today": request.now.astimezone(row.estate.zone).date(),
        "masked": identity.mask(row.identity_type, row.identity_tail) if row.identity_sealed else "",
        "revealed": revealed,
        "refused": refused,
        "may_edit": may_edit,
        "may_reveal": request.user.may(REVEAL, row.estate_id),
        "reveal_form": form or RevealForm(),
        "actions": _actions(request, row, may_edit),
        "events": answers.timeline(Event.objects.filter(subject_kind="person", subject_id=row.pk)),
    }
    return render(request, "residents/person.html", context, status=status)


def _facts(row):
    return [
        (_("Kind"), row.get_kind_display()),
        (_("Name"), row.name),
        (_("English name"), row.name_en),
        (_("Preferred language"), row.get_language_display()),
        (_("Gender"), row.get_gender_display()),
        (_("Born on"), lists.day(row.born_on)),
        (_("Address for letters"), row.address),
        (_("E-mail"), row.email, f"mailto:{row.email}" if row.email else ""),
        (_("Messages"), row.get_contact_display()),
        (_("Number in the register"), str(row.pk)),
    ]


def _actions(request, row, may_edit):
    moves = []
    intake = answers.address_of("tickets:intake", query=f"person={row.pk}")
    if intake and request.user.may("tickets.intake", row.estate_id):
        repair = {"verb": "repair", "label": _("New repair"), "url": intake, "icon": "tool"}
        moves.append({**repair, "key": "r", "style": "primary"})
    if may_edit:
        edit, document = (
            reverse(f"residents:{name}", args=[row.pk]) for name in ("person_edit", "person_identity")
        )
        moves += [
            {"verb": "edit", "label": _("Edit"), "url": edit, "icon": "edit", "key": "e"},
            {"verb": "identity", "label": _("Identity document"), "url": document, "icon": "id"},
        ]
    return moves


@may(EDIT)
@require_http_methods(["GET", "POST"])
def person_new(request):
    """With `?unit=` the next page relates the new person to that unit."""
    estate = answers.here(request, EDIT)
    unit = None
    if request.GET.get("unit", "").isdecimal() and len(request.GET["unit"]) < 19:
        unit = get_object_or_404(
            Unit.objects.visible_to(request.user, EDIT).filter(estate=estate), pk=request.GET["unit"]
        )

    def act(form):
        row = actions.add_person(
            estate=estate, phones=form.phones, identity_type=form.cleaned_data["identity_type"],
            identity_number=form.cleaned_data["identity_number"], by=request.user, now=request.now, **form.values,
        )  # fmt: skip
        return f"{reverse('residents:occupancy_new', args=[unit.pk])}?person={row.pk}" if unit else _url(row)

    back = reverse("residents:unit", args=[unit.pk]) if unit else reverse("residents:people")
    return answers.handle(
        request, _("New person"), PersonForm(request.POST or None, estate=estate), back, act
    )


@may(EDIT)
@require_http_methods(["GET", "POST"])
def person_edit(request, pk):
    row = _get(request, pk, EDIT)
    initial = {name: getattr(row, name) for name in FIELDS}
    lines = reports.phones_of({row.pk}).get(row.pk, [])

    def act(form):
        actions.edit_person(
            person=row,
            version=form.cleaned_data["version"],
            phones=form.phones,
            by=request.user,
            now=request.now,
            **form.values,
        )
        return _url(row)

    form = PersonForm(
        request.POST or None, estate=row.estate, person=row, lines=lines, initial=initial, version=row.version
    )
    return answers.handle(request, _("Edit %(name)s") % {"name": row.local_name}, form, _url(row), act)


@may(EDIT)
@never_cache
@require_http_methods(["GET", "POST"])
def person_identity(request, pk):
    row = _get(request, pk, EDIT)

    def act(form):
        values = form.cleaned_data
        actions.set_identity(
            person=row, identity_type=values["identity_type"], number=values["identity_number"],
            version=values["version"], by=request.user, now=request.now,
        )  # fmt: skip
        return _url(row)

    initial = {"identity_type": row.identity_type or Person.IdentityType.RESIDENT_ID}
    form = IdentityForm(request.POST or None, person=row, initial=initial, version=row.version)
    title = _("Identity document of %(name)s") % {"name": row.local_name}
    return answers.handle(request, title, form, _url(row), act)


@may(REVEAL)
@never_cache
@require_POST
def person_reveal(request, pk):
    """The number on the page once; a reload asks again, and every look is logged before it is shown."""
    row = _get(request, pk, REVEAL)
    form = RevealForm(request.POST)
    if not form.is_valid():
        return _page(request, row, form=form, status=422)
    try:
        number = identity.reveal(
            row=row, reason=form.cleaned_data["reason"], by=request.user, now=request.now
        )
    except Refused as refusal:
        return _page(request, row, refused=refusal.sentence, status=409)
    return _page(request, row, revealed=number)


@may(REVEAL)
@never_cache
@require_http_methods(["GET", "POST"])
def identity_lookup(request):
    """Who has exactly this identity number; the look-up itself is logged, without the number."""
    form = LookupForm(request.POST or None)
    context: dict = {"form": form, "found": None}
    if request.method == "POST" and form.is_valid():
        estates = request.user.estate_ids(REVEAL)
        found = list(reports.by_identity(estates, form.cleaned_data["number"])[:20])
        accesslog.log(
            by=request.user, what=accesslog.LOOKUP, subject_kind="person", now=request.now,
            subject_id=found[0].pk if len(found) == 1 else None,
            estate_id=request.estate.pk if request.estate else None, detail={"found": len(found)},
        )  # fmt: skip
        if len(found) == 1:
            return redirect(_url(found[0]))
        context["found"] = found
    status = 422 if request.method == "POST" and not form.is_valid() else 200
    return render(request, "residents/identity_lookup.html", context, status=status)
