"""What is billed: in which states, and how seconds are counted (section 7 of the specification)."""

from __future__ import annotations

import math
from collections.abc import Iterable

Stretch = tuple[float, float]
"""A beginning and an end, in seconds since 1970."""


def whole_seconds(stretches: Iterable[Stretch]) -> int:
    """Seconds as the service reports and bills them: what lies between times cut to whole seconds, at least 1 (O11, B7).

    *stretches* are what is counted, each with the times that the service shows, which have milliseconds. So the same
    length may be reported as one second more or less, as its beginning and its end fall.

    >>> whole_seconds([(46.108, 205.548)]), whole_seconds([(0.7, 672.061)]), whole_seconds([(0.2, 0.9)])
    (159, 672, 1)
    """
    return max(1, sum(whole_second(end_s) - whole_second(begin_s) for begin_s, end_s in stretches))


def whole_second(time_s: float) -> int:
    """The whole second in which a time lies, as it is shown to the millisecond (O11).

    >>> whole_second(12.9994), whole_second(12.9996)
    (12, 13)
    """
    return math.floor(round(time_s, 3))


BILLED = frozenset({"Downloading", "Training", "Uploading", "Stopping", "Stopping:uploading", "Interrupted:grace"})
"""The states in which a training job's instances are billed (B1, B3, `bill-through-upload`, `preemption`)."""
