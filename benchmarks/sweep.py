"""Sweeps on one and on two processes, in one run: how well they scale, and what the parent does for each replication.

`python benchmarks/sweep.py [SHORT]`: 200 replications of 500 tuning jobs, and SHORT ones (10,000) of 10. On a busy machine the
wall clock says little; the parent's processor time beside that of its workers says what two processes could reach at most, and
the load is printed.
"""

from __future__ import annotations

import os
import pickle
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from typing import Any

from measured import WALL, Row, Rows

from hptsim import Scenario, TuningJobSpec
from hptsim.model.definitions import ServiceLimits
from hptsim.planning.experiments import replicate
from hptsim.planning.results import Results
from hptsim.scenario.cloud import Timings
from hptsim.scenario.durations import Exponential
from hptsim.scenario.workload import Arrivals

REPLICATIONS, CUSTOMERS = 200, 500
SHORT, FEW = 10_000, 10


def scenario(customers: int) -> Scenario:
    """An M/M/8 queue of so many tuning jobs at a load of 0.8."""
    return Scenario(
        capacity={"ml.m5.xlarge": 8},
        timings=Timings(training_s=Exponential(100.0)),
        limits=ServiceLimits(None, None, None),
        arrivals=[Arrivals(TuningJobSpec("c"), Exponential(100.0 / 8 / 0.8), customers)],
    )


class Weighed(ProcessPoolExecutor):
    """Counts messages to its workers and their bytes."""

    messages = 0
    bytes = 0

    def submit(self, fn: Callable[..., Any], /, *arguments: Any, **keywords: Any) -> Future[Any]:
        """Send a message, as a process pool does."""
        self.messages += 1
        self.bytes += len(pickle.dumps(arguments))
        return super().submit(fn, *arguments, **keywords)


def timed(processes: int, replications: int, customers: int) -> tuple[dict[str, float], Results]:
    """Seconds by the wall clock, of the parent's processor and its workers', messages; and what the replications say."""
    with Weighed(processes) as pool:
        replicate(scenario(customers), 2 * processes, executor=pool)  # the workers are there and have imported hptsim
        pool.messages = pool.bytes = 0
        begun, before, children = time.perf_counter(), time.process_time(), os.times()
        results = replicate(scenario(customers), replications, executor=pool)
        wall_s, parent_s = time.perf_counter() - begun, time.process_time() - before
        messages, sent = pool.messages, pool.bytes
    workers_s = (
        os.times().children_user + os.times().children_system - children.children_user - children.children_system
    )
    return {"wall": wall_s, "parent": parent_s, "workers": workers_s, "messages": messages, "bytes": sent}, results


def measured(long: int, short: int) -> Iterator[dict[str, float]]:
    """Of long and short replications both wall clocks, their ratio, the one that processor time allows, messages, the load."""
    for replications, customers in ((long, CUSTOMERS), (short, FEW)):
        (one, mine), (two, theirs) = (timed(processes, replications, customers) for processes in (1, 2))
        if not mine.table.equals(theirs.table):
            raise RuntimeError("the numbers depend on the number of workers")
        yield {
            "replications": replications,
            "customers": customers,
            "one_s": one["wall"],
            "two_s": two["wall"],
            "ratio": one["wall"] / two["wall"],
            "possible": 2 / (1 + two["parent"] / two["workers"]),
            "parent_us": 1e6 * two["parent"] / replications,
            "worker_us": 1e6 * two["workers"] / replications,
            "messages": two["messages"],
            "bytes": two["bytes"] / two["messages"],
            "load": os.getloadavg()[0],
        }


def rows(quick: bool) -> Rows:
    """Two processes beside one; whether the numbers are the same is checked on the way."""
    share = 5 if quick else 1
    return [
        Row(
            f"two processes, {row['replications']:,} replications of {row['customers']} tuning jobs",
            row["replications"] / row["two_s"],
            "replications/s",
            "one process",
            row["replications"] / row["one_s"],
            WALL,
        )
        for row in measured(REPLICATIONS // share, SHORT // share)
    ]


if __name__ == "__main__":
    for row in measured(REPLICATIONS, *map(int, sys.argv[1:] or [SHORT])):
        print(
            f"{row['replications']:,} replications of {row['customers']} tuning jobs, the same numbers; load {row['load']:.1f}"
        )
        print(f"  one process {row['one_s']:.2f} s, two {row['two_s']:.2f} s: {row['ratio']:.2f} × as fast")
        print(
            f"  for each replication the parent takes {row['parent_us']:.0f} µs, a worker {row['worker_us']:.0f} µs: at most "
            f"{row['possible']:.2f} ×; {row['messages']} messages of {row['bytes']:.0f} bytes"
        )
