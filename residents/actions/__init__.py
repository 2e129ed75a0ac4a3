"""What the desk and the gate do with the register. One function per verb, keyword-only (ARCHITECTURE §3)."""

from .archive import file_document, remove_document, set_document_kind
from .cards import issue_card, move_card
from .keys import give_key_back, lend_key, lose_key, take_key, take_key_back
from .messages import inform, write_message
from .occupancies import correct_occupancy, end_occupancy, start_occupancy
from .people import add_person, add_phone, edit_person, set_identity, set_phones
from .slips import cancel_slip, issue_slip, note_worthless, refuse_slip, release_slip, slip_printed
from .vehicles import edit_vehicle, end_vehicle, move_vehicle, register_vehicle
from .visitors import visitor_in, visitor_out

__all__ = [
    "add_person",
    "add_phone",
    "cancel_slip",
    "correct_occupancy",
    "edit_person",
    "edit_vehicle",
    "end_occupancy",
    "end_vehicle",
    "file_document",
    "give_key_back",
    "inform",
    "issue_card",
    "issue_slip",
    "lend_key",
    "lose_key",
    "move_card",
    "move_vehicle",
    "note_worthless",
    "refuse_slip",
    "register_vehicle",
    "release_slip",
    "remove_document",
    "set_document_kind",
    "set_identity",
    "set_phones",
    "slip_printed",
    "start_occupancy",
    "take_key",
    "take_key_back",
    "visitor_in",
    "visitor_out",
    "write_message",
]  # fmt: skip
