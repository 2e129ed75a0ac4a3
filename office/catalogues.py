"""Catalogues an office edits: rows with a code and names in three languages (ARCHITECTURE §2).

An app registers each of its catalogues when it starts; the settings pages draw list and form from the declaration.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from office import journal

REGISTRY: dict = {}  # name → Catalogue, in the order of registration


@dataclass(frozen=True)
class Catalogue:
    """`name` is also the address; `columns` are (label, callable(row) → text) shown beside code and name.

    `prepare(row)` fills derived columns before a save, such as search keys; `related` is for select_related.
    """

    name: str
    label: object
    hint: object
    icon: str
    model: Any  # a model class
    form: Any  # a form class
    columns: tuple = ()
    related: tuple[str, ...] = ()
    prepare: Callable | None = None

    @property
    def subject(self):
        return self.model._meta.label_lower

    @property
    def fields(self):
        return self.form._meta.fields

    def before_save(self, row):
        if self.prepare:
            self.prepare(row)


def register(catalogue):
    REGISTRY[catalogue.name] = catalogue
    journal.field_words(catalogue.name, catalogue.model)
