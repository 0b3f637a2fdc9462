"""The operations: what they answer at each instant, how they refuse, how lists page."""

import attrs
import pytest
from examples import TIMINGS, definition, request, simulation, training_request

from hptsim import Journal, Simulation, TuningJobSpec
from hptsim.cloud.scripted import ScriptedCloud
from hptsim.errors import InvalidInput, ServiceError
from hptsim.model.assumptions import Assumptions
from hptsim.model.instants import read_instant
from hptsim.scenario.cloud import Faults, Script
from hptsim.service.job_index import JobIndex
from hptsim.service.responses import float32
from hptsim.service.service import OPERATIONS, Service

EPOCH = 1704067200
TUNING, TRAINING = "HyperParameterTuningJobName", "TrainingJobName"
ARN = "arn:aws:sagemaker:us-east-1:111122223333:"
CREATE, CHILDREN = "CreateHyperParameterTuningJob", "ListTrainingJobsForHyperParameterTuningJob"


def refusal(service, operation, request_):
    with pytest.raises(ServiceError) as refused:
        service.call(operation, request_)
    return refused.value


def started(until=None, **changes):
    """A service with one tuning job of three training jobs, two at a time."""
    sim = simulation(**{name: changes.pop(name) for name in ("script", "capacity", "assumptions") if name in changes})
    service = Service.of(sim)
    service.call(CREATE, request(**changes))
    if until is not None:
        sim.run(until=until)
    return sim, service


def describe(service, name="demo"):
    return service.call("DescribeHyperParameterTuningJob", {TUNING: name})


def child(service, place=0):
    summaries = service.call(CHILDREN, {TUNING: "demo"})["TrainingJobSummaries"]
    return service.call("DescribeTrainingJob", {TRAINING: summaries[place][TRAINING]})


def test_a_tuning_job_at_birth_has_zeros_and_no_best():
    _, service = started()
    answer = describe(service)
    assert answer["HyperParameterTuningJobArn"] == ARN + "hyper-parameter-tuning-job/demo"
    assert answer["HyperParameterTuningJobStatus"] == "InProgress"
    assert answer["CreationTime"] == answer["LastModifiedTime"] == EPOCH
    assert set(answer["TrainingJobStatusCounters"].values()) == {0} == set(answer["ObjectiveStatusCounters"].values())
    assert not {"BestTrainingJob", "OverallBestTrainingJob", "HyperParameterTuningEndTime", "FailureReason"} & set(
        answer
    )


def test_describe_gives_the_request_back_with_what_the_service_fills_in():
    _, service = started()
    answer, plain = describe(service), request()
    for name, value in plain["HyperParameterTuningJobConfig"].items():
        assert answer["HyperParameterTuningJobConfig"][name] == value
    assert answer["HyperParameterTuningJobConfig"]["TrainingJobEarlyStoppingType"] == "Off"
    given = answer["TrainingJobDefinition"]
    assert given["StaticHyperParameters"] == {"epochs": "10", "_tuning_objective_metric": "loss"}
    assert given["AlgorithmSpecification"]["MetricDefinitions"][-1] == {"Name": "ObjectiveMetric", "Regex": "loss=(.*)"}
    assert given["EnableManagedSpotTraining"] is given["EnableNetworkIsolation"] is False
    given["StaticHyperParameters"]["epochs"] = "spoilt"
    assert describe(service)["TrainingJobDefinition"]["StaticHyperParameters"]["epochs"] == "10"


def test_describe_shows_a_value_that_was_named_twice_and_grid_tries_it_once():
    config = request()["HyperParameterTuningJobConfig"]
    kind = {"CategoricalParameterRanges": [{"Name": "kind", "Values": ["a", "a", "c"]}]}
    config |= {"Strategy": "Grid", "ResourceLimits": {"MaxParallelTrainingJobs": 1}, "ParameterRanges": kind}
    sim = simulation()
    service = Service.of(sim)
    service.call(CREATE, {**request(), "HyperParameterTuningJobConfig": config})
    sim.run()
    answer = describe(service)
    assert answer["HyperParameterTuningJobConfig"]["ParameterRanges"] == kind
    assert answer["TrainingJobStatusCounters"]["Completed"] == 2


def test_the_callers_request_may_change_afterwards():
    sim = simulation()
    service, plain = Service.of(sim), request()
    service.call(CREATE, plain)
    plain["HyperParameterTuningJobConfig"]["Strategy"] = "Grid"
    assert describe(service)["HyperParameterTuningJobConfig"]["Strategy"] == "Random"


