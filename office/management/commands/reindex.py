from collections import defaultdict

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from office import search
from office.models import SearchKey


class Command(BaseCommand):
    help = "Work out every search key anew from the rows; with --check only prove that the stored ones are equal."

    def add_arguments(self, parser):
        parser.add_argument("--check", action="store_true", help="write nothing; fail when a key differs")
        parser.add_argument(
            "--kind", action="append", choices=sorted(search.SOURCES), help="only this subject"
        )

    def handle(self, *args, check, kind, **options):
        wrong = 0
        for name in kind or sorted(search.SOURCES):
            if check:
                missing, surplus = differences(name)
                wrong += missing + surplus
                self.stdout.write(f"{name}: {missing} missing, {surplus} surplus")
            else:
                self.stdout.write(f"{name}: {rebuild(name)} keys")
        if wrong:
            raise CommandError(f"{wrong} search keys differ from their rows; run `manage.py reindex`.")


@transaction.atomic
def rebuild(name):
    SearchKey.objects.filter(subject_kind=name).delete()
    return search.put_many(name, search.SOURCES[name]())


@transaction.atomic
def differences(name):
    """(keys that should be there, keys that should not) of one kind of subject."""
    stored = defaultdict(set)
    rows = SearchKey.objects.filter(subject_kind=name).values_list("subject_id", "estate_id", "kind", "key")
    for subject_id, estate_id, kind, key in rows.iterator(chunk_size=20000):
        stored[subject_id].add((estate_id, kind, key))
    missing = surplus = 0
    for subject_id, estate_id, keys in search.SOURCES[name]():
        wanted = {(estate_id, kind, key) for kind, key in keys}
        present = stored.pop(subject_id, set())
        missing += len(wanted - present)
        surplus += len(present - wanted)
    return missing, surplus + sum(len(keys) for keys in stored.values())
