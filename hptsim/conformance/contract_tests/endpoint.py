"""The endpoint that is tested: clients of it, the jobs that a test makes there, and how a test waits."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, TypeVar

import attrs
import pytest

from hptsim.optional import require

INSTANCE_TYPE = "ml.m5.xlarge"
LIVE = ("InProgress", "Stopping")
POLL_S = 0.02
TUNING, TRAINING = "HyperParameterTuningJobName", "TrainingJobName"
STATUS = "HyperParameterTuningJobStatus"
T = TypeVar("T")


def rests_on(rows: str) -> pytest.MarkDecorator:
    """The mark of a test: the *rows* of the specification that it rests on."""
    return pytest.mark.rests_on(rows)


@attrs.define
class Endpoint:
    """The service at *url*, asked by unmodified botocore clients; *patience_s* bounds each wait, in real seconds."""

    url: str
    patience_s: float
    made: list[str] = attrs.field(factory=list)
    """The tuning jobs that this test has made."""
    trained: list[str] = attrs.field(factory=list)
    """The training jobs that it has made by themselves."""

    def client(self, service: str = "sagemaker") -> Any:
        """A client that never repeats a call."""
        boto3 = require("boto3", "boto", "the tests of an endpoint")
        from botocore.config import Config

        keys = {"aws_access_key_id": "hptsim", "aws_secret_access_key": "hptsim"}
        config = Config(retries={"total_max_attempts": 1}, proxies={}, s3={"addressing_style": "path"})
        return boto3.client(service, endpoint_url=self.url, region_name="us-east-1", config=config, **keys)

    # ------------------------------------------------------------------ jobs

    def name(self) -> str:
        """A name that nobody else has."""
        return f"kit-{uuid.uuid4().hex[:12]}"

    def tune(self, total: int = 2, parallel: int = 2, name: str = "", instances: int = 1, **changes: Any) -> str:
        """Create a tuning job; its name."""
        name = name or self.name()
        self.client().create_hyper_parameter_tuning_job(
            **{TUNING: name},
            HyperParameterTuningJobConfig={
                "Strategy": "Random",
                "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "loss"},
                "ResourceLimits": {"MaxNumberOfTrainingJobs": total, "MaxParallelTrainingJobs": parallel},
                "ParameterRanges": {"ContinuousParameterRanges": [{"Name": "x", "MinValue": "0", "MaxValue": "1"}]},
            },
            TrainingJobDefinition={**_definition(instances), "StaticHyperParameters": {"epochs": "3"}},
            **changes,
        )
        self.made.append(name)
        return name

    def train(self, name: str = "", max_runtime_s: int = 86_400) -> str:
        """Create a training job by itself; its name."""
        name = name or self.name()
        definition = _definition(1, max_runtime_s)
        self.client().create_training_job(**{TRAINING: name}, HyperParameters={"epochs": "3"}, **definition)
        self.trained.append(name)
        return name

    def describe(self, name: str) -> dict[str, Any]:
        """What DescribeHyperParameterTuningJob answers."""
        answer: dict[str, Any] = self.client().describe_hyper_parameter_tuning_job(**{TUNING: name})
        return answer

    def describe_training(self, name: str) -> dict[str, Any]:
        """What DescribeTrainingJob answers."""
        answer: dict[str, Any] = self.client().describe_training_job(**{TRAINING: name})
        return answer

    def children(self, name: str) -> list[dict[str, Any]]:
        """The training jobs of a tuning job, all pages."""
        pages = self.client().get_paginator("list_training_jobs_for_hyper_parameter_tuning_job")
        return [one for page in pages.paginate(**{TUNING: name}) for one in page["TrainingJobSummaries"]]

    def stop(self, name: str) -> dict[str, Any]:
        """What StopHyperParameterTuningJob answers."""
        answer: dict[str, Any] = self.client().stop_hyper_parameter_tuning_job(**{TUNING: name})
        return answer

    # ------------------------------------------------------------------ waiting

    def wait(self, what: str, ask: Callable[[], T | None]) -> T:
        """The first true answer of *ask*; the test fails when none has come within `patience_s`."""
        for found in self._asked(ask):
            if found:
                return found
        pytest.fail(f"after {self.patience_s:g} s (--patience): {what} was not seen", pytrace=False)

    def _asked(self, ask: Callable[[], T]) -> Iterator[T]:
        end_s = time.monotonic() + self.patience_s
        yield ask()
        while time.monotonic() < end_s:
            time.sleep(POLL_S)
            yield ask()

    def ended(self, name: str) -> dict[str, Any]:
        """The description of a tuning job once it is neither InProgress nor Stopping."""

        def ask() -> dict[str, Any] | None:
            shown = self.describe(name)
            return None if shown[STATUS] in LIVE else shown

        return self.wait(f"the end of tuning job {name}", ask)

    def ended_training(self, name: str) -> dict[str, Any]:
        """The description of a training job once it is neither InProgress nor Stopping."""

        def ask() -> dict[str, Any] | None:
            shown = self.describe_training(name)
            return None if shown["TrainingJobStatus"] in LIVE else shown

        return self.wait(f"the end of training job {name}", ask)

    def launched(self, name: str, count: int = 1) -> list[dict[str, Any]]:
        """The training jobs of a tuning job, once there are *count* of them."""

        def ask() -> list[dict[str, Any]]:
            found = self.children(name)
            return found if len(found) >= count else []

        return self.wait(f"{count} training jobs of tuning job {name}", ask)

    def child_in(self, name: str, status: str) -> str:
        """The name of a training job of tuning job *name*, once one has this status."""

        def ask() -> str:
            found = (one[TRAINING] for one in self.children(name) if one["TrainingJobStatus"] == status)
            return next(found, "")

        return self.wait(f"a training job of {name} that is {status}", ask)

    # ------------------------------------------------------------------ the end of a test

    def clean_up(self) -> None:
        """Stop what the test has made and wait until it has ended, so that it holds no quota when the next test begins.

        What an endpoint answers here is no matter of the test: whatever it refuses stays as it is.
        """
        for name in self.made:
            self._end(partial(self.stop, name), partial(self._status, name))
        for name in self.trained:
            stop = partial(self.client().stop_training_job, **{TRAINING: name})
            self._end(stop, partial(self._training_status, name))

    def _status(self, name: str) -> str:
        return str(self.describe(name)[STATUS])

    def _training_status(self, name: str) -> str:
        return str(self.describe_training(name)["TrainingJobStatus"])

    def _end(self, stop: Callable[[], Any], status: Callable[[], str]) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            if status() == "InProgress":
                stop()
            for now in self._asked(status):
                if now not in LIVE:
                    return
        except (BotoCoreError, ClientError):
            return


def refused(call: Callable[[], Any], code: str, words: str = "") -> dict[str, Any]:
    """The error that *call* is answered with; the test fails unless it is *code*, with status 400 and these *words*."""
    from botocore.exceptions import ClientError

    try:
        call()
    except ClientError as error:
        found: dict[str, Any] = dict(error.response)
    else:
        pytest.fail(f"the call was accepted; {code} was expected", pytrace=False)
    given = found["Error"]
    assert given["Code"] == code, f"{given['Code']}: {given['Message']}; {code} was expected"
    assert found["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert words in given["Message"], f"{given['Message']!r} does not say {words!r}"
    return found


def _definition(instances: int, max_runtime_s: int = 86_400) -> dict[str, Any]:
    metrics = [{"Name": "loss", "Regex": "loss=([0-9.]+)"}]
    image = "111122223333.dkr.ecr.us-east-1.amazonaws.com/train:1"
    return {
        "AlgorithmSpecification": {"TrainingImage": image, "TrainingInputMode": "File", "MetricDefinitions": metrics},
        "RoleArn": "arn:aws:iam::111122223333:role/SageMakerRole",
        "OutputDataConfig": {"S3OutputPath": "s3://bucket/output"},
        "ResourceConfig": {"InstanceType": INSTANCE_TYPE, "InstanceCount": instances, "VolumeSizeInGB": 30},
        "StoppingCondition": {"MaxRuntimeInSeconds": max_runtime_s},
    }
