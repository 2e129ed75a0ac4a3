"""Complaints: one line per URL (SPEC §5).

The technician and the guard read and handle the complaints they are responsible for; these are nobody's, so they
find none of them.
"""

from datetime import timedelta

from django.utils import timezone

from office.models import Promise
from tests.architecture.lines import Line
from tickets.models import Complaint, ComplaintRemedy, ComplaintStep

READ = "clerk cashier lead supervisor director finance auditor"
DESK = "clerk cashier supervisor director"
HANDLE = "clerk cashier lead supervisor director finance"
BOSS = "supervisor director"
NOT_THEIRS = dict.fromkeys(("technician", "guard"), (404, 404))


def _pk(name):
    return lambda w: {"pk": getattr(w, name).pk}


def _field(name, field):
    return lambda w: Complaint.objects.values_list(field, flat=True).get(pk=getattr(w, name).pk)


def _steps(name):
    return lambda w: ComplaintStep.objects.filter(complaint=getattr(w, name)).count()


def _data(name, **values):
    return lambda w: {**values, "version": Complaint.objects.get(pk=getattr(w, name).pk).version}


def _taken(w):
    return {
        "where": f"unit:{w.unit.pk}",
        "name": "張小明",
        "phone": "13800138000",
        "course": "樓上半夜搬動桌椅",
        "against": "neighbour",
        "cause": w.complaint.cause_id,
        "klass": "minor",
        "channel": "phone",
    }


def _corrected(w):
    row = w.complaint
    return {
        "version": row.version,
        "name": row.name,
        "course": "每晚十一點後搬動桌椅",
        "against": "neighbour",
        "cause": row.cause_id,
    }


def _extended(w):
    promise = Promise.objects.of(Complaint.SUBJECT, w.complaint.pk).open().get()
    later = timezone.localtime(promise.due_at + timedelta(days=2), w.estate.zone)
    return {
        "version": w.complaint.version,
        "promise": promise.pk,
        "new_due_at": f"{later:%Y-%m-%dT%H:%M}",
        "reason": "等管理處開會",
    }


def _remedy(w):
    row = ComplaintRemedy.objects.get(complaint=w.complaint_remedy)
    return {"version": w.complaint_remedy.version, "remedy": row.pk, "accepted": "yes"}


def _step(verb, name="complaint", **more):
    """A step of the handling: by the desk and the heads, and by who is responsible for it."""
    values = {"text": "已處理"} | more
    return Line(
        f"tickets:complaint_{verb}",
        HANDLE,
        post=302,
        args=_pk(name),
        data=_data(name, **values),
        changes=_steps(name),
        others=NOT_THEIRS,
    )


