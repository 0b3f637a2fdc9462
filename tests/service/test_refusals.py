"""Errors in each protocol, read by botocore's own parsers."""

import pytest
from botocore.parsers import create_parser

from hptsim.errors import ServiceError
from hptsim.service import refusals


@pytest.mark.parametrize("protocol", ["json", "query", "rest-json", "rest-xml", "ec2", "smithy-rpc-v2-cbor"])
def test_botocores_parser_finds_code_and_message(protocol, monkeypatch):
    monkeypatch.setattr(refusals, "spoken", lambda service: protocol)
    response = refusals.in_protocol("any", ServiceError("NotHere", "a < b & é", 418))
    given = {"status_code": response.status, "headers": dict(response.headers), "body": response.body, "context": {}}
    parsed = create_parser(protocol).parse(given, None)
    assert (parsed["Error"]["Code"], parsed["Error"]["Message"]) == ("NotHere", "a < b & é")


def test_s3_has_its_own_shape():
    body = refusals.in_protocol("s3", ServiceError("NotHere", "no")).body
    assert body == b"<Error><Code>NotHere</Code><Message>no</Message></Error>"
