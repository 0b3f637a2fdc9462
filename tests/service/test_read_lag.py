"""Answers that lag: as of an earlier instant, never older than before, and without any effect on the simulation."""

import attrs
import pytest
from examples import request, simulation

from hptsim import Simulation
from hptsim.errors import ServiceError
from hptsim.scenario.durations import Uniform
from hptsim.service.read_lag import LaggingJobs
from hptsim.service.service import Service


def lagging(lag_s, seed=0):
    scenario = attrs.evolve(simulation().scenario, assumptions={"read_lag_s": lag_s})
    sim = Simulation(scenario, seed=seed)
    sim.create_tuning_job(request())
    return sim, Service.of(sim)


def described(service, name):
    answer = service.call("DescribeTrainingJob", {"TrainingJobName": name})
    return answer["TrainingJobStatus"], answer["SecondaryStatus"]


def children(service):
    asked = {"HyperParameterTuningJobName": "demo"}
    answer = service.call("ListTrainingJobsForHyperParameterTuningJob", asked)
    return [one["TrainingJobName"] for one in answer["TrainingJobSummaries"]]


def test_a_training_job_is_shown_as_it_was():
    sim, service = lagging(5)
    sim.run(until=20)  # it has been Starting until 10 and is Training now
    child = sim.tuning_job("demo").training_jobs[0]
    assert described(service, child) == ("InProgress", "Downloading")
    sim.run(until=24.9)
    assert described(service, child) == ("InProgress", "Downloading")
    sim.run(until=25)
    assert described(service, child) == ("InProgress", "Training")
    sim.stop_training_job(child)
    assert described(service, child) == ("InProgress", "Training")
    listed = service.call("ListTrainingJobs", {})["TrainingJobSummaries"]
    assert {one["TrainingJobStatus"] for one in listed} == {"InProgress"}


def test_what_was_just_created_may_be_missing_and_the_tuning_job_itself_is_never_late():
    sim = Simulation(attrs.evolve(simulation().scenario, assumptions={"read_lag_s": 5}))
    service = Service.of(sim)
    sim.run(until=50)
    sim.create_tuning_job(request())
    sim.run(until=51)
    child = sim.tuning_job("demo").training_jobs[0]
    assert children(service) == []
    assert service.call("ListHyperParameterTuningJobs", {})["HyperParameterTuningJobSummaries"] == []
    with pytest.raises(ServiceError, match="Requested resource not found"):
        described(service, child)
    sim.stop_tuning_job("demo")
    asked = {"HyperParameterTuningJobName": "demo"}
    assert service.call("DescribeHyperParameterTuningJob", asked)["HyperParameterTuningJobStatus"] == "Stopping"
    sim.run(until=56)
    assert child in children(service)
    listed = service.call("ListHyperParameterTuningJobs", {})["HyperParameterTuningJobSummaries"]
    assert [one["HyperParameterTuningJobStatus"] for one in listed] == ["Stopping"]


def test_no_answer_is_older_than_one_before_it():
    sim, _ = lagging(Uniform(0, 30))
    jobs, instants, lags = LaggingJobs(sim), [], set()
    for now_s in range(1, 200):
        sim.run(until=now_s)
        jobs.catch_up()
        instants.append(jobs.as_of_s)
        lags.add(now_s - jobs.as_of_s)
        assert 0 <= now_s - jobs.as_of_s <= 30
    assert instants == sorted(instants) and len(lags) > 20


def test_the_lag_is_the_seeds_and_the_instants():
    def as_of(seed, reads):
        sim, _ = lagging(Uniform(0, 30), seed)
        jobs = LaggingJobs(sim)
        sim.run(until=100)
        for _ in range(reads):
            jobs.catch_up()
        return jobs.as_of_s

    assert as_of(1, 1) == as_of(1, 5) != as_of(2, 1)


def test_reading_moves_nothing():
    (read, service), (unread, _) = lagging(Uniform(0, 30)), lagging(Uniform(0, 30))
    for now_s in range(1, 200):
        read.run(until=now_s)
        children(service)
    read.run()
    unread.run()
    assert list(read.journal) == list(unread.journal)


def test_answers_go_back_with_the_simulation():
    sim, service = lagging(5)
    sim.run(until=20)
    child, saved = sim.tuning_job("demo").training_jobs[0], sim.snapshot()
    before = described(service, child)
    sim.run(until=200)
    assert described(service, child)[0] == "Completed"
    sim.restore(saved)
    assert described(service, child) == before
