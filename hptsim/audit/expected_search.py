"""Who is given up early and when enough has been seen, written a second time from the specification (L2 to L7).

The strategies have these rules too, in another form. Here a *score* is an objective with the sign that makes small ones good.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from hptsim.audit.state import KnownTrainingJob, KnownTuningJob
from hptsim.model.definitions import CompletionCriteria, Hyperband, TrainingJobDefinition
from hptsim.model.ranges import ParameterRange
from hptsim.model.specs import TuningJobSpec


def ascends(spec: TuningJobSpec, definition: TrainingJobDefinition | None = None) -> bool:
    """Whether large objectives are the good ones: as the definition says, or the tuning job."""
    own = None if definition is None else definition.objective
    return own.maximize if own is not None else spec.objective.maximize


def score(value: float, ascending: bool) -> float:
    """An objective as a number of which small ones are good."""
    return 0.0 - value if ascending else value


def within(span: ParameterRange, text: str) -> bool:
    """Whether a hyperparameter's value is one of its range's.

    >>> within(ParameterRange("n", "Integer", 1, 3), "2.5"), within(ParameterRange("n", "Integer", 1, 3), "3")
    (False, True)
    """
    if len(span.values) > 0:
        return any(text == value for value in span.values)
    try:
        number = float(text)
    except ValueError:
        return False
    if span.kind == "Integer" and not number.is_integer():
        return False
    return not (number < span.low or number > span.high or math.isnan(number))


# ---------------------------------------------------------------------- early stopping and Hyperband


def behind_the_median(curve: Sequence[float], completed: Sequence[Sequence[float]], ascending: bool) -> bool:
    """Whether the last of *curve* is worse than the median of the running averages of at least three others (L4, A-35).

    >>> behind_the_median([0.9], [[0.5], [0.6], [0.9]], ascending=False)
    True
    """
    epochs = len(curve)
    averages = sorted(math.fsum(other[:epochs]) / epochs for other in completed if len(other) >= epochs)
    count = len(averages)
    if count < 3:
        return False
    middle = averages[count // 2] if count % 2 else (averages[count // 2 - 1] + averages[count // 2]) / 2
    return curve[-1] < middle if ascending else curve[-1] > middle


def bracket_of(hyperband: Hyperband, ordinal: int) -> frozenset[int]:
    """The rungs of the bracket to which Hyperband assigns a training job: its brackets take turns.

    >>> sorted(bracket_of(Hyperband(1, 27), 1)), sorted(bracket_of(Hyperband(1, 27), 4))
    ([1, 3, 9], [])
    """
    powers = [hyperband.min_resource * 3**power for power in range(20)]
    rungs = [epochs for epochs in powers if epochs < hyperband.max_resource]
    return frozenset(rungs[(ordinal - 1) % (len(rungs) + 1) :])


def peers(job: KnownTrainingJob, others: Sequence[KnownTrainingJob], hyperband: Hyperband) -> list[KnownTrainingJob]:
    """Those of *others* that are in the same bracket of Hyperband as *job*."""
    mine = bracket_of(hyperband, job.ordinal)
    return [one for one in others if bracket_of(hyperband, one.ordinal) == mine]


def hyperband_stops(
    job: KnownTrainingJob, others: Sequence[KnownTrainingJob], hyperband: Hyperband, ascending: bool
) -> str:
    """Which rule of Hyperband gives *job* up after its last epoch, if any (L2, L3, `hyperband-asynchronous`)."""
    epoch = len(job.curve)
    if epoch >= hyperband.max_resource:
        return "max_resource"
    if epoch not in bracket_of(hyperband, job.ordinal):
        return ""
    there = [one for one in peers(job, others, hyperband) if len(one.curve) >= epoch]
    places = (len(there) + 3) // 3
    if sum(epoch in one.passed for one in there) >= places:
        return "hyperband"
    mine = score(job.curve[-1], ascending)
    ranked = sorted([mine, *(score(one.curve[epoch - 1], ascending) for one in there)], key=_last_if_unknown)
    return "" if mine <= ranked[places - 1] else "hyperband"


def _last_if_unknown(one: float) -> float:
    return math.inf if math.isnan(one) else one


# ---------------------------------------------------------------------- completion criteria


def criterion_met(tuning: KnownTuningJob) -> str:
    """The completion criterion that the results of a tuning job meet, or nothing (L6)."""
    if tuning.spec is None or not tuning.results:
        return ""
    criteria: CompletionCriteria = tuning.spec.criteria
    scores = [score(value, ascends(tuning.spec)) for value in tuning.results]
    if criteria.target is not None and min(scores) <= score(criteria.target, ascends(tuning.spec)):
        return "TargetObjectiveMetricValue"
    if criteria.not_improving is None and not criteria.convergence:
        return ""
    idle = len(scores) - _last_improvement(scores)
    if criteria.not_improving is not None and not idle < criteria.not_improving:
        return "BestObjectiveNotImproving"
    return "ConvergenceDetected" if criteria.convergence and not idle < 10 else ""


def _last_improvement(scores: Sequence[float]) -> int:
    """After how many results the best one was last beaten by at least 1 % (A-33); 1 where that was the first."""
    best, last = scores[0], 1
    for number, one in enumerate(scores[1:], start=2):
        if one < best and best - 0.01 * abs(best) >= one:
            last = number
        best = min(best, one)
    return last
