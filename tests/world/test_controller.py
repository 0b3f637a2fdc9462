"""The service's controller: what it arms once a tuning job has its place."""

from hptsim.model.definitions import ResourceLimits
from hptsim.model.specs import TuningJobSpec
from hptsim.world import commands
from hptsim.world.controller import proceed
from world.test_world import world


def test_it_arms_as_many_launches_as_may_run_in_parallel_and_no_more():
    made = world(capacity={"ml.m5.xlarge": 9})
    job = commands.create_tuning_job(made, TuningJobSpec("a", limits=ResourceLimits(5, 3)))
    assert job.launching == 3
    proceed(made, job)
    assert job.launching == 3, "what is armed already is not armed again"
