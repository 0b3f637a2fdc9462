"""The journal as EventBridge and CloudTrail tell it: the guide's shapes, in step with what Describe shows."""

import re

import pytest
from examples import request, simulation, training_request

from hptsim import Simulation, boto
from hptsim.errors import InvalidInput
from hptsim.model.instants import read_instant
from hptsim.model.journal import Journal, read
from hptsim.model.specs import TuningJobSpec
from hptsim.scenario.cloud import Faults, Script
from hptsim.scenario.durations import Exponential
from hptsim.scenario.workload import ScheduledTuningJob
from hptsim.service.cloudtrail import trail
from hptsim.service.eventbridge import TRAINING, TUNING, Delivery, state_changes, subscribe
from hptsim.service.service import Service

EPOCH_MS = 1704067200000


def detail(event):
    return event["detail"]


def of(events, kind, name=None):
    key = {TUNING: "HyperParameterTuningJobName", TRAINING: "TrainingJobName"}[kind]
    return [one for one in events if one["detail-type"] == kind and name in (None, one["detail"][key])]


@pytest.fixture
def stopped():
    """Two training jobs, one done and one stopped while it trains, and one of a third launch that is torn down."""
    sim = simulation()
    Service.of(sim).call("CreateHyperParameterTuningJob", request(Tags=[{"Key": "team", "Value": "a"}]))
    sim.run(until=130)
    sim.stop_tuning_job("demo")
    sim.run()
    return sim


def test_the_envelope_is_the_guides(stopped):
    events = list(state_changes(stopped.journal, region="eu-west-1"))
    for event in events:
        assert list(event) == [
            "version",
            "id",
            "detail-type",
            "source",
            "account",
            "time",
            "region",
            "resources",
            "detail",
        ]
        assert (event["version"], event["source"], event["account"]) == ("0", "aws.sagemaker", "111122223333")
        assert re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", event["id"]) and event["region"] == "eu-west-1"
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", event["time"])
        arns = [
            detail(event)[name] for name in ("TrainingJobArn", "HyperParameterTuningJobArn") if name in detail(event)
        ]
        assert event["resources"] == arns and arns[0].startswith("arn:aws:sagemaker:eu-west-1:111122223333:")
    assert len({event["id"] for event in events}) == len(events)


def test_the_same_journal_gives_the_same_events(stopped):
    assert list(state_changes(stopped.journal)) == list(state_changes(stopped.journal))


def test_a_tuning_jobs_events(stopped):
    first, second, third = of(state_changes(stopped.journal), TUNING)
    assert [detail(one)["HyperParameterTuningJobStatus"] for one in (first, second, third)] == [
        "InProgress",
        "Stopping",
        "Stopped",
    ]
    assert [one["time"][-9:-1] for one in (first, second)] == ["00:00:00", "00:02:10"]
    assert detail(first)["CreationTime"] == str(EPOCH_MS)
    assert sum(detail(first)["TrainingJobStatusCounters"].values()) == 0
    assert detail(second)["TrainingJobStatusCounters"]["InProgress"] == 1
    assert detail(second)["LastModifiedTime"] == str(EPOCH_MS + 130_000)
    assert "HyperParameterTuningEndTime" not in detail(second)
    shown = Service.of(stopped).call("DescribeHyperParameterTuningJob", {"HyperParameterTuningJobName": "demo"})
    for name in ("TrainingJobStatusCounters", "ObjectiveStatusCounters", "TrainingJobDefinition"):
        assert detail(third)[name] == shown[name]
    assert detail(third)["HyperParameterTuningEndTime"] == str(round(shown["HyperParameterTuningEndTime"] * 1000))
    assert detail(third)["Tags"] == {"team": "a"}
    assert "Strategy" not in detail(third) and detail(third)["HyperParameterTuningJobConfig"]["Strategy"] == "Random"


