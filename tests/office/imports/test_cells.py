# ruff: noqa: DTZ001  the dates of workbooks have no zone
"""Cells as files have them: what they mean, why not, and what is proposed. Nothing is guessed, nothing raises."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from office.imports import cells
from office.imports.sheets import Bad

ZONE = ZoneInfo("Asia/Shanghai")
TODAY = date(2026, 11, 23)
PLACE = SimpleNamespace(
    estate=SimpleNamespace(zone=ZONE, country="CN"),
    today=TODAY,
    now=datetime(2026, 11, 23, tzinfo=UTC),
    country="CN",
)
GOOD_ID = "11010519491231002X"
KINDS = cells.choice([("flat", "flat"), ("shop", "shop")], {"flat": "住宅 110", "shop": "商铺 120"})


def read(parse, cell):
    return parse(cell, PLACE)


def refused(parse, cell):
    with pytest.raises(Bad) as problem:
        parse(cell, PLACE)
    assert problem.value.reason
    return problem.value.proposed


DAYS = [
    (date(2024, 3, 5), date(2024, 3, 5)),
    (datetime(2024, 3, 5, 9, 30), date(2024, 3, 5)),
    (45356.0, date(2024, 3, 5)),
    ("45356", date(2024, 3, 5)),
    (20240305.0, date(2024, 3, 5)),
    ("20240305", date(2024, 3, 5)),
    ("2024-3-5", date(2024, 3, 5)),
    ("2024/03/05", date(2024, 3, 5)),
    ("2024.3.5", date(2024, 3, 5)),
    ("2024年3月5日", date(2024, 3, 5)),
    ("２０２４年３月５号", date(2024, 3, 5)),
    ("二〇二四年三月十五日", date(2024, 3, 15)),
    ("2024-03-05T00:00:00", date(2024, 3, 5)),
    ("2024-03-05 10:30", date(2024, 3, 5)),
    ("2024/3/5 星期二", date(2024, 3, 5)),
    ("25.03.2024", date(2024, 3, 25)),
    ("03/25/2024", date(2024, 3, 25)),
    ("5/5/2024", date(2024, 5, 5)),
    ("5 Mar 2024", date(2024, 3, 5)),
    ("March 5th, 2024", date(2024, 3, 5)),
    ("民國113年3月5日", date(2024, 3, 5)),
]
NO_DAYS = [
    ("05.03.2024", "2024-03-05"),
    ("3/5/2024", "2024-05-03"),
    ("113/3/5", "2024-03-05"),
    ("24-3-5", "2024-03-05"),
    ("2024年3月", "2024-03-01"),
    ("2024", "2024-01-01"),
    (2024.0, "2024-01-01"),
    ("2024-13-05", "2024-05-13"),
    ("2023-02-29", ""),
    ("soon", ""),
    (True, ""),
    (12.0, ""),
    (float("nan"), ""),
    ("#N/A", ""),
    ("=?", ""),
]


@pytest.mark.parametrize(("cell", "meant"), DAYS)
def test_days_in_every_usual_form(cell, meant):
    assert read(cells.day(), cell) == meant


@pytest.mark.parametrize(("cell", "proposed"), NO_DAYS)
def test_days_that_may_be_others_are_refused_with_a_proposal(cell, proposed):
    assert refused(cells.day(), cell) == proposed
    if proposed:
        assert read(cells.day(), proposed).isoformat() == proposed


def test_moments_are_of_the_estates_zone():
    meant = datetime(2024, 3, 5, 14, 30, tzinfo=ZONE)
    for cell in ("2024-03-05 14:30", "2024/3/5 14:30:00", "2024年3月5日 下午2:30", datetime(2024, 3, 5, 14, 30),
                 45356.604166666664, "2024-03-05T14:30:00+08:00", "2024-03-05T06:30:00+00:00", "5 Mar 2024 2:30 pm"):  # fmt: skip
        assert read(cells.moment(), cell) == meant
    assert read(cells.moment(), date(2024, 3, 5)) == datetime(2024, 3, 5, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("cell", "meant"),
    [
        (94.56, "94.56"), (94.0, "94.00"), ("94.56", "94.56"), ("９４．５６", "94.56"), ("94.56㎡", "94.56"),
        ("94.56 m²", "94.56"), ("1,094.5 平方米", "1094.50"), ("1.094,5", "1094.50"), ("94,56", "94.56"),
        ("1'094.5", "1094.50"), ("約94.56", "94.56"), (94.559999999, "94.56"),
    ],
)  # fmt: skip
def test_areas(cell, meant):
    assert read(cells.decimal(2, low=Decimal("0.01"), area=True), cell) == Decimal(meant)


@pytest.mark.parametrize(
    ("cell", "proposed"),
    [
        ("大", ""),
        ("94.56左右", "94.56"),
        ("500呎", "46.45"),
        ("90-100", ""),
        (-3.0, ""),
        (True, ""),
        (1e300, ""),
        ("1e99", ""),
    ],
)
def test_what_is_no_area(cell, proposed):
    assert refused(cells.decimal(2, low=Decimal("0.01"), high=Decimal(10**7), area=True), cell) == proposed


def test_whole_numbers():
    for cell in (33.0, 33, "33", "３３層", "33.0", "33 floors"):
        assert read(cells.whole(1, 200), cell) == 33
    assert refused(cells.whole(1, 200), "33A") == "33"
    for cell in (33.5, "", "many", 0, 1000):
        refused(cells.whole(1, 200), cell)


def test_codes():
    for cell, meant in ((1011.0, "1011"), ("１２０１", "1201"), ("3－2－1201", "3-2-1201"), (" A 1 ", "A 1")):
        assert read(cells.code(40), cell) == meant
    assert refused(cells.code(40), date(2026, 3, 2)) == "3-2"
    assert refused(cells.code(40), date(2003, 2, 12)) == "3-2-12"
    refused(cells.code(40), 110105194912310021.0)
    refused(cells.code(4), "12345")
    assert read(cells.codes(40), "1#2") == ("1", "2")
    assert read(cells.codes(40), "1、2；2") == ("1", "2")
    assert read(cells.codes(40), 7.0) == ("7",)


def test_choices_by_value_label_code_and_nearly():
    for cell in ("flat", "FLAT", "住宅", 110.0, "110"):
        assert read(KINDS, cell) == "flat"
    assert refused(KINDS, "flats") == "flat"
    assert refused(KINDS, "castle") == ""


def test_yes_and_no():
    for cell in ("是", "有", "有 ", "Yes", "y", True, 1.0, "✓", "對"):
        assert read(cells.yes_no(), cell) is True
    for cell in ("否", "無", "沒有", "no", False, 0, "×"):
        assert read(cells.yes_no(), cell) is False
    refused(cells.yes_no(), "maybe")


@pytest.mark.parametrize(
    ("cell", "meant"),
    [
        (13800138000.0, ("13800138000",)),
        ("13800138000.0", ("13800138000",)),
        ("１３８ ００１３ ８０００", ("138 0013 8000",)),
        ("13800138000、13900139000", ("13800138000", "13900139000")),
        ("13800138000 13900139000", ("13800138000", "13900139000")),
        ("13800138000/13800138000", ("13800138000",)),
        ("+852 2345 6789", ("+852 2345 6789",)),
        ("0755-26001234", ("0755-26001234",)),
        (10000000000.0, ()),
        ("無", ()),
        ("—", ()),
    ],
)
def test_telephones(cell, meant):
    assert read(cells.phone_numbers(), cell) == meant


def test_what_is_no_telephone():
    assert refused(cells.phone_numbers(), "13800138000(張太)") == "13800138000"
    assert refused(cells.phone_numbers(), "電話13800138000") == "13800138000"
    for cell in ("問管家", "12", 1.3800138e18, True):
        assert refused(cells.phone_numbers(), cell) == ""


@pytest.mark.parametrize(
    ("cell", "meant"),
    [
        ("張三", (("張三", None),)),
        ("張　三", (("張三", None),)),
        ("張三、李四", (("張三", None), ("李四", None))),
        ("張三和李四", (("張三", None), ("李四", None))),
        ("張三 60%、李四 40%", (("張三", Decimal(60)), ("李四", Decimal(40)))),
        ("張三、李四 50%/50%", (("張三", Decimal(50)), ("李四", Decimal(50)))),
        ("張三（50％）李四（50%）", None),
        ("張三(50%)、李四(50%)", (("張三", Decimal(50)), ("李四", Decimal(50)))),
        ("張三1/2、李四1/2", (("張三", Decimal(50)), ("李四", Decimal(50)))),
        ("Chan, Tai Man", (("Chan, Tai Man", None),)),
        ("Chan Tai Man; Wong Siu Ming", (("Chan Tai Man", None), ("Wong Siu Ming", None))),
        ("和平实业有限公司", (("和平实业有限公司", None),)),
        ("Chan & Co, Ltd、張三", (("Chan & Co, Ltd", None), ("張三", None))),
        ("張三/李四", (("張三", None), ("李四", None))),
        ("無", ()),
    ],
)
def test_several_owners_in_one_cell(cell, meant):
    if meant is None:
        refused(cells.owners(120), cell)
    else:
        assert read(cells.owners(120), cell) == meant


def test_thirds_add_up_to_the_whole():
    shares = [share for _name, share in read(cells.owners(120), "張三1/3、李四1/3、王五1/3")]
    assert sum(shares) == 100


def test_owners_that_are_not_clear_are_refused():
    assert refused(cells.owners(120), "張三 李四") == "張三、李四"
    assert refused(cells.owners(120), "張三等2人") == "張三"
    assert refused(cells.owners(120), "張三、張三") == "張三"
    for cell in ("張三、李四 50%", "張三 60%、李四 60%", 5.0, "123", "%"):
        assert refused(cells.owners(120), cell) == ""


def test_identity_numbers_are_never_guessed():
    parse = cells.identity_number()
    assert read(parse, GOOD_ID.lower()) == GOOD_ID
    assert read(parse, "A123456(3)") == "A1234563"
    for cell in (1.1010519491231e17, 110105194912310021, "1.10105E+17", "1.1010519491231e+17", "110105194912310000",
                 "110105194912310021", "12", True):  # fmt: skip
        assert refused(parse, cell) == ""
    for cell in ("000000190001010000", "無", "/", 0.0):
        assert read(parse, cell) is None
    assert read(cells.identity_number(typed=True), "K1234567") == "K1234567"  # a passport is not Hong Kong's
    assert refused(parse, "K1234567") == ""


def test_long_texts_are_refused_never_cut():
    assert read(cells.text(5), "  a \n b ") == "a b"
    assert read(cells.text(50, lines=True), " a  b\r\n c ") == "a b\nc"
    refused(cells.text(5), "123456")


# --- properties --------------------------------------------------------------------------------------------

PARSERS = {
    "text": cells.text(40), "lines": cells.text(4000, lines=True), "code": cells.code(40), "codes": cells.codes(40),
    "area": cells.decimal(2, low=Decimal("0.01"), high=Decimal(10**7), area=True), "share": cells.decimal(4),
    "floors": cells.whole(1, 200), "yes_no": cells.yes_no(), "kind": KINDS, "day": cells.day(),
    "moment": cells.moment(), "name": cells.name(120), "owners": cells.owners(120), "phones": cells.phone_numbers(),
    "identity": cells.identity_number(), "typed": cells.identity_number(typed=True),
}  # fmt: skip
PIECES = st.sampled_from(
    [
        "2024",
        "113",
        "3",
        "5",
        "12",
        "日",
        "月",
        "年",
        "/",
        "-",
        ".",
        ",",
        "、",
        "#",
        "％",
        "%",
        "50",
        "100",
        "1/2",
        "張三",
        "李四",
        "和",
        "等",
        "無",
        "是",
        "13800138000",
        "(3)",
        "A123456",
        "民國",
        "下午",
        "2:30",
        "e+17",
        "㎡",
        "呎",
        "約",
        "０１２",
        "二〇二四",
        "#N/A",
        "=?",
        "m2",
        "Mar",
        "st",
    ]
)
CELLS = st.one_of(
    st.text(max_size=40),
    st.lists(PIECES, max_size=8).map("".join),
    st.lists(PIECES, max_size=8).map(" ".join),
    st.floats(),
    st.integers(-(10**20), 10**20),
    st.booleans(),
    st.dates(),
    st.datetimes(),
)


@pytest.mark.parametrize("kind", sorted(PARSERS))
@given(cell=CELLS)
def test_every_cell_is_read_or_refused_and_reads_the_same_again(kind, cell):
    parse = PARSERS[kind]
    try:
        value = parse(cell, PLACE)
    except Bad as bad:
        assert bad.reason
        return
    if value not in (None, ()):
        assert parse(cells.text_of(value), PLACE) == value


@given(day=st.dates(date(1920, 1, 1), date(2100, 1, 1)))
def test_a_day_comes_back_from_every_form(day):
    forms = (
        day, f"{day}", f"{day:%Y/%m/%d}", f"{day.year}年{day.month}月{day.day}日", f"{day:%Y%m%d}", f"{day:%d %B %Y}",
        float((day - date(1899, 12, 30)).days), f"民國{day.year - 1911}年{day.month}月{day.day}日",
    )  # fmt: skip
    assert {read(cells.day(), form) for form in forms} == {day}


@given(moment=st.datetimes(datetime(1920, 1, 1), datetime(2100, 1, 1)))
def test_a_serial_number_with_a_time_comes_back_to_the_second(moment):
    moment = moment.replace(microsecond=0)
    serial = (moment - datetime(1899, 12, 30)) / timedelta(days=1)
    assert abs(read(cells.moment(), serial) - moment.replace(tzinfo=ZONE)) <= timedelta(seconds=1)


@given(area=st.decimals(Decimal("0.01"), Decimal(9_999_999), places=2))
def test_an_area_comes_back_from_every_form(area):
    parse = cells.decimal(2, low=Decimal("0.01"), area=True)
    for form in (float(area), f"{area}", f"{area:,}", f"{area} ㎡", f"{area}平方米"):
        assert read(parse, form) == area
