"""One repair on its way through the office, kept in memory: the verbs of `tickets.actions` without the database.

Every verb leaves the rows its action would have left; tests/config/test_demo.py plays the same steps through the
actions and compares. What is not written: offers to undo, which last ten seconds.
"""

import heapq
import itertools
from dataclasses import dataclass, field
from datetime import timedelta

from django.utils import translation
from django.utils.translation import gettext

from config.demo.bulk import Bulk, as_json
from office import clocks, promises
from office.journal import money
from office.models import Estate, Event, Promise
from office.models.promises import Measure
from tickets import rules
from tickets.actions import change
from tickets.models import CallbackTry, QuoteLine, Request, Ticket, WaterTest, WorkLine, WorkOrder

State, Cost, Ending = Ticket.State, Ticket.Cost, Ticket.Ending


class Journal:
    """Events of all repairs, given to the database in the order they happened: the timeline reads by id."""

    def __init__(self, bulk):
        self.bulk, self.waiting, self.count = bulk, [], itertools.count()

    def record(self, at, **values):
        heapq.heappush(self.waiting, (at, next(self.count), values))

    def write_until(self, moment=None):
        """Nothing before `moment` will be recorded any more."""
        while self.waiting and (moment is None or self.waiting[0][0] < moment):
            at, _number, values = heapq.heappop(self.waiting)
            self.bulk.add(Event, at=at, **values)


@dataclass
class Office:
    """What the repairs of one estate share."""

    estate: Estate
    bulk: Bulk
    journal: Journal
    units: dict  # id → Home
    staff: dict  # id → name
    script: list | None = (
        None  # every step as (now, verb, number, values), for the test that plays them again
    )
    seen: dict = field(default_factory=dict)  # (category, place) → [(opened at, cancelled at)]
    ruled: dict = field(default_factory=dict)

    def __post_init__(self):
        self.zone = self.estate.zone
        with translation.override(self.estate.language):
            self.words = {text: gettext(text) for text in ("failed", "on the work order")}

    def rule(self, key, fact_at):
        """The estate's rule; a new estate has one for all time."""
        if key not in self.ruled:
            self.ruled[key] = promises.rule_at(self.estate.pk, key, fact_at)
        return self.ruled[key]

    def repeats(self, key, opened_at):
        """Whether the same fault was there within the estate's `repeat_days` (SPEC §4.6)."""
        since = opened_at - timedelta(days=self.estate.repeat_days)
        return any(at >= since and (gone is None or gone > opened_at) for at, gone in self.seen.get(key, ()))