def test_a_training_jobs_events(stopped):
    name = stopped.tuning_job("demo").training_jobs[0]
    events = of(state_changes(stopped.journal), TRAINING, name)
    pairs = [(detail(one)["TrainingJobStatus"], detail(one)["SecondaryStatus"]) for one in events]
    assert pairs == [
        ("InProgress", "Starting"),
        ("InProgress", "Downloading"),
        ("InProgress", "Training"),
        ("InProgress", "Uploading"),
        ("Completed", "Completed"),
    ]
    assert (detail(events[0])["TrainingStartTime"], detail(events[0])["TrainingEndTime"]) == (None, None)
    assert detail(events[1])["TrainingStartTime"] == str(EPOCH_MS + 10_000)
    assert "ModelArtifacts" not in detail(events[3])
    assert detail(events[4])["ModelArtifacts"]["S3ModelArtifacts"].endswith(f"{name}/output/model.tar.gz")
    assert detail(events[4])["TrainingEndTime"] == str(EPOCH_MS + 125_000)
    last = detail(events[4])["SecondaryStatusTransitions"][-1]
    assert (last["Status"], last["StartTime"], last["EndTime"]) == ("Completed", *[str(EPOCH_MS + 125_000)] * 2)


def test_each_event_describes_the_job_as_it_was_then(stopped):
    """The detail of every event is what Describe showed at that instant, in a run that is stepped through."""
    sim = simulation()
    service = Service.of(sim)
    service.call("CreateHyperParameterTuningJob", request())
    shown = {}

    def note():
        for name in service.jobs.training.members:
            answer = service.call("DescribeTrainingJob", {"TrainingJobName": name})
            shown[name, answer["SecondaryStatus"]] = answer

    while sim.step():
        service.jobs.catch_up()
        note()
    events = of(state_changes(sim.journal), TRAINING)
    assert len(events) == len(shown) == 15
    for event in events:
        described = shown[detail(event)["TrainingJobName"], detail(event)["SecondaryStatus"]]
        for member in ("TrainingJobStatus", "HyperParameters", "ResourceConfig", "TuningJobArn"):
            assert detail(event)[member] == described[member]
        assert detail(event).get("ModelArtifacts") == described.get("ModelArtifacts")
        assert detail(event).get("TrainingTimeInSeconds") is not None or "TrainingTimeInSeconds" not in described


def test_a_failure_tells_its_reason():
    sim = simulation(faults=Faults(algorithm_error=1.0))
    sim.create_training_job("alone")
    sim.run()
    *_, last = state_changes(sim.journal)
    assert detail(last)["TrainingJobStatus"] == "Failed"
    assert detail(last)["FailureReason"].startswith("AlgorithmError")


def test_a_tuning_job_that_failed_says_why_as_it_is_described():
    sim = simulation(faults=Faults(algorithm_error=1.0))
    sim.create_tuning_job(request(total=1, parallel=1))
    sim.run()
    *_, last = of(state_changes(sim.journal), TUNING)
    described = Service.of(sim).call("DescribeHyperParameterTuningJob", {"HyperParameterTuningJobName": "demo"})
    assert detail(last)["HyperParameterTuningJobStatus"] == "Failed"
    assert detail(last)["FailureReason"] == described["FailureReason"] == sim.tuning_job("demo").failure_reason
    assert described["FailureReason"].startswith("All training jobs failed. Please")


def test_a_saved_journal_tells_the_same(stopped, tmp_path):
    path = tmp_path / "out.jsonl"
    sim = simulation()
    twin = type(sim)(sim.scenario, journal=Journal(path))
    twin.create_tuning_job(request())
    twin.run()
    twin.journal.close()
    saved = read(path)
    assert list(state_changes(saved.records, epoch=saved.header["epoch"])) == list(state_changes(twin.journal))
    assert list(trail(saved.records)) == list(trail(twin.journal))


def test_another_epoch_and_a_bad_one(stopped):
    first, *_ = state_changes(stopped.journal, epoch="2030-06-01T00:00:00Z")
    assert first["time"] == "2030-06-01T00:00:00Z"
    for view in (state_changes, trail):
        with pytest.raises(InvalidInput, match="epoch"):
            list(view(stopped.journal, epoch="yesterday"))


