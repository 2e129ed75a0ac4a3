"""Who owns, rents and lives in the demonstration's units, and since when."""

from datetime import timedelta
from typing import NamedTuple

from psycopg.types.range import DateRange

from config.demo import phrases
from config.demo.names import People, simplified
from office import identity
from residents.models import Occupancy, Person, Phone, UnitState

DEVELOPER = "瀚海房地產開發有限公司"


class Caller(NamedTuple):
    """Somebody who may report a repair."""

    id: int
    name: str
    phone: str
    language: str


def settle(bulk, estate, grounds, lot, today):
    """People, telephones, occupancies and unit states of every unit; leaves each unit's callers on it."""
    town = Town(bulk, estate, lot, today)
    for home in grounds.homes:
        if home.kind in ("flat", "shop"):
            town.settle(home)
    owners = [home for home in grounds.homes if home.kind == "flat" and home.callers]
    for home in grounds.homes:
        if home.kind in ("parking", "storage"):
            town.lend(home, lot.choice(owners))
    return town


class Town:
    def __init__(self, bulk, estate, lot, today):
        self.bulk, self.estate, self.lot, self.today = bulk, estate, lot, today
        self.people = People(lot, estate.language, today)
        name = simplified(DEVELOPER) if estate.language == "zh-hans" else DEVELOPER
        self.developer = self.person(
            {
                "kind": "company",
                "name": name,
                "identity_type": "company",
                "identity": self.people.registration(),
            },
            1,
            landline=True,
        )

    def settle(self, home):
        """A flat or shop: the developer's until hand-over, then an owner's, some resold, some let."""
        lot, since = self.lot, home.handed_over_on
        if since is None:
            first = self.today - timedelta(days=400)
            self.occupy(home, self.developer, "developer", first, None, lives_here=False)
            self.state(home, "unsold", first)
            return
        self.occupy(home, self.developer, "developer", since - timedelta(days=500), since, lives_here=False)
        self.state(home, "handed_over", since)
        resold_on = None
        age = (self.today - since).days
        if lot.random() < 0.12 and age > 400:
            resold_on = since + timedelta(days=lot.randint(200, age - 100))
            self.household(home, since, resold_on)
        self.household(home, resold_on or since, None)

    def household(self, home, since, until):
        lot = self.lot
        if home.kind == "shop" and lot.random() < 0.5:
            owner = self.person(self.people.company(), 1, landline=True)
            self.occupy(home, owner, "owner", since, until, share=100)
            self.ring(home, since, until, owner)
            return
        age = lot.randint(28, 78)
        values = self.people.person(age=age)
        let = until is None and lot.random() < (0.18 if home.kind == "flat" else 0.5)
        if let:
            values["address"] = self.people.address()
        owner = self.person(values, lot.choice((1, 1, 2, 2, 3)), noted=0.03)
        couple = lot.random() < 0.3
        self.occupy(home, owner, "owner", since, until, share=50 if couple else 100, lives_here=not let)
        partner_gender = "f" if values.get("gender") == "m" else "m"
        if couple:
            partner = self.person(
                self.people.person(gender=partner_gender, age=max(24, age - lot.randint(-3, 5))), 1
            )
            self.occupy(home, partner, "owner", since, until, share=50, lives_here=not let)
            if not let:
                self.ring(home, since, until, partner)
        if let:
            self.let(home, since)
            self.ring(home, since, until, owner)
            return
        self.ring(home, since, until, owner)
        if home.kind == "shop":
            return
        if not couple and lot.random() < 0.55:
            member = self.person(
                self.people.person(gender=partner_gender, age=max(22, age - lot.randint(-3, 5))), 1
            )
            self.occupy(home, member, "member", since, until)
            self.ring(home, since, until, member)
        surname = "" if values.get("name_en") else values["name"][:1]
        for _child in range(lot.choice((0, 0, 1, 1, 2)) if age < 60 else 0):
            child = self.person(self.people.person(surname=surname, age=lot.randint(1, 20)), 0)
            self.occupy(home, child, "member", since, until)

    def let(self, home, since):
        """The present tenant: a person or a company, since some day of the last two years."""
        lot = self.lot
        start = max(since, self.today - timedelta(days=lot.randint(20, 700)))
        if home.kind == "shop" and lot.random() < 0.7:
            tenant = self.person(self.people.company(), 1, landline=True)
        else:
            tenant = self.person(self.people.person(age=lot.randint(22, 55)), lot.choice((1, 1, 2)))
        end = start + timedelta(days=lot.choice((365, 730, 1095)))
        until = end if end > self.today else None
        self.occupy(home, tenant, "tenant", start, until)
        self.state(home, "let", start, until)
        self.ring(home, start, until, tenant)
        self.ring(home, start, until, tenant)  # who lives there rings more often

    def lend(self, home, neighbour):
        """Parking spaces and storage belong to people who own a flat here."""
        since = home.handed_over_on
        if since is None:
            first = self.today - timedelta(days=400)
            self.occupy(home, self.developer, "developer", first, None, lives_here=False)
            self.state(home, "unsold", first)
            return
        caller = neighbour.callers[-1][2]
        self.occupy(home, caller, "owner", since, None, share=100, lives_here=False)
        self.state(home, "handed_over", since)
        self.ring(home, since, None, caller)

    # --- rows ---------------------------------------------------------------------------------------------------

    def person(self, values, telephones, landline=False, noted=0.0):
        lot = self.lot
        values = dict(values)
        values.pop("surname", None)
        number = values.pop("identity", "")
        pk = self.bulk.reserve(Person)
        if number:
            values |= identity.columns(kind=values["identity_type"], number=number, pk=pk)
        if lot.random() < noted:
            note = lot.choice(phrases.NOTES)
            values |= {
                "note": simplified(note) if self.estate.language == "zh-hans" else note,
                "warning": lot.random() < 0.5,
            }
        self.bulk.add(Person, id=pk, estate_id=self.estate.pk, **values)
        first = ""
        for position in range(1, telephones + 1):
            fixed = landline or (position == 3)
            shown, digits = self.people.landline() if fixed else self.people.mobile()
            self.bulk.add(Phone, person_id=pk, number=shown, digits=digits, position=position)
            first = first or shown
        return Caller(pk, values["name"], first, values.get("language", ""))

    def occupy(self, home, caller, role, since, until, share=None, lives_here=True):
        self.bulk.add(
            Occupancy,
            estate_id=self.estate.pk,
            unit_id=home.id,
            person_id=caller.id,
            role=role,
            share=share,
            period=DateRange(since, until),
            lives_here=lives_here,
        )

    def state(self, home, kind, since, until=None):
        self.bulk.add(
            UnitState, estate_id=self.estate.pk, unit_id=home.id, kind=kind, period=DateRange(since, until)
        )

    def ring(self, home, since, until, caller):
        home.callers.append((since, until, caller))
