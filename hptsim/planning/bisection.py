"""The smallest whole number at which something holds, if it holds for all larger ones as well."""

from __future__ import annotations

from collections.abc import Callable


def first_that(holds: Callable[[int], bool], low: int, high: int) -> int | None:
    """The smallest number from *low* to *high* at which *holds*, None where it holds at none; no number is tried twice.

    Numbers are doubled until one holds, and then halved. The one before the answer is always tried, unless that is *low*.

    >>> tried = []
    >>> first_that(lambda value: tried.append(value) or value >= 6, 1, 100), tried
    (6, [1, 2, 4, 8, 6, 5])
    """
    failing, passing = low - 1, low
    while not holds(passing):
        if passing >= high:
            return None
        failing, passing = passing, min(2 * max(1, passing), high)
    while passing - failing > 1:
        middle = (failing + passing) // 2
        failing, passing = (failing, middle) if holds(middle) else (middle, passing)
    return passing
