"""What a simulation shows: a table for a notebook, values that stay as they were, statuses in the service's words."""

from hptsim import Simulation, TuningJobSpec
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
