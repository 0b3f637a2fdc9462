"""Whether runs are too short: a system that begins empty and has not filled yet shows waiting times that are too small.

Two looks at the waiting times of each replication, in order of creation. The doubling check compares the first half of the
jobs with twice as many: where that still makes a difference, and the first tenth waits for less than the second half, a longer
run would have another mean. MSER-5 says where the warm-up ends. Both are for runs that stand for a system that goes on; a day
that begins and ends empty is complete as it is.
"""

from __future__ import annotations

from typing import Any

from hptsim.planning.intervals import bounds
from hptsim.planning.metrics import Metrics
from hptsim.planning.steady_state import mean
from hptsim.scenario.arrival_patterns import Profile, Times
from hptsim.scenario.scenario import Scenario

FIRST, SECOND, WARM_UP = (f"waiting_time_s.{name}" for name in ("first_tenth", "second_half", "warm_up"))
FIGURES = {
    FIRST: "the mean waiting time of the first tenth of the tuning jobs, in order of creation",
    SECOND: "the mean waiting time of the second half",
    WARM_UP: "when the warm-up ends by MSER-5",
}
"""What a replication of a scenario whose arrivals go on at one rate has besides its other figures."""
ALL = "waiting_time_s.mean"
CONFIDENCE, RELEVANT = 0.99, 0.05
"""A warning needs this confidence that waiting grows, and a second half that is above the mean by this share of it."""


def goes_on(scenario: Scenario) -> bool:
    """Whether its tuning jobs all arrive at a rate that does not change.

    >>> from hptsim import TuningJobSpec
    >>> from hptsim.scenario import Arrivals
    >>> goes_on(Scenario(arrivals=[Arrivals(TuningJobSpec("a"), 60, 500)])), goes_on(Scenario())
    (True, False)
    """
    changing = any(isinstance(one.interarrival_s, (Profile, Times)) for one in scenario.arrivals)
    return bool(scenario.arrivals) and not scenario.tuning_jobs and not changing


def parts(metrics: Metrics) -> dict[str, float]:
    """`FIGURES` of one run."""
    waits = metrics.sample("waiting_time_s")
    count = len(waits)
    return {FIRST: mean(waits[: count // 10]), SECOND: mean(waits[count // 2 :]), WARM_UP: metrics.warm_up_s()}


def warning(table: Any) -> str:
    """What replications say about their own length: a sentence when waiting still grows as they go on, or nothing.

    >>> import pandas as pd
    >>> times = {FIRST: [10.0, 20, 30], SECOND: [200.0, 205, 195], ALL: [100.0, 110.0, 105.0], WARM_UP: [50.0, 60.0, 70.0]}
    >>> warning(pd.DataFrame(times))[:99]
    'For a system that goes on these runs are too short: the second half of the tuning jobs waits for 20'
    """
    if FIRST not in table:
        return ""
    known = table[[FIRST, SECOND, ALL, WARM_UP]].dropna()
    low = float(bounds((known[SECOND] - known[FIRST]).to_numpy(), CONFIDENCE)[0])
    means = known.mean()
    if not (low > 0 and means[SECOND] > (1 + RELEVANT) * means[ALL]):
        return ""
    ends_s = known[WARM_UP].median()
    warm_up = f" (MSER-5 ends it at {ends_s:.0f} s)" if ends_s > 0 else ""
    return (
        f"For a system that goes on these runs are too short: the second half of the tuning jobs waits for {means[SECOND]:.0f} s "
        f"on average, all of them for {means[ALL]:.0f} s, the first tenth for {means[FIRST]:.0f} s. Run longer, or leave out a "
        f"warm-up{warm_up}."
    )
