"""The Alibaba trace of 2023 through the whole twin: seconds to read its 8,152 rows, to run them, and to count the figures.

    python benchmarks/replay.py [TRACE.csv]

The trace can be got from the public repository alibaba/clusterdata (see `hptsim.traces.MAPPINGS`). Beside the times stands a
plain heap that replays the same jobs first come, first served, with no twin at all. CPU time is what counts on a busy machine.
"""

from __future__ import annotations

import sys
import time
from heapq import heappop, heappush
from pathlib import Path

import attrs

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


def main() -> None:
    """Print the times."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else TRACE
    if not path.exists():
        raise SystemExit(f"{path} is not there: get it from alibaba/clusterdata, cluster-trace-gpu-v2023/csv")
    begin, used = time.perf_counter(), time.process_time()
    trace = from_csv(path, "alibaba-2023", skip=True)
    reading_s, reading_cpu_s = time.perf_counter() - begin, time.process_time() - used
    print(f"{trace.sentence()} Read in {reading_s:.2f} s.")
    print(f"{'GPUs':>6} {'run':>8} {'figures':>8} {'all':>8} {'all, CPU':>9} {'bare heap':>10} {'makespan':>14}")
    for servers in (16, 24, 100, 6000):
        scenario = attrs.evolve(trace.scenario, capacity={"gpu": servers})
        begin, used = time.perf_counter(), time.process_time()
        sim = Simulation(scenario, laws=False)
        sim.run()
        ran = time.perf_counter()
        sim.metrics().figures()
        counted, cpu_s = time.perf_counter(), reading_cpu_s + time.process_time() - used
        jobs = [
            (one.at_s, one.recorded[0].training_s or 0.0, one.spec.definitions[0].instances.count)
            for one in scenario.tuning_jobs
            if one.spec.definitions[0].instances.instance_type == "gpu"
        ]
        heap = time.perf_counter()
        last = bare(jobs, servers)
        heaped = time.perf_counter()
        times = (ran - begin, counted - ran, reading_s + counted - begin, cpu_s, heaped - heap)
        print("{:>6} {:>7.2f}s {:>7.2f}s {:>7.2f}s {:>8.2f}s {:>9.3f}s {:>12,.0f} s".format(servers, *times, sim.now))
        assert last <= sim.now


if __name__ == "__main__":
    main()
