"""A job may end just before it is stopped: the refusal says that there is nothing to stop, and is no reason to give up."""

import pytest
from botocore.exceptions import ClientError

TUNING = "HyperParameterTuningJobName"


def wrong(sagemaker, names):
    """Stop all of them."""
    for name in names:
        sagemaker.stop_hyper_parameter_tuning_job(**{TUNING: name})


def right(sagemaker, names):
    """Stop all of them; one that has ended is no error."""
    for name in names:
        try:
            sagemaker.stop_hyper_parameter_tuning_job(**{TUNING: name})
        except ClientError as error:
            if error.response["Error"]["Code"] != "ValidationException":
                raise


def check(program, sim, sagemaker, request_for):
    """Of two jobs the first has ended."""
    sagemaker.create_hyper_parameter_tuning_job(**request_for("first"))
    sim.run()
    sagemaker.create_hyper_parameter_tuning_job(**request_for("second"))
    try:
        program(sagemaker, ["first", "second"])
    finally:
        sim.run()
        assert sim.tuning_job("second").status == "Stopped", "the second job was never stopped, and ran to its end"


def test_the_wrong_code(sim, sagemaker, request_for):
    with pytest.raises(AssertionError, match="never stopped, and ran to its end"):
        check(wrong, sim, sagemaker, request_for)


def test_the_right_code(sim, sagemaker, request_for):
    check(right, sim, sagemaker, request_for)
