import pytest
from django.utils import translation

from office import journal, places, search
from office.models import Event, Unit
from office.refusals import Refused, Stale
from tests import cast


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


def test_codes_sort_as_people_do():
    said = ["10-1-101", "2-1-1201", "2-1-301", "2-10-101", "三-1-1", "A-1", "1-1-1", "十二-1-1", "2-1-301A"]
    assert sorted(said, key=places.natural_key) == [
        "1-1-1", "2-1-301", "2-1-301A", "2-1-1201", "2-10-101", "三-1-1", "10-1-101", "十二-1-1", "A-1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "key"), [("3-2-1201", "321201"), ("3-12a", "312A"), ("３－２", "32"), ("車位 C-1", "车位C1")]
)
def test_code_key(code, key):
    assert places.code_key(code) == key


def test_add_and_edit_a_unit(estate, clerk, now):
    building = places.add_building(estate=estate, code="3", by=clerk, now=now)
    section = places.add_section(building=building, code="2", by=clerk, now=now)
    unit = places.add_unit(
        estate=estate, building=building, section=section, code="3-2-1201", by=clerk, now=now
    )
    assert search.only_hit(search.find([estate.pk], "321201")).subject_id == unit.pk
    changed = places.edit_unit(unit=unit, code="3-2-1202", floor="12", version=1, by=clerk, now=now)
    assert (changed.code_key, changed.version) == ("321202", 2)
    assert search.find([estate.pk], "321201") == []
    event = Event.objects.filter(unit_id=unit.pk).order_by("-id").first()
    assert journal.sentence(event) == "unit changed: code, floor"
    assert event.data["values"] == {"code": ["3-2-1201", "3-2-1202"], "floor": ["", "12"]}


def test_nothing_changed_writes_nothing(estate, clerk, now):
    unit = cast.make_unit(estate, "3-2-1201")
    places.edit_unit(unit=unit, code="3-2-1201", by=clerk, now=now)
    assert Unit.objects.get(pk=unit.pk).version == 1
    assert not Event.objects.filter(unit_id=unit.pk).exists()


def test_refusals(estate, elsewhere, clerk, now):
    unit = cast.make_unit(estate, "3-2-1201")
    with pytest.raises(Refused, match="already a unit 3-2-1201"):
        places.add_unit(estate=estate, building=unit.building, code="3-2-1201", by=clerk, now=now)
    with pytest.raises(Refused, match="already a building 3"):
        places.add_building(estate=estate, code="3", by=clerk, now=now)
    with pytest.raises(Refused, match="another estate"):
        places.add_unit(estate=elsewhere, building=unit.building, code="9", by=clerk, now=now)
    with pytest.raises(Stale):
        places.edit_unit(unit=unit, floor="2", version=7, by=clerk, now=now)


def test_without_its_journal_line_the_change_does_not_exist(estate, clerk, now, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError

    unit = cast.make_unit(estate, "3-2-1201")
    monkeypatch.setattr(places.journal, "record", broken)
    with pytest.raises(RuntimeError):
        places.edit_unit(unit=unit, floor="9", by=clerk, now=now)
    assert Unit.objects.get(pk=unit.pk).floor == ""
