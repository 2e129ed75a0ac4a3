"""The next actions of a complaint, one small page each. Every page reads one form and calls one action (SPEC §5)."""

from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from office import lists, promises
from office.access import may
from office.forms import Form
from office.models import Promise, Staff
from office.refusals import Refused
from tickets import reports
from tickets.actions import complaints as acts
from tickets.forms import (
    ComplaintCorrectForm,
    ContactForm,
    ExtendForm,
    HandOverForm,
    LinkTicketForm,
    MeetForm,
    ProposeForm,
    ReclassForm,
    RemedyForm,
    ReportForm,
    RouteForm,
    StepForm,
    ToldResultForm,
    UnreachableForm,
    WithdrawForm,
)
from tickets.models import Ticket
from tickets.views import moving
from tickets.views.complaints import needs, row_of

FORM = require_http_methods(["GET", "POST"])


def colleagues(estate_id):
    """Staff of the estate who may be complained of, or handle what is complained of."""
    return Staff.objects.filter(is_active=True, postings__estate_id=estate_id).distinct().order_by("name")


# --- one press -----------------------------------------------------------------------------------------------


def _press(request, complaint, verb, act, said):
    """A button that asks nothing: done at once, or refused with the rule's sentence."""
    try:
        act()
    except Refused as refusal:
        return moving.page(request, complaint, verb, Form(), status=409, refused=refusal.sentence)
    return moving.done(request, complaint, said, moving.back_to(request, complaint))


@may(*needs("acknowledge"))
@require_POST
def acknowledge(request, pk):
    """The head or director has heard of it: that keeps the forwarding (SPEC §5.2)."""
    complaint = row_of(request, pk)

    def act():
        acts.acknowledge(complaint=complaint, by=request.user, now=request.now)

    return _press(request, complaint, "acknowledge", act, _("Acknowledged."))


@may(*needs("calm_down"))
@require_POST
def calm_down(request, pk):
    """冷靜處理: one press calls the supervisor by the bell and records that the talk moved to a separate room."""
    complaint = row_of(request, pk)

    def act():
        acts.calm_down(complaint=complaint, by=request.user, now=request.now)

    return _press(
        request, complaint, "calm_down", act, _("The supervisor has been called. Go on talking in a separate room.")
    )  # fmt: skip


# --- handling ------------------------------------------------------------------------------------------------


@may(*needs("reclass"))
@FORM
def reclass(request, pk):
    complaint = row_of(request, pk)
    form = ReclassForm(moving.posted(request), complaint=complaint, now=request.now)

    def act():
        acts.reclass(complaint=complaint, by=request.user, now=request.now, **form.cleaned_data)

    note = _("Promises are recomputed from the time of reception; what was missed stays missed.")
    return moving.move(request, complaint, "reclass", form, act, said=_("Class changed."), note=note)


@may(*needs("route"))
@FORM
def route(request, pk):
    complaint = row_of(request, pk)
    form = RouteForm(
        moving.posted(request), complaint=complaint, staff=reports.complaint_handlers(complaint.estate_id)
    )

    def act():
        acts.route(complaint=complaint, by=request.user, now=request.now, **form.cleaned_data)

    note = _("The person responsible contacts the resident first.")
    return moving.move(request, complaint, "route", form, act, said=_("Given to the department."), note=note)


def _reached(request):
    return request.POST.get("reached") != "no"


def _step(request, pk, verb, action, asked, said, note="", form_class=StepForm):
    complaint = row_of(request, pk)
    form = form_class(moving.posted(request), complaint=complaint, now=request.now, said=asked)

    def act():
        action(complaint=complaint, by=request.user, now=request.now, **form.cleaned_data)

    return moving.move(request, complaint, verb, form, act, said=said, note=note)


@may(*needs("contact"))
@FORM
def contact(request, pk):
    return _step(
        request, pk, "contact", acts.contact, _("What the resident said"), form_class=ContactForm,
        said=_("Contact recorded.") if _reached(request) else _("Not reached: noted, try again today."),
    )  # fmt: skip


@may(*needs("stop_harm"))
@FORM
def stop_harm(request, pk):
    return _step(
        request, pk, "stop_harm", acts.stop_harm, _("What stopped it"), _("Recorded: the harm has stopped.")
    )


@may(*needs("act"))
@FORM
def act(request, pk):
    return _step(request, pk, "act", acts.act, _("What was done"), _("Recorded."))


@may(*needs("tell_reason"))
@FORM
def tell_reason(request, pk):
    note = _("Why it cannot be solved at once, and what will be done.")
    return _step(request, pk, "tell_reason", acts.tell_reason, _("What was said"), _("Recorded."), note)


@may(*needs("report_up"))
@FORM
def report_up(request, pk):
    return _step(
        request, pk, "report_up", acts.report_up, _("What the superior must know"), _("Reported upward.")
    )


@may(*needs("answer"))
@FORM
def answer(request, pk):
    note = _("The clear answer to a major complaint: kept when the resident has been told.")
    return _step(
        request, pk, "answer", acts.answer, _("What the resident was told"), _("Answer recorded."), note
    )  # fmt: skip


@may(*needs("meet"))
@FORM
def meet(request, pk):
    complaint = row_of(request, pk)
    form = MeetForm(moving.posted(request), complaint=complaint, now=request.now)

    def act():
        acts.meet(complaint=complaint, by=request.user, now=request.now, **form.cleaned_data)

    return moving.move(request, complaint, "meet", form, act, said=_("Meeting recorded."))


