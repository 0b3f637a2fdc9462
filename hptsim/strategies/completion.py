"""When a tuning job has seen enough: its completion criteria, one function for each."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from hptsim.model.definitions import CONVERGED, Objective
from hptsim.model.specs import TuningJobSpec

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


def target_reached(spec: TuningJobSpec, results: Sequence[float]) -> bool:
    """Whether a result is as good as the target."""
    target, cost = spec.criteria.target, spec.objective.cost
    return target is not None and any(cost(one) <= cost(target) for one in results)


def stands_still(spec: TuningJobSpec, results: Sequence[float]) -> bool:
    """Whether the last results, MaxNumberOfTrainingJobsNotImproving of them, did not improve on the best (L7)."""
    most = spec.criteria.not_improving
    return most is not None and not_improving(spec.objective, results) >= most


def converged(spec: TuningJobSpec, results: Sequence[float]) -> bool:
    """Whether the search has converged, where the user asked to look for that (A-34)."""
    return spec.criteria.convergence and not_improving(spec.objective, results) >= CONVERGED


CRITERIA: Mapping[str, Callable[[TuningJobSpec, Sequence[float]], bool]] = {
    "TargetObjectiveMetricValue": target_reached,
    "BestObjectiveNotImproving": stands_still,
    "ConvergenceDetected": converged,
}
"""The completion criteria by the service's names, in the order in which they are looked at; add one here."""


def met(spec: TuningJobSpec, results: Sequence[float]) -> str:
    """The completion criterion that the *results* of the training jobs that have ended meet, or nothing (L6).

    >>> from hptsim.model import CompletionCriteria
    >>> met(TuningJobSpec("demo", criteria=CompletionCriteria(target=0.2)), [0.5, 0.1])
    'TargetObjectiveMetricValue'
    """
    return next((name for name, is_met in CRITERIA.items() if is_met(spec, results)), "")
