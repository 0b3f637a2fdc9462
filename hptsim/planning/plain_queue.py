"""A plain queue beside a simulation, on the same random streams: what variance reduction compares a replication with.

The same tuning jobs arrive at the same times, each training job takes as long, and quota is given in order of arrival; nothing
else of the service is there: no stops, faults, spot, passes of the controller, priorities or limits besides the instances. It
costs a small part of a simulation. How like the scenario it is decides how much it gains, never whether an answer is right: see
`hptsim.planning.variance_reduction`.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Sequence
from heapq import heappop, heappush, heapreplace
from itertools import chain
from typing import Any

import attrs

from hptsim.model.account import Quota
from hptsim.model.instants import since_monday_s
from hptsim.model.specs import TuningJobSpec
from hptsim.optional import require
from hptsim.planning.queue_figures import figures
from hptsim.scenario.arrival_patterns import Profile, Times
from hptsim.scenario.cloud import Script, Timings
from hptsim.scenario.configured_durations import Scaled
from hptsim.scenario.durations import Distribution, Exponential
from hptsim.scenario.durations import mean as mean_of
from hptsim.scenario.durations_by_type import resolve
from hptsim.scenario.objectives import Objective
from hptsim.scenario.random_streams import PLACES, number_at, sequence, stream, suffix
from hptsim.scenario.scenario import Scenario
from hptsim.scenario.workload import Arrivals

np = require("numpy", "planning", "hptsim.planning")

_Part = tuple[float, float, list[tuple[int, Distribution, bool]]]
"""Of a training job: constant seconds before and from Training on; what is drawn: its place in a stream, how, if before."""


def applies(scenario: Scenario) -> bool:
    """Whether *scenario* has arrivals, and times that do not depend on a configuration or on a record.

    >>> applies(Scenario())
    False
    """
    training_s = scenario.timings.training_s
    by_itself = isinstance(training_s, (int, float, Distribution)) and not isinstance(scenario.script.curve, Objective)
    return bool(scenario.arrivals) and by_itself and not any(job.recorded for job in scenario.tuning_jobs)


@attrs.frozen
class Shape:
    """What the plain queue takes from the spec of a tuning job: instances, how many training jobs at once, their times."""

    spec: TuningJobSpec
    kind: str
    size: int
    parallel: int
    parts: Sequence[_Part]
    mean_s: float
    """The mean of all seconds of its training jobs together."""

    @classmethod
    def of(cls, spec: TuningJobSpec, timings: Timings, script: Script) -> Shape:
        """Read a *spec*: as many training jobs as it may launch, those after the first ones on warm instances."""
        instances, first = spec.definitions[0].instances, spec.limits.max_parallel
        count = spec.limits.max_training_jobs or first
        cold, warm = (_part(timings, script, instances.instance_type, later) for later in (False, True))
        parts = [cold] * min(first, count) + [warm] * (count - first)
        means = [before + after + math.fsum(one.mean() for _, one, _ in drawn) for before, after, drawn in parts]
        return cls(spec, instances.instance_type, instances.count, min(first, count), parts, math.fsum(means))


def _part(timings: Timings, script: Script, kind: str, warm: bool) -> _Part:
    training_s: Any = timings.training_s if script.epoch_s is None else Scaled(script.epoch_s, script.epochs, 0.0)
    own_s = timings.warm_downloading_s if warm else None
    times: list[tuple[str, Any, bool]] = [
        ("starting", resolve(timings.warm_starting_s if warm else timings.starting_s, kind), True),
        ("download", timings.downloading_s if own_s is None else own_s, True),
        ("training", training_s, False),
        ("upload", timings.uploading_s, False),
    ]
    fixed = [(one, early) for _, one, early in times if isinstance(one, (int, float))]
    before_s, after_s = (math.fsum(one for one, early in fixed if early is side) for side in (True, False))
    return before_s, after_s, [(PLACES[why], one, early) for why, one, early in times if isinstance(one, Distribution)]


@attrs.define
class Course:
    """A tuning job of the plain queue; for each of its training jobs the seconds until it trains, and from then to its end."""

    at_s: float
    shape: Shape
    trainings: list[tuple[float, float]]
    waiting_s: float = math.inf
    ended_s: float = math.inf
    launched: int = 0
    ended: int = 0
    idle: int = 0

    def launch(self, now_s: float) -> float:
        """Launch the next training job; when it ends."""
        before_s, after_s = self.trainings[self.launched]
        self.waiting_s = min(self.waiting_s, now_s + before_s - self.at_s)
        self.launched += 1
        return now_s + before_s + after_s

    @property
    def left(self) -> bool:
        """Whether it has training jobs to launch."""
        return self.launched < len(self.trainings)


class PlainQueue:
    """The plain queue of a *scenario*."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario, self._quota = scenario, Quota(scenario.capacity)
        self._keeps = scenario.assumptions.reservation != "as-observed"
        self._shapes: dict[int, Shape] = {}

    def courses(self, seed: int, alone: bool = False) -> list[Course]:
        """The tuning jobs that come under *seed*, in order of time, with the times that a simulation draws for training jobs.

        *alone*, where no simulation has this seed, times are drawn without names, which is faster.
        """
        given = [(one.spec.name, one.at_s, one.spec) for one in self.scenario.tuning_jobs]
        streams = [one.drawn(seed, self.scenario.epoch) for one in self.scenario.arrivals]
        coming = sorted(chain(given, *streams), key=lambda one: one[1])
        own = sequence(seed, "plain-queue").__next__ if alone else None
        return [_course(name, at_s, self.shape(spec), seed, own) for name, at_s, spec in coming]

    def shape(self, spec: TuningJobSpec) -> Shape:
        """What a tuning job of this *spec* is here."""
        known = self._shapes.get(id(spec))
        if known is None:
            known = self._shapes[id(spec)] = Shape.of(spec, self.scenario.timings, self.scenario.script)
        return known

    def instances(self, kind: str) -> int | None:
        """How many instances of a type there are; None for no limit."""
        return self._quota.get(kind)

    def serve(self, coming: Iterable[Course]) -> None:
        """Let them wait in one line for each instance type, in order of arrival, and say when they train first and end."""
        lines: dict[str, list[Course]] = {}
        for one in coming:
            lines.setdefault(one.shape.kind, []).append(one)
        for kind, same in lines.items():
            free = self.instances(kind)
            if free and all(one.shape.size == 1 and len(one.trainings) == 1 for one in same):
                _serve_single(same, free)
            else:
                _serve(same, math.inf if free is None else free, self._keeps)

    def controls(self, coming: Sequence[Course]) -> list[float]:
        """What was drawn minus its known mean: what all training takes, and for each arrivals how many come or their gaps.

        They are about the streams, not about what has happened in a simulation, so that their means are exactly 0.
        """
        took_s = math.fsum(before_s + after_s for one in coming for before_s, after_s in one.trainings)
        found, monday_s = [took_s - math.fsum(one.shape.mean_s for one in coming)], since_monday_s(self.scenario.epoch)
        for arrivals in self.scenario.arrivals:
            own = {id(template) for template in arrivals.templates}
            times_s = [one.at_s for one in coming if id(one.shape.spec) in own]
            found += came(arrivals, len(times_s), times_s[-1] if times_s else math.nan, monday_s)
        return found


