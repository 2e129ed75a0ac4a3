"""The words of messages to residents: shipped with the product, changed by the office, kept version by version.

An app declares each `Template` with the data it may speak of. The office writes `{placeholders}`; what a template
does not declare is refused before it is saved. The last version of a language counts; version 0 is the shipped text.
Messages to staff are not here: their texts are the product's own (office/outbox.py TEMPLATES).
"""

import re
from dataclasses import dataclass, field
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from office import journal
from office.models import MessageText
from office.models.places import LANGUAGES

_SHIPPED = re.compile(r"%\((\w+)\)s")
_PLACE = re.compile(r"\{(\w+)\}")
# Every text may name the house it comes from; these are read from the estate when a message is worded.
HOUSE = {
    "estate": gettext_lazy("name of the estate"),
    "company": gettext_lazy("management company"),
    "phone": gettext_lazy("telephone of the office"),
}


@dataclass(frozen=True)
class Template:
    """`title` and `body` are lazy, with %(names)s of `fields`: name → (what it is, a made-up value to look at).

    `when` says when it goes by itself; without one it is a beginning for messages written by hand.
    """

    name: str
    label: Any
    title: Any
    body: Any
    when: Any = ""
    fields: dict = field(default_factory=dict)
    position: int = 100

    @property
    def by_itself(self):
        return bool(self.when)

    @property
    def places(self):
        """{placeholder: what it is}."""
        return {**HOUSE, **{name: label for name, (label, _sample) in self.fields.items()}}

    @property
    def samples(self):
        return {name: str(sample) for name, (_label, sample) in self.fields.items()}

    def shipped(self, language):
        """(title, body) as the product brings them, with {placeholders}."""
        with translation.override(language):
            return tuple(
                _SHIPPED.sub(r"{\1}", str(part)).replace("%%", "%") for part in (self.title, self.body)
            )


TEMPLATES: dict[str, Template] = {}


def register(*templates):
    for template in templates:
        TEMPLATES[template.name] = template
        journal.words("message.template", [(template.name, template.label)])


def label(name):
    """What a template is called; texts to staff have no name of their own."""
    return str(TEMPLATES[name].label) if name in TEMPLATES else _("notice to staff")


def in_order(by_itself):
    found = [template for template in TEMPLATES.values() if template.by_itself == by_itself]
    return sorted(found, key=lambda template: (template.position, template.name))


def current(estate_id, name, language):
    """(title, body, version) that count now at the estate."""
    rows = MessageText.objects.filter(estate_id=estate_id, template=name, language=language)
    row = rows.order_by("-version").first()
    if row is None or row.restored:
        return *TEMPLATES[name].shipped(language), row.version if row else 0
    return row.title, row.body, row.version


def current_of(estate_id):
    """{(template, language): MessageText} of the last versions, for pages that show all of them: one query."""
    rows = MessageText.objects.filter(estate_id=estate_id)
    return {
        (row.template, row.language): row
        for row in rows.order_by("template", "language", "-version").distinct("template", "language")
    }


def house(estate, language):
    """What a text may say of the house it comes from."""
    return {
        "estate": estate.name_en if language == "en" and estate.name_en else estate.name,
        "company": estate.company,
        "phone": estate.phone,
    }


def fill(text, values):
    """`text` with its {placeholders} filled in; what is not known is left open, visibly."""
    return _PLACE.sub(lambda found: str(values.get(found[1], "…")), text)


def unknown(name, *parts):
    """Placeholders of the texts that the template knows nothing of, in the order they stand."""
    places = TEMPLATES[name].places
    return list(dict.fromkeys(one for part in parts for one in _PLACE.findall(part) if one not in places))


def left_out(name, language, *parts):
    """Data the shipped text gives and these texts no longer do."""
    meant = {one for part in TEMPLATES[name].shipped(language) for one in _PLACE.findall(part)}
    said = {one for part in parts for one in _PLACE.findall(part)}
    return [one for one in TEMPLATES[name].places if one in meant - said - set(HOUSE)]


def sample(estate, name, language, title, body):
    """(title, body) as they would look, with made-up data."""
    with translation.override(language):
        values = {**TEMPLATES[name].samples, **house(estate, language)}
    return fill(title, values), fill(body, values)


def spoken(language):
    """A language in words."""
    return dict(LANGUAGES).get(language, language)
