"""What a tuning job asks for before its first launch: its place, and under some policies instances too."""

import pytest

from hptsim import Scenario, Simulation
from hptsim.model.account import TUNING_JOBS
from hptsim.model.assumptions import Assumptions
from hptsim.model.definitions import InstanceRequest, ResourceLimits, ServiceLimits, TrainingJobDefinition
from hptsim.model.specs import TuningJobSpec
from hptsim.scenario.cloud import Faults, Timings
from hptsim.scenario.workload import ScheduledTuningJob
from hptsim.world.requests import first_amounts, most_instances
from world.test_world import world

M5, P3 = "ml.m5.xlarge", "ml.p3.2xlarge"
TWO = TuningJobSpec(
    "two",
    (
        TrainingJobDefinition("a", instances=InstanceRequest(M5, 2)),
        TrainingJobDefinition("b", instances=InstanceRequest(P3, 1)),
    ),
    ResourceLimits(9, 3),
)


@pytest.mark.parametrize(
    ("reservation", "instances"),
    [("reuse", {M5: 2, P3: 1}), ("upfront", {M5: 6, P3: 3}), ("as-observed", {})],
)
def test_what_is_asked_for_at_creation(reservation, instances):
    made = world(capacity={M5: 9, P3: 9}, reservation=reservation, limits=ServiceLimits(tuning_jobs=1))
    assert dict(first_amounts(made, TWO)) == {TUNING_JOBS: 1, **instances}
    assert most_instances(TWO) == {M5: 6, P3: 3}


def created_at_s(definitions, total, shortages=None):
    """When each training job is created, by definition, where there are one M5 and one P3 and File costs 50 s more."""
    spec = TuningJobSpec("a", definitions, ResourceLimits(total, 3))
    sim = Simulation(
        Scenario(
            capacity={M5: 1, P3: 1},
            assumptions=Assumptions(admission="queue"),
            tuning_jobs=(ScheduledTuningJob(spec),),
            timings=Timings(starting_s=60, downloading_s=50, training_s=100),
            faults=Faults(shortage_by_type=shortages or {}),
        )
    )
    sim.run()
    created = [one for one in sim.journal if (one.thing, one.trigger) == ("training", "create")]
    return [(one.time_s, one.data.definition) for one in created]


def test_a_training_job_that_waits_takes_what_another_leaves_as_it_falls_back():
    """Both want M5. When the first finds no machines of it and goes on with P3, its M5 stays with the tuning job."""
    first = TrainingJobDefinition("a", instances=InstanceRequest(M5), alternatives=(InstanceRequest(P3),))
    second = TrainingJobDefinition("b", instances=InstanceRequest(M5))
    assert created_at_s((first, second), 2, {M5: 1.0}) == [(0.0, 0), (60.0, 1)]


def test_a_training_job_that_waits_takes_what_is_idle_once_the_last_one_is_asked_for():
    """When M5 is idle at 160 s the fourth is asked for, which wants P3 and waits; the third wants M5 and goes first."""
    first = TrainingJobDefinition("a", instances=InstanceRequest(M5), input_mode="Pipe")
    second = TrainingJobDefinition("b", instances=InstanceRequest(P3))
    assert created_at_s((first, second), 4) == [(0.0, 0), (0.0, 1), (160.0, 0), (210.0, 1)]
