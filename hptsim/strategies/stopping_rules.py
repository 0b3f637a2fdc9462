"""Who is given up early, and when enough has been seen: the median rule, Hyperband, completion criteria."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean, median

from hptsim.model.definitions import CONVERGED, Hyperband, Objective
from hptsim.model.specs import TuningJobSpec
from hptsim.strategies.strategies import Trial

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
