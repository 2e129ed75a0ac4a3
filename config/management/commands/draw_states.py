"""`manage.py draw_states [--check]`: docs/states/*.md, drawn from the rules so that they cannot lie."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import translation

from residents import rules as residents
from residents.models import AccessCard, Key, ReleaseSlip
from tickets import complaints
from tickets import rules as tickets
from tickets.models import Complaint, Ticket

# Moves whose destination depends on the facts, beyond the one named in MOVES.
ALSO = {
    ("finish", "testing"): "leak",
    ("key_slip", "testing"): "leak",
    ("water_test", "accepted"): "failed",
    ("call_back", "accepted"): "not satisfied",
    ("call_back", "done"): "not reached",
    ("resume", "in_progress"): "had arrived",
    ("resume", "dispatched"): "was dispatched",
}


def page(title, source, moves, states, begins, ends, also=(), own_title="on own work orders"):
    """One state machine: its diagram, its words, its moves. `begins` is (verb, state); `also` adds (verb, to): why."""
    also = dict(also)
    own = any(getattr(move, "own", "") for move in moves.values())
    lines = [f"# States of {title}", "", f"Drawn by `make states` from `{source}`; do not edit.", ""]
    lines += ["```mermaid", "stateDiagram-v2", f"    [*] --> {begins[1]}: {begins[0]}"]
    for name, move in moves.items():
        for start in move.starts:
            lines += [f"    {start} --> {move.to}: {name}"] if move.to else []
            lines += [
                f"    {start} --> {to}: {name} ({why})" for (verb, to), why in also.items() if verb == name
            ]
    lines += [f"    {state} --> [*]" for state in ends]
    lines += ["```", "", "| state | shown as |", "|---|---|"]
    lines += [f"| {value} | {label} |" for value, label in states.choices]
    heads = ["move", "from", "to", "permission"] + ([own_title] if own else [])
    lines += ["", f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    for name, move in moves.items():
        cells = [name, ", ".join(move.starts), move.to or "stays", move.permission]
        lines.append(f"| {' | '.join(cells + ([move.own or '–'] if own else []))} |")
    return "\n".join(lines) + "\n"


S, C, K = ReleaseSlip.State, AccessCard.State, Key.State
GATE = "residents/rules.py"
PAGES = {
    "complaint.md": lambda: page(
        "a complaint", "tickets/complaints.py", complaints.MOVES, Complaint.State, ("take", "received"),
        (Complaint.State.CLOSED, Complaint.State.WITHDRAWN),
        {("call_back", "handling"): "not satisfied", ("call_back", "told"): "not reached",
         ("tell", "reported"): "not reached"}, own_title="on complaints one is responsible for",
    ),
    "ticket.md": lambda: page(
        "a ticket", "tickets/rules.py", tickets.MOVES, Ticket.State, ("take", "accepted"),
        (Ticket.State.CLOSED, Ticket.State.CANCELLED), ALSO,
    ),
    "slip.md": lambda: page(
        "a goods-release slip", GATE, residents.SLIP_MOVES, S, ("issue", S.ISSUED), (S.RELEASED, S.CANCELLED),
        {("refuse", S.CANCELLED): "paper altered"},
    ),
    "card.md": lambda: page("an access card", GATE, residents.CARD_MOVES, C, ("issue", C.ACTIVE), (C.RETURNED,)),
    "key.md": lambda: page("a key in keeping", GATE, residents.KEY_MOVES, K, ("keep", K.IN), (K.GIVEN_BACK,)),
}  # fmt: skip


class Command(BaseCommand):
    help = "Draw the state diagrams of docs/states from the rules."
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument(
            "--check", action="store_true", help="write nothing; fail when a page is out of date"
        )

    def handle(self, *args, check, **options):
        folder = settings.BASE_DIR / "docs" / "states"
        with translation.override("en"):
            for name, draw in PAGES.items():
                path, text = folder / name, draw()
                if check and (not path.exists() or path.read_text() != text):
                    raise CommandError(f"docs/states/{name} is out of date: run make states")
                if not check:
                    folder.mkdir(parents=True, exist_ok=True)
                    path.write_text(text)
                    self.stdout.write(f"docs/states/{name}")
