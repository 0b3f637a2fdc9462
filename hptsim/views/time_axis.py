"""The axis of time: seconds, or a longer unit for a long run, or dates where a table of jobs has them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs

from hptsim.model.instants import read_instant
from hptsim.optional import require

_UNITS = ((86400.0, "days"), (3600.0, "h"), (60.0, "min"))
_MANY = 5
"""A unit is taken from so many of it on."""
_DAY_S = 86400.0


@attrs.frozen
class Clock:
    """How simulated time is shown: in units of *unit_s* seconds; or as dates, of which *epoch_s* is second 0, since 1970."""

    unit_s: float = 1.0
    label: str = "simulated time (s)"
    epoch_s: float | None = None

    @classmethod
    def of(cls, end_s: float, epoch: str | None = None) -> Clock:
        """The clock for a run that ends at *end_s*; *epoch* is the instant of second 0, if the run has dates.

        >>> Clock.of(90).label, Clock.of(864000).label, Clock.of(90, "2023-06-01T00:00:00Z").label
        ('simulated time (s)', 'simulated time (days)', 'date (UTC)')
        """
        if epoch is not None:
            return cls(_DAY_S, "date (UTC)", read_instant(epoch))
        for unit_s, name in _UNITS:
            if end_s >= _MANY * unit_s:
                return cls(unit_s, f"simulated time ({name})")
        return SECONDS

    def times(self, times_s: Iterable[float]) -> list[float]:
        """Where these seconds stand on the axis; a date is the number of days since 1970, as matplotlib has it."""
        return [(time_s + (self.epoch_s or 0.0)) / self.unit_s for time_s in times_s]

    def name(self, axes: Any) -> None:
        """Write on a horizontal axis what it is."""
        axes.set_xlabel(self.label)
        if self.epoch_s is not None:
            dates = require("matplotlib.dates", "plots", "drawing")
            places = dates.AutoDateLocator(minticks=3, maxticks=6)
            axes.xaxis.set_major_locator(places)
            axes.xaxis.set_major_formatter(dates.ConciseDateFormatter(places))


SECONDS = Clock()
