"""A narrower interval from something whose mean is known: control variates.

On days with more jobs than usual they wait for longer. How many come on average is known, so the mean of the waits can be
corrected for days that had too many.
"""

from __future__ import annotations

from hptsim.errors import invalid
from hptsim.optional import require
from hptsim.planning.intervals import check_confidence
from hptsim.planning.results import HEADLINE, Results
from hptsim.planning.steady_state import Interval

np = require("numpy", "planning", "hptsim.planning")
stats = require("scipy.stats", "planning", "hptsim.planning")


def controlled(
    results: Results, control: str, known_mean: float, column: str = HEADLINE, confidence: float = 0.95
) -> Interval:
    """An interval for the mean of *column*, with the column *control*, whose mean is known, as a control variate.

    Such as "waiting_time_s.count" and the `expected` of some arrivals, where every tuning job starts. The interval is Student's
    for the intercept of a regression, with n - 2 degrees of freedom: it takes both to be normal. Source: Lavenberg and Welch, A
    perspective on the use of control variables to increase the efficiency of Monte Carlo simulations, Management Science 27
    (1981). Raises InvalidInput for fewer than 4 replications that have both, and a control without spread.

    >>> import pandas as pd
    >>> table = {"replication": range(4), "jobs": [9.0, 10, 11, 14], "x": [90.0, 100, 110, 140]}
    >>> str(controlled(Results(pd.DataFrame(table)), "jobs", 10.0, "x"))
    '100 (95% between 100 and 100)'
    """
    check_confidence(confidence)
    results.mean(column), results.mean(control)  # one point, and both columns are there
    both = results.table[[column, control]].dropna().to_numpy(dtype=float)
    if len(both) < 4 or np.ptp(both[:, 1]) == 0:
        raise invalid("control", control, "at least 4 replications that have it and differ in it")
    away = both[:, 1] - known_mean
    fit = stats.linregress(away, both[:, 0])
    half = float(stats.t.ppf((1 + confidence) / 2, len(both) - 2) * fit.intercept_stderr)
    middle = float(fit.intercept)
    low, high = results.limits(column)
    return Interval(middle, max(low, middle - half), min(high, middle + half), confidence)
