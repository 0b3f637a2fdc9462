"""Bayesian search by a tree-structured Parzen estimator, without other libraries."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

import attrs

from hptsim.model.ranges import ParameterRange
from hptsim.model.search import Trial
from hptsim.model.specs import TuningJobSpec
from hptsim.strategies.random_search import Draw, Known, Random

WARM_UP = 5
"""The search begins with this many results of random configurations."""
_CANDIDATES = 24
_GOOD = 0.25
_NORMAL = NormalDist()


@attrs.frozen
class Parzen:
    """A tree-structured Parzen estimator: the candidate that is likeliest among the good and unlikely among the rest.

    The best quarter of the trials is good; what still runs counts as not good, so that parallel jobs spread out.
    Source: Bergstra et al., Algorithms for Hyper-Parameter Optimization (2011), section 4.

    >>> rate = (ParameterRange("rate", "Continuous", 0, 1),)
    >>> Parzen(TuningJobSpec("demo")).propose(rate, 1, list, lambda place: 0.25)
    {'rate': '0.25'}
    """

    spec: TuningJobSpec

    def propose(self, ranges: tuple[ParameterRange, ...], ordinal: int, known: Known, draw: Draw) -> dict[str, str]:
        """The next configuration, a random one before there are `WARM_UP` results."""
        trials = known()
        results = [trial for trial in trials if trial.objective is not None]
        if len(results) < WARM_UP:
            return Random(self.spec).propose(ranges, ordinal, lambda: trials, draw)
        results.sort(key=self._cost)
        split = max(1, math.ceil(_GOOD * len(results)))
        points = [_point(ranges, trial) for trial in results]
        good, rest = points[:split], points[split:]
        rest += [_point(ranges, trial) for trial in trials if trial.live]
        unit = _best_candidate(good, rest, max(0.04, 0.4 * len(results) ** -0.4), draw)
        return {span.name: span.at(min(one, 1 - 1e-12)) for span, one in zip(ranges, unit, strict=True)}

    def _cost(self, trial: Trial) -> float:
        objective = self.spec.objective_of(self.spec.definitions[trial.definition])
        return objective.cost(trial.objective or 0.0)


def _point(ranges: tuple[ParameterRange, ...], trial: Trial) -> list[float]:
    """A configuration in the unit cube."""
    return [span.unit(trial.configuration.get(span.name, "")) for span in ranges]


def _best_candidate(
    good: Sequence[Sequence[float]], rest: Sequence[Sequence[float]], width: float, draw: Draw
) -> list[float]:
    """Of `_CANDIDATES` steps from good points, the one whose density among the good exceeds that among the rest most."""
    size = len(good[0])
    best: tuple[float, list[float]] | None = None
    for number in range(_CANDIDATES):
        base = number * (size + 1)
        center = good[int(draw(base) * len(good))]
        point = [_near(center[i], width, draw(base + 1 + i)) for i in range(size)]
        score = _density(point, good, width) - _density(point, rest, width)
        if best is None or score > best[0]:
            best = (score, point)
    assert best is not None
    return best[1]


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
