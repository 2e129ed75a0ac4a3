"""A file on its way into the register: checked, mended, brought in, rolled back (SPEC §14; UX G6)."""

import io
import json
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from office import jobs, places, sweeps, workbooks
from office.imports import checking, intake, workbook
from office.imports.sheets import SHEETS
from office.models import Event, File, Import, ImportRow, ImportWrite, Job, SearchKey, Unit
from office.refusals import Refused
from residents import actions
from residents.models import Occupancy, Person, Phone
from tests import cast, imported
from tests.imported import applied, checked, counts, rolled_back

HEAD = "Building,Section,Unit,Floor,Area (m²),Handed over on,Owners,Telephone"
GOOD = ["3,2,1201,12,89.5,2020-06-01,張小明,13800138000", "3,2,1202,12,91,2020-06-02,李四、王五,13900139000"]
BAD = "3,2,1203,12,ninety,2020-13-01,趙六,13700137000"
REGISTER = (Unit, Person, Phone, Occupancy)

pytestmark = pytest.mark.django_db


def register():
    """Everything the register holds, to be compared before and after."""
    return [list(model.objects.order_by("pk").values()) for model in REGISTER]


def keys():
    rows = SearchKey.objects.filter(subject_kind__in=["unit", "person"])
    return set(rows.values_list("subject_kind", "subject_id", "kind", "key"))


def errors_of(batch):
    return {
        row.number: [(error["cell"], error["column"]) for error in row.errors]
        for row in batch.rows.filter(outcome="error").order_by("number")
    }


# --- the check ---------------------------------------------------------------------------------------------


def test_a_check_says_every_error_of_every_row_at_its_cell_and_writes_nothing(estate, admin):
    before = register()
    batch = checked(estate, admin, [HEAD, *GOOD, BAD, "3,2,,12,x,,,"], "units")
    assert batch.state == "checked" and batch.job.state == "done"
    assert counts(batch) == {"create": 2, "error": 2}
    assert errors_of(batch) == {
        4: [("E4", "area"), ("F4", "handed_over_on")],
        5: [("C5", "room"), ("E5", "area")],
    }
    assert all(error["reason"] for row in batch.rows.filter(outcome="error") for error in row.errors)
    assert register() == before


def test_progress_is_counted_in_rows_of_the_file(estate, admin):
    batch = checked(estate, admin, [HEAD, *GOOD], "units")
    assert (batch.job.done, batch.job.total, batch.job.failed) == (2, 2, 0)


def test_the_same_file_twice_changes_nothing(estate, admin):
    applied(checked(estate, admin, [HEAD, *GOOD], "units"), admin)
    before = register()
    again = checked(estate, admin, [HEAD, *GOOD], "units")
    assert counts(again) == {"unchanged": 2}
    assert not again.writes.exists()
    with pytest.raises(Refused, match="nothing to write"):
        intake.apply(batch=again, all_rows=False, by=admin, now=timezone.now())
    assert register() == before


def test_a_changed_cell_is_the_only_thing_that_changes(estate, admin):
    applied(checked(estate, admin, [HEAD, *GOOD], "units"), admin)
    changed = checked(estate, admin, [HEAD, GOOD[0].replace("89.5", "98.5"), GOOD[1]], "units")
    assert counts(changed) == {"update": 1, "unchanged": 1}
    write = changed.writes.get()
    assert (write.before["area"], write.values["area"]) == ("89.5", "98.5")
    applied(changed, admin)
    unit = Unit.objects.get(code="3-2-1201")
    assert (str(unit.area), unit.version, unit.floor) == ("98.50", 2, "12")


def test_an_empty_cell_takes_nothing_away(estate, admin):
    applied(checked(estate, admin, [HEAD, *GOOD], "units"), admin)
    assert counts(checked(estate, admin, ["Building,Section,Unit,Floor", "3,2,1201,"], "units")) == {
        "unchanged": 1
    }


# --- brought in --------------------------------------------------------------------------------------------


def test_valid_rows_come_in_and_wrong_ones_stay_out(estate, admin):
    batch = applied(checked(estate, admin, [HEAD, *GOOD, BAD], "units"), admin)
    assert batch.state == "applied" and batch.job.state == "done"
    assert list(Unit.objects.values_list("code", flat=True)) == ["3-2-1201", "3-2-1202"]
    shares = Occupancy.objects.order_by("unit__code", "pk").values_list("person__name", "share")
    assert [(name, float(share)) for name, share in shares] == [("張小明", 100), ("李四", 50), ("王五", 50)]
    assert Phone.objects.get(person__name="張小明").digits == "8613800138000"


