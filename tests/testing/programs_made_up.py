"""Small orchestrators, wrong ones and right ones."""

import time

from botocore.exceptions import ClientError
from examples import request

TUNING, STATUS = "HyperParameterTuningJobName", "HyperParameterTuningJobStatus"
FIRST, SECOND = request("first", 1, 1), request("second", 1, 1)


def status(sagemaker, name="first"):
    return sagemaker.describe_hyper_parameter_tuning_job(**{TUNING: name})[STATUS]


def begin(sagemaker):
    sagemaker.create_hyper_parameter_tuning_job(**FIRST)
    time.sleep(60)


def stop(sagemaker):
    try:
        sagemaker.stop_hyper_parameter_tuning_job(**{TUNING: "first"})
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationException":
            raise


def wait(sagemaker):
    while status(sagemaker) not in ("Completed", "Failed", "Stopped"):
        time.sleep(15)


def next_while_stopping(sagemaker):
    begin(sagemaker)
    stop(sagemaker)
    sagemaker.create_hyper_parameter_tuning_job(**SECOND)


def next_when_stopped(sagemaker):
    begin(sagemaker)
    stop(sagemaker)
    wait(sagemaker)
    sagemaker.create_hyper_parameter_tuning_job(**SECOND)


def deletes_while_stopping(sagemaker):
    begin(sagemaker)
    stop(sagemaker)
    sagemaker.delete_hyper_parameter_tuning_job(**{TUNING: "first"})


def trips_over_a_late_stop(sagemaker):
    begin(sagemaker)
    if status(sagemaker) == "InProgress":
        sagemaker.stop_hyper_parameter_tuning_job(**{TUNING: "first"})


def takes_stopped_for_success(sagemaker):
    sagemaker.create_hyper_parameter_tuning_job(**FIRST)
    while status(sagemaker) in ("InProgress", "Stopping"):
        time.sleep(30)
    assert sagemaker.describe_hyper_parameter_tuning_job(**{TUNING: "first"})["BestTrainingJob"]


def waits_for_completed(sagemaker):
    sagemaker.create_hyper_parameter_tuning_job(**FIRST)
    while status(sagemaker) != "Completed":
        time.sleep(30)


def loses_patience(sagemaker):
    sagemaker.create_hyper_parameter_tuning_job(**FIRST)
    deadline = time.time() + 300
    while status(sagemaker) == "InProgress":
        if time.time() >= deadline:
            sagemaker.stop_hyper_parameter_tuning_job(**{TUNING: "first"})
            return
        time.sleep(15)
