"""What people type against what they mean (SPEC §2, UX G1)."""

import pytest
from django.core.management import CommandError, call_command

from office import phones, search
from office.management.commands import reindex
from office.models import SearchKey
from tests import cast

PEOPLE = {
    "zhang": ("張小明", "", "13800138000"),
    "zeng": ("曾鑫", "", "+852 9123 4567"),
    "chan": ("陳大文", "Chan Tai Man", "0755-26712345"),
    "ouyang": ("歐陽靜", "", ""),
    "lv": ("吕美麗", "", "13911112222"),
    "zhai": ("翟榮", "", ""),
    "wei": ("衞詩雅", "", ""),
    "company": ("深圳恆泰物業有限公司", "Hang Tai Property Ltd", "26719999"),
}
UNITS = ["3-2-1201", "3-1-1201", "32-1-201", "3-12A", "1-1-1011", "車位C0001", "P-007", "十二座-301"]

TABLE = [
    # telephone: whole, spaced, with country, last digits
    ("13800138000", "zhang"),
    ("138 0013 8000", "zhang"),
    ("138-0013-8000", "zhang"),
    ("+86 138 0013 8000", "zhang"),
    ("0086 13800138000", "zhang"),
    ("8613800138000", "zhang"),
    ("1380013", "zhang"),
    ("8000", "zhang"),
    ("38000", "zhang"),
    ("１３８００１３８０００", "zhang"),
    ("(852) 9123 4567", "zeng"),
    ("91234567", "zeng"),
    ("4567", "zeng"),
    ("0755-26712345", "chan"),
    ("075526712345", "chan"),
    ("75526712345", "chan"),
    ("26712345", "chan"),
    ("2345", "chan"),
    ("9999", "company"),
    # names: both scripts, given name, pinyin, initials, English in any order
    ("張小明", "zhang"),
    ("张小明", "zhang"),
    ("张小", "zhang"),
    ("小明", "zhang"),
    ("zxm", "zhang"),
    ("ZXM", "zhang"),
    ("zhangxiaoming", "zhang"),
    ("zhang xiao ming", "zhang"),
    ("zhangx", "zhang"),
    ("xiaoming", "zhang"),
    ("曾鑫", "zeng"),
    ("zx", "zeng zhang"),
    ("cx", "zeng"),
    ("zengxin", "zeng"),
    ("cengxin", "zeng"),
    ("zhairong", "zhai"),
    ("dirong", "zhai"),
    ("欧阳静", "ouyang"),
    ("歐陽靜", "ouyang"),
    ("歐陽静", "ouyang"),
    ("ouyangjing", "ouyang"),
    ("oyj", "ouyang"),
    ("lvmeili", "lv"),
    ("lumeili", "lv"),
    ("呂美丽", "lv"),
    ("衛詩雅", "wei"),
    ("卫诗雅", "wei"),
    ("陈大文", "chan"),
    ("chan tai man", "chan"),
    ("Tai Man Chan", "chan"),
    ("taiman", "chan"),
    ("ctm", "chan"),
    ("cdw", "chan"),
    ("恒泰物业", "company"),
    ("恆泰", "company"),
    ("hang tai", "company"),
    # units: as written, spaced, joined, with the words people say
    ("3-2-1201", "3-2-1201"),
    ("3 2 1201", "3-2-1201"),
    ("3/2/1201", "3-2-1201"),
    ("3座2單元1201室", "3-2-1201"),
    ("3栋2单元1201", "3-2-1201"),
    ("三棟二單元1201", "3-2-1201"),
    ("03-02-1201", "3-2-1201"),
    ("３－２－１２０１", "3-2-1201"),
    ("321201", "3-2-1201 32-1-201"),
    ("2-1201", "3-2-1201"),
    ("3-1201", "3-1-1201 3-2-1201"),
    ("1201", "3-1-1201 3-2-1201"),
    ("120", "3-1-1201 3-2-1201"),
    ("12", "十二座-301"),
    ("3-12A", "3-12A"),
    ("3座12A", "3-12A"),
    ("3/12/A", "3-12A"),
    ("312a", "3-12A"),
    ("Block 3 Flat 12A", "3-12A"),
    ("1-1-1011", "1-1-1011"),
    ("c0001", "車位C0001"),
    ("車位C0001", "車位C0001"),
    ("p007", "P-007"),
    ("P-7", "P-007"),
    ("12座301", "十二座-301"),
    # nothing
    ("王五", ""),
    ("x", ""),
    ("", ""),
    ("   ", ""),
    ("%", ""),
    ("3-2-9999", ""),
    ("00000000", ""),
]


