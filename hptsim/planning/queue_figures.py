"""The figures of a plain queue (`hptsim.planning.plain_queue`), of many runs at once."""

from __future__ import annotations

import math
import re
from typing import Any

from hptsim.optional import require

np = require("numpy", "planning", "hptsim.planning")

_FIGURE = re.compile(r"(waiting_time_s|time_in_system_s)\.(mean|p50|p95|above_(\d+(?:\.\d+)?))")


def has(column: str) -> bool:
    """Whether the plain queue has a figure of this name.

    >>> has("waiting_time_s.p95"), has("cost_usd")
    (True, False)
    """
    return _FIGURE.fullmatch(column) is not None


def figures(
    at_s: Any, waiting_s: Any, ended_s: Any, column: str, warm_up_s: float = 0.0, until_s: float | None = None
) -> Any:
    """The figure *column* (see `has`) of each run, a column of the arrays; 0 where nobody is served.

    A row is a tuning job: when it comes, how long it waits and when it ends, with inf or NaN where it does not.

    >>> figures(np.array([[0.0], [5.0]]), np.array([[2.0], [4.0]]), np.array([[9.0], [9.0]]), "waiting_time_s.mean").tolist()
    [3.0]
    """
    parsed = _FIGURE.fullmatch(column)
    assert parsed is not None, column
    waits = parsed[1] == "waiting_time_s"
    seen_s = at_s + waiting_s if waits else ended_s
    counted = (at_s >= warm_up_s) & np.isfinite(seen_s) & (seen_s <= (math.inf if until_s is None else until_s))
    values = np.where(counted, waiting_s if waits else seen_s - np.where(counted, at_s, 0.0), np.inf)
    counts = counted.sum(0)
    some = np.maximum(counts, 1)
    if parsed[2] == "mean":
        return np.where(counted, values, 0.0).sum(0) / some
    if parsed[3] is not None:
        return (counted & (values > float(parsed[3]))).sum(0) / some
    place = (0.5 if parsed[2] == "p50" else 0.95) * (some - 1)
    below = place.astype(int)
    ordered = np.sort(np.where(counts, values, 0.0), axis=0)
    low, high = (np.take_along_axis(ordered, row[None], 0)[0] for row in (below, np.minimum(below + 1, some - 1)))
    return low + (place - below) * (high - low)