# ---------------------------------------------------------------------- subscriptions


@pytest.mark.parametrize("laws", [True, False, "end"])
def test_a_subscriber_hears_every_change_at_its_instant(laws):
    sim = simulation()
    sim = type(sim)(sim.scenario, laws=laws)
    sim.create_tuning_job(request("before"))
    heard = []
    subscribe(sim, lambda event: heard.append((sim.now, event)))
    sim.create_tuning_job(request())
    sim.run(until=130)
    sim.stop_tuning_job("demo")
    sim.run()
    told = list(state_changes(sim.journal))
    strip = [{**event, "id": ""} for _, event in heard]
    assert strip == [{**event, "id": ""} for event in told[1:]]  # the first was before the subscription
    for now, event in heard:
        assert detail(event)["LastModifiedTime"] == str(EPOCH_MS + round(now * 1000))
    assert [event["id"] for _, event in heard] == [event["id"] for event in told[1:]]


def test_a_subscriber_may_call_the_service():
    """A handler that starts the next tuning job when one is Stopped, as people write it."""
    sim = simulation(capacity={"ml.m5.xlarge": 2})
    sagemaker = boto.client(sim)

    def next_one(event):
        if detail(event).get("HyperParameterTuningJobStatus") == "Stopped":
            assert not any(sim.capacity.reserved.values())  # what was reserved is released when it is Stopped
            sagemaker.create_hyper_parameter_tuning_job(**request("next"))

    subscribe(sim, next_one)
    sagemaker.create_hyper_parameter_tuning_job(**request())
    sim.run(until=50)
    sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName="demo")
    sim.run()
    assert sim.tuning_job("next").status == "Completed"


def test_subscribers_do_not_disturb_each_other_or_the_journal(stopped):
    sim, counts = simulation(), [0, 0]

    def count(place):
        counts[place] += 1

    for place in (0, 1):
        subscribe(sim, lambda event, place=place: count(place))
    Service.of(sim).call("CreateHyperParameterTuningJob", request(Tags=[{"Key": "team", "Value": "a"}]))
    sim.run(until=130)
    sim.stop_tuning_job("demo")
    sim.run()
    assert counts == [len(list(state_changes(sim.journal)))] * 2
    assert list(sim.journal) == list(stopped.journal)


def test_a_subscription_ends_when_its_user_says_so_and_when_the_simulation_is_restored():
    sim, heard = simulation(), ([], [])
    end = subscribe(sim, heard[0].append)
    subscribe(sim, heard[1].append)
    early = sim.snapshot()
    sim.create_tuning_job(request())
    sim.run(until=50)
    end()
    sim.run()
    counts = len(heard[0]), len(heard[1])
    assert 0 < counts[0] < counts[1] == len(list(state_changes(sim.journal)))
    sim.restore(early)
    sim.create_tuning_job(request())
    sim.run()
    assert (len(heard[0]), len(heard[1])) == counts


# ---------------------------------------------------------------------- CloudTrail


def brief(records):
    return [(one["eventName"], one["eventType"]) for one in records]