LINES = [
    Line("tickets:complaints", READ, post=302, shows=lambda w: w.complaint.number, stranger=(302,)),
    Line(
        "tickets:complaint_new",
        DESK,
        post=302,
        data=_taken,
        changes=lambda w: Complaint.objects.filter(estate=w.estate).count(),
    ),
    Line(
        "tickets:complaint_hints",
        DESK,
        plain="what is shown while it is filled in; tests/tickets",
        stranger=(405,),
    ),
    Line("tickets:complaint_analysis", READ, plain="sums; tests/tickets/test_views_complaints.py"),
    Line("tickets:complaint_register", READ, plain="what it prints is tested in tests/tickets"),
    Line(
        "tickets:complaint",
        READ,
        args=_pk("complaint"),
        shows=lambda w: w.complaint.course,
        others=dict.fromkeys(("technician", "guard"), (404, 405)),
    ),
    Line(
        "tickets:complaint_print",
        READ,
        args=_pk("complaint"),
        plain="what it prints is tested in tests/tickets",
    ),
    Line(
        "tickets:complaint_acknowledge",
        "director",
        get=405,
        post=302,
        args=_pk("complaint_major"),
        changes=_field("complaint_major", "acknowledged_by"),
        others={
            **dict.fromkeys(("clerk", "cashier", "lead", "supervisor", "finance"), (405, 409)),
            **dict.fromkeys(("technician", "guard"), (405, 404)),
        },
    ),
    Line(
        "tickets:complaint_calm_down",
        HANDLE,
        get=405,
        post=302,
        args=_pk("complaint"),
        changes=_field("complaint", "calmed_at"),
    ),
    Line(
        "tickets:complaint_reclass",
        DESK,
        post=302,
        args=_pk("complaint"),
        data=_data("complaint", klass="important", reason="保安失職"),
        changes=_field("complaint", "klass"),
    ),
    Line(
        "tickets:complaint_route",
        HANDLE,
        post=302,
        args=_pk("complaint"),
        data=lambda w: {"version": w.complaint.version, "department": "repair", "handler": w.cast["lead"].pk},
        changes=_field("complaint", "handler"),
    ),
    _step("contact", reached="yes"),
    _step("stop_harm", "complaint_harm"),
    _step("act", "complaint_at_work"),
    _step("tell_reason"),
    _step("report_up"),
    _step("answer"),
    _step("meet", "complaint_at_work", place="會議室", parties="1201、1301", outcome="同意鋪地墊"),
    Line(
        "tickets:complaint_propose",
        HANDLE,
        post=302,
        args=_pk("complaint_at_work"),
        data=_data("complaint_at_work", text="鋪地墊", cost="300"),
        changes=lambda w: ComplaintRemedy.objects.filter(complaint=w.complaint_at_work).count(),
        others=NOT_THEIRS,
    ),
    Line(
        "tickets:complaint_decide_remedy",
        HANDLE,
        post=302,
        args=_pk("complaint_remedy"),
        data=_remedy,
        changes=lambda w: ComplaintRemedy.objects.get(complaint=w.complaint_remedy).accepted,
        others=NOT_THEIRS,
    ),
    Line(
        "tickets:complaint_report",
        HANDLE,
        post=302,
        args=_pk("complaint_at_work"),
        data=_data("complaint_at_work", result="已勸止", valid="yes", fault="neighbour"),
        changes=_field("complaint_at_work", "state"),
        others=NOT_THEIRS,
    ),
    Line(
        "tickets:complaint_tell",
        "clerk supervisor director",
        post=302,
        args=_pk("complaint_reported"),
        data=_data("complaint_reported", how="phone", reached="yes"),
        changes=_field("complaint_reported", "state"),
        others={"cashier": (409, 409)},  # who took it tells it, or hands it over
    ),
    Line(
        "tickets:complaint_call_back",
        DESK,
        get=302,  # the queue, with this one on top
        post=302,
        args=_pk("complaint_told"),
        data=lambda w: {"outcome": "satisfied", "how": "phone", "score": 5},
        changes=_field("complaint_told", "state"),
    ),
    Line(
        "tickets:complaint_close_unreachable",
        BOSS,
        get=409,
        post=409,
        args=_pk("complaint_told"),
        plain="not before three tries",
    ),
    Line(
        "tickets:complaint_withdraw",
        DESK,
        post=302,
        args=_pk("complaint"),
        data=_data("complaint", reason="已自行解決"),
        changes=_field("complaint", "state"),
    ),
    Line(
        "tickets:complaint_link_ticket",
        DESK,
        post=302,
        args=_pk("complaint"),
        data=lambda w: {"version": w.complaint.version, "ticket": w.ticket.number},
        changes=_field("complaint", "ticket"),
    ),
    Line(
        "tickets:complaint_extend",
        BOSS,
        post=302,
        args=_pk("complaint"),
        data=_extended,
        changes=lambda w: Promise.objects.of(Complaint.SUBJECT, w.complaint.pk).count(),
    ),
    Line(
        "tickets:complaint_correct",
        DESK,
        post=302,
        args=_pk("complaint"),
        data=_corrected,
        changes=_field("complaint", "course"),
    ),
    Line(
        "tickets:complaint_hand_over",
        BOSS,
        post=302,
        args=_pk("complaint"),
        data=lambda w: {"version": w.complaint.version, "to": w.cast["cashier"].pk, "reason": "休假"},
        changes=_field("complaint", "owner"),
    ),
]
