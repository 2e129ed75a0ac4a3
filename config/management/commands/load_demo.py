"""`manage.py load_demo`: the demonstration estates, once (config.demo)."""

import time
from datetime import datetime

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from config.demo import check, load


class Command(BaseCommand):
    help = "Load demonstration estates with people and two years of repairs. Only in the default run and in tests."

    def add_arguments(self, parser):
        parser.add_argument("--estates", type=int, default=2, metavar="N", help="how many estates (2)")
        parser.add_argument(
            "--units",
            type=int,
            default=200,
            metavar="N",
            help="units of the first estate (200), a fifth each of the others",
        )
        parser.add_argument(
            "--months", type=int, default=24, metavar="M", help="months of repairs up to now (24)"
        )
        parser.add_argument(
            "--seed", type=int, default=1, metavar="S", help="the same seed draws the same people (1)"
        )
        parser.add_argument(
            "--now", metavar="ISO8601", help="the day everything is laid out for; the present"
        )
        parser.add_argument("--check", action="store_true", help="verify every rule on what is loaded")

    def handle(self, *args, estates, units, months, seed, now, **options):
        if estates < 1 or units < 24 or months < 1:
            raise CommandError("At least one estate, 24 units and one month.")
        if load.present():
            self.stdout.write("The demonstration is here already; nothing was loaded.")
        else:
            self.load(estates, units, months, seed, _moment(now))
        if options["check"]:
            problems = check.problems()
            if problems:
                raise CommandError("\n".join(problems))
            self.stdout.write("Every rule holds.")

    def load(self, estates, units, months, seed, now):
        started = time.monotonic()
        try:
            loaded = load.load(now=now, estates_count=estates, units=units, months=months, seed=seed)
        except load.Refusal as refusal:
            raise CommandError(str(refusal)) from None
        self.stdout.write(
            f"Loaded {', '.join(estate.name for estate in loaded.estates)}: {loaded.units:,} units, "
            f"{loaded.tickets:,} repairs, {loaded.rows:,} rows in {time.monotonic() - started:.1f} s."
        )


def _moment(text):
    if not text:
        return timezone.now()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as problem:
        raise CommandError(f"{text!r} is not a time like 2026-03-12T10:00.") from problem
    return moment if moment.tzinfo else timezone.make_aware(moment)
