"""The same answer from fewer replications: antithetic pairs, controls with known means, a plain queue beside each replication.

Each technique makes of a replication one number whose mean is that of the plain figure, whatever the technique is worth: what
is taken off has mean 0. Such numbers are independent of each other, so that the ordinary intervals hold. Technique and factors
are chosen by pilot replications. They are not part of the answer where a factor was fitted to them: it would depend on what it
corrects. They are where nothing is taken off, and where the plain queue's deviation is taken off as it is.

A pair is one observation of the mean of a figure, also where the figure is itself a quantile of a replication. A quantile of the
jobs of all replications together is no such mean; no technique is for that one.

Sources: Law, Simulation Modeling and Analysis, chapter 11 (antithetic variates, control variates); Lavenberg and Welch,
Management Science 27 (1981); for controls whose mean is found by runs of their own, Schmeiser, Taaffe and Wang, Biased
control-variate estimation, IIE Transactions 33 (2001).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import attrs

from hptsim.errors import invalid, nearest
from hptsim.optional import require
from hptsim.planning import horizon, many_queues, plain_queue, queue_figures
from hptsim.planning.executors import Design
from hptsim.planning.experiments import seeds
from hptsim.planning.metrics import Figures
from hptsim.planning.plain_queue import PlainQueue
from hptsim.planning.reduction import WORDS
from hptsim.scenario.cloud import Faults
from hptsim.scenario.random_streams import Mirrored

np = require("numpy", "planning", "hptsim.planning")

TECHNIQUES = ("none", "auto", *WORDS)
"""What `variance_reduction` may be."""
PLAIN, QUEUE, ALONE, CONTROL = "plain", "plain_queue", "alone_", "control_"
"""What a replication of a pilot has besides its figures: the plain figure, that of the plain queue beside it, those of numbered
runs of the plain queue alone, numbered controls."""
_ALONE, _ALONE_AT_ONCE = 4, 20
"""How many of those runs there are."""
_TURN_COST, _AT_ONCE_COST = 1 / 15, 1 / 500
"""What a run of the plain queue costs, in replications, in its turn or at once with others: 1/15 to 1/30, and 1/500 to 1/1,500
of a hundred at once, in the models of benchmarks/precision.py."""
_WORTH = 1.2
"""A technique must promise this gain for its cost: what a pilot says of a gain is itself uncertain."""
_LITTLE = 0.1
"""A technique that leaves so little of the variance is clearly worth it; so little of what may be left counts as nothing."""
_MOST_QUEUES = 1000
_NOTHING = 0.1
"""The work of so much of a replication is next to nothing."""
_KEPT = ("unserved_share", horizon.ALL, *horizon.FIGURES)
"""Figures that stay beside the one that is asked for: what a sentence needs for its caveats."""


@attrs.frozen
class Reduced(Design):
    """A design whose replications tell one figure, *column*, with less variance, by *technique*; a "pilot" tells which one."""

    column: str = ""
    technique: str = "pilot"
    factor: float = 0.0
    """How much of the plain queue's deviation is taken off."""
    factors: tuple[float, ...] = ()
    """How much of the deviation of each control."""
    queues: int = 0
    """How many runs of the plain queue tell the mean of its figure."""

    def run(self, seed: int) -> Figures:
        """One replication, or both of a pair: the figure, corrected, beside the plain one; or the plain queue's mean "alone"."""
        if self.technique == "alone":
            return {self.column: self._mean(PlainQueue(self.scenario), seed)}
        found = super().run(Mirrored(seed) if self.technique == "mirrored" else seed)
        if self.column not in found:
            raise invalid("column", self.column, "a figure of each replication", nearest(self.column, found))
        figures = {name: value for name, value in found.items() if name in (self.column, *_KEPT)}
        figures[PLAIN] = plain = found[self.column]
        if self.technique == "pilot":
            return figures | self._observed(seed)
        if self.technique == "antithetic":
            other = super().run(Mirrored(seed))
            return {name: value if name == PLAIN else (value + other[name]) / 2 for name, value in figures.items()}
        if self.technique == "controls":
            queue = PlainQueue(self.scenario)
            figures[self.column] = plain - float(np.dot(queue.controls(queue.courses(seed)), self.factors))
        if self.technique == "plain-queue":
            queue = PlainQueue(self.scenario)
            away = self._served(queue, queue.courses(seed)) - self._mean(queue, seed)
            figures[self.column] = plain - self.factor * away
        return figures

    def training_jobs(self, seed: int) -> int:
        """How many training jobs it may have, the runs of the plain queue counted for what they cost."""
        queues = self.queues * self.queue_cost if self.queues else 0.0
        runs = {"antithetic": 2, "plain-queue": 1 + queues, "alone": queues}.get(self.technique, 1)
        return math.ceil(super().training_jobs(seed) * runs)

    @property
    def queue_cost(self) -> float:
        """What one of many runs of the plain queue costs, in replications."""
        return _AT_ONCE_COST if many_queues.at_once(PlainQueue(self.scenario)) else _TURN_COST

    @property
    def usable(self) -> bool:
        """Whether what a replication draws can be drawn without it."""
        return self.resample is None and plain_queue.applies(self.scenario)

    def _observed(self, seed: int) -> Figures:
        """What a technique could use: the controls and the plain queue's figure, as far as the scenario has them."""
        if not self.usable:
            return {}
        queue = PlainQueue(self.scenario)
        coming = queue.courses(seed)
        found = {f"{CONTROL}{place}": value for place, value in enumerate(queue.controls(coming))}
        if queue_figures.has(self.column):
            found[QUEUE] = self._served(queue, coming)
            count = _ALONE_AT_ONCE if many_queues.at_once(queue) else _ALONE
            values, _ = many_queues.alone(queue, self.column, seeds(seed, 1)[0], count, **self._counted)
            found |= {f"{ALONE}{place}": value for place, value in enumerate(values)}
        return found

    @property
    def _counted(self) -> dict[str, Any]:
        """Which tuning jobs count."""
        return {"warm_up_s": self.warm_up_s, "until_s": self.scenario.until_s if self.until_s is None else self.until_s}

    def _served(self, queue: PlainQueue, coming: Sequence[plain_queue.Course]) -> float:
        """The figure of the plain queue."""
        queue.serve(coming)
        return plain_queue.figure(coming, self.column, **self._counted)

    def _mean(self, queue: PlainQueue, seed: int) -> float:
        """The mean of the plain queue's figure, from runs that no simulation and no pilot shares, corrected by their controls."""
        (own,) = seeds(seed, 1, first=1)
        values, controls = many_queues.alone(queue, self.column, own, self.queues, **self._counted)
        return float((values - controls @ np.array(self.factors)).mean())


