from django.db import transaction
from django.db.models import F, Max
from django.utils.translation import gettext as _

from office import files, journal, promises, undo
from office.refusals import Refused
from tickets import rules
from tickets.actions import change, cost, paid, telling
from tickets.models import Ticket, WaterTest, WorkLine, WorkOrder

State = Ticket.State


@transaction.atomic
def schedule(*, ticket, window_from, window_to, by, now, version=None):
    """Agree a window with the resident. The arrival promise follows it."""
    ticket = change.begin(ticket, "schedule", by, version)
    _check_window(window_from, window_to, now)
    ticket.window_from, ticket.window_to = window_from, window_to
    WorkOrder.objects.filter(ticket=ticket, ended_at__isnull=True, dispatched_at__isnull=False).update(
        window_from=window_from, window_to=window_to
    )
    change.renew_arrival(ticket, by=by, now=now)
    journal.record(
        "ticket.scheduled", subject=ticket, by=by, now=now,
        data={"window": change.window_text(window_from, window_to, ticket.estate.zone)},
    )  # fmt: skip
    _tell_window(ticket, now)
    return change.end(ticket, "window_from", "window_to")


@transaction.atomic
def dispatch(*, ticket, technician, window_from, window_to, by, now, visit_order=None, version=None):
    """Give the open work order to a technician for the agreed window (SPEC §4.2). Again = to another one."""
    ticket = change.begin(ticket, "dispatch", by, version)
    _check_window(window_from, window_to, now)
    if not technician.is_active or not (
        technician.may("tickets.work_own", ticket.estate_id)
        or technician.may("tickets.work", ticket.estate_id)
    ):
        raise Refused(_("%(name)s is not a technician of this estate.") % {"name": technician.name})
    order = change.latest_order(ticket)
    before = [
        ticket.was,
        undo.snapshot(
            order,
            "technician_id",
            "window_from",
            "window_to",
            "visit_order",
            "dispatched_at",
            "dispatched_by_id",
        ),
    ]
    before += [
        undo.snapshot(p, "outcome", "closed_at", "closed_by_id", "reason")
        for p in promises.open_of(ticket, "arrival", "waiting")
    ]
    order.technician, order.window_from, order.window_to = technician, window_from, window_to
    order.visit_order, order.dispatched_at, order.dispatched_by = visit_order, now, by
    order.save(
        update_fields=[
            "technician",
            "window_from",
            "window_to",
            "visit_order",
            "dispatched_at",
            "dispatched_by",
        ]
    )
    promises.cancel(ticket, "waiting", at=now, by=by)
    ticket.technician, ticket.window_from, ticket.window_to = technician, window_from, window_to
    ticket.state, ticket.dispatched_at = State.DISPATCHED, now
    _clear_waiting(ticket)
    change.renew_arrival(ticket, by=by, now=now)
    change.end(
        ticket,
        "technician",
        "window_from",
        "window_to",
        "state",
        "dispatched_at",
        "waiting_for",
        "waiting_until",
        "waiting_reason",
    )
    journal.record(
        "ticket.dispatched", subject=ticket, by=by, now=now,
        data={"work_order": order.number, "technician": technician.name,
              "window": change.window_text(window_from, window_to, ticket.estate.zone)},
    )  # fmt: skip
    _tell_window(ticket, now)
    undo.offer(
        verb="ticket.dispatched",
        subject=ticket,
        by=by,
        now=now,
        before=before,
        made=_open_rows(ticket, "arrival"),
    )
    return ticket


def _tell_window(ticket, now):
    text = change.window_text(ticket.window_from, ticket.window_to, ticket.estate.zone)
    telling.window(ticket, text, now)


def _check_arrival(ticket, order, at):
    """Nobody arrives before the report, nor for rework before the errand before it had ended.

    Compared by the minute: hands and paper give minutes, and whoever goes at once arrives within it.
    """
    if at < ticket.opened_at.replace(second=0, microsecond=0):
        raise Refused(_("The arrival lies before the report."))
    if order.sequence > 1:
        earlier = ticket.work_orders.filter(sequence__lt=order.sequence).aggregate(at=Max("ended_at"))["at"]
        if earlier and at < earlier.replace(second=0, microsecond=0):
            raise Refused(_("The arrival lies before the end of the work order before."))


