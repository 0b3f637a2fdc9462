"""mock: every client that a program makes itself, beside moto and without it."""

import asyncio
import os
import re
import threading
import time
import unittest
from pathlib import Path

import boto3
import botocore.loaders
import botocore.session
import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from examples import request, simulation, training_request

from hptsim import Scenario, boto
from hptsim.errors import InvalidInput

LOADER = botocore.loaders.Loader()
"""It keeps the models that it has loaded, so that sessions cost little."""
KEYS = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "us-west-2"}


@pytest.fixture(autouse=True)
def bare(monkeypatch, tmp_path):
    """No credentials, no region and no default session, as on a machine of CI."""
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    monkeypatch.setattr(botocore.session, "create_loader", lambda *arguments: LOADER)


@pytest.fixture
def moto(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    return pytest.importorskip("moto", reason="moto is not installed (the extra aws)")


def create_and_stop():
    """A program that knows nothing of us: it makes its client itself."""
    client = boto3.client("sagemaker")
    client.create_hyper_parameter_tuning_job(**request())
    client.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName="demo")
    return client.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName="demo")[
        "HyperParameterTuningJobStatus"
    ]


def test_every_kind_of_client_is_caught(sim):
    before = boto3.client("sagemaker", **KEYS), botocore.session.Session().create_client("sagemaker", **KEYS)
    with boto.mock(sim) as given:
        assert given is sim is boto.mocked() and create_and_stop() == "Stopping"
        made = boto3.Session().client("sagemaker"), botocore.session.get_session().create_client("sagemaker")
        for client in (*before, *made):
            [job] = client.list_hyper_parameter_tuning_jobs()["HyperParameterTuningJobSummaries"]
            assert job["HyperParameterTuningJobName"] == "demo"
        boto3.client("sagemaker").create_training_job(**training_request())
        sim.run()
        assert boto3.resource("s3").Object("bucket", "output/alone/output/model.tar.gz").content_length > 50
        assert boto3.client("logs").describe_log_streams(logGroupName="/aws/sagemaker/TrainingJobs")["logStreams"]


def test_other_threads_are_caught_too(sim):
    found = []
    with boto.mock(sim):
        thread = threading.Thread(target=lambda: found.append(create_and_stop()))
        thread.start()
        thread.join()
    assert found == ["Stopping"]


def test_afterwards_all_is_as_before(sim, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "mine")
    boto3.setup_default_session(**KEYS)
    session, environment, call = boto3.DEFAULT_SESSION, dict(os.environ), BaseClient._make_api_call
    client = boto3.client("sagemaker")
    with boto.mock(sim):
        assert os.environ["AWS_ACCESS_KEY_ID"] == "hptsim" and os.environ["AWS_DEFAULT_REGION"] == "us-east-1"
        assert client.list_training_jobs()["TrainingJobSummaries"] == []
        assert boto3.DEFAULT_SESSION is None and boto3.client("sagemaker").meta.region_name == "us-east-1"
    assert dict(os.environ) == environment and boto3.DEFAULT_SESSION is session and BaseClient._make_api_call is call
    with pytest.raises(Exception, match="a connection was opened"):
        client.list_training_jobs()
    with pytest.raises(InvalidInput, match="no mock is on"):
        boto.mocked()
    with pytest.raises(RuntimeError, match="out"), boto.mock(sim):
        raise RuntimeError("out")
    assert dict(os.environ) == environment and BaseClient._make_api_call is call


