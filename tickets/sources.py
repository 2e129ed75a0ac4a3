"""Where a column's words stand in the database, in the reader's language: what exports are written from."""

from django.db.models import F, Value
from django.db.models.functions import Coalesce, NullIf
from django.utils.translation import get_language

from office.lists.estates import staff_source

__all__ = ["local", "place_source", "staff_source"]


def local(prefix):
    """A catalogue row's name in the reader's language, for the database to find."""

    def source():
        return Coalesce(_own_name_of(prefix), F(f"{prefix}__name_zh_hant"), Value(""))

    return source


def _own_name_of(prefix):
    return NullIf(F(f"{prefix}__name_" + (get_language() or "zh-hant").replace("-", "_")), Value(""))


def place_source():
    names = _own_name_of("asset"), NullIf(F("asset__name_zh_hant"), Value(""))
    return Coalesce(F("unit__code"), *names, F("place"))