def test_the_life_of_a_training_job_in_transitions_and_times():
    sim, service = started(until=1)
    early = child(service)
    assert early["SecondaryStatusTransitions"] == [
        {"Status": "Starting", "StartTime": EPOCH, "StatusMessage": "Starting the training job"}
    ]
    assert not {"TrainingStartTime", "TrainingTimeInSeconds", "BillableTimeInSeconds", "ModelArtifacts"} & set(early)
    sim.run(until=60)
    assert child(service)["TrainingTimeInSeconds"] == 50 and "BillableTimeInSeconds" not in child(service)
    sim.run(until=125)
    done = child(service)
    assert (done["TrainingJobStatus"], done["SecondaryStatus"]) == ("Completed", "Completed")
    assert [
        (one["Status"], one["StartTime"] - EPOCH, one["EndTime"] - EPOCH, one["StatusMessage"])
        for one in done["SecondaryStatusTransitions"]
    ] == [
        ("Starting", 0, 10, "Preparing the instances for training"),
        ("Downloading", 10, 20, "Downloading input data"),
        ("Training", 20, 120, "Training image download completed. Training in progress."),
        ("Uploading", 120, 125, "Uploading generated training model"),
        ("Completed", 125, 125, "Training job completed"),
    ]
    assert done["TrainingStartTime"] == EPOCH + 10
    assert done["TrainingEndTime"] == done["LastModifiedTime"] == EPOCH + 125
    assert (done["TrainingTimeInSeconds"], done["BillableTimeInSeconds"]) == (115, 115)
    name = done[TRAINING]
    assert done["ModelArtifacts"]["S3ModelArtifacts"] == f"s3://bucket/output/{name}/output/model.tar.gz"
    assert done["TuningJobArn"] == ARN + "hyper-parameter-tuning-job/demo"
    assert done["HyperParameters"].keys() == {"epochs", "eta", "_tuning_objective_metric"}
    assert done["FinalMetricDataList"][0]["MetricName"] == "loss"


def test_a_stop_while_starting_shows_stopping_over_starting_and_bills_nothing():
    sim, service = started(until=5)
    assert service.call("StopHyperParameterTuningJob", {TUNING: "demo"}) == {}
    assert describe(service)["HyperParameterTuningJobStatus"] == "Stopping"
    stopping = child(service)
    assert (stopping["TrainingJobStatus"], stopping["SecondaryStatus"]) == ("Stopping", "Starting")
    assert stopping["LastModifiedTime"] == EPOCH + 5
    sim.run()
    ended, job = child(service), describe(service)
    assert [one["Status"] for one in ended["SecondaryStatusTransitions"]] == ["Starting", "Stopped"]
    assert not {"TrainingStartTime", "TrainingEndTime", "TrainingTimeInSeconds", "BillableTimeInSeconds"} & set(ended)
    assert job["HyperParameterTuningJobStatus"] == "Stopped"
    assert job["HyperParameterTuningEndTime"] == job["LastModifiedTime"] == EPOCH + 35
    assert job["ConsumedResources"] == {"RuntimeInSeconds": 35}
    assert job["TrainingJobStatusCounters"]["Stopped"] == 2 == job["ObjectiveStatusCounters"]["Failed"]


def test_a_stop_in_training_goes_through_stopping_and_keeps_the_model():
    sim, service = started(until=60, script=Script("save", 40))
    service.call("StopHyperParameterTuningJob", {TUNING: "demo"})
    sim.run()
    ended = child(service)
    assert [one["Status"] for one in ended["SecondaryStatusTransitions"]][-3:] == ["Training", "Stopping", "Stopped"]
    assert ended["BillableTimeInSeconds"] == 95 and "ModelArtifacts" in ended
    assert describe(service)["BestTrainingJob"]["TrainingJobStatus"] == "Stopped"


def test_spot_bills_a_share_of_the_training_time():
    stopping = {"MaxRuntimeInSeconds": 3600, "MaxWaitTimeInSeconds": 3600}
    changes = {"EnableManagedSpotTraining": True, "StoppingCondition": stopping}
    sim, service = started(definition_changes=changes)
    sim.run()
    done = child(service)
    assert (done["TrainingTimeInSeconds"], done["BillableTimeInSeconds"]) == (115, 40)


def test_a_failed_job_says_why_and_so_does_its_tuning_job():
    plan = {("demo", number): (("ready", 10.0), ("downloaded", 10.0), ("algorithm_error", 5.0)) for number in (1, 2, 3)}
    sim = Simulation(simulation().scenario, cloud=ScriptedCloud(timings=TIMINGS, plan=plan))
    service = Service.of(sim)
    service.call(CREATE, request())
    sim.run()
    failed, job = child(service), describe(service)
    assert (failed["TrainingJobStatus"], failed["SecondaryStatus"]) == ("Failed", "Failed")
    assert failed["FailureReason"].startswith("AlgorithmError: ") and "ModelArtifacts" not in failed
    assert job["FailureReason"].startswith("All training jobs failed. Please")
    assert job["TrainingJobStatusCounters"]["NonRetryableError"] == 3 == job["ObjectiveStatusCounters"]["Failed"]
    summary = service.call(CHILDREN, {TUNING: "demo"})["TrainingJobSummaries"][0]
    assert summary["ObjectiveStatus"] == "Failed" and summary["FailureReason"] == failed["FailureReason"]


def test_shortage_and_interruption_show_in_the_transitions():
    plan = {("demo", 1): (("shortage", 60.0), ("ready", 10.0), ("downloaded", 10.0), ("interrupt", 5.0))}
    sim = Simulation(simulation().scenario, cloud=ScriptedCloud(timings=TIMINGS, plan=plan))
    service = Service.of(sim)
    service.call(CREATE, request(total=1, parallel=1))
    sim.run(until=65)
    assert child(service)["SecondaryStatusTransitions"][0]["StatusMessage"].startswith("Insufficient capacity error")
    sim.run()
    assert [one["Status"] for one in child(service)["SecondaryStatusTransitions"]] == (
        "Starting Downloading Training Interrupted Starting Downloading Training Uploading Completed".split()
    )


class Told(ScriptedCloud):
    """A cloud whose training jobs reach the objectives that they are told, one after the other."""

    def objective(self, world, job):
        return TOLD[job.ordinal - 1]


