"""The browser fixtures themselves: a page, its language, its width, and a policy that lets nothing else in."""

import pytest


@pytest.mark.parametrize("language", ["en", "zh-hant"])
def test_the_login_page_on_the_desk(desk_page, language):
    desk_page.goto("/account/login/")
    assert (
        desk_page.locator("html").get_attribute("lang").lower()
        == {"en": "en", "zh-hant": "zh-hant"}[language]
    )
    assert desk_page.locator("input[name=login]").is_visible()
    assert desk_page.viewport_size["width"] == 1440


def test_the_login_page_on_the_telephone(phone_page):
    phone_page.goto("/account/login/")
    assert phone_page.evaluate("navigator.maxTouchPoints") > 0
    assert phone_page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_scripts_from_elsewhere_are_refused_and_noticed(new_page):
    page = new_page()
    page.goto("/account/login/")
    page.evaluate(
        "const s = document.createElement('script'); s.textContent = 'window.intruder = 1'; document.head.append(s)"
    )
    assert page.evaluate("window.intruder") is None
    assert "inline script" in new_page.errors.pop()
