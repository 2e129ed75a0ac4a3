"""Who pays one fee of one unit on one day, read from the register (SPEC §3.8, §6.2). The run asks for all units at once, in SQL."""

from django.db.models import Q

from billing.models import Payer
from billing.rules import debtors
from billing.rules.debtors import Holder
from residents.models import Occupancy, Person

Role = Occupancy.Role


def payer_of(unit, item, day):
    """The Person who pays `item` of `unit` on the local date `day`; None when the register names nobody."""
    roles = Occupancy.objects.on(day).filter(unit=unit, role__in=(Role.OWNER, Role.DEVELOPER))
    named = Payer.objects.filter(Q(item=item) | Q(item=None), unit=unit, period__contains=day)
    held: dict = {Role.OWNER: [], Role.DEVELOPER: [], True: [], False: []}
    for row in roles:
        held[row.role].append(Holder.of(row, row.share or 0))
    for row in named:
        held[row.item_id is not None].append(Holder.of(row))
    facts = debtors.Facts(
        debtors.fee_start(unit),
        held[Role.OWNER],
        held[Role.DEVELOPER],
        named=held[True],
        named_for_all=held[False],
    )
    person = debtors.payer_on(day, facts)
    return Person.objects.get(pk=person) if person else None
