"""The reception log 客戶服務中心工作日誌: the day's page with its quick row, one line, its question (SPEC §2)."""

from datetime import date, timedelta

from django.contrib import messages
from django.db.models import Exists, OuterRef, Q
from django.http import Http404, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from office import clocks, drafts, escalation, formkeys, journal, lists, promises, undo
from office.access import may
from office.models import Event, Promise, Unit
from office.refusals import Refused, Stale
from office.views.session import enter
from residents.models import Person
from tickets import actions, columns, complaints, places, reception, reports
from tickets.filters import LogFilter
from tickets.forms import (
    AnswerForm,
    ExpertForm,
    LogCorrectForm,
    LogForm,
    PassOnForm,
    TellForm,
)
from tickets.models import Complaint, Handover, LogEntry, Question, Ticket
from tickets.views import moving, prints, rows

FORM = require_http_methods(["GET", "POST"])
LOOKS = {
    "log.written": ("phone-incoming", "new"),
    "log.turned": ("arrow-right", "good"),
    "log.asked": ("help", "wait"),
    "log.passed_on": ("users", "wait"),
    "log.answered": ("message-2", "good"),
    "log.told": ("circle-check", "good"),
    "log.routed": ("shield", ""),
}


# --- the rows somebody may open ------------------------------------------------------------------------------


def entries(staff):
    """All lines where the posting reads the log; elsewhere those one is asked about or is the counterpart of."""
    found = LogEntry.objects.visible_to(staff, reception.READ)
    if staff.may(reception.ANSWER):
        mine = Exists(Question.objects.filter(entry=OuterRef("pk"), expert=staff))
        own = LogEntry.objects.visible_to(staff, reception.ANSWER)
        found = found | own.filter(mine | Q(counterpart=staff))
    return found


def entry_row(request, pk):
    related = ("estate", "unit", "person", "by", "counterpart", "question__expert", "question__answered_by")
    row = get_object_or_404(
        entries(request.user).select_related(*related, "question__told_by", "question__asked_by"), pk=pk
    )
    enter(request, row.estate)
    return row


# --- the day's page ------------------------------------------------------------------------------------------


def _chosen(request):
    """What the list is asked for: of the page itself, or of the page an export came from."""
    return QueryDict(request.POST.get("query", "")) if request.method == "POST" else request.GET


def _day_of(text, today):
    """The day asked for; today for what is none, or lies where no calendar of ours reaches."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return today
    return day if 1900 <= day.year < 3000 else today


@may(reception.READ)
@FORM
def log(request):
    """Today's lines unless something is asked for; the row to write the next one above them."""
    if request.estate is None:
        raise Http404
    found = rows.of_estate(request, LogEntry, reception.READ).kept()
    asked, today = _chosen(request), clocks.local_date(request.now, request.estate.zone)
    narrowed = any(asked.get(name) for name in LogFilter.base_filters)
    if not narrowed:
        start, end = reception.shift_bounds(today, "", request.estate.zone)
        found = found.filter(at__gte=start, at__lt=end)
    day = _day_of(asked.get("day", ""), today)
    writes = request.user.may(reception.WRITE, request.estate.pk)
    context = {
        "day": day if not narrowed or asked.get("day") or asked.get("shift") else None,
        "shift": asked.get("shift", ""),
        "before": f"{day - timedelta(days=1)}",
        "after": f"{day + timedelta(days=1)}" if day < today else "",
        "today": today,
        "form": LogForm(estate=request.estate, now=request.now) if writes else None,
        "waiting": reports.waiting_handovers(request.user) if writes else [],
        "open_url": f"{reverse('tickets:reception')}?open=yes",
    }
    return lists.render(request, columns.LOG, found, template="tickets/reception.html", extra_context=context)


# --- writing a line ------------------------------------------------------------------------------------------


@may(reception.WRITE)
@FORM
def log_new(request):
    """The whole form; the quick row posts here too. GET takes `unit`, `person`, `phone`, `channel`."""
    if request.estate is None:
        raise Http404
    if request.method == "POST":
        form = LogForm(request.POST, estate=request.estate, now=request.now)
        return _write(request, form) if form.is_valid() else _new_page(request, form, status=422)
    form = LogForm(estate=request.estate, now=request.now, initial=_prefilled(request))
    form.fields["asked" if form.initial else "where"].widget.attrs["autofocus"] = True
    return _new_page(request, form)


