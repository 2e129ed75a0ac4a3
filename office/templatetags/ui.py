"""Atoms of the screen as tags and filters; a template builtin, so no page needs to load it."""

import secrets
from datetime import datetime
from decimal import Decimal
from functools import cache

from django import template
from django.conf import settings
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils.html import conditional_escape, format_html, format_html_join, json_script
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from office.money import show as show_money

register = template.Library()

# Tone of a state, a clock, a tile → the Tabler colour behind it. Words first, colour second: the tone never
# carries a meaning that the text does not say.
TONES = {
    "": "secondary",
    "new": "blue",
    "busy": "blue",
    "wait": "yellow",
    "good": "green",
    "done": "green",
    "late": "red",
    "bad": "red",
    "today": "orange",
    "soon": "yellow",
    "later": "secondary",
    "kept": "green",
    "quiet": "secondary",
}
CLOCK_ICONS = {
    "late": "urgent",
    "today": "clock",
    "soon": "hourglass",
    "later": "calendar-due",
    "kept": "circle-check",
    "done": "circle-check",
    "broken": "circle-x",
    "quiet": "clock-pause",
}


@register.simple_tag
def icon(name, extra="", label=""):
    """An icon of the sprite. Decorative unless `label` is given (then it is read out)."""
    if label:
        href = f"{static('icons.svg')}#{name}"
        return format_html(
            '<svg class="icon {}" role="img" aria-label="{}"><use href="{}"></use></svg>', extra, label, href
        )
    return _plain_icon(str(name), str(extra))


@cache
def _plain_icon(name, extra):
    href = f"{static('icons.svg')}#{name}"
    return format_html(
        '<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}"></use></svg>', extra, href
    )


# --- what is the same on page after page -------------------------------------------------------------------

KEPT: dict[tuple, str] = {}
KEPT_LIMIT = 1_000  # pieces a process keeps; then it begins again
# Stand in a kept piece for what changes with every page; drawn at random so that nobody can type them.
TOKEN_HERE, PATH_HERE = secrets.token_hex(16), secrets.token_hex(16)


class KeptNode(template.Node):
    def __init__(self, name, keys, nodelist):
        self.name, self.keys, self.nodelist = name, keys, nodelist

    def render(self, context):
        keys = [key.resolve(context, ignore_failures=True) for key in self.keys]
        if None in keys:
            return self.nodelist.render(context)
        address = (self.name, *keys)
        drawn = KEPT.get(address)
        if drawn is None:
            with context.push(csrf_token=TOKEN_HERE, here=PATH_HERE):
                drawn = self.nodelist.render(context)
            if len(KEPT) >= KEPT_LIMIT:
                KEPT.clear()
            KEPT[address] = drawn
        if TOKEN_HERE in drawn:
            drawn = drawn.replace(TOKEN_HERE, conditional_escape(str(context.get("csrf_token", ""))))
        if PATH_HERE in drawn:
            request = context.get("request")
            drawn = drawn.replace(PATH_HERE, conditional_escape(request.get_full_path() if request else "/"))
        return drawn


@register.tag
def kept(parser, token):
    """`{% kept "top" frame.top_key %}…{% endkept %}`: drawn once in a process for each key.

    The key holds everything the piece depends on, except the CSRF token and the address of the page: those are put
    in each time (`{% csrf_token %}`; `{% firstof here request.get_full_path %}`). Without a key it is drawn anew.
    """
    _tag, name, *keys = token.split_contents()
    nodelist = parser.parse(("endkept",))
    parser.delete_first_token()
    return KeptNode(name, [parser.compile_filter(key) for key in keys], nodelist)


@register.simple_tag
@cache
def kbd(keys):
    """Keys as the person presses them: `Ctrl+Enter`, `g h`."""
    return format_html(
        '<span class="keys" aria-hidden="true">{}</span>',
        format_html_join(
            "",
            "<kbd>{}</kbd>",
            ((key.upper() if len(key) == 1 else key,) for key in keys.replace("+", " ").split()),
        ),
    )


@register.filter
def tone(name):
    """Tone word → Tabler colour name for `bg-…-lt`."""
    return TONES.get(name or "", name)


