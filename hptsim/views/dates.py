"""Dates of simulated seconds, in words and below the ticks of an axis, as the film has them in a browser (player_time.js)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import chain
from typing import Any

import attrs

from hptsim.model.instants import local_date
from hptsim.views.time_axis import Clock

_DAY_S = 86400.0
_ROUND_S = (
    0.01,
    0.02,
    0.05,
    0.1,
    0.2,
    0.5,
    1,
    2,
    5,
    10,
    20,
    30,
    60,
    120,
    300,
    600,
    900,
    1800,
    3600,
    7200,
    10800,
    21600,
    43200,
)
_MARGIN = 4
"""So many letters of a date may stand out at the end of its axis."""
_MOST = 5
"""An axis has room for at most so many steps between dates."""


def round_seconds(begin_s: float, end_s: float, most: int) -> list[float]:
    """The seconds from *begin_s* to *end_s* that are multiples of a round time, in at most *most* steps.

    >>> round_seconds(1774, 1861, 5), round_seconds(0, 200_000, 5)
    ([1780.0, 1800.0, 1820.0, 1840.0, 1860.0], [0.0, 43200.0, 86400.0, 129600.0, 172800.0])
    """
    least = (end_s - begin_s) / most
    days = (count * 10**zeros * _DAY_S for zeros in range(300) for count in (1, 2, 5))
    step = next(one for one in chain(_ROUND_S, days) if one >= least)
    first, last = math.ceil(begin_s / step - 1e-9), math.floor(end_s / step + 1e-9)
    return [float(number * step) for number in range(first, last + 1)]


@attrs.frozen
class Dates:
    """Dates of simulated seconds, in the time zone in which *epoch*, the instant of second 0, is written.

    Without an epoch there are none.

    >>> Dates("2025-02-28T23:59:00+01:00").words(90), Dates("2024-01-01T00:00:00Z").words(90), Dates("").words(90)
    ('Sat 2025-03-01 00:00:30 +01:00', 'Mon 2024-01-01 00:01:30 UTC', '')
    """

    epoch: str

    @property
    def zone(self) -> str:
        """The time zone, in words."""
        return "UTC" if self.epoch.endswith("Z") else self.epoch[-6:]

    def words(self, time_s: float) -> str:
        """A second's date and time; nothing without an epoch, and after the year 9999."""
        at = self._at(time_s)
        return "" if at is None else f"{at[0]} {at[1]} {self.zone}"

    def ticks(self, times_s: Sequence[float]) -> list[str]:
        """Labels for seconds that are equally far apart: the first one and midnight have the day, others the time only.

        Where they are days apart, all have the day and none the time.

        >>> Dates("2024-01-01T23:00:00Z").ticks([1800, 3600, 5400])
        ['Mon 2024-01-01 23:30', 'Tue 2024-01-02 00:00', '00:30']
        >>> Dates("2024-01-01T00:00:00Z").ticks([90]), Dates("2024-01-01T00:00:00Z").ticks([0, 86400])
        (['Mon 2024-01-01 00:01:30'], ['Mon 2024-01-01', 'Tue 2024-01-02'])
        """
        found = [at for at in map(self._at, times_s) if at is not None]
        if len(found) < len(times_s):
            return [""] * len(times_s)
        if len(found) > 1 and times_s[1] - times_s[0] >= _DAY_S:
            return [day for day, _ in found]
        length = 5 if all(time.endswith(":00") for _, time in found) else 8
        return [
            f"{day} {time[:length]}" if place == 0 or time == "00:00:00" else time[:length]
            for place, (day, time) in enumerate(found)
        ]

    def _at(self, time_s: float) -> tuple[str, str] | None:
        return local_date(self.epoch, time_s) if self.epoch else None


def write_dates(axes: Any, clock: Clock, dates: Dates, begin_s: float, end_s: float, letters: float) -> None:
    """Give a horizontal axis from *begin_s* to *end_s* ticks at round times, each with its date below it.

    *letters* is how many letters are as wide as the axis: where a date would stand out at its end, it ends at its tick.
    """
    seconds = round_seconds(begin_s, end_s, _MOST)
    ticks, dated = clock.times(seconds), dates.ticks(seconds)
    words = axes.xaxis.get_major_formatter().format_ticks(ticks)
    axes.set_xticks(ticks, [f"{one}\n{other}" for one, other in zip(words, dated, strict=True)])
    for label, second, date in zip(axes.get_xticklabels(), seconds, dated, strict=True):
        if len(date) / 2 > (end_s - second) / (end_s - begin_s) * letters + _MARGIN:
            label.set_ha("right")
