"""Without checkpoints a training job on spot capacity begins again after each interruption, and may never be done."""

import pytest

from hptsim import Scenario, Simulation, boto
from hptsim.scenario import Faults, Timings

TRAINING = "TrainingJobName"
SPOT = {
    "EnableManagedSpotTraining": True,
    "StoppingCondition": {"MaxRuntimeInSeconds": 36_000, "MaxWaitTimeInSeconds": 43_200},
}


def wrong(definition):
    """Spot, for a fraction of the price."""
    return {**definition, **SPOT}


def right(definition):
    """Spot, with a place for checkpoints; the script must write them and read them again."""
    return {**definition, **SPOT, "CheckpointConfig": {"S3Uri": "s3://bucket/checkpoints/job"}}


def check(program, request_for):
    """Four hours of work, and an interruption every hour or so; a checkpoint every five minutes."""
    timings = Timings(starting_s=120, training_s=4 * 3600, uploading_s=10, spot_wait_s=300, checkpoint_s=300)
    sim = Simulation(Scenario(timings=timings, faults=Faults(spot_interruptions_per_hour=1)), seed=1)
    definition = request_for("unused")["TrainingJobDefinition"]
    boto.client(sim).create_training_job(**{TRAINING: "job"}, **program(definition))
    sim.run()
    job = sim.training_job("job")
    assert job.status == "Completed", f"{job.status} after {sim.now / 3600:.0f} hours, and no model"


def test_the_wrong_code(request_for):
    with pytest.raises(AssertionError, match=r"Stopped after \d+ hours, and no model"):
        check(wrong, request_for)


def test_the_right_code(request_for):
    check(right, request_for)