def worth_it(pilot: Any, design: Reduced, wanted: str) -> bool:
    """Whether the *wanted* technique, or one that needs no mirror images, tells nearly all of the figure by the table *pilot*."""
    plain = pilot[PLAIN].to_numpy(dtype=float)
    known = {"controls": _columns(pilot, CONTROL), "plain-queue": _columns(pilot, QUEUE)}
    fits = [_fitted(plain, values)[1] for name, values in known.items() if wanted in (name, "auto") and values.size]
    return bool(min(fits, default=math.inf) < _LITTLE * plain.var(ddof=1))


def as_it_is(pilot: Any, design: Reduced, enough: float) -> Reduced | None:
    """The *design* with the plain queue's whole deviation taken off, where the *pilot* alone tells the rest precisely enough.

    A factor of 1 is chosen by no replication, so that those of the pilot may be part of the answer. Not where there are faults:
    by chance a pilot may have had none of rare ones. *enough* is as in `chosen`.
    """
    if design.scenario.faults != Faults() or QUEUE not in pilot or np.ptp(pilot[QUEUE]) == 0:
        return None
    left = float((pilot[PLAIN] - pilot[QUEUE]).var(ddof=1))
    return _with_queue(pilot, design, 1.0, left, enough)[1] if left <= _LITTLE * enough else None


