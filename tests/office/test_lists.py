"""Lists: one definition for page, count, totals and export; keysets that never lose or repeat a row."""

import csv
import io
from datetime import date
from decimal import Decimal
from itertools import chain
from urllib.parse import urlencode

import django_filters
import pytest
from django.contrib.messages import get_messages
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.core.exceptions import PermissionDenied
from django.db.models import F
from django.test import RequestFactory
from django.utils import translation
from django_htmx.middleware import HtmxDetails
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from office import lists
from office.models import AccessLog, SavedFilter, Unit
from tests.cast import NOW, make_building, make_unit

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


class UnitFilter(django_filters.FilterSet):
    code = django_filters.CharFilter(lookup_expr="icontains", label="Code")
    kind = django_filters.ChoiceFilter(choices=lambda: Unit.Kind.choices, label="Kind")
    handed_over_on = django_filters.DateFromToRangeFilter(label="Handed over")

    class Meta:
        model = Unit
        fields = ["code", "kind", "handed_over_on"]


def declared(**changes):
    values = {
        "name": "units",
        "title": "Units",
        "fields": ("id", "code", "area", "kind", "handed_over_on"),
        "columns": (
            lists.Column("code", "Code", lambda row: row["code"], order="code", kind="unit"),
            lists.Column("kind", "Kind", lambda row: str(Unit.Kind(row["kind"]).label)),
            lists.Column(
                "area",
                "Area",
                lambda row: f"{row['area'] or ''}",
                value=lambda row: row["area"],
                total="area",
                kind="money",
            ),
            lists.Column(
                "day",
                "Day",
                lambda row: lists.day(row["handed_over_on"]),
                value=lambda row: row["handed_over_on"],
            ),
        ),
        "filterset": UnitFilter,
        "orders": {
            "code": ("sort_key", "id"),
            "area": ("area", "id"),
            "area_down": ("-area", "-id"),
            "area_last": (F("area").desc(nulls_last=True), "id"),
            "mixed": ("-kind", "handed_over_on", "-id"),
            "built": ("building__sort_key", "-area"),
        },
        "default_order": "code",
        "row_href": lambda row: f"/unit/{row['id']}",
        "empty": ("No units.", "/register/units/new", "Add one", "n"),
        "export_permission": "register.export",
        "personal": True,
        "page_size": 3,
    }
    return lists.List(**{**values, **changes})


class Desk:
    """Requests of one person, without URLs."""

    def __init__(self, staff, estate):
        self.staff, self.estate = staff, estate

    def request(self, method="get", query="", data=None, **headers):
        address = "/list" + (f"?{query}" if query else "")
        request = getattr(RequestFactory(headers=headers), method)(address, data or {})
        request.user, request.estate, request.now = self.staff, self.estate, NOW
        request.session = SessionStore()
        request._messages = FallbackStorage(request)
        request.htmx = HtmxDetails(request)
        return request

    def page(self, query="", what=None):
        self.last = self.request(query=query)
        return lists.make_page(self.last, what or declared(), Unit.objects.visible_to(self.staff))

    def words(self):
        return [str(message) for message in get_messages(self.last)]


@pytest.fixture
def desk(estate, clerk):
    return Desk(clerk, estate)


def fill(estate, rows):
    building = make_building(estate, "7")
    other = make_building(estate, "12")
    return [
        make_unit(
            estate,
            f"7-{number}",
            building if number % 2 else other,
            area=area,
            kind=kind,
            handed_over_on=handed,
        )
        for number, (area, kind, handed) in enumerate(rows)
    ]


ROWS = [
    (Decimal("50.00"), "flat", date(2020, 1, 1)),
    (None, "shop", None),
    (Decimal("50.00"), "flat", None),
    (Decimal("72.50"), "parking", date(2021, 5, 5)),
    (None, "flat", date(2020, 1, 1)),
    (Decimal("30.00"), "shop", date(2019, 9, 9)),
    (Decimal("50.00"), "flat", date(2020, 1, 1)),
]


def codes(page):
    return [row["cells"][0]["text"] for row in page.rows]


def walk(desk, url_name, start, what):
    """Codes of page after page, following next or prev until there is none."""
    pages, page = [], desk.page(start, what)
    for _round in range(100):
        pages.append(codes(page))
        url = getattr(page, url_name)
        if not url:
            return pages
        page = desk.page(url.partition("?")[2], what)
    raise AssertionError("the pages never end")


def test_stamp_and_day_are_local_and_short(estate):
    from django.utils import timezone

    with timezone.override(estate.zone):
        assert lists.stamp(NOW) == "2026-03-12 10:00"
        assert lists.day(NOW) == "2026-03-12"
    assert lists.day(date(2026, 3, 1)) == "2026-03-01"
    assert (lists.stamp(None), lists.day(None)) == ("", "")