@transaction.atomic
def arrive(*, work_order, at, by, now):
    """The technician is there. Keeps the arrival promise at the time of arrival, not of keying."""
    ticket = change.begin(work_order.ticket, "arrive", by)
    order = _own_order(ticket, work_order)
    change.past(at, now, _("The arrival lies in the future."))
    _check_arrival(ticket, order, at)
    before = [ticket.was, undo.snapshot(order, "arrived_at")]
    before += [
        undo.snapshot(p, "outcome", "closed_at", "closed_by_id", "reason")
        for p in promises.open_of(ticket, "arrival", "waiting")
    ]
    _arrived(ticket, order, at, by, now)
    change.end(ticket, "state", "arrived_at", "waiting_for", "waiting_until", "waiting_reason")
    undo.offer(verb="ticket.arrived", subject=ticket, by=by, now=now, before=before)
    return ticket


def _arrived(ticket, order, at, by, now):
    order.arrived_at = at
    order.save(update_fields=["arrived_at"])
    promises.keep(ticket, "arrival", at=at, by=by)
    promises.cancel(ticket, "waiting", at=now, by=by)
    ticket.state, ticket.arrived_at = State.IN_PROGRESS, at
    _clear_waiting(ticket)
    journal.record(
        "ticket.arrived", subject=ticket, by=by, now=now,
        data={"technician": ticket.technician.name, "at": change.stamp(at, ticket.estate.zone)},
    )  # fmt: skip


@transaction.atomic
def wait(*, ticket, waiting_for, until, reason, by, now, version=None):
    """Wait for parts, resident or contractor until a date: a state that shows, not a stopped clock (SPEC §4.3).

    Whoever was promised an arrival is still promised it: more time is asked for and approved.
    """
    ticket = change.begin(ticket, "wait", by, version)
    if waiting_for not in Ticket.Waiting.values:
        raise Refused(_("Say what the repair waits for."))
    if not reason.strip():
        raise Refused(_("Give the reason for waiting."))
    end = change.end_of(until, ticket.estate.zone)
    if end <= now:
        raise Refused(_("The date until which it waits lies in the past."))
    before = [ticket.was] + [
        undo.snapshot(p, "outcome", "closed_at", "closed_by_id", "reason")
        for p in promises.open_of(ticket, "waiting")
    ]
    promises.cancel(ticket, "waiting", at=now, by=by, reason=reason)
    ticket.state, ticket.waiting_for, ticket.waiting_until, ticket.waiting_reason = (
        State.WAITING,
        waiting_for,
        until,
        reason,
    )
    change.promise(ticket, "waiting", "waiting", fact_at=now, now=now, agreed=end)
    change.end(ticket, "state", "waiting_for", "waiting_until", "waiting_reason")
    journal.record(
        "ticket.waits", subject=ticket, by=by, now=now,
        data={"what": journal.word("ticket.waiting", waiting_for), "until": until.isoformat()},
    )  # fmt: skip
    undo.offer(
        verb="ticket.waits", subject=ticket, by=by, now=now, before=before, made=_open_rows(ticket, "waiting")
    )
    return ticket


@transaction.atomic
def resume(*, ticket, by, now, version=None):
    """What it waited for has come. Back to the technician at work, else to be dispatched."""
    ticket = change.begin(ticket, "resume", by, version)
    before = [ticket.was] + [
        undo.snapshot(p, "outcome", "closed_at", "closed_by_id", "reason")
        for p in promises.open_of(ticket, "waiting")
    ]
    promises.keep(ticket, "waiting", at=now, by=by)
    order = change.latest_order(ticket)
    if order.arrived_at:
        ticket.state = State.IN_PROGRESS
    else:
        ticket.state = State.DISPATCHED if order.technician_id else State.ACCEPTED
    _clear_waiting(ticket)
    made = []
    if not promises.open_of(ticket, "arrival"):  # its clock ran on while the ticket waited
        change.renew_arrival(ticket, by=by, now=now)
        made = _open_rows(ticket, "arrival")
    change.end(ticket, "state", "waiting_for", "waiting_until", "waiting_reason")
    journal.record("ticket.resumed", subject=ticket, by=by, now=now)
    undo.offer(verb="ticket.resumed", subject=ticket, by=by, now=now, before=before, made=made)
    return ticket


