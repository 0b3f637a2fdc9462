"""An execution of Step Functions that is aborted is over at once; the tuning job that it waited for is not."""

import time

import pytest

from hptsim import boto

TUNING, STATUS = "HyperParameterTuningJobName", "HyperParameterTuningJobStatus"


class Execution:
    """As much of Step Functions as it takes: a state `createHyperParameterTuningJob.sync`, which is aborted."""

    def __init__(self, sagemaker, request):
        self.sagemaker, self.name, self.status = sagemaker, request[TUNING], "RUNNING"
        sagemaker.create_hyper_parameter_tuning_job(**request)

    def stop(self):
        """StopExecution: the job is asked to stop, and nobody waits for it."""
        self.sagemaker.stop_hyper_parameter_tuning_job(**{TUNING: self.name})
        self.status = "ABORTED"


def wrong(execution, following):
    """Start the next execution when the last one is over."""
    execution.stop()
    while execution.status == "RUNNING":
        time.sleep(30)
    return Execution(execution.sagemaker, following)


def right(execution, following):
    """Start the next execution when the last one's tuning job is over."""
    execution.stop()
    ask = execution.sagemaker.describe_hyper_parameter_tuning_job
    while ask(**{TUNING: execution.name})[STATUS] in ("InProgress", "Stopping"):
        time.sleep(30)
    return Execution(execution.sagemaker, following)


def check(program, sim, sagemaker, request_for):
    """Each execution's tuning job uses all four instances of the account."""
    first = Execution(sagemaker, request_for("first", parallel=4))
    with boto.virtual_time(sim):
        time.sleep(120)
        second = program(first, request_for("second", parallel=4))
    sim.run()
    assert sim.tuning_job(second.name).status == "Completed"


def test_the_wrong_code(sim, sagemaker, request_for):
    with pytest.raises(sagemaker.exceptions.ResourceLimitExceeded):
        check(wrong, sim, sagemaker, request_for)


def test_the_right_code(sim, sagemaker, request_for):
    check(right, sim, sagemaker, request_for)