def test_all_or_nothing_is_nothing_while_a_row_is_wrong(estate, admin):
    batch = checked(estate, admin, [HEAD, *GOOD, BAD], "units")
    with pytest.raises(Refused, match="rows with errors"):
        intake.apply(batch=batch, all_rows=True, by=admin, now=timezone.now())
    intake.leave_out(batch=batch, row=batch.rows.get(outcome="error"), by=admin, now=timezone.now())
    batch = applied(batch, admin, all_rows=True)
    assert batch.state == "applied" and Unit.objects.count() == 2


def test_what_comes_in_is_found_by_search_and_stands_in_the_journal(estate, admin):
    from office import search

    batch = applied(checked(estate, admin, [HEAD, *GOOD], "units"), admin)
    person = Person.objects.get(name="張小明")
    hits = {(hit.subject_kind, hit.subject_id) for hit in search.find([estate.pk], "13800138000")}
    assert ("person", person.pk) in hits
    wanted = search.keys_of_name("張小明")
    assert wanted <= {key[2:] for key in keys() if key[:2] == ("person", person.pk)}
    unit = Unit.objects.get(code="3-2-1201")
    verbs = Event.objects.filter(unit_id=unit.pk).order_by("pk").values_list("verb", "data__import")
    assert list(verbs) == [("unit.added", batch.pk), ("occupancy.started", batch.pk)]
    assert Event.objects.get(verb="import.applied").data["create"] == 2
    assert "張小明" not in json.dumps(
        list(Event.objects.values_list("data", "subject_text")), ensure_ascii=False
    )


def test_a_building_whose_only_rows_are_wrong_is_not_made(estate, admin):
    lines = [HEAD, GOOD[0], "9,1,901,9,abc,,,"]
    applied(checked(estate, admin, lines, "units"), admin)
    assert list(estate.buildings.values_list("code", flat=True)) == ["3"]


def test_a_register_that_changed_since_the_check_is_compared_again_before_anything_is_written(estate, admin):
    batch = checked(estate, admin, [HEAD, *GOOD], "units")
    building = cast.make_building(estate, "3")
    places.add_unit(estate=estate, building=building, code="3-2-1201", by=admin, now=timezone.now())
    batch = applied(batch, admin)
    assert batch.state == "checked" and batch.job.state == "failed"
    assert "changed since" in batch.job.error
    assert counts(batch) == {"create": 1, "update": 1}
    assert Unit.objects.count() == 1
    assert applied(batch, admin).state == "applied" and Unit.objects.count() == 2


def test_a_change_elsewhere_that_makes_no_difference_does_not_stop_it(estate, admin):
    batch = checked(estate, admin, [HEAD, *GOOD], "units")
    actions.add_person(estate=estate, name="別人", by=admin, now=timezone.now())
    assert applied(batch, admin).state == "applied"


def test_the_databases_constraints_have_the_last_word(estate, admin):
    """What slips past the comparison is refused whole, in a sentence."""
    batch = checked(estate, admin, [HEAD, *GOOD], "units")
    cast.make_unit(estate, "3-2-1202")  # by no action: the journal does not speak of it
    batch = applied(batch, admin)
    assert batch.job.state == "failed" and "nothing was written" in batch.job.error
    assert (Unit.objects.count(), Person.objects.count()) == (1, 0)


def test_an_applied_import_is_not_applied_again(estate, admin):
    batch = applied(checked(estate, admin, [HEAD, *GOOD], "units"), admin)
    job = jobs.start(
        intake.WORK["apply"],
        title="again",
        estate=estate,
        by=admin,
        args={"import": batch.pk},
        now=timezone.now(),
    )
    imported.work()
    job.refresh_from_db()
    assert job.state == "failed" and "already" in job.error
    assert Unit.objects.count() == 2


def test_only_one_work_at_a_time(estate, admin):
    batch = checked(estate, admin, [HEAD, *GOOD], "units")
    intake.apply(batch=batch, all_rows=False, by=admin, now=timezone.now())
    with pytest.raises(Refused, match="under way"):
        intake.check_again(batch=batch, by=admin, now=timezone.now())
    imported.work()


