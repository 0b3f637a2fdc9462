"""Which training jobs are stopped before their script ends: the median rule, Hyperband's rungs and its last epoch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import fmean, median
from typing import Any

import attrs

from hptsim.model.definitions import Hyperband, Objective
from hptsim.model.search import StoppingRule, Trial
from hptsim.model.specs import TuningJobSpec

MIN_SAMPLES = 3
"""The median rule needs at least this many earlier training jobs (A-35)."""
ETA = 3
"""One in this many goes on at each rung of Hyperband (`hyperband-asynchronous`)."""


def falls_behind(objective: Objective, curve: Sequence[float], earlier: Sequence[Sequence[float]]) -> bool:
    """The median rule: is the last value worse than the median of the *earlier* jobs' running averages (L4, A-35)?

    *earlier* are the curves of training jobs that have completed; those with fewer epochs do not count.

    >>> falls_behind(Objective(), [0.9, 0.8], [[0.5, 0.4], [0.6, 0.4], [0.9, 0.9]])
    True
    """
    epoch = len(curve)
    averages = [fmean(map(objective.cost, other[:epoch])) for other in earlier if len(other) >= epoch]
    return len(averages) >= MIN_SAMPLES and objective.cost(curve[-1]) > median(averages)


def rungs(hyperband: Hyperband, bracket: int) -> list[int]:
    """The epochs after which training jobs of *bracket* are compared; those of the last bracket are never.

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


# ---------------------------------------------------------------------- the rules themselves


@attrs.frozen
class MedianRule:
    """The service's early stopping: worse than the median of the earlier jobs' running averages (L4, A-35)."""

    spec: TuningJobSpec

    @staticmethod
    def applies(spec: TuningJobSpec) -> bool:
        """Whether TrainingJobEarlyStoppingType is Auto."""
        return spec.early_stopping

    def should_stop(self, trial: Trial, others: Sequence[Trial]) -> bool:
        """Whether *trial* falls behind those of the *others* that have completed."""
        objective = self.spec.objective_of(self.spec.definitions[trial.definition])
        return falls_behind(objective, trial.curve, [one.curve for one in others if one.completed])


@attrs.frozen
class MaxResource:
    """Hyperband stops a training job once it has reached MaxResource (L3)."""

    spec: TuningJobSpec

    @staticmethod
    def applies(spec: TuningJobSpec) -> bool:
        """Whether the tuning job has Hyperband's resources."""
        return spec.hyperband is not None

    def should_stop(self, trial: Trial, others: Sequence[Trial]) -> bool:
        """Whether *trial* has had all its epochs."""
        return self.spec.hyperband is not None and len(trial.curve) >= self.spec.hyperband.max_resource


@attrs.frozen
class HyperbandRungs:
    """Hyperband's rungs: one in `ETA` goes on (`hyperband-asynchronous`)."""

    spec: TuningJobSpec

    @staticmethod
    def applies(spec: TuningJobSpec) -> bool:
        """Whether the tuning job has Hyperband's resources."""
        return spec.hyperband is not None

    def should_stop(self, trial: Trial, others: Sequence[Trial]) -> bool:
        """Whether *trial* is not among the best of the rung that it has reached."""
        hyperband = self.spec.hyperband
        if hyperband is None:
            return False
        objective = self.spec.objective_of(self.spec.definitions[trial.definition])
        return not goes_on(objective, hyperband, trial.ordinal, len(trial.curve), trial.curve[-1], others)


RULES: Mapping[str, Any] = {
    "max_resource": MaxResource,
    "hyperband": HyperbandRungs,
    "early_stopping": MedianRule,
}
"""The stopping rules by the names that the journal has for them, in the order in which they are asked; add one here."""


def rules_of(spec: TuningJobSpec) -> dict[str, StoppingRule]:
    """The stopping rules that a tuning job has.

    >>> list(rules_of(TuningJobSpec("demo", hyperband=Hyperband(1, 9))))
    ['max_resource', 'hyperband']
    """
    rules: dict[str, StoppingRule] = {}
    for name, rule in RULES.items():
        if rule.applies(spec):
            rules[name] = rule(spec)
    return rules