def test_the_trail_of_a_stop(stopped):
    records = list(trail(stopped.journal))
    created, *launched, stop, stopped_child = records
    assert brief([created, stop]) == [
        ("CreateHyperParameterTuningJob", "AwsApiCall"),
        ("StopHyperParameterTuningJob", "AwsApiCall"),
    ]
    assert brief(launched) == [("CreateTrainingJob", "AwsServiceEvent")] * 3
    assert brief([stopped_child]) == [("StopTrainingJob", "AwsServiceEvent")]
    assert created["responseElements"]["hyperParameterTuningJobArn"].endswith(":hyper-parameter-tuning-job/demo")
    given = created["requestParameters"]
    assert given["hyperParameterTuningJobConfig"]["resourceLimits"]["maxParallelTrainingJobs"] == 2
    assert given["trainingJobDefinition"]["staticHyperParameters"] == {"epochs": "10"}
    assert given["trainingJobDefinition"]["algorithmSpecification"]["metricDefinitions"][0]["name"] == "loss"
    assert stop["requestParameters"] == {"hyperParameterTuningJobName": "demo"} and stop["responseElements"] is None
    assert stop["eventTime"] == stopped_child["eventTime"] == "2024-01-01T00:02:10Z"
    assert stopped_child["userIdentity"]["invokedBy"] == "sagemaker.amazonaws.com"
    assert stopped_child["serviceEventDetails"]["tuningJobArn"] == given_arn(stopped)
    assert len({record["eventID"] for record in records}) == len(records)
    assert all(record["awsRegion"] == "us-east-1" and record["eventSource"] for record in records)


def given_arn(sim):
    shown = Service.of(sim).call("DescribeHyperParameterTuningJob", {"HyperParameterTuningJobName": "demo"})
    return shown["HyperParameterTuningJobArn"]


def test_the_trail_of_the_callers_own_calls():
    sim = simulation()
    service = Service.of(sim)
    service.call("CreateHyperParameterTuningJob", request(total=2))
    service.call("CreateTrainingJob", training_request())
    sim.run(until=50)
    for name in ("alone", sim.tuning_job("demo").live[0]):
        service.call("StopTrainingJob", {"TrainingJobName": name})
    sim.run()
    service.call("DeleteTrainingJob", {"TrainingJobName": "alone"})
    service.call("DeleteHyperParameterTuningJob", {"HyperParameterTuningJobName": "demo"})
    calls = [one for one in trail(sim.journal) if one["eventType"] == "AwsApiCall"]
    assert [one["eventName"] for one in calls] == [
        "CreateHyperParameterTuningJob",
        "CreateTrainingJob",
        "StopTrainingJob",
        "StopTrainingJob",
        "DeleteTrainingJob",
        "DeleteHyperParameterTuningJob",
    ]
    alone = calls[1]
    assert alone["requestParameters"]["trainingJobName"] == "alone"
    assert alone["requestParameters"]["hyperParameters"] == {"epochs": "10"}
    assert alone["responseElements"] == {
        "trainingJobArn": "arn:aws:sagemaker:us-east-1:111122223333:training-job/alone"
    }


def test_the_trail_tells_how_a_warm_pool_was_given_up():
    sim = simulation()
    service = Service.of(sim)
    resources = {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30}
    resources["KeepAlivePeriodInSeconds"] = 600

    def update(name, period_s):
        resources = {"KeepAlivePeriodInSeconds": period_s}
        service.call("UpdateTrainingJob", {"TrainingJobName": name, "ResourceConfig": resources})

    for name in ("updated", "stopped", "expired"):
        service.call("CreateTrainingJob", training_request(name, ResourceConfig={**resources, "VolumeSizeInGB": 31}))
    update("updated", 900)
    sim.run(until=300)
    update("updated", 0)
    service.call("StopTrainingJob", {"TrainingJobName": "stopped"})
    sim.run()
    assert sim.now > 600, "the third has expired"
    _, _, _, *calls = trail(sim.journal)
    assert {one["eventType"] for one in calls} == {"AwsApiCall"}
    assert [(one["eventName"], one["requestParameters"]) for one in calls] == [
        ("UpdateTrainingJob", {"trainingJobName": "updated", "resourceConfig": {"keepAlivePeriodInSeconds": 900}}),
        ("UpdateTrainingJob", {"trainingJobName": "updated", "resourceConfig": {"keepAlivePeriodInSeconds": 0}}),
        ("StopTrainingJob", {"trainingJobName": "stopped"}),
    ]
    arn = "arn:aws:sagemaker:us-east-1:111122223333:training-job/updated"
    assert [one["responseElements"] for one in calls] == [{"trainingJobArn": arn}, {"trainingJobArn": arn}, None]
    assert service.call("DescribeTrainingJob", {"TrainingJobName": "stopped"})["TrainingJobStatus"] == "Completed"