# --- rolled back -------------------------------------------------------------------------------------------


def test_rolling_back_leaves_the_register_as_it_was(estate, admin):
    applied(checked(estate, admin, [HEAD, GOOD[0]], "units"), admin)
    before, found = register(), keys()
    lines = [HEAD, GOOD[0].replace("89.5", "98.5").replace("13800138000", "13800138000/13600136000"), GOOD[1]]
    batch = applied(checked(estate, admin, lines, "units"), admin)
    assert register() != before
    batch = rolled_back(batch, admin)
    assert batch.state == "rolled_back", batch.job.error
    assert register() == before and keys() == found
    said = Event.objects.filter(verb__in=["import.taken_out", "import.put_back", "import.rolled_back"])
    assert set(said.values_list("verb", flat=True)) == {
        "import.taken_out",
        "import.put_back",
        "import.rolled_back",
    }


@pytest.mark.parametrize("touch", ["changed", "referred to", "a file hangs on it", "gone"])
def test_what_was_touched_since_keeps_the_whole_import(estate, admin, touch):
    batch = applied(checked(estate, admin, [HEAD, *GOOD], "units"), admin)
    unit, now = Unit.objects.get(code="3-2-1201"), timezone.now()
    if touch == "changed":
        places.edit_unit(unit=unit, note="dog", by=admin, now=now)
    elif touch == "referred to":
        person = actions.add_person(estate=estate, name="租客", by=admin, now=now)
        actions.start_occupancy(unit=unit, person=person, role="tenant", since=now.date(), by=admin, now=now)
    elif touch == "gone":
        Phone.objects.filter(person__name="張小明").delete()
    else:
        File.objects.create(
            estate=estate, name="x", size=1, sha256="x", uploaded_at=now, upload_key="x", subject_kind="unit",
            subject_id=unit.pk,
        )  # fmt: skip
    before = register()
    batch = rolled_back(batch, admin)
    assert batch.state == "applied" and batch.job.state == "failed"
    assert len(batch.touched) == 1 and batch.touched[0]["why"]
    if touch != "gone":
        assert batch.touched[0]["text"] == "3-2-1201"
    assert register() == before


def test_two_imports_that_build_on_each_other_go_back_in_reverse(estate, admin):
    first = applied(checked(estate, admin, [HEAD, GOOD[0]], "units"), admin)
    second = applied(checked(estate, admin, [HEAD, GOOD[1]], "units"), admin)
    assert rolled_back(first, admin).state == "applied"  # its building is the second one's too
    assert rolled_back(second, admin).state == "rolled_back"
    assert rolled_back(first, admin).state == "rolled_back"
    assert register() == [[], [], [], []] and keys() == set()


# --- mended in the grid ------------------------------------------------------------------------------------


def test_a_mended_row_is_checked_alone_beside_the_others(estate, admin):
    batch = checked(estate, admin, [HEAD, *GOOD, BAD], "units")
    row, others = batch.rows.get(outcome="error"), list(batch.writes.values_list("pk", flat=True))
    cells = {row.pk: {"area": "90", "handed_over_on": "2020-12-01"}}
    assert intake.mend(batch=batch, cells=cells, by=admin, now=timezone.now()) == (1, 0)
    batch = imported.again(batch)
    assert counts(batch) == {"create": 3}
    assert list(batch.writes.filter(pk__in=others).values_list("pk", flat=True)) == others
    assert applied(batch, admin, all_rows=True).state == "applied"
    unit = Unit.objects.get(code="3-2-1203")
    assert (str(unit.area), unit.building.units.count()) == ("90.00", 3)


def test_when_the_last_error_is_mended_every_row_is_shown(estate, admin, client):
    client.force_login(admin)
    batch = checked(estate, admin, [HEAD, *GOOD, BAD], "units")
    row = batch.rows.get(outcome="error")
    address = reverse("office:import", args=[batch.pk]) + "?rows=error"
    errors = reverse("office:import_errors", args=[batch.pk])
    before = client.get(address)
    assert (before.context["shown"], len(before.context["grid"])) == ("error", 1)
    assert errors in before.content.decode()
    cells = {row.pk: {"area": "90", "handed_over_on": "2020-12-01"}}
    intake.mend(batch=batch, cells=cells, by=admin, now=timezone.now())
    after = client.get(address)
    assert (after.context["shown"], len(after.context["grid"])) == ("", 3)
    assert errors not in after.content.decode()  # a workbook of no rows would be refused


