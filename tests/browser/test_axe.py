"""Every page, read by axe in both themes and two languages, and measured at the width of a desk and a telephone.

The pages are those of the reviewed access table that answer a GET, each opened by one of the roles that may.
"""

import os
import re

import pytest
from django.db import transaction
from django.urls import reverse

from tests.architecture.access_table import TABLE
from tests.architecture.world import World
from tests.browser.conftest import AXE, sign_in

# Few people open many pages: a browser each, and what it has fetched stays with it.
ORDER = ("supervisor", "clerk", "admin", "technician")
# No pages, drawn elsewhere; and the screen on the wall, whose link has a language of its own (test_board.py).
PAPER = re.compile(r"/pdf|\.pdf|/print\?|/office/files/|/office/forms/\w+/|/day/print|^/wall/")
FRAMED = ["*/pdf*", "*.pdf*", "*/print?*", "*/office/files/*", "*/office/forms/*/*", "*/day/print*"]
BARE = ("account_login", "account_inactive")  # nobody has signed in
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
MARKERS = ("{{", "{%", "%(", "msgid", "fuzzy", "!!!")
READ = """async (options) => {
  const found = await axe.run(document, { ...options, resultTypes: ["violations"], iframes: false });
  return found.violations.map((rule) => `${rule.id}: ${rule.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | ")}`);
}"""
FACTS = """() => ({
  title: document.title.split("·")[0].trim(),
  headings: Array.from(document.querySelectorAll("h1"), (heading) => heading.textContent.trim()),
  language: document.documentElement.lang.toLowerCase(),
  text: document.body.innerText,
})"""
WIDER = """() => {
  const most = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= most) return "";
  const out = Array.from(document.querySelectorAll("body *")).filter((one) => one.getBoundingClientRect().right > most + 1);
  return `${document.documentElement.scrollWidth} > ${most} px: ` + out.slice(-2).map((one) => one.outerHTML.slice(0, 120)).join(" | ");
}"""


def pages(world):
    """[(name, address, role)] of every page a GET shows."""
    found = [("account_login", reverse("account_login"), "")]
    for line in TABLE:
        if line.get != 200 or line.name in ("healthz", "readyz", "office:pulse"):
            continue
        address = reverse(line.name, kwargs=line.args(world) if line.args else None)
        if PAPER.search(address):
            continue
        opens = line.opens.split()
        role = "" if line.name in BARE else next((one for one in ORDER if one in opens), opens[0])
        found.append((line.name, address, role))
    # What the table cannot say: pages with content, and those of errors.
    found.append(("404", "/nowhere/", "clerk"))
    rule = reverse("office:settings_rule", args=["callback_other"])
    found.append(("rule preview", f"{rule}?amount=1&measure=days&valid_from=2099-01-01", "admin"))
    found.append(("search", f"{reverse('search')}?q=3", "clerk"))
    found.append(("unknown caller", f"{reverse('call')}?number=13999990000&q=3", "clerk"))
    found.append(("intake", f"{reverse('tickets:intake')}?unit={world.unit.pk}", "clerk"))
    found.append(("slip_new", f"{reverse('residents:slip_new')}?unit={world.unit.pk}", "clerk"))
    found.append(("gate_red", reverse("residents:gate_slip", args=[world.slip.pk, "forged"]), "guard"))
    return sorted(found, key=lambda page: page[2])


# At the small size every page is read once, in turn in English and the light theme or in Chinese and the dark one; all
# four of every page at the full size (`GUANJIA_FULL=1`).
FULL = bool(os.environ.get("GUANJIA_FULL"))
THEMES = (
    {"en": ("light", "dark"), "zh-hant": ("light", "dark")}
    if FULL
    else {"en": ("light",), "zh-hant": ("dark",)}
)


WIDTHS = [{"width": 1440, "height": 900}, {"width": 390, "height": 844}]


def look(page, name, address, language, themes):
    """What is wrong with one page: [sentence]. A desk's width and a telephone's, beginning with the one at hand."""
    answer = page.goto(address, wait_until="domcontentloaded")
    if "text/html" not in answer.headers.get("content-type", "") or page.locator("main").count() == 0:
        return []
    if page.locator("select[data-choose]").count():
        page.wait_for_selector(".ts-wrapper", state="attached")  # it may stand in a folded filter
    wrong = []
    facts = page.evaluate(FACTS)
    if not facts["title"]:
        wrong.append("no title")
    if len(facts["headings"]) != 1 or not facts["headings"][0]:
        wrong.append(f"headings {facts['headings']}")
    if facts["language"] != language:
        wrong.append(f"says it is in {facts['language']}")
    wrong += [f"{marker} in the text" for marker in MARKERS if marker in facts["text"]]
    for width in sorted(WIDTHS, key=page.viewport_size.__ne__):
        if width != page.viewport_size:
            page.set_viewport_size(width)
        wrong.append(page.evaluate(WIDER))
        if width == WIDTHS[0]:
            for theme in themes:
                page.evaluate("theme => deskTheme(theme)", theme)
                wrong += [f"{theme} {sentence}" for sentence in page.evaluate(READ, {"runOnly": TAGS})]
        elif themes:
            wrong += [f"phone {sentence}" for sentence in page.evaluate(READ, {"runOnly": ["target-size"]})]
    return [f"{name} ({language}) {sentence}" for sentence in wrong if sentence]


PARTS = 2  # so that two workers share each language


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("language", ["en", "zh-hant"])
def test_every_page_reads_well(new_page, served, language, part):
    with transaction.atomic():  # rows are made as the addresses ask for them
        world = World()
        world.person, world.done, world.waiting, world.notice  # noqa: B018
        found = pages(world)
        found = found[len(found) * part // PARTS : len(found) * (part + 1) // PARTS]
        type(world.cast["clerk"]).objects.update(language=language)
    wrong, browsers = [], {}
    for name, address, role in found if FULL else found[list(THEMES).index(language) :: len(THEMES)]:
        if role not in browsers:
            page = browsers[role] = new_page(viewport=WIDTHS[0], reduced_motion="reduce")
            page.add_init_script(AXE)
            # Not by page.route: with it Chromium forgets the style sheet and the scripts from page to page.
            control = page.context.new_cdp_session(page)
            control.send("Network.enable")
            control.send("Network.setBlockedURLs", {"urls": FRAMED})
            if role:
                sign_in(page, world.cast[role], served.url)
        wrong += look(browsers[role], name, address, language, THEMES[language])
    assert not wrong, "\n" + "\n".join(wrong)
