"""Real clients: answered in process, side by side, by many threads, with waiters and paginators, in virtual time."""

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import boto3
import botocore.session
import pytest
from botocore.exceptions import ClientError, HTTPClientError, ParamValidationError, WaiterError
from examples import request, simulation

from hptsim import boto
from hptsim.cloud.scripted import ScriptedCloud
from hptsim.errors import InvalidInput, LawBroken
from hptsim.model.definitions import ServiceLimits

EPOCH = 1704067200
TUNING, TRAINING = "HyperParameterTuningJobName", "TrainingJobName"


def test_modelled_errors_are_the_clients_own_exceptions(sim, sagemaker):
    sagemaker.create_hyper_parameter_tuning_job(**request())
    with pytest.raises(sagemaker.exceptions.ResourceInUse) as taken:
        sagemaker.create_hyper_parameter_tuning_job(**request())
    assert taken.value.response["Message"] == taken.value.response["Error"]["Message"]
    with pytest.raises(sagemaker.exceptions.ResourceNotFound) as missing:
        sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName="nobody")
    assert missing.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    with pytest.raises(ClientError) as unmodelled:
        sagemaker.describe_training_job(TrainingJobName="nobody")
    assert unmodelled.value.response["Error"]["Code"] == "ValidationException"
    assert "Message" not in unmodelled.value.response


def test_the_client_validates_first_and_the_service_what_it_leaves(sagemaker):
    with pytest.raises(ParamValidationError):
        sagemaker.describe_training_job(TrainingJobName="")
    with pytest.raises(ClientError, match="regular expression pattern"):
        sagemaker.describe_training_job(TrainingJobName="bad name!")


def test_a_stop_answers_with_nothing_but_metadata(sim, sagemaker):
    sagemaker.create_hyper_parameter_tuning_job(**request())
    answer = sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName="demo")
    assert answer.keys() == {"ResponseMetadata"} and answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert answer["ResponseMetadata"]["RequestId"]
    assert sim.tuning_job("demo").status == "Stopping"


def test_times_are_the_scenarios_epoch_plus_simulated_time(sim, sagemaker):
    sim.run(until=90.5)
    sagemaker.create_hyper_parameter_tuning_job(**request())
    created = sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName="demo")["CreationTime"]
    assert created == datetime(2024, 1, 1, 0, 1, 30, 500_000, tzinfo=UTC)


def test_after_and_before_are_strict(sim, sagemaker):
    sim.run(until=90.0)
    sagemaker.create_hyper_parameter_tuning_job(**request())
    created = sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName="demo")["CreationTime"]
    for shift, after, before in ((-1, ["demo"], []), (0, [], []), (1, [], ["demo"])):
        instant = created + timedelta(seconds=shift)
        for member, expected in (("CreationTimeAfter", after), ("CreationTimeBefore", before)):
            listed = sagemaker.list_hyper_parameter_tuning_jobs(**{member: instant})
            assert [one[TUNING] for one in listed["HyperParameterTuningJobSummaries"]] == expected


def test_what_is_not_modelled_is_named_at_once_and_not_tried_again(sim, sagemaker, without_moto):
    for call in (
        sagemaker.list_models,
        boto.client(sim, "logs").describe_queries,
        boto.client(sim, "service-quotas").get_association_for_service_quota_template,
    ):
        with pytest.raises(ClientError, match="hptsim does not model") as refused:
            call()
        assert refused.value.response["ResponseMetadata"]["RetryAttempts"] == 0
    with pytest.raises(
        InvalidInput, match="service: got 'sagemker', expected a service that botocore knows; did you mean"
    ):
        boto.client(sim, "sagemker")


def test_the_twins_own_mistakes_are_raised_as_they_are(sim, sagemaker, monkeypatch):
    def broken(spec):
        raise LawBroken("some law", "for a test")

    monkeypatch.setattr(sim, "create_tuning_job", broken)
    with pytest.raises(LawBroken, match="some law"):
        sagemaker.create_hyper_parameter_tuning_job(**request())


def test_two_simulations_live_side_by_side():
    first, second = boto.client(simulation()), boto.client(simulation())
    first.create_hyper_parameter_tuning_job(**request("one"))
    second.create_hyper_parameter_tuning_job(**request("two"))
    for client, name in ((first, "one"), (second, "two")):
        listed = client.list_hyper_parameter_tuning_jobs()["HyperParameterTuningJobSummaries"]
        assert [one[TUNING] for one in listed] == [name]


