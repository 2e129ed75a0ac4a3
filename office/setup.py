"""What a new estate needs before anybody works in it. Each app adds its step when it starts.

A step takes the estate, adds only what is missing and never changes what the office edited: it may run again.
"""

from collections.abc import Callable

STEPS: list[Callable] = []  # callables(estate) in the order the apps registered them


def register(step):
    if step not in STEPS:
        STEPS.append(step)


def load(estate):
    """Run every step for `estate`, inside the caller's transaction."""
    for step in STEPS:
        step(estate)
