"""A loop that knows Completed and Failed only never ends when the job is stopped."""

import time

import pytest

from hptsim import boto

TUNING, STATUS = "HyperParameterTuningJobName", "HyperParameterTuningJobStatus"


def wrong(sagemaker, name):
    """Wait until it is Completed or Failed."""
    while True:
        status = sagemaker.describe_hyper_parameter_tuning_job(**{TUNING: name})[STATUS]
        if status in ("Completed", "Failed"):
            return status
        time.sleep(60)


def right(sagemaker, name):
    """Wait while it is live: a status that nobody has thought of ends the loop."""
    while True:
        status = sagemaker.describe_hyper_parameter_tuning_job(**{TUNING: name})[STATUS]
        if status not in ("InProgress", "Stopping"):
            return status
        time.sleep(60)


def check(program, sim, sagemaker, request, stopped_by_somebody):
    sagemaker.create_hyper_parameter_tuning_job(**request)
    stopped_by_somebody(request[TUNING], 120)
    with boto.virtual_time(sim):
        assert program(sagemaker, request[TUNING]) == "Stopped"


def test_the_wrong_code(sim, sagemaker, request_for, stopped_by_somebody):
    with pytest.raises(AssertionError, match="still asks after a day"):
        check(wrong, sim, sagemaker, request_for("nightly"), stopped_by_somebody)


def test_the_right_code(sim, sagemaker, request_for, stopped_by_somebody):
    check(right, sim, sagemaker, request_for("nightly"), stopped_by_somebody)
