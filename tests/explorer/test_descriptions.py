"""What a state looks like: statuses, notes, quota and the queue, stores."""

from examples import simulation

from hptsim import TuningJobSpec
from hptsim.explorer.descriptions import Description, JobLine, QuotaLine
from hptsim.model.assumptions import Assumptions
from hptsim.model.definitions import ResourceLimits, TrainingJobDefinition
from hptsim.scenario.cloud import Faults

TYPE = "ml.m5.xlarge"


def test_jobs_quota_and_stores_are_as_the_simulation_shows_them():
    sim = simulation(capacity={TYPE: 2})
    sim.create_tuning_job(TuningJobSpec("one"))
    sim.run(until=5)
    sim.create_training_job("alone", TrainingJobDefinition(keep_alive_s=600))
    [child] = sim.tuning_job("one").training_jobs
    early = Description.of(sim)
    assert early.tuning_jobs == (JobLine("one", "InProgress"),)
    assert early.training_jobs == (
        JobLine(child, "InProgress", "Starting", "one"),
        JobLine("alone", "InProgress", "Starting", note="warm pool InUse"),
    )
    assert early.quota == (QuotaLine(TYPE, 2, 2, 2, 0),) and early.artifacts == ()
    sim.run(until=sim.now + 500)
    late = Description.of(sim)
    assert [job.status for job in (*late.tuning_jobs, *late.training_jobs)] == ["Completed"] * 3
    assert late.quota == (QuotaLine(TYPE, 2, 1, 0, 0),), "the warm pool's instance is reserved, and nobody uses it"
    assert set(late.artifacts) == set(sim.artifacts) and len(late.artifacts) == 2


def test_who_waits_for_quota_is_noted_and_counted_by_type():
    sim = simulation(capacity={TYPE: 1}, assumptions=Assumptions(admission="queue"))
    sim.create_tuning_job(TuningJobSpec("first", limits=ResourceLimits(3, 1)))
    sim.run(until=1)
    sim.create_tuning_job(TuningJobSpec("second"))
    sim.run(until=2)
    seen = Description.of(sim)
    assert seen.tuning_jobs[1].note == "1 of its requests waits for quota"
    assert seen.quota == (QuotaLine(TYPE, 1, 1, 1, 1),)


def test_a_type_without_a_limit_is_there_while_it_is_used_and_a_failure_is_explained():
    sim = simulation(faults=Faults(client_error=1.0))
    assert Description.of(sim).quota == ()
    sim.create_tuning_job(TuningJobSpec("one"))
    sim.run(until=5)
    assert Description.of(sim).quota == (QuotaLine(TYPE, None, 1, 1, 0),)
    sim.run()
    job, child = Description.of(sim).tuning_jobs[0], Description.of(sim).training_jobs[0]
    assert job.status == child.status == "Failed"
    assert (
        job.note == sim.tuning_job("one").failure_reason and child.note == sim.training_job(child.name).failure_reason
    )
    assert job.note and child.note
