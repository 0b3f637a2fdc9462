"""What a benchmark hands to the suite: rows, each with its baseline from the same run, and what was left out and why."""

from __future__ import annotations

import resource
import sys
from collections.abc import Iterable
from importlib.util import find_spec

import attrs

PROCESSOR, WALL, MEMORY = "processor time", "wall time", "memory"
"""What a figure was taken from. Others on the machine disturb processor time least."""


@attrs.frozen
class Row:
    """One figure, and the figure of its baseline, in the same unit and from the same run."""

    what: str
    value: float
    unit: str
    baseline: str
    baseline_value: float
    taken: str = attrs.field(default=PROCESSOR, validator=attrs.validators.in_((PROCESSOR, WALL, MEMORY)))

    @property
    def ratio(self) -> float:
        """How many times the baseline's figure this one is.

        >>> Row("hptsim", 20_000.0, "training jobs/s", "simpy", 80_000.0).ratio
        0.25
        """
        return self.value / self.baseline_value


@attrs.frozen
class LeftOut:
    """What could not be measured here."""

    what: str
    reason: str


Rows = list[Row | LeftOut]
"""What `rows(quick)` of a benchmark returns."""


def missing(module: str, install: str) -> str | None:
    """Why a benchmark cannot be run, or None where the module is there.

    >>> missing("hptsim", "hptsim") is None
    True
    >>> missing("no_such_module", "'no-such[thing]'")
    "needs pip install 'no-such[thing]'"
    """
    return None if find_spec(module) else f"needs pip install {install}"


def short(value: float) -> str:
    """Three digits, or all in front of the point.

    >>> short(23456.7), short(1.2345), short(0.01234)
    ('23,457', '1.23', '0.0123')
    """
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def lines(rows: Iterable[Row | LeftOut]) -> Iterable[str]:
    """A line for each, for a terminal."""
    for row in rows:
        if isinstance(row, LeftOut):
            yield f"{row.what}: left out, {row.reason}"
        else:
            figures = (
                f"{short(row.value)} {row.unit}, {short(row.ratio)} × {row.baseline} ({short(row.baseline_value)})"
            )
            yield f"{row.what}: {figures}, {row.taken}"


def peak_mib() -> float:
    """The most memory that this process has taken, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)
