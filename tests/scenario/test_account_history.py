"""Workloads from the service's own words: a round trip gives the same back, reading only reads, nothing is dropped in silence."""

import json
from datetime import datetime

import attrs
import pytest
from extras import BOTO

import hptsim.boto
from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim.cloud.scripted import ScriptedCloud
from hptsim.errors import InvalidInput
from hptsim.model.definitions import ResourceLimits, TrainingJobDefinition
from hptsim.model.ranges import ParameterRange
from hptsim.scenario.account_history import from_client, from_descriptions
from hptsim.scenario.cloud import Faults, Recorded, Script, Timings
from hptsim.scenario.durations import Empirical, Exponential
from hptsim.scenario.workload import ScheduledTuningJob

pytestmark = BOTO  # the descriptions are what a client of the twin is answered
RANGES = (ParameterRange("rate", "Continuous", 0.0, 1.0),)
DEFINITIONS = (TrainingJobDefinition(metrics={"objective": "objective=(.*)"}, static={"epochs": "5"}),)
HISTORY = Scenario(
    epoch="2024-03-05T06:07:08Z",
    timings=Timings(
        first_launch_s=3,
        launch_s=2,
        finish_s=4,
        starting_s=Exponential(100),
        downloading_s=Exponential(40),
        training_s=Exponential(500),
        uploading_s=Exponential(9),
        teardown_s=5,
    ),
    script=Script("save", 10),
    tuning_jobs=(
        ScheduledTuningJob(TuningJobSpec("first", DEFINITIONS, ResourceLimits(5, 2), ranges=RANGES), 0.0),
        ScheduledTuningJob(TuningJobSpec("second", DEFINITIONS, ResourceLimits(3, 3), ranges=RANGES), 100.5),
        ScheduledTuningJob(TuningJobSpec("stopped", limits=ResourceLimits(9, 3), ranges=RANGES), 200.0, 900.0),
        ScheduledTuningJob(
            TuningJobSpec("broken", limits=ResourceLimits(3, 1), ranges=RANGES), 300.0, faults=Faults(algorithm_error=1)
        ),
        ScheduledTuningJob(
            TuningJobSpec("unread", limits=ResourceLimits(2, 1), ranges=RANGES), 301.0, faults=Faults(client_error=1)
        ),
    ),
)


@pytest.fixture(scope="module")
def history():
    sim = Simulation(HISTORY, seed=7)
    sim.run()
    return sim


def descriptions(sim):
    client = hptsim.boto.client(sim)
    tuning = [client.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name) for name in sim.tuning_jobs]
    names = [name for job in sim.tuning_jobs for name in sim.tuning_job(job).training_jobs]
    return tuning, [client.describe_training_job(TrainingJobName=name) for name in names]


def phases(sim, name):
    """What the phases of a training job took, from the journal: not from what the service says."""
    took, since = {}, None
    for record in sim.journal:
        if record.thing == "training" and record.name == name:
            if since is not None:
                took[record.source] = took.get(record.source, 0.0) + record.time_s - since
            since = record.time_s
    return {
        phase: time_s for phase, time_s in took.items() if phase in ("Starting", "Downloading", "Training", "Uploading")
    }


def by_phase(recorded):
    values = {
        phase: getattr(recorded, f"{phase.lower()}_s") for phase in ("Starting", "Downloading", "Training", "Uploading")
    }
    return {phase: time_s for phase, time_s in values.items() if time_s is not None}


