"""Who may open what: the reviewed table of role × URL (SPEC §1).

Every URL pattern of the project has exactly one line; test_access.py walks the URLconf against it. Adding a page:

1. Add a `Line` with the URL's name, the roles that succeed (`opens`), and what GET and POST answer them.
2. `args` gives the address, `data` a form that succeeds; both get the `World` (world.py) and use rows of `estate`.
3. Say which row it is about: `shows` (text that a successful GET contains) or `changes` (a value that a successful
   POST changes). A page about no row says why in `plain`.

Everybody else answers `refused` (403) with a role that may not, 302 to the log-in when nobody is signed in, 404
to the stranger of another estate where the address names a row, and whatever `others` says for single roles.
The list of roles is written out, not computed from office/roles.py: this table is what is reviewed.
"""

from dataclasses import dataclass, field

from office.models import Estate, Posting, PromiseRule, Series, Staff, SweepRun
from tests import cast

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


def _staff_values(w):
    return {
        "name": "趙新人",
        "username": "newcomer",
        "department": "front_desk",
        "role": "clerk",
        "estate": w.estate.pk,
    }


def _heads(w):
    return {"head_repair": w.cast["lead"].pk}


def _estate_values(w, **changes):
    row = w.estate
    names = ("code", "name", "name_en", "company", "address", "phone", "language", "paper", "copies")
    names += ("time_zone", "currency", "country", "repeat_days")
    values = {name: getattr(row, name) for name in names}
    values |= {"opens_at": "08:30", "closes_at": "17:30", "quiet_from": "21:00", "quiet_to": "08:00"}
    return {**values, "is_active": "on", **changes}


def _category_values(w, **changes):
    row = w.category
    names = ("code", "name_zh_hant", "name_zh_hans", "name_en", "stream", "risk", "department", "position")
    return {
        **{name: getattr(row, name) for name in names},
        "warranty": row.warranty_id,
        "is_active": "on",
        **changes,
    }


def _category(w):
    return {"name": "categories", "pk": w.category.pk}


OFFICE = [
    Line(
        "office:staff_list",
        ADMIN,
        post=200,
        data=lambda w: {"export": "csv"},
        shows=lambda w: w.cast["technician"].username,
        stranger=(200,),
    ),
    Line(
        "office:staff_new",
        ADMIN,
        post=200,  # the page that shows the password made, once
        data=_staff_values,
        changes=lambda w: Staff.objects.filter(username="newcomer", postings__estate=w.estate).count(),
    ),
    Line(
        "office:staff",
        ADMIN,
        post=302,
        args=lambda w: {"pk": w.cast["technician"].pk},
        data=lambda w: {"username": "technician", "name": "李國榮", "phone": "2345 6789"},
        shows=lambda w: w.cast["technician"].name,
        changes=lambda w: Staff.objects.get(username="technician").phone,
    ),
    Line(
        "office:staff_password",
        ADMIN,
        get=405,
        post=200,
        args=lambda w: {"pk": w.cast["technician"].pk},
        changes=lambda w: Staff.objects.get(username="technician").password,
    ),
    Line(
        "office:staff_deactivate",
        ADMIN,
        get=405,
        post=302,
        args=lambda w: {"pk": w.cast["technician"].pk},
        changes=lambda w: Staff.objects.get(username="technician").is_active,
    ),
    Line(
        "office:staff_activate",
        ADMIN,
        get=405,
        post=302,
        args=lambda w: {"pk": w.closed_account.pk},
        changes=lambda w: Staff.objects.get(pk=w.closed_account.pk).is_active,
    ),
    Line(
        "office:posting_new",
        ADMIN,
        get=405,
        post=302,
        args=lambda w: {"pk": w.cast["technician"].pk},
        data=lambda w: {"estate": w.estate.pk, "department": "repair", "role": "lead"},
        changes=lambda w: Posting.objects.filter(staff__username="technician").count(),
    ),
    Line(
        "office:posting_end",
        ADMIN,
        get=405,
        post=302,
        args=lambda w: {"pk": w.cast["guard"].postings.get().pk},
        changes=lambda w: Posting.objects.filter(staff__username="guard").count(),
    ),
    Line(
        "office:heads",
        ADMIN,
        post=302,
        data=_heads,
        shows=lambda w: w.cast["lead"].name_en,
        changes=lambda w: w.estate.department_heads.get(department="repair").head_id,
    ),
    Line("office:estate_list", ADMIN, shows=lambda w: w.estate.name),
    Line(
        "office:estate_new",
        ADMIN,
        post=302,
        data=lambda w: _estate_values(w, code="NEW", name="新小區"),
        changes=lambda w: Estate.objects.filter(code="NEW").count(),
        stranger=(302,),
    ),
    Line(
        "office:estate",
        ADMIN,
        post=302,
        args=lambda w: {"pk": w.estate.pk},
        data=lambda w: _estate_values(w, phone="2888 8888"),
        shows=lambda w: w.estate.name,
        changes=lambda w: Estate.objects.get(pk=w.estate.pk).phone,
    ),
    Line("office:settings", SETTINGS, shows=lambda w: w.estate.name_en),
    Line(
        "office:settings_rule",
        SETTINGS,
        post=302,
        args=lambda w: {"key": "callback_leak"},
        data=lambda w: {"amount": 2, "measure": "days", "valid_from": w.today.isoformat()},
        shows=lambda w: "3 days",
        changes=lambda w: PromiseRule.objects.filter(estate=w.estate, key="callback_leak").count(),
        writes=ADMIN,
        others={"stranger": (200, 302)},  # the key names a rule, not a row: he changes his own estate's
    ),
    Line(
        "office:settings_numbers",
        SETTINGS,
        post=302,
        data=lambda w: {"kind": "ticket", "year": w.today.year + 1, "prefix": "W", "digits": 5},
        shows=lambda w: w.estate.name_en,
        changes=lambda w: Series.objects.filter(
            estate=w.estate, kind="ticket", pattern__startswith="W"
        ).count(),
        writes=ADMIN,
        stranger=(302,),
    ),
    Line(
        "office:settings_catalogue",
        SETTINGS,
        args=lambda w: {"name": "categories"},
        shows=lambda w: w.category.code,
        others={"stranger": (200, 405)},  # his own estate's
    ),
    Line(
        "office:settings_row_new",
        ADMIN,
        post=302,
        args=lambda w: {"name": "categories"},
        data=lambda w: _category_values(w, code="NEW"),
        changes=lambda w: type(w.category).objects.filter(estate=w.estate, code="NEW").count(),
        others={"stranger": (200, 422)},  # his own estate's, with a warranty of ours
    ),
    Line(
        "office:settings_row",
        ADMIN,
        post=302,
        args=_category,
        data=lambda w: _category_values(w, name_en="changed"),
        shows=lambda w: w.category.name_zh_hant,
        changes=lambda w: type(w.category).objects.get(pk=w.category.pk).name_en,
    ),
    Line("office:reminders", REMINDERS, shows=lambda w: "callback", stranger=(405,)),
    Line(
        "office:reminder_run",
        "supervisor director admin",
        get=405,
        post=302,
        args=lambda w: {"name": "callback"},
        changes=lambda w: SweepRun.objects.filter(name="callback").values_list("started_at").first(),
        others={"stranger": (405, 302)},  # a sweep belongs to no estate
    ),
    Line(
        "office:profile",
        EVERYONE,
        post=302,
        data=lambda w: {"name": "新名字", "language": "en"},
        shows=lambda w: "Name",
        changes=lambda w: Staff.objects.filter(name="新名字").count(),
        stranger=(302,),
    ),
]

