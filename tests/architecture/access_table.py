"""Who may open what: the reviewed table of role × URL (SPEC §1).

Every URL pattern of the project has exactly one line, here or in a lines_<noun>.py that TABLE adds; test_access.py
walks the URLconf against it. Adding a page:

1. Add a `Line` with the URL's name, the roles that succeed (`opens`), and what GET and POST answer them.
2. `args` gives the address, `data` a form that succeeds; both get the `World` (world.py) and use rows of `estate`.
3. Say which row it is about: `shows` (text that a successful GET contains) or `changes` (a value that a successful
   POST changes). A page about no row says why in `plain`.

Everybody else answers `refused` (403) with a role that may not, 302 to the log-in when nobody is signed in, 404
to the stranger of another estate where the address names a row, and whatever `others` says for single roles.
The list of roles is written out, not computed from office/roles.py: this table is what is reviewed.
"""

from datetime import timedelta

from django.utils import timezone

from office.models import Draft, Estate, Posting, Series, Staff
from tests import cast
from tests.architecture import (
    lines_archive,
    lines_board,
    lines_calls,
    lines_climb,
    lines_complaints,
    lines_fees_bank,
    lines_fees_closing,
    lines_fees_counter,
    lines_fees_figures,
    lines_fees_meters,
    lines_fees_runs,
    lines_fees_standards,
    lines_gate,
    lines_household,
    lines_imports,
    lines_messages,
    lines_months,
    lines_reception,
    lines_upkeep,
)
from tests.architecture.lines import (
    ACCOUNTS,
    ADMIN,
    EVERYONE,
    NEW_PASSWORD,
    NOBODY,
    SETTINGS,
    Line,
)


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
    names += (
        "time_zone",
        "currency",
        "country",
        "repeat_days",
        "recurring_count",
        "slip_days",
        "visitor_days",
        "upkeep_days",
        "certificate_days",
        "certificate_days_last",
        "reading_percent",
    )
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


def _only(role, get, post):
    """Everybody but `role` gets the answers (GET, POST): the row is somebody's own."""
    return {other: (get, post) for other in EVERYONE.split() if other not in role.split()}


def _notice(w):
    return {"pk": w.notice.pk}


OWN_DESK = [
    Line("office:bell", EVERYONE, plain="one's own notices; tests/office/test_jobs.py", stranger=(405,)),
    Line("office:bell_read", EVERYONE, get=405, post=302, plain="tests/office/test_jobs.py", stranger=(302,)),
    Line(
        "office:bell_open",
        "clerk",
        get=405,
        post=302,
        args=_notice,
        changes=lambda w: w.unread(),
        others=_only("clerk", 405, 404),
    ),
    Line(
        "office:sheets", EVERYONE, plain="forms of every estate; tests/office/test_sheets.py", stranger=(405,)
    ),
    Line(
        "office:sheet",
        EVERYONE,
        args=lambda w: {"name": "work_order"},
        plain="a blank form; tests/office/test_sheets.py",
        others={"stranger": (200, 405)},
    ),
    Line("office:jobs", EVERYONE, post=302, plain="one's own; tests/office/test_jobs.py", stranger=(302,)),
    Line(
        "office:job",
        "clerk supervisor director auditor admin",
        args=lambda w: {"pk": w.job.pk},
        shows=lambda w: w.job.title,
        others=_only("clerk supervisor director auditor admin", 404, 405),
    ),
    Line(
        "office:job_cancel",
        "clerk admin",
        get=405,
        post=302,
        args=lambda w: {"pk": w.job.pk},
        changes=lambda w: type(w.job).objects.get(pk=w.job.pk).state,
        others=_only("clerk admin", 405, 404),
    ),
    Line(
        "office:upload",
        EVERYONE,
        get=405,
        post=422,
        plain="files come in in tests/office/test_files.py; here none arrives",
        stranger=(422,),
    ),
    Line(
        "office:file",
        "clerk",
        args=lambda w: {"pk": w.file.pk},
        shows=lambda w: "%PDF-walk",
        others=_only("clerk", 404, 405),
    ),
    Line(
        "office:draft",
        EVERYONE,
        post=200,
        args=lambda w: {"form": "tickets.intake"},
        data=lambda w: {"problem": "水管漏水", "tab": "walk"},
        changes=lambda w: Draft.objects.count(),
        others={"stranger": (200, 200)},  # a draft is its writer's and of no estate
    ),
    Line(
        "office:undo",
        "clerk",
        get=405,
        post=302,
        args=lambda w: {"pk": w.offer.pk},
        plain="too late here; taking back is tested in tests/office/test_undo.py",
        others=_only("clerk", 405, 404),
    ),
    Line(
        "office:log",
        "auditor admin",
        post=200,
        data=lambda w: {"export": "csv"},
        shows=lambda w: w.event.subject_text,
        stranger=(200,),
    ),
    Line(
        "office:access_log",
        "auditor admin",
        post=200,
        data=lambda w: {"export": "csv"},
        shows=lambda w: w.look.reason,
        stranger=(200,),
    ),
]

