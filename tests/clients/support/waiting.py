"""Waiting for a state, never for a time."""

import time

# How long anything may take before a test gives up: a hang limit, not an expectation.
HANG = 60.0


def until(condition, what: str, limit: float = HANG):
    """Asks again and again until the answer is true, and gives that answer."""
    end = time.monotonic() + limit
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"not within {limit:.0f} s: {what}; last seen: {answer!r}")
        time.sleep(0.02)  # between two looks, so that looking doesn't slow down what is looked at
