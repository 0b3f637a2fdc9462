"""What callers put into S3, beside what training jobs store there: through botocore's client and its transfer manager."""

import io

import boto3
import pytest
from botocore.exceptions import ClientError
from examples import request, simulation

from hptsim import boto

MODELS = "output/"


@pytest.fixture
def sim():
    return simulation()


@pytest.fixture
def s3(sim):
    return boto.client(sim, "s3")


def run_a_job(sim):
    boto.client(sim).create_hyper_parameter_tuning_job(**request())
    sim.run()


def listed(s3, bucket="bucket", **more):
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, PaginationConfig={"PageSize": 2}, **more)
    return [(one["Key"], one["Size"]) for page in pages for one in page.get("Contents", ())]


def code(caught):
    return caught.value.response["Error"]["Code"]


def test_a_callers_objects_stand_beside_those_of_training_jobs(sim, s3):
    run_a_job(sim)
    models = [key for key, _ in listed(s3)]
    assert len(models) == 3
    for key in ("a/first", f"{MODELS}between", "z"):
        s3.put_object(Bucket="bucket", Key=key, Body=key.encode(), ContentType="text/plain", Metadata={"of": "me"})
    assert [key for key, _ in listed(s3)] == sorted([*models, "a/first", f"{MODELS}between", "z"])
    shown = s3.list_objects_v2(Bucket="bucket", Delimiter="/")
    assert [one["Prefix"] for one in shown["CommonPrefixes"]] == ["a/", MODELS]
    assert [one["Key"] for one in shown["Contents"]] == ["z"] and shown["KeyCount"] == 3
    got = s3.get_object(Bucket="bucket", Key="a/first")
    assert (got["Body"].read(), got["ContentType"], got["Metadata"]) == (b"a/first", "text/plain", {"of": "me"})
    assert s3.head_object(Bucket="bucket", Key="z")["LastModified"].timestamp() == 1704067200 + int(sim.now)
    first = s3.list_objects(Bucket="bucket", MaxKeys=2)
    then = s3.list_objects(Bucket="bucket", Marker=first["Contents"][-1]["Key"])
    assert [one["Key"] for one in first["Contents"] + then["Contents"]] == [key for key, _ in listed(s3)]


def test_the_later_of_two_at_a_key_is_there(sim, s3):
    run_a_job(sim)
    key = listed(s3)[0][0]
    before = s3.get_object(Bucket="bucket", Key=key)["Body"].read()
    s3.put_object(Bucket="bucket", Key=key, Body=b"mine")
    assert s3.get_object(Bucket="bucket", Key=key)["Body"].read() == b"mine"
    s3.delete_object(Bucket="bucket", Key=key)
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket="bucket", Key=key)
    assert key not in [one for one, _ in listed(s3)] and len(listed(s3)) == 2
    assert before[:2] == b"\x1f\x8b"


