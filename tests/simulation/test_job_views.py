"""What a simulation shows: a table for a notebook, values that stay as they were, statuses in the service's words."""

import attrs
import pytest

from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim.model.assumptions import Assumptions
from hptsim.model.definitions import InstanceRequest, ResourceLimits, ServiceLimits, TrainingJobDefinition
from hptsim.simulation import QueuedRequest, WarmPoolView
from hptsim.simulation.job_views import STATUSES, shown


def test_a_notebook_shows_a_job_as_a_table():
    sim = Simulation()
    sim.create_tuning_job(TuningJobSpec("demo"))
    sim.run()
    job = sim.tuning_job("demo")
    assert "<td>status</td><td>Completed</td>" in job._repr_html_()
    assert "<td>secondary_status</td><td>Completed</td>" in sim.training_job(job.best)._repr_html_()


def test_a_view_stays_as_it_was():
    sim = Simulation(capacity={"ml.m5.xlarge": 1})
    before, job = sim.capacity, sim.create_tuning_job(TuningJobSpec("demo"))
    sim.run(until=50)
    child, during = sim.training_job(sim.tuning_job("demo").live[0]), sim.capacity
    sim.run()
    assert (job.status, job.training_jobs, child.status, child.ended_s) == ("InProgress", (), "InProgress", None)
    assert (before.reserved.get("ml.m5.xlarge", 0), during.reserved["ml.m5.xlarge"]) == (0, 1)
    assert sim.tuning_job("demo").status == "Completed" and sim.capacity.reserved == {}


def test_a_training_job_shows_two_statuses_and_a_tuning_job_one():
    assert shown("training", "Downloading") == {"Downloading", "InProgress"}
    assert shown("tuning", "Stopping") == {"Stopping"}
    assert {"Downloading", "InProgress", "Stopped", "Completed"} <= STATUSES and "Downloaded" not in STATUSES


M5 = "ml.m5.xlarge"


def test_all_training_jobs_are_listed_in_order_of_creation():
    sim = Simulation()
    sim.create_training_job("mine")
    sim.create_tuning_job(TuningJobSpec("demo", limits=ResourceLimits(2, 2)))
    sim.run()
    assert sim.training_jobs == ["mine", *sim.tuning_job("demo").training_jobs] and len(sim.training_jobs) == 3
    sim.delete_training_job("mine")
    assert "mine" not in sim.training_jobs


def test_warm_pools_are_shown_with_what_they_hold_and_since_when():
    sim = Simulation(Scenario(capacity={M5: 2}, timings="instant"))
    keep = TrainingJobDefinition(instances=InstanceRequest(M5, 2), keep_alive_s=600)
    sim.create_training_job("mine", keep)
    assert sim.warm_pools == {"mine": WarmPoolView("mine", "InUse", {M5: 2}, 600, 0.0)}
    sim.run(until=300)
    assert sim.warm_pools == {"mine": WarmPoolView("mine", "Available", {M5: 2}, 600, 100.0)}
    sim.update_training_job("mine", 900)
    assert sim.warm_pools["mine"].keep_alive_s == 900
    sim.run()
    assert sim.warm_pools == {} and sim.now == 1000


@pytest.mark.parametrize(
    ("discipline", "order"),
    [("fifo", ["b", "c"]), ("priority", ["c", "b"]), ("backfill", ["b", "c"])],
)
def test_the_queue_is_shown_as_the_discipline_looks_at_it(discipline, order):
    sim = Simulation(Scenario(capacity={M5: 2}, assumptions=Assumptions("upfront", "queue", discipline)))
    for name, at_s, priority in (("a", 0, 0), ("b", 10, 2), ("c", 20, 1)):
        sim.run(until=at_s)
        spec = TuningJobSpec(name, (TrainingJobDefinition(instances=InstanceRequest(M5, 2)),), priority=priority)
        sim.create_tuning_job(spec)
    requests = {"b": QueuedRequest("b", {M5: 2}, True, 2, 10.0), "c": QueuedRequest("c", {M5: 2}, True, 1, 20.0)}
    assert sim.queue == tuple(requests[name] for name in order)
    sim.run()
    assert sim.queue == ()


def test_capacity_shows_instance_types_and_the_quotas_over_all_types_apart():
    sim = Simulation(Scenario(capacity={M5: 4}, total_instances=3, limits=ServiceLimits(tuning_jobs=2)))
    sim.create_tuning_job(TuningJobSpec("demo", limits=ResourceLimits(2, 2)))
    sim.run(until=50)
    shown = sim.capacity
    assert (shown.limit, shown.reserved, shown.occupied) == ({M5: 4}, {M5: 2}, {M5: 2})
    assert (shown.tuning_jobs, shown.tuning_jobs_limit, shown.total_limit) == (1, 2, 3)
    assert sim.tuning_job("demo").reserved == {M5: 2}


def test_a_view_says_what_the_job_was_created_from_and_keeps_it_out_of_its_repr():
    sim = Simulation()
    spec = TuningJobSpec("demo")
    sim.create_tuning_job(spec)
    sim.run()
    job = sim.tuning_job("demo")
    assert job.spec is spec and sim.training_job(job.training_jobs[0]).definition is spec.definitions[0]
    assert "spec=" not in repr(job) and "<td>spec</td>" not in job._repr_html_()
    assert attrs.fields(type(job)).spec.repr is False
