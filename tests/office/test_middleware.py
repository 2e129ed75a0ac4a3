"""Language, estate and door: what every request passes."""

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import path
from django.utils import translation

from config import urls
from office import middleware
from office.access import may, public
from tests.cast import make_staff

PROFILE = "/office/profile/"


def undeclared(request):
    return HttpResponse("open to everybody")


@may("office.administer")
def declared(request):
    return HttpResponse("seen")


@public
def anybody(request):
    return HttpResponse(translation.get_language())


class Routes:
    urlpatterns = [
        *urls.urlpatterns,
        path("undeclared", undeclared),
        path("declared", declared),
        path("anybody", anybody),
    ]
    handler403 = urls.handler403


@pytest.fixture
def extra(settings):
    settings.ROOT_URLCONF = Routes


def test_a_view_without_a_declaration_is_refused_even_to_an_administrator(extra, admin, sign_in):
    assert sign_in(admin).get("/undeclared").status_code == 403
    assert sign_in(admin).get("/declared").status_code == 200


def test_the_wrong_role_is_refused(extra, clerk, sign_in):
    assert sign_in(clerk).get("/declared").status_code == 403


def test_nobody_is_led_to_the_log_in_and_back(extra, client, db):
    answer = client.get("/declared?a=1")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/account/login/?next=/declared%3Fa%3D1")


def test_a_post_by_nobody_leads_back_to_the_page_with_the_form(extra, client, db):
    answer = client.post("/declared", headers={"referer": "http://testserver/office/staff/"})
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/account/login/?next=/office/staff/"


def test_a_foreign_referer_is_not_taken_along(extra, client, db):
    answer = client.post("/declared", headers={"referer": "https://evil.example/form"})
    assert answer.headers["Location"] == "/account/login/?next=/"


def test_a_fragment_for_nobody_is_401_and_not_the_login_page(extra, client, db):
    assert client.get("/declared", headers={"hx-request": "true"}).status_code == 401


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("", "zh-hant"),
        ("en-GB,en;q=0.9", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-hans"),
        ("zh-TW", "zh-hant"),
        ("zh-Hant-HK", "zh-hant"),
        ("fr,de;q=0.5", "zh-hant"),
        ("fr, en;q=0.3", "en"),
    ],
)
def test_the_browser_s_language(header, code):
    assert middleware.browser_language(header) == code


def test_the_cookie_is_stronger_than_the_browser_and_the_person_stronger_than_both(extra, estate, client, db):
    headers = {"accept-language": "en"}
    assert client.get("/anybody", headers=headers).content == b"en"
    client.cookies["language"] = "zh-hans"
    assert client.get("/anybody", headers=headers).content == b"zh-hans"
    client.force_login(make_staff("someone", (estate, "clerk"), language="zh-hant"))
    answer = client.get("/anybody", headers=headers)
    assert (answer.content, answer.headers["Content-Language"]) == (b"zh-hant", "zh-hant")


def test_an_unknown_language_cookie_is_ignored(extra, client, db):
    client.cookies["language"] = "xx"
    assert client.get("/anybody", headers={"accept-language": "en"}).content == b"en"


def test_one_works_in_the_estate_chosen_and_never_in_somebody_else_s(estate, elsewhere, sign_in):
    both = make_staff("both", (estate, "admin"), (elsewhere, "admin"))
    client = sign_in(both)
    assert client.get("/office/settings/").context["request"].estate == estate
    assert client.post("/estate", {"estate": elsewhere.pk}).status_code == 302
    assert client.get("/office/settings/").context["request"].estate == elsewhere
    only_here = sign_in(make_staff("one", (estate, "admin")))
    assert only_here.post("/estate", {"estate": elsewhere.pk}).status_code == 404
    assert only_here.get("/office/settings/").context["request"].estate == estate


def test_a_posting_that_ends_takes_the_estate_away_at_once(estate, clerk, sign_in):
    client = sign_in(clerk)
    assert client.get(PROFILE).context["request"].estate == estate
    clerk.postings.all().delete()
    assert client.get(PROFILE).context["request"].estate is None


def test_language_is_put_away_after_the_request(extra):
    request = RequestFactory().get("/anybody", headers={"accept-language": "en"})
    before = translation.get_language()
    middleware.LanguageMiddleware(lambda request: HttpResponse())(request)
    assert translation.get_language() == before
