"""A tuning job, or a training job, is stopped: what the page of StopHyperParameterTuningJob promises, and what was seen."""

from __future__ import annotations

from typing import Any

from hptsim.conformance.contract_tests.endpoint import STATUS, TRAINING, TUNING, Endpoint, refused, rests_on

LOGS = "/aws/sagemaker/TrainingJobs"


@rests_on("S1, W3")
def test_a_stop_is_answered_with_an_empty_body(endpoint: Endpoint) -> None:
    """200 and nothing: there is no output shape."""
    answer = endpoint.stop(endpoint.tune())
    meta = answer.pop("ResponseMetadata")
    assert (meta["HTTPStatusCode"], answer) == (200, {})
    assert meta["HTTPHeaders"].get("content-length", "0") == "0"


@rests_on("S3, H2")
def test_the_describe_after_a_stop_says_stopping(endpoint: Endpoint) -> None:
    """The stop returns at once, and the job takes its time."""
    name = endpoint.tune()
    endpoint.launched(name)
    endpoint.stop(name)
    assert endpoint.describe(name)[STATUS] == "Stopping"


@rests_on("S5, S12, H3")
def test_when_it_is_stopped_all_its_training_jobs_have_ended(endpoint: Endpoint) -> None:
    """Never is the tuning job Stopped while one of its training jobs is not."""
    name = endpoint.tune()
    endpoint.launched(name, 2)
    endpoint.stop(name)
    assert endpoint.ended(name)[STATUS] == "Stopped"
    assert {one["TrainingJobStatus"] for one in endpoint.children(name)} <= {"Stopped", "Completed", "Failed"}


@rests_on("S5, L14")
def test_nothing_is_launched_once_it_is_stopped(endpoint: Endpoint) -> None:
    """Of ten training jobs, only those that were there when it stopped are ever there; the counter Stopped counts them."""
    name = endpoint.tune(total=10, parallel=1)
    endpoint.launched(name)
    endpoint.stop(name)
    shown = endpoint.ended(name)
    children = endpoint.children(name)
    assert 1 <= len(children) < 10
    assert shown["TrainingJobStatusCounters"]["Stopped"] == sum(
        one["TrainingJobStatus"] == "Stopped" for one in children
    )


@rests_on("S5, S7")
def test_what_had_ended_before_the_stop_stays_as_it_was(endpoint: Endpoint) -> None:
    """A completed training job is still Completed, with its end, its model and its logs."""
    name = endpoint.tune(total=10, parallel=1)
    child = endpoint.child_in(name, "Completed")
    before = _left(endpoint, child)
    endpoint.stop(name)
    assert endpoint.ended(name)[STATUS] == "Stopped"
    assert _left(endpoint, child) == before


def _left(endpoint: Endpoint, child: str) -> dict[str, Any]:
    """What a training job has left: its record, its model's size, and its log streams."""
    shown = endpoint.describe_training(child)
    place = shown["ModelArtifacts"]["S3ModelArtifacts"].removeprefix("s3://bucket/")
    streams = endpoint.client("logs").describe_log_streams(logGroupName=LOGS, logStreamNamePrefix=f"{child}/")
    names = [one["logStreamName"] for one in streams["logStreams"]]
    assert names, f"{child} has no log stream"
    size = endpoint.client("s3").head_object(Bucket="bucket", Key=place)["ContentLength"]
    keys = ("TrainingJobStatus", "TrainingEndTime", "BillableTimeInSeconds")
    return {**{key: shown[key] for key in keys}, "size": size, "streams": names}


@rests_on("S9")
def test_a_stop_of_a_stopped_tuning_job_is_refused(endpoint: Endpoint) -> None:
    """ValidationException; the text is not known."""
    name = endpoint.tune()
    endpoint.stop(name)
    endpoint.ended(name)
    refused(lambda: endpoint.stop(name), "ValidationException")
    assert endpoint.describe(name)[STATUS] == "Stopped"


@rests_on("S9")
def test_a_stop_of_a_completed_tuning_job_is_refused(endpoint: Endpoint) -> None:
    """ValidationException, and it stays Completed."""
    name = endpoint.tune(total=1, parallel=1)
    endpoint.ended(name)
    refused(lambda: endpoint.stop(name), "ValidationException")
    assert endpoint.describe(name)[STATUS] == "Completed"


@rests_on("S13")
def test_a_stopped_tuning_job_may_be_a_parent(endpoint: Endpoint) -> None:
    """A warm start from it is accepted."""
    parent = endpoint.tune()
    endpoint.stop(parent)
    endpoint.ended(parent)
    warm = {"ParentHyperParameterTuningJobs": [{TUNING: parent}], "WarmStartType": "TransferLearning"}
    name = endpoint.tune(WarmStartConfig=warm)
    assert endpoint.describe(name)[STATUS] == "InProgress"


@rests_on("D3, H9")
def test_delete_while_stopping_is_refused(endpoint: Endpoint) -> None:
    """A job that is Stopping has not ended."""
    name, client = endpoint.tune(), endpoint.client()
    endpoint.launched(name)
    endpoint.stop(name)
    delete = client.delete_hyper_parameter_tuning_job
    refused(lambda: delete(**{TUNING: name}), "ValidationException", "not in a terminal state")


@rests_on("O9, §3.3")
def test_a_training_job_stopped_while_it_starts_is_stopping_and_starting(endpoint: Endpoint) -> None:
    """The primary status turns at once, the secondary stays; then Stopped, without a model."""
    name = endpoint.train()
    endpoint.client().stop_training_job(**{TRAINING: name})
    shown = endpoint.describe_training(name)
    assert (shown["TrainingJobStatus"], shown["SecondaryStatus"]) == ("Stopping", "Starting")
    assert endpoint.ended_training(name)["TrainingJobStatus"] == "Stopped"


@rests_on("§2.8")
def test_a_stop_of_a_training_job_that_has_ended_is_refused(endpoint: Endpoint) -> None:
    """ValidationException, with the status."""
    name, client = endpoint.train(), endpoint.client()
    client.stop_training_job(**{TRAINING: name})
    endpoint.ended_training(name)
    refused(lambda: client.stop_training_job(**{TRAINING: name}), "ValidationException", "Stopped")
