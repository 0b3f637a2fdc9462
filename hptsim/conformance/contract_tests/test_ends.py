"""Jobs run to their end, lists show them, and a delete takes the record away."""

from __future__ import annotations

from hptsim.conformance.contract_tests.endpoint import LIVE, STATUS, TRAINING, TUNING, Endpoint, refused, rests_on


@rests_on("H4, K3, L14")
def test_a_tuning_job_completes_when_all_its_training_jobs_have(endpoint: Endpoint) -> None:
    """Completed, with MaxNumberOfTrainingJobs launched and ended, and the end time equal to the last modification."""
    name = endpoint.tune(total=2, parallel=2)
    shown = endpoint.ended(name)
    assert shown[STATUS] == "Completed"
    assert shown["HyperParameterTuningEndTime"] == shown["LastModifiedTime"]
    children = endpoint.children(name)
    assert [one["TrainingJobStatus"] for one in children] == ["Completed"] * 2
    assert shown["TrainingJobStatusCounters"]["Completed"] == 2


@rests_on("§2.3")
def test_the_best_training_job_is_one_of_its_own(endpoint: Endpoint) -> None:
    """BestTrainingJob names a training job of the tuning job, with the least objective, as it minimizes."""
    name = endpoint.tune(total=2, parallel=2)
    best = endpoint.ended(name)["BestTrainingJob"]
    metric = "FinalHyperParameterTuningJobObjectiveMetric"
    values = {one[TRAINING]: one[metric]["Value"] for one in endpoint.children(name) if metric in one}
    assert values[best[TRAINING]] == min(values.values())


@rests_on("R9")
def test_no_more_train_at_once_than_max_parallel(endpoint: Endpoint) -> None:
    """At no look at the list are more InProgress than MaxParallelTrainingJobs (what is Stopping is not counted here)."""
    name = endpoint.tune(total=3, parallel=1)
    seen = set()

    def look() -> bool:
        seen.add(sum(one["TrainingJobStatus"] == "InProgress" for one in endpoint.children(name)))
        return endpoint.describe(name)[STATUS] not in LIVE

    endpoint.wait(f"the end of tuning job {name}", look)
    assert seen <= {0, 1}
    assert 1 in seen, "no look saw it train: let the endpoint's clock go more slowly"


@rests_on("J1, J3, J5, J6, J7, K1, B7")
def test_a_training_job_goes_through_its_phases_in_order(endpoint: Endpoint) -> None:
    """Starting, Downloading, Training, Uploading, Completed; times never run back; at least a second is billed."""
    shown = endpoint.ended_training(endpoint.train())
    passed = shown["SecondaryStatusTransitions"]
    order = ["Starting", "Downloading", "Training", "Uploading", "Completed"]
    assert [one["Status"] for one in passed] == order
    times = [one["StartTime"] for one in passed]
    assert times == sorted(times)
    assert shown["CreationTime"] <= shown["TrainingStartTime"] <= shown["TrainingEndTime"]
    assert shown["BillableTimeInSeconds"] >= 1


@rests_on("B12")
def test_the_model_is_stored_below_the_output_path(endpoint: Endpoint) -> None:
    """The output path, the training job's name, `output/model.tar.gz`; and S3 has it."""
    name = endpoint.train()
    place = endpoint.ended_training(name)["ModelArtifacts"]["S3ModelArtifacts"]
    assert place == f"s3://bucket/output/{name}/output/model.tar.gz"
    assert endpoint.client("s3").head_object(Bucket="bucket", Key=place.removeprefix("s3://bucket/"))


@rests_on("J11, J12")
def test_a_training_job_beyond_its_runtime_is_stopped(endpoint: Endpoint) -> None:
    """Stopped, with the secondary status MaxRuntimeExceeded."""
    shown = endpoint.ended_training(endpoint.train(max_runtime_s=1))
    assert (shown["TrainingJobStatus"], shown["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")


@rests_on("W16, §2.5, §2.6")
def test_pages_of_one_lose_nothing(endpoint: Endpoint) -> None:
    """NextToken leads through both lists, one at a time, without loss or repetition."""
    names = sorted(endpoint.tune(total=2, parallel=2) for _ in range(2))
    client = endpoint.client()
    for name in names:
        endpoint.ended(name)
    pages = client.get_paginator("list_hyper_parameter_tuning_jobs").paginate(NameContains="kit-", MaxResults=1)
    shown = [[one[TUNING] for one in page["HyperParameterTuningJobSummaries"]] for page in pages]
    assert all(len(page) <= 1 for page in shown)
    assert sorted(one for page in shown for one in page if one in names) == names
    list_children = client.get_paginator("list_training_jobs_for_hyper_parameter_tuning_job")
    found = [
        one[TRAINING]
        for page in list_children.paginate(**{TUNING: names[0]}, MaxResults=1)
        for one in page["TrainingJobSummaries"]
    ]
    assert len(found) == len(set(found)) == 2


@rests_on("D3, H9")
def test_delete_of_a_job_that_has_not_ended_is_refused(endpoint: Endpoint) -> None:
    """ValidationException, `not in a terminal state`; and it changes nothing."""
    name, client = endpoint.tune(), endpoint.client()
    delete = client.delete_hyper_parameter_tuning_job
    refused(lambda: delete(**{TUNING: name}), "ValidationException", "not in a terminal state")
    assert endpoint.describe(name)[STATUS] == "InProgress"


@rests_on("D1, D5")
def test_delete_takes_the_record_and_leaves_the_training_jobs(endpoint: Endpoint) -> None:
    """Describe answers ResourceNotFound soon after; the training jobs are still known."""
    name = endpoint.tune(total=1, parallel=1)
    endpoint.ended(name)
    (child,) = endpoint.children(name)
    client = endpoint.client()
    client.delete_hyper_parameter_tuning_job(**{TUNING: name})

    def gone() -> bool:
        try:
            return endpoint.describe(name)[STATUS] not in ("Completed", "Deleting")
        except client.exceptions.ResourceNotFound:
            return True

    endpoint.wait(f"the end of the record of {name}", gone)
    refused(lambda: endpoint.describe(name), "ResourceNotFound")
    assert endpoint.describe_training(child[TRAINING])["TrainingJobStatus"] == "Completed"
