"""`manage.py sweep [--now ISO8601] [--only NAME]`: what beat runs, by hand, one line per reminder.

`callback found=3 done=3 failed=0`. Running it twice, late, or beside beat does nothing twice (SPEC §11).
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from office import sweeps


class Command(BaseCommand):
    help = "Run every reminder that beat runs and print what each found, did and failed to do."

    def add_arguments(self, parser):
        parser.add_argument(
            "--now",
            metavar="ISO8601",
            help=f"as if it were then; without an offset in {settings.TIME_ZONE}. "
            "A time to come only in the demonstration and in tests.",
        )
        parser.add_argument("--only", metavar="NAME", help="only this reminder")

    def handle(self, *args, now, only, **options):
        moment = self.moment(now) if now else None
        if only and only not in sweeps.REGISTRY:
            raise CommandError(
                f"There is no reminder {only!r}. There are: {', '.join(sorted(sweeps.REGISTRY))}.",
                returncode=2,
            )
        # Messages last: what the others wrote goes out in the same run.
        names = [only] if only else sorted(sweeps.REGISTRY, key="messages".__eq__)
        broken = False
        for name in names:
            result = sweeps.run(name, moment)
            self.stdout.write(f"{name} found={result.found} done={result.done} failed={result.failed}")
            if result.error:
                self.stderr.write(f"{name}: {result.error}")
            broken |= bool(result.failed)
        if broken:
            raise CommandError("Some rows failed; the next run tries them again.", returncode=1)

    def moment(self, words):
        try:
            moment = datetime.fromisoformat(words)
        except ValueError as refusal:
            raise CommandError(
                f"{words!r} is not a time like 2026-03-01T09:00+08:00.", returncode=2
            ) from refusal
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=ZoneInfo(settings.TIME_ZONE))
        if moment > timezone.now() and not (settings.DEMO or settings.TESTING):
            raise CommandError(
                "--now lies in the future; that is for the demonstration and tests only.", returncode=2
            )
        return moment
