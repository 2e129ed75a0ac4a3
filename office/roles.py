"""Roles are code: a name, words for people, and what the role may do (SPEC §1).

A permission is text "app.verb". A page declares the one it needs with `@may(...)`; a move names the one it
needs in its app's `MOVES`. The reviewed table of role × page is tests/architecture/access_table.py.
"""

from dataclasses import dataclass

from django.utils.functional import Promise as Lazy
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Role:
    name: str
    label: str | Lazy
    permissions: frozenset[str]


# Everybody posted somewhere: home, own promises, bell, search, profile.
EVERYONE = {"office.home", "office.search", "office.files"}

READ = {
    "register.read",
    "tickets.read",
    "assets.read",
    "gate.read",
    "complaints.read",
    "messages.read",
    "office.board",  # what is owed, of every kind
}

# 投訴 at the desk and in the departments. Whom a complaint is forwarded to decides who acknowledges it.
COMPLAINTS = {
    "complaints.handle",  # give it to a department, contact the resident, act, record the result
    "complaints.acknowledge",
    "complaints.calm",  # call the supervisor, move the talk to a separate room
    "complaints.export",
}
OWN_COMPLAINTS = {"complaints.read_own", "complaints.handle_own", "complaints.acknowledge"}

# 收費 (SPEC §6). Nobody but a cashier takes money; nobody but finance bills, refunds and closes the books.
FEES = {
    "billing.read",  # what is owed and paid, standards, meters, receipts
    "billing.print",  # statements, payment notices, receipts again
    "billing.export",
}

CLERK = EVERYONE | READ | COMPLAINTS | FEES | {
    "billing.take_readings",
    "register.edit",  # people, phones, occupancies, notes
    "register.reveal",  # identity numbers, with a reason, logged
    "register.export",
    "tickets.intake",  # take a repair, correct it, cancel, mark duplicate
    "tickets.schedule",  # agree a window with the resident
    "tickets.quote",  # quotation, consent
    "tickets.print",
    "tickets.callback",
    "tickets.slips",  # key in returned slips
    "tickets.ask",  # ask for more time or work free of charge
    "tickets.export",
    "office.export_board",
    "gate.slips",  # issue, print and cancel goods-release slips
    "gate.visitors",
    "gate.vehicles",  # vehicles and access cards of units
    "gate.keys",
    "gate.export",
    "reception.read",  # the log of the front desk, shift hand-overs
    "reception.write",
    "reception.answer",  # questions given to oneself as the expert
    "reception.export",
    "complaints.take",  # take a complaint, correct it, link a repair, note that it is withdrawn
    "complaints.tell",
    "complaints.callback",
    "complaints.reclass",
    "messages.send",  # write to a resident by hand
}  # fmt: skip

CASHIER = CLERK | {
    "billing.take_payment",  # counter, deposits, receipts, door-to-door collection
    "billing.close_day",  # one's own day
}

GUARD = (
    EVERYONE
    | OWN_COMPLAINTS
    | {
        "gate.release",  # compare goods with their slip, let them out or turn them away
        "gate.visitors",
        "reception.answer",
    }
)

LEAD = EVERYONE | READ | COMPLAINTS | {
    "billing.take_readings",
    "tickets.intake",
    "tickets.schedule",
    "tickets.dispatch",
    "tickets.work",  # any work order of the estate: arrival, parts, result, waiting
    "tickets.quote",
    "tickets.water_test",
    "tickets.print",
    "tickets.slips",
    "tickets.ask",
    "tickets.export",
    "office.export_board",
    "assets.edit",
    "reception.read",
    "reception.answer",
}  # fmt: skip

TECHNICIAN = (
    EVERYONE
    | OWN_COMPLAINTS
    | {
        "tickets.read_own",
        "tickets.work_own",  # arrival, parts, photos, result of own work orders
        "tickets.print_own",
        "tickets.ask_own",
        "reception.answer",
        "billing.take_readings",  # the meter round on the telephone
    }
)