def test_a_region_that_is_configured_stays(sim, monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    with boto.mock(sim):
        arn = boto3.client("sagemaker").create_hyper_parameter_tuning_job(**request())["HyperParameterTuningJobArn"]
    assert ":eu-central-1:" in arn


def test_an_endpoint_of_the_environment_is_not_called(sim, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_SAGEMAKER", "http://localhost:9")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://localhost:9")
    with boto.mock(sim):
        boto3.client("sagemaker").create_training_job(**training_request())
        sim.run()
        assert boto3.client("s3").list_objects_v2(Bucket="bucket")["KeyCount"] == 1


@pytest.mark.long
def test_the_variables_of_the_page_send_each_service_to_an_address(monkeypatch):
    page = (Path(__file__).parents[2] / "docs/how-to/mock-a-program.md").read_text()
    named = re.findall(r"^\| `(AWS_ENDPOINT_URL\w*)` \|", page, re.MULTILINE)
    services = {
        "SAGEMAKER": "sagemaker",
        "S3": "s3",
        "CLOUDWATCH_LOGS": "logs",
        "CLOUDWATCH": "cloudwatch",
        "SERVICE_QUOTAS": "service-quotas",
    }
    assert named == [*(f"AWS_ENDPOINT_URL_{name}" for name in services), "AWS_ENDPOINT_URL"]

    def addresses():
        return [boto3.Session(**KEYS).client(one).meta.endpoint_url for one in services.values()]

    for place, variable in enumerate(named[:-1]):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(variable, "http://localhost:1")
            assert [one == "http://localhost:1" for one in addresses()] == [place == other for other in range(5)]
    monkeypatch.setenv(named[-1], "http://localhost:2")
    assert addresses() == ["http://localhost:2"] * 5
    monkeypatch.setenv(named[0], "http://localhost:1")
    assert addresses() == ["http://localhost:1", *["http://localhost:2"] * 4]
    monkeypatch.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
    assert not any("localhost" in one for one in addresses())


def test_the_innermost_mock_counts_and_attached_clients_stay(sim):
    inner, own = simulation(), simulation()
    attached = boto.client(own)
    with boto.mock(sim):
        client = boto3.client("sagemaker")
        attached.create_hyper_parameter_tuning_job(**request("own"))
        with boto.mock(inner):
            client.create_hyper_parameter_tuning_job(**request("inner"))
        client.create_hyper_parameter_tuning_job(**request("outer"))
    assert [one.tuning_jobs for one in (sim, inner, own)] == [["outer"], ["inner"], ["own"]]


# ---------------------------------------------------------------------- decorators


def test_functions(sim):
    @boto.mock
    def bare():
        return create_and_stop(), boto.mocked()

    @boto.mock(sim)
    def named(more, *, also):
        """What it does."""
        return create_and_stop(), more, also

    @boto.mock(Scenario(capacity={"*": 1}))
    def refused():
        with pytest.raises(ClientError, match="ResourceLimitExceeded"):
            create_and_stop()
        return boto.mocked()

    assert bare()[0] == bare()[0] == "Stopping" and bare()[1] is not bare()[1]
    assert named(1, also=2) == ("Stopping", 1, 2) and named.__name__ == "named" and named.__doc__ == "What it does."
    assert refused().tuning_jobs == [] and sim.tuning_jobs == ["demo"]


def test_virtual_time_comes_with_it():
    @boto.mock(virtual_time=True)
    def program():
        create_and_stop()
        time.sleep(3600)
        return boto.mocked().tuning_job("demo").status, boto.mocked().now

    real = time.sleep
    assert program() == ("Stopped", 3600) and time.sleep is real


def test_coroutine_functions():
    @boto.mock(virtual_time=True)
    async def program():
        create_and_stop()
        await asyncio.sleep(3600)
        return boto.mocked().tuning_job("demo").status, boto.mocked().now

    assert asyncio.run(program()) == ("Stopped", 3600)


def test_classes():
    @boto.mock(Scenario())
    class TestSomething:
        def setup_method(self):
            assert create_and_stop() == "Stopping"

        def test_one(self):
            return boto.mocked()

        @staticmethod
        def helper():
            with pytest.raises(InvalidInput):
                boto.mocked()

    one, two = TestSomething(), TestSomething()
    for instance in (one, two):
        instance.setup_method()
    assert one.test_one().tuning_jobs == ["demo"] and one.test_one() is one.test_one() is not two.test_one()
    one.helper()


def test_test_cases():
    seen = []

    @boto.mock(virtual_time=True)
    class Something(unittest.IsolatedAsyncioTestCase):
        def setUp(self):
            create_and_stop()

        def test_one(self):
            time.sleep(3600)
            seen.append((boto.mocked(), boto.mocked().tuning_job("demo").status))

        async def test_two(self):
            await asyncio.sleep(3600)
            seen.append((boto.mocked(), boto.mocked().tuning_job("demo").status))

    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(Something).run(result)
    assert result.testsRun == 2 and result.wasSuccessful(), result.errors
    assert [status for _, status in seen] == ["Stopped", "Stopped"] and seen[0][0] is not seen[1][0]


def test_what_cannot_be_decorated_is_refused():
    def fixture():
        yield

    with pytest.raises(InvalidInput, match=r"with hptsim.boto.mock\(\): around its yield"):
        boto.mock(fixture)
    with pytest.raises(InvalidInput, match="mock: got 3, expected a Simulation"):
        boto.mock(3)


# ---------------------------------------------------------------------- asynchronous clients


def test_asynchronous_clients_are_caught_also_those_made_before(sim):
    aio = pytest.importorskip("aiobotocore.session", reason="aiobotocore is not installed (the extra async)")

    async def program():
        async with aio.get_session().create_client("sagemaker", **KEYS) as before:
            with boto.mock(sim, virtual_time=True):
                async with aio.get_session().create_client("sagemaker") as client:
                    await client.create_hyper_parameter_tuning_job(**request())
                    await asyncio.sleep(60)
                    await before.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName="demo")
                    await asyncio.sleep(3600)
                    return await client.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName="demo")

    assert asyncio.run(program())["HyperParameterTuningJobStatus"] == "Stopped" and sim.now == 3660


