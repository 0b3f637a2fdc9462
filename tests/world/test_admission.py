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


M5 = "ml.m5.xlarge"


def refusal(sim, spec):
    """The words with which a tuning job is refused."""
    with pytest.raises(ServiceError) as refused:
        sim.create_tuning_job(spec)
    assert refused.value.code == "ResourceLimitExceeded"
    return refused.value.message


def test_a_refusal_says_after_the_services_words_who_holds_the_quota_and_until_when():
    sim = busy()
    sim.create_training_job("alone", TrainingJobDefinition(instances=InstanceRequest(count=2)))
    sim.run(until=50)
    need = TuningJobSpec("b", (TrainingJobDefinition(instances=InstanceRequest(count=4)),))
    service, _, twin = refusal(sim, need).partition(" [hptsim: ")
    assert service.endswith("contact AWS support to request an increase for this quota.")
    assert twin == (
        "2 held by tuning job a, which is InProgress, until it has ended; "
        "2 held by training job alone, which is InProgress, until it has ended]"
    )


@pytest.mark.parametrize(
    ("reservation", "until"),
    [("reuse", "until it is Stopped"), ("as-observed", "until its training jobs have ended, each until its own end")],
)
def test_a_job_that_is_stopping_is_named_first(reservation, until):
    scenario = Scenario(
        capacity={M5: 4}, timings={"training_s": 600}, script={"save_s": 60}, assumptions=Assumptions(reservation)
    )
    sim = Simulation(scenario)
    for name in "ab":
        sim.create_tuning_job(TuningJobSpec(name, limits=ResourceLimits(2, 2)))
    sim.run(until=50)
    sim.stop_tuning_job("b")
    assert f"[hptsim: 2 held by tuning job b, which is Stopping, {until}; 2 held by tuning job a," in refusal(
        sim, TuningJobSpec("c")
    )


def test_of_many_holders_some_are_named_and_a_warm_pool_is_one():
    sim = Simulation(Scenario(capacity={M5: 5}, timings="instant"))
    sim.create_training_job("kept", TrainingJobDefinition(keep_alive_s=600))
    sim.run(until=150)
    for name in "abcd":
        sim.create_tuning_job(TuningJobSpec(name))
    sim.run(until=200)
    words = refusal(sim, TuningJobSpec("e"))
    assert "1 held by the warm pool of training job kept, until it is reused or terminated; 1 held by" in words
    assert words.endswith("tuning job b, which is InProgress, until it has ended; and 2 more hold the rest]")


def test_more_than_the_quota_is_refused_without_naming_anybody():
    words = refusal(Simulation(Scenario(capacity={M5: 1})), TuningJobSpec("a", limits=ResourceLimits(2, 2)))
    assert "is 1 Instances, with current utilization of 0" in words and "hptsim" not in words


def test_a_type_that_is_not_named_has_the_quota_of_the_others():
    sim = Simulation(Scenario(capacity={M5: 20, "*": 4}, limits="none", timings="instant"))
    g5 = (TrainingJobDefinition(instances=InstanceRequest("ml.g5.xlarge", 2)),)
    sim.create_tuning_job(TuningJobSpec("a", g5, ResourceLimits(2, 2)))
    sim.run(until=50)
    words = refusal(sim, TuningJobSpec("b", g5))
    assert "'ml.g5.xlarge for training job usage' is 4 Instances, with current utilization of 4 Instances" in words
    assert sim.capacity.limit == {M5: 20, "*": 4} and sim.capacity.limit["ml.g5.xlarge"] == 4
    assert sim.create_tuning_job(TuningJobSpec("c", limits=ResourceLimits(20, 20))).status == "InProgress"
    other = TrainingJobDefinition(instances=InstanceRequest("ml.c5.xlarge", 5))
    with pytest.raises(ServiceError, match=r"ml.c5.xlarge for training job usage' is 4 Instances"):
        sim.create_training_job("alone", other)
    for number in range(8):  # the places of tuning jobs are no instances
        definition = TrainingJobDefinition(instances=InstanceRequest(f"ml.x{number}"))
        sim.create_tuning_job(TuningJobSpec(f"p-{number}", (definition,)))
