from .cards import AccessCard
from .keys import Key, KeyLoan
from .occupancy import Occupancy, UnitState
from .people import Person, Phone
from .slips import ReleaseSlip, SlipLine, SlipRefusal
from .vehicles import Parking, Vehicle
from .visitors import Visitor

__all__ = [
    "AccessCard", "Key", "KeyLoan", "Occupancy", "Parking", "Person", "Phone", "ReleaseSlip", "SlipLine", "SlipRefusal",
    "UnitState", "Vehicle", "Visitor",
]  # fmt: skip
