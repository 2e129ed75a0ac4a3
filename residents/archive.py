"""戶檔案, the files archive of a household: what must be there, what is there, how long it is kept (SPEC §3.8, §10).

A file belongs to the unit or to a person; a person's identity copy counts wherever that person owns or lives.
"""

from dataclasses import dataclass

from office.models import Estate, File
from residents.models import DocumentKind, Occupancy

UNIT, PERSON = "unit", "person"
_N = DocumentKind.Needed
# code, zh-Hant, zh-Hans, en, needed of, one of each person, identity, years kept (SPEC §3.2, §3.8)
KINDS = [
    ("ID-OWNER", "業主身份證複印件", "业主身份证复印件", "copy of the owner's identity card", _N.OWNER_PERSON, True, True, 5),
    ("PURCHASE", "購房合同", "购房合同", "purchase contract", _N.OWNER, False, False, None),
    ("COMPANY", "單位證明", "单位证明", "company certificate", _N.OWNER_COMPANY, True, False, 5),
    ("NOTICE", "入住通知書", "入住通知书", "move-in notice", _N.OWNER, False, False, 5),
    ("FORM", "住戶登記表", "住户登记表", "registration form", _N.OWNER, False, False, 5),
    ("COVENANT", "業主管理規約", "业主管理规约", "management covenant", _N.OWNER, False, False, 10),
    ("SERVICE", "前期物業管理協議", "前期物业管理协议", "preliminary service agreement", _N.OWNER, False, False, 10),
    ("FIRE", "防火責任書", "防火责任书", "fire-safety undertaking", _N.OWNER, False, False, 10),
    ("PROXY", "委託書", "委托书", "power of attorney", _N.AGENT, True, False, 5),
    ("ID-AGENT", "受委託人身份證複印件", "受委托人身份证复印件", "copy of the agent's identity card", _N.AGENT, True, True, 5),
    ("LEASE", "租賃合同", "租赁合同", "lease", _N.TENANT, True, False, 5),
    ("ID-TENANT", "租戶身份證複印件", "租户身份证复印件", "copy of the tenant's identity card", _N.TENANT, True, True, 2),
    ("MEMBERS", "家庭住戶成員登記表", "家庭住户成员登记表", "household members' form", "", False, False, 5),
    ("MANDATE", "銀行委託協議", "银行委托协议", "bank mandate", "", False, False, 5),
    ("INSPECT", "房屋質量驗收登記表", "房屋质量验收登记表", "inspection sheet", "", False, False, 10),
    ("HANDOVER", "驗房交接表", "验房交接表", "handover sheet", "", False, False, None),
    ("LETTER", "往來函件", "往来函件", "letter", "", False, False, 5),
    ("PHOTO", "現場照片", "现场照片", "photo of the place", "", False, False, 5),
    ("OTHER", "其他", "其他", "other", "", False, False, 5),
]  # fmt: skip


def load_kinds(estate: Estate):
    """Add what is missing by code; what the office changed stays."""
    there = set(DocumentKind.objects.filter(estate=estate).values_list("code", flat=True))
    DocumentKind.objects.bulk_create(
        DocumentKind(
            estate=estate, code=code, name_zh_hant=hant, name_zh_hans=hans, name_en=english, needed=needed,
            per_person=each, is_identity=identity, keep_years=years, position=10 * place,
        )
        for place, (code, hant, hans, english, needed, each, identity, years) in enumerate(KINDS, start=1)
        if code not in there
    )  # fmt: skip


def may_open(staff, file):
    """Whatever it hangs on: a file that shows an identity number opens to who may reveal numbers."""
    if not file.kind or staff.may("register.reveal", file.estate_id):
        return True
    return not DocumentKind.objects.filter(
        estate_id=file.estate_id, code=file.kind, is_identity=True
    ).exists()


@dataclass(frozen=True)
class Need:
    """One document that must be there: its kind, whose it is (an Occupancy), the files that are it."""

    kind: DocumentKind
    of: Occupancy | None
    files: tuple

    @property
    def is_missing(self):
        return not self.files


def causes(kind, occupancies):
    """Those of today's occupancies that make `kind` necessary."""
    role, company = Occupancy.Role, "company"
    wanted = {
        _N.OWNER: lambda one: one.role == role.OWNER,
        _N.OWNER_PERSON: lambda one: one.role == role.OWNER and one.person.kind != company,
        _N.OWNER_COMPANY: lambda one: one.role == role.OWNER and one.person.kind == company,
        _N.AGENT: lambda one: one.role == role.AGENT,
        _N.TENANT: lambda one: one.role == role.TENANT,
    }.get(kind.needed)
    return [one for one in occupancies if wanted(one)] if wanted else []


def needs(kinds, occupancies, files):
    """What must be there for these people, each with the files that answer it. No query.

    A document of the unit that owners bring was brought by these owners: one filed before the first of them came
    is an earlier owner's and does not count.
    """
    found = []
    for kind in kinds:
        if not kind.is_active:
            continue
        because = causes(kind, occupancies)
        mine = [file for file in files if file.kind == kind.code]
        if kind.per_person:
            for one in because:
                theirs = [f for f in mine if f.subject_kind == PERSON and f.subject_id == one.person_id]
                found.append(Need(kind, one, tuple(theirs)))
        elif because:
            since = min(one.period.lower for one in because)
            found.append(Need(kind, None, tuple(f for f in mine if f.uploaded_at.date() >= since)))
    return found


def years_after(start, years):
    """The same date so many years on; of 29 February the 28th where there is none."""
    try:
        return start.replace(year=start.year + years)
    except ValueError:
        return start.replace(year=start.year + years, day=28)


def files_of(unit, staff, person_ids):
    """Every file of every workflow at `unit` whose record `staff` may read, and its people's own."""
    from django.db.models import Q

    from office import files

    theirs = Q(subject_kind=PERSON, subject_id__in=list(person_ids))
    here = Q(unit_id=unit.pk) | Q(subject_kind=UNIT, subject_id=unit.pk) | theirs
    kinds = files.kinds_for(staff, unit.estate_id)
    return File.objects.filter(
        here,
        estate_id=unit.estate_id,
        removed_at__isnull=True,
        subject_kind__in=kinds,
        subject_id__isnull=False,
    )
