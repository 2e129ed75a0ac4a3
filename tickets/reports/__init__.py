"""What is read over many tickets, by what it is read for."""

from .board import *  # noqa: F403
from .complaint_card import *  # noqa: F403
from .complaint_groups import *  # noqa: F403
from .complaints import *  # noqa: F403
from .household import *  # noqa: F403
from .reception import *  # noqa: F403
from .repairs import *  # noqa: F403
from .upkeep import *  # noqa: F403
