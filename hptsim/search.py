"""The tuning mind: which configuration to try next, whom to stop early, when enough has been seen.

Every strategy is a function of what is known: the trials so far and a stream of uniform numbers. So a tuning job carries no
hidden state; it can be copied, explored and resumed. A strategy of your own asks and tells (`Strategy`).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from statistics import NormalDist, fmean, median
from typing import NamedTuple, Protocol

from hptsim.model import CONVERGED, Hyperband, Objective, TuningJobSpec
from hptsim.ranges import ParameterRange, combinations, nth

Draw = Callable[[int], float]
"""The uniform number at a place of this proposal's own stream."""


class Trial(NamedTuple):
    """What is known of one training job: its configuration, the objective after each epoch, and in the end.

    *objective* is None while it runs, and when it ended without one; *live* tells the two apart.
    """

    ordinal: int
    configuration: Mapping[str, str]
    curve: tuple[float, ...] = ()
    objective: float | None = None
    live: bool = False
    passed: tuple[int, ...] = ()
    """The Hyperband rungs at which it was let on, in epochs."""


class Strategy(Protocol):
    """A strategy of your own: asked for each training job, told each when it has ended, in the order of events.

    >>> class Halves:
    ...     def __init__(self, spec): self.best = 1.0
    ...     def tell(self, trial): self.best = min(self.best, trial.objective or 1.0)
    ...     def ask(self, ordinal): return {"rate": str(self.best / 2)}
    >>> mine: Strategy = Halves(TuningJobSpec("demo"))
    >>> mine.ask(1)
    {'rate': '0.5'}
    """

    def tell(self, trial: Trial) -> None:
        """Learn how a training job ended."""

    def ask(self, ordinal: int) -> Mapping[str, str] | None:
        """The configuration of the training job *ordinal*; None when it must wait for results (or is done)."""


def propose(
    spec: TuningJobSpec, ranges: tuple[ParameterRange, ...], ordinal: int, trials: Sequence[Trial], draw: Draw
) -> dict[str, str]:
    """The next configuration, as `spec.strategy` finds it.

    >>> rate = (ParameterRange("rate", "Continuous", 0, 1),)
    >>> propose(TuningJobSpec("demo"), rate, 1, (), lambda place: 0.25)
    {'rate': '0.25'}
    """
    if not ranges:
        return {}
    if spec.strategy == "Grid":
        return nth(ranges, ordinal - 1)
    if spec.strategy == "Bayesian" and sum(trial.objective is not None for trial in trials) >= WARM_UP:
        return parzen(ranges, spec.objective, trials, draw)
    return fresh(ranges, trials, draw)


def fresh(ranges: tuple[ParameterRange, ...], trials: Sequence[Trial], draw: Draw) -> dict[str, str]:
    """A random configuration, one that was not tried before as long as there are any."""
    chosen = {span.name: span.at(draw(place)) for place, span in enumerate(ranges)}
    count = combinations(ranges)
    if count is None or count > _SMALL:
        return chosen
    tried = [dict(trial.configuration) for trial in trials]
    if chosen not in tried or len(tried) >= count:
        return chosen
    values = [span.values or [str(n) for n in range(math.ceil(span.low), math.floor(span.high) + 1)] for span in ranges]
    names = [span.name for span in ranges]
    left = [one for point in itertools.product(*values) if (one := dict(zip(names, point, strict=True))) not in tried]
    return left[int(draw(len(ranges)) * len(left))] if left else chosen


_SMALL = 10_000
"""Spaces up to this size are searched without repetition."""
WARM_UP = 5
"""The strategy Bayesian begins with so many random configurations."""
_CANDIDATES = 24
_GOOD = 0.25
_NORMAL = NormalDist()


def parzen(
    ranges: tuple[ParameterRange, ...], objective: Objective, trials: Sequence[Trial], draw: Draw
) -> dict[str, str]:
    """A tree-structured Parzen estimator: the candidate that is likeliest among the good and unlikely among the rest.

    The best quarter of the trials is good; what still runs counts as not good, so that parallel jobs spread out.
    Source: Bergstra et al., Algorithms for Hyper-Parameter Optimization (2011), section 4.
    """
    known = sorted(
        (trial for trial in trials if trial.objective is not None),
        key=lambda trial: objective.cost(trial.objective or 0.0),
    )
    split = max(1, math.ceil(_GOOD * len(known)))
    points = [[span.unit(trial.configuration.get(span.name, "")) for span in ranges] for trial in known]
    good, rest = points[:split], points[split:]
    rest += [[span.unit(trial.configuration.get(span.name, "")) for span in ranges] for trial in trials if trial.live]
    width = max(0.04, 0.4 * len(known) ** -0.4)
    best: tuple[float, list[float]] | None = None
    for number in range(_CANDIDATES):
        base = number * (len(ranges) + 1)
        center = good[int(draw(base) * len(good))]
        point = [_near(center[i], width, draw(base + 1 + i)) for i in range(len(ranges))]
        score = _density(point, good, width) - _density(point, rest, width)
        if best is None or score > best[0]:
            best = (score, point)
    assert best is not None
    return {span.name: span.at(min(unit, 1 - 1e-12)) for span, unit in zip(ranges, best[1], strict=True)}


