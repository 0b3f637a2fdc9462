"""Requests of every form, and errors in the protocol of whoever sent them."""

import gzip
import json
import xml.etree.ElementTree as ET

import pytest
from examples import request, simulation

from hptsim import server
from hptsim.server import application

from .asking import ask, call, code


@pytest.fixture
def sim():
    return simulation()


@pytest.fixture
def app(sim):
    return application(sim)


def test_a_gzip_body_is_unpacked_up_to_the_limit_and_no_further(sim, app):
    filler = b"{" + b" " * (server.MAX_BODY - 2) + b"}"
    assert call(app, "ListTrainingJobs", gzip.compress(filler), Content_Encoding="gzip").status_code == 200
    bomb = gzip.compress(b" " * (8 * server.MAX_BODY))
    assert len(bomb) < server.MAX_BODY
    refused = call(app, "ListTrainingJobs", bomb, Content_Encoding="gzip")
    assert code(refused) == (413, "RequestEntityTooLargeException")
    created = call(
        app, "CreateHyperParameterTuningJob", gzip.compress(json.dumps(request()).encode()), Content_Encoding="gzip"
    )
    assert created.status_code == 200 and sim.tuning_job("demo").status == "InProgress"


@pytest.mark.parametrize(
    "damage", [lambda body: body[:-3], lambda body: b"{}", lambda body: body + b"x", lambda body: b""]
)
def test_a_gzip_body_that_is_none(app, damage):
    answer = call(app, "ListTrainingJobs", damage(gzip.compress(b"{}")), Content_Encoding="gzip")
    assert code(answer) == (400, "SerializationException")


@pytest.mark.parametrize("coding", ["br", "deflate", "gzip, gzip", "aws-chunked"])
def test_another_coding_is_named(app, coding):
    answer = call(app, "ListTrainingJobs", b"{}", Content_Encoding=coding)
    assert code(answer) == (415, "UnsupportedMediaType") and coding in answer.json()["message"]


@pytest.mark.parametrize("given", ["9" * 5000, "0" * 5000, "-1", "x", "²", "", "2147483648", "1e3"])
def test_a_max_keys_that_is_none_is_refused_in_xml(sim, app, given):
    sim.create_tuning_job(request(total=1, parallel=1))
    answer = ask(app, "GET", f"/bucket?list-type=2&max-keys={given}")
    assert answer.status_code == 400 and answer.headers["content-type"] == "application/xml"
    error = ET.fromstring(answer.text)
    assert error.tag == "Error" and error.findtext("Code") == "InvalidArgument"
    assert "max-keys" in error.findtext("Message") and len(answer.text) < 400


def test_the_largest_max_keys(sim, app):
    sim.create_tuning_job(request(total=1, parallel=1))
    listed = ask(app, "GET", "/bucket?list-type=2&max-keys=2147483647")
    assert listed.status_code == 200 and "<MaxKeys>1000</MaxKeys>" in listed.text


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "BREW", "OPTIONS", "TRACE"])
def test_whatever_the_method_the_error_is_the_object_stores(app, method):
    answer = ask(app, method, "/bucket/key")
    assert answer.status_code in (400, 404)
    assert ET.fromstring(answer.text).tag == "Error"


def test_an_internal_failure_is_told_in_the_callers_protocol(app, monkeypatch):
    def broken(self, call):
        raise RuntimeError("a bug \x00 <&>")

    monkeypatch.setattr("hptsim.service.http.Wire.answer", broken)
    stored = ask(app, "GET", "/bucket/key")
    assert stored.status_code == 500 and ET.fromstring(stored.text).findtext("Message") == "hptsim: a bug ? <&>"
    assert code(call(app, "ListTrainingJobs", {})) == (500, "InternalFailure")


@pytest.mark.parametrize(("service", "root"), [("sts", "ErrorResponse"), ("ec2", "Response"), ("s3", "Error")])
def test_an_error_of_the_server_itself_is_in_the_protocol_of_the_service_that_was_asked(app, service, root):
    """A body of an unknown coding: XML for those who speak XML, as its client's parser wants it."""
    signed = f"AWS4-HMAC-SHA256 Credential=a/20240101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
    long = b"x" * (server.MAX_BODY * (64 if service == "s3" else 1) + 1)
    answer = ask(app, "POST", "/bucket/key" if service == "s3" else "/", long, Authorization=signed)
    assert answer.status_code == 413
    error = ET.fromstring(answer.text)
    assert error.tag == root and [one.text for one in error.iter("Code")] == ["RequestEntityTooLargeException"]
