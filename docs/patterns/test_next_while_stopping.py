"""What a stopped job used is not free while it is Stopping: the next one is refused."""

import time

import pytest

from hptsim import boto

TUNING, STATUS = "HyperParameterTuningJobName", "HyperParameterTuningJobStatus"


def wrong(sagemaker, name, following):
    """Stop one, start the next: the stop was answered with 200, after all."""
    sagemaker.stop_hyper_parameter_tuning_job(**{TUNING: name})
    sagemaker.create_hyper_parameter_tuning_job(**following)


def right(sagemaker, name, following):
    """Stop one, wait until it is Stopped, start the next."""
    sagemaker.stop_hyper_parameter_tuning_job(**{TUNING: name})
    while sagemaker.describe_hyper_parameter_tuning_job(**{TUNING: name})[STATUS] == "Stopping":
        time.sleep(15)
    sagemaker.create_hyper_parameter_tuning_job(**following)


def check(program, sim, sagemaker, request_for):
    """The account has four instances of each type, and the first job uses all of them."""
    sagemaker.create_hyper_parameter_tuning_job(**request_for("first", parallel=4))
    with boto.virtual_time(sim):
        time.sleep(120)
        program(sagemaker, "first", request_for("second", parallel=4))
    assert sim.tuning_job("second").status == "InProgress"


def test_the_wrong_code(sim, sagemaker, request_for):
    with pytest.raises(sagemaker.exceptions.ResourceLimitExceeded, match="with current utilization of 4 Instances"):
        check(wrong, sim, sagemaker, request_for)


def test_the_right_code(sim, sagemaker, request_for):
    check(right, sim, sagemaker, request_for)
