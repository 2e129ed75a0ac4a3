from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone, translation

from office import workbooks
from office.imports.reading import sentence as why
from office.models import Estate
from tickets import imports

MOST = 50  # errors and warnings that are printed


class Command(BaseCommand):
    help = "Take over old tickets of another system from Excel or CSV. May be run again."

    def add_arguments(self, parser):
        parser.add_argument("file")
        parser.add_argument("--estate", required=True, metavar="CODE")
        parser.add_argument(
            "--map", required=True, metavar="MAPPING", help="a file, or a name in tickets/mappings (nyc311)"
        )
        parser.add_argument("--owe", action="store_true", help="promise callbacks and water tests still owed")
        parser.add_argument(
            "--valid-rows", action="store_true", help="leave out rows with errors, bring in the others"
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would happen and write nothing")

    def handle(self, *args, file, estate, map, owe, valid_rows, dry_run, **options):
        with translation.override("en"):
            row = Estate.objects.filter(code=estate).first()
            if row is None:
                raise CommandError(f"There is no estate {estate}.")
            now = timezone.now()
            try:
                mapping = imports.mapping(map)
                reading = imports.read(workbooks.read(file), mapping, now=now)
            except imports.BadMapping as problem:
                raise CommandError(str(problem)) from None
            except FileNotFoundError:
                raise CommandError(f"{file} is not there.") from None
            except workbooks.Unreadable as problem:
                raise CommandError(f"{file} cannot be read. {why(problem)}") from None
            left_out = []
            if valid_rows and reading.rows:
                left_out, reading.errors = reading.errors, []
            with transaction.atomic():
                result = imports.bring_in(
                    estate=row, mapping=mapping, reading=reading, by=None, now=now, owe=owe
                )
                if dry_run:
                    transaction.set_rollback(True)
            self.say(reading, result, left_out, owe)
            if result.errors:
                raise CommandError(f"{len(result.errors)} errors; nothing was written.")
            if dry_run:
                self.stdout.write("Dry run: nothing was written.")

    def say(self, reading, result, left_out, owe):
        write = self.stdout.write
        for name, sentences in (
            ("warning", result.warnings),
            ("error", result.errors),
            ("left out", left_out),
        ):
            for sentence in sentences[:MOST]:
                write(f"{name:9} {sentence}")
            if len(sentences) > MOST:
                write(f"{name:9} … and {len(sentences) - MOST} more")
        if result.errors:
            return
        width = max((len(status) for status, _state in result.statuses), default=6)
        write(f"{'status':{width}}  {'state':12}{'tickets':>8}{'in file':>9}")
        for (status, state), count in sorted(result.statuses.items()):
            write(f"{status:{width}}  {state:12}{count:>8}{reading.statuses[status]:>9}")
        write(f"{'together':{width}}  {'':12}{result.statuses.total():>8}{reading.statuses.total():>9}")
        write(
            ", ".join(f"{result.counts[name]} {name}" for name in ("created", "updated", "unchanged", "kept"))
            + "."
        )
        if owe:
            write(f"{result.promises} promises made.")
