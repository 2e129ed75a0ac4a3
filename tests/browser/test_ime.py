"""Typing Chinese: while an input method composes, nothing is asked and no key does anything else (UX G13)."""

import pytest


@pytest.fixture
def asked(sit):
    """A clerk's home page, the control of its keyboard, and the searches it has sent."""
    page = sit("clerk")
    page.goto("/")
    sent = []
    page.on("request", lambda request: sent.append(request.url) if "/search?" in request.url else None)
    return page, page.context.new_cdp_session(page), sent


def compose(control, text):
    """What is typed stands underlined in the box, as pinyin does."""
    control.send(
        "Input.imeSetComposition", {"text": text, "selectionStart": len(text), "selectionEnd": len(text)}
    )


def test_a_search_waits_for_the_end_of_the_composition(asked):
    page, control, sent = asked
    page.focus("#search-box")
    for text in ("z", "zh", "zhang", "zhang x", "zhang xiao ming"):
        compose(control, text)
        page.wait_for_timeout(200)  # longer than the box waits after a plain letter
    assert page.input_value("#search-box") == "zhang xiao ming"
    assert sent == []
    control.send("Input.insertText", {"text": "張小明"})
    page.wait_for_selector("#search-results a")
    page.wait_for_timeout(400)
    assert len(sent) == 1
    assert page.input_value("#search-box") == "張小明"


def test_keys_of_the_composition_are_no_shortcuts(asked):
    page, control, _sent = asked
    page.focus("#search-box")
    compose(control, "r")
    for kind in ("rawKeyDown", "keyUp"):
        control.send(
            "Input.dispatchKeyEvent",
            {
                "type": kind,
                "key": "Enter",
                "code": "Enter",
                "windowsVirtualKeyCode": 229,
                "nativeVirtualKeyCode": 229,
            },
        )
    page.wait_for_timeout(100)
    assert page.url.endswith("/")


def test_single_keys_stay_letters_inside_fields(asked):
    page, _control, _sent = asked
    page.focus("#search-box")
    page.keyboard.type("r/?u")
    page.wait_for_timeout(100)
    assert page.input_value("#search-box") == "r/?u"
    assert page.url.endswith("/")
    assert page.locator("dialog[open]").count() == 0
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("r")
    page.wait_for_url("**/repairs/new")


def test_single_keys_can_be_turned_off(sit, office):
    office.staff["clerk"].single_keys = False
    office.staff["clerk"].save(update_fields=["single_keys"])
    page = sit("clerk")
    page.goto("/")
    page.keyboard.press("r")
    page.wait_for_timeout(150)
    assert page.url.endswith("/")
    page.keyboard.press("F2")  # no letter: stays
    assert page.evaluate("document.activeElement.id") == "search-box"
