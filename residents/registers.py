"""What the register tells the office: journal sentences, their words, search keys."""

from functools import partial

from django.utils.translation import gettext_lazy as _

from office import catalogues, files, journal, outbox, promises, search, series, setup, sweeps, texts
from office.addresses import row_address
from office.models.promises import Measure
from office.models.staff import Department

SENTENCES = {
    "person.added": _("entered in the register"),
    "person.changed": _("register entry changed: %(fields)s"),
    "person.phones_set": _("telephone numbers changed: %(count)s now"),
    "person.identity_set": _("identity document recorded: %(kind)s"),
    "person.identity_removed": _("identity number removed"),
    "occupancy.started": _("%(role)s from %(from)s"),
    "occupancy.started_share": _("%(role)s from %(from)s with %(share)s %%"),
    "occupancy.ended": _("%(role)s until %(until)s"),
    "occupancy.corrected": _("entry of %(role)s corrected: %(reason)s"),
    # Translators: 物品放行條
    "slip.issued": _("goods-release slip issued, valid until the end of %(until)s (lines: %(lines)s)"),
    "slip.printed": _("goods-release slip printed"),
    "slip.released": _("goods released at the gate"),
    "slip.refused": _("turned away at the gate: %(reason)s"),
    "slip.cancelled": _("goods-release slip cancelled"),
    "visitor.in": _("visitor came in: %(purpose)s"),
    "visitor.out": _("visitor left"),
    "visitor.out_card_kept": _("visitor left without giving the card back"),
    "vehicle.registered": _("vehicle registered from %(from)s (parking space: %(space)s)"),
    "vehicle.changed": _("vehicle changed: %(fields)s"),
    "vehicle.moved": _("vehicle stands in %(space)s from %(from)s"),
    "vehicle.no_space": _("vehicle has no parking space from %(from)s"),
    "vehicle.ended": _("vehicle no longer here after %(until)s"),
    "card.issued": _("%(kind)s issued"),
    "card.returned": _("card returned"),
    "card.lost": _("card lost"),
    "card.blocked": _("card blocked"),
    "card.active": _("card in use again"),
    "key.taken": _("key taken into keeping: %(count)s on the ring"),
    "key.out": _("key out to a %(to)s, due back at %(due)s"),
    "key.back": _("key back"),
    "key.found": _("lost key found"),
    "key.lost": _("key lost"),
    "key.given_back": _("key given back for good"),
    # Translators: 存檔
    "archive.filed": _("filed in the archive: %(kind)s (%(files)s)"),
    "archive.kind_set": _("a file of the archive is now: %(kind)s"),
}

# The key is owed at the time that was agreed when it went out.
# Translators: 門崗
GATE = _("Gate")

KEY_BACK = promises.Kind(
    "key_back",
    _("key back"),
    (promises.Rule("key_back", _("return of a key"), _("the agreed time"), 0, Measure.AT, "SPEC §2"),),
    climbs_to_director=False,
    department=Department.FRONT_DESK,
    order=60,
    workflow=GATE,
)

MESSAGES = {
    "slip.refused": (
        _("Refused at the gate: %(number)s, %(unit)s"),
        _("%(reason)s. Refused by %(name)s at %(refused_at)s."),
    ),
    "key.lost": (_("Key lost: %(tag)s, %(place)s"), _("Recorded by %(name)s.")),
}

# Beginnings of messages written by hand (SPEC §10); who writes reads them over and changes what is to be said.
UNIT = (_("unit"), "3-2-1201")
WORDS = (
    texts.Template(
        "hand.free",
        _("free text"),
        _("From %(estate)s"),
        _("[%(estate)s] "),
        fields={"unit": UNIT},
        position=10,
    ),
    texts.Template(
        "hand.call_us",
        _("please call us"),
        _("Please call us"),
        _("[%(estate)s] We could not reach you about %(unit)s. Please call us at %(phone)s."),
        fields={"unit": UNIT},
        position=20,
    ),
    texts.Template(
        "hand.visit",
        _("we want to come by"),
        _("A visit to your home"),
        _(
            "[%(estate)s] We should like to come to %(unit)s. Please call %(phone)s and tell us when it suits you."
        ),
        fields={"unit": UNIT},
        position=30,
    ),
    texts.Template(
        "hand.collect",
        _("something to collect"),
        _("Something is waiting for you"),
        _("[%(estate)s] Something for %(unit)s is waiting at the front desk. Questions: %(phone)s."),
        fields={"unit": UNIT},
        position=40,
    ),
)


