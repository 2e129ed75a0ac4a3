"""The first day of an installation: an estate and the administrator who lets everybody else in."""

import getpass
import sys

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from office.actions import estates
from office.models import Estate, Staff


class Command(BaseCommand):
    help = "Open an estate with everything it needs, and post its administrator there (made if missing)."

    def add_arguments(self, parser):
        parser.add_argument("code", help="short code of the estate, e.g. HC")
        parser.add_argument("name", help="its name as it stands on paper")
        parser.add_argument("--admin", required=True, help="user name of the administrator")
        parser.add_argument("--time-zone", default="Asia/Shanghai")
        parser.add_argument("--language", default="zh-hant", choices=["en", "zh-hant", "zh-hans"])
        parser.add_argument("--currency", default="CNY")
        parser.add_argument("--country", default="CN", help="country of telephone numbers, two letters")

    @transaction.atomic
    def handle(self, *args, code, name, admin, **options):
        values = {name: options[name] for name in ("time_zone", "language", "currency", "country")}
        values |= {"code": code, "name": name}
        try:
            Estate(**values).full_clean()
            staff = Staff.objects.filter(username=admin).first() or self.hire(admin)
        except ValidationError as refusal:
            raise CommandError(" ".join(refusal.messages)) from refusal
        estate = estates.create(values=values, by=staff, now=timezone.now())
        self.stdout.write(f"{estate.code} is open; {staff.username} administers it.")

    def hire(self, username):
        """A new account; its password is typed twice, or read as one line when nobody sits at a terminal."""
        if sys.stdin.isatty():
            password = getpass.getpass(f"Password for {username}: ")
            if password != getpass.getpass("Once more: "):
                raise CommandError("The two passwords differ; nothing was made.")
        else:
            password = sys.stdin.readline().rstrip("\n")
        staff = Staff(username=username, name=username)
        validate_password(password, staff)
        staff.set_password(password)
        staff.save()
        return staff