# ---------------------------------------------------------------------- moto


def queue():
    return boto3.client("sqs").create_queue(QueueName="mine")["QueueUrl"]


def test_without_moto_what_is_not_ours_is_refused(sim, without_moto):
    with (
        boto.mock(sim),
        pytest.raises(ClientError, match=r"hptsim does not model sqs CreateQueue.*pip install 'hptsim\[aws\]'"),
    ):
        queue()


def test_what_is_not_ours_goes_to_moto(sim, moto):
    with boto.mock(sim):
        assert "/111122223333/mine" in queue()
        assert boto3.client("sts").get_caller_identity()["Account"] == "111122223333"
        assert create_and_stop() == "Stopping"
        with boto.mock(sim):
            assert boto3.client("sqs").list_queues()["QueueUrls"]
    with boto.mock(simulation()):
        assert "QueueUrls" not in boto3.client("sqs").list_queues()


@pytest.mark.long
def test_inside_of_mock_aws_the_twin_answers_first(sim, moto):
    with moto.mock_aws(), boto.mock(sim):
        assert create_and_stop() == "Stopping"
        assert "/123456789012/mine" in queue()
        assert boto3.client("sagemaker").list_models()["Models"] == []
    assert sim.tuning_jobs == ["demo"]


def test_around_mock_aws_the_twin_answers_first(sim, moto):
    with boto.mock(sim), moto.mock_aws():
        assert create_and_stop() == "Stopping"
        assert "/123456789012/mine" in queue()
    assert sim.tuning_jobs == ["demo"]


@pytest.mark.parametrize("mocked_first", [True, False])
def test_a_client_of_ours_and_mock_aws(sim, moto, mocked_first):
    """Stop was carried out by the twin and then raised moto's error."""
    client = None if mocked_first else boto.client(sim)
    with moto.mock_aws():
        client = client or boto.client(sim)
        client.create_hyper_parameter_tuning_job(**request())
        sim.run(until=60)
        client.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName="demo")
        children = client.list_training_jobs_for_hyper_parameter_tuning_job(HyperParameterTuningJobName="demo")
        assert len(children["TrainingJobSummaries"]) == 2
        from moto.core.models import patch_client

        patch_client(client)
        client.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName="demo")
        others = boto3.client("sagemaker").list_hyper_parameter_tuning_jobs()
        assert others["HyperParameterTuningJobSummaries"] == []  # moto's own client sees moto's own jobs
    assert sim.tuning_job("demo").status == "Stopping"


def test_a_client_that_was_mocked_is_motos_again_afterwards(sim, moto):
    with moto.mock_aws():
        client = boto3.client("sagemaker")
        with boto.mock(sim):
            client.create_hyper_parameter_tuning_job(**request())
            assert len(client.list_hyper_parameter_tuning_jobs()["HyperParameterTuningJobSummaries"]) == 1
        assert client.list_hyper_parameter_tuning_jobs()["HyperParameterTuningJobSummaries"] == []
        assert client.list_models()["Models"] == []


def test_moto_keeps_its_state_within_mock_aws(sim, moto):
    with moto.mock_aws():
        queue()
        with boto.mock(sim):
            assert boto3.client("sqs").list_queues()["QueueUrls"]
        with boto.mock(simulation()):
            assert boto3.client("sqs").list_queues()["QueueUrls"]


def test_asynchronous_clients_reach_moto_too(sim, moto):
    aio = pytest.importorskip("aiobotocore.session", reason="aiobotocore is not installed (the extra async)")

    async def program():
        async with aio.get_session().create_client("sqs") as client:
            return (await client.create_queue(QueueName="mine"))["QueueUrl"]

    with boto.mock(sim):
        assert asyncio.run(program()) == queue()
