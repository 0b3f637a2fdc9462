"""Errors as each of the protocols of AWS writes them."""

from __future__ import annotations

import json
from xml.sax.saxutils import escape

from hptsim.errors import ServiceError
from hptsim.service.s3 import Response
from hptsim.service.validation import model

_MODELLED = frozenset({"ResourceNotFound", "ResourceInUse", "ResourceLimitExceeded", "ConflictException"})


def refusal(error: ServiceError) -> Response:
    """An error as JSON 1.1 has it: `Message` where the service's model knows the error, `message` elsewhere (A-44)."""
    name = "Message" if error.code in _MODELLED else "message"
    body = json.dumps({"__type": error.code, name: error.message}).encode()
    headers = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-ErrorType": error.code}
    return Response(error.http_status, headers, body)


def in_protocol(service: str, error: ServiceError) -> Response:
    """An error in the protocol that botocore's client of *service* speaks.

    >>> in_protocol("sts", ServiceError("InvalidAction", "no")).body
    b'<ErrorResponse><Error><Code>InvalidAction</Code><Message>no</Message></Error></ErrorResponse>'
    """
    protocol = spoken(service)
    if protocol == "smithy-rpc-v2-cbor":
        headers = {"Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}
        return Response(error.http_status, headers, _cbor({"__type": error.code, "message": error.message}))
    if protocol in ("json", "rest-json"):
        return refusal(error)
    text = f"<Error><Code>{error.code}</Code><Message>{escape(error.message)}</Message></Error>"
    if protocol == "ec2":
        text = f"<Response><Errors>{text}</Errors></Response>"
    elif service != "s3":
        text = f"<ErrorResponse>{text}</ErrorResponse>"
    return Response(error.http_status, {"Content-Type": "text/xml"}, text.encode())


def spoken(service: str) -> str:
    """The protocol that botocore's client of *service* speaks.

    >>> spoken("sagemaker"), spoken("iam"), spoken("s3")
    ('json', 'query', 'rest-xml')
    """
    return str(model(service).resolved_protocol)


def _cbor(texts: dict[str, str]) -> bytes:
    """A map of at most 23 texts to texts as CBOR (RFC 8949)."""
    body = bytes([0xA0 + len(texts)])
    for text in (part for pair in texts.items() for part in pair):
        written = text.encode()
        body += b"\x79" + len(written).to_bytes(2, "big") + written
    return body
