from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from office import workbooks
from office.actions import estates
from office.imports import reading
from office.models import Estate, Posting, Staff
from residents import imports

OUTCOMES = ("created", "updated", "unchanged")


class Command(BaseCommand):
    help = "Bring buildings, sections, rooms and owners of a workbook into an estate. May be run again."

    def add_arguments(self, parser):
        parser.add_argument("file")
        parser.add_argument("--estate", required=True, metavar="CODE")
        parser.add_argument("--create-estate", action="store_true", help="open the estate if it is not there")
        parser.add_argument("--name", default="", help="name of a new estate; its code unless given")
        parser.add_argument("--admin", default="", metavar="USER", help="who administers a new estate")
        parser.add_argument("--parking", action="store_true", help="bring in parking spaces too, as units")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen and write nothing")

    def handle(self, *args, file, estate, create_estate, name, admin, parking, dry_run, **options):
        try:
            sheets = workbooks.read(file)
        except FileNotFoundError:
            raise CommandError(f"{file} is not there.") from None
        except workbooks.Unreadable as problem:
            with translation.override("en"):
                raise CommandError(f"{file} cannot be read. {reading.sentence(problem)}") from None
        with translation.override("en"):
            roster = imports.parse(sheets)
            if not (roster.buildings or roster.rooms or roster.owners):
                raise CommandError(f"{file}: no table with buildings, owners or rooms was found.")
            with transaction.atomic():
                row = self.estate(estate, create_estate, name, admin)
                report = imports.Loader(row, by=None, now=timezone.now(), parking=parking).load(roster)
                if dry_run:
                    transaction.set_rollback(True)
            self.say(report, roster, dry_run)

    def estate(self, code, create, name, admin):
        row = Estate.objects.filter(code=code).first()
        if row is not None:
            return row
        if not create:
            raise CommandError(f"There is no estate {code}; add --create-estate to open it.")
        now = timezone.now()
        row = estates.set_up(Estate.objects.create(code=code, name=name or code), now)
        self.stdout.write(f"Estate {code} opened.")
        if admin:
            staff = Staff.objects.filter(username=admin, is_active=True).first()
            if staff is None:
                raise CommandError(f"There is nobody called {admin}.")
            Posting.objects.create(staff=staff, estate=row, department="management", role="admin")
        elif settings.DEMO:
            self.post_demonstration(row)
        if not Posting.objects.filter(estate=row).exists():
            self.stdout.write(
                "Nobody is posted there yet: add --admin USER, or post somebody in the interface."
            )
        return row

    def post_demonstration(self, estate):
        """The default run's accounts work in every estate, so that the imported one can be tried at once."""
        for staff in Staff.objects.filter(is_demo=True, is_active=True, username__in=settings.DEMO_ACCOUNTS):
            one = staff.postings.order_by("pk").first()
            if one is not None:
                Posting.objects.create(staff=staff, estate=estate, department=one.department, role=one.role)

    def say(self, report, roster, dry_run):
        write = self.stdout.write
        width = max(len(name) for name in report.counts)
        write(f"{'':{width}}" + "".join(f"{outcome:>11}" for outcome in OUTCOMES))
        for name, counts in report.counts.items():
            write(f"{name:{width}}" + "".join(f"{counts[outcome]:>11}" for outcome in OUTCOMES))
        for name in roster.ignored:
            write(_("sheet %(name)s: nothing for the register, not read") % {"name": name})
        for sentence in report.warnings:
            write(f"warning {sentence}")
        for sentence in report.errors:
            write(f"error   {sentence}")
        write(f"{len(report.warnings)} warnings, {len(report.errors)} errors.")
        if dry_run:
            write("Dry run: nothing was written.")