@pytest.mark.long
@pytest.mark.parametrize("make", [boto3.Session, botocore.session.Session])
def test_a_session_of_the_callers_own(sim, make):
    session = make()
    client = boto.client(sim, session=session, region_name="eu-central-1")
    arn = client.create_hyper_parameter_tuning_job(**request())["HyperParameterTuningJobArn"]
    assert arn == "arn:aws:sagemaker:eu-central-1:111122223333:hyper-parameter-tuning-job/demo"
    assert client.list_tags(ResourceArn=arn)["Tags"] == []


def test_a_client_that_the_caller_already_has_and_one_that_changes_over(sim, monkeypatch):
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")  # making a client looks for credentials there
    client = boto3.Session().client("sagemaker", region_name="us-west-2")  # without any credentials
    assert boto.attach(client, sim) is client
    client.create_hyper_parameter_tuning_job(**request())
    assert sim.tuning_jobs == ["demo"]
    other = simulation()
    boto.attach(boto.attach(client, other), other)
    client.create_hyper_parameter_tuning_job(**request("elsewhere"))
    assert (sim.tuning_jobs, other.tuning_jobs) == (["demo"], ["elsewhere"])
    lists = boto.attach(boto3.Session().client("logs", region_name="us-west-2"), sim)
    assert lists.describe_log_groups()["logGroups"] == []


def test_other_clients_of_the_same_session_are_left_alone(sim):
    session = boto3.Session(aws_access_key_id="a", aws_secret_access_key="b", region_name="us-east-1")
    boto.client(sim, session=session)
    untouched = session.client("sagemaker")
    reached = []
    untouched.meta.events.register("before-send", lambda **more: reached.append(1))
    with pytest.raises(HTTPClientError, match="a connection was opened"):
        untouched.list_hyper_parameter_tuning_jobs()
    assert reached