TOLD = (1.0, 0.995, 0.9, 0.95, 0.899)


@pytest.mark.parametrize(
    ("kind", "not_improving", "best"), [("Minimize", [0, 1, 0, 1, 2], 0.899), ("Maximize", [0, 1, 2, 3, 4], 1.0)]
)
def test_completion_details_count_the_jobs_since_the_last_notable_gain(kind, not_improving, best):
    sim = Simulation(simulation().scenario, cloud=Told(timings=TIMINGS))
    service, objective = Service.of(sim), {"Type": kind, "MetricName": "loss"}
    service.call(CREATE, request(total=5, parallel=1, config_changes={"HyperParameterTuningJobObjective": objective}))
    found = []
    for place in range(5):
        sim.run(until=125 * (place + 1))
        found.append(describe(service)["TuningJobCompletionDetails"]["NumberOfTrainingJobsObjectiveNotImproving"])
    assert found == not_improving
    metric = describe(service)["BestTrainingJob"]["FinalHyperParameterTuningJobObjectiveMetric"]
    assert metric == {"MetricName": "loss", "Value": float32(best)}  # no Type with a single definition, as recorded


def test_summaries_of_training_jobs_are_in_whole_seconds_and_descriptions_in_milliseconds():
    sim = simulation(timings=attrs.evolve(TIMINGS, first_launch_s=0.7, starting_s=10.2007))
    service = Service.of(sim)
    service.call(CREATE, request())
    sim.run()
    summary = service.call(CHILDREN, {TUNING: "demo"})["TrainingJobSummaries"][0]
    assert (summary["CreationTime"], summary["TrainingStartTime"]) == (EPOCH, EPOCH + 10)
    done = child(service)
    assert (done["CreationTime"], done["TrainingStartTime"]) == (EPOCH + 0.7, EPOCH + 10.901)


def test_counters_agree_with_the_world_after_every_event():
    sim, service = started(total=6, parallel=3)
    sim.run(until=60)
    service.call("StopTrainingJob", {TRAINING: sim.tuning_job("demo").live[0]})
    while sim.step():
        answer, view = describe(service), sim.tuning_job("demo")
        assert answer["TrainingJobStatusCounters"] == view.counters
        assert sum(answer["ObjectiveStatusCounters"].values()) == len(view.training_jobs)
        assert answer["ObjectiveStatusCounters"]["Pending"] == len(view.live)
        assert answer.get("BestTrainingJob", {}).get(TRAINING) == view.best
        for name in view.training_jobs:
            shown, seen = service.call("DescribeTrainingJob", {TRAINING: name}), sim.training_job(name)
            assert (shown["TrainingJobStatus"], shown["SecondaryStatus"]) == (seen.status, seen.secondary_status)
            assert ("ModelArtifacts" in shown) == (seen.model is not None)


def test_the_history_read_piecemeal_equals_the_history_read_at_once():
    sim, service = started(total=5)
    while sim.step():
        service.call("ListTrainingJobs", {"SortBy": "Status"})
    fresh = Service(sim)
    for operation, request_ in (
        ("DescribeHyperParameterTuningJob", {TUNING: "demo"}),
        (CHILDREN, {TUNING: "demo", "SortBy": "FinalObjectiveMetricValue"}),
        ("ListTrainingJobs", {"SortBy": "Status"}),
        ("DescribeTrainingJob", {TRAINING: sim.tuning_job("demo").training_jobs[0]}),
    ):
        assert service.call(operation, request_) == fresh.call(operation, request_)


def test_a_simulation_that_went_back_is_followed():
    sim, service = started(until=60)
    snapshot = sim.snapshot()
    before = describe(service)
    sim.run()
    token = service.call(CHILDREN, {TUNING: "demo", "MaxResults": 1})["NextToken"]
    assert describe(service)["HyperParameterTuningJobStatus"] == "Completed"
    sim.restore(snapshot)
    assert describe(service) == before
    error = refusal(service, CHILDREN, {TUNING: "demo", "MaxResults": 1, "NextToken": token})
    assert error.code == "ValidationException" and "stale" in error.message
    early, seen = sim.snapshot(), len(sim.journal)
    sim.run(until=130)
    assert describe(service)["TrainingJobStatusCounters"]["Completed"] == 2 and len(sim.journal) > seen
    seen = len(sim.journal)
    sim.restore(early)
    sim.stop_tuning_job("demo")
    sim.run()
    assert len(sim.journal) >= seen  # as long as what was read before, and another story
    assert describe(service) == describe(Service(sim))
    assert describe(service)["HyperParameterTuningJobStatus"] == "Stopped"


# ---------------------------------------------------------------------- refusals


def test_missing_jobs_are_refused_differently_by_kind():
    _, service = started()
    for operation in (
        "DescribeHyperParameterTuningJob",
        "StopHyperParameterTuningJob",
        "DeleteHyperParameterTuningJob",
        CHILDREN,
    ):
        error = refusal(service, operation, {TUNING: "nobody"})
        assert (error.code, error.http_status) == ("ResourceNotFound", 400)
        assert error.message == "Amazon SageMaker can't find a tuning job called nobody. Type another name."
    for operation in ("DescribeTrainingJob", "StopTrainingJob", "DeleteTrainingJob", "UpdateTrainingJob"):
        error = refusal(service, operation, {TRAINING: "nobody"})
        assert (error.code, error.http_status) == ("ValidationException", 400)
        assert error.message.startswith("Requested resource not found")


