"""The steady part of a single run, and how sure one can be of its mean: warm-up by MSER-5, an interval by batch means."""

from __future__ import annotations

import math
from collections.abc import Sequence

import attrs

from hptsim.errors import invalid
from hptsim.optional import require


def quantile(values: Sequence[float], share: float) -> float:
    """The quantile *share* of *values*, linear between neighbors, as numpy computes it by default; NaN when there are none.

    >>> quantile([4, 1, 2, 3], 0.5), quantile([1, 2], 0.95)
    (2.5, 1.95)
    """
    if not values:
        return math.nan
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    if place == below:  # the neighbor above does not count, even if it is infinite
        return ordered[below]
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def mean(values: Sequence[float]) -> float:
    """The mean of *values*; NaN when there are none."""
    return math.fsum(values) / len(values) if values else math.nan


def mser5(values: Sequence[float]) -> int:
    """How many of the first *values* belong to the warm-up, by MSER-5: a multiple of 5, at most half of them.

    Of all cuts between batches of five it takes the one after which the standard error of the mean, as if the batches were
    independent, is smallest. Source: White, An effective truncation heuristic for bias reduction in simulation output (1997).

    >>> mser5([100.0] * 5 + [0.0, 1.0] * 20)
    5
    """
    batches = [math.fsum(values[place : place + 5]) / 5 for place in range(0, len(values) - 4, 5)]
    best, cut, middle, spread = math.inf, 0, 0.0, 0.0
    for left, batch in enumerate(reversed(batches), 1):  # from the end: the sum of squares around the mean, by Welford
        away = batch - middle
        middle += away / left
        spread += away * (batch - middle)
        if 2 * left >= len(batches) and spread / left**2 <= best * (1 + 1e-12):  # of equal ones the smallest cut
            best, cut = spread / left**2, len(batches) - left
    return 5 * cut


@attrs.frozen
class Interval:
    """A *mean* that lies between *low* and *high* with this *confidence*, without the first *cut* observations."""

    mean: float
    low: float
    high: float
    confidence: float
    cut: int = 0

    def __str__(self) -> str:
        return f"{self.mean:.4g} ({self.confidence:.0%} between {self.low:.4g} and {self.high:.4g})"


def batch_means(
    values: Sequence[float], *, confidence: float = 0.95, batches: int = 20, cut: int | None = None
) -> Interval:
    """An interval for the mean of a stationary series from one long run, by the means of *batches* batches of equal length.

    Neighbors may depend on each other, as waiting times do, if batches are much longer than that dependence. The first *cut*
    values are left out, by MSER-5 unless it is given, and what does not fill a batch.
    Raises InvalidInput for fewer than two values for each batch.
    """
    if not 0 < confidence < 1:
        raise invalid("confidence", confidence, "a share between 0 and 1")
    if batches < 2:
        raise invalid("batches", batches, "at least 2")
    cut = mser5(values) if cut is None else cut
    length = (len(values) - cut) // batches
    if length < 2:
        raise invalid("values", len(values), f"at least {cut + 2 * batches}: 2 for each batch after a cut of {cut}")
    first = len(values) - batches * length  # the oldest do not fill a batch
    means = [math.fsum(values[first + n * length : first + (n + 1) * length]) / length for n in range(batches)]
    middle = mean(means)
    spread = math.sqrt(math.fsum((one - middle) ** 2 for one in means) / (batches - 1))
    t = require("scipy.stats", "planning", "a confidence interval").t.ppf((1 + confidence) / 2, batches - 1)
    half = float(t) * spread / math.sqrt(batches)
    return Interval(middle, middle - half, middle + half, confidence, first)
