"""Training jobs without a tuning job, and deleted records, beside tuning jobs under the same quota and the same laws."""

import pytest
from examples import checked

from hptsim import Journal, Scenario, Simulation, TuningJobSpec
from hptsim.audit.auditor import Auditor
from hptsim.errors import LawBroken, ServiceError
from hptsim.model.definitions import InstanceRequest, ResourceLimits, TrainingJobDefinition
from hptsim.model.journal import read
from hptsim.scenario.cloud import Faults, Script, Timings

TIMINGS = Timings(starting_s=10, downloading_s=10, training_s=100, uploading_s=5, teardown_s=30)
TYPE = "ml.m5.xlarge"


def simulation(**changes):
    return Simulation(Scenario(capacity={TYPE: 3}, timings=TIMINGS, **changes))


def test_it_takes_quota_at_once_and_gives_it_back_at_its_end():
    sim = simulation()
    job = sim.create_training_job("mine", TrainingJobDefinition(instances=InstanceRequest(TYPE, 2)))
    assert (job.status, job.secondary_status, job.tuning_job) == ("InProgress", "Starting", "")
    assert sim.capacity.reserved == {TYPE: 2} == sim.capacity.occupied
    with pytest.raises(ServiceError, match=r"ResourceLimitExceeded.*request delta of 2"):
        sim.create_training_job("second", TrainingJobDefinition(instances=InstanceRequest(TYPE, 2)))
    with pytest.raises(ServiceError, match="ResourceInUse"):
        sim.create_training_job("mine")
    sim.run(until=124)
    assert sim.training_job("mine").secondary_status == "Uploading" and sim.capacity.reserved == {TYPE: 2}
    sim.run()
    assert sim.now == 125 and sim.training_job("mine").status == "Completed"
    assert sim.capacity.reserved == {} == sim.capacity.occupied
    assert [artifact.training_job for artifact in sim.artifacts.values()] == ["mine"]


@pytest.mark.parametrize(("at_s", "ends_s", "stored"), [(5, 35, 0), (15, 45, 0), (60, 85, 1), (122, 125, 1)])
def test_its_stop_keeps_the_promises_too(at_s, ends_s, stored):
    sim = simulation(script=Script("save", save_s=20))
    sim.create_training_job("mine")
    sim.run(until=at_s)
    sim.stop_training_job("mine")
    assert sim.training_job("mine").status == "Stopping" and sim.capacity.reserved == {TYPE: 1}
    sim.run(until=ends_s - 1)
    assert sim.capacity.reserved == {TYPE: 1}
    sim.run()
    assert (sim.now, sim.training_job("mine").status, len(sim.artifacts)) == (ends_s, "Stopped", stored)
    assert sim.capacity.reserved == {}


def test_it_competes_with_tuning_jobs():
    sim = simulation()
    sim.create_tuning_job(TuningJobSpec("tuning", limits=ResourceLimits(4, 2)))
    sim.run(until=0)
    sim.create_training_job("mine")
    assert sim.capacity.reserved[TYPE] == 3
    with pytest.raises(ServiceError, match="ResourceLimitExceeded"):
        sim.create_training_job("other")
    sim.run()
    assert sim.tuning_job("tuning").status == "Completed" and sim.training_job("mine").status == "Completed"


def test_it_fails_and_releases():
    sim = simulation(faults=Faults(algorithm_error=1.0))
    sim.create_training_job("mine")
    sim.run()
    job = sim.training_job("mine")
    assert job.status == "Failed" and job.failure_reason.startswith("AlgorithmError") and sim.capacity.reserved == {}


def test_deleting_drops_the_record_and_nothing_else():
    sim = simulation()
    sim.create_tuning_job(TuningJobSpec("tuning", limits=ResourceLimits(1, 1)))
    sim.run(until=50)
    (child,) = sim.tuning_job("tuning").training_jobs
    with pytest.raises(ServiceError, match=r"ValidationException.*not in a terminal state"):
        sim.delete_tuning_job("tuning")
    with pytest.raises(ServiceError, match="ResourceInUse"):
        sim.delete_training_job(child)
    sim.run()
    artifacts, logs = sim.artifacts, sim.logs(child)
    sim.delete_tuning_job("tuning")
    with pytest.raises(ServiceError, match="ResourceNotFound"):
        sim.tuning_job("tuning")
    assert sim.training_job(child).status == "Completed"
    sim.delete_training_job(child)
    with pytest.raises(ServiceError, match="ValidationException"):
        sim.training_job(child)
    assert sim.artifacts == artifacts != {} and sim.logs(child) == logs != ()
    sim.run()  # the laws compare everything once more
    again = sim.create_tuning_job(TuningJobSpec("tuning", limits=ResourceLimits(1, 1)))
    sim.run()
    assert sim.tuning_job(again.name).training_jobs != (child,)
    sim.create_training_job(child)
    sim.run()
    assert len(sim.logs(child)) == 2 * len(logs)


def test_a_journal_on_disk_tells_it_all(tmp_path):
    path = tmp_path / "journal.jsonl"
    sim = Simulation(Scenario(capacity={TYPE: 3}, timings=TIMINGS), journal=Journal(path))
    sim.create_training_job("mine", TrainingJobDefinition(input_mode="Pipe", spot=True))
    sim.run()
    sim.delete_training_job("mine")
    sim.journal.close()
    assert checked(path) == 0
    assert [record.trigger for record in read(path).records if record.thing == "training"][-1] == "delete"


def test_counts_only_forgets_it():
    sim = Simulation(Scenario(timings=TIMINGS), journal=Journal(keep=False))
    for number in range(20):
        sim.create_training_job(f"job-{number}")
        sim.run()
    assert sim.artifacts == {} and sim.journal.counts["training", "uploaded"] == 20


@pytest.mark.parametrize(("thing", "name"), [("tuning", "tuning"), ("training", "child")])
def test_the_law_sees_a_record_deleted_too_early(thing, name):
    sim = simulation()
    sim.create_tuning_job(TuningJobSpec("tuning", limits=ResourceLimits(1, 1)))
    sim.run(until=50)
    name = sim.tuning_job("tuning").training_jobs[0] if name == "child" else name
    auditor = Auditor(sim.scenario.account)
    for record in sim.journal:
        auditor.see(record)
    state = "InProgress" if thing == "tuning" else "Training"
    with pytest.raises(LawBroken, match="only what has ended is deleted"):
        auditor.see((50.0, thing, name, "delete", state, "", None, 99))
