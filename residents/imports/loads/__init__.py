"""What the rows of the register's sheets write: buildings and entrances, units with their owners, people.

Somebody is found again by identity number and name, by the running number of their source and name, by telephone
and name, or by name and unit. What the register says and the file leaves empty stays; telephones are added, never
taken away; who lives where is added, never ended.
"""

from residents.imports.loads.buildings import Buildings
from residents.imports.loads.people import People
from residents.imports.loads.units import Parking, Units
from residents.imports.loads.vehicles import Vehicles

__all__ = ["Buildings", "Parking", "People", "Units", "Vehicles"]
