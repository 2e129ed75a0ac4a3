"""Logging in: throttling, the second factor, closed accounts, the way back."""

import time

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.conf import settings as configured
from django.core.cache import cache
from django.test import Client
from django.urls import NoReverseMatch, reverse

from office.accounts import needs_second_factor
from office.actions import staff as actions
from tests.cast import PASSWORD, make_staff

LOGIN = "/account/login/"


@pytest.fixture(autouse=True)
def _no_earlier_tries(db):
    cache.clear()


@pytest.fixture
def client():
    return Client(headers={"accept-language": "en"})


def log_in(client, username="clerk", password=PASSWORD, **more):
    return client.post(LOGIN, {"login": username, "password": password, **more})


def code_of(staff):
    secret = Authenticator.objects.get(user=staff, type="totp").data["secret"]
    return totp.format_hotp_value(totp.hotp_value(secret, next(iter(totp.yield_hotp_counters_from_time()))))


def test_log_in_leads_to_the_page_asked_for(clerk, client):
    page = client.get("/office/profile/", follow=True)
    assert page.redirect_chain == [("/account/login/?next=/office/profile/", 302)]
    assert 'name="next"' in page.content.decode()
    answer = log_in(client, next="/office/profile/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/office/profile/")


@pytest.mark.parametrize("foreign", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_log_in_never_leads_to_another_site(clerk, client, foreign):
    assert log_in(client, next=foreign).headers["Location"] == "/"


@pytest.mark.parametrize(("username", "password"), [("clerk", "wrong"), ("nobody", PASSWORD)])
def test_wrong_name_and_wrong_password_look_the_same(clerk, client, username, password):
    answer = log_in(client, username, password)
    assert answer.status_code == 200
    assert "not correct" in answer.content.decode()


def test_five_wrong_tries_close_the_account_for_a_while_even_to_the_right_password(clerk, client):
    for _try in range(5):
        log_in(client, password="wrong")
    answer = log_in(client)
    assert "Too many failed" in answer.content.decode()
    with time_machine.travel(time.time() + 301):
        assert log_in(client).status_code == 302


def test_too_many_tries_from_one_place_are_429_with_words(clerk, client, settings):
    for _try in range(60):
        log_in(client, username=f"guess{_try}", password="wrong")
    answer = log_in(client)
    assert answer.status_code == 429
    assert "administrator" in answer.content.decode()


def test_a_closed_account_is_refused_with_a_sentence(estate, client):
    make_staff("gone", (estate, "clerk"), is_active=False)
    answer = log_in(client, "gone")
    assert client.get("/office/profile/").status_code == 302
    assert answer.status_code in (200, 302)
    if answer.status_code == 302:
        assert answer.headers["Location"] == reverse("account_inactive")


@pytest.mark.parametrize(("language", "words"), [("en", "Sign in"), ("zh-hant", "登"), ("zh-hans", "登")])
def test_the_language_is_chosen_before_log_in(client, db, language, words):
    answer = client.post("/language", {"language": language, "next": LOGIN})
    assert answer.headers["Location"] == LOGIN
    page = client.get(LOGIN)
    tag = {"en": "en", "zh-hant": "zh-Hant", "zh-hans": "zh-Hans"}[language]
    assert f'<html lang="{tag}"' in page.content.decode()


def test_there_is_no_sign_up_and_no_password_by_mail():
    for name in ("account_signup", "account_reset_password", "account_email", "socialaccount_connections"):
        with pytest.raises(NoReverseMatch):
            reverse(name)


@pytest.mark.parametrize(
    "name",
    [
        "account_login",
        "account_logout",
        "account_inactive",
        "account_change_password",
        "account_reauthenticate",
        "mfa_index",
    ],
)
@pytest.mark.parametrize("signed_in", [True, False])
def test_every_account_page_draws_without_the_addresses_we_do_not_have(clerk, name, signed_in):
    client = Client()
    if signed_in:
        client.force_login(clerk)
    assert client.get(reverse(name)).status_code in (200, 302)


def test_a_password_is_changed_with_the_old_one(clerk, client):
    log_in(client)
    form = {"oldpassword": "wrong", "password1": "another long phrase", "password2": "another long phrase"}
    assert client.post(reverse("account_change_password"), form).status_code == 200
    assert (
        client.post(reverse("account_change_password"), {**form, "oldpassword": PASSWORD}).status_code == 302
    )
    assert log_in(Client(), password="another long phrase").status_code == 302


class TestPasswordsSomebodyElseKnows:
    """A new account's and a reset password open one page: the one that changes it."""

    MINE = "a phrase of my very own"

    @pytest.fixture
    def newcomer(self, estate, admin, now):
        values = {
            "username": "siufong",
            "name": "陳小芳",
            "estate": estate,
            "department": "front_desk",
            "role": "clerk",
        }
        return actions.create(values=values, password=PASSWORD, by=admin, now=now)

    def change(self, client, new, old=PASSWORD):
        form = {"oldpassword": old, "password1": new, "password2": new}
        return client.post(reverse("account_change_password"), form)

    def test_every_page_leads_to_the_change_and_says_why(self, newcomer, client):
        assert log_in(client, "siufong").status_code == 302
        for address in ("/", reverse("residents:people"), reverse("office:jobs")):
            page = client.get(address, follow=True)
            assert page.redirect_chain == [(reverse("account_change_password"), 302)]
            assert "Choose a password of your own first" in page.content.decode()
        fragment = client.get("/", headers={"HX-Request": "true"})
        assert (fragment.status_code, fragment.headers["HX-Redirect"]) == (
            200,
            reverse("account_change_password"),
        )

    def test_once_changed_the_pages_open(self, newcomer, client):
        log_in(client, "siufong")
        refused = self.change(client, PASSWORD)
        assert "Choose another password than the one you were given." in refused.content.decode()
        assert self.change(client, self.MINE).headers["Location"] == "/"
        assert client.get(reverse("residents:people")).status_code == 200
        newcomer.refresh_from_db()
        assert not newcomer.password_is_given

    def test_a_reset_asks_again_but_not_whoever_resets_his_own(self, newcomer, admin, clerk, client, now):
        actions.reset_password(staff=clerk, password=self.MINE, by=admin, now=now)
        log_in(client, password=self.MINE)
        assert client.get("/").headers["Location"] == reverse("account_change_password")
        actions.reset_password(staff=admin, password=self.MINE, by=admin, now=now)
        admin.refresh_from_db()
        assert not admin.password_is_given

    def test_logging_out_and_profile_stay_open(self, newcomer, client):
        log_in(client, "siufong")
        assert client.get(reverse("office:profile")).status_code == 200
        assert client.post(reverse("account_logout")).status_code == 302

    def test_demonstration_accounts_have_their_password_on_the_screen(self, clerk, client):
        log_in(client)
        assert client.get("/").status_code == 200


def test_an_account_without_a_password_is_told_whom_to_ask(estate, client):
    bare = make_staff("bare", (estate, "clerk"))
    bare.set_unusable_password()
    bare.save()
    client.force_login(bare)
    page = client.get(reverse("account_change_password"), follow=True)
    assert page.status_code == 200
    assert "administrator" in page.content.decode()


class TestSecondFactor:
    """TOTP from supervisor up, when SECOND_FACTOR_REQUIRED is on (production)."""

    @pytest.fixture(autouse=True)
    def _required(self, settings):
        settings.SECOND_FACTOR_REQUIRED = True

    @pytest.fixture
    def with_factor(self, supervisor, client):
        """The supervisor sets his second factor up as the pages tell him to, and signs out."""
        log_in(client, "supervisor")
        ask = client.get(reverse("mfa_activate_totp"))  # the password once more, then the page
        answer = client.post(ask.headers["Location"], {"password": PASSWORD})
        assert answer.headers["Location"] == reverse("mfa_activate_totp")
        page = client.get(reverse("mfa_activate_totp"))
        secret = page.context["form"].secret
        code = totp.format_hotp_value(
            totp.hotp_value(secret, next(iter(totp.yield_hotp_counters_from_time())))
        )
        answer = client.post(reverse("mfa_activate_totp"), {"code": code})
        assert answer.status_code == 302, answer.context["form"].errors
        assert client.get(answer.headers["Location"]).status_code == 200  # the recovery codes
        client.post(reverse("account_logout"))
        cache.clear()  # a code is good once; the next log-in comes later
        return supervisor

    def test_who_has_none_sees_nothing_but_its_set_up(self, supervisor, client):
        log_in(client, "supervisor")
        assert client.get("/office/reminders/").headers["Location"] == reverse("mfa_index")
        assert client.get(reverse("mfa_index")).status_code == 200
        assert client.get("/office/profile/").status_code == 200

    def test_a_clerk_needs_none(self, clerk, client):
        assert not needs_second_factor(clerk)
        log_in(client)
        assert client.get("/office/reminders/").status_code == 403

    def test_the_password_alone_opens_nothing(self, with_factor, client):
        answer = log_in(client, "supervisor")
        assert answer.headers["Location"].startswith(reverse("mfa_authenticate"))
        assert client.get("/office/reminders/").headers["Location"].startswith(LOGIN)
        assert client.get(reverse("mfa_authenticate")).status_code == 200

    def test_password_and_code_open(self, with_factor, client):
        log_in(client, "supervisor")
        wrong = client.post(reverse("mfa_authenticate"), {"code": "000000"})
        assert wrong.status_code == 200
        right = client.post(reverse("mfa_authenticate"), {"code": code_of(with_factor)})
        assert right.status_code == 302
        assert client.get("/office/reminders/").status_code == 200

    def test_a_recovery_code_opens_once(self, with_factor, client):
        codes = Authenticator.objects.get(user=with_factor, type="recovery_codes").wrap().get_unused_codes()
        log_in(client, "supervisor")
        assert client.post(reverse("mfa_authenticate"), {"code": codes[0]}).status_code == 302
        again = Client()
        log_in(again, "supervisor")
        assert again.post(reverse("mfa_authenticate"), {"code": codes[0]}).status_code == 200

    def test_the_demonstration_asks_for_none(self, settings, supervisor, client):
        settings.SECOND_FACTOR_REQUIRED = False
        log_in(client, "supervisor")
        assert client.get("/office/reminders/").status_code == 200


def test_production_requires_it_by_default():
    assert configured.SECOND_FACTOR_REQUIRED is False  # neither demonstration nor test
