"""One line of the access table and the sets of roles it speaks of; the lines stand in access_table.py and its neighbours."""

from dataclasses import dataclass, field

EVERYONE = "clerk cashier lead technician guard supervisor director finance auditor admin"
ADMIN = "admin"
NOBODY = "nobody"  # not signed in
ACCOUNTS = "tests/office/test_accounts.py"
NEW_PASSWORD = "a longer phrase of words 26"
SETTINGS = "admin director auditor"
REMINDERS = "supervisor director auditor admin"


@dataclass(frozen=True)
class Line:
    """One URL pattern. Answers are status codes; `post` is of valid `data`.

    `writes`: the roles among `opens` whose POST succeeds (default: all of them); the rest answer 403 to a POST.
    `public`: nobody needs to be signed in. `others`: role → (GET, POST) that differ from the rest.
    `stranger`: what the stranger's POST may answer on an address that names no row.
    """

    name: str
    opens: str
    get: int = 200
    post: int = 405
    args: object = None
    data: object = None
    shows: object = None
    changes: object = None
    writes: str | None = None
    public: bool = False
    plain: str = ""
    others: dict = field(default_factory=dict)
    stranger: tuple = (404, 409, 422)
    headers: dict = field(default_factory=dict)
