"""Stored objects through a real S3 client: what is there before, during and after a stop, and how it is listed."""

import io
import tarfile

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from examples import request, simulation

from hptsim import boto
from hptsim.service.service import Service

CHECKPOINTS = {"CheckpointConfig": {"S3Uri": "s3://ckpt/deep"}}


def ran(until=None, **changes):
    sim = simulation()
    Service.of(sim).call("CreateHyperParameterTuningJob", request(**changes))
    sim.run(until=until)
    return sim, boto.client(sim, "s3")


def keys(s3, bucket="bucket", **listing):
    return [one["Key"] for one in s3.list_objects_v2(Bucket=bucket, **listing).get("Contents", [])]


def test_a_model_is_a_real_archive_that_names_its_job():
    sim, s3 = ran()
    name = sim.tuning_job("demo").training_jobs[0]
    key = f"output/{name}/output/model.tar.gz"
    answer = s3.get_object(Bucket="bucket", Key=key)
    body = answer["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(body)) as archive:
        content = archive.extractfile("model.json").read().decode()
    assert f'"TrainingJobName": "{name}"' in content and '"eta"' in content
    head = s3.head_object(Bucket="bucket", Key=key)
    assert head["ContentLength"] == len(body) and head["ETag"] == answer["ETag"]
    assert head["LastModified"].timestamp() == 1704067200 + 125
    again = ran()[1].get_object(Bucket="bucket", Key=key)["Body"].read()
    assert again == body


def test_objects_appear_when_stored_and_outlive_the_stop():
    sim, s3 = ran(until=60)
    assert keys(s3) == []
    Service.of(sim).call("StopHyperParameterTuningJob", {"HyperParameterTuningJobName": "demo"})
    sim.run(until=64)
    assert keys(s3) == []
    sim.run()
    assert sorted(f"s3://bucket/{key}" for key in keys(s3)) == sorted(sim.artifacts) and len(keys(s3)) == 2


def test_checkpoints_are_listed_where_they_were_asked_for():
    sim, s3 = ran(definition_changes=CHECKPOINTS)
    found = keys(s3, "ckpt")
    assert found and all(key.startswith("deep/demo-00") and "/checkpoint-" in key for key in found)
    body = s3.get_object(Bucket="ckpt", Key=found[0])["Body"].read()
    assert found[0].split("/")[1].encode() in body
    assert len(found) + len(keys(s3)) == len(sim.artifacts)


def test_what_is_missing_is_missed_in_s3s_words():
    _, s3 = ran()
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket="bucket", Key="nothing")
    with pytest.raises(s3.exceptions.NoSuchBucket):
        s3.get_object(Bucket="elsewhere", Key="nothing")
    with pytest.raises(s3.exceptions.NoSuchBucket):
        s3.list_objects_v2(Bucket="elsewhere")
    with pytest.raises(ClientError) as missing:
        s3.head_object(Bucket="bucket", Key="nothing")
    assert missing.value.response["Error"]["Code"] == "404"


@pytest.mark.parametrize(
    "call", ["get_bucket_tagging", "get_bucket_versioning", "get_object_acl", "delete_bucket_policy"]
)
def test_what_is_not_modelled_is_named(call, without_moto):
    _, s3 = ran()
    where = {"Bucket": "bucket", "Key": "a"} if "object" in call else {"Bucket": "bucket"}
    with pytest.raises(ClientError, match="hptsim does not model s3") as refused:
        getattr(s3, call)(**where)
    assert refused.value.response["ResponseMetadata"]["RetryAttempts"] == 0
    assert len(keys(s3)) == 3


def test_listing_in_pages_with_prefixes_and_delimiters():
    sim, s3 = ran(total=9, parallel=3)
    everything = keys(s3)
    assert everything == sorted(everything) and len(everything) == 9
    pages = list(s3.get_paginator("list_objects_v2").paginate(Bucket="bucket", PaginationConfig={"PageSize": 4}))
    assert [page["KeyCount"] for page in pages] == [4, 4, 1]
    assert [one["Key"] for page in pages for one in page["Contents"]] == everything
    assert keys(s3, Prefix="output/demo-003") == [everything[2]]
    assert keys(s3, Prefix=everything[4]) == [everything[4]]
    assert keys(s3, Prefix="other") == []
    assert keys(s3, StartAfter=everything[5]) == everything[6:]
    assert keys(s3, MaxKeys=0) == []
    top = s3.list_objects_v2(Bucket="bucket", Delimiter="/")
    assert top["CommonPrefixes"] == [{"Prefix": "output/"}] and "Contents" not in top
    below = s3.get_paginator("list_objects_v2").paginate(
        Bucket="bucket", Prefix="output/", Delimiter="/", PaginationConfig={"PageSize": 2}
    )
    found = [one["Prefix"] for page in below for one in page["CommonPrefixes"]]
    assert found == [f"output/{name}/" for name in sim.tuning_job("demo").training_jobs]


def test_a_foreign_continuation_token_is_refused():
    _, s3 = ran(total=9, parallel=3)
    token = s3.list_objects_v2(Bucket="bucket", MaxKeys=2)["NextContinuationToken"]
    for listing in ({"Prefix": "output"}, {"Delimiter": "/"}):
        with pytest.raises(ClientError, match="InvalidArgument"):
            s3.list_objects_v2(Bucket="bucket", ContinuationToken=token, **listing)
    with pytest.raises(ClientError, match="InvalidArgument"):
        ran()[1].list_objects_v2(Bucket="bucket", ContinuationToken=token)


def test_keys_with_unusual_characters_survive_the_url():
    output = {"OutputDataConfig": {"S3OutputPath": "s3://bucket/a b+c&d/é%20"}}
    _, s3 = ran(definition_changes=output)
    (first, *_) = keys(s3)
    assert first.startswith("a b+c&d/é%20/demo-001-")
    assert s3.get_object(Bucket="bucket", Key=first)["ContentLength"] > 0
    assert keys(s3, Prefix="a b+c&d/é") == keys(s3)


def test_a_range_of_bytes():
    _, s3 = ran()
    key = keys(s3)[0]
    whole = s3.get_object(Bucket="bucket", Key=key)["Body"].read()
    for given, expected in (("bytes=0-9", whole[:10]), ("bytes=10-", whole[10:]), ("bytes=-5", whole[-5:])):
        part = s3.get_object(Bucket="bucket", Key=key, Range=given)
        assert part["Body"].read() == expected and part["ResponseMetadata"]["HTTPStatusCode"] == 206
    for given in ("bytes=9999-", "bytes=x-", "bytes=5"):
        with pytest.raises(ClientError, match="InvalidRange"):
            s3.get_object(Bucket="bucket", Key=key, Range=given)


@pytest.mark.parametrize("style", ["path", "virtual"])
@pytest.mark.parametrize("endpoint", [None, "http://localhost:9000", "https://s3.example.com"])
def test_buckets_are_found_in_host_or_path(style, endpoint):
    sim, _ = ran()
    s3 = boto.client(sim, "s3", endpoint_url=endpoint, config=Config(s3={"addressing_style": style}))
    assert len(keys(s3)) == 3
    with pytest.raises(s3.exceptions.NoSuchBucket):
        s3.list_objects_v2(Bucket="other.bucket")


def test_a_download_through_the_transfer_manager(tmp_path):
    _, s3 = ran()
    key, path = keys(s3)[0], tmp_path / "model.tar.gz"
    s3.download_file("bucket", key, str(path))
    assert tarfile.is_tarfile(path)
