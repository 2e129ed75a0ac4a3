"""The paper of repairs (SPEC §4, §13): work order, the two repair registers, the day's work, the callback sheet.

Every sheet is drawn from plain texts (`…Facts`), so blank, sample and real ones are the same code. Texts are made
in the language of the sheet: the resident's where known, else the estate's (SPEC §1).
"""

from tickets.printouts import samples
from tickets.printouts.complaints import (
    ComplaintFacts,
    complaint_record,
    complaints_register,
)
from tickets.printouts.orders import WorkOrderFacts, work_order, work_orders
from tickets.printouts.reception import LogFacts, reception_log
from tickets.printouts.registers import RegisterFacts, register
from tickets.printouts.sheets import part_row, place_of, public_url, sheet_language
from tickets.printouts.tables import callbacks, day
from tickets.printouts.upkeep import (
    EquipmentFacts,
    equipment_card,
    equipment_register,
    year_plan,
)

__all__ = [
    "ComplaintFacts",
    "EquipmentFacts",
    "LogFacts",
    "RegisterFacts",
    "WorkOrderFacts",
    "callbacks",
    "complaint_record",
    "complaints_register",
    "day",
    "equipment_card",
    "equipment_register",
    "part_row",
    "place_of",
    "public_url",
    "reception_log",
    "register",
    "samples",
    "sheet_language",
    "work_order",
    "work_orders",
    "year_plan",
]
