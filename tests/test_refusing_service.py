"""A service that says no, and real clients of it: botocore's own retries in virtual time, by boto and by HTTP."""

import time

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError
from botocore.retries.bucket import TokenBucket
from examples import request, simulation, training_request
from serving import client as http_client
from serving import served

from hptsim import Scenario, Simulation, TuningJobSpec, boto
from hptsim.cloud.scripted import ScriptedCloud

NAME = {"HyperParameterTuningJobName": "demo"}
CREATE, STOP = "CreateHyperParameterTuningJob", "StopHyperParameterTuningJob"
ONCE = Config(retries={"total_max_attempts": 1})


def throttled(rates="service", **more):
    return simulation(request_rates=rates, **more)


def scripted(*answers, operation=STOP):
    """A simulation that gives *answers* to the first requests; the tuning job that is to be stopped has launched already."""
    cloud = ScriptedCloud(answer_plan={(operation, "demo"): answers})
    sim = Simulation(Scenario(timings={"starting_s": 5000, "teardown_s": 5000}), cloud=cloud)
    if operation == STOP:
        sim.create_tuning_job(TuningJobSpec("demo"))
        sim.run(until=1)
    return sim


def answers(sim):
    return [one.trigger for one in sim.journal if one.thing == "call"]


def test_the_words_are_the_services():
    sagemaker = boto.client(throttled({"ListTrainingJobs": 1}), config=ONCE)
    sagemaker.list_training_jobs()
    with pytest.raises(ClientError) as refused:
        sagemaker.list_training_jobs()
    assert refused.value.response["Error"] == {"Code": "ThrottlingException", "Message": "Rate exceeded"}
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_a_loop_that_polls_every_30_seconds_is_not_throttled_and_a_tight_one_is():
    sim = throttled()
    sagemaker = boto.client(sim, config=ONCE)
    with boto.virtual_time(sim):
        sagemaker.create_hyper_parameter_tuning_job(**request())
        while sagemaker.describe_hyper_parameter_tuning_job(**NAME)["HyperParameterTuningJobStatus"] == "InProgress":
            time.sleep(30)
        assert answers(sim) == []
        with pytest.raises(ClientError, match="Rate exceeded"):
            for _ in range(100):
                sagemaker.describe_hyper_parameter_tuning_job(**NAME)
    assert answers(sim) == ["ThrottlingException"]


def test_sixteen_creates_at_once_are_throttled():
    """O14: as was reported of sixteen simultaneous creations."""
    sim, codes = throttled(), []
    sagemaker = boto.client(sim, config=ONCE)
    for number in range(16):
        try:
            sagemaker.create_training_job(**training_request(f"job-{number}"))
        except ClientError as error:
            codes.append(error.response["Error"]["Code"])
    assert set(codes) == {"ThrottlingException"} and len(sim.training_jobs) == 16 - len(codes) < 16


@pytest.mark.parametrize("mode", ["legacy", "standard", "adaptive"])
def test_botocores_retries_get_through_in_virtual_time(mode):
    sim = throttled({"ListTrainingJobs": 1})
    sagemaker = boto.client(sim, config=Config(retries={"mode": mode, "total_max_attempts": 8}))
    began = time.monotonic()
    with boto.virtual_time(sim):
        attempts = [sagemaker.list_training_jobs()["ResponseMetadata"]["RetryAttempts"] for _ in range(5)]
    assert sum(attempts) == len(answers(sim)) > 0 and set(answers(sim)) == {"ThrottlingException"}
    assert sim.now >= 4, "five requests at one a second"
    assert time.monotonic() - began < 4, "and nobody has waited for them"


def test_botocores_own_bucket_is_as_it_was_outside_virtual_time():
    before = TokenBucket.acquire
    with boto.virtual_time(simulation()):
        assert TokenBucket.acquire is not before
    assert TokenBucket.acquire is before


def test_a_lost_create_is_repeated_and_there_is_one_tuning_job():
    sim = scripted("lost_response", operation=CREATE)
    sagemaker = boto.client(sim, config=ONCE)
    with boto.virtual_time(sim):
        with pytest.raises(ReadTimeoutError):
            sagemaker.create_hyper_parameter_tuning_job(**request())
        assert sim.now == 60, "botocore's read timeout"
        with pytest.raises(sagemaker.exceptions.ResourceInUse):
            sagemaker.create_hyper_parameter_tuning_job(**request())
    assert sim.tuning_jobs == ["demo"]


def test_botocore_itself_repeats_a_create_whose_response_was_lost_and_hears_that_the_name_is_in_use():
    sim = scripted("lost_response", operation=CREATE)
    sagemaker = boto.client(sim, config=Config(read_timeout=5, retries={"mode": "standard"}))
    with boto.virtual_time(sim), pytest.raises(sagemaker.exceptions.ResourceInUse):
        sagemaker.create_hyper_parameter_tuning_job(**request())
    assert sim.tuning_jobs == ["demo"] and answers(sim) == ["lost_response"] and 5 <= sim.now < 30


@pytest.mark.parametrize("answer", ["timeout", "lost_response", "InternalFailure", "ThrottlingException"])
def test_a_stop_is_repeated_until_it_is_answered(answer):
    sim = scripted(answer, answer)
    sagemaker = boto.client(sim, config=Config(retries={"mode": "standard", "total_max_attempts": 4}))
    with boto.virtual_time(sim):
        answered = sagemaker.stop_hyper_parameter_tuning_job(**NAME)
    assert answered["ResponseMetadata"]["RetryAttempts"] == 2 and answers(sim) == [answer, answer]
    stops = [one for one in sim.journal if (one.thing, one.trigger) == ("tuning", "stop")]
    assert len(stops) == 1


def test_a_denied_request_is_not_repeated():
    sim = scripted("AccessDeniedException")
    with pytest.raises(ClientError, match="AccessDeniedException") as refused:
        boto.client(sim).stop_hyper_parameter_tuning_job(**NAME)
    assert refused.value.response["ResponseMetadata"]["RetryAttempts"] == 0
    assert sim.tuning_job("demo").status == "InProgress"


def test_without_virtual_time_a_timeout_takes_no_time():
    sim, began = scripted("timeout"), time.monotonic()
    with pytest.raises(ReadTimeoutError):
        boto.client(sim, config=ONCE).stop_hyper_parameter_tuning_job(**NAME)
    assert sim.now == 1 and time.monotonic() - began < 5


def test_a_server_closes_the_connection_of_a_request_that_gets_no_answer():
    sim = scripted("timeout", "lost_response", "InternalFailure", "ThrottlingException")
    with served(sim) as url:
        sagemaker = http_client(url)
        with pytest.raises(ConnectionClosedError):
            sagemaker.stop_hyper_parameter_tuning_job(**NAME)
        assert sim.tuning_job("demo").status == "InProgress"
        with pytest.raises(ConnectionClosedError):
            sagemaker.stop_hyper_parameter_tuning_job(**NAME)
        assert sim.tuning_job("demo").status == "Stopping"
        for code, status in (("InternalFailure", 500), ("ThrottlingException", 400)):
            with pytest.raises(ClientError, match=code) as refused:
                sagemaker.stop_hyper_parameter_tuning_job(**NAME)
            assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
        assert sagemaker.stop_hyper_parameter_tuning_job(**NAME)["ResponseMetadata"]["HTTPStatusCode"] == 200
