"""Which simulated time it is in a server: a multiple of real time, or moved by hand."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

from hptsim.errors import answered, invalid
from hptsim.service.service import Service
from hptsim.simulation.simulation import Simulation

_YEAR_10000 = 253402300800.0


class Pace:
    """Which simulated time it is: *speed* seconds to a real second, or standing still at speed 0.

    >>> real = iter([0.0, 2.0])
    >>> sim = Simulation(); pace = Pace(sim, 60, lambda: next(real)); pace.catch_up(); sim.now
    120.0
    """

    def __init__(self, sim: Simulation, speed: float = 0.0, clock: Callable[[], float] = time.monotonic) -> None:
        self.sim, self.speed, self.clock = sim, speed, clock
        self.lock = Service.of(sim).lock
        self._last = _YEAR_10000 - 1 - Service.of(sim).epoch_s
        self._start(sim.now)

    def _start(self, now: float) -> None:
        self._began, self._from_s = self.clock(), now

    def catch_up(self) -> None:
        """Run the simulation up to the present simulated time."""
        if self.speed:
            with self.lock:
                due = min(self._from_s + (self.clock() - self._began) * self.speed, self._last)
                if due > self.sim.now:
                    self.sim.run(until=due)

    def move(self, given: Any) -> None:
        """Advance by {"seconds": n}, or to {"until": t} (simulated seconds).

        Raises ServiceError (ValidationException) for anything else; nothing moved then.
        """
        with self.lock:
            with answered():
                until = self._asked(given)
            self.sim.run(until=until)
            self._start(self.sim.now)

    def _asked(self, given: Any) -> float:
        """The simulated time that a request to advance asks for."""
        if not isinstance(given, dict) or len(given) != 1 or not given.keys() <= {"seconds", "until"}:
            raise invalid("advance", given, 'one of {"seconds": n} and {"until": t}')
        [(name, value)] = given.items()
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < math.inf:
            raise invalid(name, value, "a number of simulated seconds")
        start = 0.0 if name == "until" else self.sim.now
        if not self.sim.now - start <= value <= self._last - start:
            raise invalid(name, value, f"from {self.sim.now - start:g} to {self._last - start:g} (the year 9999)")
        return float(start + value)
