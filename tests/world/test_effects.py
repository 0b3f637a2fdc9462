"""What rows do to the world: a launch without machines goes on with the next instance type."""

import attrs
import pytest

from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim.errors import ServiceError
from hptsim.model.assumptions import Assumptions
from hptsim.model.definitions import InstanceRequest, ResourceLimits, TrainingJobDefinition
from hptsim.scenario.cloud import Faults, Timings
from hptsim.scenario.workload import ScheduledTuningJob

P3, M5, C5 = "ml.p3.2xlarge", "ml.m5.xlarge", "ml.c5.xlarge"
PREFERRED = TrainingJobDefinition(
    instances=InstanceRequest(P3), alternatives=(InstanceRequest(M5, 2), InstanceRequest(C5, 4))
)
SHORT = Faults(shortage_by_type={P3: 1.0})
POLICIES = pytest.mark.parametrize("policy", ["reuse", "upfront", "as-observed"])


def scenario(policy="reuse", total=2, parallel=1, definitions=(PREFERRED,), **changes):
    spec = TuningJobSpec("a", definitions, ResourceLimits(total, parallel))
    base = Scenario(
        capacity={P3: 2, M5: 4, C5: 8},
        tuning_jobs=(ScheduledTuningJob(spec),),
        timings=Timings(starting_s=10, warm_starting_s=1, training_s=100, shortage_retry_s=60),
        faults=SHORT,
        assumptions=Assumptions(policy, "queue"),
    )
    return attrs.evolve(base, **changes)


@POLICIES
def test_a_launch_without_machines_moves_reservation_and_occupancy_to_the_next_type(policy):
    sim = Simulation(scenario(policy))
    sim.run(until=59)
    assert sim.capacity.reserved == sim.capacity.occupied == {P3: 1}
    sim.run(until=100)
    assert sim.capacity.reserved == sim.capacity.occupied == {M5: 2}
    assert "a launch falls back" in sim.witnessed
    sim.run()
    assert sim.tuning_job("a").status == "Completed" and sim.capacity.reserved == sim.capacity.occupied == {}


def test_what_fell_back_is_reused_by_the_next_training_job_without_asking_again():
    sim = Simulation(scenario("reuse"))
    sim.run(until=175)  # the second begins at 170, warm, on the two that the first has left
    first, second = sim.tuning_job("a").training_jobs
    assert sim.training_job(first).status == "Completed" and sim.training_job(second).secondary_status == "Training"
    assert sim.capacity.occupied == sim.capacity.reserved == {M5: 2}


def test_where_quota_is_given_back_the_next_training_job_asks_for_the_first_type_again():
    sim = Simulation(scenario("as-observed"))
    sim.run(until=175)
    assert sim.capacity.occupied == sim.capacity.reserved == {P3: 1}


def test_a_type_without_quota_is_passed_over():
    sim = Simulation(scenario(capacity={P3: 2, M5: 1, C5: 8}))
    sim.run(until=100)
    assert sim.capacity.occupied == {C5: 4}


def test_without_quota_for_any_it_tries_again_and_ends_with_capacity_error():
    sim = Simulation(scenario(capacity={P3: 2, M5: 1, C5: 3}, total=1))
    sim.run()
    [child] = sim.tuning_job("a").training_jobs
    assert sim.training_job(child).failure_reason.startswith("CapacityError")
    assert sim.now == (5 + 2) * 60.0  # shortage_limit, and once more for each further type
    assert sim.tuning_job("a").counters["RetryableError"] == 1


def test_the_last_type_is_tried_until_the_limit_too():
    sim = Simulation(scenario(total=1, faults=Faults(capacity_shortage=1.0, shortage_limit=0)))
    sim.run(until=119)
    assert sim.capacity.occupied == {M5: 2}
    sim.run()
    [child] = sim.tuning_job("a").training_jobs
    assert sim.training_job(child).failure_reason.startswith("CapacityError") and sim.now == 120


