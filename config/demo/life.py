"""The life of one repair, from the call to the callback, or to the present."""

from datetime import datetime, time, timedelta
from decimal import Decimal

from config.demo import phrases
from config.demo.names import simplified
from config.demo.world import SLOTS
from office import clocks
from tickets.models import Ticket

# Price list codes with quantities that belong to a category; anything else is an hour of labour.
USED = {
    "TAP": (("L-TAP", 1), ("P-TAP", 1)),
    "WC": (("L-WC", 1), ("P-CISTERN", 1)),
    "DRAIN": (("L-DRAIN", 1),),
    "SOCKET": (("L-SOCKET", 1), ("P-SOCKET", 1)),
    "LAMP": (("L-LAMP", 1), ("P-LED", 2)),
    "POWER": (("L-WIRE", 1), ("P-BREAKER", 1)),
    "DOOR": (("L-LOCK", 1), ("P-LOCK", 1)),
    "LK-PIPE": (("L-HOUR", 1), ("P-VALVE", 2), ("P-HOSE", 1)),
    "LK-WIN": (("L-HOUR", 1), ("P-SEAL", 2)),
    "S-AC": (("L-AC", 2),),
    "S-DRAIN": (("L-DRAIN", 1),),
    "S-FIT": (("L-CALL", 1), ("L-DRILL", 6)),
}
HOURLY = (("L-HOUR", 1),)
SEASON = {"HEATING": (11, 12, 1, 2, 3), "AIRCON": (6, 7, 8, 9)}


