"""Airflow's deferrable tuning operator and its trigger, as they are, in process; and what killing the task leaves behind."""

import asyncio

import pytest
from examples import request

from hptsim import boto

EFS = {
    "FileSystemId": "fs-0123456789a",
    "FileSystemAccessMode": "ro",
    "FileSystemType": "EFS",
    "DirectoryPath": "/data",
}
CHANNEL = {"ChannelName": "train", "DataSource": {"FileSystemDataSource": EFS}}
pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def airflow(tmp_path_factory):
    """The operator's and the exception's classes; Airflow writes its settings when it is imported."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_HOME", str(tmp_path_factory.mktemp("airflow")))
        reason = "apache-airflow-providers-amazon is not installed"
        operators = pytest.importorskip("airflow.providers.amazon.aws.operators.sagemaker", reason=reason)
        compat = pytest.importorskip("airflow.providers.common.compat.sdk", reason=reason)
        yield operators.SageMakerTuningOperator, compat.TaskDeferred


@pytest.fixture
def deferred(airflow, sim):
    """An operator that has deferred itself, and its trigger; time is virtual."""
    operator, task_deferred = airflow
    with boto.mock(sim, virtual_time=True):
        config = request(definition_changes={"InputDataConfig": [CHANNEL]})
        task = operator(task_id="tune", config=config, deferrable=True, aws_conn_id=None, check_interval=30)
        with pytest.raises(task_deferred) as raised:
            task.execute({})
        yield task, raised.value.trigger


async def first_event(trigger):
    async for event in trigger.run():
        return event.payload


def test_the_trigger_waits_for_the_end_and_the_operator_goes_on(deferred, sim):
    task, trigger = deferred
    event = asyncio.run(first_event(trigger))
    assert event == {"status": "success", "job_name": "demo"}
    assert sim.tuning_job("demo").ended_s == 250 and 250 <= sim.now < 250 + 2 * 30
    assert task.execute_complete({}, event)["Tuning"]["HyperParameterTuningJobStatus"] == "Completed"


def test_a_stopped_job_is_no_success(deferred, sim):
    task, trigger = deferred

    async def stop_later():
        await asyncio.sleep(60)
        sim.stop_tuning_job("demo")

    async def both():
        return await asyncio.gather(first_event(trigger), stop_later())

    event, _ = asyncio.run(both())
    assert event["status"] == "stopped" and sim.tuning_job("demo").status == "Stopped"
    with pytest.raises(Exception, match="stopped"):
        task.execute_complete({}, event)


def test_a_cancelled_trigger_leaves_the_job_running(deferred, sim):
    _, trigger = deferred

    async def killed():
        task = asyncio.create_task(first_event(trigger))
        await asyncio.sleep(45)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(killed())
    assert sim.now == 45 and sim.tuning_job("demo").status == "InProgress"
    sim.run()
    assert sim.tuning_job("demo").status == "Completed"


def test_a_timeout_is_one_of_simulated_time(deferred, sim):
    _, trigger = deferred

    async def impatient():
        async with asyncio.timeout(100):
            await first_event(trigger)

    with pytest.raises(TimeoutError):
        asyncio.run(impatient())
    assert sim.now == 100 and sim.tuning_job("demo").status == "InProgress"