def test_a_tuning_job_with_several_definitions_keeps_what_another_may_need():
    other = TrainingJobDefinition(name="other", instances=InstanceRequest(P3))
    sim = Simulation(
        scenario(definitions=(attrs.evolve(PREFERRED, name="one"), other), total=2, parallel=1, faults=Faults())
    )
    sim.run(until=5)
    assert sim.capacity.reserved == {P3: 1}
    short = Simulation(scenario(definitions=(attrs.evolve(PREFERRED, name="one"), other), total=2, parallel=1))
    short.run(until=100)
    assert short.capacity.reserved == {P3: 1, M5: 2} and short.capacity.occupied == {M5: 2}
    short.run()
    assert short.capacity.reserved == {}


def test_a_fallback_counts_to_the_quota_of_all_instances():
    sim = Simulation(scenario(total_instances=2, total=1))
    sim.run(until=100)
    assert sim.capacity.total_limit == 2 == sum(sim.capacity.reserved.values()) and sim.capacity.occupied == {M5: 2}
    tight = Simulation(scenario(total_instances=1, total=1))
    tight.run(until=100)
    assert tight.capacity.occupied == {P3: 1}


def test_a_fallback_lets_those_wait_no_longer_who_want_the_type_that_it_gives_up():
    later = TuningJobSpec("b", (TrainingJobDefinition(instances=InstanceRequest(P3)),))
    base = scenario(total=1, capacity={P3: 1, M5: 2})
    sim = Simulation(attrs.evolve(base, tuning_jobs=(*base.tuning_jobs, ScheduledTuningJob(later, 1.0))))
    sim.run(until=59)
    assert sim.tuning_job("b").waiting == 1
    sim.run(until=61)
    assert sim.tuning_job("b").waiting == 0 and sim.capacity.occupied == {P3: 1, M5: 2}


def test_a_training_job_of_its_user_falls_back_too():
    sim = Simulation(scenario(tuning_jobs=()))
    sim.create_training_job("mine", PREFERRED)
    sim.run(until=100)
    assert sim.capacity.reserved == sim.capacity.occupied == {M5: 2}
    sim.run()
    assert sim.training_job("mine").status == "Completed" and sim.capacity.reserved == {}


def test_admission_looks_at_the_first_type():
    refusing = attrs.evolve(scenario(capacity={P3: 0, M5: 9}), assumptions=Assumptions(), tuning_jobs=())
    with pytest.raises(ServiceError, match=f"'{P3} for training job usage' is 0 Instances"):
        Simulation(refusing).create_tuning_job(scenario().tuning_jobs[0].spec)


@POLICIES
@pytest.mark.parametrize("seed", range(5))
def test_fallbacks_at_random_end_well_and_give_everything_back(policy, seed):
    second = TuningJobSpec("b", (PREFERRED,), ResourceLimits(6, 2))
    base = scenario(policy, total=6, parallel=2, faults=Faults(capacity_shortage=0.6), total_instances=7)
    jobs = (*base.tuning_jobs, ScheduledTuningJob(second, 30.0, 400.0))
    sim = Simulation(attrs.evolve(base, tuning_jobs=jobs), seed=seed)
    sim.run()
    assert sim.capacity.reserved == {} and {sim.tuning_job(name).status for name in "ab"} <= {"Completed", "Stopped"}


def test_who_gives_up_a_place_in_line_for_idle_instances_keeps_its_definition():
    """Of the four that wait for P3 the one left when all others have been asked for runs on what is idle, as what it is."""
    one = TrainingJobDefinition(name="one", instances=InstanceRequest(P3))
    two = TrainingJobDefinition(name="two", instances=InstanceRequest(C5))
    sim = Simulation(scenario(definitions=(one, two), total=12, parallel=6, capacity={P3: 1}, faults=Faults()))
    sim.run()
    children = [sim.training_job(name) for name in sim.tuning_job("a").training_jobs]
    assert sorted(child.definition.name for child in children) == ["one"] * 6 + ["two"] * 6
