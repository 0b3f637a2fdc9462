"""What is billed: in which states, and how seconds are counted (section 7 of the specification)."""

from __future__ import annotations


def whole_seconds(value_s: float) -> int:
    """Seconds as the service reports and bills them: rounded down, at least 1 (B6, B7, A-29).

    >>> whole_seconds(159.44), whole_seconds(0.2)
    (159, 1)
    """
    return max(1, int(value_s))


BILLED = frozenset({"Downloading", "Training", "Uploading", "Stopping", "Stopping:uploading"})
"""The states in which a training job's instances are billed (B1, B3, `bill-through-upload`)."""
