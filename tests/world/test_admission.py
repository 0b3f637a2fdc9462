"""Who is let in: in the service's words, and with nothing changed for whoever is not."""

import attrs
import pytest

from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim.errors import ServiceError
from hptsim.model.assumptions import Assumptions
from hptsim.model.definitions import InstanceRequest, Objective, ResourceLimits, ServiceLimits, TrainingJobDefinition


def busy(**assumptions):
    """Two of four instances are in use."""
    sim = Simulation(Scenario(capacity={"ml.m5.xlarge": 4}, timings="instant", assumptions=Assumptions(**assumptions)))
    sim.create_tuning_job(TuningJobSpec("a", limits=ResourceLimits(2, 2)))
    return sim


def test_admission_refuses_or_waits():
    need = TuningJobSpec("b", (TrainingJobDefinition(instances=InstanceRequest(count=4)),))
    sim = busy()
    sim.run(until=1)
    before = sim.snapshot()
    with pytest.raises(ServiceError, match=r"is 4 Instances, with current utilization of 2 .* delta of 4"):
        sim.create_tuning_job(need)
    assert sim.snapshot().entries == before.entries
    queue = busy(admission="queue")
    queue.run(until=1)
    queue.create_tuning_job(need)
    queue.run(until=50)
    assert queue.tuning_job("b").waiting == 1 and queue.tuning_job("b").status == "InProgress"
    queue.run()
    assert queue.tuning_job("b").status == "Completed"
    with pytest.raises(ServiceError, match="can never be granted"):
        queue.create_tuning_job(TuningJobSpec("c", (TrainingJobDefinition(instances=InstanceRequest(count=5)),)))


def test_total_instances_and_the_number_of_tuning_jobs_are_limited_too():
    sim = Simulation(Scenario(total_instances=1, limits=ServiceLimits(tuning_jobs=1)))
    sim.create_tuning_job(TuningJobSpec("a"))
    with pytest.raises(ServiceError, match="concurrent hyperparameter tuning jobs"):
        sim.create_tuning_job(TuningJobSpec("b"))
    with pytest.raises(ServiceError, match="already exists"):
        sim.create_tuning_job(TuningJobSpec("A"))


def test_the_parents_of_a_warm_start_have_ended_and_pursue_the_same_objective():
    sim = Simulation()
    parent = TuningJobSpec("parent")
    child = TuningJobSpec("child", parents=("parent",))
    with pytest.raises(ServiceError, match="parent does not exist; parents must have ended"):
        sim.create_tuning_job(child)
    sim.create_tuning_job(parent)
    with pytest.raises(ServiceError, match="parent is InProgress; parents must have ended"):
        sim.create_tuning_job(child)
    sim.run()
    other = attrs.evolve(child, objective=Objective("another:metric"))
    with pytest.raises(ServiceError, match="objective metric of the parent parent is another") as refused:
        sim.create_tuning_job(other)
    assert refused.value.code == "ValidationException" and sim.tuning_jobs == ["parent"]
    assert sim.create_tuning_job(child).status == "InProgress"
