"""Which configuration to try next: random, grid, Bayesian search, and strategies of the user's own."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from statistics import NormalDist
from typing import NamedTuple, Protocol

from hptsim.model.definitions import Objective
from hptsim.model.ranges import ParameterRange, combinations, nth
from hptsim.model.specs import TuningJobSpec

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
        distance = math.fsum(((a - b) / width) ** 2 for a, b in zip(point, center, strict=True))
        total += math.exp(-distance / 2) / (width * math.sqrt(2 * math.pi)) ** len(point)
    return math.log(total / (1 + len(centers)))
