"""A tuning job and a training job are created: names, answers, first states."""

from __future__ import annotations

import re

import pytest

from hptsim.conformance.contract_tests.endpoint import STATUS, TRAINING, TUNING, Endpoint, refused, rests_on


@rests_on("N1, N2, W8")
@pytest.mark.parametrize("name", ["a-", "a_b", "a.b", "-a", "a" * 33])
def test_a_name_that_is_none_is_refused(endpoint: Endpoint, name: str) -> None:
    """What botocore does not check, the service refuses: hyphens at an end, other characters, 33 letters."""
    refused(lambda: endpoint.tune(name=name), "ValidationException")


@rests_on("N2")
def test_hyphens_may_follow_each_other_in_a_name(endpoint: Endpoint) -> None:
    """`a--b` is a name."""
    name = endpoint.tune(name=endpoint.name().replace("-", "--"))
    assert endpoint.describe(name)[TUNING] == name


@rests_on("C1, N5")
def test_a_name_in_use_is_refused(endpoint: Endpoint) -> None:
    """A second tuning job of the same name: ResourceInUse."""
    name = endpoint.tune()
    refused(lambda: endpoint.tune(name=name), "ResourceInUse")


@rests_on("§2.8, W6")
def test_a_training_jobs_name_in_use_is_refused(endpoint: Endpoint) -> None:
    """A second training job of the same name: ResourceInUse."""
    name = endpoint.train()
    refused(lambda: endpoint.train(name=name), "ResourceInUse")


@rests_on("W18")
def test_arns_end_in_the_kind_and_the_name(endpoint: Endpoint) -> None:
    """`hyper-parameter-tuning-job/` and `training-job/`, then the name."""
    tuning, training = endpoint.tune(), endpoint.train()
    arn = endpoint.describe(tuning)["HyperParameterTuningJobArn"]
    assert arn.endswith(f":hyper-parameter-tuning-job/{tuning}")
    assert endpoint.describe_training(training)["TrainingJobArn"].endswith(f":training-job/{training}")


@rests_on("H1")
def test_a_created_tuning_job_is_in_progress_with_all_counters_zero(endpoint: Endpoint) -> None:
    """There is no status before InProgress, and nothing has ended yet."""
    shown = endpoint.describe(endpoint.tune())
    assert shown[STATUS] == "InProgress"
    counters = shown["TrainingJobStatusCounters"]
    assert [counters[name] for name in ("Completed", "Stopped", "RetryableError", "NonRetryableError")] == [0] * 4


@rests_on("W11, §2.3")
def test_a_created_tuning_job_has_no_best_training_job(endpoint: Endpoint) -> None:
    """The SDK relies on the absence of BestTrainingJob, as of the end time, until there is one."""
    shown = endpoint.describe(endpoint.tune())
    assert "BestTrainingJob" not in shown
    assert "HyperParameterTuningEndTime" not in shown
    assert "FailureReason" not in shown


@rests_on("N6, L1")
def test_a_tuning_job_launches_training_jobs_called_by_its_name(endpoint: Endpoint) -> None:
    """Its name, the number from 001, and eight hexadecimal digits; DescribeTrainingJob knows them."""
    name = endpoint.tune(total=2, parallel=2)
    names = {one[TRAINING] for one in endpoint.launched(name, 2)}
    assert all(re.fullmatch(rf"{name}-00[12]-[0-9a-f]{{8}}", one) for one in names), names
    for one in names:
        shown = endpoint.describe_training(one)
        assert shown["TuningJobArn"] == endpoint.describe(name)["HyperParameterTuningJobArn"]


@rests_on("J1")
def test_a_created_training_job_is_starting(endpoint: Endpoint) -> None:
    """InProgress, with the secondary status Starting and no time of an end."""
    shown = endpoint.describe_training(endpoint.train())
    assert (shown["TrainingJobStatus"], shown["SecondaryStatus"]) == ("InProgress", "Starting")
    assert "TrainingEndTime" not in shown