@transaction.atomic
def finish(
    *,
    work_order,
    ended_at,
    result,
    by,
    now,
    lines=(),
    signed_by="",
    arrived_at=None,
    agreed_amount=None,
    consent_by="",
    file_ids=(),
    signature=b"",
):
    """Work has ended at `ended_at` (the time on the slip, not of keying). A leak now owes its water test, all else
    its callback. Paid work needs the amount agreed with the resident, on file or given here (SPEC §4.1, §4.3).

    `signature`: the resident's, drawn on the telephone, as a picture; it is kept as a file of the work order."""
    ticket = change.begin(work_order.ticket, "finish", by)
    order = _own_order(ticket, work_order)
    made, before = _finish(
        ticket, order, ended_at=ended_at, result=result, lines=lines, signed_by=signed_by, arrived_at=arrived_at,
        agreed_amount=agreed_amount, consent_by=consent_by, file_ids=file_ids, by=by, now=now,
    )  # fmt: skip
    if signature:
        drawn = files.store(
            data=signature, name="signature.png", content_type="image/png", estate=ticket.estate, by=by, now=now,
            subject_kind=WorkOrder.SUBJECT, subject_id=order.pk, unit_id=ticket.unit_id, kind="signature",
        )  # fmt: skip
        made = [*made, undo.made(drawn)]
    undo.offer(verb="ticket.work_ended", subject=ticket, by=by, now=now, before=before, made=made)
    return ticket


@transaction.atomic
def key_slip(
    *, work_order, arrived_at, ended_at, result, by, now, technician=None, lines=(), signed_by="", agreed_amount=None,
    consent_by="", test_passed=None, tested_at=None,
):  # fmt: skip
    """Key in a slip that came back on paper: arrival, parts, result and, for a leak, its water test, in one go.

    `technician` names who did it when the work order was never dispatched on screen.
    """
    ticket = change.begin(work_order.ticket, "key_slip", by)
    order = _own_order(ticket, work_order)
    if technician and not order.technician_id:
        order.technician = ticket.technician = technician
        order.dispatched_at = ticket.dispatched_at = ticket.dispatched_at or now
        order.save(update_fields=["technician", "dispatched_at"])
        ticket.save(update_fields=["technician", "dispatched_at"])
    if not order.technician_id:
        raise Refused(_("Name the technician who did the work."))
    _finish(
        ticket, order, ended_at=ended_at, result=result, lines=lines, signed_by=signed_by, arrived_at=arrived_at,
        agreed_amount=agreed_amount, consent_by=consent_by, file_ids=(), by=by, now=now,
    )  # fmt: skip
    order.slip_keyed_at, order.slip_keyed_by = now, by
    order.save(update_fields=["slip_keyed_at", "slip_keyed_by"])
    if ticket.state == State.TESTING and test_passed is not None:
        _tested(ticket, tested_at or ended_at, test_passed, "", by, now)
    return ticket


def _finish(
    ticket,
    order,
    *,
    ended_at,
    result,
    lines,
    signed_by,
    arrived_at,
    agreed_amount,
    consent_by,
    file_ids,
    by,
    now,
):
    change.past(ended_at, now, _("The end of work lies in the future."))
    arrived_at = arrived_at or order.arrived_at or ended_at
    if ended_at < arrived_at:
        raise Refused(_("Work ended before the technician arrived."))
    _check_arrival(ticket, order, arrived_at)
    if not result.strip():
        raise Refused(_("Write down the result."))
    before = [
        ticket.was,
        undo.snapshot(
            order, "arrived_at", "ended_at", "result", "signed_by", "technician_id", "dispatched_at"
        ),
    ]
    before += [
        undo.snapshot(p, "outcome", "closed_at", "closed_by_id", "reason") for p in promises.open_of(ticket)
    ]
    if agreed_amount is not None:
        cost.set_consent(ticket, agreed_amount, consent_by, _("on the work order"), ended_at, by=by, now=now)
    if rules.needs_amount(ticket):
        raise Refused(
            _(
                "This is paid work: give the amount the resident agreed to and who agreed, or ask for free work."
            )
        )
    if order.arrived_at != arrived_at:
        _arrived(ticket, order, arrived_at, by, now)
    promises.cancel(ticket, "waiting", at=now, by=by)
    order.ended_at, order.result, order.signed_by = ended_at, result, signed_by
    order.save(update_fields=["ended_at", "result", "signed_by"])
    made = [
        undo.made(line)
        for line in WorkLine.objects.bulk_create(
            WorkLine(work_order=order, position=n, **line) for n, line in enumerate(lines, 1)
        )
    ]
    files.attach(file_ids, ticket, by=by, now=now)
    ticket.work_ended_at, ticket.result = ended_at, result
    _clear_waiting(ticket)
    zone = ticket.estate.zone
    journal.record(
        "ticket.work_ended",
        subject=ticket,
        by=by,
        now=now,
        data={"at": change.stamp(ended_at, zone), "work_order": order.number},
    )
    if ticket.is_leak:
        ticket.state = State.TESTING
        change.promise(ticket, "water_test", "water_test", fact_at=ended_at, now=now)
    else:
        if booked := _done(ticket, ended_at, by, now, "ticket.done"):
            made.append(undo.made(booked))
    change.end(
        ticket, "state", "work_ended_at", "done_at", "callback_tries", "result", "arrived_at",
        "waiting_for", "waiting_until", "waiting_reason", "cost", "agreed_amount", "consent_by", "consent_how", "consent_at",
    )  # fmt: skip
    return made + _open_rows(ticket, "callback", "water_test"), before


