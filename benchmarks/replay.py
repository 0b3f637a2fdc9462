"""The Alibaba trace of 2023 through the whole twin: seconds to read its 8,152 rows, to run them, and to count the figures.

    python benchmarks/replay.py [TRACE.csv]

The trace can be got from the public repository alibaba/clusterdata (see `hptsim.traces.MAPPINGS`). Beside the times stands a
plain heap that replays the same jobs first come, first served, with no twin at all. All is processor time.
"""

from __future__ import annotations

import os
import sys
import time
from heapq import heappop, heappush
from pathlib import Path

import attrs
from measured import LeftOut, Row, Rows, lines

from hptsim import Simulation
from hptsim.scenario.csv_traces import from_csv

TRACE = Path(__file__).parent.parent.parent / "shared" / "data" / "openb_pod_list_default.csv"


def bare(jobs: list[tuple[float, float, int]], servers: int) -> float:
    """When the last of *jobs* (submission, run time, servers) ends, first come, first served."""
    ends: list[tuple[float, int]] = []
    free, clock, last = servers, 0.0, 0.0
    for submitted, run, needed in jobs:
        clock = max(clock, submitted)
        while ends and (ends[0][0] <= clock or free < needed):
            end, back = heappop(ends)
            clock, free = max(clock, end), free + back
        free -= needed
        heappush(ends, (clock + run, needed))
        last = max(last, clock + run)
    return last


def rows(quick: bool, path: Path | None = None) -> Rows:
    """The twin, with the reading of the table and the counting of the figures, beside the bare heap."""
    path = path or Path(os.environ.get("HPTSIM_TRACE", TRACE))
    if not path.exists():
        return [LeftOut("the Alibaba trace", NEEDED)]
    begin = time.process_time()
    trace = from_csv(path, "alibaba-2023", skip=True)
    reading_s = time.process_time() - begin
    found: Rows = []
    for servers in (24, 6000) if quick else (16, 24, 100, 6000):
        scenario = attrs.evolve(trace.scenario, capacity={"gpu": servers})
        begin = time.process_time()
        sim = Simulation(scenario, laws=False)
        sim.run()
        sim.metrics().figures()
        took_s = reading_s + time.process_time() - begin
        jobs = [
            (one.at_s, one.recorded[0].training_s or 0.0, one.spec.definitions[0].instances.count)
            for one in scenario.tuning_jobs
            if one.spec.definitions[0].instances.instance_type == "gpu"
        ]
        begin = time.process_time()
        last = bare(jobs, servers)
        bare_s = time.process_time() - begin
        if last > sim.now:
            raise RuntimeError(
                f"with {servers} GPUs the twin ends at {sim.now}, before the last job can have ended ({last})"
            )
        count = len(scenario.tuning_jobs)
        found.append(
            Row(f"{count:,} jobs on {servers:,} GPUs, read, run and counted", took_s, "s", "bare heap", bare_s)
        )
    return found


NEEDED = "needs the table openb_pod_list_default.csv of alibaba/clusterdata; the variable HPTSIM_TRACE says where it is"

if __name__ == "__main__":
    print(*lines(rows(quick=False, path=Path(sys.argv[1]) if len(sys.argv) > 1 else None)), sep="\n")
