"""What people do with a ticket. One function per verb, keyword-only, one transaction each (ARCHITECTURE §3)."""

from . import complaints  # the same verbs as of a ticket: `complaints.tell(…)`
from .asset import save_asset, set_service
from .callback import call_back, close_unreachable
from .cost import consent, decide_cost, quote
from .intake import cancel, correct, hand_over, mark_duplicate, take
from .paid import charge
from .plans import go_on, open_due, save_plan, stop_plan
from .reception import (
    acknowledge,
    answer,
    ask_expert,
    correct_log,
    hand_over_shift,
    log,
    log_turned,
    pass_on,
    tell,
)
from .request import ask, decide
from .work import arrive, dispatch, finish, key_slip, mark_printed, resume, schedule, wait, water_test

__all__ = [
    "acknowledge",
    "answer",
    "arrive",
    "ask",
    "ask_expert",
    "call_back",
    "cancel",
    "charge",
    "close_unreachable",
    "complaints",
    "consent",
    "correct",
    "correct_log",
    "decide",
    "decide_cost",
    "dispatch",
    "finish",
    "go_on",
    "hand_over",
    "hand_over_shift",
    "key_slip",
    "log",
    "log_turned",
    "mark_duplicate",
    "mark_printed",
    "open_due",
    "pass_on",
    "quote",
    "resume",
    "save_asset",
    "save_plan",
    "schedule",
    "set_service",
    "stop_plan",
    "take",
    "tell",
    "wait",
    "water_test",
]
