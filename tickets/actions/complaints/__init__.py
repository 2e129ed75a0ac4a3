"""What people do with a complaint 投訴, from its reception to the callback (SPEC §5).

Offered to be taken back: what stayed in the house. What was said to a resident, done or met about has left it; its
steps are append-only, and the next step says what was wrong with one.
"""

from .beside import calm_down, extend, link_ticket
from .ending import call_back, close_unreachable, tell, withdraw
from .forward import acknowledge, hand_over, hand_over_promises, reclass, route
from .handling import (
    act,
    answer,
    contact,
    decide_remedy,
    meet,
    propose,
    report,
    report_up,
    stop_harm,
    tell_reason,
)
from .intake import correct, take

__all__ = [
    "acknowledge", "act", "answer", "call_back", "calm_down", "close_unreachable", "contact", "correct",
    "decide_remedy", "extend", "hand_over", "hand_over_promises", "link_ticket", "meet", "propose", "reclass", "report",
    "report_up", "route", "stop_harm", "take", "tell", "tell_reason", "withdraw",
]  # fmt: skip
