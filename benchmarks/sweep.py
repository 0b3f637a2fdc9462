"""A sweep of 200 replications on one and on two processes, in one run: how well it scales."""

from __future__ import annotations

import time
from concurrent.futures import Executor, ProcessPoolExecutor

from measured import WALL, Row, Rows, lines

from hptsim import Scenario, TuningJobSpec
from hptsim.model.definitions import ServiceLimits
from hptsim.planning.experiments import replicate
from hptsim.planning.results import Results
from hptsim.scenario.cloud import Timings
from hptsim.scenario.durations import Exponential
from hptsim.scenario.workload import Arrivals

REPLICATIONS, CUSTOMERS = 200, 500
SCENARIO = Scenario(
    capacity={"ml.m5.xlarge": 8},
    timings=Timings(training_s=Exponential(100.0)),
    limits=ServiceLimits(None, None, None),
    arrivals=[Arrivals(TuningJobSpec("c"), Exponential(100.0 / 8 / 0.8), CUSTOMERS)],
)


def timed(executor: Executor, replications: int) -> tuple[float, Results]:
    """Seconds for all replications, and what they say."""
    replicate(SCENARIO, 2 * 2, executor=executor)  # the workers are there and have imported hptsim
    begun = time.perf_counter()
    results = replicate(SCENARIO, replications, executor=executor)
    return time.perf_counter() - begun, results


def rows(quick: bool) -> Rows:
    """Two processes beside one; whether the numbers are the same is checked on the way."""
    count = REPLICATIONS // 5 if quick else REPLICATIONS
    with ProcessPoolExecutor(1) as one, ProcessPoolExecutor(2) as two:
        (alone_s, mine), (together_s, theirs) = timed(one, count), timed(two, count)
    if not mine.table.equals(theirs.table):
        raise RuntimeError("the numbers depend on the number of workers")
    return [Row("two processes", count / together_s, "replications/s", "one process", count / alone_s, WALL)]


if __name__ == "__main__":
    print(*lines(rows(quick=False)), sep="\n")
