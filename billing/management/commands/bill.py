"""`manage.py bill --estate CODE --period YYYY-MM [--post]`: what a month comes to; with --post it is charged.

Running it again charges nobody twice: only what is missing is added (SPEC §6.2).
"""

from datetime import date

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from billing.actions import run
from billing.models import Run
from billing.reports import runs
from office.models import Estate, Staff
from office.refusals import Refused


class Command(BaseCommand):
    help = "Show what the charges of a month come to, by item; with --post, charge what is not charged yet."

    def add_arguments(self, parser):
        parser.add_argument("--estate", required=True, metavar="CODE")
        parser.add_argument("--period", required=True, metavar="YYYY-MM")
        parser.add_argument("--post", action="store_true", help="charge it, and wait until it is done")
        parser.add_argument("--by", metavar="USERNAME", help="whose run it is; default: the first of finance")

    def handle(self, *args, estate, period, post, by, **options):
        estate = Estate.objects.filter(code=estate).first()
        if estate is None:
            raise CommandError("There is no estate of this code.", returncode=2)
        try:
            period = date.fromisoformat(f"{period}-01")
        except ValueError as problem:
            raise CommandError(f"{period!r} is not a month like 2026-03.", returncode=2) from problem

        totals = runs.totals(estate, period)
        for total in totals:
            self.stdout.write(
                f"{total.item.code} units={total.units} amount={total.amount} charged={total.charged} last={total.last}"
            )
        amount = sum(total.amount for total in totals)
        self.stdout.write(f"total amount={amount}")
        if post:
            self.post(estate, period, by)

    def post(self, estate, period, by):
        found = Staff.objects.filter(postings__estate=estate, is_active=True)
        found = found.filter(username=by) if by else found.filter(postings__role="finance")
        who = found.order_by("pk").first()
        if who is None:
            raise CommandError("Nobody of this name works at the estate; name one with --by.", returncode=2)
        row = Run.objects.filter(estate=estate, period=period, finished_at=None).first()
        try:
            if row is None:
                row = run.post(estate=estate, period=period, by=who, now=timezone.now())
            elif row.state == Run.State.PAUSED:
                row = run.resume(run=row, by=who, now=timezone.now())
            run.go_on(row, now=timezone.now)
        except Refused as refusal:
            raise CommandError(refusal.sentence, returncode=1) from refusal
        row.refresh_from_db()
        self.stdout.write(f"{row.state} bills={row.bills} charges={row.charges} amount={row.amount}")
