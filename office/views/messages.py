"""The outbox: what left the house, what waits, what failed, and the letters to print (SPEC §10).

The bells of colleagues are not here: they are everybody's own.
"""

import django_filters
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from office import clocks, journal, lists, outbox, texts
from office.access import may
from office.actions import messages as actions
from office.forms import DateInput
from office.models import Event, Message
from office.promises import SUBJECTS
from office.refusals import Refused
from office.views.session import enter

READ, SEND, MANAGE, EXPORT = "messages.read", "messages.send", "messages.manage", "messages.export"
BULK_LIMIT = 500
Channel, State = Message.Channel, Message.State
TONES = {"queued": "wait", "sending": "busy", "sent": "good", "failed": "late", "cancelled": "quiet"}
OUT = [(value, label) for value, label in Channel.choices if value != Channel.DESK]
TO_PRINT = "to_print"


def outgoing(staff, permission=READ):
    """Messages that leave the house, of the estates where the person may see them."""
    return Message.objects.visible_to(staff, permission).exclude(channel=Channel.DESK)


def state_words(state, channel, printed_at):
    """The state as people say it: a letter is to be printed before it is out."""
    if channel == Channel.PAPER and state == State.SENT:
        return (_("printed"), "good") if printed_at else (_("to be printed"), "today")
    return str(State(state).label), TONES[state]


def _templates():
    return [(name, template.label) for name, template in texts.TEMPLATES.items()]


def _estates(request):
    return [(p.estate_id, p.estate.local_name) for p in request.user.posting_list] if request else []


class MessageFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(
        label=gettext_lazy("State"),
        choices=[*State.choices, (TO_PRINT, gettext_lazy("letters to print"))],
        method="in_state",
    )
    channel = django_filters.ChoiceFilter(label=gettext_lazy("How"), choices=OUT)
    template = django_filters.ChoiceFilter(label=gettext_lazy("Message"), choices=_templates)
    problem = django_filters.ChoiceFilter(label=gettext_lazy("Trouble"), choices=Message.Problem.choices)
    to = django_filters.CharFilter(label=gettext_lazy("To"), field_name="addressee", lookup_expr="icontains")
    from_day = django_filters.DateFilter(
        label=gettext_lazy("From day"), method="since", widget=DateInput(quick="")
    )
    to_day = django_filters.DateFilter(
        label=gettext_lazy("Until day"), method="until", widget=DateInput(quick="")
    )

    class Meta:
        model = Message
        fields = ()

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        estates = list(dict(_estates(self.request)).items())
        if len(estates) > 1:
            self.filters["estate"] = django_filters.ChoiceFilter(
                field_name="estate_id", label=gettext_lazy("Estate"), choices=estates
            )

    def in_state(self, rows, name, value):
        if value == TO_PRINT:
            return rows.filter(state=State.SENT, channel=Channel.PAPER, printed_at__isnull=True)
        return rows.filter(state=value)

    def since(self, rows, name, value):
        return rows.filter(made_at__gte=clocks.midnight(value, timezone.get_current_timezone()))

    def until(self, rows, name, value):
        return rows.filter(made_at__lt=clocks.end_of_day(value, timezone.get_current_timezone()))


def _about(row):
    return " ".join(filter(None, (str(row["data"].get(name) or "") for name in ("number", "unit"))))


def _went(row):
    if row["state"] == State.SENT:
        went, made = lists.stamp(row["printed_at"] or row["sent_at"]), lists.stamp(row["made_at"])
        return (
            went[-5:] if went[:10] == made[:10] else went
        )  # usually the same day, and seldom another minute
    return (
        _("from %(time)s") % {"time": lists.stamp(row["send_after"])} if row["state"] == State.QUEUED else ""
    )


def _problem(row):
    return str(Message.Problem(row["problem"]).label) if row["problem"] and row["state"] != State.SENT else ""


