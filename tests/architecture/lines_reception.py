"""The reception log and the shift hand-overs: one line per URL (SPEC §2)."""

from datetime import timedelta

from django.utils import timezone

from tests.architecture.lines import Line
from tickets.models import Handover, LogEntry, Question

READ = "clerk cashier lead supervisor director auditor"
WRITE = "clerk cashier supervisor director"
# Who may be asked opens the lines of his own questions; the auditor reads them all and answers none.
OPENS = "clerk cashier lead supervisor director auditor"


def _pk(name):
    return lambda w: {"pk": getattr(w, name).pk}


def _row(w):
    return LogEntry.objects.get(pk=w.log_line.pk)


def _version(name):
    return lambda w: {"version": getattr(w, name).version}


def _time(w):
    return f"{timezone.localtime(w.now + timedelta(hours=30), w.estate.zone):%Y-%m-%dT%H:%M}"


# A posting that answers only its own questions finds no other line: 404 instead of 403.
NOT_THEIRS = dict.fromkeys(("technician", "guard", "finance"), (404, 404))

LINES = [
    Line("tickets:reception", READ, post=302, shows=lambda w: w.log_line.number, stranger=(302,)),
    Line(
        "tickets:reception_new",
        WRITE,
        post=302,
        data=lambda w: {"where": f"unit:{w.unit.pk}", "asked": "裝修押金何時退還", "channel": "phone"},
        changes=lambda w: LogEntry.objects.filter(estate=w.estate).count(),
    ),
    Line("tickets:reception_pdf", READ, plain="what it prints is tested in tests/tickets"),
    Line(
        "tickets:reception_entry",
        OPENS,
        args=_pk("log_line"),
        shows=lambda w: w.log_line.asked,
        others=dict.fromkeys(("technician", "guard", "finance"), (404, 405)),
    ),
    Line(
        "tickets:reception_correct",
        WRITE,
        post=302,
        args=_pk("log_line"),
        data=lambda w: {
            **_version("log_line")(w),
            "asked": w.log_line.asked,
            "answered": "已回覆",
            "at": f"{timezone.localtime(w.log_line.at, w.estate.zone):%Y-%m-%dT%H:%M}",
        },
        changes=lambda w: _row(w).answered,
    ),
    Line(
        "tickets:reception_ask",
        WRITE,
        post=302,
        args=_pk("log_line"),
        data=lambda w: {**_version("log_line")(w), "expert": w.cast["lead"].pk, "agreed_at": _time(w)},
        changes=lambda w: Question.objects.filter(entry=w.log_line).count(),
    ),
    Line(
        "tickets:reception_answer",
        f"{WRITE} lead",
        post=302,
        args=_pk("log_question"),
        data=lambda w: {**_version("log_question")(w), "text": "仍在保修期內"},
        changes=lambda w: Question.objects.get(entry=w.log_question).answer,
        others={**NOT_THEIRS, "auditor": (403, 403)},
    ),
    Line(
        "tickets:reception_told",
        f"{WRITE} lead",
        post=302,
        args=_pk("log_answer"),
        data=lambda w: {**_version("log_answer")(w), "told_how": "phone"},
        changes=lambda w: Question.objects.get(entry=w.log_answer).told_how,
        others={**NOT_THEIRS, "auditor": (403, 403)},
    ),
    Line(
        "tickets:reception_pass_on",
        f"{WRITE} lead",
        post=302,
        args=_pk("log_question"),
        data=lambda w: {
            **_version("log_question")(w),
            "expert": w.cast["technician"].pk,
            "reason": "他負責外牆",
        },
        changes=lambda w: Question.objects.get(entry=w.log_question).expert_id,
        others={**NOT_THEIRS, "auditor": (403, 403)},
    ),
    Line("tickets:shifts", READ, post=302, shows=lambda w: w.handover.text, stranger=(302,)),
    Line(
        "tickets:shift_new",
        WRITE,
        post=302,
        data=lambda w: {"day": f"{w.today}", "shift": "morning", "text": "鑰匙在保險箱"},
        changes=lambda w: Handover.objects.filter(estate=w.estate).count(),
        stranger=(302,),  # he hands over at his own estate
    ),
    Line("tickets:shift", READ, args=_pk("handover"), shows=lambda w: w.handover.text),
    Line(
        "tickets:shift_acknowledge",
        WRITE,
        get=405,
        post=302,
        args=_pk("handover"),
        changes=lambda w: Handover.objects.get(pk=w.handover.pk).acknowledged_by_id,
    ),
]
