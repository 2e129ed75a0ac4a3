import os
import secrets

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction

from office import identity
from residents.models import Person

BATCH = 500


class Command(BaseCommand):
    help = "Seal every identity number again under the newest key of IDENTITY_KEYS_FILE. Safe to stop and repeat."

    def add_arguments(self, parser):
        parser.add_argument("--new-key", action="store_true", help="first append a new key to the file")
        parser.add_argument(
            "--drop-old", action="store_true", help="afterwards keep only keys that are in use"
        )

    def handle(self, *args, new_key, drop_old, **options):
        if new_key:
            _replace_file(lambda text: text.rstrip("\n") + "\n" + identity.line_of_new_key())
        name = identity.keys()[-1].name
        done = rotate()
        self.stdout.write(f"{done} identity numbers sealed again under {name}.")
        if drop_old:
            used = {
                value.partition(":")[0]
                for value in Person.objects.exclude(identity_sealed="")
                .values_list("identity_sealed", flat=True)
                .iterator()
            } | {name}
            held = identity.keys()
            gone = [key.name for key in held if key.name not in used]
            _replace_file(
                lambda text: "".join(
                    f"{line}\n" for line in text.splitlines() if line.partition(":")[0] in used
                )
            )
            self.stdout.write(f"Removed from the file: {', '.join(gone) or 'none'}.")


def rotate():
    """Row by row under its lock, in batches; a row already under the newest key is left alone."""
    newest, done = identity.keys()[-1].name, 0
    while True:
        with transaction.atomic():
            rows = list(
                Person.objects.exclude(identity_sealed="")
                .exclude(identity_sealed__startswith=f"{newest}:")
                .select_for_update(of=("self",))
                .order_by("pk")[:BATCH]
            )
            for row in rows:
                number = identity.unseal(row.identity_sealed, pk=row.pk, subject=row.SUBJECT)
                row.identity_sealed = identity.seal(number, pk=row.pk, subject=row.SUBJECT)
                row.identity_index = identity.blind(number)
            Person.objects.bulk_update(rows, ["identity_sealed", "identity_index"])
        if not rows:
            return done
        done += len(rows)


def _replace_file(change):
    path = settings.IDENTITY_KEYS_FILE
    identity.keys()  # makes it where the embedded modes may
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
        handle.write(change(path.read_text()))
        handle.flush()
        os.fsync(handle.fileno())
    draft.replace(path)
