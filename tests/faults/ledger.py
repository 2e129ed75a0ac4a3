"""A gateway of the fault tests: a file that outlives the process, one line for everything that left the house."""

import os
from pathlib import Path


class Ledger:
    def send(self, message, text):
        handle = os.open(os.environ["LEDGER"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        try:
            os.write(handle, f"{message.dedupe_key}\n".encode())
        finally:
            os.close(handle)


def sent(path):
    """The keys that left the house, in their order, repeats included."""
    return path.read_text().split() if Path(path).exists() else []