def register():
    from office import places  # noqa: F401  its sentences stand with its actions
    from office.models import Unit
    from residents import archive, reach, reports, tasks
    from residents.imports import sheets
    from residents.models import (
        AccessCard,
        Key,
        KeyLoan,
        Occupancy,
        Person,
        ReleaseSlip,
        SlipRefusal,
        Vehicle,
        Visitor,
    )

    journal.sentences(SENTENCES)
    outbox.templates(MESSAGES)
    texts.register(*WORDS)
    outbox.FINDERS.append(reach.address_now)
    journal.field_words("person", Person)
    journal.words("occupancy.role", Occupancy.Role.choices)
    journal.words("person.identity_type", Person.IdentityType.choices)
    kinds = ("name", "name_part", "pinyin", "initials", "phone", "phone_tail")
    search.register("person", reports.keys_of_people, kinds=kinds)

    series.PATTERNS["slip"] = "F{year}-{n:06d}"
    series.LABELS["slip"] = _("goods-release slip")
    journal.words("slip.refusal", SlipRefusal.Reason.choices)
    promises.register_subject(ReleaseSlip.SUBJECT, partial(row_address, "residents:slip"))
    search.register(ReleaseSlip.SUBJECT, reports.keys_of_slips, kinds=("number", "number_tail"))
    sheets.declare()

    promises.register(KEY_BACK)
    journal.words("visitor.purpose", Visitor.Purpose.choices)
    journal.words("card.kind", AccessCard.Kind.choices)
    journal.words(
        "key.to", [("person", _("resident")), ("staff", _("colleague")), ("contractor", _("contractor"))]
    )
    journal.field_words("vehicle", Vehicle)
    search.register(Vehicle.SUBJECT, reports.keys_of_vehicles, kinds=("plate",))
    promises.register_subject(Key.SUBJECT, partial(row_address, "residents:key"))
    promises.register_subject(AccessCard.SUBJECT, partial(row_address, "residents:card"))
    promises.register_subject(Vehicle.SUBJECT, partial(row_address, "residents:vehicle"))
    promises.register_subject(Visitor.SUBJECT, partial(row_address, "residents:visitor"))
    files.register_subject(KeyLoan.SUBJECT, may_read_loan, permission="gate.read")
    files.register_subject("unit", _reads(Unit), permission="register.read")
    files.register_subject(Person.SUBJECT, _reads(Person), permission="register.read")
    files.GUARDS.append(archive.may_open)
    setup.register(archive.load_kinds)
    catalogues.register(archive_catalogue())
    sweeps.register(
        sweeps.Sweep(
            "visitors",
            _("particulars of visitors"),
            _("names, telephones and number plates of visitors who left long ago are erased"),
            tasks.erase_visitors,
            every=3600,
            preview=tasks.visitors_to_erase,
            workflow=GATE,
        )
    )


def _reads(model):
    def may_read(staff, pk):
        return model.objects.visible_to(staff, "register.read").filter(pk=pk).exists()

    return may_read


def archive_catalogue():
    """The kinds of document an office edits under Settings."""
    from residents.admin_forms import DocumentKindForm
    from residents.models import DocumentKind

    return catalogues.Catalogue(
        name="documents",
        # Translators: 檔案種類
        label=_("Kinds of document"),
        hint=_("What a household's archive must hold, of whom, and how long it is kept."),
        icon="archive",
        model=DocumentKind,
        form=DocumentKindForm,
        columns=(
            (_("needed of"), lambda row: row.get_needed_display() if row.needed else ""),
            (_("years kept"), lambda row: row.keep_years if row.keep_years is not None else _("for good")),
        ),
    )


def may_read_loan(staff, loan_id):
    """Who reads the keys may see who signed for one."""
    from residents.models import KeyLoan

    return KeyLoan.objects.visible_to(staff, "gate.read").filter(pk=loan_id).exists()
