"""Many runs of a plain queue, without simulations: what `hptsim.planning.variance_reduction` finds the mean of its figure by.

Where each tuning job is one training job on one instance of the same type, all runs are made at once, in arrays with a row for
each tuning job and a column for each run: they take as long as a few runs one after the other. In other scenarios each run
takes its turn.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from hptsim.model.instants import since_monday_s
from hptsim.optional import require
from hptsim.planning.experiments import seeds
from hptsim.planning.plain_queue import PlainQueue, Shape, came, figure
from hptsim.planning.queue_figures import figures
from hptsim.scenario.arrival_patterns import HOUR_S, Profile, Times
from hptsim.scenario.durations import Exponential, LogNormal
from hptsim.scenario.workload import Arrivals
from hptsim.simulation.gc_pause import collector_paused

np = require("numpy", "planning", "hptsim.planning")
special = require("scipy.special", "planning", "hptsim.planning")

_BLOCK = 500_000
"""So many tuning jobs of all runs are in arrays at a time: some 4 MB each."""
_MOST_INSTANCES = 500
"""With more instances, of which each step finds the first that is free, arrays are no faster."""


def at_once(queue: PlainQueue) -> bool:
    """Whether the runs of *queue* can be made at once."""
    arrivals = queue.scenario.arrivals
    if queue.scenario.tuning_jobs or not all(len(one.templates) == one.batch == 1 for one in arrivals):
        return False
    if any(isinstance(one.interarrival_s, Times) for one in arrivals):
        return False
    if any(isinstance(one.interarrival_s, Profile) and one.until_s is None for one in arrivals):  # of no known end
        return False
    shapes = [queue.shape(one.templates[0]) for one in arrivals]
    count = queue.instances(shapes[0].kind) if shapes else None
    one_line = len({shape.kind for shape in shapes}) == 1 and count is not None and 1 <= count <= _MOST_INSTANCES
    return one_line and all(shape.size == 1 == len(shape.parts) for shape in shapes)


def alone(
    queue: PlainQueue, column: str, seed: int, count: int, warm_up_s: float = 0.0, until_s: float | None = None
) -> tuple[Any, Any]:
    """The figure *column* of *count* runs under *seed*, which no simulation shares, and a row of controls for each run."""
    parts = _at_once if at_once(queue) else _in_turn
    found = list(parts(queue, column, seed, count, warm_up_s, until_s))
    return np.concatenate([values for values, _ in found]), np.concatenate([controls for _, controls in found])


def _in_turn(
    queue: PlainQueue, column: str, seed: int, count: int, warm_up_s: float, until_s: float | None
) -> Iterator[tuple[Any, Any]]:
    with collector_paused(stays=False):  # it would take as long as the runs, which make no cycles
        for own in seeds(seed, count):
            coming = queue.courses(own, alone=True)
            queue.serve(coming)
            yield np.array([figure(coming, column, warm_up_s, until_s)]), np.array([queue.controls(coming)])


def _at_once(
    queue: PlainQueue, column: str, seed: int, count: int, warm_up_s: float, until_s: float | None
) -> Iterator[tuple[Any, Any]]:
    """The same from arrays, as many runs at a time as fit in a block."""
    rng, arrivals = np.random.default_rng(seed), queue.scenario.arrivals
    monday_s = since_monday_s(queue.scenario.epoch)
    instances = queue.instances(queue.shape(arrivals[0].templates[0]).kind)
    assert instances is not None
    most = max(1, _BLOCK // math.ceil(1 + math.fsum(one.expected for one in arrivals)))
    for begin in range(0, count, most):
        runs = min(most, count - begin)
        streams = [_drawn(one, queue.shape(one.templates[0]), rng, runs, monday_s) for one in arrivals]
        at_s, before_s, after_s = (np.concatenate(same) for same in zip(*(drawn for drawn, _ in streams), strict=True))
        if len(streams) > 1:
            order = np.argsort(at_s, axis=0, kind="stable")
            at_s, before_s, after_s = (np.take_along_axis(one, order, 0) for one in (at_s, before_s, after_s))
        begins_s = served(at_s, before_s + after_s, instances)
        with np.errstate(invalid="ignore"):  # NaN where nobody comes
            waiting_s = begins_s + before_s - at_s
        arrived = np.sum([controls[0] for _, controls in streams], axis=0)
        away = [arrived, *(one for _, controls in streams for one in controls[1:])]
        found = figures(at_s, waiting_s, begins_s + before_s + after_s, column, warm_up_s, until_s)
        yield found, np.column_stack(away)


def _drawn(arrivals: Arrivals, shape: Shape, rng: Any, runs: int, monday_s: float) -> tuple[Any, list[Any]]:
    """When tuning jobs come (inf after the last one), their seconds before and from training on; and the controls of a run:
    what all training takes minus its mean, and how many more came, or how much longer gaps were, than expected."""
    at_s = _times(arrivals, rng, runs, monday_s)
    come = np.isfinite(at_s)
    times_s = {True: np.full(at_s.shape, shape.parts[0][0]), False: np.full(at_s.shape, shape.parts[0][1])}
    for _, duration, early in shape.parts[0][2]:
        times_s[early] += quantiles(duration, _uniforms(rng, at_s.shape))
    counts = come.sum(0)
    took_s = np.where(come, times_s[True] + times_s[False], 0.0).sum(0) - counts * shape.mean_s
    last_s = np.where(come, at_s, -np.inf).max(0)
    return (at_s, times_s[True], times_s[False]), [took_s, *came(arrivals, counts, last_s, monday_s)]


def _times(arrivals: Arrivals, rng: Any, runs: int, monday_s: float) -> Any:
    """When tuning jobs come: a column for each run, with inf where no more come."""
    gap: Any = arrivals.interarrival_s
    start_s, until_s = arrivals.start_s, arrivals.until_s
    clock = None if not isinstance(gap, Profile) else _expected(gap, start_s, max(start_s, until_s or 0.0), monday_s)
    if clock is not None:  # in the time in which one comes per unit the process of a profile has exponential gaps
        gap = Exponential(1.0)
    end = math.inf if until_s is None else until_s - start_s if clock is None else clock[1][-1]
    count = arrivals.count or math.ceil(arrivals.expected + 5 * math.sqrt(arrivals.expected) + 5)
    since = np.cumsum(_gaps(gap, rng, (count, runs)), axis=0)
    while arrivals.count is None and (since[-1] <= end).any():
        since = np.concatenate([since, since[-1] + np.cumsum(_gaps(gap, rng, (count, runs)), axis=0)])
    at_s = start_s + since if clock is None else np.interp(since, clock[1], clock[0])
    return np.where(since <= end, at_s, np.inf)


def _expected(profile: Profile, start_s: float, end_s: float, monday_s: float) -> tuple[list[float], list[float]]:
    """Both ends and each full hour between them, and how many are expected to have come by then."""
    first, last = (math.floor((time_s + monday_s) / HOUR_S) for time_s in (start_s, end_s))
    inner = [hour * HOUR_S - monday_s for hour in range(first + 1, last + 1)]
    times_s = [start_s, *inner, end_s]
    return times_s, [profile.expected(start_s, one_s, monday_s) for one_s in times_s]


def _gaps(gap: Any, rng: Any, shape: tuple[int, int]) -> Any:
    if isinstance(gap, (int, float)):
        return np.full(shape, float(gap))
    return quantiles(gap, _uniforms(rng, shape))


def _uniforms(rng: Any, shape: tuple[int, int]) -> Any:
    """Uniform numbers of 32 bits, as those of the random streams."""
    return rng.integers(2**32, size=shape, dtype=np.uint32) * 2.0**-32


def quantiles(duration: Any, uniform: Any) -> Any:
    """`ppf` of a *duration* for an array.

    >>> from hptsim.scenario import Uniform
    >>> quantiles(Uniform(0, 10), np.array([0.25, 0.5])).tolist()
    [2.5, 5.0]
    """
    if isinstance(duration, Exponential):
        return -duration.mean_s * np.log1p(-uniform)
    if isinstance(duration, LogNormal):
        variance = math.log1p(duration.cv**2)
        return duration.mean_s * np.exp(-variance / 2 + math.sqrt(variance) * special.ndtri(uniform))
    return np.fromiter(map(duration.ppf, uniform.ravel().tolist()), float, uniform.size).reshape(uniform.shape)


def served(at_s: Any, took_s: Any, instances: int) -> Any:
    """When each begins, in order of arrival, on the instance that is free first."""
    free_s, runs = np.full((instances, at_s.shape[1]), -np.inf), np.arange(at_s.shape[1])
    begins_s = np.empty_like(at_s)
    for place, came_s in enumerate(at_s):
        first = free_s.argmin(0)
        begins_s[place] = np.maximum(came_s, free_s[first, runs])
        free_s[first, runs] = begins_s[place] + took_s[place]
    return begins_s