@pytest.fixture
def town(estate):
    """Every key of the table's people and units, under made-up ids."""
    names = {}
    for number, (name, (text, english, phone)) in enumerate(PEOPLE.items(), start=1):
        keys = search.keys_of_name(text, english)
        if phone:
            keys |= search.keys_of_phone(phones.read(phone, "CN"))
        search.put("person", number, estate.pk, keys)
        names["person", number] = name
    for number, code in enumerate(UNITS, start=1):
        search.put("unit", number, estate.pk, search.keys_of_code(code))
        names["unit", number] = code
    return names


@pytest.mark.parametrize(("typed", "meant"), TABLE)
def test_truth_table(town, estate, typed, meant):
    found = [town[hit.subject_kind, hit.subject_id] for hit in search.find([estate.pk], typed)]
    assert sorted(found) == sorted(meant.split())


def test_a_code_typed_with_hyphens_is_sure_even_when_another_unit_joins_to_the_same_digits(town, estate):
    hits = search.find([estate.pk], "3-2-1201")
    assert town["unit", search.only_hit(hits).subject_id] == "3-2-1201"
    assert search.only_hit(search.find([estate.pk], "321201")) is None


def test_only_estates_asked_for_and_kinds_asked_for(town, estate, elsewhere):
    search.put("person", 99, elsewhere.pk, search.keys_of_name("張小明"))
    assert [hit.subject_id for hit in search.find([estate.pk], "張小明")] == [1]
    assert [hit.subject_id for hit in search.find([elsewhere.pk], "張小明")] == [99]
    assert search.find([], "張小明") == []
    assert search.find([estate.pk], "1201", kinds=["person"]) == []


def test_numbers_of_documents(estate):
    search.put("tickets.ticket", 7, estate.pk, search.keys_of_number("R2026-000123"))
    for typed in ("R2026-000123", "r2026000123", "R2026-0001", "000123", "123"):
        assert [hit.subject_id for hit in search.find([estate.pk], typed)] == [7], typed
    assert search.find([estate.pk], "12") == []


def test_put_changes_only_what_differs(estate):
    search.put("person", 1, estate.pk, {("name", "张三"), ("phone", "123456")})
    kept = SearchKey.objects.get(kind="name").pk
    search.put("person", 1, estate.pk, {("name", "张三"), ("phone", "654321")})
    assert set(SearchKey.objects.values_list("kind", "key")) == {("name", "张三"), ("phone", "654321")}
    assert SearchKey.objects.get(kind="name").pk == kept


def test_whatever_is_typed_is_one_query(town, estate, django_assert_num_queries):
    for typed in ("張小明", "8000", "3-2-1201", "nobody"):
        with django_assert_num_queries(1):
            search.find([estate.pk], typed)


def test_reindex_restores_and_check_tells(estate):
    unit = cast.make_unit(estate, "3-2-1201")
    with pytest.raises(CommandError, match="search keys differ"):
        call_command("reindex", "--check", "--kind", "unit")
    call_command("reindex", "--kind", "unit")
    call_command("reindex", "--check", "--kind", "unit")
    assert [hit.subject_id for hit in search.find([estate.pk], "1201")] == [unit.pk]
    SearchKey.objects.create(
        estate=estate, subject_kind="unit", subject_id=unit.pk + 1, kind="code", key="gone"
    )
    assert reindex.differences("unit") == (0, 1)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("13800138000", "8613800138000"),
        ("13800138000.0", "8613800138000"),
        ("+86 138-0013-8000", "8613800138000"),
        ("+852 9123 4567", "85291234567"),
        ("0755-26712345", "8675526712345"),
        ("26712345", "26712345"),
        ("8001", "8001"),
        ("10000000000", ""),
        ("00000000", ""),
        ("11111111111", ""),
        ("none", ""),
        ("138001380001380013800", ""),
        ("12", ""),
        ("", ""),
    ],
)
def test_phones_are_read_as_people_type_them(typed, kept):
    assert phones.read(typed, "CN") == kept
