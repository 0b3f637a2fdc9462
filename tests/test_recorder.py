"""A recording of a client: what is written, what is refused before it is sent, and what is masked."""

import json
from datetime import UTC, datetime, timedelta, timezone

import boto3
import examples
import pytest
from botocore.exceptions import ClientError

from hptsim import boto
from hptsim.conformance.answers import instant
from hptsim.errors import InvalidInput
from hptsim.recorder import Masks

DEMO = {"HyperParameterTuningJobName": "demo"}


@pytest.fixture
def sim():
    return examples.simulation()


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_call_that_changes_something_is_refused_before_it_is_sent(sim, tmp_path):
    sagemaker = boto.client(sim)
    with boto.record(sagemaker, tmp_path / "run.jsonl") as recording:
        with pytest.raises(InvalidInput, match=r"CreateHyperParameterTuningJob: not sent.*changes=True"):
            sagemaker.create_hyper_parameter_tuning_job(**examples.request("demo"))
        with pytest.raises(InvalidInput, match="StopHyperParameterTuningJob: not sent"):
            sagemaker.stop_hyper_parameter_tuning_job(**DEMO)
        assert sagemaker.list_hyper_parameter_tuning_jobs()["HyperParameterTuningJobSummaries"] == []
    assert (recording.calls, list(sim.tuning_jobs)) == (1, [])
    sagemaker.create_hyper_parameter_tuning_job(
        **examples.request("demo")
    )  # it has ended: the client answers as before
    assert len(lines(tmp_path / "run.jsonl")) == 1


def test_every_answer_is_on_disk_at_once(sim, tmp_path):
    sagemaker, path = boto.client(sim), tmp_path / "run.jsonl"
    recording = boto.record(sagemaker, path, changes=True)
    sagemaker.create_hyper_parameter_tuning_job(**examples.request("demo"))
    assert [line["operation"] for line in lines(path)] == ["CreateHyperParameterTuningJob"]
    with pytest.raises(ClientError):
        sagemaker.describe_training_job(TrainingJobName="missing")
    refused = lines(path)[1]
    assert (refused["status_code"], refused["error"]["Code"]) == (400, "ValidationException")
    assert refused["request"] == {"TrainingJobName": "missing"}
    recording.close()


def test_times_are_read_back_exactly(sim, tmp_path):
    sagemaker, path = boto.client(sim), tmp_path / "run.jsonl"
    sagemaker.create_hyper_parameter_tuning_job(**examples.request("demo"))
    sim.run(until=12.345)
    since = datetime(2024, 1, 1, 1, 0, 0, 7, tzinfo=timezone(timedelta(hours=2)))
    with boto.record(sagemaker, path):
        shown = sagemaker.describe_hyper_parameter_tuning_job(**DEMO)
        sagemaker.list_training_jobs(CreationTimeAfter=since)
    first, second = lines(path)
    assert datetime.fromisoformat(first["response"]["CreationTime"]) == shown["CreationTime"]
    assert datetime.fromisoformat(second["request"]["CreationTimeAfter"]) == since
    assert instant(first["response"]["CreationTime"], "CreationTime") == shown["CreationTime"].timestamp()
    assert datetime.fromisoformat(first["time"]).tzinfo == UTC


def test_account_numbers_are_masked_everywhere(sim, tmp_path):
    sagemaker, path = boto.client(sim), tmp_path / "run.jsonl"
    request = examples.request("demo")
    request["TrainingJobDefinition"]["OutputDataConfig"]["S3OutputPath"] = "s3://sagemaker-us-east-1-999988887777/x"
    with boto.record(sagemaker, path, changes=True):
        sagemaker.create_hyper_parameter_tuning_job(**request)
        sim.run()
        sagemaker.describe_hyper_parameter_tuning_job(**DEMO)
        sagemaker.list_training_jobs(MaxResults=1)
    text = path.read_text()
    assert "111122223333" not in text and "999988887777" not in text
    assert "arn:aws:iam::000000000001:role" in text and "000000000001.dkr.ecr" in text
    assert "s3://sagemaker-us-east-1-000000000002/x" in text
    assert lines(path)[-1]["response"]["NextToken"] == "token-1"


def test_only_twelve_digits_are_an_account_number():
    masks = Masks()
    assert masks.text("1234567890123 and 12345678901") == "1234567890123 and 12345678901"
    assert masks.value({"a-123456789012": ["123456789012", 123456789012, None, True, 0.5]}) == {
        "a-000000000001": ["000000000001", 123456789012, None, True, 0.5]
    }


def test_only_clients_of_sagemaker_and_new_files(sim, tmp_path):
    settings = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "us-east-1"}
    with pytest.raises(InvalidInput, match="client: got 's3', expected a client of SageMaker"):
        boto.record(boto3.client("s3", **settings), tmp_path / "run.jsonl")
    (tmp_path / "there.jsonl").write_text("")
    with pytest.raises(InvalidInput, match="a file that is not there yet"):
        boto.record(boto.client(sim), tmp_path / "there.jsonl")
    assert not (tmp_path / "run.jsonl").exists()
