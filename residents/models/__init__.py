from .occupancy import Occupancy, UnitState
from .people import Person, Phone

__all__ = ["Occupancy", "Person", "Phone", "UnitState"]