def _near(center: float, width: float, uniform: float) -> float:
    """A normal step from *center*, folded back into the unit interval."""
    value = abs(center + width * _NORMAL.inv_cdf(min(max(uniform, 1e-12), 1 - 1e-12)))
    return abs(2 - value) if value > 1 else value


def _density(point: Sequence[float], centers: Sequence[Sequence[float]], width: float) -> float:
    """The logarithm of a mixture of normal kernels and one uniform."""
    total = 1.0
    for center in centers:
        distance = sum(((a - b) / width) ** 2 for a, b in zip(point, center, strict=True))
        total += math.exp(-distance / 2) / (width * math.sqrt(2 * math.pi)) ** len(point)
    return math.log(total / (1 + len(centers)))


# ---------------------------------------------------------------------- whom to stop early

MIN_SAMPLES = 3
"""The median rule needs so many earlier training jobs (A-35)."""
ETA = 3
"""One in so many goes on at each rung of Hyperband (`hyperband-asynchronous`)."""


def falls_behind(objective: Objective, curve: Sequence[float], earlier: Sequence[Sequence[float]]) -> bool:
    """The median rule: is the last value worse than the median of the *earlier* jobs' running averages (L4, A-35)?

    *earlier* are the curves of training jobs that have completed; those that never came so far do not count.

    >>> falls_behind(Objective(), [0.9, 0.8], [[0.5, 0.4], [0.6, 0.4], [0.9, 0.9]])
    True
    """
    epoch = len(curve)
    averages = [fmean(map(objective.cost, other[:epoch])) for other in earlier if len(other) >= epoch]
    return len(averages) >= MIN_SAMPLES and objective.cost(curve[-1]) > median(averages)


def rungs(hyperband: Hyperband, bracket: int) -> list[int]:
    """The epochs after which a training job of *bracket* is judged; the last bracket is judged only at the end.

    >>> rungs(Hyperband(1, 27), 0), rungs(Hyperband(1, 27), 2)
    ([1, 3, 9], [9])
    """
    levels = []
    epochs = hyperband.min_resource * ETA**bracket
    while epochs < hyperband.max_resource:
        levels.append(epochs)
        epochs *= ETA
    return levels


def brackets(hyperband: Hyperband) -> int:
    """How many brackets there are.

    >>> brackets(Hyperband(1, 27))
    4
    """
    return len(rungs(hyperband, 0)) + 1


def goes_on(
    objective: Objective, hyperband: Hyperband, ordinal: int, epoch: int, value: float, others: Sequence[Trial]
) -> bool:
    """Whether a Hyperband training job may go on after *epoch*: at a rung, one in `ETA` may, the best first.

    *others* are the trials of the same tuning job without this one. The rung never lets on more than one in `ETA` of those
    that have reached it (rounded up), whatever the order in which they come.
    """
    count = brackets(hyperband)
    bracket = (ordinal - 1) % count
    if epoch not in rungs(hyperband, bracket):
        return True
    peers = [one for one in others if (one.ordinal - 1) % count == bracket and len(one.curve) >= epoch]
    places = math.ceil((len(peers) + 1) / ETA)
    taken = sum(epoch in one.passed for one in peers)
    better = sum(objective.cost(one.curve[epoch - 1]) < objective.cost(value) for one in peers)
    return taken < places and better < places


# ---------------------------------------------------------------------- when enough has been seen

IMPROVEMENT = 0.01
"""An improvement is one by at least 1 % of the best so far (A-33)."""


def improves(cost: float, best: float) -> bool:
    """Whether *cost* is an improvement on the *best* before it (A-33).

    >>> improves(0.99, 1.0), improves(0.995, 1.0)
    (True, False)
    """
    return cost < best and (best == math.inf or cost <= best - IMPROVEMENT * abs(best))


def not_improving(objective: Objective, results: Sequence[float]) -> int:
    """How many of the last *results* in a row did not improve on the best before them by 1 %.

    >>> not_improving(Objective(), [1.0, 0.5, 0.499, 0.6])
    2
    """
    best, since = math.inf, 0
    for cost in map(objective.cost, results):
        since = 0 if improves(cost, best) else since + 1
        best = min(best, cost)
    return since


def met(spec: TuningJobSpec, results: Sequence[float]) -> str:
    """The completion criterion that the *results* of the training jobs that have ended meet, or nothing (L6).

    >>> from hptsim.model import CompletionCriteria
    >>> met(TuningJobSpec("demo", criteria=CompletionCriteria(target=0.2)), [0.5, 0.1])
    'TargetObjectiveMetricValue'
    """
    criteria, objective = spec.criteria, spec.objective
    if criteria.target is not None and any(objective.cost(one) <= objective.cost(criteria.target) for one in results):
        return "TargetObjectiveMetricValue"
    if criteria.not_improving is None and not criteria.convergence:
        return ""
    since = not_improving(objective, results)
    if criteria.not_improving is not None and since >= criteria.not_improving:
        return "BestObjectiveNotImproving"
    return "ConvergenceDetected" if criteria.convergence and since >= CONVERGED else ""