class Repair:
    """A ticket and everything about it. `by` is always a member of staff, `now` the time of keying."""

    def __init__(self, office, number):
        self.office, self.number = office, number
        self.id = office.bulk.reserve(Ticket)
        self.row = {}
        self.orders, self.lines, self.quotes, self.tests, self.tries = [], [], [], [], []
        self.promises, self.requests = [], []
        self.last_now = None

    # --- how a change begins and ends ----------------------------------------------------------------------------

    def _begin(self, verb, now, **values):
        assert self.last_now is None or now >= self.last_now, (self.number, verb, now, self.last_now)
        self.last_now = now
        if self.office.script is not None:
            self.office.script.append((now, verb, self.number, values))

    def _end(self):
        self.row["version"] += 1

    def _record(self, verb, by, now, **data):
        self.office.journal.record(
            now,
            verb=verb,
            subject_kind=Ticket.SUBJECT,
            subject_id=self.id,
            subject_text=self.number,
            estate_id=self.office.estate.pk,
            unit_id=self.row["unit_id"],
            by_id=by.pk,
            by_name=by.name,
            data=as_json(data),
        )

    def _new_errand(self, now):
        sequence = len(self.orders) + 1
        order = {
            "id": self.office.bulk.reserve(WorkOrder),
            "ticket_id": self.id,
            "estate_id": self.office.estate.pk,
            "number": f"{self.number}-{sequence}",
            "sequence": sequence,
            "made_at": now,
            "technician_id": None,
            "arrived_at": None,
            "dispatched_at": None,
            "ended_at": None,
        }
        self.orders.append(order)
        return order

    @property
    def order(self):
        return self.orders[-1]

    def _promise(self, kind, key, *, fact_at, now, owner_id=None, agreed=None, extends=None, reason=""):
        office = self.office
        amount, measure = (0, Measure.AT) if agreed else office.rule(key, fact_at)
        times = clocks.limit(
            fact_at=fact_at, amount=amount, measure=measure, zone=office.zone, closes_at=office.estate.closes_at,
            agreed=agreed,
        )  # fmt: skip
        about = promises.KINDS[kind]
        row = {
            "id": office.bulk.reserve(Promise),
            "kind": kind,
            "subject_kind": Ticket.SUBJECT,
            "subject_id": self.id,
            "sequence": sum(promise["kind"] == kind for promise in self.promises) + 1,
            "title": f"{self.number} {self.where}"[:200],
            "estate_id": office.estate.pk,
            "unit_id": self.row["unit_id"],
            "owner_id": owner_id or self.row["owner_id"],
            "department": about.department,
            "rule_key": key,
            "amount": amount,
            "measure": str(measure),
            "fact_at": fact_at,
            "due_at": times.due_at,
            "warn_at": times.warn_at,
            "director_at": times.director_at if about.climbs_to_director else None,
            "made_at": now,
            "outcome": "open",
            "closed_at": None,
            "closed_by_id": None,
            "extends_id": extends,
            "reason": reason,
            "level": 0,
        }
        self.promises.append(row)
        return row

    def _open(self, *kinds):
        return [p for p in self.promises if p["closed_at"] is None and (not kinds or p["kind"] in kinds)]

    def _close(self, rows, outcome, *, at, by, now, reason=""):
        for row in rows:
            row["outcome"], row["closed_at"], row["closed_by_id"] = str(outcome), at, by.pk
            row["reason"] = reason or row["reason"]
            climb(row, now)

    def _keep(self, *kinds, at, by, now):
        self._close(self._open(*kinds), "kept", at=at, by=by, now=now)

    def _cancel(self, *kinds, at, by, now, reason=""):
        self._close(self._open(*kinds), "cancelled", at=at, by=by, now=now, reason=reason)

    # --- the verbs -----------------------------------------------------------------------------------------------

    def take(self, *, category, problem, by, now, home=None, asset=None, building_id=None, place="", caller=None,
             reporter_name="", channel="phone", urgent=False, window=(None, None)):  # fmt: skip
        office = self.office
        self._begin(
            "take", now, category=category, problem=problem, by=by, home=home, asset=asset, building_id=building_id,
            place=place, caller=caller, reporter_name=reporter_name, channel=channel, urgent=urgent, window=window,
        )  # fmt: skip
        cost, until = rules.cost_at_intake(
            unit=home, category=category, today=clocks.local_date(now, office.zone)
        )
        key = (category.pk, "unit", home.id) if home else (category.pk, "asset", asset[0]) if asset else None
        self.repeat_key = key
        place = place or (asset[3] if asset else "")
        self.where = home.code if home else place
        self.checked_on_site = category.stream == "preventive" or channel == "patrol"
        self.row = {
            "id": self.id,
            "number": self.number,
            "estate_id": office.estate.pk,
            "unit_id": home.id if home else None,
            "owner_id": by.pk,
            "opened_at": now,
            "closed_at": None,
            "version": 1,
            "state": State.ACCEPTED.value,
            "category_id": category.pk,
            "stream": category.stream,
            "risk": category.risk,
            "department": category.department,
            "building_id": building_id or (home.building_id if home else asset[2] if asset else None),
            "asset_id": asset[0] if asset else None,
            "place": place,
            "reporter_id": caller.id if caller else None,
            "reporter_name": reporter_name or (caller.name if caller else ""),
            "reporter_phone": caller.phone if caller else "",
            "reporter_language": caller.language if caller else "",
            "channel": channel,
            "problem": problem,
            "urgent": urgent,
            "window_from": window[0],
            "window_to": window[1],
            "cost": str(cost),
            "warranty_until": until,
            "is_repeat": bool(key) and office.repeats(key, now),
            "technician_id": None,
            "agreed_amount": None,
            "callback_tries": 0,
            "rework_count": 0,
        }
        if key:
            office.seen.setdefault(key, []).append([now, None])
        self._new_errand(now)
        self._record("ticket.taken", by, now, category=category.name_zh_hant, id=category.pk)

    def dispatch(self, *, technician, window, by, now, visit_order=None):
        self._begin("dispatch", now, technician=technician, window=window, by=by, visit_order=visit_order)
        order, zone = self.order, self.office.zone
        order |= {
            "technician_id": technician.pk, "window_from": window[0], "window_to": window[1], "visit_order": visit_order,
            "dispatched_at": now, "dispatched_by_id": by.pk,
        }  # fmt: skip
        self._cancel("waiting", at=now, by=by, now=now)
        self.row |= {
            "technician_id": technician.pk, "window_from": window[0], "window_to": window[1],
            "state": State.DISPATCHED.value, "dispatched_at": now,
        }  # fmt: skip
        self._clear_waiting()
        self._renew_arrival(by, now)
        self._end()
        self._record(
            "ticket.dispatched", by, now, work_order=order["number"], technician=technician.name,
            window=change.window_text(window[0], window[1], zone),
        )  # fmt: skip

    def _renew_arrival(self, by, now):
        row, old = self.row, self._open("arrival")
        for promise in old:
            outcome = "unreachable" if promise["due_at"] <= now else "cancelled"
            self._close([promise], outcome, at=now, by=by, now=now)
        if row["technician_id"] and row["window_to"] and (old or row["state"] == State.DISPATCHED):
            self._promise(
                "arrival",
                "arrival",
                fact_at=now,
                now=now,
                owner_id=row["technician_id"],
                agreed=row["window_to"],
            )

    def print(self, *, by, now):
        self._begin("print", now, by=by)
        self.order["printed_at"], self.order["prints"] = now, self.order.get("prints", 0) + 1
        self._record("ticket.printed", by, now, work_order=self.order["number"])

    def arrive(self, *, at, by, now):
        self._begin("arrive", now, at=at, by=by)
        self._arrived(at, by, now)
        self._end()

    def _arrived(self, at, by, now):
        self.order["arrived_at"] = at
        self._keep("arrival", at=at, by=by, now=now)
        self._cancel("waiting", at=now, by=by, now=now)
        self.row |= {"state": State.IN_PROGRESS.value, "arrived_at": at}
        self._clear_waiting()
        name = self.office.staff[self.row["technician_id"]]
        self._record("ticket.arrived", by, now, technician=name, at=change.stamp(at, self.office.zone))

    def wait(self, *, waiting_for, until, reason, by, now):
        self._begin("wait", now, waiting_for=waiting_for, until=until, reason=reason, by=by)
        self._cancel("waiting", at=now, by=by, now=now, reason=reason)
        self.row |= {
            "state": State.WAITING.value, "waiting_for": waiting_for, "waiting_until": until, "waiting_reason": reason
        }  # fmt: skip
        self._promise(
            "waiting", "waiting", fact_at=now, now=now, agreed=clocks.end_of_day(until, self.office.zone)
        )
        self._end()
        what = {"word": f"ticket.waiting.{waiting_for}"}
        self._record("ticket.waits", by, now, what=what, until=until.isoformat())

    def resume(self, *, by, now):
        self._begin("resume", now, by=by)
        self._keep("waiting", at=now, by=by, now=now)
        order = self.order
        there = State.IN_PROGRESS if order["arrived_at"] else None
        self.row["state"] = (there or (State.DISPATCHED if order["technician_id"] else State.ACCEPTED)).value
        self._clear_waiting()
        if not self._open("arrival"):
            self._renew_arrival(by, now)
        self._end()
        self._record("ticket.resumed", by, now)

    def _clear_waiting(self):
        self.row |= {"waiting_for": "", "waiting_until": None, "waiting_reason": ""}

    def finish(self, *, ended_at, result, by, now, lines=(), signed_by="", agreed_amount=None, consent_by="",
               arrived_at=None):  # fmt: skip
        self._begin(
            "finish", now, ended_at=ended_at, result=result, by=by, lines=lines, signed_by=signed_by,
            agreed_amount=agreed_amount, consent_by=consent_by, arrived_at=arrived_at,
        )  # fmt: skip
        self._finish(ended_at, result, by, now, lines, signed_by, agreed_amount, consent_by, arrived_at)

    def key_slip(self, *, arrived_at, ended_at, result, by, now, lines=(), signed_by="", agreed_amount=None,
                 consent_by="", test=None):  # fmt: skip
        """`test`: (tested at, passed) as noted on the slip of a leak."""
        self._begin(
            "key_slip", now, ended_at=ended_at, result=result, by=by, lines=lines, signed_by=signed_by,
            agreed_amount=agreed_amount, consent_by=consent_by, arrived_at=arrived_at, test=test,
        )  # fmt: skip
        order = self.order
        self._finish(ended_at, result, by, now, lines, signed_by, agreed_amount, consent_by, arrived_at)
        order["slip_keyed_at"], order["slip_keyed_by_id"] = now, by.pk
        if test and self.row["state"] == State.TESTING:
            self._tested(test[0], test[1], "", by, now)

    def _finish(self, ended_at, result, by, now, lines, signed_by, agreed_amount, consent_by, arrived_at):
        order, zone = self.order, self.office.zone
        arrived_at = arrived_at or order["arrived_at"] or ended_at
        if agreed_amount is not None:
            how = self.office.words["on the work order"]
            self._set_consent(agreed_amount, consent_by, how, ended_at, by, now)
        assert self.row["cost"] not in ("paid", "undecided") or self.row["agreed_amount"] is not None, (
            self.number
        )
        if order["arrived_at"] != arrived_at:
            self._arrived(arrived_at, by, now)
        self._cancel("waiting", at=now, by=by, now=now)
        order |= {"ended_at": ended_at, "result": result, "signed_by": signed_by}
        self.lines += [
            {"work_order_id": order["id"], "position": n, **line} for n, line in enumerate(lines, 1)
        ]
        self.row |= {"work_ended_at": ended_at, "result": result}
        self._clear_waiting()
        self._record(
            "ticket.work_ended", by, now, at=change.stamp(ended_at, zone), work_order=order["number"]
        )
        if self.row["risk"] == "leak":
            self.row["state"] = State.TESTING.value
            self._promise("water_test", "water_test", fact_at=ended_at, now=now)
        else:
            self._done(ended_at, by, now, "ticket.done")
        self._end()

    def _done(self, done_at, by, now, verb):
        self.row |= {"state": State.DONE.value, "done_at": done_at, "callback_tries": 0}
        key = "callback_site" if self.checked_on_site else f"callback_{self.row['risk']}"
        owed = self._promise("callback", key, fact_at=done_at, now=now)
        zone = self.office.zone
        self._record(verb, by, now, at=change.stamp(done_at, zone), due=change.stamp(owed["due_at"], zone))

    def water_test(self, *, tested_at, passed, by, now, remark=""):
        self._begin("water_test", now, tested_at=tested_at, passed=passed, by=by, remark=remark)
        self._tested(tested_at, passed, remark, by, now)

    def _tested(self, tested_at, passed, remark, by, now):
        self.tests.append(
            {
                "ticket_id": self.id, "tested_at": tested_at, "passed": passed, "remark": remark, "by_id": by.pk,
                "recorded_at": now,
            }
        )  # fmt: skip
        if passed:
            self._keep("water_test", at=tested_at, by=by, now=now)
            self.row["tested_at"] = tested_at
            self._done(tested_at, by, now, "ticket.test_passed")
        else:
            self._cancel("water_test", at=tested_at, by=by, now=now, reason=self.office.words["failed"])
            order = self._new_errand(now)
            self.row["state"] = State.ACCEPTED.value
            stamp = change.stamp(tested_at, self.office.zone)
            self._record("ticket.test_failed", by, now, at=stamp, work_order=order["number"])
        self._end()

    def decide_cost(self, *, cost, by, now, reason="", contractor=""):
        self._begin("decide_cost", now, cost=cost, by=by, reason=reason, contractor=contractor)
        self.row |= {"cost": cost, "cost_reason": reason, "contractor": contractor}
        self._record("ticket.cost_decided", by, now, cost={"word": f"ticket.cost.{cost}"})
        self._end()

    def quote(self, *, lines, by, now):
        self._begin("quote", now, lines=lines, by=by)
        self.quotes = [
            {
                "ticket_id": self.id,
                "position": n,
                "amount": rules.line_amount(line["quantity"], line["price"]),
                **line,
            }
            for n, line in enumerate(lines, 1)
        ]
        amount = sum(line["amount"] for line in self.quotes)
        self.row |= {"cost": Cost.PAID.value, "quoted_amount": amount}
        self._record("ticket.quoted", by, now, amount=money(amount, self.office.estate.currency))
        self._end()

    def consent(self, *, amount, consent_by, how, at, by, now):
        self._begin("consent", now, amount=amount, consent_by=consent_by, how=how, at=at, by=by)
        self._set_consent(amount, consent_by, how, at, by, now)
        self._end()

    def _set_consent(self, amount, consent_by, how, at, by, now):
        self.row |= {
            "cost": Cost.PAID.value, "agreed_amount": amount, "consent_by": consent_by, "consent_how": how[:40],
            "consent_at": at,
        }  # fmt: skip
        self._record("ticket.consented", by, now, amount=money(amount, self.office.estate.currency))

    def ask(self, *, kind, reason, by, now, promise=None, new_due_at=None):
        self._begin(
            "ask",
            now,
            kind=kind,
            reason=reason,
            by=by,
            promise=promise and promise["kind"],
            new_due_at=new_due_at,
        )
        request = {
            "id": self.office.bulk.reserve(Request), "ticket_id": self.id, "kind": kind,
            "promise_id": promise and promise["id"], "new_due_at": new_due_at, "reason": reason, "asked_by_id": by.pk,
            "asked_at": now, "state": "asked",
        }  # fmt: skip
        self.requests.append(request)
        data = {"until": change.stamp(new_due_at, self.office.zone)} if kind == "time" else {}
        self._record(f"ticket.asked_{kind}", by, now, **data)
        self._end()

    def decide(self, *, approve, by, now, answer=""):
        """Answers the last request."""
        self._begin("decide", now, approve=approve, by=by, answer=answer)
        request = self.requests[-1]
        request |= {
            "state": "approved" if approve else "refused", "decided_by_id": by.pk, "decided_at": now, "decision": answer
        }  # fmt: skip
        if approve and request["kind"] == "time":
            old = next(p for p in self.promises if p["id"] == request["promise_id"])
            self._close([old], "extended", at=now, by=by, now=now, reason=request["reason"])
            self._promise(
                old["kind"], old["rule_key"], fact_at=old["fact_at"], now=now, owner_id=old["owner_id"],
                agreed=request["new_due_at"], extends=old["id"], reason=request["reason"],
            )  # fmt: skip
        elif approve:
            self.row |= {
                "cost": Cost.FREE.value, "cost_reason": request["reason"], "agreed_amount": None, "consent_at": None,
                "consent_by": "", "consent_how": "",
            }  # fmt: skip
        if approve and request["kind"] == "time":
            zone, word = self.office.zone, {"word": f"ticket.promise.{old['kind']}"}
            due, new = change.stamp(old["due_at"], zone), change.stamp(request["new_due_at"], zone)
            self._record("ticket.extended", by, now, promise=word, old=due, new=new)
        else:
            verb = "ticket.request_approved" if approve else "ticket.request_refused"
            self._record(verb, by, now, kind={"word": f"ticket.request.{request['kind']}"})
        self._end()

    def call_back(self, *, outcome, by, now, how="phone", score=None, remark=""):
        self._begin("call_back", now, outcome=outcome, by=by, how=how, score=score, remark=remark)
        self.tries.append(
            {
                "ticket_id": self.id, "work_order_id": self.order["id"], "tried_at": now, "by_id": by.pk,
                "how": "site" if self.checked_on_site else how, "outcome": outcome, "score": score, "remark": remark,
                "recorded_at": now,
            }
        )  # fmt: skip
        self.row["callback_tries"] += 1
        if outcome != "not_reached":
            self._keep("callback", at=now, by=by, now=now)
        if outcome == "satisfied":
            ending = Ending.SITE_CHECKED if self.checked_on_site else Ending.CALLED_BACK
            self.row |= {
                "state": State.CLOSED.value, "closed_at": now, "satisfied": True, "ending": ending.value
            }  # fmt: skip
            verb, data = "ticket.closed", {}
        elif outcome == "not_satisfied":
            again = self._new_errand(now)
            self.row |= {"state": State.ACCEPTED.value, "satisfied": False, "done_at": None}
            self.row["rework_count"] += 1
            verb, data = "ticket.callback_not_satisfied", {"work_order": again["number"]}
        else:
            verb, data = "ticket.callback_not_reached", {"try": self.row["callback_tries"]}
        self._end()
        self._record(verb, by, now, **data)

    def close_unreachable(self, *, reason, by, now):
        self._begin("close_unreachable", now, reason=reason, by=by)
        self._close(self._open("callback"), "unreachable", at=now, by=by, now=now, reason=reason)
        self.row |= {
            "state": State.CLOSED.value, "closed_at": now, "ending": Ending.UNREACHABLE.value, "end_reason": reason
        }  # fmt: skip
        self._end()
        self._record("ticket.closed_unreachable", by, now, tries=self.row["callback_tries"])

    def cancel(self, *, reason, told, by, now):
        self._begin("cancel", now, reason=reason, told=told, by=by)
        self._end_unrepaired("ticket.cancelled", Ending.CANCELLED, reason, told, by, now, {})

    def mark_duplicate(self, *, of, told, by, now):
        """`of` is the other Repair."""
        self._begin("mark_duplicate", now, of=of.number, told=told, by=by)
        self.row["duplicate_of_id"] = of.id
        self._end_unrepaired(
            "ticket.duplicate", Ending.DUPLICATE, of.number, told, by, now, {"of": of.number}
        )

    def _end_unrepaired(self, verb, ending, reason, told, by, now, data):
        self._close(self._open(), "cancelled", at=now, by=by, now=now)
        self.row |= {
            "state": State.CANCELLED.value, "ending": ending.value, "closed_at": now,
            "end_reason": f"{reason} / {told}"[:300],
        }  # fmt: skip
        if self.repeat_key:
            next(seen for seen in self.office.seen[self.repeat_key] if seen[0] == self.row["opened_at"])[
                1
            ] = now
        self._end()
        self._record(verb, by, now, **data)

    # --- into the database ---------------------------------------------------------------------------------------

    def write(self):
        """Give all rows to COPY. The journal has its events already."""
        bulk = self.office.bulk
        self.row["next_due_at"] = min((p["due_at"] for p in self._open()), default=None)
        bulk.add(Ticket, **self.row)
        for model, rows in (
            (WorkOrder, self.orders), (Promise, self.promises), (QuoteLine, self.quotes), (Request, self.requests),
            (WorkLine, self.lines), (WaterTest, self.tests), (CallbackTry, self.tries),
        ):  # fmt: skip
            for row in rows:
                bulk.add(model, **row)


def climb(row, now):
    """The steps a promise took before it was closed at `now`, each at its time (SPEC §0 "Escalation")."""
    for level, (due, told) in enumerate(
        (("warn_at", "warned_at"), ("due_at", "head_at"), ("director_at", "director_told_at")), 1
    ):
        if row[due] is None or row[due] >= now:
            return
        row["level"], row[told] = level, max(row[due], row["made_at"])