@pytest.mark.parametrize("order", declared().orders)
@pytest.mark.parametrize("sign", ["", "-"])
def test_pages_forwards_and_backwards_show_every_row_once_in_order(desk, estate, order, sign):
    fill(estate, ROWS)
    what = declared()
    keys = lists.keys_of(Unit.objects.all(), what.orders[order], bool(sign))
    wanted = list(Unit.objects.order_by(*(key.expression for key in keys)).values_list("code", flat=True))
    forwards = walk(desk, "next_url", f"order={sign}{order}", what)
    assert [len(page) for page in forwards] == [3, 3, 1]
    assert list(chain(*forwards)) == wanted
    backwards = walk(desk, "prev_url", f"order={sign}{order}&before=end", what)
    assert backwards[0] == wanted[-3:]
    assert backwards[-1] == wanted[:3]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from([None, Decimal("1.00"), Decimal("2.00"), Decimal("10.00")]),
            st.sampled_from(["flat", "shop"]),
            st.sampled_from([None, date(2020, 1, 1), date(2021, 1, 1)]),
        ),
        max_size=9,
    ),
    order=st.sampled_from(sorted(declared().orders)),
    sign=st.sampled_from(["", "-"]),
)
def test_any_rows_in_any_order_come_once(desk, estate, rows, order, sign):
    Unit.objects.all().delete()
    estate.buildings.all().delete()
    fill(estate, rows)
    keys = lists.keys_of(Unit.objects.all(), declared().orders[order], bool(sign))
    wanted = list(Unit.objects.order_by(*(key.expression for key in keys)).values_list("code", flat=True))
    assert list(chain(*walk(desk, "next_url", f"order={sign}{order}", declared()))) == wanted


def test_every_page_is_one_range_of_the_index(desk, estate):
    """The row comparison, not a filter over all rows before it."""
    fill(estate, ROWS)
    keys = lists.keys_of(Unit.objects.all(), ("area", "id"))
    rows = Unit.objects.order_by()
    full, empty = lists.keysets._stretches(keys, [Decimal("50.00"), 5])
    assert '("office_unit"."area", "office_unit"."id") > (' in str(rows.filter(full).query)
    assert '"area" IS NULL' in str(rows.filter(empty).query)
    (last,) = lists.keysets._stretches(keys, [None, 5])
    assert '"area" IS NULL' in str(rows.filter(last).query)


def test_a_place_that_is_none_gives_the_first_page_and_says_so(desk, estate):
    fill(estate, ROWS)
    for place in ("x", "bnVsbA", "WyI3Il0", "W1sxXSwyXQ", "WyI3IiwxZTk5XQ", "%00", "中"):
        page = desk.page(urlencode({"after": place}))
        assert codes(page) == ["7-0", "7-1", "7-2"]
        assert desk.words() == ["That page of the list is not there any more; this is the first one."]


def test_a_place_keeps_microseconds_and_refuses_numbers_too_large():
    keys = lists.keys_of(Unit.objects.all(), ("id",))
    assert lists.place_of(lists.cursor_of({"id": 7}, keys), keys) == [7]
    with pytest.raises(ValueError, match="not a place"):
        lists.place_of(lists.cursor_of({"id": 10**30}, keys), keys)
    from office.models import Promise

    keys = lists.keys_of(Promise.objects.all(), ("due_at", "id"))
    moment = NOW.replace(microsecond=123456)
    assert lists.place_of(lists.cursor_of({"due_at": moment, "id": 1}, keys), keys) == [moment, 1]


def test_one_definition_filters_page_count_totals_and_export(desk, estate):
    fill(estate, ROWS)
    page = desk.page("kind=flat")
    assert page.count == 4
    assert page.count_text == "4 rows"
    assert page.totals == ["", "", "¥150.00", ""]
    assert page.chips == [("Kind: flat", "/list")]
    answer = lists.render(
        desk.request("post", data={"export": "csv", "query": "kind=flat"}), declared(), Unit.objects.all()
    )
    lines = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert [line[0] for line in lines] == ["Code", "7-0", "7-2", "7-4", "7-6"]


def test_chips_say_a_range_and_take_it_away(desk, estate):
    fill(estate, ROWS)
    page = desk.page("handed_over_on_after=2020-01-01&handed_over_on_before=2020-12-31&code=7&order=area")
    assert page.chips == [
        ("Code: 7", "/list?handed_over_on_after=2020-01-01&handed_over_on_before=2020-12-31&order=area"),
        ("Handed over: 2020-01-01 – 2020-12-31", "/list?code=7&order=area"),
    ]
    assert page.form["order"].value() == "area"