class Life:
    """One repair from the call to the callback. Every verb is asked for by `go`, which knows the present."""

    def __init__(self, world, plan, repair):
        self.world, self.plan, self.repair, self.lot = world, plan, repair, world.lot
        self.times, self.errand = plan.times, 1

    def go(self, verb, moment):
        """Whether `verb` has happened at `moment`: not in the future, not where this life is to stop."""
        last_errand = self.errand > 1 or not ({"failed", "displeased"} & self.times.keys())
        if verb == self.plan.stop and last_errand:
            return False
        return moment <= self.world.now

    def live(self):
        self.take()
        if not self.plan.code and self.end_early():
            return
        while self.work() and self.test() and self.call_back():
            pass

    # --- the call ------------------------------------------------------------------------------------------------

    def take(self):
        world, lot, plan = self.world, self.lot, self.plan
        now = plan.opened_at
        code, home = plan.code, None
        if not code and world.recent and lot.random() < 0.03:
            code, home = lot.choice(world.recent)  # the same fault once more
        code = code if code in world.categories else self.fault(now)
        self.category = world.categories[code]
        self.result_texts = phrases.FAULTS[code][3]
        values = {
            "category": self.category,
            "problem": world.say(phrases.FAULTS[code][2]),
            "now": now,
            "urgent": plan.urgent,
        }
        in_public = phrases.FAULTS[code][1] == phrases.PUBLIC
        home, caller = self.household(now.date(), home)
        self.caller = caller
        patrol = self.category.stream == "preventive" or (in_public and lot.random() < 0.35) or caller is None
        self.clerk = world.crew.lead if patrol else lot.choice(world.crew.clerks)
        if in_public or caller is None:
            values |= self.public_place(code, home)
        else:
            values["home"] = home
            world.recent.append((code, home))
            if len(world.recent) > 40:
                world.recent.pop(0)
        if patrol:
            self.caller = None
            values |= {"channel": "patrol", "reporter_name": lot.choice(world.crew.technicians).name}
        else:
            channels, weights = ("phone", "counter", "message", "letter"), (66, 18, 15, 1)
            values |= {"caller": caller, "channel": lot.choices(channels, weights)[0]}
        self.window: tuple = (None, None)
        if not patrol and not plan.times and lot.random() < 0.5:
            self.window = self.next_window(now + timedelta(hours=2))
        self.repair.take(**values, by=self.clerk, window=self.window)
        self.last = now

    def fault(self, now):
        world = self.world
        while True:
            code = self.lot.choices(world.codes, world.weights)[0]
            if code not in SEASON or now.month in SEASON[code]:
                return code

    def household(self, day, home=None):
        """(home, somebody there on that day), or (None, None) where nobody is found after some tries."""
        for _try in range(12):
            home = home or self.lot.choice(self.world.homes)
            there = [
                who
                for since, until, who in home.callers
                if since <= day and (until is None or day < until) and who.phone
            ]
            if there:
                return home, self.lot.choice(there)
            home = None
        return None, None

    def public_place(self, code, home):
        world, lot = self.world, self.lot
        kind = phrases.ASSET_KIND.get(code)
        if kind in world.assets and (kind == "lift" or lot.random() < 0.5):
            return {"asset": lot.choice(world.assets[kind])}
        if home and lot.random() < 0.6:
            spot = world.say(phrases.INDOORS)
            return {
                "building_id": home.building_id,
                "place": f"{world.grounds.buildings[home.building_id]} {spot}",
            }
        return {"place": world.say(phrases.GROUNDS)}

    def next_window(self, moment):
        """The next agreed slot that ends well after `moment`."""
        day = moment.date()
        slots = [slot for slot in SLOTS if time(slot[0]) > moment.timetz().replace(tzinfo=None)]
        if not slots or self.lot.random() < 0.35:
            day, slots = day + timedelta(days=1), list(SLOTS)
        start, end = self.lot.choice(slots)
        zone = self.world.zone
        return datetime.combine(day, time(start), tzinfo=zone), datetime.combine(day, time(end), tzinfo=zone)

    def end_early(self):
        """Some are cancelled, some turn out to be known already."""
        world, lot = self.world, self.lot
        chance = lot.random()
        if chance > 0.035:
            self.remember()
            return False
        now = world.desk(self.last + world.some(30, 600))
        if now > world.now:
            return True
        told = world.say(phrases.TOLD)
        original = getattr(world, "original", None)
        if chance < 0.012 and original and original.row["closed_at"] is None:
            self.repair.mark_duplicate(of=original, told=told, by=self.clerk, now=now)
        else:
            self.repair.cancel(reason=world.say(phrases.CANCELLED), told=told, by=self.clerk, now=now)
        return True

    def remember(self):
        self.world.original = self.repair

    # --- the work ------------------------------------------------------------------------------------------------

    def work(self):
        world, lot, repair, times = self.world, self.lot, self.repair, self.times
        crew = world.crew
        again = str(self.errand) if self.errand > 1 else ""
        if "quote" in times and not again:
            if repair.row["cost"] in ("paid", "undecided") and self.go("quote", times["quote"]):
                repair.quote(lines=self.lines(), by=self.clerk, now=times["quote"])
        elif not times and not again and not self.settle_cost():
            return False
        # Dispatch by the lead.
        now = times.get(f"dispatch{again}")
        if now is None:
            hurry = self.plan.urgent or self.category.risk == "safety"
            now = world.desk(self.last + (world.some(5, 40) if hurry else world.some(20, 240)))
        if not self.go("dispatch", now):
            return False
        window = times.get(f"window{again}") or self.window
        if window[1] is None or (window[1] <= now) or again:
            window = self.times.get(f"window{again}") or self.next_window(now + timedelta(minutes=20))
        technician = lot.choice(crew.technicians)
        day = (technician.pk, window[0].date())
        world.visits[day] = world.visits.get(day, 0) + 1
        repair.dispatch(
            technician=technician, window=window, by=crew.lead, now=now, visit_order=world.visits[day]
        )
        self.last, self.technician = now, technician
        if lot.random() < 0.65:
            printed = now + world.some(1, 20)
            if printed <= world.now and printed < times.get(
                f"arrive{again}", times.get("wait", (printed + timedelta(1),))[0]
            ):
                repair.print(by=crew.lead, now=printed)
                self.last = printed
        # Some cannot be reached or wait for parts before anybody comes.
        if "wait" in times:
            if not self.wait(*times["wait"]):
                return False
        elif not times and lot.random() < 0.03:
            asked = world.desk(self.last + world.some(30, 120))
            if asked > world.now:
                return False
            if not self.wait(asked, "resident", (asked + timedelta(days=lot.randint(1, 6))).date()):
                return False
            window = (max(window[0], self.last), window[1])
        return self.visit(window, again)

    def settle_cost(self):
        """Quotation and consent ahead of the work, or the contractor named under warranty. False at the present."""
        world, lot, repair = self.world, self.lot, self.repair
        cost = repair.row["cost"]
        now = world.desk(self.last + world.some(10, 90))
        if cost == "warranty" and lot.random() < 0.2:
            if not self.go("decide_cost", now):
                return False
            repair.decide_cost(
                cost="warranty", contractor=world.say(phrases.CONTRACTORS), by=self.clerk, now=now
            )
            self.last = now
        if cost == "paid" and lot.random() < 0.3:
            if not self.go("quote", now):
                return False
            repair.quote(lines=self.lines(), by=self.clerk, now=now)
            self.last = now
            agreed = world.desk(now + world.some(5, 200))
            if not self.go("consent", agreed):
                return False
            how = simplified("電話") if world.estate.language == "zh-hans" else "電話"
            repair.consent(
                amount=repair.row["quoted_amount"],
                consent_by=self.name(),
                how=how,
                at=agreed,
                by=self.clerk,
                now=agreed,
            )
            self.last = agreed
        return True

    def name(self):
        return self.caller.name if self.caller else self.repair.row["reporter_name"] or self.clerk.name

    def wait(self, now, kind, until):
        """Wait, perhaps ask for more time, go on. False when it still waits at the present."""
        world, lot, repair = self.world, self.lot, self.repair
        if not self.go("wait", now):
            return False
        by = self.technician if kind != "contractor" else world.crew.lead
        repair.wait(waiting_for=kind, until=until, reason=world.say(phrases.WAITING[kind]), by=by, now=now)
        self.last = now
        asked, new_due_at, decided = self.times.get("ask_time", (None, None, None))
        if asked is None and not self.times and lot.random() < 0.15:
            asked = world.desk(clocks.midnight(until, world.zone))
            new_due_at = clocks.end_of_day(until + timedelta(days=2), world.zone)
            decided = world.desk(asked + world.some(30, 200))
        if asked and asked > now and self.go("ask", asked):
            promise = next(
                row for row in repair.promises if row["kind"] == "waiting" and row["closed_at"] is None
            )
            reason = world.say(phrases.MORE_TIME)
            repair.ask(
                kind="time",
                reason=reason,
                promise=promise,
                new_due_at=new_due_at,
                by=world.crew.lead,
                now=asked,
            )
            self.last = asked
            if decided and decided <= world.now:
                approve = bool(self.times) or lot.random() < 0.8
                answer = "" if approve else world.say(phrases.REFUSED)
                repair.decide(approve=approve, answer=answer, by=world.crew.supervisor, now=decided)
                self.last = decided
        late = lot.random() < 0.12
        back = world.desk(
            datetime.combine(until, time(9, lot.randint(0, 59)), tzinfo=world.zone)
            + timedelta(days=int(late))
        )
        back = max(back, self.last + timedelta(minutes=10))
        if not self.go("resume", back):
            return False
        repair.resume(by=by, now=back)
        self.last = back
        return True

    def visit(self, window, again):
        """Arrival, perhaps a second wait, and the end of work: entered on the telephone or keyed from paper."""
        world, lot, repair, times = self.world, self.lot, self.repair, self.times
        arrived = times.get(f"arrive{again}")
        if arrived is None:
            late = lot.random() < 0.06
            arrived = window[1] + world.some(10, 150) if late else window[0] + world.some(0, 50)
        arrived = max(arrived, self.last + timedelta(minutes=5))
        on_paper = not times and lot.random() < 0.5
        if not on_paper:
            if not self.go("arrive", arrived):
                return False
            repair.arrive(at=arrived, by=self.technician, now=arrived + timedelta(seconds=lot.randint(5, 90)))
            self.last = repair.last_now
            if (
                "ask_free" in times
                and self.go("ask", times["ask_free"])
                and repair.row["cost"] in ("paid", "undecided")
            ):
                repair.ask(
                    kind="free",
                    reason=world.say(phrases.FREE_WORK),
                    by=self.technician,
                    now=times["ask_free"],
                )
                self.last = times["ask_free"]
            elif not times and not self.pause(arrived):
                return False
        ended = times.get(f"finish{again}") or max(arrived, self.last) + world.some(15, 150)
        if not self.go("finish", ended):
            return False
        lines, agreed = self.parts()
        values = {"result": world.say(self.result_texts), "lines": lines, **agreed}
        if self.caller and lot.random() < 0.9:
            values["signed_by"] = self.name()
        if not on_paper:
            keyed = ended + timedelta(minutes=lot.randint(0, 12))
            if keyed > world.now:
                keyed = world.now
            repair.finish(ended_at=ended, by=self.technician, now=keyed, **values)
            self.last = keyed
            return True
        keyed = world.desk(ended + world.some(20, 400))
        if not self.go("key_slip", keyed):
            return False
        if self.category.risk == "leak" and lot.random() < 0.15:
            values["test"] = (ended, True)
        repair.key_slip(
            arrived_at=arrived, ended_at=ended, by=lot.choice(world.crew.clerks), now=keyed, **values
        )
        self.last = keyed
        return True

    def pause(self, arrived):
        """After a look at it, some wait for parts or the contractor; some work is asked to be free."""
        world, lot, repair = self.world, self.lot, self.repair
        chance = lot.random()
        if chance < 0.05:
            now = max(self.last, arrived) + world.some(10, 40)
            kind = "contractor" if repair.row["cost"] == "warranty" else "parts"
            if now > world.now or not self.wait(now, kind, (now + timedelta(days=lot.randint(1, 8))).date()):
                return False
        elif chance < 0.07 and repair.row["cost"] in ("paid", "undecided"):
            now = self.last + world.some(5, 20)
            decided = now + world.some(10, 90)
            if decided <= world.now:
                repair.ask(kind="free", reason=world.say(phrases.FREE_WORK), by=self.technician, now=now)
                approve = lot.random() < 0.6
                answer = "" if approve else world.say(phrases.REFUSED)
                repair.decide(approve=approve, answer=answer, by=world.crew.supervisor, now=decided)
                self.last = decided
        return True

    def lines(self):
        """Lines from the price list."""
        script = (self.world.estate.language or "zh-hant").replace("-", "_")
        return [
            {
                "item_id": item.pk,
                "kind": str(item.kind),
                "text": getattr(item, f"name_{script}") or item.name_zh_hant,
                "quantity": Decimal(quantity),
                "price": item.price,
            }
            for code, quantity in USED.get(self.category.code, HOURLY)
            if (item := self.world.prices.get(code))
        ]

    def parts(self):
        """(lines of the work order, what the resident agrees to on it where nothing was agreed before)"""
        row = self.repair.row
        owes = row["cost"] in ("paid", "undecided") and row["agreed_amount"] is None
        lines = self.lines() if owes or row["cost"] == "paid" or self.lot.random() < 0.3 else []
        if not owes:
            return lines, {}
        if self.errand > 1 or (row["cost"] == "undecided" and self.lot.random() < 0.3):
            return [], {"agreed_amount": Decimal("0.00"), "consent_by": self.name()}
        amount = sum((line["quantity"] * line["price"] for line in lines), Decimal("0.00"))
        return lines, {"agreed_amount": amount.quantize(Decimal("0.01")), "consent_by": self.name()}

    # --- water test and callback ---------------------------------------------------------------------------------

    def test(self):
        """A leak's water test. False when it is still owed at the present, or failed and work begins again."""
        world, lot, repair, times = self.world, self.lot, self.repair, self.times
        if repair.row["state"] != Ticket.State.TESTING:
            return True
        while True:
            tested = times.get("test") if self.errand == 1 else None
            if tested is None:
                wait = (
                    world.some(60, 300)
                    if lot.random() < 0.4
                    else world.some(1_380, 2_000 if lot.random() < 0.9 else 4_000)
                )
                tested = max(world.desk(repair.row["work_ended_at"] + wait), self.last + timedelta(minutes=5))
            if not self.go("water_test", tested):
                return False
            failed = times.get("failed", not times and lot.random() < 0.06) and self.errand < 3
            remark = world.say(phrases.FAILED_TEST if failed else phrases.PASSED_TEST)
            now = min(tested + world.some(1, 30), world.now)
            repair.water_test(tested_at=tested, passed=not failed, remark=remark, by=world.crew.lead, now=now)
            self.last = now
            if not failed:
                return True
            self.errand += 1
            if not self.work():
                return False

    def call_back(self):
        """True when the resident was not satisfied and work begins again."""
        world, lot, repair, times = self.world, self.lot, self.repair, self.times
        now = max(repair.row["done_at"], self.last)
        for moment in times.get("tries", ()) if self.errand == 1 else ():
            if self.go("try", moment):
                self.not_reached(moment)
        if "displeased" in times and self.errand == 1:
            now = times["displeased"]
            if now > world.now:
                return False
            return self.displeased(now)
        delay = world.some(100, 1_600) if lot.random() < 0.93 else world.some(3_000, 7_000)
        tries = 0
        while True:
            now = max(world.desk(now + delay), self.last + timedelta(minutes=3))
            if not self.go("call_back", now):
                return False
            if repair.checked_on_site or lot.random() < (0.86 if tries < 2 else 0.45):
                break
            tries += 1
            self.not_reached(now)
            if repair.row["callback_tries"] >= 3 and self.on_two_days():
                now = world.desk(now + world.some(20, 300))
                if not self.go("call_back", now):
                    return False
                repair.close_unreachable(
                    reason=world.say(phrases.UNREACHABLE), by=world.crew.supervisor, now=now
                )
                return False
            delay = world.some(90, 420) if tries == 1 else world.some(900, 1_500)
        if not repair.checked_on_site and self.errand < 3 and lot.random() < 0.035:
            return self.displeased(now)
        score = lot.choices((5, 4, 3, None), (55, 25, 4, 16))[0]
        how = "visit" if lot.random() < 0.06 else "phone"
        repair.call_back(
            outcome="satisfied",
            by=self.caller_back(),
            now=now,
            how=how,
            score=score,
            remark=world.say(phrases.PLEASED),
        )
        return False

    def caller_back(self):
        """Whoever took it answers (SPEC §1), or a colleague; never the technician."""
        return (
            self.clerk
            if self.clerk in self.world.crew.clerks and self.lot.random() < 0.8
            else self.lot.choice(self.world.crew.clerks)
        )

    def not_reached(self, now):
        remark = self.world.say(phrases.NO_ANSWER)
        self.repair.call_back(outcome="not_reached", by=self.caller_back(), now=now, remark=remark)
        self.last = now

    def on_two_days(self):
        done_at = self.repair.row["done_at"]
        days = {
            t["tried_at"].date()
            for t in self.repair.tries
            if t["outcome"] == "not_reached" and t["tried_at"] >= done_at
        }
        return len(days) > 1

    def displeased(self, now):
        score = self.lot.choice((1, 2, 2, None))
        remark = self.world.say(phrases.DISPLEASED)
        self.repair.call_back(
            outcome="not_satisfied", by=self.caller_back(), now=now, score=score, remark=remark
        )
        self.last = now
        self.errand += 1
        return True
