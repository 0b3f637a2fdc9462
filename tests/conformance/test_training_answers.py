"""Answers about one training job: explained, and with one edit refused with its reason."""

import copy

import pytest
from placebo import at, written

from hptsim.conformance import conform
from hptsim.model.statuses import SecondaryStatus

NAME = "alone"
ARN = f"arn:aws:sagemaker:us-east-1:111122223333:training-job/{NAME}"


def path(*elements):
    """Transitions: each a status and when it begins; the last is open, or over at once where it is final."""
    found = []
    for place, (status, start) in enumerate(elements):
        end = elements[place + 1][1] if place + 1 < len(elements) else None
        end = start if end is None and status in ("Completed", "Failed", "Stopped") else end
        found.append({"Status": status, "StartTime": start, **({} if end is None else {"EndTime": end})})
    return found


STARTING, DOWNLOADING = ("Starting", at(0, 1)), ("Downloading", at(1, 30, 900000))
TRAINING, UPLOADING, COMPLETED = ("Training", at(2, 0)), ("Uploading", at(4, 0)), ("Completed", at(4, 7, 100000))


def described(status, secondary, modified, transitions, **members):
    return {
        "TrainingJobName": NAME,
        "TrainingJobArn": ARN,
        "TrainingJobStatus": status,
        "SecondaryStatus": secondary,
        "CreationTime": at(0, 0, 900000),
        "LastModifiedTime": modified,
        "AlgorithmSpecification": {"TrainingInputMode": "File"},
        "EnableManagedSpotTraining": False,
        "SecondaryStatusTransitions": transitions,
        **members,
    }


def run():
    first = described("InProgress", "Starting", at(0, 1), path(STARTING))
    second = described(
        "InProgress",
        "Training",
        at(2, 0),
        path(STARTING, DOWNLOADING, TRAINING),
        TrainingStartTime=at(1, 30, 900000),
        TrainingTimeInSeconds=40,
    )
    third = described(
        "Completed",
        "Completed",
        at(4, 7, 100000),
        path(STARTING, DOWNLOADING, TRAINING, UPLOADING, COMPLETED),
        TrainingStartTime=at(1, 30, 900000),
        TrainingEndTime=at(4, 7, 100000),
        TrainingTimeInSeconds=157,
        BillableTimeInSeconds=157,
    )
    listed = {
        name: third[name] for name in third if name.startswith(("TrainingJob", "Creation", "Last", "TrainingEnd"))
    }
    return {"DescribeTrainingJob": [first, second, third], "ListTrainingJobs": [{"TrainingJobSummaries": [listed]}]}


def test_a_training_job_is_explained_with_seconds_of_truncated_stamps(tmp_path):
    found = conform(written(tmp_path / "run", run()))
    assert found.explained and found.training_jobs == (NAME,)  # 156.2 s are 157 (O11)


EDITS = {
    "156 seconds, the floor of the difference": (
        3,
        {"TrainingTimeInSeconds": 156, "BillableTimeInSeconds": 156},
        "O11",
    ),
    "less is billed than trained, on demand": (3, {"BillableTimeInSeconds": 100}, "B1"),
    "an end while it trains": (2, {"TrainingEndTime": at(2, 0)}, "K2"),
    "a final status that changes": (2, {"TrainingJobStatus": "Failed", "SecondaryStatus": "Failed"}, "§2.8"),
    "Training without Downloading": (2, {"SecondaryStatusTransitions": path(STARTING, TRAINING)}, "no row"),
    "from Training to Completed": (
        3,
        {"SecondaryStatusTransitions": path(STARTING, DOWNLOADING, TRAINING, COMPLETED)},
        "no row of the training table leads from Training to Completed",
    ),
    "a gap between two transitions": (
        2,
        {"SecondaryStatusTransitions": [*path(STARTING, DOWNLOADING)[:1], *path(("Downloading", at(1, 31)), TRAINING)]},
        "share an instant",
    ),
    "another status than the last transition's": (2, {"SecondaryStatus": "Uploading"}, "§2.8"),
    "a transition that was different before": (
        2,
        {"SecondaryStatusTransitions": path(("Starting", at(0, 2)), DOWNLOADING, TRAINING)},
        "earlier answer",
    ),
    "another start": (3, {"TrainingStartTime": at(1, 33)}, "J3"),
    "a start before the creation": (2, {"TrainingStartTime": at(0, 0) | {"hour": 9}}, "J3"),
    "LastModifiedTime falls": (2, {"LastModifiedTime": at(0, 0, 950000)}, "O1"),
    "a reason without a failure": (3, {"FailureReason": "AlgorithmError: x"}, "A-49"),
    "another role": (2, {"RoleArn": "a"}, None),
    "an interruption on demand": (
        2,
        {"SecondaryStatusTransitions": path(STARTING, DOWNLOADING, TRAINING, ("Interrupted", at(3, 0)))},
        "no row",
    ),
    "a status of the service that the twin does not have": (
        2,
        {"SecondaryStatus": "Restarting", "SecondaryStatusTransitions": path(STARTING, ("Restarting", at(1, 0)))},
        "a status that the twin does not have",
    ),
}


@pytest.mark.parametrize("what", EDITS)
def test_one_edit(what, tmp_path):
    number, changes, against = EDITS[what]
    twin = copy.deepcopy(run())
    twin["DescribeTrainingJob"][number - 1].update(changes)
    found = conform(written(tmp_path / "run", twin))
    if against is None:
        assert found.explained  # only one answer has it
    else:
        assert against in found.refusals[0].against


@pytest.mark.parametrize("secondary", SecondaryStatus)
def test_a_completed_training_job_shows_no_other_secondary_status(secondary, tmp_path):
    listed = run()["ListTrainingJobs"][0]["TrainingJobSummaries"][0]
    twin = {"ListTrainingJobs": [{"TrainingJobSummaries": [{**listed, "SecondaryStatus": secondary.value}]}]}
    assert conform(written(tmp_path / "run", twin)).explained is (secondary == "Completed")


@pytest.mark.parametrize(("status", "explained"), [("Completed", True), ("Failed", False)])
def test_a_stop_of_what_has_ended_is_refused_with_its_status(status, explained, tmp_path):
    error = {
        "Code": "ValidationException",
        "Message": f"The request was rejected because the training job is in status {status}.",
    }
    twin = {
        "DescribeTrainingJob": run()["DescribeTrainingJob"][2:],
        "StopTrainingJob": [{"Error": error, "status_code": 400}],
    }
    assert conform(written(tmp_path / "run", twin)).explained is explained


@pytest.mark.parametrize("stopped", [True, False])
def test_a_second_stop_may_be_refused(stopped, tmp_path):
    """A-03 is open: the twin has a switch for it."""
    text = "The request was rejected because the training job is already in status Stopping."
    transitions = path(STARTING, DOWNLOADING, TRAINING, ("Stopping", at(2, 30)))
    stopping = described("Stopping", "Stopping", at(2, 30), transitions, TrainingStartTime=DOWNLOADING[1])
    twin = {
        "DescribeTrainingJob": [stopping, stopping] if stopped else run()["DescribeTrainingJob"],
        "StopTrainingJob": [{"Error": {"Code": "ValidationException", "Message": text}, "status_code": 400}],
    }
    assert conform(written(tmp_path / "run", twin)).explained is stopped


def test_a_stop_may_show_later(tmp_path):
    twin = {"DescribeTrainingJob": run()["DescribeTrainingJob"][:2], "StopTrainingJob": [{}]}
    assert conform(written(tmp_path / "run", twin)).explained
