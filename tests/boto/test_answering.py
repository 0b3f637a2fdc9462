"""Asynchronous clients of aiobotocore and aioboto3, answered in process."""

import asyncio
from importlib import metadata

import attrs
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ReadTimeoutError
from examples import request, simulation

from hptsim import Simulation, boto
from hptsim.boto.answering import is_async

TUNING = "HyperParameterTuningJobName"


@pytest.fixture
def session():
    return pytest.importorskip(
        "aiobotocore.session", reason="aiobotocore is not installed (the extra async)"
    ).get_session()


def run(sim, coroutine):
    with boto.virtual_time(sim):
        return asyncio.run(coroutine)


def test_calls_errors_paginators_and_waiters(sim, session):
    async def program():
        async with boto.client(sim, session=session) as client:
            assert is_async(client) and not is_async(boto.client(sim))
            assert client.meta.region_name == "us-east-1"
            await client.create_hyper_parameter_tuning_job(**request(total=5))
            with pytest.raises(client.exceptions.ResourceInUse):
                await client.create_hyper_parameter_tuning_job(**request())
            with pytest.raises(ClientError, match="regular expression pattern"):
                await client.describe_training_job(TrainingJobName="bad name!")
            await asyncio.sleep(130)
            pages = client.get_paginator("list_training_jobs").paginate(PaginationConfig={"PageSize": 3})
            names = [job["TrainingJobName"] async for page in pages for job in page["TrainingJobSummaries"]]
            waiter = client.get_waiter("training_job_completed_or_stopped")
            await waiter.wait(TrainingJobName=names[0])
            assert sim.now == 130
            await waiter.wait(TrainingJobName=names[-1])
            assert sim.now == 250
            await client.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName="demo")
            return names

    assert len(run(sim, program())) == 4
    assert sim.tuning_job("demo").status == "Stopping" and sim.now == 250


def test_bodies_are_read_at_once_in_pieces_and_by_lines(sim, session):
    async def program():
        async with boto.client(sim, session=session) as client, boto.client(sim, "s3", session=session) as s3:
            await client.create_hyper_parameter_tuning_job(**request(total=1, parallel=1))
            await asyncio.sleep(200)
            listed = await s3.list_objects_v2(Bucket="bucket")
            key = {"Bucket": "bucket", "Key": listed["Contents"][0]["Key"]}
            async with (await s3.get_object(**key))["Body"] as body:
                whole = await body.read()
            pieces = [piece async for piece in (await s3.get_object(**key))["Body"].iter_chunks(50)]
            with pytest.raises(s3.exceptions.NoSuchKey):
                await s3.get_object(Bucket="bucket", Key="nothing")
            return whole, pieces, listed["Contents"][0]["Size"]

    whole, pieces, size = run(sim, program())
    assert b"".join(pieces) == whole and len(whole) == size > 50 and len(pieces) > 1


@pytest.mark.long
def test_many_clients_and_tasks_on_one_clock(session):
    def once():
        sim, order = simulation(), []

        async def watch(name):
            async with boto.client(sim, session=session) as client:
                await client.create_hyper_parameter_tuning_job(**request(name, 2, 1))
                while True:
                    shown = await client.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
                    order.append((sim.now, name, shown["HyperParameterTuningJobStatus"]))
                    if shown["HyperParameterTuningJobStatus"] != "InProgress":
                        return
                    await asyncio.sleep(30)

        async def program():
            await asyncio.gather(*(watch(f"job-{number}") for number in range(8)))

        run(sim, program())
        return order

    first = once()
    assert first == once() and {status for *_, status in first} == {"InProgress", "Completed"}
    assert len({name for _, name, _ in first}) == 8 and max(at for at, *_ in first) == 270


def test_retries_sleep_in_simulated_time(session):
    for mode in ("legacy", "standard", "adaptive"):
        scenario = attrs.evolve(simulation().scenario, request_rates={"ListTrainingJobs": 0.1})
        sim = Simulation(scenario)

        async def program(sim=sim, mode=mode):
            settings = Config(retries={"mode": mode, "max_attempts": 9})
            async with boto.client(sim, session=session, config=settings) as client:
                await client.list_training_jobs()
                return (await client.list_training_jobs())["ResponseMetadata"]["RetryAttempts"]

        assert run(sim, program()) > 0 and sim.now >= 10


def test_a_request_without_an_answer_takes_the_read_timeout(session):
    never = {"operation": "ListTrainingJobs", "answer": "timeout", "chance": 1.0}
    sim = simulation(answers=[never])

    async def program():
        settings = Config(read_timeout=7, retries={"max_attempts": 0})
        async with boto.client(sim, session=session, config=settings) as client:
            with pytest.raises(ReadTimeoutError):
                await client.list_training_jobs()
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(client.list_training_jobs(), 2)

    run(sim, program())
    assert sim.now == 9


def test_a_client_of_the_callers_own_is_attached_and_changes_over(sim, session):
    other = simulation()

    async def program():
        keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "eu-west-1"}
        async with session.create_client("sagemaker", **keys) as client:
            await boto.attach(client, sim).create_hyper_parameter_tuning_job(**request())
            await boto.attach(client, other).create_hyper_parameter_tuning_job(**request("elsewhere"))

    run(sim, program())
    assert (sim.tuning_jobs, other.tuning_jobs) == (["demo"], ["elsewhere"])


@pytest.mark.long
def test_without_virtual_time_nothing_waits_and_time_stands_still(sim, session):
    async def program():
        async with boto.client(sim, session=session) as client:
            await client.create_hyper_parameter_tuning_job(**request())
            await asyncio.sleep(0.01)

    asyncio.run(program())
    assert sim.now == 0


def test_aioboto3(sim):
    aioboto3 = pytest.importorskip("aioboto3", reason="aioboto3 is not installed")
    if int(metadata.version("aioboto3").partition(".")[0]) < 15:
        pytest.skip("this aioboto3 is too old: the newest one asks for an older aiobotocore than the newest")

    async def program():
        session = aioboto3.Session()
        async with boto.client(sim, session=session) as client:
            await client.create_hyper_parameter_tuning_job(**request(total=1, parallel=1))
            await asyncio.sleep(200)
        with boto.mock(sim):
            async with aioboto3.Session().resource("s3") as s3:
                stored = await s3.Object(
                    "bucket", f"output/{sim.tuning_job('demo').training_jobs[0]}/output/model.tar.gz"
                )
                return await stored.content_length

    assert run(sim, program()) > 50
