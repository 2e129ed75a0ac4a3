"""The estate as chance finds it: its people at their desks, its hours, its dice."""

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from config.demo import phrases
from config.demo.names import simplified
from config.demo.repairs import Office
from office import clocks
from tickets.models import Category, PriceItem

SLOTS = ((9, 11), (10, 12), (14, 16), (15, 17), (16, 18))
OPENS, CLOSES = time(8, 30), time(17, 30)


@dataclass
class Plan:
    """What is settled beforehand. `times` fixes moments that chance would choose; the life stops before `stop`."""

    opened_at: datetime
    code: str = ""
    stop: str = ""
    times: dict = field(default_factory=dict)
    urgent: bool = False


class World:
    """Everything a life draws on: crew, catalogues, homes, and the lot."""

    def __init__(self, estate, bulk, events, crew, grounds, lot, now, script=None):
        self.estate, self.crew, self.grounds, self.lot, self.now = estate, crew, grounds, lot, now
        self.zone = estate.zone
        self.today = clocks.local_date(now, self.zone)
        everybody = [*crew.clerks, crew.lead, *crew.technicians, crew.supervisor, crew.director]
        units = {home.id: home for home in grounds.homes}
        self.office = Office(estate, bulk, events, units, {one.pk: one.name for one in everybody}, script)
        rows = Category.objects.filter(estate=estate).select_related("warranty")
        self.categories = {row.code: row for row in rows}
        self.prices = {row.code: row for row in PriceItem.objects.filter(estate=estate)}
        known = [code for code in phrases.FAULTS if code in self.categories]
        self.codes, self.weights = known, [phrases.FAULTS[code][0] for code in known]
        self.homes = [home for home in grounds.homes if home.kind in ("flat", "shop") and home.handed_over_on]
        self.assets: dict[str, list] = {}
        for asset in grounds.assets:
            self.assets.setdefault(asset[1], []).append(asset)
        self.visits = {}
        self.recent = []  # for repeats and duplicates: the last repairs at units

    def say(self, texts):
        text = self.lot.choice(texts)
        return simplified(text) if self.estate.language == "zh-hans" else text

    def some(self, low, high):
        """A number of minutes between the two as a length of time."""
        return timedelta(minutes=self.lot.randint(low, high))

    def desk(self, moment):
        """The moment, or the next one at which the office is open."""
        local = moment.timetz().replace(tzinfo=None)
        if local < OPENS:
            return datetime.combine(moment.date(), OPENS, tzinfo=self.zone) + self.some(0, 50)
        if local > CLOSES:
            return datetime.combine(moment.date() + timedelta(days=1), OPENS, tzinfo=self.zone) + self.some(
                0, 70
            )
        return moment

    def at(self, days_ago, hour, minute=0):
        """A local time of day some days ago; negative days lie ahead."""
        return datetime.combine(self.today - timedelta(days=days_ago), time(hour, minute), tzinfo=self.zone)
