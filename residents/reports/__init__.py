"""What is read over many rows: who lives where (`households`), and what stands at the gate (`gate`)."""

from .gate import *  # noqa: F403  one name each, as `reports.household` and `reports.slip_of_number`
from .households import *  # noqa: F403