def chosen(pilot: Any, mirrored: Any, design: Reduced, wanted: str, enough: float) -> Reduced:
    """The *design* with the technique that the table *pilot* promises most of for its cost, or with the *wanted* one.

    *mirrored* has the same replications mirrored, or is None. *enough* is the variance of a corrected replication below which
    more runs of the plain queue are not worth it. Raises InvalidInput where the wanted technique does not apply.
    """
    plain = pilot[PLAIN].to_numpy(dtype=float)
    offers = _offers(pilot, plain, design, enough)
    if mirrored is not None:
        pairs = (plain + mirrored[design.column].to_numpy(dtype=float)) / 2
        offers["antithetic"] = 2 * float(pairs.var(ddof=1)), attrs.evolve(design, technique="antithetic")
    if wanted != "auto":
        if wanted not in offers:
            raise invalid("variance_reduction", wanted, f"a technique for {design.column} of this scenario", _HINT)
        return offers[wanted][1]
    best = min(offers.values(), key=lambda offer: offer[0], default=(math.inf, design))
    return best[1] if plain.var(ddof=1) > _WORTH * best[0] else attrs.evolve(design, technique="none")


def _offers(pilot: Any, plain: Any, design: Reduced, enough: float) -> dict[str, tuple[float, Reduced]]:
    """What the controls and the plain queue promise: the variance for the cost of a replication, and the design with it."""
    offers = {}
    controls = _columns(pilot, CONTROL)
    if controls.size:
        factors, left = _fitted(plain, controls)
        offers["controls"] = left, attrs.evolve(design, technique="controls", factors=factors)
    if QUEUE in pilot and np.ptp(pilot[QUEUE]) > 0:
        (factor,), left = _fitted(plain, _columns(pilot, QUEUE))
        offers["plain-queue"] = _with_queue(pilot, design, factor, left, enough)
    return offers


def _with_queue(pilot: Any, design: Reduced, factor: float, left: float, enough: float) -> tuple[float, Reduced]:
    """What the plain queue promises with this *factor*, which leaves so much variance; and the design with it."""
    queue, controls = pilot[QUEUE].to_numpy(dtype=float), _columns(pilot, CONTROL)
    whole, factors, part = float(queue.var(ddof=1)), *_fitted(queue, controls)
    if part >= whole:
        factors, part = (0.0,) * len(factors), whole
    spread = float(
        np.concatenate([queue, _columns(pilot, ALONE).ravel()]).var(ddof=1)
    )  # few values of a skewed figure show little
    own = part / whole * spread
    runs = _queues(left, factor**2 * own, enough, design.queue_cost)
    cost = (left + factor**2 * own / runs) * (1 + runs * design.queue_cost)
    return cost, attrs.evolve(design, technique="plain-queue", factor=factor, factors=factors, queues=runs)


def _columns(pilot: Any, beginning: str) -> Any:
    return pilot[[name for name in pilot.columns if name.startswith(beginning)]].to_numpy(dtype=float)


_HINT = (
    "controls need arrivals that are drawn and times that do not depend on hyperparameters, a plain queue also a figure "
    "such as waiting_time_s.mean; 'auto' takes what applies"
)


def _fitted(values: Any, controls: Any) -> tuple[tuple[float, ...], float]:
    """The factors of a regression on *controls*, and the variance that is left of a value that the regression has not seen."""
    count, width = controls.shape
    if count < width + 3:
        return (0.0,) * width, math.inf
    scale = np.maximum(np.abs(controls).max(0), 1e-300)
    design = np.column_stack([np.ones(count), controls / scale])
    inverse = np.linalg.pinv(design)
    fit = inverse @ values
    lever = np.minimum(np.einsum("ij,ji->i", design, inverse), 1 - 1e-9)
    left = (values - design @ fit) / (1 - lever)
    return tuple(float(one) for one in fit[1:] / scale), float((left**2).sum() / (count - 1))


def _queues(left: float, own: float, enough: float, cost: float) -> int:
    """How many runs of the plain queue a replication has: as many as pay, but no more than the variance *enough* needs.

    What may cost next to nothing is spent in any case: on up to twice as many, so that the first look is rarely too early, and
    where few are needed on more, whose mean is less skewed.
    """
    pay = math.sqrt(own / (left * cost)) if left > 0 else math.inf
    need = own / (enough - left) if enough > left else math.inf
    spare = _NOTHING / cost
    return max(1, math.ceil(min(pay, max(spare, need + min(need, spare)), _MOST_QUEUES)))
