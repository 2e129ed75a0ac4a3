"""What residents of the demonstration were told lately: sent, tried again, refused, a letter to print."""

import heapq
import itertools
from datetime import timedelta

from config.demo.bulk import as_json
from office import outbox
from office.models import Message, MessageAttempt
from office.texts import TEMPLATES
from residents import reach
from residents.models import Person
from tickets.actions import telling
from tickets.models import Ticket

DAYS = 14
REFUSED = ("refused", "422 unknown subscriber")
BUSY = ("busy", "429 too many messages")


def switch_on(estate):
    """The demonstration tells residents everything it can; a new estate tells them nothing."""
    estate.tells = sorted(name for name, template in TEMPLATES.items() if template.by_itself)
    estate.save(update_fields=["tells"])


class Tellings:
    """Messages about the repairs of the last days, as if they had gone by themselves."""

    def __init__(self, world):
        self.world, self.count, self.waiting = world, 0, False
        self.later, self.number = (
            [],
            itertools.count(),
        )  # written in the order of their times, as they would be

    def ticket(self, row):
        """What was said about one repair, given as the columns of its row."""
        now = self.world.now
        if not row.get("reporter_id") or row["opened_at"] < now - timedelta(days=DAYS):
            return
        person = Person.objects.prefetch_related("phones").get(pk=row["reporter_id"])
        for what, moment in (("taken", row["opened_at"]), ("done", row.get("done_at"))):
            if moment and moment < now - timedelta(minutes=5):
                self._tell(row, person, what, moment)

    def _tell(self, row, person, what, moment):
        world, estate = self.world, self.world.estate
        way = reach.way_to_tell(person, phone=row.get("reporter_phone", ""), estate=estate)
        if way is None:
            return
        home = world.office.units.get(row.get("unit_id"))
        data = {"number": row["number"], "unit": home.code if home else row.get("place", "")}
        if what == "done":
            data["due"] = telling.last_day(moment + timedelta(days=2), estate.zone)
        goes = outbox.goes_at(way[0], estate, moment + outbox.UNDO_WINDOW)
        message = Message(
            estate=estate, channel=way[0], person_id=person.pk, addressee=person.name, address=way[1],
            template=f"ticket.resident_{what}", language=person.language, data=data, subject_kind=Ticket.SUBJECT,
            subject_id=row["id"], unit_id=row.get("unit_id"), made_at=moment, send_after=goes, attempts=1,
            dedupe_key=f"ticket:{what}:{row['id']}:0",
        )  # fmt: skip
        self.count += 1
        self._fate(message, goes)
        message.title, message.body, message.text_version = outbox.words(message)
        heapq.heappush(self.later, (moment, next(self.number), message, goes))

    def until(self, moment=None):
        """Nothing before `moment` will be told any more."""
        while self.later and (moment is None or self.later[0][0] < moment):
            _at, _number, message, goes = heapq.heappop(self.later)
            self._write(message, goes)

    def _fate(self, message, goes):
        """Most arrive. One in thirty is refused, the fourth becomes a letter, the last of the hour is tried again."""
        if goes > self.world.now:
            message.state, message.attempts = "queued", 0
        elif self.count == 4:
            message.channel, message.template, message.by = "paper", "hand.call_us", self.world.crew.clerks[0]
            message.address = f"{message.estate.address} {message.data['unit']}"
            message.state, message.sent_at, message.gateway_reference = "sent", goes, "tray"
        elif self.count % 30 == 2:
            message.state, (message.problem, message.error) = "failed", REFUSED
        elif goes > self.world.now - timedelta(hours=1) and not self.waiting:
            self.waiting = True
            message.state, (message.problem, message.error) = "queued", BUSY
            message.send_after = self.world.now + timedelta(minutes=20)
        else:
            message.state, message.sent_at, message.gateway_reference = (
                "sent",
                goes,
                f"kept-{message.data['number']}",
            )

    def _write(self, message, goes):
        bulk = self.world.office.bulk
        columns = {field.attname: getattr(message, field.attname) for field in Message._meta.concrete_fields}
        pk = bulk.add(Message, **{**columns, "id": None, "data": as_json(message.data)})
        if not message.attempts:
            return
        bulk.add(
            MessageAttempt, message_id=pk, at=goes, state=message.state, problem=message.problem, error=message.error,
            reference=message.gateway_reference,
        )  # fmt: skip
        if message.state not in ("sent", "failed") or message.channel == "paper":
            return
        data = {
            "message": pk,
            "person": message.person_id,
            "channel": {"word": f"message.channel.{message.channel}"},
            "template": {"word": f"message.template.{message.template}"},
        }
        if message.problem:
            data["problem"] = {"word": f"message.problem.{message.problem}"}
        self.world.office.journal.record(
            goes, verb=f"message.{message.state}", subject_kind=Ticket.SUBJECT, subject_id=message.subject_id,
            subject_text=message.data["number"], estate_id=message.estate_id, unit_id=message.unit_id,
            by_id=None, by_name="", data=as_json(data),
        )  # fmt: skip
