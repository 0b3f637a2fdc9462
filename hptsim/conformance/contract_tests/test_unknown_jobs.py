"""Jobs that do not exist: the codes differ between tuning jobs and training jobs."""

from __future__ import annotations

from hptsim.conformance.contract_tests.endpoint import TRAINING, TUNING, Endpoint, refused, rests_on

UNKNOWN = "Amazon SageMaker can't find a tuning job"


@rests_on("§2.3, W6")
def test_describe_of_an_unknown_tuning_job(endpoint: Endpoint) -> None:
    """ResourceNotFound, in the words that were seen."""
    refused(lambda: endpoint.describe(endpoint.name()), "ResourceNotFound", UNKNOWN)


@rests_on("S1, S2")
def test_stop_of_an_unknown_tuning_job(endpoint: Endpoint) -> None:
    """ResourceNotFound, the one error that the model declares for a stop."""
    refused(lambda: endpoint.stop(endpoint.name()), "ResourceNotFound", UNKNOWN)


@rests_on("§2.6")
def test_the_training_jobs_of_an_unknown_tuning_job(endpoint: Endpoint) -> None:
    """ResourceNotFound: it is declared."""
    client = endpoint.client()
    ask = client.list_training_jobs_for_hyper_parameter_tuning_job
    refused(lambda: ask(**{TUNING: endpoint.name()}), "ResourceNotFound")


@rests_on("§2.8, W15")
def test_describe_of_an_unknown_training_job(endpoint: Endpoint) -> None:
    """ValidationException, though ResourceNotFound is declared: botocore's waiter relies on it."""
    refused(lambda: endpoint.describe_training(endpoint.name()), "ValidationException", "Requested resource not found")


@rests_on("§2.8")
def test_stop_of_an_unknown_training_job(endpoint: Endpoint) -> None:
    """Refused with a code that the model or the specification knows."""
    client = endpoint.client()
    refused(lambda: client.stop_training_job(**{TRAINING: endpoint.name()}), "ValidationException")
