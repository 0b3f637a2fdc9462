"""Errors in each protocol, read by botocore's own parsers."""

import pytest
from botocore.parsers import create_parser

from hptsim.errors import ServiceError
from hptsim.service.refusals import in_protocol, spoken

OF_EACH = {
    "json": "sagemaker",
    "query": "iam",
    "rest-json": "lambda",
    "rest-xml": "cloudfront",
    "ec2": "ec2",
    "smithy-rpc-v2-cbor": "partnercentral-marketing",
}


@pytest.mark.parametrize("protocol", OF_EACH)
def test_botocores_parser_finds_code_and_message(protocol):
    service = OF_EACH[protocol]
    assert spoken(service) == protocol
    response = in_protocol(service, ServiceError("NotHere", "a < b & é", 418))
    given = {"status_code": response.status, "headers": dict(response.headers), "body": response.body, "context": {}}
    parsed = create_parser(protocol).parse(given, None)
    assert (parsed["Error"]["Code"], parsed["Error"]["Message"]) == ("NotHere", "a < b & é")


def test_s3_has_its_own_shape():
    assert (
        in_protocol("s3", ServiceError("NotHere", "no")).body
        == b"<Error><Code>NotHere</Code><Message>no</Message></Error>"
    )
