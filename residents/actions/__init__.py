"""What the desk and the gate do with the register. One function per verb, keyword-only (ARCHITECTURE §3)."""

from .occupancies import correct_occupancy, end_occupancy, start_occupancy
from .people import add_person, edit_person, set_identity, set_phones

__all__ = [
    "add_person", "correct_occupancy", "edit_person", "end_occupancy", "set_identity", "set_phones", "start_occupancy",
]  # fmt: skip