@pytest.mark.parametrize("query", ["stat=open", "order=nothing", "kind=flat&colour=red"])
def test_unknown_parameters_are_named_and_the_clean_list_is_shown(desk, estate, query):
    fill(estate, ROWS)
    page = desk.page(query)
    assert page.count == 7
    assert page.chips == []
    (words,) = desk.words()
    assert words.startswith("This list knows no “")
    assert words.endswith("it is shown without any filter.")


@pytest.mark.parametrize("query", ["kind=castle", "handed_over_on_after=yesterday", "code=%00"])
def test_wrong_values_give_no_rows_a_sentence_and_422(desk, estate, query):
    fill(estate, ROWS)
    page = desk.page(query)
    assert page.rows == []
    assert page.count_text == "The filter holds something that cannot be."
    assert page.empty["text"]
    answer = lists.render(desk.request(query=query), declared(), Unit.objects.all())
    assert answer.status_code == 422


def test_the_head_asks_for_its_order_and_turns_it(desk, estate):
    fill(estate, ROWS)
    assert desk.page().columns[0] == ("code", "Code", "/list?order=-code", "asc", "")
    assert desk.page("order=-code").columns[0] == ("code", "Code", "/list", "desc", "")
    assert desk.page("order=area").columns[0][2:4] == ("/list", "")


def test_counts_are_bounded(desk, estate, monkeypatch):
    fill(estate, ROWS)
    monkeypatch.setattr(lists.page, "COUNT_LIMIT", 5)
    plain = declared(columns=declared().columns[:2])
    page = desk.page(what=plain)
    assert page.count_text == "more than 5 rows"
    assert (page.total_count, page.totals) == ("", None)
    monkeypatch.setattr(lists.page, "TOTAL_LIMIT", 5)
    assert (desk.page().totals, desk.page().count_text) == (None, "more than 5 rows")


def test_an_empty_list_says_what_to_do(desk, estate):
    step = {"url": "/register/units/new", "label": "Add one", "key": "n"}
    assert desk.page().empty == {"text": "No units.", **step}
    fill(estate, ROWS)
    assert desk.page("code=nowhere").empty["url"] == "/list"


def test_an_empty_list_offers_no_step_that_would_be_refused(cast, estate):
    assert Desk(cast["auditor"], estate).page().empty == {"text": "No units."}


def test_the_fragment_is_only_the_rows(desk, estate):
    fill(estate, ROWS)
    whole = lists.render(desk.request(), declared(), Unit.objects.all()).content.decode()
    part = lists.render(
        desk.request(query="kind=flat&code=&x=1", **{"HX-Request": "true"}), declared(), Unit.objects.all()
    )
    assert "<!doctype html>" in whole
    assert part.content.decode().lstrip().startswith('<div id="list-rows"')
    assert "This list knows no" in part.content.decode()
    assert part.headers["Vary"] == "HX-Request"
    clean = lists.render(
        desk.request(query="kind=flat&code=", **{"HX-Request": "true"}), declared(), Unit.objects.all()
    )
    assert clean.headers["HX-Push-Url"] == "/list?kind=flat"


def test_number_of_queries_does_not_grow_with_rows(desk, estate, django_assert_num_queries):
    fill(estate, ROWS[:1])
    desk.staff.posting_list  # noqa: B018  read before counting
    with django_assert_num_queries(3):
        desk.page()
    fill_more = ROWS[1:]
    for number, (area, kind, handed) in enumerate(fill_more):
        make_unit(estate, f"9-{number}", area=area, kind=kind, handed_over_on=handed)
    with django_assert_num_queries(3):
        desk.page()


# --- exports -----------------------------------------------------------------------------------------------

NASTY = ["=1+1", "+852 1234", "-2", "@here", "\tx", "\rx", "plain", "12"]


def nasty(estate):
    for number, text in enumerate(NASTY):
        make_unit(estate, f"8-{number}", use=text, area=Decimal("10.50"), handed_over_on=date(2020, 2, 29))
    text = lists.Column("use", "Use", lambda row: row["use"])
    return declared(columns=(*declared().columns, text), fields=(*declared().fields, "use"))


def test_csv_cannot_carry_a_formula_and_numbers_stay_numbers(desk, estate):
    what = nasty(estate)
    answer = lists.render(desk.request("post", data={"export": "csv"}), what, Unit.objects.all())
    body = b"".join(answer.streaming_content)
    assert body.startswith(b"\xef\xbb\xbf")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="units-2026-03-12.csv"'
    lines = list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline="")))
    assert [line[4] for line in lines[1:]] == [
        "'=1+1", "'+852 1234", "'-2", "'@here", "'\tx", "'\rx", "plain", "12"
    ]  # fmt: skip
    assert lines[1][1:4] == ["flat", "10.50", "2020-02-29"]


