"""A table of a million jobs through the whole twin: seconds of processor time, and the most memory that it took.

    python benchmarks/million.py [ROWS] [--kept] [--write FILE.csv]

The table is made here, in the shape of Philly's (Jeon et al., USENIX ATC 2019): more jobs in the day than at night and on
weekdays than at weekends, most of one GPU and a few of up to 64, run times over six orders of magnitude, fourteen virtual
clusters. It is not fitted to that trace, and holds none of it. The quota is what the jobs keep busy, divided by 0.7: much nearer
to 1 the line has no end, since first come, first served a job of 64 GPUs holds up those behind it. With `--kept` the whole
journal stays in memory, as before figures were counted while a run goes on.
"""

from __future__ import annotations

import csv
import math
import random
import sys
import tempfile
import time
from pathlib import Path

import attrs
from measured import MEMORY, Row, Rows, peak_mib
from size import alone

from hptsim import Simulation
from hptsim.planning.streamed import Streamed
from hptsim.scenario.csv_traces import from_csv

_DAY_S = 86400
_SIZES, _WEIGHTS = (1, 2, 4, 8, 16, 32, 64), (0.80, 0.06, 0.06, 0.06, 0.015, 0.004, 0.001)
_MEDIAN_S, _SIGMA, _LONGEST_S = 780.0, 2.2, 30 * _DAY_S
_ROWS_PER_DAY = 860
_LOAD = 0.7
MAPPING = "submit=submitted_time,duration=run_s,size=gpus,name=jobid,team=vc"


def write(path: Path, rows: int, seed: int = 0) -> int:
    """Write a table of this many rows; returns how many GPUs it keeps busy on average."""
    rng, now, used_s = random.Random(seed), 0.0, 0.0
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["jobid", "submitted_time", "run_s", "gpus", "vc"])
        for number in range(rows):
            now += rng.expovariate(_ROWS_PER_DAY / _DAY_S)
            while rng.random() > _rate(now):
                now += rng.expovariate(_ROWS_PER_DAY / _DAY_S)
            run_s = round(min(_LONGEST_S, rng.lognormvariate(math.log(_MEDIAN_S), _SIGMA)))
            gpus = rng.choices(_SIZES, _WEIGHTS)[0]
            used_s += run_s * gpus
            table.writerow([f"application-{number}", round(now), run_s, gpus, f"vc{rng.randrange(14):02}"])
    return math.ceil(used_s / now)


def _rate(now_s: float) -> float:
    """How many of the busiest hour's jobs come now, as a share."""
    hour, weekend = now_s % _DAY_S / 3600, now_s // _DAY_S % 7 >= 5
    return (0.6 + 0.4 * math.sin((hour - 8) / 24 * 2 * math.pi)) * (0.5 if weekend else 1.0)


def replayed(rows: int, kept: bool) -> tuple[float, float]:
    """Write a table, read and replay it, count the figures: seconds of processor time, and the peak of memory in MiB."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "jobs.csv")
        quota = math.ceil(write(path, rows) / _LOAD)
        begin = time.process_time()
        scenario = attrs.evolve(from_csv(path, MAPPING).scenario, capacity={"gpu": quota})
        _say("read", begin)
        if kept:
            sim = Simulation(scenario, laws=False)
            sim.run()
            _say("run", begin)
            metrics = sim.metrics()
        else:
            run = Streamed(scenario)
            run.sim.run()
            _say("run", begin)
            metrics = run.metrics()
        figures = metrics.figures()
        _say("figures", begin)
        names = ("waiting_time_s.mean", "waiting_time_s.p95", "utilization.gpu")
        print(f"quota {quota},", {name: round(figures[name], 3) for name in names})
        return time.process_time() - begin, peak_mib()


def rows(quick: bool) -> Rows:
    """Figures counted while the run goes on, beside a journal that is kept; each in a process of its own."""
    count = 50_000 if quick else 1_000_000
    (counted_s, counted_mib), (kept_s, kept_mib) = alone(replayed, count, False), alone(replayed, count, True)
    what = f"{count:,} rows read and replayed, figures counted on the way"
    baseline = "the journal is kept"
    return [
        Row(what, count / counted_s, "rows/s", baseline, count / kept_s),
        Row(what, counted_mib, "MiB", baseline, kept_mib, MEMORY),
    ]


def main() -> None:
    """Print processor time and memory after each part of the work."""
    arguments = sys.argv[1:]
    count = next((int(one) for one in arguments if one.isdigit()), 1_000_000)
    if "--write" in arguments:
        write(Path(arguments[arguments.index("--write") + 1]), count)
    else:
        replayed(count, "--kept" in arguments)


def _say(part: str, begin: float) -> None:
    print(
        f"{part:>8}: {time.process_time() - begin:7.1f} s of processor time, {peak_mib():6.0f} MiB at most", flush=True
    )


if __name__ == "__main__":
    main()