def _write(request, form):
    made = []

    def write():
        entry = actions.log(estate=request.estate, by=request.user, now=request.now, **form.values())
        made.append(entry)
        if request.POST.get("then") == "ask":
            return reverse("tickets:reception_ask", args=[entry.pk])
        for turn in reception.TURNS:
            if request.POST.get("then") == turn.kind and request.user.may(turn.permission, entry.estate_id):
                return f"{reverse(turn.page)}?entry={entry.pk}"
        return reverse("tickets:reception")

    try:
        location, first = formkeys.once(form.cleaned_data["form_key"], request.user, request.now, write)
    except Refused as refusal:
        return _new_page(request, form, status=409, refused=refusal.sentence)
    drafts.forget_sent(request, "tickets.reception")
    if first:
        undo.toast(request, undo.latest(request.user, made[0], request.now), _("Noted: %(number)s") % {"number": made[0].number})  # fmt: skip
    else:
        messages.info(request, _("This was saved already; here it is."))
    return redirect(location)


def _new_page(request, form, status=200, refused=""):
    context = {"form": form, "refused": refused, "turns": _turns(request.user, request.estate.pk)}
    return render(request, "tickets/reception_new.html", context, status=status)


def _turns(staff, estate_id):
    return [turn for turn in reception.TURNS if staff.may(turn.permission, estate_id)]


def _prefilled(request):
    """Unit, person, telephone and channel of the page or softphone the clerk comes from. Not theirs is 404."""
    asked = {name: request.GET.get(name, "").strip() for name in ("unit", "person", "phone", "channel")}
    place, initial = places.Place(), {}
    if asked["unit"]:
        place.unit = _opened(request, Unit.objects.select_related("building", "estate"), asked["unit"])
    if asked["person"]:
        place.person = _opened(request, Person.objects.select_related("estate"), asked["person"])
    elif place.unit:  # whoever lives there, as at the intake; the clerk sees the name and mends it
        day = clocks.local_date(request.now, request.estate.zone)
        place.person = next((caller.person for caller in places.household(place.unit, day)), None)
    if place.person:
        initial["name"] = place.person.local_name
        initial["phone"] = place.person.phones.values_list("number", flat=True).first() or ""
    if asked["phone"]:
        initial["phone"] = asked["phone"].replace("\0", "")[:40]
    if place.unit:
        initial["place"] = place
    if asked["channel"] in LogEntry.Channel.values:
        initial["channel"] = asked["channel"]
    return initial


def _opened(request, found, text):
    """The row asked for; work goes on in its estate."""
    if not text.isdecimal() or len(text) > 18:
        raise Http404
    row = get_object_or_404(found.visible_to(request.user, reception.WRITE), pk=int(text))
    enter(request, row.estate)
    return row


# --- one line ------------------------------------------------------------------------------------------------


@may(reception.READ, reception.ANSWER)
@require_GET
def log_entry(request, pk):
    entry = entry_row(request, pk)
    question = reception.question_of(entry)
    owed = list(
        Promise.objects.of(LogEntry.SUBJECT, entry.pk)
        .exclude(outcome=Promise.Outcome.CANCELLED)
        .select_related("owner")
        .order_by("-sequence")
    )
    context = {
        "entry": entry,
        "question": question,
        "clocks": [promises.clock(promise, request.now, entry.estate.zone) for promise in owed],
        "steps": escalation.story(entry, request.user) if any(promise.level for promise in owed) else [],
        "facts": _facts(entry),
        "became": _became(request, entry),
        "moves": _moves(request.user, entry, question),
        "events": _timeline(LogEntry.SUBJECT, entry.pk),
    }
    return render(request, "tickets/reception_entry.html", context)


def _facts(entry):
    unit_url = reverse("residents:unit", args=[entry.unit_id]) if entry.unit_id else ""
    person_url = reverse("residents:person", args=[entry.person_id]) if entry.person_id else ""
    found = [
        (_("Time"), lists.stamp(entry.at)),
        (_("Channel"), entry.get_channel_display()),
        (_("Unit or place"), entry.where, unit_url),
        (_("Who"), entry.get_who_display()),
        (_("Name"), entry.name, person_url),
        (_("Telephone"), entry.phone, f"tel:{entry.phone}" if entry.phone else ""),
    ]
    if entry.organisation:
        found += [
            (_("Authority or organisation"), entry.organisation),
            (_("Credentials shown"), entry.credentials),
            (_("Counterpart"), entry.counterpart.local_name if entry.counterpart else ""),
        ]
    written = entry.by.local_name
    if (entry.recorded_at - entry.at).total_seconds() > 300:
        written = f"{written}, {lists.stamp(entry.recorded_at)}"
    return [*found, (_("Written by"), written)]