@pytest.mark.parametrize("form", ["parsed", "texts", "numbers"])
def test_a_round_trip_through_the_service_gives_the_same_workload_back(history, form):
    tuning, training = descriptions(history)
    if form != "parsed":

        def plain(value):
            return value.isoformat() if form == "texts" else value.timestamp()

        tuning, training = json.loads(json.dumps([tuning, training], default=plain))
    trace = from_descriptions(tuning, training)
    assert datetime.fromisoformat(trace.scenario.epoch) == datetime.fromisoformat(HISTORY.epoch)
    assert [job.at_s for job in trace.scenario.tuning_jobs] == [job.at_s for job in HISTORY.tuning_jobs]
    assert [job.spec for job in trace.scenario.tuning_jobs] == [job.spec for job in HISTORY.tuning_jobs]
    assert [job.stop_at_s for job in trace.scenario.tuning_jobs] == [None, None, 900.0, None, None]
    for job in trace.scenario.tuning_jobs:
        children = history.tuning_job(job.spec.name).training_jobs
        assert len(job.recorded) == len(children) > 0
        for name, recorded in zip(children, job.recorded, strict=True):
            expected = phases(history, name)
            if history.training_job(name).status == "Stopped":  # the stop cut the last phase short
                *_, last = expected
                expected[last] = 86400.0
            assert by_phase(recorded) == pytest.approx(expected, abs=0.002)  # the service rounds to milliseconds


def test_the_replay_of_a_history_ends_every_job_as_it_ended(history):
    replay = attrs.evolve(
        from_descriptions(*descriptions(history)).scenario,
        timings=Timings(first_launch_s=3, launch_s=2, finish_s=4, teardown_s=5),
        script=HISTORY.script,
    )
    sim = Simulation(replay, seed=99)
    sim.run()
    for name in history.tuning_jobs:
        before, after = history.tuning_job(name), sim.tuning_job(name)
        assert (after.status, after.counters) == (before.status, before.counters)
        if name != "stopped":  # what its children had left to do when they were stopped nobody knows
            assert after.ended_s == pytest.approx(before.ended_s, abs=0.02)
    statuses = [
        [sim.training_job(one).status for one in sim.tuning_job(name).training_jobs] for name in sim.tuning_jobs
    ]
    assert [set(one) for one in statuses[3:]] == [{"Failed"}, {"Failed"}]


def test_a_training_job_that_was_stopped_before_its_tuning_job_keeps_its_time():
    spec = TuningJobSpec("a", limits=ResourceLimits(9, 2), ranges=RANGES)
    sim = Simulation(Scenario(tuning_jobs=[ScheduledTuningJob(spec, 0.0, 140.0)], timings=Timings(training_s=120.0)))
    sim.run(30)
    sim.stop_training_job(sim.tuning_job("a").training_jobs[0])
    sim.run()
    [job] = from_descriptions(*descriptions(sim)).scenario.tuning_jobs
    assert job.stop_at_s == 140 and [one.training_s for one in job.recorded] == [30, 120, 86400, 86400]


def test_an_interruption_is_replayed_in_its_length():
    plan = {("a", 1): (("ready", 10.0), ("downloaded", 5.0), ("interrupt", 20.0), ("capacity", 50.0), ("ready", 11.0))}
    cloud = ScriptedCloud(timings=Timings(training_s=100.0, downloading_s=6.0), plan=plan)
    sim = Simulation(cloud=cloud)
    sim.create_tuning_job(TuningJobSpec("a", (TrainingJobDefinition(spot=True),), ranges=RANGES))
    sim.run()
    scenario = from_descriptions(*descriptions(sim)).scenario
    assert scenario.tuning_jobs[0].recorded == (Recorded(120.0, 10.0 + 50.0 + 11.0, 5.0 + 6.0, 0.0),)
    again = Simulation(scenario)
    again.run()
    assert again.now == sim.now == 202
    assert again.metrics().tuning_jobs[0].billed_instance_s == sim.metrics().tuning_jobs[0].billed_instance_s == 131