def test_a_duplicate_name_and_a_quota_that_is_too_small():
    _, service = started(until=1, capacity={"ml.m5.xlarge": 3})
    error = refusal(service, CREATE, request("DEMO"))
    assert error.code == "ResourceInUse"
    assert "with the name, DEMO, already exists. Choose a different name." in error.message
    error = refusal(service, CREATE, request("other"))
    assert error.code == "ResourceLimitExceeded"
    assert "is 3 Instances, with current utilization of 2 Instances and a request delta of 2 Instances" in error.message


def test_late_and_repeated_stops():
    sim, service = started(until=60)
    job = child(service)[TRAINING]
    for _ in range(2):
        assert service.call("StopHyperParameterTuningJob", {TUNING: "demo"}) == {}
        assert service.call("StopTrainingJob", {TRAINING: job}) == {}
    sim.run()
    error = refusal(service, "StopHyperParameterTuningJob", {TUNING: "demo"})
    assert error.code == "ValidationException" and "already in status Stopped" in error.message
    error = refusal(service, "StopTrainingJob", {TRAINING: job})
    assert error.message == "The request was rejected because the training job is in status Stopped."
    _, strict = started(until=60, assumptions=Assumptions(repeated_stop="reject"))
    strict.call("StopHyperParameterTuningJob", {TUNING: "demo"})
    assert refusal(strict, "StopHyperParameterTuningJob", {TUNING: "demo"}).code == "ValidationException"


def test_deletes_that_come_too_early():
    _, service = started(until=60)
    error = refusal(service, "DeleteHyperParameterTuningJob", {TUNING: "demo"})
    assert error.code == "ValidationException" and "not in a terminal state" in error.message
    assert refusal(service, "DeleteTrainingJob", {TRAINING: child(service)[TRAINING]}).code == "ResourceInUse"
    service.call("StopHyperParameterTuningJob", {TUNING: "demo"})
    assert "Stopping" in refusal(service, "DeleteHyperParameterTuningJob", {TUNING: "demo"}).message


def test_deletes_remove_the_record_only():
    sim, service = started()
    sim.run()
    name = child(service)[TRAINING]
    assert service.call("DeleteHyperParameterTuningJob", {TUNING: "demo"}) == {}
    assert refusal(service, "DescribeHyperParameterTuningJob", {TUNING: "demo"}).code == "ResourceNotFound"
    assert service.call("DescribeTrainingJob", {TRAINING: name})["TrainingJobStatus"] == "Completed"
    assert service.call("DeleteTrainingJob", {TRAINING: name}) == {}
    assert refusal(service, "DescribeTrainingJob", {TRAINING: name}).code == "ValidationException"
    assert len(sim.artifacts) == 3
    service.call(CREATE, request())
    assert describe(service)["HyperParameterTuningJobStatus"] == "InProgress"


def test_a_training_job_that_its_user_creates():
    sim = simulation(capacity={"ml.m5.xlarge": 1})
    service = Service.of(sim)
    answer = service.call("CreateTrainingJob", training_request(Tags=[{"Key": "a", "Value": "b"}]))
    assert answer == {"TrainingJobArn": ARN + "training-job/alone"}
    assert refusal(service, "CreateTrainingJob", training_request()).code == "ResourceInUse"
    assert refusal(service, "CreateTrainingJob", training_request("two")).code == "ResourceLimitExceeded"
    assert service.call("ListTags", {"ResourceArn": answer["TrainingJobArn"]})["Tags"] == [{"Key": "a", "Value": "b"}]
    sim.run()
    done = service.call("DescribeTrainingJob", {TRAINING: "alone"})
    assert (done["TrainingJobStatus"], done["BillableTimeInSeconds"]) == ("Completed", 115)
    assert done["HyperParameters"] == {"epochs": "10"} and "TuningJobArn" not in done
    assert done["ModelArtifacts"]["S3ModelArtifacts"] == "s3://bucket/output/alone/output/model.tar.gz"
    assert sim.capacity.reserved == {}


def test_a_training_job_of_ones_own_gives_its_request_back():
    service = Service(simulation())
    plain = training_request(Tags=[{"Key": "a", "Value": "b"}], EnableManagedSpotTraining=None)
    answer = service.call("CreateTrainingJob", plain)
    assert answer == {"TrainingJobArn": ARN + "training-job/alone"}
    shown = service.call("DescribeTrainingJob", {TRAINING: "alone"})
    assert (shown["TrainingJobStatus"], shown["SecondaryStatus"]) == ("InProgress", "Starting")
    assert shown["ResourceConfig"] == plain["ResourceConfig"] and shown["HyperParameters"] == {"epochs": "10"}
    assert shown["EnableManagedSpotTraining"] is False and "TuningJobArn" not in shown
    assert tags(service, answer["TrainingJobArn"]) == {"a": "b"}
    for wrong in (
        {"ResourceConfig": None},
        {"ResourceConfig": {"InstanceType": "ml.m5.xlarge"}},
        {"AlgorithmSpecification": {"TrainingInputMode": "File"}},
        {"StoppingCondition": {"MaxRuntimeInSeconds": 9, "MaxWaitTimeInSeconds": 9}},
        {
            "EnableManagedSpotTraining": True,
            "StoppingCondition": {"MaxRuntimeInSeconds": 9, "MaxWaitTimeInSeconds": 9},
            "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "KeepAlivePeriodInSeconds": 60},
        },
    ):
        assert refusal(service, "CreateTrainingJob", training_request("wrong", **wrong)).code == "ValidationException"
    assert len(service.call("ListTrainingJobs", {})["TrainingJobSummaries"]) == 1


