"""What each room says of one unit on the household page, and what can be started there (SPEC §2, ARCHITECTURE §1).

A room is an app's `reports` with these names; config/desk.py lists the rooms, one line each:

    card(unit, *, staff, now)   Card, or None when the person may not read it (or there is nothing to show a card for)
    starts(unit, *, staff)      [Start]: what this person may begin for the unit
    KINDS                       (Kind, …): the room's lines in the timeline, as its filter names them

`unit` comes with its estate, building and section. A card asks the database once or twice, however long the unit's
history is: indexes and limits, no counting.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

PEOPLE, MATTERS, ASIDE = 1, 2, 3  # columns of the page, as one reads them with the telephone at the ear


@dataclass(frozen=True)
class Line:
    """A ready line of a card: where it leads, its state (words, tone), its clocks, and what is said beside it."""

    text: str
    href: str = ""
    state: tuple = ()
    clocks: tuple = ()  # as `promises.clock` draws them
    note: str = ""
    at: str = ""


@dataclass
class Card:
    """A panel: drawn by its own `draw`, which gets the context as keywords, `caller` among them; or ready lines."""

    key: str  # kebab noun: part of the element's id
    title: Any
    icon: str = ""
    draw: Callable[..., str] | None = None
    context: dict = field(default_factory=dict)
    lines: list = field(default_factory=list)
    empty: Any = ""  # what to say when there is no line
    count: int | None = None
    all_url: str = ""
    all_label: Any = ""
    column: int = ASIDE
    position: int = 100  # within its column


@dataclass(frozen=True)
class Start:
    """A button that begins something for this unit. Those with a key or a style stand in the head, all under N."""

    verb: str
    label: Any
    url: str
    icon: str = "plus"
    key: str = ""
    style: str = ""  # "primary" for the one that is begun most
    caller: str = ""  # name of the parameter that says who is calling, where the page behind wants to know
    position: int = 100
    why_not: str = ""
    post = False
    dialog = False


@dataclass(frozen=True)
class Kind:
    """Lines of the journal that belong together: verbs with one of these beginnings, read by who holds the permission.

    `subjects`: kinds of record whose removed files and taken-back changes belong here too. Kinds may overlap; the
    first one gives a line its icon.
    """

    key: str
    label: Any
    begins: tuple
    permission: str = "register.read"
    icon: str = "history"
    subjects: tuple = ()
