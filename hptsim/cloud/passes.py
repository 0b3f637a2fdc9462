"""When the service's controller looks at a tuning job: in passes, a period apart (O1 to O3).

The first pass finds the tuning job, the second launches its first training jobs, the others follow at every period, each
a little early or late. When a pass comes depends on the seed, the tuning job and the pass's number alone, so nothing has
to happen in the simulation for a pass in which nothing is done.
"""

from __future__ import annotations

import math

from hptsim.scenario.cloud import Timings
from hptsim.scenario.durations import Duration, draw
from hptsim.scenario.random_streams import uniforms
from hptsim.world.jobs import TuningJob

_SAME_S = 1e-6
"""Times that differ by less are the same: sums of floating-point numbers."""


class Passes:
    """The controller's passes over one tuning job, in simulated seconds."""

    def __init__(self, timings: Timings, seed: int, job: TuningJob) -> None:
        self._period_s, self._jitter_s = timings.controller_period_s, timings.controller_jitter_s
        self._stream = seed, f"{job.name}/controller/{job.incarnation}"
        first, second = uniforms(*self._stream, 0)[:2]
        self.first_s = job.created_s + _drawn(timings.controller_first_pass_s, first)
        """The first."""
        self.second_s = self.first_s + _drawn(timings.first_launch_s, second)
        """The second, which launches the first training jobs."""

    def at_or_after(self, time_s: float) -> float:
        """The first pass, from the second on, that does not come before *time_s*."""
        number = self._number(time_s - self._jitter_s)
        while (pass_s := self._time_s(number)) < time_s:
            number += 1
        return pass_s

    def last(self, time_s: float) -> float | None:
        """The last pass that does not come after *time_s*; None before the first."""
        time_s += _SAME_S
        if time_s < self.second_s or not self._period_s:
            return None if time_s < self.first_s else self.first_s
        number = self._number(time_s + self._jitter_s)
        while (pass_s := self._time_s(number)) > time_s:
            number -= 1
        return pass_s

    def _number(self, time_s: float) -> int:
        """Of the passes without jitter from the second on, which is 0, the last before *time_s*."""
        return max(0, math.floor((time_s - self.second_s) / self._period_s))

    def _time_s(self, number: int) -> float:
        if not number or not self._jitter_s:
            return self.second_s + number * self._period_s
        early_or_late = 2 * uniforms(*self._stream, number)[0] - 1
        return self.second_s + number * self._period_s + self._jitter_s * early_or_late


def _drawn(duration: Duration, uniform: float) -> float:
    return duration if isinstance(duration, (int, float)) else draw(duration, uniform)
