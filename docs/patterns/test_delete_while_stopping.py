"""A job that is Stopping has not ended, and cannot be deleted."""

import time

import pytest
from botocore.exceptions import ClientError

from hptsim import boto

TUNING, STATUS = "HyperParameterTuningJobName", "HyperParameterTuningJobStatus"


def wrong(sagemaker, name):
    """Stop and delete."""
    sagemaker.stop_hyper_parameter_tuning_job(**{TUNING: name})
    sagemaker.delete_hyper_parameter_tuning_job(**{TUNING: name})


def right(sagemaker, name):
    """Stop, wait for the end, and delete."""
    sagemaker.stop_hyper_parameter_tuning_job(**{TUNING: name})
    while sagemaker.describe_hyper_parameter_tuning_job(**{TUNING: name})[STATUS] == "Stopping":
        time.sleep(15)
    sagemaker.delete_hyper_parameter_tuning_job(**{TUNING: name})


def check(program, sim, sagemaker, request):
    sagemaker.create_hyper_parameter_tuning_job(**request)
    with boto.virtual_time(sim):
        time.sleep(300)
        program(sagemaker, request[TUNING])
    with pytest.raises(sagemaker.exceptions.ResourceNotFound):
        sagemaker.describe_hyper_parameter_tuning_job(**{TUNING: request[TUNING]})


def test_the_wrong_code(sim, sagemaker, request_for):
    with pytest.raises(ClientError, match="not in a terminal state"):
        check(wrong, sim, sagemaker, request_for("nightly"))


def test_the_right_code(sim, sagemaker, request_for):
    check(right, sim, sagemaker, request_for("nightly"))
