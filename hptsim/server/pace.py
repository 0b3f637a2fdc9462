"""Which simulated time it is in a server: a multiple of real time, or moved by hand."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

from hptsim.errors import answered, invalid
from hptsim.server.regions import Regions

_YEAR_10000 = 253402300800.0


class Pace:
    """Which simulated time it is: *speed* seconds to a real second, or standing still at speed 0.

    >>> from hptsim import Simulation
    >>> real = iter([0.0, 2.0])
    >>> regions = Regions(Simulation()); pace = Pace(regions, 60, lambda: next(real)); pace.catch_up(); regions.now
    120.0
    """

    def __init__(self, regions: Regions, speed: float = 0.0, clock: Callable[[], float] = time.monotonic) -> None:
        self.regions, self.speed, self.clock = regions, speed, clock
        self._last = _YEAR_10000 - 1 - regions.epoch_s
        self._start()

    def _start(self) -> None:
        self._began, self._from_s = self.clock(), self.regions.now

    def catch_up(self) -> None:
        """Run each region up to the present simulated time."""
        with self.regions.lock:
            due = self.regions.now
            if self.speed:
                due = max(due, min(self._from_s + (self.clock() - self._began) * self.speed, self._last))
            self.regions.move_to(due)

    def move(self, given: Any) -> None:
        """Advance by {"seconds": n}, or to {"until": t} (simulated seconds).

        Raises ServiceError (ValidationException) for anything else; nothing moved then.
        """
        with self.regions.lock:
            with answered():
                until = self._asked(given)
            self.regions.move_to(until)
            self._start()

    def _asked(self, given: Any) -> float:
        """The simulated time that a request to advance asks for."""
        if not isinstance(given, dict) or len(given) != 1 or not given.keys() <= {"seconds", "until"}:
            raise invalid("advance", given, 'one of {"seconds": n} and {"until": t}')
        [(name, value)] = given.items()
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < math.inf:
            raise invalid(name, value, "a number of simulated seconds")
        now = self.regions.now
        start = 0.0 if name == "until" else now
        if not now - start <= value <= self._last - start:
            raise invalid(name, value, f"from {now - start:g} to {self._last - start:g} (the year 9999)")
        return float(start + value)
