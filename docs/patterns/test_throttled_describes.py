"""A loop that describes many jobs at once is throttled; a throttled question is no answer about the job."""

import time

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from hptsim import Scenario, Simulation, boto

TRAINING, STATUS = "TrainingJobName", "TrainingJobStatus"
ONCE = Config(retries={"total_max_attempts": 1})


def wrong(sagemaker, names):
    """Ask for all of them every second; what is refused has failed."""
    found = {}
    while len(found) < len(names):
        for name in names:
            try:
                status = sagemaker.describe_training_job(**{TRAINING: name})[STATUS]
            except ClientError:
                status = "Failed"
            if status not in ("InProgress", "Stopping"):
                found[name] = status
        time.sleep(1)
    return found


def right(sagemaker, names):
    """Ask for those that have not ended; when there are too many questions, ask more slowly."""
    found, pause_s = {}, 10
    while len(found) < len(names):
        for name in names - found.keys():
            try:
                status = sagemaker.describe_training_job(**{TRAINING: name})[STATUS]
            except ClientError as error:
                if error.response["Error"]["Code"] != "ThrottlingException":
                    raise
                pause_s = min(2 * pause_s, 300)
                break
            if status not in ("InProgress", "Stopping"):
                found[name] = status
        time.sleep(pause_s)
    return found


def check(program, request_for):
    """The account may ask five times a second, ten times at once: the rates that `service` assumes."""
    sim = Simulation(Scenario(request_rates="service"))
    definition = request_for("unused")["TrainingJobDefinition"]
    names = {f"train-{number}" for number in range(20)}
    with boto.virtual_time(sim):
        for name in sorted(names):
            boto.client(sim).create_training_job(**{TRAINING: name}, **definition)
            time.sleep(2)
        found = program(boto.client(sim, config=ONCE), names)
    assert set(found) == names and set(found.values()) == {"Completed"}, (
        "jobs that were throttled were taken for failed"
    )


def test_the_wrong_code(request_for):
    with pytest.raises(AssertionError, match="throttled were taken for failed"):
        check(wrong, request_for)


def test_the_right_code(request_for):
    check(right, request_for)
