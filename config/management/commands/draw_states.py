"""`manage.py draw_states [--check]`: docs/states/*.md, drawn from the rules so that they cannot lie."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import translation

from tickets import rules as tickets
from tickets.models import Ticket

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


def ticket_page():
    lines = ["# States of a ticket", "", "Drawn by `make states` from `tickets/rules.py`; do not edit.", ""]
    lines += ["```mermaid", "stateDiagram-v2", "    [*] --> accepted: take"]
    for name, move in tickets.MOVES.items():
        if move.to is None:
            continue
        for start in move.starts:
            lines.append(f"    {start} --> {move.to}: {name}")
            lines += [
                f"    {start} --> {to}: {name} ({why})" for (verb, to), why in ALSO.items() if verb == name
            ]
    lines += [f"    {state} --> [*]" for state in (Ticket.State.CLOSED, Ticket.State.CANCELLED)]
    lines += ["```", "", "| state | shown as |", "|---|---|"]
    lines += [f"| {value} | {label} |" for value, label in Ticket.State.choices]
    lines += ["", "| move | from | to | permission | on own work orders |", "|---|---|---|---|---|"]
    lines += [
        f"| {name} | {', '.join(move.starts)} | {move.to or 'stays'} | {move.permission} | {move.own or '–'} |"
        for name, move in tickets.MOVES.items()
    ]
    return "\n".join(lines) + "\n"


PAGES = {"ticket.md": ticket_page}


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
