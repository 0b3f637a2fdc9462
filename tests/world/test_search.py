"""What a search may know of its tuning job's training jobs."""

from hptsim.world import commands
from hptsim.world.search import own_trials
from world.test_world import spec, until, world


def test_a_search_knows_the_training_jobs_of_its_tuning_job_but_for_one():
    made = world()
    job = commands.create_tuning_job(made, spec())
    until(made, "launch", "ready", "downloaded")
    (trial,) = own_trials(made.training, job, job.spec.definitions[0])
    assert trial.ordinal == 1
    assert own_trials(made.training, job, job.spec.definitions[0], but=job.children[0]) == []