READ_REGISTER = "clerk cashier lead supervisor director finance auditor admin"
EDIT_REGISTER = "clerk cashier supervisor director"


def _row(name):
    return lambda w: {"pk": getattr(w, name).pk}


def _occupancy(w):
    from residents.models import Occupancy

    return Occupancy.objects.get(unit=w.unit, person=w.person)


def _section(w):
    return w.building.sections.first() or cast.make_section(w.building)


def _people(w):
    return type(w.person).objects.filter(estate=w.estate).count()


def _relations(w):
    return w.unit.occupancies.count()


def _fresh(name, field):
    return lambda w: getattr(type(getattr(w, name)).objects.get(pk=getattr(w, name).pk), field)


def _looks(w):
    from office.models import AccessLog

    return AccessLog.objects.count()


def _unit_values(code):
    return lambda w: {"code": code, "kind": "flat", "building": w.building.pk, "floor": "7"}


# A list's POST with neither an export nor a filter's name says so and goes back to the list.
RESIDENTS = [
    Line("residents:buildings", READ_REGISTER, post=302, shows=lambda w: w.building.code, stranger=(302,)),
    Line("residents:building", READ_REGISTER, args=_row("building"), shows=lambda w: w.building.code),
    Line(
        "residents:building_new",
        EDIT_REGISTER,
        post=302,
        data=lambda w: {"code": "W9", "floors": "9"},
        changes=lambda w: w.estate.buildings.count(),
        stranger=(302,),
    ),
    Line(
        "residents:building_edit",
        EDIT_REGISTER,
        post=302,
        args=_row("building"),
        data=lambda w: {"code": w.building.code, "name": "Walk House"},
        shows=lambda w: w.building.code,
        changes=_fresh("building", "name"),
    ),
    Line(
        "residents:section_new",
        EDIT_REGISTER,
        post=302,
        args=_row("building"),
        data=lambda w: {"code": "W1"},
        shows=lambda w: w.building.code,
        changes=lambda w: w.building.sections.count(),
    ),
    Line(
        "residents:section_edit",
        EDIT_REGISTER,
        post=302,
        args=lambda w: {"pk": _section(w).pk},
        data=lambda w: {"code": _section(w).code, "floors": "41"},
        shows=lambda w: _section(w).building.code,
        changes=lambda w: _section(w).floors,
    ),
    Line("residents:units", READ_REGISTER, post=302, shows=lambda w: w.unit.code, stranger=(302,)),
    Line("residents:unit", READ_REGISTER, args=_row("unit"), shows=lambda w: w.unit.code),
    Line(
        "residents:unit_new",
        EDIT_REGISTER,
        post=302,
        data=_unit_values("3-9-9901"),
        changes=lambda w: w.estate.units.count(),
    ),
    Line(
        "residents:unit_edit",
        EDIT_REGISTER,
        post=302,
        args=_row("unit"),
        data=lambda w: _unit_values(w.unit.code)(w),
        shows=lambda w: w.unit.code,
        changes=_fresh("unit", "floor"),
    ),
    Line(
        "residents:occupancy_new",
        EDIT_REGISTER,
        post=302,
        args=_row("unit"),
        data=lambda w: {"person": w.person.pk, "role": "member", "since": "2024-01-01"},
        shows=lambda w: w.unit.code,
        changes=_relations,
    ),
    Line(
        "residents:occupancy_end",
        EDIT_REGISTER,
        post=302,
        args=lambda w: {"pk": _occupancy(w).pk},
        data=lambda w: {"last_day": "2024-01-01"},
        shows=lambda w: w.unit.code,
        changes=lambda w: _occupancy(w).ends_on,
    ),
    Line(
        "residents:occupancy_correct",
        EDIT_REGISTER,
        post=302,
        args=lambda w: {"pk": _occupancy(w).pk},
        data=lambda w: {"share": "50", "since": "2020-01-02", "reason": "typed wrong"},
        shows=lambda w: w.unit.code,
        changes=lambda w: _occupancy(w).starts_on,
    ),
    Line("residents:people", READ_REGISTER, post=302, shows=lambda w: w.person.name, stranger=(302,)),
    Line("residents:people_suggest", READ_REGISTER, plain="a hint for the box being typed in"),
    Line("residents:person", READ_REGISTER, args=_row("person"), shows=lambda w: w.person.name),
    Line(
        "residents:person_new",
        EDIT_REGISTER,
        post=302,
        data=lambda w: {"name": "趙新人", "kind": "person", "phone_1": "13911112222"},
        changes=_people,
        stranger=(302,),
    ),
    Line(
        "residents:person_edit",
        EDIT_REGISTER,
        post=302,
        args=_row("person"),
        data=lambda w: {"name": w.person.name, "kind": "person", "address": "深水埗"},
        shows=lambda w: w.person.name,
        changes=_fresh("person", "address"),
    ),
    Line(
        "residents:person_identity",
        EDIT_REGISTER,
        post=302,
        args=_row("person"),
        data=lambda w: {"identity_type": "hk_id", "identity_number": "A123456(3)"},
        shows=lambda w: w.person.name,
        changes=_fresh("person", "identity_index"),
    ),
    Line(
        "residents:person_reveal",
        EDIT_REGISTER,
        get=405,
        post=409,
        args=_row("person"),
        data=lambda w: {"reason": "the walk"},
        plain="the walk's person has no number; what is revealed and logged: tests/residents/test_views.py",
    ),
    Line(
        "residents:identity_lookup",
        EDIT_REGISTER,
        post=200,
        data=lambda w: {"number": "A123456(3)"},
        changes=_looks,
        stranger=(200,),
    ),
]

