"""Who is let in: in the service's words, and with nothing changed for whoever is not."""

import attrs
import pytest

from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim.errors import ServiceError
from hptsim.model.assumptions import Assumptions
from hptsim.model.definitions import InstanceRequest, Objective, ResourceLimits, ServiceLimits, TrainingJobDefinition


def busy(**assumptions):
    """Two of four instances are in use."""
    sim = Simulation(Scenario(capacity={"ml.m5.xlarge": 4}, assumptions=Assumptions(**assumptions)))
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


@pytest.mark.parametrize("kind", ["IdenticalDataAndAlgorithm", "TransferLearning"])
def test_a_warm_start_that_differs_too_much_is_refused_and_changes_nothing(kind):
    """C8."""
    sim = Simulation()
    sim.create_tuning_job(TuningJobSpec("parent"))
    sim.run()
    before = sim.snapshot()
    other = TuningJobSpec("child", [TrainingJobDefinition(static={"depth": "3"})], parents=["parent"], warm_start=kind)
    with pytest.raises(ServiceError, match="The set of tunable plus static HyperParameter names is not the same"):
        sim.create_tuning_job(other)
    assert (sim.tuning_jobs, sim.snapshot().entries) == (["parent"], before.entries)
    sim.create_tuning_job(attrs.evolve(other, definitions=[TrainingJobDefinition()]))


def test_what_the_parents_launched_counts_towards_the_training_jobs_of_a_tuning_job():
    """C10: of 8, two parents have launched 3 each, which leaves 2; what their own parents launched is not counted (L15)."""
    sim = Simulation(Scenario(limits=ServiceLimits(training_jobs=8)))
    sim.create_tuning_job(TuningJobSpec("a", limits=ResourceLimits(3)))
    sim.run()
    sim.create_tuning_job(TuningJobSpec("b", limits=ResourceLimits(3), parents=["a"], warm_start="TransferLearning"))
    sim.run()
    family = TuningJobSpec("c", limits=ResourceLimits(3), parents=["a", "b"], warm_start="TransferLearning")
    with pytest.raises(
        ServiceError, match="is 3 and its parents launched 6, and the service allows at most 8"
    ) as refused:
        sim.create_tuning_job(family)
    assert refused.value.code == "ResourceLimitExceeded" and sim.tuning_jobs == ["a", "b"]
    sim.create_tuning_job(attrs.evolve(family, limits=ResourceLimits(2)))
    sim.create_tuning_job(TuningJobSpec("d", limits=ResourceLimits(5), parents=["b"], warm_start="TransferLearning"))
