"""What the live service was recorded to do is what the twin does: each row by what was seen, and by the recording itself."""

from itertools import pairwise

import pytest
from examples import request
from recorded import PRESENT, answer

from hptsim import Scenario, Simulation
from hptsim.cloud import ScriptedCloud
from hptsim.scenario import Timings
from hptsim.service import Service

DESCRIBE = "DescribeHyperParameterTuningJob"
CREATE = "CreateHyperParameterTuningJob"
DEMO = {"HyperParameterTuningJobName": "demo"}
SEEDS = range(40)
STAMPS_S = {"tag": (3.352, 9.175), "stop": (63.294, 73.240)}
"""How long after its creation the records of two tuning jobs were stamped, as it was recorded (O1)."""


def describe(service):
    return service.call(DESCRIBE, DEMO)


def tuned(seed, *, until, **changes):
    sim = Simulation(Scenario(timings=Timings.typical(), **changes), seed=seed)
    service = Service.of(sim)
    service.call(CREATE, request(total=20, parallel=3))
    sim.run(until=until)
    return sim, service


def stamps(seed, *, until=120):
    """Every LastModifiedTime that somebody sees who looks each half second, in seconds after the creation."""
    sim, service = tuned(seed, until=0)
    seen = []
    while sim.now < until:
        shown = describe(service)
        seen.append(round(shown["LastModifiedTime"] - shown["CreationTime"], 3))
        sim.run(until=sim.now + 0.5)
    return list(dict.fromkeys(seen)), sim


@PRESENT
def test_the_stamps_here_are_those_that_were_recorded():
    first, second = (answer("tuning-job-tag", DESCRIBE, number) for number in (1, 2))
    listed = answer("tuning-job-stop", "ListHyperParameterTuningJobs")["HyperParameterTuningJobSummaries"][0]
    before_stop = answer("tuning-job-stop", DESCRIBE, 1)
    shown = [
        [one["LastModifiedTime"] - one["CreationTime"] for one in pair]
        for pair in ((first, second), (listed, before_stop))
    ]
    assert shown == [pytest.approx(STAMPS_S["tag"], abs=1e-3), pytest.approx(STAMPS_S["stop"], abs=1e-3)]
    assert listed["TrainingJobStatusCounters"] == before_stop["TrainingJobStatusCounters"]
    assert first["TrainingJobStatusCounters"]["InProgress"] == 0
    assert second["TrainingJobStatusCounters"]["InProgress"] == 3


def test_the_record_is_stamped_by_passes_in_which_nothing_else_happens():
    """O1: more stamps than things that happened, at times that can be the recorded ones."""
    runs = [stamps(seed) for seed in SEEDS]
    for times, sim in runs:
        happened = {one.time_s for one in sim.journal if one.thing in ("tuning", "training")}
        idle = [time_s for time_s in times if all(abs(time_s - other) > 0.001 for other in happened)]
        assert len(idle) > 5 and times == sorted(times)
    first, second = ([times[place] for times, _ in runs] for place in (1, 2))
    assert min(first) <= STAMPS_S["tag"][0] + 0.1 and max(second) >= STAMPS_S["tag"][1] - 0.3  # within reach
    gaps = [after - before for times, _ in runs for before, after in pairwise(times[3:])]
    assert min(gaps) < STAMPS_S["stop"][1] - STAMPS_S["stop"][0] < max(gaps)


def test_the_first_training_jobs_appear_in_one_pass():
    """O2: none at the first stamp, three at the second."""
    for seed in SEEDS:
        sim, service = tuned(seed, until=0)
        seen = []
        while sim.now < 12:
            shown = describe(service)
            seen.append(
                (shown["TrainingJobStatusCounters"]["InProgress"], shown["LastModifiedTime"] - shown["CreationTime"])
            )
            sim.run(until=sim.now + 0.25)
        assert {count for count, _ in seen} == {0, 3}
        launched = next(time_s for count, time_s in seen if count == 3)
        assert max(time_s for count, time_s in seen if count == 0) < launched < 9.5