def test_all_proposals_are_taken_at_once(estate, admin):
    batch = checked(
        estate,
        admin,
        [HEAD, *GOOD, GOOD[0].replace("1201", "1204").replace("2020-06-01", "2020-13-01")],
        "units",
    )
    proposed = [error["proposed"] for row in batch.rows.filter(outcome="error") for error in row.errors]
    assert proposed == ["2020-01-13"]
    assert intake.take_proposals(batch=batch, by=admin, now=timezone.now()) == (None, (1, 0))
    assert counts(imported.again(batch)) == {"create": 3}


def test_many_proposals_are_long_work(estate, admin, monkeypatch):
    monkeypatch.setattr(intake, "AT_ONCE", 1)
    lines = [f"3,2,13{n:02d},12,80,2020-13-{n + 1:02d},," for n in range(3)]
    batch = checked(estate, admin, [HEAD, *lines], "units")
    job, _result = intake.take_proposals(batch=batch, by=admin, now=timezone.now())
    imported.work()
    job.refresh_from_db()
    assert (job.state, job.done) == ("done", 3)
    assert counts(imported.again(batch)) == {"create": 3}


def test_a_row_left_out_comes_back(estate, admin):
    batch = checked(estate, admin, [HEAD, *GOOD, BAD], "units")
    row = batch.rows.get(outcome="error")
    intake.leave_out(batch=batch, row=row, by=admin, now=timezone.now())
    assert counts(imported.again(batch)) == {"create": 2, "left_out": 1}
    intake.check_again(batch=batch, by=admin, now=timezone.now())
    imported.work()
    assert counts(imported.again(batch)) == {"create": 2, "left_out": 1}
    intake.put_back(batch=batch, row=row, by=admin, now=timezone.now())
    assert counts(imported.again(batch)) == {"create": 2, "error": 1}


def test_a_grid_that_is_out_of_date_is_refused(estate, admin):
    batch = checked(estate, admin, [HEAD, BAD], "units")
    row = batch.rows.get()
    with pytest.raises(Refused):
        intake.mend(
            batch=batch, cells={row.pk: {"area": "90"}}, versions={row.pk: 9}, by=admin, now=timezone.now()
        )


def test_the_workbook_of_wrong_rows_comes_in_again(estate, admin, tmp_path):
    batch = checked(estate, admin, [HEAD, *GOOD, BAD, "3,2,1204,12,80,2020-06-01,=cmd(),"], "units")
    path = tmp_path / "errors.xlsx"
    path.write_bytes(workbook.of_errors(batch, SHEETS["units"]).read())
    (sheet,) = workbooks.read(path)
    assert len(sheet.rows) == 1 + counts(batch)["error"]
    assert sheet.rows[0][-1] == "Reason" and "E4" in sheet.rows[1][-1]
    again = intake.receive(
        content=io.BytesIO(path.read_bytes()), name="errors.xlsx", estate=estate, by=admin, now=timezone.now()
    )
    assert again.previews[0]["guess"] == "units"
    again = intake.choose(
        batch=again,
        source=again.previews[0]["name"],
        sheet="units",
        header_row=0,
        by=admin,
        now=timezone.now(),
    )
    assert set(again.matching) == set(batch.matching)


# --- identity numbers --------------------------------------------------------------------------------------


def test_identity_numbers_are_staged_sealed_and_shown_masked(estate, admin, client):
    number = "11010519491231002X"
    batch = checked(estate, admin, ["Name,identity number,Telephone", f"張小明,{number},abc"], "people")
    assert counts(batch) == {"error": 1}
    staged = json.dumps([batch.previews, list(batch.rows.values()), list(batch.writes.values())], default=str)
    assert number not in staged
    client.force_login(admin)
    page = client.get(reverse("office:import", args=[batch.pk])).content.decode()
    assert number not in page and "002X" in page
    row = batch.rows.get()
    masked = page.split(f'name="cell-{row.pk}-identity" value="')[1].split('"')[0]
    cells = {row.pk: {"identity": masked, "phone": "13800138000"}}
    assert intake.mend(batch=batch, cells=cells, by=admin, now=timezone.now()) == (1, 0)
    applied(batch, admin)
    from office import identity

    person = Person.objects.get()
    assert identity.unseal(person.identity_sealed, pk=person.pk) == number


