"""The roster from outside: buildings, owners, rooms out of any workbook of the usual shapes (SPEC §14).

Reading (`parse`) touches no database and finds the header row of each sheet by the names of its columns, in
Chinese of both scripts and in English; cells beside the table are notes and are left alone. Loading (`load`)
calls the actions of the register and changes only what differs: a second run finds everything unchanged.
"""

from residents.imports.loading import KINDS_OF_ROWS, Loader, Report
from residents.imports.reading import Line, Roster, parse, read_area, read_date

__all__ = ["KINDS_OF_ROWS", "Line", "Loader", "Report", "Roster", "parse", "read_area", "read_date"]
