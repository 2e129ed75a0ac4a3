from django.db import transaction
from django.utils.translation import gettext as _

from office import files, journal
from office.models import File
from office.refusals import Refused
from residents import archive
from residents.models import Occupancy

PERMISSION = "register.edit"


@transaction.atomic
def file_document(*, unit, kind, file_ids, by, now, person=None):
    """存檔: put uploaded files into the household's archive as documents of `kind`, of the unit or of one of its people.

    Not done here: reading what is in them; a file is what the clerk says it is.
    """
    if not by.may(PERMISSION, unit.estate_id):
        raise Refused(_("Your role does not file documents."))
    if kind.estate_id != unit.estate_id or not kind.is_active:
        raise Refused(_("This kind of document is not in use here."))
    if kind.per_person and person is None:
        raise Refused(_("Say whose document it is."))
    if person and not Occupancy.objects.filter(unit=unit, person=person).exists():
        raise Refused(_("This person has nothing to do with the unit."))
    subject = (archive.PERSON, person.pk) if kind.per_person else (archive.UNIT, unit.pk)
    count = files.attach_as(
        file_ids, subject_kind=subject[0], subject_id=subject[1], estate_id=unit.estate_id, unit_id=unit.pk,
        kind=kind.code, by=by,
    )  # fmt: skip
    if not count:
        raise Refused(_("Add at least one file."))
    data = {"kind": kind.name_zh_hant, "files": count, "person": person.pk if person else None}
    journal.record("archive.filed", subject=unit, kind="unit", unit_id=unit.pk, by=by, now=now, data=data)
    return count


@transaction.atomic
def set_document_kind(*, file, kind, by, now):
    """Say what a file is that came by another way, a repair's photo for example. What it hangs on stays."""
    file = File.objects.select_for_update().get(pk=file.pk)
    if not by.may(PERMISSION, file.estate_id):
        raise Refused(_("Your role does not file documents."))
    if file.removed_at:
        raise Refused(_("This file has been removed."))
    if kind is not None and kind.estate_id != file.estate_id:
        raise Refused(_("This kind of document is not in use here."))
    if kind is not None and kind.per_person and file.subject_kind != archive.PERSON:
        raise Refused(_("A document of one person is filed with that person: add it again above."))
    if file.kind != (kind.code if kind else ""):
        file.kind = kind.code if kind else ""
        file.save(update_fields=["kind"])
        journal.record(
            "archive.kind_set", subject=file, kind="office.file", text=f"#{file.pk}", by=by, now=now,
            unit_id=file.unit_id, data={"kind": kind.name_zh_hant if kind else "–"},
        )  # fmt: skip
    return file


def remove_document(*, file, by, now):
    """Take a file off the archive. Row and content stay: records of business are not deleted (SPEC §14)."""
    if not by.may(PERMISSION, file.estate_id):
        raise Refused(_("Your role does not file documents."))
    if file.subject_kind not in (archive.UNIT, archive.PERSON):
        raise Refused(_("It belongs to another record; it is removed there."))
    return files.remove(file=file, by=by, now=now)
