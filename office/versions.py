"""Is the row still what the page showed? For rows without a version column: a fingerprint of the edited fields."""

import zlib

from office.refusals import Stale


def mark(row, names):
    """A number that changes with any of the fields `names`; goes into the form as `version`."""
    return zlib.crc32(repr([str(getattr(row, name)) for name in names]).encode())


def check(row, names, version):
    """Refuse when the locked `row` is no longer what the form was drawn from; None asks for no check."""
    if version is not None and version != mark(row, names):
        raise Stale
