"""What services other than SageMaker and CloudWatch Logs answer over HTTP: S3, CloudWatch, Service Quotas, moto's."""

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from examples import request, simulation
from serving import served

from hptsim.server.services import object_operation, operation_of, service_of
from hptsim.service.cloudwatch import NAMESPACE
from hptsim.service.elsewhere import stubber

KEYS = {"aws_access_key_id": "hptsim", "aws_secret_access_key": "hptsim", "region_name": "us-east-1"}
PLAIN = Config(retries={"max_attempts": 0}, proxies={}, s3={"addressing_style": "path"})


@pytest.fixture(scope="module")
def server():
    sim = simulation()
    sim.create_tuning_job(request(total=1, parallel=1))
    sim.run()
    with served(sim) as url:
        yield lambda service: boto3.client(service, endpoint_url=url, config=PLAIN, **KEYS)


def test_a_caller_uploads_over_http(server, tmp_path):
    s3 = server("s3")
    s3.create_bucket(Bucket="mine")
    (tmp_path / "large").write_bytes(b"x" * (9 * 2**20))
    s3.upload_file(str(tmp_path / "large"), "mine", "large")
    s3.put_object(Bucket="mine", Key="a b/ü", Body=b"text")
    assert {one["Key"]: one["Size"] for one in s3.list_objects(Bucket="mine")["Contents"]} == {
        "a b/ü": 4,
        "large": 9 * 2**20,
    }
    s3.copy_object(Bucket="mine", Key="copy", CopySource={"Bucket": "mine", "Key": "a b/ü"})
    assert s3.get_object(Bucket="mine", Key="copy")["Body"].read() == b"text"
    s3.delete_objects(Bucket="mine", Delete={"Objects": [{"Key": "copy"}, {"Key": "a b/ü"}, {"Key": "large"}]})
    assert {one["Name"] for one in s3.list_buckets()["Buckets"]} == {"bucket", "mine"}
    s3.delete_bucket(Bucket="mine")
    with pytest.raises(ClientError, match="404"):
        s3.head_bucket(Bucket="mine")


def test_metrics_and_quotas_over_http(server):
    (name,) = [one["TrainingJobName"] for one in server("sagemaker").list_training_jobs()["TrainingJobSummaries"]]
    listed = server("cloudwatch").list_metrics(Namespace=NAMESPACE)["Metrics"]
    assert {one["Dimensions"][0]["Value"] for one in listed} == {name}
    names = {
        one["QuotaName"] for one in server("service-quotas").list_service_quotas(ServiceCode="sagemaker")["Quotas"]
    }
    assert "Number of concurrent hyperparameter tuning jobs" in names


@pytest.mark.parametrize(
    ("service", "call"), [("sts", "get_caller_identity"), ("iam", "list_roles"), ("ecr", "describe_repositories")]
)
def test_what_is_no_matter_of_the_twin_goes_to_moto_or_is_refused_in_its_protocol(server, service, call):
    if stubber() is None:
        with pytest.raises(ClientError, match=r"hptsim does not model .*pip install 'hptsim\[aws\]'"):
            getattr(server(service), call)()
    else:
        assert getattr(server(service), call)()["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_a_request_names_its_service_and_its_operation():
    signed = "AWS4-HMAC-SHA256 Credential=a/20240101/us-east-1/{}/aws4_request, SignedHeaders=host, Signature=0"
    for name, service in (
        ("monitoring", "cloudwatch"),
        ("servicequotas", "service-quotas"),
        ("iam", "iam"),
        ("no", ""),
    ):
        assert service_of({"authorization": signed.format(name)}) == service
    assert service_of({"x-amz-target": "ServiceQuotasV20190624.ListServices"}) == "service-quotas"
    assert operation_of("POST", "/", "", {"x-amz-target": "A.B"}, b"") == "B"
    assert operation_of("GET", "/", "Action=ListRoles", {}, b"") == "ListRoles"
    assert operation_of("POST", "/service/G/operation/ListMetrics", "", {}, b"") == "ListMetrics"
    assert operation_of("POST", "/x", "", {}, b"\xff") == "POST /x"


@pytest.mark.parametrize(
    ("method", "path", "query", "named"),
    [
        ("GET", "/", {}, "ListBuckets"),
        ("GET", "/b", {"prefix": ""}, "ListObjects"),
        ("GET", "/b/", {"list-type": "2", "prefix": ""}, "ListObjectsV2"),
        ("GET", "/b", {"location": ""}, "GetBucketLocation"),
        ("PUT", "/b", {}, "CreateBucket"),
        ("POST", "/b/k", {"uploads": ""}, "CreateMultipartUpload"),
        ("PUT", "/b/k", {"uploadId": "x", "partNumber": "1"}, "UploadPart"),
        ("POST", "/b/k", {"uploadId": "x"}, "CompleteMultipartUpload"),
        ("DELETE", "/b/k", {"uploadId": "x"}, "AbortMultipartUpload"),
        ("GET", "/b/k", {"tagging": ""}, "GET /b/k?tagging"),
        ("GET", "/b/k", {"uploadId": "x"}, "GET /b/k"),
    ],
)
def test_operations_of_s3_by_method_and_path(method, path, query, named):
    assert object_operation(method, path, query) == named


def test_a_copy_says_so_in_a_header():
    assert object_operation("PUT", "/b/k", {}, {"x-amz-copy-source": "/b/j"}) == "CopyObject"
    assert object_operation("PUT", "/b/k", {"uploadId": "x"}, {"x-amz-copy-source": "/b/j"}) == "PUT /b/k"
