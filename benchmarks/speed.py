"""Training jobs per second: hptsim with laws off and on, beside the bare simpy model, in one run.

Between them stands what the twin's records alone cost, without any rules (`records.py`).

400 tuning jobs of 100 training jobs each, 10 in parallel, four exponential phases per training job.
"""

from __future__ import annotations

import time

from bare import run as bare
from records import run as records

from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim.model.definitions import ResourceLimits, ServiceLimits
from hptsim.scenario.cloud import Timings
from hptsim.scenario.durations import Exponential
from hptsim.scenario.workload import ScheduledTuningJob

TUNING_JOBS, TRAINING_JOBS, PARALLEL = 400, 100, 10


def twin(laws: bool) -> float:
    """Training jobs per second of processor time of the twin, the whole journal kept in memory."""
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
            for i in range(TUNING_JOBS)
        ),
    )
    sim = Simulation(scenario, laws=laws)
    begun = time.process_time()
    sim.run()
    return TUNING_JOBS * TRAINING_JOBS / (time.process_time() - begun)


if __name__ == "__main__":
    baseline = bare(TUNING_JOBS, TRAINING_JOBS, PARALLEL)
    floor = records(TUNING_JOBS, TRAINING_JOBS, PARALLEL)
    off, on = twin(False), twin(True)
    print(f"bare simpy {baseline:8.0f} training jobs/s of processor time")
    print(f"records    {floor:8.0f} training jobs/s, {floor / baseline:.2f} × bare")
    print(f"laws off   {off:8.0f} training jobs/s, {off / baseline:.2f} × bare")
    print(f"laws on    {on:8.0f} training jobs/s, costs {off / on:.2f} × laws off")
