"""Paper in tests that ask for the same sheet again and again, for every role or every wrong parameter."""

from contextlib import contextmanager
from unittest import mock

from office import printing


@contextmanager
def draws_once():
    """The press draws the same pages once; whoever asks again gets the same PDF. The pages are made every time."""
    drawn = {}
    plain = printing.Press.print_many

    def print_many(press, printouts):
        wanted = repr([(list(pages), size) for pages, size in printouts])
        if wanted not in drawn:
            drawn[wanted] = plain(press, printouts)
        return drawn[wanted]

    with mock.patch.object(printing.Press, "print_many", print_many):
        yield
