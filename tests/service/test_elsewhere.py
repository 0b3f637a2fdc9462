"""What is no matter of the twin: answered by moto where it is installed, refused with advice where it is not."""

import json

import pytest

from hptsim import Simulation
from hptsim.service import elsewhere
from hptsim.service.http import MODELLED, Call, Wire

IDENTITY = {"service": "sts", "operation": "GetCallerIdentity", "body": b"Action=GetCallerIdentity&Version=2011-06-15"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def moto():
    yield pytest.importorskip("moto", reason="moto is not installed (the extra aws)")
    elsewhere.forget()


def target(operation, url="https://api.sagemaker.us-east-1.amazonaws.com/", **more):
    headers = {"X-Amz-Target": f"SageMaker.{operation}", "Content-Type": "application/x-amz-json-1.1"}
    return Call("sagemaker", operation, url, headers, b"{}", method="POST", **more)


def test_the_twins_operations_never_reach_moto(monkeypatch):
    def refuse(call):
        raise AssertionError(f"{call.operation} was offered to moto")

    monkeypatch.setattr(elsewhere, "answer", refuse)
    for service, operations in MODELLED.items():
        for operation in operations:
            body = b'{"Namespace": "/aws/sagemaker/TrainingJobs"}' if service == "cloudwatch" else b""
            assert Wire(Simulation()).answer(Call(service, operation, "//bucket/key", body=body, method="POST")).status
    with pytest.raises(AssertionError, match="CreateModel was offered"):
        Wire(Simulation()).answer(Call("sagemaker", "CreateModel", method="POST"))


@pytest.mark.parametrize("url", ["https://sts.amazonaws.com/", "http://localhost:4566/"])
def test_moto_answers_in_the_twins_account(moto, url):
    response = Wire(Simulation()).answer(Call(**IDENTITY, url=url, headers=FORM, method="POST"))
    assert response.status == 200 and b"<Account>111122223333</Account>" in response.body


def test_moto_keeps_its_own_account_inside_mock_aws(moto):
    with moto.mock_aws():
        response = Wire(Simulation()).answer(Call(**IDENTITY, url="/", headers=FORM, method="POST"))
    assert b"<Account>123456789012</Account>" in response.body


def test_a_bucket_before_the_host_and_the_region_are_kept(moto):
    for url, endpoint in (
        ("http://one.localhost:9/", "localhost:9"),
        ("http://localhost:9/two", "localhost:9"),
        ("https://three.s3.eu-west-1.amazonaws.com/", "s3.eu-west-1.amazonaws.com"),
    ):
        body = (
            b"<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>"
        )
        call = Call("s3", "CreateBucket", url, {}, body, "eu-west-1", endpoint, "PUT")
        assert elsewhere.answer(call).status == 200
    listed = elsewhere.answer(Call("s3", "ListBuckets", "http://localhost:9/", endpoint="localhost:9", method="GET"))
    for name in ("one", "two", "three"):
        assert f"<Name>{name}</Name>".encode() in listed.body
    elsewhere.forget()
    listed = elsewhere.answer(Call("s3", "ListBuckets", "http://localhost:9/", endpoint="localhost:9", method="GET"))
    assert b"<Bucket>" not in listed.body


def test_what_moto_does_not_have_is_refused_and_says_so(moto):
    response = Wire(Simulation()).answer(target("ListHubs"))
    assert response.status == 400 and "moto does not answer it either" in json.loads(response.body)["message"]
    assert json.loads(Wire(Simulation()).answer(target("ListModels")).body) == {"Models": []}


def test_without_moto_the_refusal_says_what_to_install(without_moto):
    response = Wire(Simulation()).answer(target("ListModels"))
    assert "pip install 'hptsim[aws]'" in json.loads(response.body)["message"]
    response = Wire(Simulation()).answer(Call(**IDENTITY, method="POST"))
    assert b"hptsim does not model sts GetCallerIdentity" in response.body


def test_a_request_without_a_method_is_not_offered(moto):
    assert elsewhere.answer(target("ListModels")) is not None
    assert elsewhere.answer(Call("sagemaker", "ListModels", "/", {}, b"{}")) is None