@register.filter
def clock_icon(name):
    return CLOCK_ICONS.get(name or "later", "clock")


@register.filter
def initials(name):
    """Two letters for the avatar: last two characters of a Chinese name, else first letters."""
    name = str(name or "").strip()
    if not name:
        return "?"
    if ord(name[-1]) > 0x2E7F:
        return name[-2:]
    return "".join(word[0] for word in name.replace(".", " ").replace("_", " ").split()[:2]).upper()


@register.simple_tag
def money(amount, currency="", sign=True):
    """`1234.5` → `¥1,234.50`. Always two places; a missing amount is a dash."""
    return show_money(amount, currency, sign)


@register.filter
def get(mapping, key):
    """`{{ mapping|get:key }}`; empty when the key is missing."""
    try:
        return mapping.get(key, "")
    except AttributeError:
        return getattr(mapping, str(key), "")


@register.filter
def pairs(value):
    """A mapping or a list of pairs, as a list of pairs."""
    if not value:
        return []
    return list(value.items()) if hasattr(value, "items") else list(value)


@register.filter
def iso(value):
    return value.isoformat(timespec="minutes") if isinstance(value, datetime) else value or ""


@register.simple_tag
def url_or_none(name, *args, **kwargs):
    """The address of a named page, or None where it is not there (error pages, early start)."""
    try:
        return reverse(name, args=args, kwargs=kwargs)
    except NoReverseMatch:
        return None


@register.simple_tag
def product():
    return settings.PRODUCT_NAME


@register.simple_tag
def languages():
    """(code, own name) of every interface language; works without a request or database."""
    return settings.LANGUAGES


@register.simple_tag
def html_lang():
    """BCP 47 tag for `lang`, which also chooses the shape of Han glyphs."""
    return {"zh-hant": "zh-Hant", "zh-hans": "zh-Hans"}.get(get_language() or "", get_language() or "zh-Hant")


@register.simple_tag
def changed_query(request, **changes):
    """The current query string with some keys set, or taken out when None."""
    query = request.GET.copy()
    for key, value in changes.items():
        if value is None:
            query.pop(key, None)
        else:
            query[key] = value
    return f"?{query.urlencode()}"


@register.simple_tag
def data_json(value, element_id):
    """Data for a script of ours as an inert JSON block (not executable, so the CSP allows it)."""
    return json_script(value, element_id)


@register.inclusion_tag("_ui/move.html", takes_context=True, name="move")
def move_tag(context, move):
    """One next action as a button, or disabled with its reason. Keeps the CSRF token."""
    return {"move": move, "csrf_token": context.get("csrf_token")}


@register.inclusion_tag("_ui/moves.html", takes_context=True, name="moves")
def moves_tag(context, moves):
    """All next actions of a record: the possible ones first, the refused ones with their reasons."""
    moves = [move for move in moves or () if move]
    return {
        "moves": moves,
        "refused": [move for move in moves if get(move, "why_not")],
        "csrf_token": context.get("csrf_token"),
    }


@register.filter
def with_columns(cells, columns):
    """Each cell beside its column (key, label, sort url, sorted, align)."""
    return list(zip(cells, columns, strict=False))


class DrawnNode(template.Node):
    """What Python draws: the same loop as a template takes seven times as long (office/drawing.py)."""

    def __init__(self, draw, value):
        self.draw, self.value = draw, value

    def render(self, context):
        value = self.value.resolve(context, ignore_failures=True)
        return self.draw(value) if value else ""


def _drawn(parser, token):
    name, value = token.split_contents()
    from office import drawing  # here: django.forms is slow to import and tags load early

    return DrawnNode(getattr(drawing, name), parser.compile_filter(value))


for _name in (
    "list_body", "filter_fields", "tiles", "tile", "chart_rows", "bars", "month_rows", "timeline", "fact_rows",
    "card_panels", "start_moves", "start_items",
):  # fmt: skip
    register.tag(_name, _drawn)


