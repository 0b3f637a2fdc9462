"""How sure one can be of a mean: bounds from independent replications of figures that may be skewed, or bounded, or both.

Student's interval takes a figure to be normal. Waiting times are skewed: in most replications nobody waits for long, in a few
everybody does. Then Student's upper bound lies too low, and "at most" is wrong more often than it says. The method here is the
one that `benchmarks/intervals.py` found best; docs/validation/intervals.md has its measured coverage beside six others.
"""

from __future__ import annotations

import math
import re
from typing import Any

from hptsim.errors import invalid
from hptsim.optional import require
from hptsim.planning.figures import FIGURES

np = require("numpy", "planning", "hptsim.planning")
stats = require("scipy.stats", "planning", "hptsim.planning")

Limits = tuple[float, float]
"""What a figure cannot leave, such as 0 and 1."""
ANYTHING: Limits = (-math.inf, math.inf)
_AMOUNTS = {name.partition(".")[0] for name in FIGURES}
_SHARE = re.compile(r"\.above_|_share(\.|$)|^utilization(\.|$)")
_CORRECTED_FROM = 10
"""With fewer values the correction makes two-sided intervals worse: the experiment has both."""


def check_unserved(unserved: float) -> None:
    """Refuse what is no share of the tuning jobs that may be refused or never train."""
    if isinstance(unserved, bool) or not isinstance(unserved, (int, float)) or not 0 <= unserved <= 1:
        raise invalid("unserved", unserved, "a share between 0 and 1, such as 0.01")


def check_confidence(confidence: float, least: float = 0.0) -> None:
    """Refuse what is no confidence, before hours of computation."""
    if not least < confidence < 1:
        raise invalid("confidence", confidence, f"a share between {least:g} and 1", "for example 0.95")


def limits_of(column: str) -> Limits:
    """What a figure of this name cannot leave: a share stays within 0 and 1, a time, a count and a cost do not fall below 0.

    Of a name that is no figure of hptsim's nothing is known.

    >>> limits_of("waiting_time_s.above_600"), limits_of("cost_usd"), limits_of("profit")
    ((0.0, 1.0), (0.0, inf), (-inf, inf))
    """
    if _SHARE.search(column):
        return 0.0, 1.0
    return (0.0, math.inf) if column.partition(".")[0] in _AMOUNTS else ANYTHING


def bounds(values: Any, confidence: float = 0.95, limits: Limits = ANYTHING) -> tuple[Any, Any]:
    """A lower and an upper bound for the mean of independent *values* (the last axis), each with this *confidence* by itself.

    Student's t, adjusted for the skewness of the values (Willink 2005). Few values show too little of it, so that of ten or
    more it is multiplied by 1 + 6/n (Tasker and Stedinger 1986). For a share (*limits* of 0 and 1) no bound is
    worse than Clopper and Pearson's when each replication counts as one trial, which needs no spread: twenty replications
    without a single late job show at most 13.9 %. NaN where values show no spread and that does not help, or are fewer than two.

    >>> low, high = bounds([9.0, 10.0, 11.0])
    >>> round(float(low), 2), round(float(high), 2)
    (8.31, 11.69)
    >>> round(float(bounds([0.0] * 20, limits=(0, 1))[1]), 3)
    0.139
    """
    check_confidence(confidence)
    values = np.asarray(values, dtype=float)
    count = values.shape[-1]
    if count < 2:
        nothing = np.full(values.shape[:-1], math.nan)
        return nothing, nothing
    mean, varies = values.mean(-1), np.ptp(values, axis=-1) > 0
    error = np.where(varies, values.std(-1, ddof=1), 0.0) / math.sqrt(count)
    t, bend = float(stats.t.ppf(confidence, count - 1)), _skewness(values) / (6 * math.sqrt(count))
    low, high = mean - _unbent(t, bend) * error, mean - _unbent(-t, bend) * error
    low, high = np.where(varies, low, math.nan), np.where(varies, high, math.nan)
    if limits == (0, 1):
        least, most = _clopper_pearson(np.clip(mean, 0.0, 1.0) * count, count, confidence)
        bare = ~varies & ((mean <= 0) | (mean >= 1))
        low, high = np.where(bare, least, np.maximum(low, least)), np.where(bare, most, np.minimum(high, most))
    return np.clip(np.minimum(low, mean), *limits), np.clip(np.maximum(high, mean), *limits)


def interval(values: Any, confidence: float = 0.95, limits: Limits = ANYTHING) -> tuple[float, float]:
    """The two `bounds` that together have this *confidence*."""
    check_confidence(confidence)
    low, high = bounds(values, (1 + confidence) / 2, limits)
    return float(low), float(high)


def least_replications(share: float, confidence: float) -> float:
    """How many replications without a single case it takes to show that a share is at most *share*; NaN for NaN.

    >>> least_replications(0.05, 0.95), least_replications(0.0, 0.95)
    (59, inf)
    """
    if math.isnan(share):
        return math.nan
    if not 0 < share < 1:
        return math.inf if share <= 0 else 1
    return math.ceil(math.log(1 - confidence) / math.log1p(-share))


def _skewness(values: Any) -> Any:
    """The skewness of each sample, corrected for its size; 0 for fewer than three values."""
    count = values.shape[-1]
    if count < 3:
        return np.zeros(values.shape[:-1])
    away = values - values.mean(-1, keepdims=True)
    second, third = (away**2).mean(-1), (away**3).mean(-1)
    plain = np.where(second > 0, third / np.where(second > 0, second, 1.0) ** 1.5, 0.0)
    corrected = plain * math.sqrt(count * (count - 1)) / (count - 2)
    return corrected * (1 + 6 / count) if count >= _CORRECTED_FROM else corrected


def _unbent(t: float, bend: Any) -> Any:
    """Which Student's t, of a skewed sample, is as rare as *t* is for a normal one: Hall's cubic transformation, inverted."""
    straight = np.abs(bend) < 1e-6
    safe = np.where(straight, 1.0, bend)
    return np.where(straight, t, (np.cbrt(1 + 6 * safe * (t - safe)) - 1) / (2 * safe))


def _clopper_pearson(successes: Any, count: int, confidence: float) -> tuple[Any, Any]:
    """The exact bounds for a share of *count* trials, also between whole numbers of *successes*."""
    failures = count - successes
    low = stats.beta.ppf(1 - confidence, np.maximum(successes, 1e-300), failures + 1)
    high = stats.beta.ppf(confidence, successes + 1, np.maximum(failures, 1e-300))
    return np.where(successes > 0, low, 0.0), np.where(failures > 0, high, 1.0)