def test_deleted_records_leave_every_list():
    sim = simulation()
    service = Service.of(sim)
    service.call(CREATE, request())
    sim.run()
    first = child(service)[TRAINING]
    assert service.call("DeleteTrainingJob", {TRAINING: first}) == {}
    assert refusal(service, "DescribeTrainingJob", {TRAINING: first}).code == "ValidationException"
    assert len(service.call(CHILDREN, {TUNING: "demo"})["TrainingJobSummaries"]) == 2
    second = child(service)[TRAINING]
    assert service.call("DeleteHyperParameterTuningJob", {TUNING: "demo"}) == {}
    assert refusal(service, "DescribeHyperParameterTuningJob", {TUNING: "demo"}).code == "ResourceNotFound"
    assert service.call("ListHyperParameterTuningJobs", {})["HyperParameterTuningJobSummaries"] == []
    assert service.call("DescribeTrainingJob", {TRAINING: second})["TrainingJobStatus"] == "Completed"


def test_what_is_not_modelled_is_named():
    error = refusal(Service.of(simulation()), "CreateModel", {})
    assert error.code == "UnknownOperationException" and "CreateModel" in error.message


def test_a_journal_that_is_not_kept_and_an_epoch_that_is_none_are_refused():
    with pytest.raises(InvalidInput, match="journal: got one that is not kept"):
        Service(Simulation(journal=Journal(keep=False)))
    with pytest.raises(InvalidInput, match="epoch: got 'soon'"):
        read_instant("soon", "epoch")
    assert read_instant("2024-01-01T02:00:00+02:00") == read_instant("2024-01-01") == EPOCH


def test_a_simulation_has_one_service():
    sim = simulation()
    assert Service.of(sim) is Service.of(sim) is not Service.of(simulation())


# ---------------------------------------------------------------------- lists


def populated(count=25):
    """Tuning jobs created 10 s apart, every fifth of them stopped at once."""
    sim = simulation()
    service = Service.of(sim)
    for number in range(count):
        sim.run(until=number * 10)
        name = f"job-{number * 7 % count:02d}"
        service.call(CREATE, request(name, 1, 1))
        if number % 5 == 0:
            service.call("StopHyperParameterTuningJob", {TUNING: name})
    return sim, service


def every_page(service, operation, result, **request_):
    pages, token = [], {}
    while True:
        answer = service.call(operation, {**request_, **token})
        pages.append(answer[result])
        if "NextToken" not in answer:
            return pages
        token = {"NextToken": answer["NextToken"]}


def tuning_names(service, **request_):
    pages = every_page(service, "ListHyperParameterTuningJobs", "HyperParameterTuningJobSummaries", **request_)
    return [summary[TUNING] for page in pages for summary in page]


def test_tuning_jobs_are_listed_by_name_ten_at_a_time():
    _, service = populated()
    pages = every_page(service, "ListHyperParameterTuningJobs", "HyperParameterTuningJobSummaries")
    assert [len(page) for page in pages] == [10, 10, 5]
    assert tuning_names(service) == [f"job-{number:02d}" for number in range(25)]
    assert tuning_names(service, MaxResults=25, SortOrder="Descending") == tuning_names(service)[::-1]
    assert pages[0][0]["ResourceLimits"] == {"MaxNumberOfTrainingJobs": 1, "MaxParallelTrainingJobs": 1}


def test_tuning_jobs_sorted_and_filtered():
    sim, service = populated()
    created = [f"job-{number * 7 % 25:02d}" for number in range(25)]
    assert tuning_names(service, SortBy="CreationTime", MaxResults=7) == created
    assert tuning_names(service, SortBy="CreationTime", SortOrder="Descending", MaxResults=4) == created[::-1]
    status = {name: sim.tuning_job(name).status for name in created}
    assert set(status.values()) > {"Stopped"}
    by_status = sorted(created, key=lambda name: (status[name], name))
    assert tuning_names(service, SortBy="Status", MaxResults=3) == by_status
    for wanted in ("Stopped", "InProgress", "Failed"):
        expected = sorted(name for name in created if status[name] == wanted)
        assert tuning_names(service, StatusEquals=wanted, MaxResults=2) == expected
    assert tuning_names(service, NameContains="-1", MaxResults=3) == [f"job-{number}" for number in range(10, 20)]
    after = tuning_names(service, SortBy="CreationTime", CreationTimeAfter=EPOCH + 200)
    assert after == created[21:]
    before = tuning_names(service, SortBy="CreationTime", CreationTimeBefore=EPOCH + 30)
    assert before == created[:3]
    sim.run()
    assert tuning_names(service, LastModifiedTimeAfter=EPOCH + 125 + 220) == sorted(created[23:])
    assert tuning_names(service, LastModifiedTimeBefore=EPOCH + 1) == sorted(created[:1])


def test_no_job_is_after_the_time_that_it_shows():
    sim = simulation()
    sim.run(until=90.1234567)
    service = Service.of(sim)
    service.call(CREATE, request())
    created = describe(service)["CreationTime"]
    assert created == EPOCH + 90.123
    for member in ("CreationTimeAfter", "CreationTimeBefore", "LastModifiedTimeAfter", "LastModifiedTimeBefore"):
        assert tuning_names(service, **{member: created}) == []


