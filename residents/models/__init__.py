from .cards import AccessCard
from .documents import DocumentKind
from .keys import Key, KeyLoan
from .occupancy import Occupancy, UnitState
from .people import Person, Phone
from .slips import ReleaseSlip, SlipLine, SlipRefusal
from .vehicles import Parking, Vehicle
from .visitors import Visitor

__all__ = [
    "AccessCard", "DocumentKind", "Key", "KeyLoan", "Occupancy", "Parking", "Person", "Phone", "ReleaseSlip", "SlipLine", "SlipRefusal",
    "UnitState", "Vehicle", "Visitor",
]  # fmt: skip
