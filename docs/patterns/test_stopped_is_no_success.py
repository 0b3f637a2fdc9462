"""`Stopped` is an end, and no success: somebody, or a limit, ended it before it was complete."""

import time

import pytest

from hptsim import boto

TUNING, STATUS = "HyperParameterTuningJobName", "HyperParameterTuningJobStatus"


def wrong(sagemaker, name):
    """Wait for the end; only Failed is an error."""
    while (shown := sagemaker.describe_hyper_parameter_tuning_job(**{TUNING: name}))[STATUS] in (
        "InProgress",
        "Stopping",
    ):
        time.sleep(30)
    if shown[STATUS] == "Failed":
        raise RuntimeError(shown["FailureReason"])
    return shown.get("BestTrainingJob")


def right(sagemaker, name):
    """Wait for the end; all but Completed is an error."""
    while (shown := sagemaker.describe_hyper_parameter_tuning_job(**{TUNING: name}))[STATUS] in (
        "InProgress",
        "Stopping",
    ):
        time.sleep(30)
    if shown[STATUS] != "Completed":
        raise RuntimeError(f"{name} is {shown[STATUS]}: {shown.get('FailureReason', 'it was stopped')}")
    return shown.get("BestTrainingJob")


def check(program, sim, sagemaker, request, stopped_by_somebody):
    sagemaker.create_hyper_parameter_tuning_job(**request)
    stopped_by_somebody(request[TUNING], 120)
    with boto.virtual_time(sim):
        try:
            best = program(sagemaker, request[TUNING])
        except RuntimeError:
            return
    raise AssertionError(
        f"the job was stopped, and the program goes on with {best['TrainingJobName']} as its best model"
    )


def test_the_wrong_code(sim, sagemaker, request_for, stopped_by_somebody):
    with pytest.raises(AssertionError, match=r"goes on with nightly-001-.* as its best model"):
        check(wrong, sim, sagemaker, request_for("nightly"), stopped_by_somebody)


def test_the_right_code(sim, sagemaker, request_for, stopped_by_somebody):
    check(right, sim, sagemaker, request_for("nightly"), stopped_by_somebody)
