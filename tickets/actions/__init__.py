"""What people do with a ticket. One function per verb, keyword-only, one transaction each (ARCHITECTURE §3)."""

from .callback import call_back, close_unreachable
from .cost import consent, decide_cost, quote
from .intake import cancel, correct, hand_over, mark_duplicate, take
from .request import ask, decide
from .work import arrive, dispatch, finish, key_slip, mark_printed, resume, schedule, wait, water_test

__all__ = [
    "arrive", "ask", "call_back", "cancel", "close_unreachable", "consent", "correct", "decide", "decide_cost",
    "dispatch", "finish", "hand_over", "key_slip", "mark_duplicate", "mark_printed", "quote", "resume", "schedule",
    "take", "wait", "water_test",
]  # fmt: skip