def _became(request, entry):
    """What became of the line, with the state of a ticket or complaint."""
    if not entry.became_kind:
        return None
    url = promises.SUBJECTS.get(entry.became_kind)
    shown = {"text": entry.became_text, "url": url(entry.became_id) if url else "", "state": "", "tone": ""}
    if entry.became_kind == Ticket.SUBJECT:
        found, label, tones = rows.tickets(request.user), columns.state_label, columns.TONES
    elif entry.became_kind == Complaint.SUBJECT:
        found, tones = rows.complaints(request.user), complaints.TONES
        label = columns.state_of_complaint
    else:
        return shown
    matter = found.filter(pk=entry.became_id).values("state").first()
    if matter is None:  # whoever may not open it reads its number only
        return shown | {"url": ""}
    shown |= {"state": label(matter["state"]), "tone": tones[matter["state"]]}
    return shown


def _moves(staff, entry, question):
    """What may be done with the line; the matters it may become come first while nothing has become of it."""
    writes = staff.may(reception.WRITE, entry.estate_id)
    found: list[dict] = []

    def offer(verb, label, icon, key, why_not=None, url=None, dialog=True):
        url = url or reverse(f"tickets:reception_{verb}", args=[entry.pk])
        key = "" if any(one["key"] == key for one in found) else key  # the nearer one keeps its key
        row = {"verb": verb, "label": label, "icon": icon, "key": key, "url": url, "why_not": why_not}
        found.append(row | {"dialog": dialog, "style": "primary" if not found else ""})

    if question and not question.answered_at and not reception.why_not_answer(entry, staff):
        offer("answer", _("Answer"), "message-2", "a")
        offer("pass_on", _("Pass on"), "users", "o")
    if question and question.answered_at and not reception.why_not_tell(entry, staff):
        offer("told", _("Told"), "circle-check", "t")
    if entry.withdrawn or not writes:
        return found
    for turn in _turns(staff, entry.estate_id):
        if not entry.became_kind:
            page = f"{reverse(turn.page)}?entry={entry.pk}"
            offer(turn.kind.partition(".")[2], turn.label, turn.icon, turn.key, url=page, dialog=False)
    if question is None:
        offer("ask", _("Ask an expert"), "help", "q")
    offer("correct", _("Edit"), "edit", "e")
    again = f"{reverse('tickets:reception_new')}?" + "&".join(
        f"{name}={value}" for name, value in (("unit", entry.unit_id), ("person", entry.person_id)) if value
    )
    offer("again", _("Another line"), "plus", "c", url=again, dialog=False)
    return found


def _timeline(kind, pk):
    found = []
    for event in Event.objects.filter(subject_kind=kind, subject_id=pk).order_by("-id")[:60]:
        icon, tone = LOOKS.get(event.verb, ("history", ""))
        found.append(
            {
                "text": journal.sentence(event),
                "at": lists.stamp(event.at),
                "iso": event.at.isoformat(),
                "by": event.by_name,
                "icon": icon,
                "tone": tone,
            }
        )
    return found


# --- small forms about one line ------------------------------------------------------------------------------


def _small(request, entry, form, act, *, title, icon, said, refused=None, submit=None):
    """GET shows the form, POST calls `act()` once: 422 with the form, 409 with the rule's sentence, else 302."""
    back = reverse("tickets:reception_entry", args=[entry.pk])

    def page(status=200, sentence=""):
        context = {
            "entry": entry, "form": form, "title": title, "icon": icon, "back": back, "refused": sentence,
            "submit": submit or title,
        }  # fmt: skip
        return render(request, "tickets/reception_move.html", context, status=status)

    if refused:
        return page(409, refused)
    if request.method != "POST":
        return page()
    if not form.is_valid():
        return page(422)
    try:
        act(form.cleaned_data)
    except Stale as refusal:
        entry.refresh_from_db(fields=["version"])
        moving.fresh(form, entry)
        return page(409, refusal.sentence)
    except Refused as refusal:
        return page(409, refusal.sentence)
    return moving.done(request, entry, said, back)