@pytest.mark.parametrize(("time_s", "runtime_s"), [(3.352, 0), (9.175, 8), (73.240, 73), (73.8, 73)])
def test_the_runtime_that_was_recorded_can_be_what_the_twin_shows(time_s, runtime_s):
    """O3: RuntimeInSeconds counts from the first pass. A Describe comes up to a pass later than the stamp that it shows."""
    shown = set()
    for seed in range(200):
        sim, service = tuned(seed, until=time_s)
        shown.add(describe(service)["ConsumedResources"]["RuntimeInSeconds"])
        sim.run(until=time_s + 5)
        shown.add(describe(service)["ConsumedResources"]["RuntimeInSeconds"])
    assert runtime_s in shown and max(shown) <= time_s + 5


@PRESENT
def test_those_runtimes_are_recorded():
    answers = [("tag", 1), ("tag", 2), ("stop", 1), ("stop", 2), ("query", 1)]
    seen = [
        answer(f"tuning-job-{name}", DESCRIBE, number)["ConsumedResources"]["RuntimeInSeconds"]
        for name, number in answers
    ]
    assert seen == [0, 8, 73, 73, 11]


def failed(attempts):
    return describe(Service.of(failed_simulation(attempts)))


def failed_simulation(attempts, seed=0):
    sim = Simulation(
        Scenario(timings=Timings.typical()),
        seed=seed,
        cloud=ScriptedCloud(plan={("demo", number): (("ready", 1), ("client_error", 0)) for number in range(1, 11)}),
    )
    Service.of(sim).call(CREATE, request(total=attempts, parallel=2))
    sim.run()
    return sim


def test_a_tuning_job_that_fails_at_once_can_end_when_it_was_recorded_to():
    """O3, O4: 14.162 s after its creation, with a runtime of 11 s: in the third pass."""
    ends = set()
    for seed in range(60):
        sim = failed_simulation(2, seed)
        shown = describe(Service.of(sim))
        end_s = shown["HyperParameterTuningEndTime"] - shown["CreationTime"]
        ends.add((round(end_s), shown["ConsumedResources"]["RuntimeInSeconds"]))
    assert (14, 11) in ends and min(end_s for end_s, _ in ends) >= 11


ALL_FAILED = "All training jobs failed. Please take a look at the training jobs failures to get more details."


def test_with_fewer_than_five_attempts_all_training_jobs_failed():
    """O4: two of two failed."""
    shown = failed(2)
    assert (shown["HyperParameterTuningJobStatus"], shown["FailureReason"]) == ("Failed", ALL_FAILED)
    assert shown["HyperParameterTuningEndTime"] == shown["LastModifiedTime"]
    assert shown["TrainingJobStatusCounters"]["NonRetryableError"] == 2 == shown["ObjectiveStatusCounters"]["Failed"]
    assert shown["TuningJobCompletionDetails"] == {"NumberOfTrainingJobsObjectiveNotImproving": 0}
    assert failed(4)["FailureReason"] == ALL_FAILED
    assert failed(9)["FailureReason"].startswith("No training job succeeded after 5 attempts.")


@PRESENT
def test_that_text_is_recorded():
    shown = answer("tuning-job-query", DESCRIBE)
    assert shown["FailureReason"] == ALL_FAILED
    assert shown["HyperParameterTuningEndTime"] == shown["LastModifiedTime"]
    assert shown["TuningJobCompletionDetails"] == {"NumberOfTrainingJobsObjectiveNotImproving": 0}


def test_a_stop_stamps_the_record_and_moves_no_counter():
    """O7: Stopping, and three training jobs in progress."""
    _, service = tuned(0, until=73.715)
    before = describe(service)
    service.call("StopHyperParameterTuningJob", DEMO)
    after = describe(service)
    assert after["HyperParameterTuningJobStatus"] == "Stopping"
    assert after["LastModifiedTime"] - after["CreationTime"] == pytest.approx(73.715)
    for counters in ("TrainingJobStatusCounters", "ObjectiveStatusCounters", "ConsumedResources"):
        assert after[counters] == before[counters]