MESSAGES = lists.List(
    name="messages",
    # Translators: 訊息
    title=gettext_lazy("Messages"),
    fields=(
        "id", "made_at", "channel", "addressee", "address", "template", "data", "state", "attempts", "send_after",
        "sent_at", "printed_at", "problem", "error", "gateway_reference", "estate_id",
    ),
    columns=(
        lists.Column(
            "made_at", gettext_lazy("Written"), lambda row: lists.stamp(row["made_at"]), order="newest",
            value=lambda row: row["made_at"],
        ),
        lists.Column("to", gettext_lazy("To"), lambda row: row["addressee"] or row["address"]),
        lists.Column("channel", gettext_lazy("How"), lambda row: str(Channel(row["channel"]).label)),
        lists.Column("template", gettext_lazy("Message"), lambda row: texts.label(row["template"])),
        lists.Column("about", gettext_lazy("About"), _about, kind="unit"),
        lists.Column(
            "state", gettext_lazy("State"),
            lambda row: state_words(row["state"], row["channel"], row["printed_at"])[0], kind="state",
            tone=lambda row: state_words(row["state"], row["channel"], row["printed_at"])[1],
        ),
        lists.Column("went", gettext_lazy("Went"), _went),
        lists.Column("problem", gettext_lazy("Trouble"), _problem, hint=lambda row: row["error"][:300]),
        lists.Column("address", gettext_lazy("Address"), lambda row: row["address"], shown=False),
        lists.Column("attempts", gettext_lazy("Attempts"), lambda row: str(row["attempts"]), value=lambda row: row["attempts"], shown=False),
        lists.Column("reference", gettext_lazy("Reference"), lambda row: row["gateway_reference"], shown=False),
    ),
    filterset=MessageFilter,
    orders={"newest": ("-id",)},
    default_order="newest",
    row_href=lambda row: reverse("office:message", args=[row["id"]]),
    empty=(gettext_lazy("Nothing has been sent to anybody yet. A message is written from the page of a household or of a ticket."),),
    export_permission=EXPORT,
    personal=True,
)  # fmt: skip


@may(READ)
@require_http_methods(["GET", "POST"])
def message_list(request):
    """What leaves the house, newest first."""
    bulk = []
    if request.user.may(MANAGE):
        bulk.append(
            {
                "verb": "retry",
                "label": _("Send again"),
                "url": reverse("office:messages_retry"),
                "icon": "refresh",
                "confirm": _("Send the failed ones of these messages again?"),
            }
        )
    return lists.render(
        request, MESSAGES, outgoing(request.user), template="office/messages.html", bulk=bulk,
        extra_context={"trouble": _trouble(request)},
    )  # fmt: skip


def _trouble(request):
    """How many have failed and how many letters wait for the printer, with where they are listed: one query each."""
    rows = outgoing(request.user)
    found = []
    for state, chosen, words in (
        (State.FAILED, rows.filter(state=State.FAILED), _("failed")),
        (
            TO_PRINT,
            rows.filter(state=State.SENT, channel=Channel.PAPER, printed_at__isnull=True),
            _("letters to print"),
        ),
    ):
        count = chosen.order_by().values("pk")[:1001].count()
        if count:
            shown = f"{count}" if count <= 1000 else "1000+"
            found.append({"count": shown, "words": words, "url": f"{request.path}?state={state}"})
    return found


@may(READ)
@require_GET
def message(request, pk):
    """One message: its words as they were sent, every attempt, and what may be done now."""
    row = _get(request, pk)
    enter(request, row.estate)
    title, body = outbox.text(row)
    words, tone = state_words(row.state, row.channel, row.printed_at)
    page = SUBJECTS.get(row.subject_kind)
    events = Event.objects.filter(
        subject_kind=row.subject_kind or Message.SUBJECT, subject_id=row.subject_id or row.pk,
        verb__startswith="message.", data__message=row.pk,
    )  # fmt: skip
    context = {
        "message": row,
        "state": words,
        "tone": tone,
        "title": title,
        "body": body,
        "worded": bool(row.body),
        "label": outbox.label(row),
        "problem": row.get_problem_display() if row.state != State.SENT else "",
        "tries": [
            {
                "at": lists.stamp(one.at),
                "state": _("sent")
                if one.state == State.SENT
                else _("failed")
                if one.state == State.FAILED
                else _("to be tried again"),
                "tone": TONES[one.state],
                "problem": one.get_problem_display(),
                "error": one.error,
                "reference": one.reference,
            }
            for one in row.tries.all()
        ],
        "facts": _facts(row),
        "about": {"text": row.data.get("number") or _("the matter"), "url": page(row.subject_id)}
        if page and row.subject_id
        else None,
        "moves": _moves(row, request.user),
        "events": [
            {
                "text": journal.sentence(event),
                "at": lists.stamp(event.at),
                "iso": event.at.isoformat(timespec="minutes"),
                "by": event.by_name,
            }
            for event in events.order_by("-pk")[:30]
        ],
    }
    return render(request, "office/message.html", context)