SUPERVISOR = CLERK | LEAD | {
    "billing.void",  # receipts, with a reason
    "billing.decide_readings",  # readings held for a person
    "billing.meters",  # the register of meters
    "billing.adjust",  # standing orders on a unit's fee, who pays which fee
    "billing.take_over",  # debts taken over in writing
    "billing.reports",
    "register.openings",  # who opened which file of a household
    "tickets.approve",  # extensions, free work
    "tickets.unreachable",  # close as unreachable after three tries
    "tickets.hand_over",
    "office.hand_over",  # promises to somebody else, single or many
    "office.rates",  # kept and on time, by person and month
    "office.walls",  # links for screens on the wall
    "tickets.dashboard",
    "complaints.hand_over",
    "complaints.unreachable",  # close after three tries on two days
    "complaints.extend",  # approve more time, lower the class
    "gate.release",
    "office.import",  # files that come in: which kinds, the next and the app's own say
    "register.import",
    "office.jobs",
    "office.reminders",
    "office.run_reminders",
    "office.read_rules",  # the numbers the office's promises and their escalation go by
    "month.read",  # the monthly report
    "month.write",  # its texts, and the first signature
    "messages.manage",  # send again, stop
    "messages.export",
}  # fmt: skip

ADMINISTRATOR = EVERYONE | {
    "register.read",
    "messages.read",
    "messages.manage",
    "messages.export",
    "office.import",  # files that come in: which kinds, the next and the app's own say
    "register.import",
    "office.administer",  # staff, postings, heads, estates, settings, catalogues
    "office.audit",
    "office.jobs",
    "office.reminders",
    "office.run_reminders",
    "office.read_rules",
    "office.change_rules",
}

FINANCE = EVERYONE | READ | COMPLAINTS | FEES | {
    "reception.answer",
    "billing.standards",  # items and fee standards
    "billing.meters",
    "billing.take_readings",
    "billing.decide_readings",
    "billing.adjust",
    "billing.take_over",
    "billing.run",  # preview and post
    "billing.refund",  # ask for one, pay one out
    "billing.approve_refund",  # somebody else's
    "billing.bank",  # mandate files, bank statements
    "billing.close_period",
    "billing.reports",
    "office.import",
    "billing.import",  # opening balances, history, readings
}  # fmt: skip

AUDITOR = EVERYONE | READ | {
    "billing.read",
    "billing.reports",
    "reception.read",
    "tickets.dashboard",
    "office.rates",
    "month.read",
    "office.jobs",
    "office.reminders",
    "office.audit",  # access log, journal
    "office.read_settings",
    "office.read_rules",
}  # fmt: skip

_all = [
    Role("clerk", _("clerk"), frozenset(CLERK)),
    Role("cashier", _("cashier"), frozenset(CASHIER)),
    Role("lead", _("repair lead"), frozenset(LEAD)),
    Role("technician", _("technician"), frozenset(TECHNICIAN)),
    Role("guard", _("guard"), frozenset(GUARD)),
    Role("supervisor", _("supervisor"), frozenset(SUPERVISOR)),
    Role(
        "director",
        _("director"),
        frozenset(
            SUPERVISOR
            | {
                "office.read_settings",
                "office.change_rules",
                "month.decide",
                "billing.waive",
                "billing.approve_refund",
            }
        ),
    ),
    Role("finance", _("finance"), frozenset(FINANCE)),
    Role("auditor", _("auditor"), frozenset(AUDITOR)),
    Role("admin", _("administrator"), frozenset(ADMINISTRATOR)),
]
ROLES = {role.name: role for role in _all}
CHOICES = [(role.name, role.label) for role in _all]

# From supervisor up a second factor is required in production.
SECOND_FACTOR = {"supervisor", "director", "finance", "admin"}
# Who an escalation reaches when nobody heads the department (SPEC §0, §1).
HEADS = ("supervisor",)
DIRECTORS = ("director",)