def test_buckets_are_made_listed_and_removed(sim, s3):
    with pytest.raises(ClientError) as caught:
        s3.head_bucket(Bucket="mine")
    assert code(caught) == "404"
    with pytest.raises(s3.exceptions.NoSuchBucket):
        s3.put_object(Bucket="mine", Key="a", Body=b"")
    s3.create_bucket(Bucket="mine")
    s3.create_bucket(Bucket="mine")  # in us-east-1 this is no error
    assert s3.head_bucket(Bucket="mine")["BucketRegion"] == "us-east-1"
    run_a_job(sim)
    assert [one["Name"] for one in s3.list_buckets()["Buckets"]] == ["bucket", "mine"]
    s3.put_object(Bucket="mine", Key="a", Body=b"")
    with pytest.raises(ClientError) as caught:
        s3.delete_bucket(Bucket="mine")
    assert code(caught) == "BucketNotEmpty"
    s3.delete_objects(Bucket="mine", Delete={"Objects": [{"Key": "a"}, {"Key": "never there"}]})
    s3.delete_bucket(Bucket="mine")
    assert [one["Name"] for one in s3.list_buckets()["Buckets"]] == ["bucket"]
    elsewhere = boto.client(sim, "s3", region_name="eu-west-1")
    where = {"CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}
    elsewhere.create_bucket(Bucket="mine", **where)
    with pytest.raises(elsewhere.exceptions.BucketAlreadyOwnedByYou):
        elsewhere.create_bucket(Bucket="mine", **where)
    assert elsewhere.get_bucket_location(Bucket="mine")["LocationConstraint"] == "eu-west-1"
    for wrong in ("A", "aa/", "x" * 64):
        with pytest.raises(Exception, match=r"InvalidBucketName|Invalid bucket name"):
            s3.create_bucket(Bucket=wrong)


@pytest.mark.parametrize("size", [0, 10, 9 * 2**20])
def test_the_transfer_manager_uploads_and_downloads(sim, s3, size, tmp_path):
    """Above 8 MiB it uses several parts."""
    s3.create_bucket(Bucket="mine")
    given = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    (tmp_path / "given").write_bytes(given)
    s3.upload_file(str(tmp_path / "given"), "mine", "deep/er", ExtraArgs={"ContentType": "text/x"})
    s3.upload_fileobj(io.BytesIO(given), "mine", "file")
    assert dict(listed(s3, "mine")) == {"deep/er": size, "file": size}
    s3.download_file("mine", "deep/er", str(tmp_path / "got"))
    assert (tmp_path / "got").read_bytes() == given
    head = s3.head_object(Bucket="mine", Key="deep/er")
    assert head["ContentType"] == "text/x" and head["ETag"].endswith('-2"') == (size > 2**23)
    assert "aws-chunked" not in head.get("ContentEncoding", "")
    s3.copy_object(Bucket="mine", Key="copy", CopySource={"Bucket": "mine", "Key": "deep/er"})
    assert s3.get_object(Bucket="mine", Key="copy")["Body"].read() == given


def test_parts_that_do_not_fit_are_refused(s3):
    s3.create_bucket(Bucket="mine")
    where = {"Bucket": "mine", "Key": "a"}
    name = s3.create_multipart_upload(**where)["UploadId"]
    tags = [s3.upload_part(**where, UploadId=name, PartNumber=n, Body=b"x%d" % n)["ETag"] for n in (1, 2)]

    def complete(*parts, upload=name):
        given = {"Parts": [{"PartNumber": number, "ETag": tag} for number, tag in parts]}
        s3.complete_multipart_upload(**where, UploadId=upload, MultipartUpload=given)

    for parts, error in (
        ([(2, tags[1]), (1, tags[0])], "InvalidPartOrder"),
        ([(1, tags[1])], "InvalidPart"),
        ([(3, tags[1])], "InvalidPart"),
        ([], "MalformedXML"),
    ):
        with pytest.raises(ClientError) as caught:
            complete(*parts)
        assert code(caught) == error
    with pytest.raises(ClientError) as caught:
        s3.upload_part(**where, UploadId=name, PartNumber=10_001, Body=b"")
    assert code(caught) == "InvalidArgument"
    assert listed(s3, "mine") == []
    complete((1, tags[0]), (2, tags[1]))
    assert s3.get_object(**where)["Body"].read() == b"x1x2"
    with pytest.raises(ClientError) as caught:
        complete((1, tags[0]))
    assert code(caught) == "NoSuchUpload"
    again = s3.create_multipart_upload(**where)["UploadId"]
    s3.abort_multipart_upload(**where, UploadId=again)
    with pytest.raises(ClientError) as caught:
        complete((1, tags[0]), upload=again)
    assert code(caught) == "NoSuchUpload"


def test_what_came_after_a_snapshot_is_gone_when_it_is_restored(sim, s3):
    s3.create_bucket(Bucket="early")
    s3.put_object(Bucket="early", Key="a", Body=b"1")
    sim.run(until=10)
    saved = sim.snapshot()
    sim.run(until=20)
    s3.create_bucket(Bucket="late")
    s3.put_object(Bucket="early", Key="a", Body=b"2")
    s3.put_object(Bucket="early", Key="b", Body=b"")
    name = s3.create_multipart_upload(Bucket="early", Key="c")["UploadId"]
    sim.restore(saved)
    assert [one["Name"] for one in s3.list_buckets()["Buckets"]] == ["early"]
    assert s3.get_object(Bucket="early", Key="a")["Body"].read() == b"1" and len(listed(s3, "early")) == 1
    with pytest.raises(ClientError) as caught:
        s3.upload_part(Bucket="early", Key="c", UploadId=name, PartNumber=1, Body=b"")
    assert code(caught) == "NoSuchUpload"


def test_bodies_that_are_not_what_they_promise_are_refused(sim):
    from hptsim.service.s3 import S3, Asked
    from hptsim.service.service import Service

    store = S3(Service.of(sim))
    store.answer("CreateBucket", Asked("mine", "", {}, {}))
    chunked = {"Content-Encoding": "aws-chunked"}
    whole = b"4;chunk-signature=00\r\nabcd\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n"
    assert store.answer("PutObject", Asked("mine", "a", {}, chunked, whole)).status == 200
    assert store.answer("GetObject", Asked("mine", "a", {}, {})).body == b"abcd"
    for body in (b"", b"5\r\nabc", b"xyz\r\nabc\r\n", b"4\r\nabcd\r\n"):
        answered = store.answer("PutObject", Asked("mine", "b", {}, chunked, body))
        assert answered.status == 400 and b"IncompleteBody" in answered.body
    for operation in ("DeleteObjects", "CompleteMultipartUpload"):
        for body in (b"", b"<a", b"<Delete/>"):
            answered = store.answer(operation, Asked("mine", "b", {"uploadId": "x"}, {}, body))
            assert answered.status in (400, 404)
    assert store.keys("mine") == ["a"]


def test_the_resource_of_boto3_works_too(sim, s3):
    with boto.mock(sim):
        resource = boto3.resource("s3", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
        resource.create_bucket(Bucket="mine")
        resource.Object("mine", "a").put(Body=b"text")
    assert listed(s3, "mine") == [("a", 4)]