@pytest.mark.parametrize(
    ("cell", "kept"),
    [
        ("11010519491231002X", "•••••002X"),
        (110105194912310000, "•••••0000"),
        (1.1010519491231e17, "•••••0000"),
        ("證件:Z683365(5)", "證件:•••••5(5)"),
        ("13800138000", "13800138000"),
        ("3-2-1201", "3-2-1201"),
        (89.5, 89.5),
    ],
)
def test_the_first_rows_are_kept_without_identity_numbers(cell, kept):
    assert checking.sampled(cell) == kept


# --- matching ----------------------------------------------------------------------------------------------


def test_a_matching_is_remembered_for_the_same_columns_of_the_same_estate(estate, elsewhere, admin):
    lines = ["Wohnung,Flaeche", "3-1201,80"]
    batch = imported.sent(estate, admin, lines, "units")
    assert batch.matching == {}
    intake.match(batch=batch, columns={"room": 0, "area": 1}, by=admin, now=timezone.now())
    imported.work()
    assert counts(imported.again(batch)) == {"create": 1}
    assert imported.sent(estate, admin, lines, "units").matching == {"room": 0, "area": 1}
    assert imported.sent(elsewhere, admin, lines, "units").matching == {}


@pytest.mark.parametrize("columns", [{}, {"area": 1}, {"room": 99}, {"room": 0, "area": 0}])
def test_columns_that_cannot_be_are_refused(estate, admin, columns):
    batch = imported.sent(estate, admin, ["Unit,Area", "3-1201,80"], "units")
    with pytest.raises(Refused):
        intake.match(batch=batch, columns=columns, by=admin, now=timezone.now())


# --- the database's own rules ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "broken",
    [
        lambda batch: Import.objects.filter(pk=batch.pk).update(applied_at=timezone.now()),
        lambda batch: Import.objects.filter(pk=batch.pk).update(state="applied"),
        lambda batch: Import.objects.filter(pk=batch.pk).update(state="rolled_back"),
        lambda batch: Import.objects.filter(pk=batch.pk).update(checked_at=None),
        lambda batch: ImportRow.objects.filter(batch=batch, outcome="error").update(errors=[]),
        lambda batch: ImportRow.objects.filter(batch=batch, outcome="create").update(
            errors=[{"column": "x"}]
        ),
        lambda batch: ImportRow.objects.filter(batch=batch).update(number=1),
        lambda batch: ImportWrite.objects.filter(batch=batch, action="create").update(action="update"),
    ],
)
def test_the_database_refuses(estate, admin, broken):
    batch = checked(estate, admin, [HEAD, *GOOD, BAD], "units")
    with pytest.raises(IntegrityError), transaction.atomic():
        broken(batch)


# --- pages -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["sent", "chosen", "busy", "checked", "applied", "rolled back", "swept"])
def test_every_step_has_a_page_in_every_state(estate, admin, client, state):
    batch = imported.sent(estate, admin, [HEAD, *GOOD, BAD], "units")
    if state == "sent":
        Import.objects.filter(pk=batch.pk).update(source="", sheet="")
    if state not in ("sent", "chosen"):
        intake.match(batch=batch, columns=batch.matching, by=admin, now=timezone.now())
    if state not in ("sent", "chosen", "busy"):
        imported.work()
    if state in ("applied", "rolled back", "swept"):
        applied(batch, admin)
    if state == "rolled back":
        rolled_back(batch, admin)
    if state == "swept":
        sweeps.run("imports", timezone.now() + intake.KEPT + timedelta(days=1))
    client.force_login(admin)
    address = reverse("office:import", args=[batch.pk])
    for query in ("", "?rows=all", "?rows=create", "?rows=x", "?after=99999", "?step=sheet", "?step=columns",
                  "?step=sheet&source=none"):  # fmt: skip
        answer = client.get(address + query)
        assert answer.status_code == 200
        assert b"roster.csv" in answer.content
    fragment = client.get(address, headers={"HX-Request": "true"})
    assert fragment.status_code == 200 and ("HX-Refresh" in fragment.headers) == (state != "busy")


