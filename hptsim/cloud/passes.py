"""When the service's controller looks at a tuning job: in passes, a period apart (O1 to O3).

The first pass finds the tuning job, the second launches its first training jobs, the third follows after as long again,
the others at every period, each a little early or late. When a pass comes depends on the seed, the tuning job and the pass's
number alone, so nothing has to happen in the simulation for a pass in which nothing is done.

The third is early because a tuning job whose training jobs failed at once was seen to end 14.162 s after its creation with
a runtime of 11 s (O3, O4): too soon for a whole period after the second pass, and what 5.8 s after it would give.
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
        self._early_s = min(self.second_s - self.first_s, self._period_s) or self._period_s
        """From the second to the third."""

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
        return max(0, math.floor((time_s - self.second_s - self._early_s) / self._period_s) + 1)

    def _time_s(self, number: int) -> float:
        if not number:
            return self.second_s
        on_time_s = self.second_s + self._early_s + (number - 1) * self._period_s
        if number == 1 or not self._jitter_s:
            return on_time_s
        return on_time_s + self._jitter_s * (2 * uniforms(*self._stream, number)[0] - 1)


def _drawn(duration: Duration, uniform: float) -> float:
    return duration if isinstance(duration, (int, float)) else draw(duration, uniform)
