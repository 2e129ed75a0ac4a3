"""What is read over many rows: who lives where (`households`), and what stands at the gate (`gate`).

Both are rooms of the household page: `card`, `starts` and `KINDS` by their own names are the households'.
"""

from .gate import *  # noqa: F403  one name each, as `reports.slip_of_number`
from .households import *  # type: ignore[assignment]  # noqa: F403  last: its card is the register's
