"""The files archive of a household: what must be there, what is there, what is missing, who opened what."""

from datetime import date

import pytest
from django.urls import reverse
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from office import files
from office.models import AccessLog, Event, File
from office.refusals import Refused
from residents import actions, archive, papers
from residents.models import DocumentKind
from residents.reports import archive as reports
from tests.cast import NOW, client_of, make_person, make_staff, make_unit, occupy

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 12)


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def unit(estate):
    return make_unit(estate, "3-2-1201", handed_over_on=date(2025, 6, 1))


@pytest.fixture
def owner(estate, unit):
    person = make_person(estate, "張小明", "138 0013 8000")
    occupy(unit, person, since=date(2025, 6, 1))
    return person


def kind(estate, code):
    return DocumentKind.objects.get(estate=estate, code=code)


def upload(estate, by, name="scan.pdf", at=NOW):
    return files.store(
        data=b"%PDF-1.7 scan", name=name, content_type="application/pdf", estate=estate, by=by, now=at
    )


def file_it(unit, by, code, person=None, name="scan.pdf", at=NOW):
    row = upload(unit.estate, by, name, at)
    actions.file_document(
        unit=unit, kind=kind(unit.estate, code), person=person, file_ids=[row.pk], by=by, now=at
    )
    return File.objects.get(pk=row.pk)


def missing(unit, staff, day=TODAY):
    """What lacks by the archive's page, which is what lacks by the household page's card."""
    by_page, by_card = (
        [
            (need.kind.code, need.of.person.name if need.of else "", need.is_missing, len(need.files))
            for need in needs
        ]
        for needs in (reports.archive_of(unit, staff, day).needs, reports.needs_of(unit, staff, day))
    )
    assert by_page == by_card
    return [(code, name) for code, name, is_missing, _files in by_page if is_missing]


OWNER_PAPERS = ["PURCHASE", "NOTICE", "FORM", "COVENANT", "SERVICE", "FIRE"]


def test_nobody_owes_a_document_of_an_empty_unit(unit, clerk):
    assert missing(unit, clerk) == []


@pytest.mark.parametrize(
    ("role", "company", "codes"),
    [
        ("owner", False, ["ID-OWNER", *OWNER_PAPERS]),
        ("owner", True, ["PURCHASE", "COMPANY", *OWNER_PAPERS[1:]]),
        ("agent", False, ["PROXY", "ID-AGENT"]),
        ("tenant", False, ["LEASE", "ID-TENANT"]),
        ("member", False, []),
    ],
)
def test_what_must_be_there_follows_from_who_is_there(estate, unit, clerk, role, company, codes):
    person = make_person(estate, "某人", kind="company" if company else "person")
    occupy(unit, person, role=role, since=date(2025, 6, 1))
    assert [code for code, _who in missing(unit, clerk)] == codes


def test_each_person_brings_an_own_copy_the_contract_comes_once(estate, unit, owner, clerk):
    second = make_person(estate, "李四")
    unit.occupancies.update(share=50)
    occupy(unit, second, since=date(2025, 6, 1), share=50)
    file_it(unit, clerk, "ID-OWNER", owner)
    file_it(unit, clerk, "PURCHASE")
    lacks = missing(unit, clerk)
    assert ("ID-OWNER", "李四") in lacks
    assert ("ID-OWNER", "張小明") not in lacks
    assert not [code for code, _who in lacks if code == "PURCHASE"]


def test_an_identity_copy_counts_wherever_its_person_owns(estate, unit, owner, clerk):
    other = make_unit(estate, "3-2-1202")
    occupy(other, owner, since=date(2026, 1, 1))
    file_it(unit, clerk, "ID-OWNER", owner)
    assert "ID-OWNER" not in [code for code, _who in missing(other, clerk)]


def test_an_earlier_owners_contract_is_not_the_new_owners(estate, unit, owner, clerk, now):
    file_it(unit, clerk, "PURCHASE")
    actions.end_occupancy(occupancy=unit.occupancies.get(), until=date(2026, 3, 20), by=clerk, now=now)
    occupy(unit, make_person(estate, "李四"), since=date(2026, 3, 21))
    assert "PURCHASE" in [code for code, _who in missing(unit, clerk, date(2026, 3, 25))]


def test_the_office_edits_what_it_asks_for(unit, owner, clerk):
    DocumentKind.objects.filter(estate=unit.estate).exclude(code="FIRE").update(is_active=False)
    assert missing(unit, clerk) == [("FIRE", "")]