READ = "clerk cashier lead supervisor director finance auditor"
INTAKE = "clerk cashier lead supervisor director"
DISPATCH = "lead supervisor director"
WORK = "lead technician supervisor director"
PRINT = "clerk cashier lead technician supervisor director"
CALLBACK = "clerk cashier supervisor director"
BOSS = "supervisor director"


def _pk(name):
    """The address of the world's ticket in that stage."""
    return lambda w: {"pk": getattr(w, name).pk}


def _order(name):
    return lambda w: {"pk": getattr(w, name).work_orders.get().pk}


def _number(name):
    return lambda w: getattr(w, name).number


def _of(name, field):
    """The present value of a column of the world's ticket in that stage."""

    def value(w):
        row = getattr(w, name)
        return type(row).objects.values_list(field, flat=True).get(pk=row.pk)

    return value


def _charges(ticket):
    from billing.models import Charge

    return Charge.objects.filter(source_kind=ticket.SUBJECT, source_id=str(ticket.pk)).count()


def _version(name, **values):
    return lambda w: {**values, "version": getattr(w, name).version}


TICKETS = [
    # the list and what is read over many tickets
    Line("tickets:list", READ, post=302, shows=_number("ticket"), stranger=(302,)),
    Line("tickets:promises", READ, get=302, plain="leads on to the board", stranger=(405,)),
    Line("tickets:callbacks_made", READ, post=302, plain="tests/tickets", stranger=(302,)),
    Line("tickets:dashboard", "supervisor director auditor", plain="sums; tests/tickets/test_dashboard.py"),
    Line("tickets:dispatch_many", DISPATCH, get=405, post=302, plain="tests/tickets", stranger=(302,)),
    # taking one
    Line(
        "tickets:intake",
        INTAKE,
        post=302,
        data=lambda w: {
            "where": f"unit:{w.unit.pk}",
            "when": "none",
            "reporter_name": "張小明",
            "reporter_phone": "13800138000",
            "problem": "漏水",
            "category": w.category.pk,
            "channel": "phone",
        },
        changes=lambda w: type(w.ticket).objects.filter(problem="漏水").count(),
    ),
    Line("tickets:intake_hints", INTAKE, plain="hints for the form being typed"),
    Line("tickets:places", INTAKE, plain="suggestions for the form being typed"),
    # one ticket and its moves
    Line("tickets:ticket", f"{READ} technician", args=_pk("sent"), shows=_number("sent")),
    Line(
        "tickets:dispatch",
        DISPATCH,
        post=302,
        args=_pk("ticket"),
        data=lambda w: {
            "technician": w.cast["technician"].pk,
            "version": w.ticket.version,
            **w.window_fields,
        },
        shows=_number("ticket"),
        changes=_of("ticket", "state"),
    ),
    Line(
        "tickets:schedule",
        INTAKE,
        post=302,
        args=_pk("ticket"),
        data=lambda w: {"version": w.ticket.version, **w.window_fields},
        shows=_number("ticket"),
        changes=_of("ticket", "window_from"),
    ),
    Line(
        "tickets:wait",
        WORK,
        post=302,
        args=_pk("arrived"),
        data=lambda w: {
            "waiting_for": "parts",
            "until": f"{w.today + timedelta(days=1)}",
            "reason": "等配件",
            "version": w.arrived.version,
        },
        shows=_number("arrived"),
        changes=_of("arrived", "state"),
    ),
    Line(
        "tickets:resume",
        WORK,
        post=302,
        args=_pk("waiting"),
        data=_version("waiting"),
        shows=_number("waiting"),
        changes=_of("waiting", "state"),
    ),
    Line(
        "tickets:water_test",
        DISPATCH,
        post=302,
        args=_pk("tested"),
        data=lambda w: {
            "tested_at": f"{timezone.localtime(w.now, w.estate.zone):%Y-%m-%dT%H:%M}",
            "passed": "yes",
            "version": w.tested.version,
        },
        shows=_number("tested"),
        changes=_of("tested", "state"),
    ),
    Line(
        "tickets:decide_cost",
        INTAKE,
        post=302,
        args=_pk("ticket"),
        data=_version("ticket", cost="paid", reason="人為損壞"),
        shows=_number("ticket"),
        changes=_of("ticket", "cost"),
    ),
    Line(
        "tickets:charge",
        INTAKE,
        post=302,
        args=_pk("uncharged"),
        data=_version("uncharged"),
        shows=_number("uncharged"),
        changes=lambda w: _charges(w.uncharged),
    ),
    Line("tickets:quote", INTAKE, post=422, args=_pk("paid"), shows=_number("paid")),
    Line("tickets:consent", INTAKE, post=422, args=_pk("paid"), shows=_number("paid")),
    Line("tickets:ask_time", PRINT, post=422, args=_pk("arrived"), shows=_number("arrived")),
    Line(
        "tickets:ask_free",
        PRINT,
        post=302,
        args=_pk("paid"),
        data=lambda w: {"reason": "老住戶"},
        shows=_number("paid"),
        changes=lambda w: w.paid.requests.count(),
        others={"technician": (404, 404)},  # not his own work
    ),
    Line("tickets:correct", INTAKE, post=422, args=_pk("ticket"), shows=_number("ticket")),
    Line(
        "tickets:cancel",
        INTAKE,
        post=302,
        args=_pk("ticket"),
        data=_version("ticket", reason="住戶自行修好", told="phone"),
        shows=_number("ticket"),
        changes=_of("ticket", "state"),
    ),
    Line(
        "tickets:duplicate",
        INTAKE,
        post=302,
        args=_pk("ticket"),
        data=lambda w: {"of": w.sent.number, "told": "phone", "version": w.ticket.version},
        shows=_number("ticket"),
        changes=_of("ticket", "state"),
    ),
    Line(
        "tickets:hand_over",
        BOSS,
        post=302,
        args=_pk("ticket"),
        data=lambda w: {"to": w.cast["cashier"].pk, "reason": "休假", "version": w.ticket.version},
        shows=_number("ticket"),
        changes=_of("ticket", "owner_id"),
    ),
    Line(
        "tickets:call_back",
        CALLBACK,
        get=302,  # the queue, with this one on top
        post=302,
        args=_pk("done"),
        data=_version("done", outcome="satisfied", how="phone", score=5),
        changes=_of("done", "state"),
    ),
    Line(
        "tickets:close_unreachable", BOSS, get=409, post=409, args=_pk("done"), plain="not before three tries"
    ),
    Line(
        "tickets:decide",
        BOSS,
        post=302,
        args=lambda w: {"pk": w.asked.pk},
        data=lambda w: {"approve": "yes", "answer": "同意"},
        shows=lambda w: w.asked.ticket.number,
        changes=lambda w: type(w.asked).objects.get(pk=w.asked.pk).state,
    ),
    # one work order
    Line("tickets:my_work", WORK, shows=lambda w: "", plain="own work; tests/tickets"),
    Line("tickets:work_order", f"{READ} technician", args=_order("sent"), shows=_number("sent")),
    Line(
        "tickets:arrive",
        WORK,
        post=302,
        args=_order("sent"),
        data=lambda w: {"at": f"{timezone.localtime(w.now, w.estate.zone):%Y-%m-%dT%H:%M}"},
        shows=_number("sent"),
        changes=_of("sent", "state"),
    ),
    Line("tickets:finish", WORK, post=422, args=_order("arrived"), shows=_number("arrived")),
    # paper
    Line("tickets:work_order_print", PRINT, args=_order("sent"), shows=_number("sent")),
    Line(
        "tickets:work_order_pdf", PRINT, args=_order("sent"), plain="paper; tests/tickets/test_printouts.py"
    ),
    Line(
        "tickets:work_order_printed",
        PRINT,
        get=405,
        post=302,
        args=_order("sent"),
        changes=lambda w: w.sent.work_orders.get().prints,
    ),
    Line("tickets:register_pdf", INTAKE, args=_pk("sent"), plain="paper; tests/tickets/test_printouts.py"),
    Line("tickets:day_pdf", INTAKE, get=405, post=404, plain="a day with no crew; paper in tests/tickets"),
    Line("tickets:callback_pdf", CALLBACK, plain="paper; tests/tickets/test_printouts.py"),
    # slips, callbacks, the crew's day
    Line("tickets:slips", INTAKE, post=422, plain="what it saves is tested in tests/tickets"),
    Line("tickets:slip_hint", INTAKE, plain="a hint for the form being typed"),
    Line("tickets:callbacks", CALLBACK, shows=_number("done")),
    Line("tickets:day", READ, plain="what it lists is tested in tests/tickets"),
    Line("tickets:day_order", DISPATCH, get=405, post=404, plain="what it moves is tested in tests/tickets"),
    # public facilities
    Line("tickets:assets", READ, post=302, shows=lambda w: w.asset.code, stranger=(302,)),
    Line("tickets:asset", READ, args=_pk("asset"), shows=lambda w: w.asset.name_zh_hant),
    Line(
        "tickets:asset_add",
        DISPATCH,
        post=302,
        data=lambda w: {
            "code": "PUMP1",
            "name_zh_hant": "一號水泵",
            "kind": "pump",
            "place": "地庫",
            "position": 1,
        },
        changes=lambda w: type(w.asset).objects.filter(estate=w.estate, code="PUMP1").count(),
        stranger=(302,),
    ),
    Line(
        "tickets:asset_edit",
        DISPATCH,
        post=302,
        args=_pk("asset"),
        data=lambda w: {
            "code": "LIFT2",
            "name_zh_hant": "二號客梯",
            "kind": "lift",
            "place": "3棟",
            "position": 1,
        },
        shows=lambda w: w.asset.name_zh_hant,
        changes=lambda w: type(w.asset).objects.get(pk=w.asset.pk).name_zh_hant,
    ),
]

TABLE = ROOT + OFFICE + OWN_DESK + RESIDENTS + TICKETS
TABLE += (
    lines_archive.LINES
    + lines_board.LINES
    + lines_calls.LINES
    + lines_climb.LINES
    + lines_complaints.LINES
    + lines_fees_bank.LINES
    + lines_fees_runs.LINES
    + lines_fees_standards.LINES
    + lines_fees_counter.LINES
    + lines_fees_closing.LINES
    + lines_fees_figures.LINES
    + lines_gate.LINES
    + lines_household.LINES
    + lines_imports.LINES
    + lines_messages.LINES
    + lines_months.LINES
    + lines_reception.LINES
    + lines_upkeep.LINES
    + lines_fees_meters.LINES
)

# What an auditor may POST although he changes nothing of the office's: his own session, profile and choices.
OWN_BUSINESS = {
    "language",
    "theme",
    "estate_switch",
    "office:profile",
    "office:draft",
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