ROOT = [
    Line("home", EVERYONE, plain="what it lists is tested in tests/config/test_desk.py", stranger=(405,)),
    Line("search", EVERYONE, plain="what it finds is tested in tests/office/test_search.py", stranger=(405,)),
    Line("owed", EVERYONE, plain="what it lists is tested in tests/config/test_desk.py", stranger=(405,)),
    Line("healthz", EVERYONE, public=True, plain="signs of life, no row"),
    Line(
        "readyz", EVERYONE, get=503, public=True, plain="signs of life, no row; no worker runs in this test"
    ),
    Line(
        "language",
        EVERYONE,
        get=405,
        post=302,
        public=True,
        data=lambda w: {"language": "zh-hans"},
        changes=lambda w: Staff.objects.filter(language="zh-hans").count(),
    ),
    Line(
        "theme",
        EVERYONE,
        get=405,
        post=302,
        public=True,
        data=lambda w: {"theme": "dark"},
        changes=lambda w: Staff.objects.filter(theme="dark").count(),
    ),
    Line(
        "estate_switch",
        EVERYONE,
        get=405,
        post=302,
        data=lambda w: {"estate": w.estate.pk},
        plain="changes the session only; tests/office/test_middleware.py",
    ),
    Line("account_login", EVERYONE, get=302, post=302, public=True, plain=ACCOUNTS),
    Line(
        "account_logout",
        EVERYONE,
        get=200,
        post=302,
        public=True,
        plain=ACCOUNTS,
        others={NOBODY: (302, 302)},
    ),
    Line("account_inactive", EVERYONE, public=True, plain="a sentence, no row"),
    Line(
        "account_change_password",
        EVERYONE,
        post=302,
        data=lambda w: {"oldpassword": cast.PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD},
        changes=lambda w: sorted(Staff.objects.values_list("password", flat=True)),
        stranger=(302,),
    ),
    Line("account_set_password", EVERYONE, get=302, plain="says whom to ask", stranger=(405,)),
    Line(
        "account_reauthenticate",
        EVERYONE,
        post=302,
        data=lambda w: {"password": cast.PASSWORD},
        plain=ACCOUNTS,
        stranger=(302,),
    ),
    Line("mfa_index", EVERYONE, plain=ACCOUNTS, stranger=(405,)),
    Line("mfa_authenticate", EVERYONE, get=302, post=302, public=True, plain=ACCOUNTS),
    Line(
        "mfa_reauthenticate", EVERYONE, get=302, post=302, plain="nobody of the cast has one", stranger=(302,)
    ),
    Line("mfa_activate_totp", EVERYONE, get=302, post=302, plain=ACCOUNTS, stranger=(302,)),
    Line("mfa_deactivate_totp", EVERYONE, get=404, post=404, plain="nobody of the cast has one"),
    Line("mfa_view_recovery_codes", EVERYONE, get=404, plain="nobody of the cast has any", stranger=(405,)),
    Line(
        "mfa_generate_recovery_codes",
        EVERYONE,
        get=302,
        post=302,
        plain="asks for the password first",
        stranger=(302,),
    ),
    Line("mfa_download_recovery_codes", EVERYONE, get=404, post=404, plain="nobody of the cast has any"),
]

RESIDENTS = []

TICKETS = []

TABLE = ROOT + OFFICE + RESIDENTS + TICKETS

# What an auditor may POST although he changes nothing of the office's: his own session, profile and choices.
OWN_BUSINESS = {
    "language",
    "theme",
    "estate_switch",
    "office:profile",
    "account_login",
    "account_logout",
    "account_change_password",
    "account_reauthenticate",
    "mfa_authenticate",
    "mfa_reauthenticate",
    "mfa_activate_totp",
    "mfa_deactivate_totp",
    "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes",
    "mfa_download_recovery_codes",
}