@may(reception.WRITE)
@FORM
def log_correct(request, pk):
    entry = entry_row(request, pk)
    form = LogCorrectForm(moving.posted(request), entry=entry, now=request.now)

    def act(data):
        actions.correct_log(
            entry=entry, by=request.user, now=request.now, version=data["version"], **form.values()
        )

    refused = _("This line has been taken back.") if entry.withdrawn else None
    return _small(
        request, entry, form, act, title=_("Edit"), icon="check", said=_("Saved."), refused=refused, submit=_("Save")
    )  # fmt: skip


@may(reception.WRITE)
@FORM
def log_ask(request, pk):
    entry = entry_row(request, pk)
    form = ExpertForm(
        moving.posted(request), experts=reports.experts(entry.estate_id), entry=entry, now=request.now
    )

    def act(data):
        actions.ask_expert(
            entry=entry, expert=data["expert"], agreed_at=data["agreed_at"], by=request.user, now=request.now,
            version=data["version"],
        )  # fmt: skip

    return _small(
        request, entry, form, act, title=_("Ask an expert"), icon="help", said=_("The expert has been asked."),
        refused=reception.why_not_ask(entry, request.user),
    )  # fmt: skip


@may(reception.WRITE, reception.ANSWER)
@FORM
def log_answer(request, pk):
    entry = entry_row(request, pk)
    form = AnswerForm(moving.posted(request), version=entry.version)

    def act(data):
        actions.answer(
            entry=entry, text=data["text"], told_how=data["told_how"], by=request.user, now=request.now,
            version=data["version"],
        )  # fmt: skip

    return _small(
        request, entry, form, act, title=_("Answer"), icon="message-2", said=_("The answer is recorded."),
        refused=reception.why_not_answer(entry, request.user),
    )  # fmt: skip


@may(reception.WRITE, reception.ANSWER)
@FORM
def log_told(request, pk):
    entry = entry_row(request, pk)
    form = TellForm(moving.posted(request), version=entry.version)

    def act(data):
        actions.tell(
            entry=entry, told_how=data["told_how"], by=request.user, now=request.now, version=data["version"]
        )

    return _small(
        request, entry, form, act, title=_("Told"), icon="circle-check", said=_("The promise is kept."),
        refused=reception.why_not_tell(entry, request.user),
    )  # fmt: skip


@may(reception.WRITE, reception.ANSWER)
@FORM
def log_pass_on(request, pk):
    entry = entry_row(request, pk)
    refused = reception.why_not_pass_on(entry, request.user)
    if reception.question_of(entry) is None:
        raise Http404
    form = PassOnForm(moving.posted(request), experts=reports.experts(entry.estate_id), entry=entry)

    def act(data):
        actions.pass_on(
            entry=entry, to=data["expert"], reason=data["reason"], by=request.user, now=request.now,
            version=data["version"],
        )  # fmt: skip

    return _small(
        request, entry, form, act, title=_("Pass on"), icon="users", said=_("Passed on."), refused=refused
    )


# --- paper ---------------------------------------------------------------------------------------------------


@may(reception.READ)
@require_GET
def log_pdf(request):
    """客戶服務中心工作日誌 of one day or shift, with its hand-overs."""
    from tickets import printouts  # here: WeasyPrint takes a second to load, and few requests print

    if request.estate is None:
        raise Http404
    zone = request.estate.zone
    day = _day_of(request.GET.get("day", ""), clocks.local_date(request.now, zone))
    shift = request.GET.get("shift", "")
    shift = shift if shift in Handover.Shift.values else ""
    start, end = reception.shift_bounds(day, shift, zone)
    lines = rows.of_estate(request, LogEntry, reception.READ).kept().filter(at__gte=start, at__lt=end)
    handed = rows.of_estate(request, Handover, reception.READ).filter(day=day, withdrawn=False)
    if shift:
        handed = handed.filter(shift=shift)
    printout = printouts.reception_log(
        lines.select_related("unit", "by", "question__expert").order_by("at", "pk"),
        handed.select_related("written_by", "acknowledged_by").order_by("written_at", "pk"),
        estate=request.estate,
        day=day,
        shift=shift,
    )
    return prints.answer(printout)