def test_the_last_page_has_no_token_even_when_it_is_full():
    _, service = populated(20)
    pages = every_page(service, "ListHyperParameterTuningJobs", "HyperParameterTuningJobSummaries", MaxResults=10)
    assert [len(page) for page in pages] == [10, 10]
    stopped = every_page(
        service,
        "ListHyperParameterTuningJobs",
        "HyperParameterTuningJobSummaries",
        StatusEquals="Stopped",
        MaxResults=2,
    )
    assert [len(page) for page in stopped] == [2, 2]


def test_pages_are_stable_while_jobs_are_created_between_them():
    _, service = populated(12)
    seen, token, extra = [], {}, 0
    while True:
        answer = service.call("ListHyperParameterTuningJobs", {"MaxResults": 5, **token})
        seen += [summary[TUNING] for summary in answer["HyperParameterTuningJobSummaries"]]
        if "NextToken" not in answer:
            break
        token = {"NextToken": answer["NextToken"]}
        for name in (f"aaa-{extra}", f"job-05-{extra}"):
            service.call(CREATE, request(name, 1, 1))
        extra += 1
    assert len(seen) == len(set(seen)) and {f"job-{number:02d}" for number in range(12)} <= set(seen)


@pytest.mark.parametrize(
    "change",
    [{"SortBy": "Status"}, {"StatusEquals": "Stopped"}, {"NameContains": "j"}, {"SortOrder": "Descending"}],
)
def test_a_token_of_another_list_request_is_refused(change):
    _, service = populated(12)
    token = service.call("ListHyperParameterTuningJobs", {"MaxResults": 5})["NextToken"]
    assert (
        refusal(service, "ListHyperParameterTuningJobs", {**change, "NextToken": token}).code == "ValidationException"
    )
    assert refusal(service, "ListTrainingJobs", {"NextToken": token}).code == "ValidationException"
    _, other = populated(12)
    assert refusal(other, "ListHyperParameterTuningJobs", {"NextToken": token}).code == "ValidationException"
    assert refusal(service, "ListHyperParameterTuningJobs", {"NextToken": "made-up"}).code == "ValidationException"


