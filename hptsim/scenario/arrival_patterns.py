"""When tuning jobs come, besides a gap between two of them: a rate that changes with the hour, or times that are given."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

import attrs

from hptsim.errors import invalid
from hptsim.model.validators import in_order, is_number
from hptsim.scenario.durations import KINDS

HOUR_S = 3600
_DAY_HOURS, _WEEK_HOURS = 24, 7 * 24


def _in_order(given: Any) -> Any:
    values = in_order(given)
    return tuple(sorted(values)) if isinstance(values, tuple) and all(map(is_number, values)) else values


def are_amounts(values: Any) -> bool:
    """Whether *values* are numbers of 0 or more."""
    return isinstance(values, tuple) and all(is_number(value) and value >= 0 for value in values)


@attrs.frozen
class Profile:
    """Arrivals whose rate changes by the hour of the day (24 rates *per_hour*) or of the week (168, from Monday at midnight).

    A Poisson process with that rate, on the clock of the scenario's epoch and in its time zone.

    >>> Profile([0] * 8 + [6] * 12 + [0] * 4).mean_per_hour
    3.0
    """

    per_hour: tuple[float, ...] = attrs.field(converter=in_order)

    @per_hour.validator
    def _rates(self, attribute: attrs.Attribute[Any], rates: tuple[float, ...]) -> None:
        if not isinstance(rates, tuple) or len(rates) not in (_DAY_HOURS, _WEEK_HOURS):
            raise invalid(
                "per_hour",
                len(rates) if isinstance(rates, tuple) else rates,
                "24 rates (a day) or 168 (a week, from Monday)",
            )
        if not are_amounts(rates) or not any(rates):
            raise invalid("per_hour", list(rates), "rates of 0 or more, not all of them 0")

    @property
    def mean_per_hour(self) -> float:
        """The mean rate."""
        return math.fsum(self.per_hour) / len(self.per_hour)

    def expected(self, start_s: float, end_s: float, monday_s: float) -> float:
        """How many are expected to come between two times; *monday_s* is the time since a Monday's midnight at second 0.

        >>> Profile([0] * 8 + [6] * 12 + [0] * 4).expected(7 * 3600, 8.5 * 3600, 0)
        3.0
        """
        first, last = (math.floor((time_s + monday_s) / HOUR_S) for time_s in (start_s, end_s))
        parts = []
        for hour in range(first, last + 1):
            begin_s, stop_s = max(start_s, hour * HOUR_S - monday_s), min(end_s, (hour + 1) * HOUR_S - monday_s)
            parts.append(self.per_hour[hour % len(self.per_hour)] * max(0.0, stop_s - begin_s) / HOUR_S)
        return math.fsum(parts)

    def times(self, start_s: float, monday_s: float, expected: Iterable[float]) -> Iterator[float]:
        """When arrivals come: each as soon as the integral of the rate has grown by the next of *expected*.

        With unit-exponential *expected* that is the Poisson process, by inversion. *monday_s* is the time since a Monday's
        midnight at second 0.
        """
        now, hour = start_s, int((start_s + monday_s) // HOUR_S)
        for missing in expected:
            while True:
                rate = self.per_hour[hour % len(self.per_hour)] / HOUR_S
                hour_ends_s = (hour + 1) * HOUR_S - monday_s
                in_hour = rate * (hour_ends_s - now)  # what is expected in the rest of this hour
                if rate and in_hour >= missing:
                    break
                missing, now, hour = missing - in_hour, hour_ends_s, hour + 1
            now += missing / rate
            yield now


@attrs.frozen
class Times:
    """Arrivals at given *times_s*, counted from the arrivals' start.

    >>> Times([30, 10]).times_s
    (10, 30)
    """

    times_s: tuple[float, ...] = attrs.field(converter=_in_order)

    @times_s.validator
    def _not_before(self, attribute: attrs.Attribute[Any], times_s: tuple[float, ...]) -> None:
        if not times_s or not are_amounts(times_s):
            raise invalid("times_s", times_s, "at least one number of seconds, none below 0")


PATTERNS = {"profile": Profile, "times": Times}
"""What is no gap between two arrivals and still says when they come, as scenario files spell it."""
GAPS = {**KINDS, **PATTERNS}
"""All that says when tuning jobs come, as scenario files spell it."""
