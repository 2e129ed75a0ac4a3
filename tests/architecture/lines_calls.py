"""Where a softphone leads, and the number it leaves with somebody."""

from tests.architecture.lines import Line
from tests.architecture.lines_household import EDIT_REGISTER, READ_REGISTER

LINES = [
    Line(
        "call",
        READ_REGISTER,
        plain="about a number; whose it is is looked up within what one may read (tests/config/test_calls.py)",
    ),
    Line(
        "call_attach",
        EDIT_REGISTER,
        get=405,
        post=302,
        data=lambda w: {"number": "13912345678", "person": w.person.pk},
        changes=lambda w: w.person.phones.filter(digits="8613912345678").exists(),
    ),
]
