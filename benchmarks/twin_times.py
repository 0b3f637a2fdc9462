"""What the twin takes with typical timings, read from its journals: phases, the time between two jobs of a slot, whole runs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

import attrs
from observed import Run

from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim.model.definitions import InstanceRequest, ResourceLimits, TrainingJobDefinition
from hptsim.scenario import Recorded, ScheduledTuningJob, Timings
from hptsim.scenario.cloud import NOW

DRAWS = 4000
"""So many training jobs give the twin's quantiles."""
OLD = 2020


def _definition(instance_type: str, spot: bool) -> TrainingJobDefinition:
    return TrainingJobDefinition(instances=InstanceRequest(instance_type), spot=spot)


def phases(year: int, instance_type: str, *, spot: bool = False, tuned: bool = False) -> dict[str, list[float]]:
    """How long each phase took, in training jobs on their own or, *tuned*, in one tuning job that runs one at a time."""
    sim = Simulation(Scenario(timings=Timings.typical(year, training_s=60), limits="none"), laws=False)
    definition = _definition(instance_type, spot)
    if tuned:
        sim.create_tuning_job(TuningJobSpec("tuned", (definition,), limits=ResourceLimits(DRAWS, 1)))
    else:
        for number in range(DRAWS):
            sim.create_training_job(f"alone-{number}", definition)
    sim.run()
    found, since = defaultdict(list), {}
    for record in sim.journal:
        if record.thing == "training":
            if record.source in ("Starting", "Downloading", "Uploading"):
                found[record.source].append(record.time_s - since[record.name])
            since[record.name] = record.time_s
    return found


def slot_gaps(year: int, instance_type: str) -> list[float]:
    """From the end of each training job to the next one's start of training, in a tuning job that runs one at a time."""
    sim = Simulation(Scenario(timings=Timings.typical(year, training_s=60), limits="none"), laws=False)
    limits = ResourceLimits(DRAWS, 1)
    sim.create_tuning_job(TuningJobSpec("tuned", (_definition(instance_type, False),), limits=limits))
    sim.run()
    views = [sim.training_job(name) for name in sim.tuning_job("tuned").training_jobs]
    return [after.started_s - before.ended_s for before, after in pairwise(views)]


@attrs.frozen
class Reproduced:
    """A recorded run in the twin, several times."""

    makespans_s: tuple[float, ...]
    start_errors_s: tuple[float, ...]
    """By training job that was recorded: the twin's median start less the recorded one, both since the first of them."""

    @property
    def makespan_s(self) -> float:
        """The twin's median."""
        return median(self.makespans_s)


SEEDS = range(40)


def reproduce(run: Run) -> Reproduced:
    """A run with its recorded training times and slots, and what the twin draws for everything else.

    A training job of which nothing is recorded takes the median of the others. What is recorded runs from TrainingStart to
    TrainingEnd, so Downloading and Uploading are in it and take no time of their own here.
    """
    usual_s = median(run.lengths_s)
    lengths = [
        end - start for start, end in (run.times_s.get(o, (0.0, usual_s)) for o in range(1, max(run.times_s) + 1))
    ]
    recorded = [Recorded(training_s=length, downloading_s=0, uploading_s=0) for length in lengths]
    spec = TuningJobSpec(
        "run",
        (_definition(run.instance_type, run.spot),),
        limits=ResourceLimits(len(recorded), run.parallel),
    )
    timings = Timings.typical(NOW if run.reuse else OLD)
    scenario = Scenario(timings=timings, tuning_jobs=[ScheduledTuningJob(spec, recorded=recorded)], limits="none")
    starts, makespans = defaultdict(list), []
    for seed in SEEDS:
        sim = Simulation(scenario, seed=seed, laws=False)
        sim.run()
        names = sim.tuning_job("run").training_jobs
        seen = {ordinal: sim.training_job(names[ordinal - 1]) for ordinal in run.times_s}
        first_s = min(view.started_s for view in seen.values())
        makespans.append(max(view.ended_s for view in seen.values()) - first_s)
        for ordinal, view in seen.items():
            starts[ordinal].append(view.started_s - first_s)
    zero_s = min(start for start, _ in run.times_s.values())
    errors = [median(starts[ordinal]) - (start - zero_s) for ordinal, (start, _) in run.times_s.items()]
    return Reproduced(tuple(makespans), tuple(errors))


def whole(timings: Timings, recorded: Sequence[Recorded], parallel: int, total: int) -> tuple[float, float]:
    """From the creation of a tuning job to its end, and what its training jobs are billed; medians, in seconds."""
    spec = TuningJobSpec("run", (_definition("ml.m5.large", False),), limits=ResourceLimits(total, parallel))
    scenario = Scenario(timings=timings, tuning_jobs=[ScheduledTuningJob(spec, recorded=tuple(recorded))])
    times, bills = [], []
    for seed in SEEDS:
        sim = Simulation(scenario, seed=seed, laws=False)
        sim.run()
        job = sim.tuning_job("run")
        views = [sim.training_job(name) for name in job.training_jobs]
        times.append(job.ended_s)
        bills.append(sum(view.ended_s - view.started_s for view in views))
    return median(times), median(bills)
