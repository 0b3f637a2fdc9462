"""Recordings in placebo's form, made by hand for the tests: a tuning job of the definitions form that is stopped."""

import copy
import json

DAY = {"__class__": "datetime", "year": 2024, "month": 5, "day": 2}
NAME = "sweep"
ARN = f"arn:aws:sagemaker:us-east-1:111122223333:hyper-parameter-tuning-job/{NAME}"
COUNTERS = ("Completed", "InProgress", "RetryableError", "NonRetryableError", "Stopped")
LIMITS = {"MaxNumberOfTrainingJobs": 20, "MaxParallelTrainingJobs": 3}
DESCRIBE, LIST, STOP = "DescribeHyperParameterTuningJob", "ListHyperParameterTuningJobs", "StopHyperParameterTuningJob"
CHILDREN = "ListTrainingJobsForHyperParameterTuningJob"


def at(minute, second, microsecond=0):
    """A time on the day of the recording, at ten o'clock."""
    return {**DAY, "hour": 10, "minute": minute, "second": second, "microsecond": microsecond}


def described(status, modified, counters, objectives, runtime=0, **members):
    """DescribeHyperParameterTuningJob; *counters* are in the order of COUNTERS, *objectives* Succeeded, Pending, Failed."""
    return {
        "HyperParameterTuningJobName": NAME,
        "HyperParameterTuningJobArn": ARN,
        "HyperParameterTuningJobConfig": {"Strategy": "Bayesian", "ResourceLimits": dict(LIMITS)},
        "TrainingJobDefinitions": [{"DefinitionName": "one", "ResourceConfig": {"InstanceCount": 1}}],
        "HyperParameterTuningJobStatus": status,
        "CreationTime": at(0, 0, 500000),
        "LastModifiedTime": modified,
        "TrainingJobStatusCounters": dict(zip(COUNTERS, counters, strict=True)),
        "ObjectiveStatusCounters": dict(zip(("Succeeded", "Pending", "Failed"), objectives, strict=True)),
        "TuningJobCompletionDetails": {"NumberOfTrainingJobsObjectiveNotImproving": 0},
        "ConsumedResources": {"RuntimeInSeconds": runtime},
        "ResponseMetadata": {},
        **members,
    }


def summary(answer):
    """The summary that lists have of a described tuning job."""
    kept = {
        name: answer[name]
        for name in answer
        if name.startswith(("HyperParameterTuningJob", "Creation", "LastModified"))
    }
    config = kept.pop("HyperParameterTuningJobConfig")
    counters = {name: answer[name] for name in ("TrainingJobStatusCounters", "ObjectiveStatusCounters")}
    shown = {**kept, **counters, "Strategy": config["Strategy"], "ResourceLimits": config["ResourceLimits"]}
    return copy.deepcopy(shown)


def child(ordinal, created, status="InProgress", **members):
    """A summary of one of the tuning job's training jobs."""
    name = f"{NAME}-{ordinal:03}-{ordinal:08x}"
    arn = f"arn:aws:sagemaker:us-east-1:111122223333:training-job/{name}"
    pending = "Pending" if status in ("InProgress", "Stopping") else "Failed"
    return {
        "TrainingJobName": name,
        "TrainingJobArn": arn,
        "CreationTime": created,
        "TrainingJobStatus": status,
        "ObjectiveStatus": pending,
        "TunedHyperParameters": {"eta": "0.1"},
        **members,
    }


def stopped_run():
    """The answers of a tuning job with three training jobs that is stopped while they start, by operation."""
    running = described("InProgress", at(0, 12), (0, 3, 0, 0, 0), (0, 3, 0), 11)
    stopping = described("Stopping", at(1, 0, 250000), (0, 3, 0, 0, 0), (0, 3, 0), 59)
    ended = described("Stopped", at(2, 5), (0, 0, 0, 0, 3), (0, 0, 3), 124, HyperParameterTuningEndTime=at(2, 5))
    children = [child(number, at(0, 9)) for number in (1, 2, 3)]
    return {
        DESCRIBE: [running, stopping, ended],
        LIST: [{"HyperParameterTuningJobSummaries": [summary(running)]}],
        STOP: [{}],
        CHILDREN: [{"TrainingJobSummaries": children}],
    }


def written(folder, run, status=200):
    """The answers of a run, as placebo writes them to a folder."""
    folder.mkdir()
    for operation, answers in run.items():
        for number, answer in enumerate(answers, 1):
            code = answer.pop("status_code", status)
            text = json.dumps({"status_code": code, "data": answer})
            (folder / f"api.sagemaker.{operation}_{number}.json").write_text(text)
    return folder


def edited(run, operation, number, path, value):
    """A copy of a run in which one member of one answer has another value; with None it is gone."""
    twin = copy.deepcopy(run)
    *before, last = path.split("/")
    place = twin[operation][number - 1]
    for name in before:
        place = place[int(name)] if isinstance(place, list) else place[name]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return twin
