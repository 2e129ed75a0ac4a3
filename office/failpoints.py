"""Places where a fault test may kill this process; nothing happens there outside test mode.

`GUANJIA_FAILPOINT=outbox.handed` kills at the first arrival, `outbox.handed:7` at the seventh.
"""

import os
import signal

from django.conf import settings

# Every place there is, in the order a message passes them; a test compares this list with the calls.
NAMES = (
    "outbox.claiming",  # claim written, not committed
    "outbox.claimed",  # claim committed, gateway not called
    "outbox.handed",  # the gateway has it, we have not written it down
    "outbox.marking",  # written down, not committed
    "outbox.marked",  # committed
    "imports.checking",  # a thousand rows staged, not committed
    "imports.checked",  # all rows staged, not committed
    "imports.writing",  # a slice of the register written, not committed
    "imports.indexing",  # search keys of a slice written, not committed
    "imports.applying",  # everything written, not committed
    "imports.applied",  # committed, the job does not say so yet
    "imports.rolling_back",  # everything taken out, not committed
    "billing.pay.written",  # a payment and its receipt written, not committed
    "billing.pay.booked",  # committed, the cashier has no answer yet
    "billing.run.begun",  # the run is written down, no slice is
    "billing.run.locked",  # a slice begins
    "billing.run.worked_out",  # its charges stand in a table of the transaction
    "billing.run.accounts",  # accounts opened
    "billing.run.bills",  # accounts locked, bills laid out
    "billing.run.numbered",  # numbers taken
    "billing.run.charges",  # vouchers and charges
    "billing.run.entries",
    "billing.run.drawn",  # prepayments drawn down
    "billing.run.told",  # journal and totals written, not committed
    "billing.run.slice",  # a slice committed
    "billing.run.posted",  # the run says so, committed; the job does not yet
)
_arrivals: dict[str, int] = {}


def failpoint(name):
    """Die here, as by power failure, when the test asked for it."""
    if not settings.TESTING:
        return
    if name not in NAMES:
        raise LookupError(f"failpoint {name!r} is not listed")
    wanted, _, arrival = os.environ.get("GUANJIA_FAILPOINT", "").partition(":")
    if wanted == name:
        _arrivals[name] = _arrivals.get(name, 0) + 1
        if _arrivals[name] == int(arrival or 1):
            os.kill(os.getpid(), signal.SIGKILL)