def test_the_grid_asks_the_same_questions_for_one_row_and_for_twenty(estate, admin, client):
    client.force_login(admin)
    asked = []
    for count in (1, 20):
        lines = [f"3,2,13{n:02d},12,x,,," for n in range(count)]
        batch = checked(estate, admin, [HEAD, *lines], "units")
        address = reverse("office:import", args=[batch.pk])
        client.get(address)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(address)
        asked.append(len(queries))
    assert asked[0] == asked[1]


def test_a_check_asks_the_register_once_for_a_batch_of_rows(estate, admin):
    """Not per row: ten rows and a hundred, the same number of questions but for keys fetched by the five hundred."""
    asked = []
    for count in (10, 100):
        lines = [f"{count},2,{n + 1},12,80,,甲{n},138{count:03d}{n:05d}" for n in range(count)]
        batch = imported.sent(estate, admin, [HEAD, *lines], "units")
        intake.match(batch=batch, columns=batch.matching, by=admin, now=timezone.now())
        with CaptureQueriesContext(connection) as queries:
            imported.work()
        assert counts(imported.again(batch)) == {"create": count}
        asked.append(len(queries))
    assert asked[1] <= asked[0] + 5


@pytest.mark.parametrize(
    "data", [b"", b"PK\x03\x04garbage", b"%PDF-1.4", b"\x89PNG\r\n\x1a\n", b"\xff\xfe\x00\xd8\x00"]
)
def test_a_file_that_is_no_table_is_refused_in_a_sentence(estate, admin, client, data):
    client.force_login(admin)
    file = io.BytesIO(data)
    file.name = "x.xlsx"
    answer = client.post(reverse("office:import_new"), {"file": file})
    assert answer.status_code == 422
    assert b'role="alert"' in answer.content
    assert not Import.objects.exists() and not File.objects.exists()


def test_a_form_sent_twice_makes_one_import(estate, admin, client):
    client.force_login(admin)
    address, key = reverse("office:import_new"), "5d1c3a52-6f0e-4b3a-8c5e-3f6a5a0f6c11"
    places_ = {
        client.post(address, {"file": imported.file_of([HEAD, *GOOD]), "form_key": key}).headers["Location"]
        for _time in range(2)
    }
    assert len(places_) == 1 and Import.objects.count() == 1


def test_of_another_estate_nothing_is_there(estate, admin, stranger, client):
    batch = checked(estate, admin, [HEAD, BAD], "units")
    client.force_login(stranger)
    row = batch.rows.get()
    assert client.get(reverse("office:import", args=[batch.pk])).status_code == 404
    assert client.post(reverse("office:import_leave", args=[batch.pk, row.pk])).status_code == 404
    mine = checked(stranger.postings.first().estate, stranger, [HEAD, BAD], "units")
    cross = client.post(reverse("office:import_mend", args=[mine.pk]), {f"cell-{row.pk}-area": "90"})
    assert cross.status_code == 409
    row.refresh_from_db()
    assert row.outcome == "error"


# --- cancelled, killed, swept ------------------------------------------------------------------------------


def test_a_cancelled_work_leaves_the_import_as_it_was(estate, admin):
    batch = checked(estate, admin, [HEAD, *GOOD], "units")
    job = intake.apply(batch=batch, all_rows=False, by=admin, now=timezone.now())
    Job.objects.filter(pk=job.pk).update(cancel_requested=True)
    imported.work()
    batch = imported.again(batch)
    assert (batch.state, batch.job.state) == ("checked", "cancelled") and not Unit.objects.exists()
    assert applied(batch, admin).state == "applied"


def test_files_and_rows_go_when_their_time_is_over(estate, admin):
    batch = applied(checked(estate, admin, [HEAD, *GOOD], "units"), admin)
    path = batch.file.content.path
    sweeps.run("imports", timezone.now() + intake.KEPT - timedelta(days=1))
    assert imported.again(batch).file_id
    sweeps.run("imports", timezone.now() + intake.KEPT + timedelta(days=1))
    batch = imported.again(batch)
    assert batch.file_id is None and batch.swept_at
    assert not batch.rows.exists() and not batch.writes.exists()
    import os

    assert not os.path.exists(path)
    assert Unit.objects.count() == 2
    with pytest.raises(Refused):
        intake.roll_back(batch=batch, by=admin, now=timezone.now())
