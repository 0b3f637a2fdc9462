"""Training jobs per second: hptsim with laws off and on, beside the bare simpy model, in one run.

Between them stands what the twin's records alone cost, without any rules (`records.py`).

400 tuning jobs of 100 training jobs each, 10 in parallel, four exponential phases per training job.
"""

from __future__ import annotations

import time
from collections import deque
from statistics import median

from bare import run as bare
from measured import Row, Rows, lines
from records import run as records

from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim.model.definitions import ResourceLimits, ServiceLimits
from hptsim.scenario.cloud import Timings
from hptsim.scenario.durations import Exponential
from hptsim.scenario.workload import ScheduledTuningJob

TUNING_JOBS, TRAINING_JOBS, PARALLEL = 400, 100, 10
ROUNDS = 5
"""All are run so often, in turn, and the median of each counts."""


def twin(laws: bool, tuning_jobs: int = TUNING_JOBS, *, read: bool = False) -> float:
    """Training jobs per second of processor time of the twin, the whole journal kept in memory, and *read* once."""
    phases = {
        "starting_s": 198.0,
        "warm_starting_s": 198.0,
        "downloading_s": 49.0,
        "training_s": 103.0,
        "uploading_s": 7.0,
    }
    scenario = Scenario(
        timings=Timings(**{name: Exponential(mean_s) for name, mean_s in phases.items()}),
        limits=ServiceLimits(None, None, None),
        tuning_jobs=tuple(
            ScheduledTuningJob(TuningJobSpec(f"job-{i}", limits=ResourceLimits(TRAINING_JOBS, PARALLEL)))
            for i in range(tuning_jobs)
        ),
    )
    sim = Simulation(scenario, laws=laws)
    begun = time.process_time()
    sim.run()
    if read:
        deque(sim.journal, maxlen=0)
    return tuning_jobs * TRAINING_JOBS / (time.process_time() - begun)


def rows(quick: bool) -> Rows:
    """Bare simpy is the baseline of all but the laws; without them is theirs."""
    tuning_jobs = TUNING_JOBS // 4 if quick else TUNING_JOBS
    load = (tuning_jobs, TRAINING_JOBS, PARALLEL)
    rounds = [
        (
            bare(*load),
            records(*load),
            twin(False, tuning_jobs),
            twin(False, tuning_jobs, read=True),
            twin(True, tuning_jobs),
        )
        for _ in range(ROUNDS)
    ]
    baseline, floor, off, read, on = map(median, zip(*rounds, strict=True))
    unit = "training jobs/s"
    return [
        Row("a bare heap that writes the same records", floor, unit, "bare simpy", baseline),
        Row("hptsim, laws off", off, unit, "bare simpy", baseline),
        Row("hptsim, laws off, the journal read once", read, unit, "bare simpy", baseline),
        Row("hptsim, laws on", on, unit, "laws off", off),
    ]


if __name__ == "__main__":
    print(*lines(rows(quick=False)), sep="\n")
