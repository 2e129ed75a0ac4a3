"""What the desk and the gate do with the register. One function per verb, keyword-only (ARCHITECTURE §3)."""

from .occupancies import correct_occupancy, end_occupancy, start_occupancy
from .people import add_person, add_phone, edit_person, set_identity, set_phones
from .slips import cancel_slip, issue_slip, note_worthless, refuse_slip, release_slip, slip_printed

__all__ = [
    "add_person", "add_phone", "cancel_slip", "correct_occupancy", "edit_person", "end_occupancy", "issue_slip", "note_worthless",
    "refuse_slip", "release_slip", "set_identity", "set_phones", "slip_printed", "start_occupancy",
]  # fmt: skip
