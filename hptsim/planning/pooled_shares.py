"""A share over all tuning jobs of all replications, with its interval: "95 % start within ten minutes", taken literally.

It is not the mean of the days' shares: a busy day counts for more, because more jobs have it. Nor is it the mean of the days'
95 % quantiles. Jobs of one day depend on each other (one long queue makes all of them wait), so days are what is drawn
independently: the interval is about a ratio of two sums over days, not about so many jobs.
"""

from __future__ import annotations

import math
import re
from typing import Any

import attrs

from hptsim.errors import invalid
from hptsim.optional import require
from hptsim.planning.intervals import interval
from hptsim.planning.results import Results, percent

np = require("numpy", "planning", "hptsim.planning")
JOBS = "waiting_time_s.count"
_ABOVE = re.compile(r"waiting_time_s\.above_(\d+(?:\.\d+)?)")


@attrs.frozen
class Pooled:
    """The share of all tuning jobs that start within *within_s*, and the same from day to day."""

    within_s: float
    jobs: int
    replications: int
    confidence: float
    share: float
    low: float
    high: float
    mean_of_days: float
    low_of_days: float
    high_of_days: float

    def sentence(self) -> str:
        """Both readings in words.

        >>> text = Pooled(600, 480, 20, 0.95, 0.962, 0.94, 0.98, 0.97, 0.95, 0.99).sentence()
        >>> text[:62]
        'Of all 480 tuning jobs that started, 96.20% started within 600'
        """
        sure = f"with {percent(self.confidence)} confidence between"
        return (
            f"Of all {self.jobs:,} tuning jobs that started, {self.share:.2%} started within {self.within_s:g} s"
            f"{_between(sure, self.low, self.high)}. In a replication {self.mean_of_days:.2%} do on average"
            f"{_between(sure, self.low_of_days, self.high_of_days)} ({self.replications} replications)."
        )


def _between(sure: str, low: float, high: float) -> str:
    return "" if math.isnan(low) else f", {sure} {low:.2%} and {high:.2%}"


def pooled(results: Results, column: str, confidence: float = 0.95) -> Pooled:
    """The share that starts within a threshold, over all jobs, from *column*, such as "waiting_time_s.above_600".

    The interval is the jackknife's: the ratio of two sums over replications is turned into a value for each replication
    (Tukey's pseudo-values), whose mean has the usual interval of `hptsim.planning.intervals`, within 0 and 1. Raises InvalidInput
    for another column, for a sweep, and for fewer than two replications in which a tuning job started.
    """
    found = _ABOVE.fullmatch(column)
    if found is None:
        raise invalid("column", column, "a share above a threshold", "for example waiting_time_s.above_600")
    late = results.values(column)
    if len(list(results.points())) > 1:
        raise invalid("results", "a sweep", "one point", "write results.at({...})")
    jobs = results.table[JOBS][results.table[column].notna()].to_numpy()
    if len(late) < 2:
        raise invalid("replications", len(late), "at least 2 in which a tuning job started")
    share = float((late * jobs).sum() / jobs.sum())
    low, high = (math.nan, math.nan) if results.one_history else interval(pseudo_values(late, jobs), confidence, (0, 1))
    if not math.isnan(low):
        low, high = min(low, share), max(high, share)
    each_low, each_high = results.interval(column, confidence)
    return Pooled(
        float(found[1]),
        int(jobs.sum()),
        len(late),
        confidence,
        1 - share,
        1 - high,
        1 - low,
        1 - float(late.mean()),
        1 - each_high,
        1 - each_low,
    )


def beside(results: Results, column: str, confidence: float) -> str:
    """`Pooled.sentence` with a space before it, for a column that is a share above a threshold; nothing for another."""
    known = _ABOVE.fullmatch(column) and JOBS in results.table and len(results.values(column)) > 1
    return f" {pooled(results, column, confidence).sentence()}" if known else ""


def pseudo_values(shares: Any, weights: Any) -> Any:
    """Tukey's pseudo-values of a ratio: n times the ratio of all, less n - 1 times the ratio without one replication.

    >>> [round(float(one), 4) for one in pseudo_values(np.array([0.0, 0.5]), np.array([10, 10]))]
    [0.0, 0.5]
    """
    hits, count = shares * weights, len(shares)
    ratio = hits.sum() / weights.sum()
    without = (hits.sum() - hits) / (weights.sum() - weights)
    return count * ratio - (count - 1) * without