def test_durations_may_be_drawn_from_all_that_were_seen(history):
    scenario = from_descriptions(*descriptions(history), durations="empirical").scenario
    assert all(not job.recorded for job in scenario.tuning_jobs)
    assert isinstance(scenario.timings.training_s, Empirical)
    jobs = [name for job in history.tuning_jobs for name in history.tuning_job(job).training_jobs]
    expected = {}
    for name in jobs:
        took = phases(history, name)
        for phase, time_s in took.items():
            if phase != list(took)[-1] or history.training_job(name).status == "Completed":  # else it was cut short
                expected.setdefault(phase, []).append(time_s)
    for phase, values_s in expected.items():
        seen = getattr(scenario.timings, f"{phase.lower()}_s").values_s
        assert seen == pytest.approx(sorted(values_s), abs=0.002) and max(seen) < 86400
    with pytest.raises(InvalidInput, match=r"durations: got 'empircal', .*did you mean 'empirical'"):
        from_descriptions([], durations="empircal")


def test_an_account_is_read_with_calls_that_only_read(history):
    client = hptsim.boto.client(history)
    called, seen = [], []
    client.meta.events.register("before-call.sagemaker.*", lambda model, **more: called.append(model.name))
    trace = from_client(client, progress=seen.append)
    assert trace == from_descriptions(*descriptions(history))
    assert set(called) == {
        "ListHyperParameterTuningJobs",
        "DescribeHyperParameterTuningJob",
        "ListTrainingJobsForHyperParameterTuningJob",
        "DescribeTrainingJob",
    }
    assert seen == sorted(seen) and len(seen) == len(descriptions(history)[1])


def test_an_account_is_read_between_two_times(history):
    client = hptsim.boto.client(history)
    after = datetime.fromisoformat("2024-03-05T06:09:00Z")
    trace = from_client(client, created_after=after)
    assert [job.spec.name for job in trace.scenario.tuning_jobs] == ["stopped", "broken", "unread"]


def test_a_description_that_cannot_be_read_is_named_and_left_out_only_by_choice(history):
    tuning, training = descriptions(history)
    tuning = [dict(one) for one in tuning]
    del tuning[0]["CreationTime"]
    tuning[1]["HyperParameterTuningJobConfig"] = {**tuning[1]["HyperParameterTuningJobConfig"], "Strategy": "Guess"}
    with pytest.raises(InvalidInput) as caught:
        from_descriptions(tuning, training)
    assert "first: CreationTime is missing" in str(caught.value)
    assert "second: HyperParameterTuningJobConfig.Strategy: got 'Guess'" in str(caught.value)
    trace = from_descriptions(tuning, training, skip=True)
    assert [job.spec.name for job in trace.scenario.tuning_jobs] == ["stopped", "broken", "unread"]
    assert trace.reasons["its tuning job is not among those described"] == 5 + 3


def test_the_answers_of_list_calls_have_training_times_in_whole_seconds(history):
    client = hptsim.boto.client(history)
    tuning, _ = descriptions(history)
    names = [{"HyperParameterTuningJobName": name} for name in history.tuning_jobs]
    pages = [client.list_training_jobs_for_hyper_parameter_tuning_job(**name) for name in names]
    jobs = from_descriptions(tuning, pages).scenario.tuning_jobs
    assert (
        jobs
        == from_descriptions(
            tuning, [one for page in pages for one in page["TrainingJobSummaries"]]
        ).scenario.tuning_jobs
    )
    for job in (jobs[0], jobs[1]):
        for name, recorded in zip(history.tuning_job(job.spec.name).training_jobs, job.recorded, strict=True):
            took = phases(history, name)
            whole = took["Downloading"] + took["Training"] + took["Uploading"]
            assert recorded == Recorded(recorded.training_s) and recorded.training_s == pytest.approx(whole, abs=1)


def test_a_description_without_transitions_has_its_training_times():
    spec = Simulation(Scenario(timings="instant"))
    spec.create_tuning_job(TuningJobSpec("a", ranges=RANGES))
    spec.run()
    tuning, (child,) = descriptions(spec)
    child = {name: value for name, value in child.items() if name != "SecondaryStatusTransitions"}
    assert from_descriptions(tuning, [child]).scenario.tuning_jobs[0].recorded == (Recorded(100.0),)