def _facts(row):
    version = _("version %(n)s of the office's text") % {"n": row.text_version}
    found = [
        (_("To"), row.addressee),
        (_("Address"), row.address),
        (_("How"), row.get_channel_display()),
        (_("Language"), texts.spoken(row.language or row.estate.language)),
        (_("Words"), _("by hand") if row.by_id else version if row.text_version else _("as shipped")),
        (_("Written"), f"{lists.stamp(row.made_at)} {row.by.local_name if row.by else ''}".strip()),
    ]
    if row.state == State.QUEUED:
        found.append((_("Goes from"), lists.stamp(row.send_after)))
    if row.sent_at:
        ready = _("Ready to print") if row.channel == Channel.PAPER else _("Sent")
        found.append((ready, lists.stamp(row.sent_at)))
    if row.printed_at:
        found.append((_("Printed"), lists.stamp(row.printed_at)))
    if row.gateway_reference:
        found.append((_("Reference of the other side"), row.gateway_reference))
    found.append((_("Key"), row.dedupe_key))
    return found


def _moves(row, staff):
    moves = []
    post = {"post": True}
    if (row.is_letter_to_print or row.printed_at) and staff.may(SEND, row.estate_id):
        url, label = reverse("office:message_print", args=[row.pk]), _("Print the letter")
        label = _("Print again") if row.printed_at else label
        style = "" if row.printed_at else "primary"
        moves.append({"verb": "print", "label": label, "url": url, "icon": "printer", "style": style, **post})
    if actions.why_not_retry(row, staff) is None:
        url = reverse("office:message_retry", args=[row.pk])
        moves.append(
            {
                "verb": "retry",
                "label": _("Send again"),
                "url": url,
                "icon": "refresh",
                "style": "primary",
                **post,
            }
        )
    if actions.why_not_cancel(row, staff) is None:
        url = reverse("office:message_cancel", args=[row.pk])
        confirm = _("Stop this message? It will not be sent.")
        moves.append(
            {"verb": "cancel", "label": _("Stop it"), "url": url, "icon": "x", "confirm": confirm, **post}
        )
    return moves


def _get(request, pk, permission=READ):
    rows = outgoing(request.user, permission).select_related("estate", "by", "staff")
    return get_object_or_404(rows, pk=pk)


def _do(request, pk, act, done):
    row = _get(request, pk)
    try:
        act(message=row, by=request.user, now=request.now)
    except Refused as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, done)
    return redirect("office:message", pk)


@may(MANAGE)
@require_POST
def message_retry(request, pk):
    return _do(request, pk, actions.retry, _("It is sent again."))


@may(SEND, MANAGE)
@require_POST
def message_cancel(request, pk):
    """Whoever wrote it by hand stops it too (office.actions.messages.why_not_cancel)."""
    return _do(request, pk, actions.cancel, _("It has been stopped."))


@may(MANAGE)
@require_POST
def messages_retry(request):
    """The failed ones among those chosen; the rest is left as it is."""
    chosen = lists.chosen(request, MESSAGES, outgoing(request.user, MANAGE))
    failed = list(chosen.filter(state=State.FAILED).order_by("pk")[:BULK_LIMIT])
    done = 0
    for row in failed:
        try:
            actions.retry(message=row, by=request.user, now=request.now)
        except Refused:  # somebody else was quicker
            continue
        done += 1
    if done:
        text = ngettext("%(n)s message is sent again.", "%(n)s messages are sent again.", done)
        messages.success(request, text % {"n": done})
    else:
        messages.warning(request, _("None of these messages has failed."))
    return redirect("office:messages")


@may(SEND)
@require_POST
def message_print(request, pk):
    """The letter as PDF; it counts as printed from now on."""
    from office import letters, printing  # here: WeasyPrint takes a second to load, and few requests print

    row = _get(request, pk, SEND)
    try:
        row = actions.printed(message=row, by=request.user, now=request.now)
    except Refused as refusal:
        messages.error(request, refusal.sentence)
        return redirect("office:message", pk)
    printout = letters.letter(row)
    response = HttpResponse(printing.pdf(printout), content_type="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{printout.filename}"'
    response.headers["Cache-Control"] = "private, no-store"
    return response