def test_children_by_objective_leave_out_those_without_one():
    sim, service = started(total=6, parallel=3)
    sim.run(until=5)
    service.call("StopTrainingJob", {TRAINING: sim.tuning_job("demo").live[0]})
    sim.run(until=260)
    assert len(service.call(CHILDREN, {TUNING: "demo"})["TrainingJobSummaries"]) == 6
    pages = every_page(
        service, CHILDREN, "TrainingJobSummaries", SortBy="FinalObjectiveMetricValue", MaxResults=2, **{TUNING: "demo"}
    )
    summaries = [summary for page in pages for summary in page]
    values = [one["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] for one in summaries]
    assert values == sorted(values) and 0 < len(values) < 6
    assert {one["ObjectiveStatus"] for one in summaries} == {"Succeeded"}
    best = describe(service)["BestTrainingJob"]
    assert best == summaries[0] and "TuningJobName" not in best


def six_one_after_the_other():
    """Six training jobs, 125 s each, of which the first is stopped after 60 s."""
    sim, service = started(total=6, parallel=1)
    sim.run(until=60)
    service.call("StopTrainingJob", {TRAINING: sim.tuning_job("demo").live[0]})
    sim.run()
    return sim, service, list(sim.tuning_job("demo").training_jobs)


def training_pages(service, **request_):
    """The names of each page of ListTrainingJobs."""
    pages = every_page(service, "ListTrainingJobs", "TrainingJobSummaries", **request_)
    return [[one[TRAINING] for one in page] for page in pages]


def test_list_training_jobs_takes_the_page_first_and_filters_it_afterwards():
    """O10: by whatever it is asked to filter, with MaxResults or without."""
    _, service, names = six_one_after_the_other()
    stopped, completed = names[:1], names[1:]
    assert training_pages(service, StatusEquals="Completed", MaxResults=2) == [
        *(completed[:1], completed[1:3], completed[3:]),
        [],
    ]
    assert training_pages(service, StatusEquals="Stopped", MaxResults=4) == [stopped, []]
    assert training_pages(service, StatusEquals="Stopped") == [stopped]
    fourth = names[3].removeprefix("demo-")
    assert training_pages(service, NameContains=fourth, MaxResults=2) == [[], names[3:4], [], []]
    created = service.call("DescribeTrainingJob", {TRAINING: names[4]})["CreationTime"]
    assert training_pages(service, CreationTimeAfter=created, MaxResults=4) == [[], names[5:]]
    assert training_pages(service, CreationTimeBefore=created, MaxResults=3) == [names[:3], names[3:4], []]
    modified = service.call("DescribeTrainingJob", {TRAINING: names[4]})["LastModifiedTime"]
    assert training_pages(service, LastModifiedTimeAfter=modified, MaxResults=4) == [[], names[5:]]
    assert training_pages(service, LastModifiedTimeBefore=modified, MaxResults=4) == [names[:4], []]
    assert training_pages(service, WarmPoolStatusEquals="Available", MaxResults=4) == [[], []]
    newest_first = {"SortOrder": "Descending", "MaxResults": 5}
    assert training_pages(service, StatusEquals="Stopped", **newest_first) == [[], stopped]


def test_the_last_token_of_list_training_jobs_may_lead_to_an_empty_page():
    """O10: after a full page, and after none that is short."""
    _, service, names = six_one_after_the_other()
    assert training_pages(service, MaxResults=6) == [names, []]
    assert training_pages(service, MaxResults=4) == [names[:4], names[4:]]
    assert training_pages(service) == [names]


def test_the_other_lists_filter_before_they_cut():
    """Nothing else was seen of them (`list-order`)."""
    _, service, names = six_one_after_the_other()
    filtered = every_page(
        service, CHILDREN, "TrainingJobSummaries", StatusEquals="Completed", MaxResults=5, **{TUNING: "demo"}
    )
    assert [[one[TRAINING] for one in page] for page in filtered] == [names[1:]]


# ---------------------------------------------------------------------- warm starts, several definitions, updates, tags


def warm(kind, *parents):
    return {
        "WarmStartType": kind,
        "ParentHyperParameterTuningJobs": [{TUNING: parent} for parent in parents],
    }


def test_the_overall_best_is_over_the_family():
    sim, service = started()
    sim.run()
    service.call(CREATE, request("heir", WarmStartConfig=warm("IdenticalDataAndAlgorithm", "demo")))
    service.call(CREATE, request("cousin", WarmStartConfig=warm("TransferLearning", "demo")))
    assert describe(service, "heir")["OverallBestTrainingJob"]["TuningJobName"] == "demo"
    sim.run()
    heir = describe(service, "heir")
    value = heir["OverallBestTrainingJob"]["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]
    assert value == min(
        describe(service, name)["BestTrainingJob"]["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]
        for name in ("demo", "heir")
    )
    assert "OverallBestTrainingJob" not in describe(service, "cousin")
    assert heir["WarmStartConfig"] == warm("IdenticalDataAndAlgorithm", "demo")


def test_warm_start_parents_must_have_ended_and_share_the_objective():
    sim, service = started()
    for parent, text in (("demo", "is InProgress"), ("nobody", "does not exist")):
        error = refusal(service, CREATE, request("heir", WarmStartConfig=warm("TransferLearning", parent)))
        assert error.code == "ValidationException" and text in error.message
    sim.run()
    objective = {"HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "loss"}}
    other = request("heir", config_changes=objective, WarmStartConfig=warm("TransferLearning", "demo"))
    assert "objective metric" in refusal(service, CREATE, other).message


def test_several_definitions_give_types_and_names():
    plain = request(total=4)
    del plain["TrainingJobDefinition"]
    plain["TrainingJobDefinitions"] = [
        definition(DefinitionName=name, TuningObjective={"Type": kind, "MetricName": "loss"})
        for name, kind in (("one", "Minimize"), ("two", "Maximize"))
    ]
    sim = simulation()
    service = Service.of(sim)
    service.call(CREATE, plain)
    sim.run()
    summaries = service.call(CHILDREN, {TUNING: "demo"})["TrainingJobSummaries"]
    assert [one["TrainingJobDefinitionName"] for one in summaries] == ["one", "two", "one", "two"]
    types = [one["FinalHyperParameterTuningJobObjectiveMetric"]["Type"] for one in summaries]
    assert types == ["Minimize", "Maximize", "Minimize", "Maximize"]
    assert len(describe(service)["TrainingJobDefinitions"]) == 2


@pytest.mark.parametrize("enabled", ["Enabled", "Disabled"])
def test_convergence_is_detected_whether_or_not_it_ends_the_job(enabled):
    criteria = {"TuningJobCompletionCriteria": {"ConvergenceDetected": {"CompleteOnConvergence": enabled}}}
    sim = simulation(script=Script(curve=lambda configuration, epoch: 0.5))
    service = Service.of(sim)
    service.call(CREATE, request(total=15, parallel=1, config_changes=criteria))
    sim.run(until=125 * 10)
    assert "ConvergenceDetectedTime" not in describe(service)["TuningJobCompletionDetails"]
    sim.run()
    answer = describe(service)
    details = {"NumberOfTrainingJobsObjectiveNotImproving": 10 if enabled == "Enabled" else 14}
    assert answer["TuningJobCompletionDetails"] == details | {"ConvergenceDetectedTime": EPOCH + 125 * 11}
    assert answer["TrainingJobStatusCounters"]["Completed"] == (11 if enabled == "Enabled" else 15)
    assert answer["ObjectiveStatusCounters"] == {
        "Succeeded": answer["TrainingJobStatusCounters"]["Completed"],
        "Pending": 0,
        "Failed": 0,
    }


def test_the_best_training_job_may_be_one_that_was_stopped():
    """Hyperband stops even the best at MaxResource (L3, A-17): it is the best among completed and stopped, brute force."""
    hyperband = {"Strategy": "Hyperband", "StrategyConfig": {"HyperbandStrategyConfig": {"MaxResource": 9}}}
    sim = simulation()
    service = Service.of(sim)
    service.call(CREATE, request(total=9, parallel=3, config_changes=hyperband))
    sim.run()
    summaries = service.call(CHILDREN, {TUNING: "demo", "MaxResults": 100})["TrainingJobSummaries"]
    values = {one[TRAINING]: one["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] for one in summaries}
    best = describe(service)["BestTrainingJob"]
    assert best["TrainingJobStatus"] == "Stopped" and best[TRAINING] == min(values, key=values.get)
    assert describe(service)["ObjectiveStatusCounters"]["Succeeded"] == 9 == len(values)


def test_instance_configs_become_the_jobs_resources():
    configs = [{"InstanceType": "ml.m5.2xlarge", "InstanceCount": 1, "VolumeSizeInGB": 5}]
    resources = {"ResourceConfig": None, "HyperParameterTuningResourceConfig": {"InstanceConfigs": configs}}
    _, service = started(until=1, definition_changes=resources)
    assert child(service)["ResourceConfig"] == configs[0]


def test_a_training_job_shows_which_of_its_instance_configs_was_selected():
    configs = [
        {"InstanceType": "ml.p3.2xlarge", "InstanceCount": 1, "VolumeSizeInGB": 5},
        {"InstanceType": "ml.m5.2xlarge", "InstanceCount": 2, "VolumeSizeInGB": 7},
    ]
    resources = {"AllocationStrategy": "Prioritized", "InstanceConfigs": configs}
    changes = {"ResourceConfig": None, "HyperParameterTuningResourceConfig": resources}
    sim = simulation(faults=Faults(shortage_by_type={"ml.p3.2xlarge": 1.0}))
    service = Service.of(sim)
    service.call(CREATE, request(definition_changes=changes))
    sim.run(until=1)
    assert child(service)["ResourceConfig"] == configs[0]
    sim.run(until=61)
    assert child(service)["ResourceConfig"] == configs[1]
    sim.run(until=80)
    selected = {"SelectedInstanceType": "ml.m5.2xlarge", "SelectedInstanceCount": 2}
    assert child(service)["ResourceConfig"] == configs[1] | selected
    assert describe(service)["TrainingJobDefinition"]["HyperParameterTuningResourceConfig"] == resources


def test_a_spec_of_the_twins_own_is_described_too():
    sim = simulation()
    sim.create_tuning_job(TuningJobSpec("demo"))
    sim.run()
    assert describe(Service.of(sim))["TrainingJobStatusCounters"]["Completed"] == 1


def test_update_training_job():
    sim, service = started(until=60)
    name = child(service)[TRAINING]
    service.call("UpdateTrainingJob", {TRAINING: name, "RemoteDebugConfig": {"EnableRemoteDebug": True}})
    assert child(service)["RemoteDebugConfig"] == {"EnableRemoteDebug": True}
    pool = {TRAINING: name, "ResourceConfig": {"KeepAlivePeriodInSeconds": 0}}
    assert "no warm pool" in refusal(service, "UpdateTrainingJob", pool).message
    sim.run()
    assert "is in status Completed" in refusal(service, "UpdateTrainingJob", {TRAINING: name}).message


def tags(service, arn):
    return {tag["Key"]: tag["Value"] for tag in service.call("ListTags", {"ResourceArn": arn})["Tags"]}


def test_tags_reach_the_training_jobs_that_are_launched_after_them():
    sim, service = started(until=60, Tags=[{"Key": "team", "Value": "a"}])
    job = ARN + "hyper-parameter-tuning-job/demo"
    added = service.call("AddTags", {"ResourceArn": job, "Tags": [{"Key": "late", "Value": ""}]})
    assert {tag["Key"] for tag in added["Tags"]} == {"team", "late"}
    sim.run()
    children = [ARN + "training-job/" + name for name in sim.tuning_job("demo").training_jobs]
    assert [tags(service, arn) for arn in children] == [{"team": "a"}, {"team": "a"}, {"team": "a", "late": ""}]
    assert service.call("DeleteTags", {"ResourceArn": job, "TagKeys": ["team", "none"]}) == {}
    assert tags(service, job) == {"late": ""} and tags(service, children[0]) == {"team": "a"}


def test_tags_have_limits():
    _, service = started()
    job = ARN + "hyper-parameter-tuning-job/demo"
    many = [{"Key": f"k{number}", "Value": ""} for number in range(50)]
    service.call("AddTags", {"ResourceArn": job, "Tags": many})
    error = refusal(service, "AddTags", {"ResourceArn": job, "Tags": [{"Key": "one-more", "Value": ""}]})
    assert "at most 50" in error.message and len(tags(service, job)) == 50
    assert refusal(service, "ListTags", {"ResourceArn": ARN + "model/demo"}).code == "ValidationException"
    assert refusal(service, "ListTags", {"ResourceArn": job, "NextToken": "x"}).code == "ValidationException"


def test_a_description_looks_at_no_other_job(monkeypatch):
    """Describe costs the same however many jobs there are: it reads new journal entries only, and its own job."""
    sim, service = populated()
    describe(service, "job-00")
    read = []
    take_in = JobIndex.read
    monkeypatch.setattr(JobIndex, "read", lambda self, entry: (read.append(entry), take_in(self, entry)))
    describe(service, "job-00")
    assert read == []
    entries = len(sim.journal)
    sim.step()
    describe(service, "job-00")
    assert 0 < len(read) <= len(sim.journal) - entries


def test_the_operations_are_those_of_the_issue():
    jobs = "{0}HyperParameterTuningJob {0}TrainingJob"
    each = " ".join(jobs.format(verb) for verb in ("Create", "Describe", "Stop", "Delete"))
    more = "ListHyperParameterTuningJobs ListTrainingJobs ListTrainingJobsForHyperParameterTuningJob UpdateTrainingJob"
    assert set(OPERATIONS) == set(f"{each} {more} Search AddTags ListTags DeleteTags".split())
