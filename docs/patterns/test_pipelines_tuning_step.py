"""A stopped pipeline execution is Stopping until its tuning step's job is Stopped, and Stopping is no end."""

import time

import pytest

from hptsim import boto

TUNING, STATUS = "HyperParameterTuningJobName", "HyperParameterTuningJobStatus"


class Pipeline:
    """As much of SageMaker Pipelines as it takes: an execution with one TuningStep."""

    def __init__(self, sagemaker, request):
        self.sagemaker, self.name, self.stopping = sagemaker, request[TUNING], False
        sagemaker.create_hyper_parameter_tuning_job(**request)

    def stop(self):
        """StopPipelineExecution."""
        self.sagemaker.stop_hyper_parameter_tuning_job(**{TUNING: self.name})
        self.stopping = True

    @property
    def status(self):
        """PipelineExecutionStatus: Executing, Stopping, Stopped, Failed or Succeeded."""
        status = self.sagemaker.describe_hyper_parameter_tuning_job(**{TUNING: self.name})[STATUS]
        if status in ("InProgress", "Stopping"):
            return "Stopping" if self.stopping else "Executing"
        return "Stopped" if self.stopping else {"Completed": "Succeeded"}.get(status, "Failed")


def wrong(execution, following):
    """Stop it, wait while it is Executing, and start the next."""
    execution.stop()
    while execution.status == "Executing":
        time.sleep(30)
    return Pipeline(execution.sagemaker, following)


def right(execution, following):
    """Stop it, wait while it is Executing or Stopping, and start the next."""
    execution.stop()
    while execution.status in ("Executing", "Stopping"):
        time.sleep(30)
    return Pipeline(execution.sagemaker, following)


def check(program, sim, sagemaker, request_for):
    """Each execution's tuning step uses all four instances of the account."""
    first = Pipeline(sagemaker, request_for("first", parallel=4))
    with boto.virtual_time(sim):
        time.sleep(120)
        second = program(first, request_for("second", parallel=4))
    sim.run()
    assert (first.status, second.status) == ("Stopped", "Succeeded")


def test_the_wrong_code(sim, sagemaker, request_for):
    with pytest.raises(sagemaker.exceptions.ResourceLimitExceeded):
        check(wrong, sim, sagemaker, request_for)


def test_the_right_code(sim, sagemaker, request_for):
    check(right, sim, sagemaker, request_for)