def test_stops_that_the_service_decides_upon_are_its_own():
    """The target is met: nobody called StopTrainingJob."""
    sim = simulation()
    criteria = {"TuningJobCompletionCriteria": {"TargetObjectiveMetricValue": 1e9}}
    sim.create_tuning_job(request(total=6, parallel=2, config_changes=criteria))
    sim.run()
    stops = [one for one in trail(sim.journal) if one["eventName"] == "StopTrainingJob"]
    assert stops and {one["eventType"] for one in stops} == {"AwsServiceEvent"}
    assert sim.tuning_job("demo").status == "Completed"


def test_early_stopping_is_the_services_own():
    sim = simulation(script=Script(epochs=10))
    sim.create_tuning_job(request(total=20, config_changes={"TrainingJobEarlyStoppingType": "Auto"}))
    sim.run()
    stops = [one for one in trail(sim.journal) if one["eventName"] == "StopTrainingJob"]
    assert stops and {one["eventType"] for one in stops} == {"AwsServiceEvent"}


def test_refused_commands_carry_their_error():
    entry = ScheduledTuningJob(TuningJobSpec.from_request(request()), 5.0)
    sim = simulation(capacity={"ml.m5.xlarge": 1}, tuning_jobs=(entry,))
    sim.run()
    [record] = trail(sim.journal)
    assert (record["eventName"], record["errorCode"]) == ("CreateHyperParameterTuningJob", "ResourceLimitExceeded")
    assert "ml.m5.xlarge for training job usage" in record["errorMessage"] and record["responseElements"] is None


def delivered(delivery, seed=0):
    """What a subscriber gets of a tuning job, with the times at which it gets it, and what it was due to get."""
    sim, seen = simulation(), []
    sim = Simulation(sim.scenario, seed=seed)
    subscribe(sim, lambda event: seen.append((sim.now, event)), delivery=delivery)
    sim.create_tuning_job(request())
    sim.run()
    return seen, list(state_changes(sim.journal)), list(sim.journal)


def test_events_come_once_and_in_order_unless_asked_otherwise():
    seen, due, _ = delivered(None)
    assert [event for _, event in seen] == due


def test_events_come_at_least_once_and_in_no_order():
    """O13."""
    seen, due, journal = delivered(Delivery(again=0.5, delay_s=Exponential(60.0)))
    ids, expected = [event["id"] for _, event in seen], [event["id"] for event in due]
    assert set(ids) == set(expected) and len(ids) > len(expected)
    first_seen = list(dict.fromkeys(ids))
    assert first_seen != expected
    copies = {event["id"]: event for event in due}
    assert all(event == copies[event["id"]] for _, event in seen)
    assert all(now_s >= (read_instant(event["time"], "time") - EPOCH_MS / 1000) for now_s, event in seen)
    assert journal == delivered(None)[2], "delivery changes nothing of what happens"


def test_delivery_is_the_seeds():
    asked = Delivery(again=0.5, delay_s=Exponential(60.0))
    assert delivered(asked)[0] == delivered(asked)[0]
    assert [now_s for now_s, _ in delivered(asked)[0]] != [now_s for now_s, _ in delivered(asked, seed=1)[0]]


def test_copies_on_their_way_do_not_come_after_the_subscription():
    sim, seen = simulation(), []
    end = subscribe(sim, seen.append, delivery=Delivery(again=0, delay_s=5))
    sim.create_tuning_job(request())
    sim.run(until=4)
    end()
    sim.run()
    assert seen == []


def test_deliveries_are_checked_and_always_end():
    assert len(Delivery(again=1.0, delay_s=1).delays_s(0, "an event")) == 10
    with pytest.raises(InvalidInput, match="again: got 2"):
        Delivery(again=2)
    with pytest.raises(InvalidInput, match="delay_s: got -1"):
        Delivery(delay_s=-1)