@may(*needs("propose"))
@FORM
def propose(request, pk):
    complaint = row_of(request, pk)
    form = ProposeForm(moving.posted(request), currency=complaint.estate.currency, version=complaint.version)

    def act():
        acts.propose(complaint=complaint, by=request.user, now=request.now, **form.cleaned_data)

    return moving.move(request, complaint, "propose", form, act, said=_("Remedy proposed."))


@may(*needs("decide_remedy"))
@FORM
def decide_remedy(request, pk):
    complaint = row_of(request, pk)
    form = RemedyForm(
        moving.posted(request),
        remedies=list(complaint.remedies.filter(accepted__isnull=True)),
        version=complaint.version,
    )

    def act():
        acts.decide_remedy(complaint=complaint, by=request.user, now=request.now, **form.cleaned_data)

    return moving.move(request, complaint, "decide_remedy", form, act, said=_("Recorded."))


# --- result, telling, ending -----------------------------------------------------------------------------------


@may(*needs("report"))
@FORM
def report(request, pk):
    complaint = row_of(request, pk)
    form = ReportForm(moving.posted(request), complaint=complaint, now=request.now)

    def act():
        acts.report(complaint=complaint, by=request.user, now=request.now, **form.cleaned_data)

    note = _("Who took the complaint tells the resident the same day; the bell says so at once.")
    return moving.move(request, complaint, "report", form, act, said=_("Result recorded."), note=note)


@may(*needs("tell"))
@FORM
def tell(request, pk):
    complaint = row_of(request, pk)
    form = ToldResultForm(moving.posted(request), complaint=complaint, now=request.now)

    def act():
        acts.tell(complaint=complaint, by=request.user, now=request.now, **form.cleaned_data)

    return moving.move(
        request,
        complaint,
        "tell",
        form,
        act,
        note=complaint.result,
        said=_("Told. A callback is owed now.")
        if _reached(request)
        else _("Not reached: noted, try again today."),
    )


@may(*needs("close_unreachable"))
@FORM
def close_unreachable(request, pk):
    complaint = row_of(request, pk)
    form = UnreachableForm(moving.posted(request), version=complaint.version)

    def act():
        acts.close_unreachable(complaint=complaint, by=request.user, now=request.now, **form.cleaned_data)

    note = _("It counts as a callback that was not kept.")
    return moving.move(
        request, complaint, "close_unreachable", form, act, said=_("Closed as not reachable."), note=note, style="danger"
    )  # fmt: skip


@may(*needs("extend"))
@FORM
def extend(request, pk):
    complaint = row_of(request, pk)
    found = Promise.objects.of(complaint.SUBJECT, complaint.pk).open().order_by("due_at")
    owed = [(row, f"{promises.KINDS[row.kind].label}: {lists.stamp(row.due_at)}") for row in found]
    form = ExtendForm(moving.posted(request), owed=owed, now=request.now, version=complaint.version)

    def act():
        acts.extend(complaint=complaint, by=request.user, now=request.now, **form.cleaned_data)

    note = _("The first promise keeps its record.")
    return moving.move(request, complaint, "extend", form, act, said=_("Extended."), note=note)


@may(*needs("withdraw"))
@FORM
def withdraw(request, pk):
    complaint = row_of(request, pk)
    form = WithdrawForm(moving.posted(request), version=complaint.version)

    def act():
        acts.withdraw(complaint=complaint, by=request.user, now=request.now, **form.cleaned_data)

    return moving.move(
        request, complaint, "withdraw", form, act, said=_("Withdrawn by the resident."), style="danger"
    )


@may(*needs("link_ticket"))
@FORM
def link_ticket(request, pk):
    complaint = row_of(request, pk)
    candidates = Ticket.objects.filter(estate_id=complaint.estate_id)
    newest = complaint.unit_id and candidates.filter(unit_id=complaint.unit_id).order_by("-opened_at").first()
    form = LinkTicketForm(
        moving.posted(request),
        candidates=candidates,
        version=complaint.version,
        initial={"ticket": newest.number if newest else ""},
    )

    def act():
        acts.link_ticket(complaint=complaint, by=request.user, now=request.now, **form.cleaned_data)

    return moving.move(request, complaint, "link_ticket", form, act, said=_("Repair linked."))


@may(*needs("correct"))
@FORM
def correct(request, pk):
    complaint = row_of(request, pk)
    form = ComplaintCorrectForm(
        moving.posted(request), complaint=complaint, staff=colleagues(complaint.estate_id), now=request.now
    )

    def act():
        acts.correct(complaint=complaint, by=request.user, now=request.now, **form.cleaned_data)

    return moving.move(request, complaint, "correct", form, act, said=_("Corrected."))


@may(*needs("hand_over"))
@FORM
def hand_over(request, pk):
    complaint = row_of(request, pk)
    desk = Staff.objects.posted_as(complaint.estate_id, "clerk", "cashier", "supervisor", "director")
    form = HandOverForm(
        moving.posted(request), staff=desk.exclude(pk=complaint.owner_id), version=complaint.version
    )

    def act():
        acts.hand_over(complaint=complaint, by=request.user, now=request.now, **form.cleaned_data)

    return moving.move(request, complaint, "hand_over", form, act, said=_("Handed over."))