def test_filing_is_refused_with_a_sentence(estate, elsewhere, unit, owner, clerk, guard, lead, now):
    row, stranger = upload(estate, clerk), make_person(estate, "路人")

    def attempt(sentence, **values):
        given = {
            "unit": unit, "kind": kind(estate, "ID-OWNER"), "person": owner, "file_ids": [row.pk], "by": clerk, "now": now,
        } | values  # fmt: skip
        with pytest.raises(Refused, match=sentence):
            actions.file_document(**given)

    attempt("does not file", by=lead)
    attempt("not in use here", kind=kind(elsewhere, "ID-OWNER"))
    attempt("whose document", person=None)
    attempt("nothing to do with the unit", person=stranger)
    attempt("at least one file", file_ids=[])
    attempt("at least one file", file_ids=[upload(estate, lead).pk])  # somebody else's upload
    row.refresh_from_db()
    assert (row.subject_id, row.kind) == (None, "")


def test_filing_leaves_a_line_without_names(unit, owner, clerk):
    file_it(unit, clerk, "ID-OWNER", owner, name="張小明身份證.pdf")
    event = Event.objects.get(verb="archive.filed")
    assert (event.unit_id, event.data) == (
        unit.pk, {"kind": "業主身份證複印件", "files": 1, "person": owner.pk},
    )  # fmt: skip


def test_an_identity_copy_opens_only_to_who_may_reveal_numbers(unit, owner, clerk, lead, finance, stranger):
    paper = file_it(unit, clerk, "ID-OWNER", owner)
    contract = file_it(unit, clerk, "PURCHASE")
    address = reverse("office:file", args=[paper.pk])
    assert [client_of(one).get(address).status_code for one in (clerk, lead, finance, stranger)] == [
        200, 404, 404, 404,
    ]  # fmt: skip
    assert client_of(lead).get(reverse("office:file", args=[contract.pk])).status_code == 200
    page = client_of(lead).get(reverse("residents:archive_file", args=[paper.pk])).content.decode()
    assert "It shows an identity number" in page
    assert address not in page


def test_the_page_says_in_red_what_is_missing_and_where_to_add_it(unit, owner, clerk, lead):
    file_it(unit, clerk, "PURCHASE", name="contract.pdf")
    page = client_of(clerk).get(reverse("residents:archive", args=[unit.pk])).content.decode()
    assert "6 missing" in page
    assert "contract.pdf" in page
    add = kind(unit.estate, "ID-OWNER")
    assert f"?kind={add.pk}&amp;person={owner.pk}#file-form" in page
    assert 'capture="environment"' in page
    read_only = client_of(lead).get(reverse("residents:archive", args=[unit.pk])).content.decode()
    assert "6 missing" in read_only
    assert "#file-form" not in read_only


def test_a_document_is_filed_from_the_page(unit, owner, clerk):
    row = upload(unit.estate, clerk)
    data = {"kind": kind(unit.estate, "ID-OWNER").pk, "person": owner.pk, "file_ids": [row.pk]}
    browser, address = client_of(clerk), reverse("residents:archive_add", args=[unit.pk])
    assert browser.post(address, {**data, "person": ""}).status_code == 422
    assert browser.post(address, {**data, "file_ids": []}).status_code == 422
    assert browser.post(address, data).url == reverse("residents:archive", args=[unit.pk])
    row.refresh_from_db()
    assert (row.subject_kind, row.subject_id, row.unit_id, row.kind) == (
        "person",
        owner.pk,
        unit.pk,
        "ID-OWNER",
    )


def test_files_of_every_workflow_stand_there_each_behind_its_records_permission(
    unit, owner, clerk, admin, estate
):
    for subject, name in (("tickets.ticket", "kitchen.jpg"), ("residents.key_loan", "signature.png")):
        row = upload(estate, clerk, name)
        File.objects.filter(pk=row.pk).update(subject_kind=subject, subject_id=1, unit_id=unit.pk)
    address = reverse("residents:archive", args=[unit.pk])
    page = client_of(clerk).get(address).content.decode()
    assert "kitchen.jpg" in page
    assert "signature.png" in page
    page = client_of(admin).get(address).content.decode()  # reads the register, neither repairs nor keys
    assert "kitchen.jpg" not in page
    assert "signature.png" not in page


def test_who_opened_what_is_shown_to_supervisor_and_audit_alone(
    unit, owner, clerk, supervisor, auditor, lead
):
    paper = file_it(unit, clerk, "PURCHASE")
    client_of(clerk).get(reverse("office:file", args=[paper.pk]))
    address = reverse("residents:archive_file", args=[paper.pk])
    for one in (supervisor, auditor):
        page = client_of(one).get(address).content.decode()
        assert "Who opened it" in page
        assert clerk.name in page.split("Who opened it")[1]
    assert "Who opened it" not in client_of(lead).get(address).content.decode()
    heads = [
        [
            label
            for _key, label, *_rest in client_of(one)
            .get(reverse("residents:archive", args=[unit.pk]))
            .context["page"]
            .columns
        ]
        for one in (supervisor, lead)
    ]
    assert ["Opened" in head for head in heads] == [True, False]