def test_excel_holds_texts_as_texts_numbers_as_numbers_days_as_days(desk, estate):
    what = nasty(estate)
    answer = lists.render(desk.request("post", data={"export": "xlsx"}), what, Unit.objects.all())
    body = b"".join(answer.streaming_content)
    rows = CalamineWorkbook.from_filelike(io.BytesIO(body)).get_sheet_by_index(0).to_python()
    assert rows[0] == ["Code", "Kind", "Area", "Day", "Use"]
    assert rows[1] == ["8-0", "flat", 10.5, date(2020, 2, 29), "=1+1"]
    assert [row[4] for row in rows[1:]][:4] == NASTY[:4]
    assert rows[8][4] == "12"
    import zipfile

    sheet = zipfile.ZipFile(io.BytesIO(body)).read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "quotePrefix" in zipfile.ZipFile(io.BytesIO(body)).read("xl/styles.xml").decode()


def test_an_export_of_personal_rows_is_logged_with_filter_and_count(desk, estate):
    fill(estate, ROWS)
    lists.render(
        desk.request("post", data={"export": "xlsx", "query": "kind=flat"}), declared(), Unit.objects.all()
    )
    line = AccessLog.objects.get()
    assert (line.what, line.by_id, line.estate_id, line.at) == ("export", desk.staff.pk, estate.pk, NOW)
    assert line.detail == {"list": "units", "filter": "kind=flat", "count": 4, "as": "xlsx"}
    lists.render(desk.request("post", data={"export": "csv"}), declared(personal=False), Unit.objects.all())
    assert AccessLog.objects.count() == 1


def test_an_export_needs_its_permission_at_the_estate_of_the_row(estate, elsewhere, finance, clerk):
    make_unit(estate, "1-1")
    make_unit(elsewhere, "1-2")
    with pytest.raises(PermissionDenied):
        lists.render(
            Desk(finance, estate).request("post", data={"export": "csv"}), declared(), Unit.objects.all()
        )
    assert Desk(finance, estate).page().export_urls == {}
    answer = lists.render(
        Desk(clerk, estate).request("post", data={"export": "csv"}), declared(), Unit.objects.all()
    )
    assert b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()[1:] == ["1-1,flat,,"]


def test_a_wrong_filter_exports_nothing(desk, estate):
    fill(estate, ROWS)
    answer = lists.render(
        desk.request("post", data={"export": "csv", "query": "kind=castle"}), declared(), Unit.objects.all()
    )
    assert (answer.status_code, answer.url) == (302, "/list")
    assert AccessLog.objects.count() == 0


# --- saved filters and choosing ----------------------------------------------------------------------------


def test_a_filter_is_kept_shown_and_removed(desk, estate):
    fill(estate, ROWS)
    data = {"keep": "1", "name": "Flats", "query": "kind=flat&code=&order=area"}
    answer = lists.render(desk.request("post", data=data), declared(), Unit.objects.all())
    assert answer.url == "/list?kind=flat&order=area"
    saved = SavedFilter.objects.get()
    assert (saved.name, saved.query, saved.staff) == ("Flats", "kind=flat&order=area", desk.staff)
    assert desk.page().saved == [("Flats", "/list?kind=flat&order=area", f"/list?forget={saved.pk}")]
    lists.render(desk.request("post", query=f"forget={saved.pk}"), declared(), Unit.objects.all())
    assert not SavedFilter.objects.exists()


def test_somebody_elses_filter_cannot_be_removed(desk, estate, lead):
    theirs = SavedFilter.objects.create(staff=lead, list_name="units", name="x", query="kind=flat")
    lists.render(desk.request("post", query=f"forget={theirs.pk}"), declared(), Unit.objects.all())
    assert SavedFilter.objects.get() == theirs


@pytest.mark.parametrize(
    "data",
    [{"name": "", "query": "kind=flat"}, {"name": "x", "query": ""}, {"name": "x", "query": "kind=castle"}],
)
def test_a_filter_without_name_or_choice_is_not_kept(desk, estate, data):
    lists.render(desk.request("post", data=data), declared(), Unit.objects.all())
    assert not SavedFilter.objects.exists()


def test_bulk_takes_the_ticked_or_all_that_match_and_only_the_visible(desk, estate, elsewhere):
    rows = fill(estate, ROWS)
    stranger = make_unit(elsewhere, "1-1")
    seen = Unit.objects.visible_to(desk.staff)
    ticked = desk.request("post", data={"pick": [rows[0].pk, stranger.pk, "x", "9" * 30]})
    assert list(lists.chosen(ticked, declared(), seen)) == [rows[0]]
    matching = desk.request("post", data={"all_matching": "1", "query": "kind=shop"})
    assert set(lists.chosen(matching, declared(), seen)) == {rows[1], rows[5]}
    unknown = desk.request("post", data={"all_matching": "1", "query": "colour=red"})
    assert list(lists.chosen(unknown, declared(), seen)) == []
