"""Workloads: tuning jobs that arrive over time, drawn from named streams.

A mix is several arrivals. Each has a stream of its own, named by its template, so adding one disturbs no other.
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import merge
from itertools import accumulate

import attrs

from hptsim.durations import Duration, check
from hptsim.errors import invalid
from hptsim.model import TuningJobSpec, at_least, whole
from hptsim.nature import uniforms
from hptsim.scenario import Scenario, ScheduledTuningJob


@attrs.frozen
class Arrivals:
    """*count* tuning jobs like *template*, whose name begins theirs, each *interarrival_s* seconds after the one before.

    Exponential gaps are a Poisson process, a number is a clock, `Empirical` takes what was observed. *batch* of them come at
    once. The first comes after the first gap, counted from *start_s*.

    >>> arrivals = Arrivals(TuningJobSpec("nightly"), 3600, count=3)
    >>> [(job.spec.name, job.at_s) for job in arrivals.jobs(seed=0)]
    [('nightly-1', 3600.0), ('nightly-2', 7200.0), ('nightly-3', 10800.0)]
    """

    template: TuningJobSpec
    interarrival_s: Duration
    count: int = attrs.field(validator=whole(1))
    start_s: float = attrs.field(default=0.0, validator=at_least(0))
    batch: int = attrs.field(default=1, validator=whole(1))

    def __attrs_post_init__(self) -> None:
        check("interarrival_s", self.interarrival_s)
        longest = f"{self.template.name}-{self.count}"
        if len(longest) > 32:
            raise invalid(
                "template", self.template.name, f"a name of at most {32 - len(str(self.count)) - 1} characters"
            )

    def jobs(self, seed: int) -> list[ScheduledTuningJob]:
        """The tuning jobs and when each is created, a pure function of *seed* and the template's name."""
        name, gap = self.template.name, self.interarrival_s
        batches = -(-self.count // self.batch)
        if isinstance(gap, (int, float)):
            gaps: list[float] = [gap] * batches
        else:
            stream = (
                uniforms(seed, f"arrivals/{name}", block)[place] for block in range(batches) for place in range(16)
            )
            gaps = [gap.ppf(uniform) for uniform, _ in zip(stream, range(batches), strict=False)]
        times = [self.start_s + time_s for time_s in accumulate(gaps)]
        return [
            ScheduledTuningJob(attrs.evolve(self.template, name=f"{name}-{number + 1}"), times[number // self.batch])
            for number in range(self.count)
        ]


def scheduled(scenario: Scenario, arrivals: Iterable[Arrivals], seed: int) -> Scenario:
    """*scenario* with what *arrivals* bring under *seed*, in order of time, besides the tuning jobs that it has already."""
    streams = [list(scenario.tuning_jobs), *(one.jobs(seed) for one in arrivals)]
    jobs = merge(*(sorted(stream, key=_at) for stream in streams), key=_at)
    return attrs.evolve(scenario, tuning_jobs=tuple(jobs))


def _at(job: ScheduledTuningJob) -> float:
    return job.at_s