@register.filter
def sort_word(value):
    """`asc`, `desc`, `-`, True → the word of aria-sort."""
    return "descending" if str(value).lower() in {"desc", "descending", "-", "-1"} else "ascending"


@register.simple_tag
def chart_data(chart):
    """The numbers of `_ui/chart.html` for app.js; the table beside it shows the same ones."""
    rows = get(chart, "rows")
    names = get(chart, "series")
    data = {
        "kind": get(chart, "kind") or "bar",
        "horizontal": bool(get(chart, "horizontal")),
        "stacked": bool(get(chart, "stacked")),
        "unit": str(get(chart, "unit")),
        "toned": bool(get(chart, "tones")),
        "labels": [str(row[0]) for row in rows],
        "series": [
            {
                "name": str(name),
                "tone": (list(get(chart, "tones") or []) + [""] * len(names))[index],
                "values": [_number(row[1][index]) for row in rows],
                "hrefs": [(row[2][index] if len(row) > 2 else "") or "" for row in rows],
            }
            for index, name in enumerate(names)
        ],
    }
    return json_script(data, f"{get(chart, 'id')}-data")


def _number(value):
    """Drawn length of a bar; the exact text is in the table."""
    return float(value) if isinstance(value, Decimal) else value


@register.filter
def chart_cells(row):
    """(value, href) of one row of a chart's table."""
    hrefs = row[2] if len(row) > 2 else [""] * len(row[1])
    return list(zip(row[1], hrefs, strict=True))


@register.filter
def month_tone(tones, at):
    """The tone of a chart's series, if it has one."""
    return tones[at] if at < len(tones) else ""


@register.filter
def error_lines(form):
    """(label, id, text) of every error of any form, ours or allauth's."""
    from office.forms import error_lines as lines  # here: django.forms is slow to import and tags load early

    return lines(form)


@register.filter
def field_groups(form):
    """[(title, fields)] of any form."""
    return getattr(form, "groups", None) or [("", form.visible_fields())]


@register.simple_tag
def words() -> SafeString:
    """The sentences app.js needs, in the person's language."""
    return _words(get_language())


@cache
def _words(_language) -> SafeString:
    return json_script(
        {
            "lost": _("No connection. Nothing you typed is lost: leave this page open."),
            "lostHow": _("Check the network, then press “Try again”."),
            "signedOut": _("You have been signed out. Nothing you typed is lost: it stays on this page."),
            "signedOutHow": _("Sign in again in a new tab, come back here and press “Try again”."),
            "signIn": _("Sign in in a new tab"),
            "tryAgain": _("Try again"),
            "failed": _("That did not work. What you typed is still here."),
            "back": _("Connected again."),
            "draftSaved": _("Draft saved %s"),
            "draftTake": _("Continue with the draft of %s"),
            "draftDrop": _("Throw the draft away"),
            "draftWaiting": _("Draft not saved yet, trying again"),
            "unsaved": _("There are changes on this page that are not saved."),
            "undo": _("Undo"),
            "undoIn": _("Undo (%s s)"),
            "close": _("Close"),
            "cancel": _("No, go back"),
            "confirm": _("Go ahead"),
            "keys": _("Keys of this page"),
            "keysOff": _("Single keys are switched off in your profile."),
            "keySearch": _("Search"),
            "keySave": _("Save"),
            "keyPrint": _("Print"),
            "keyRow": _("Next or previous row"),
            "keyOpen": _("Open the row"),
            "keySelect": _("Select the row (with Shift: all rows in between)"),
            "keyUndo": _("Undo the last step"),
            "keyHelp": _("This list"),
            "selected": _("%s selected"),
            "uploading": _("Sending %s"),
            "uploaded": _("%s attached"),
            "uploadFailed": _("Not sent yet. It is sent as soon as the connection is back."),
            "uploadRefused": _("This file cannot be taken: %s"),
            "remove": _("Remove"),
            "noResults": _("Nothing found"),
            "typeMore": _("Type to search"),
            "loading": _("Searching"),
            "today": _("Today"),
            "tomorrow": _("Tomorrow"),
            "clear": _("Clear"),
            "working": _("Working"),
            "locale": html_lang(),
        },
        "words",
    )