def _course(name: str, at_s: float, shape: Shape, seed: int, own: Any) -> Course:
    """A tuning job and all training jobs that it may launch, from the streams of their names or from *own* uniform numbers."""
    trainings = []
    for ordinal, (before_s, after_s, drawn) in enumerate(shape.parts, 1):
        if drawn and own is None:
            random = stream(seed, f"{name}-{ordinal:03d}-{suffix(seed, name, ordinal)}", 1)
        for place, duration, early in drawn:
            time_s = duration.ppf(number_at(random, place)[0] * 2.0**-32 if own is None else own())
            if early:
                before_s += time_s
            else:
                after_s += time_s
        trainings.append((before_s, after_s))
    return Course(at_s, shape, trainings)


def came(arrivals: Arrivals, count: Any, last_s: Any, monday_s: float) -> list[Any]:
    """How many more came than expected, of a Poisson process until a time; how much longer gaps were, of a number of them.

    *count* came, the last one at *last_s*: numbers, or arrays with one for each of many runs.
    """
    pattern, until_s = arrivals.interarrival_s, arrivals.until_s
    if arrivals.batch > 1:
        return []
    if until_s is None:
        if isinstance(pattern, (Profile, Times)) or not isinstance(pattern, Distribution):
            return []
        return [(last_s - arrivals.start_s) / count - mean_of(pattern)]
    if arrivals.count is None and isinstance(pattern, Profile):
        return [count - pattern.expected(arrivals.start_s, until_s, monday_s)]
    return [count - arrivals.expected] if arrivals.count is None and isinstance(pattern, Exponential) else []


def _serve_single(coming: Sequence[Course], count: int) -> None:
    """The same as `_serve` for tuning jobs of one training job on one of *count* instances each: the one that is free first."""
    free_s = [-math.inf] * count
    for job in coming:
        job.ended_s = job.launch(max(job.at_s, free_s[0]))
        heapreplace(free_s, job.ended_s)


def _serve(coming: Sequence[Course], free: float, keeps: bool) -> None:
    """Those of one type, on so many *free* instances; a tuning job *keeps* its instances until its end, or gives them back."""
    line: deque[Course] = deque()
    running: list[tuple[float, int, Course]] = []
    arrivals, number = iter(coming), 0
    arriving = next(arrivals, None)
    while arriving is not None or running:
        if arriving is not None and (not running or arriving.at_s < running[0][0]):
            now_s = arriving.at_s
            line.extend([arriving] * arriving.shape.parallel)
            arriving = next(arrivals, None)
        else:
            now_s, _, job = heappop(running)
            job.ended += 1
            job.idle += 1
            if job.ended == len(job.trainings):
                job.ended_s = now_s
            if keeps and job.left:
                job.idle -= 1
                number += 1
                heappush(running, (job.launch(now_s), number, job))
            elif not keeps or job.ended == len(job.trainings):
                free, job.idle = free + job.idle * job.shape.size, 0
                if job.left:
                    line.append(job)
        while line and not (line[0].left and line[0].shape.size > free):
            job = line.popleft()
            if job.left:
                free -= job.shape.size
                number += 1
                heappush(running, (job.launch(now_s), number, job))


def figure(coming: Iterable[Course], column: str, warm_up_s: float = 0.0, until_s: float | None = None) -> float:
    """The figure *column* (see `hptsim.planning.queue_figures`) of those that were served; 0 where nobody was."""
    rows = np.array([(one.at_s, one.waiting_s, one.ended_s) for one in coming]).reshape(-1, 3, 1)
    return float(figures(rows[:, 0], rows[:, 1], rows[:, 2], column, warm_up_s, until_s)[0])