def _done(ticket, done_at, by, now, verb):
    """Completed: a callback is owed from this fact on (SPEC §4.4); what a maintenance plan asked for is done.

    Paid work is charged; answers its charge, or None.
    """
    promises.keep(ticket, "upkeep", at=done_at, by=by)
    ticket.state, ticket.done_at, ticket.callback_tries = State.DONE, done_at, 0
    owed = change.promise(ticket, "callback", rules.callback_rule(ticket), fact_at=done_at, now=now)
    zone = ticket.estate.zone
    journal.record(
        verb,
        subject=ticket,
        by=by,
        now=now,
        data={"at": change.stamp(done_at, zone), "due": change.stamp(owed.due_at, zone)},
    )
    key = f"ticket:done:{ticket.pk}:{ticket.rework_count}"
    telling.reporter(
        "ticket.resident_done", ticket, key=key, now=now, due=telling.last_day(owed.due_at, zone)
    )
    return paid.when_done(ticket, by=by, now=now)


@transaction.atomic
def water_test(*, ticket, tested_at, passed, by, now, remark="", version=None):
    """試漏: passed → the callback counts from the test; failed → back to work with a new work order (SPEC §4.3)."""
    ticket = change.begin(ticket, "water_test", by, version)
    _tested(ticket, tested_at, passed, remark, by, now)
    return ticket


def _tested(ticket, tested_at, passed, remark, by, now):
    change.past(tested_at, now, _("The water test lies in the future."))
    if tested_at < ticket.work_ended_at:
        raise Refused(_("The water test lies before the end of work."))
    WaterTest.objects.create(
        ticket=ticket, tested_at=tested_at, passed=passed, remark=remark, by=by, recorded_at=now
    )
    zone = ticket.estate.zone
    if passed:
        promises.keep(ticket, "water_test", at=tested_at, by=by)
        ticket.tested_at = tested_at
        _done(ticket, tested_at, by, now, "ticket.test_passed")
    else:
        promises.cancel(ticket, "water_test", at=tested_at, by=by, reason=_("failed"))
        order = change.new_errand(ticket, now)
        ticket.state = State.ACCEPTED
        journal.record(
            "ticket.test_failed", subject=ticket, by=by, now=now,
            data={"at": change.stamp(tested_at, zone), "work_order": order.number},
        )  # fmt: skip
    change.end(ticket, "state", "tested_at", "done_at", "callback_tries")


@transaction.atomic
def mark_printed(*, work_orders, by, now):
    """Note that sheets left the printer, so that a second print is marked as a copy."""
    # Locked: one that is being taken back this moment is either gone by now, or stays because it is printed.
    still = WorkOrder.objects.filter(pk__in=[order.pk for order in work_orders])
    there = set(still.select_for_update().order_by("pk").values_list("pk", flat=True))
    still.filter(pk__in=there).update(printed_at=now, prints=F("prints") + 1)
    for order in work_orders:
        if order.pk not in there:
            continue
        journal.record(
            "ticket.printed", subject=order.ticket, by=by, now=now, data={"work_order": order.number}
        )


def _check_window(start, end, now):
    if not start or not end:
        raise Refused(_("Give the date and both times of the window."))
    if start >= end:
        raise Refused(_("The window ends before it begins."))
    if end <= now:
        raise Refused(_("The window lies in the past."))


def _own_order(ticket, work_order):
    """The work order, locked; only the latest errand of a ticket takes new facts."""
    order = change.latest_order(ticket)
    if order.pk != work_order.pk or order.ended_at:
        raise Refused(_("This work order has already come back; see the ticket for the next one."))
    return order


def _clear_waiting(ticket):
    ticket.waiting_for, ticket.waiting_until, ticket.waiting_reason = "", None, ""


def _open_rows(ticket, *kinds):
    return [undo.made(row) for row in promises.open_of(ticket, *kinds)]