@pytest.mark.long
def test_a_bare_environment_is_enough(tmp_path):
    code = (
        "from hptsim import Simulation, boto\n"
        "client = boto.client(Simulation())\n"
        "print(client.list_training_jobs()['TrainingJobSummaries'], client.meta.region_name)"
    )
    bare = {"HOME": str(tmp_path), "PATH": "", "PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], env=bare, capture_output=True, text=True)
    assert done.stdout == "[] us-east-1\n", done.stderr


# ---------------------------------------------------------------------- waiters, paginators, threads


def test_the_waiter_for_training_jobs(sim, sagemaker):
    sagemaker.create_hyper_parameter_tuning_job(**request(total=2))
    sim.run(until=1)
    completed, stopped = sim.tuning_job("demo").live
    sim.run(until=60)
    sagemaker.stop_training_job(TrainingJobName=stopped)
    waiter = sagemaker.get_waiter("training_job_completed_or_stopped")
    with boto.virtual_time(sim):
        waiter.wait(TrainingJobName=stopped)
        assert sim.now == 180
        waiter.wait(TrainingJobName=completed)
        assert sim.now == 180
        with pytest.raises(WaiterError, match="ValidationException"):
            waiter.wait(TrainingJobName="nobody")


def test_the_waiter_fails_on_a_failed_job():
    scenario = simulation().scenario
    plan = {("demo", 1): (("ready", 1.0), ("client_error", 1.0))}
    sim = type(simulation())(scenario, cloud=ScriptedCloud(timings=scenario.timings, plan=plan))
    client = boto.client(sim)
    client.create_hyper_parameter_tuning_job(**request(total=1, parallel=1))
    with boto.virtual_time(sim):
        time.sleep(1)
        waiter = client.get_waiter("training_job_completed_or_stopped")
        with pytest.raises(WaiterError, match="Failed"):
            waiter.wait(TrainingJobName=sim.tuning_job("demo").training_jobs[0])


def test_the_object_waiter_waits_for_a_model(sim, sagemaker):
    sagemaker.create_hyper_parameter_tuning_job(**request(total=1, parallel=1))
    s3 = boto.client(sim, "s3")
    with boto.virtual_time(sim):
        time.sleep(1)
        key = f"output/{sim.tuning_job('demo').live[0]}/output/model.tar.gz"
        s3.get_waiter("object_not_exists").wait(Bucket="bucket", Key=key)
        assert sim.now == 1
        s3.get_waiter("object_exists").wait(Bucket="bucket", Key=key, WaiterConfig={"Delay": 62, "MaxAttempts": 9})
        assert sim.now == 125


def test_every_paginator(sim, sagemaker):
    for number in range(7):
        sagemaker.create_hyper_parameter_tuning_job(**request(f"job-{number}", 5, 2))
    sim.run()
    sizes = {}
    for operation, result, more in (
        ("list_hyper_parameter_tuning_jobs", "HyperParameterTuningJobSummaries", {}),
        ("list_training_jobs", "TrainingJobSummaries", {}),
        ("list_training_jobs_for_hyper_parameter_tuning_job", "TrainingJobSummaries", {TUNING: "job-3"}),
        (
            "list_tags",
            "Tags",
            {"ResourceArn": "arn:aws:sagemaker:us-east-1:111122223333:hyper-parameter-tuning-job/job-1"},
        ),
    ):
        size = 50 if operation == "list_tags" else 3
        pages = sagemaker.get_paginator(operation).paginate(**more, PaginationConfig={"PageSize": size})
        sizes[operation] = len(list(pages.search(result + "[]")))
    assert list(sizes.values()) == [7, 35, 5, 0]


@pytest.mark.parametrize("size", [1, 3, 5, 100])
def test_a_paginator_sees_through_the_empty_pages_of_list_training_jobs(sim, sagemaker, size):
    """O10: filters leave pages empty, and after five full pages of one comes an empty one."""
    sagemaker.create_hyper_parameter_tuning_job(**request("job", 5, 1))
    sim.run()
    names = list(sim.tuning_job("job").training_jobs)
    paginator = sagemaker.get_paginator("list_training_jobs")

    def listed(**filters):
        pages = list(paginator.paginate(**filters, PaginationConfig={"PageSize": size}))
        return len(pages), [one["TrainingJobName"] for page in pages for one in page["TrainingJobSummaries"]]

    every = 5 // size + 1
    assert listed() == (every, names)
    assert listed(NameContains=names[3]) == (every, names[3:4])
    assert listed(StatusEquals="Stopped") == (every, [])


def test_a_paginator_resumes_from_its_token(sim, sagemaker):
    for number in range(7):
        sagemaker.create_hyper_parameter_tuning_job(**request(f"job-{number}", 1, 1))
    paginator = sagemaker.get_paginator("list_hyper_parameter_tuning_jobs")
    first = paginator.paginate(PaginationConfig={"MaxItems": 4, "PageSize": 3}).build_full_result()
    rest = paginator.paginate(PaginationConfig={"StartingToken": first["NextToken"], "PageSize": 3}).build_full_result()
    names = [one[TUNING] for part in (first, rest) for one in part["HyperParameterTuningJobSummaries"]]
    assert names == [f"job-{number}" for number in range(7)]


@pytest.mark.long
def test_thirty_two_threads_lose_nothing():
    sim = simulation(limits=ServiceLimits(None, None, None))
    client = boto.client(sim)
    barrier = threading.Barrier(32)

    def hammer(thread):
        barrier.wait(timeout=60)
        seen = 0
        for number in range(6):
            name = f"t{thread}-{number}"
            client.create_hyper_parameter_tuning_job(**request(name, 2, 2))
            if thread % 4 == 0:
                with boto.virtual_time(sim):
                    time.sleep(1)
            if number % 2:
                client.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
            shown = client.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
            assert sum(shown["TrainingJobStatusCounters"].values()) == sum(shown["ObjectiveStatusCounters"].values())
            assert shown["HyperParameterTuningJobStatus"] in ({"Stopping", "Stopped"} if number % 2 else {"InProgress"})
            pages = client.get_paginator("list_hyper_parameter_tuning_jobs").paginate(NameContains=f"t{thread}-")
            seen = len(list(pages.search("HyperParameterTuningJobSummaries[]")))
            assert seen == number + 1
        return seen

    with ThreadPoolExecutor(32) as pool:
        assert list(pool.map(hammer, range(32))) == [6] * 32
    assert len(sim.tuning_jobs) == 32 * 6
    stopped = {record.name for record in sim.journal if record.thing == "tuning" and record.trigger == "stop"}
    assert stopped == {f"t{thread}-{number}" for thread in range(32) for number in (1, 3, 5)}
    sim.run()
    ended = {sim.tuning_job(name).status for name in sim.tuning_jobs}
    assert ended == {"Completed", "Stopped"} and sim.capacity.reserved == {}