def test_a_files_kind_is_said_later_and_a_file_is_taken_off(unit, owner, clerk, estate):
    row = upload(estate, clerk, "kitchen.jpg")
    File.objects.filter(pk=row.pk).update(subject_kind="tickets.ticket", subject_id=1, unit_id=unit.pk)
    row.refresh_from_db()
    actions.set_document_kind(file=row, kind=kind(estate, "PHOTO"), by=clerk, now=NOW)
    row.refresh_from_db()
    assert row.kind == "PHOTO"
    with pytest.raises(Refused, match="of one person"):
        actions.set_document_kind(file=row, kind=kind(estate, "ID-OWNER"), by=clerk, now=NOW)
    with pytest.raises(Refused, match="another record"):
        actions.remove_document(file=row, by=clerk, now=NOW)
    paper = file_it(unit, clerk, "PURCHASE")
    client_of(clerk).post(reverse("residents:archive_remove", args=[paper.pk]))
    paper.refresh_from_db()
    assert paper.removed_at is not None
    assert "PURCHASE" in [code for code, _who in missing(unit, clerk)]


def test_the_list_prints_with_a_line_in_the_access_log(unit, owner, clerk):
    file_it(unit, clerk, "PURCHASE")
    answer = client_of(clerk).get(reverse("residents:archive_pdf", args=[unit.pk]))
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.content[:5] == b"%PDF-"
    line = AccessLog.objects.get(what="export")
    assert (line.subject_kind, line.subject_id, line.detail["count"]) == ("unit", unit.pk, 1)


def test_the_household_page_counts_what_is_missing_once_something_is_filed(unit, owner, clerk, guard, now):
    calm = reports.card(unit, staff=clerk, now=now)
    assert calm.count is None
    assert [(line.text, line.state) for line in calm.lines] == [("None of 7 documents is filed yet.", ())]
    file_it(unit, clerk, "PURCHASE")
    card = reports.card(unit, staff=clerk, now=now)
    assert (card.count, len(card.lines)) == (6, 5)
    assert card.lines[0].state[1] == "late"
    assert card.all_url == reverse("residents:archive", args=[unit.pk])
    assert reports.card(unit, staff=guard, now=now) is None


def test_queries_do_not_grow_with_files(unit, owner, clerk, supervisor, django_assert_max_num_queries):
    file_it(unit, clerk, "PURCHASE")
    browser, address = client_of(supervisor), reverse("residents:archive", args=[unit.pk])
    browser.get(address)
    with django_assert_max_num_queries(14) as first:
        browser.get(address)
    for n in range(5):
        file_it(unit, clerk, "LETTER", name=f"{n}.pdf")
    with django_assert_max_num_queries(len(first.captured_queries)):
        browser.get(address)


@given(st.dates(date(2000, 1, 1), date(2090, 1, 1)), st.integers(0, 60))
def test_the_last_day_is_the_same_date_years_on(start, years):
    end = archive.years_after(start, years)
    assert (end.year, end.month) == (start.year + years, start.month)
    assert start.day - end.day in (0, 1)


@pytest.mark.parametrize(
    ("years", "left", "persons", "text"),
    [
        (None, None, False, "for good"),
        (5, None, False, "2031-03-12"),
        (5, None, True, "5 years after leaving"),
        (5, date(2024, 2, 29), True, "2029-02-28"),
    ],
)
def test_until_when_a_document_is_kept(years, left, persons, text):
    assert papers.kept_text("kind", years, TODAY, left, persons) == text


def test_new_estates_have_the_kinds_of_the_book_and_keep_what_was_edited(estate):
    assert DocumentKind.objects.filter(estate=estate).count() == len(archive.KINDS)
    DocumentKind.objects.filter(estate=estate, code="FIRE").update(name_en="ours")
    archive.load_kinds(estate)
    assert kind(estate, "FIRE").name_en == "ours"


def test_a_stranger_finds_nothing(unit, owner, clerk, elsewhere):
    other = make_staff("other", (elsewhere, "clerk"))
    paper = file_it(unit, clerk, "PURCHASE")
    for name, pk in (("archive", unit.pk), ("archive_pdf", unit.pk), ("archive_file", paper.pk)):
        assert client_of(other).get(reverse(f"residents:{name}", args=[pk])).status_code == 404
