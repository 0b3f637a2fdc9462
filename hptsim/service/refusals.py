"""Errors as each of the protocols of AWS writes them."""

from __future__ import annotations

import json
from xml.sax.saxutils import escape

from hptsim.errors import ServiceError
from hptsim.service import cbor
from hptsim.service.call import Response
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
        said = cbor.written({"__type": error.code, "message": error.message})
        return Response(error.http_status, cbor.HEADERS, said)
    if protocol in ("json", "rest-json"):
        return refusal(error)
    message = "".join(one if one.isprintable() else "?" for one in error.message)  # XML cannot hold every character
    text = f"<Error><Code>{error.code}</Code><Message>{escape(message)}</Message></Error>"
    if service == "s3":
        return Response(error.http_status, {"Content-Type": "application/xml"}, text.encode())
    text = (
        f"<Response><Errors>{text}</Errors></Response>"
        if protocol == "ec2"
        else f"<ErrorResponse>{text}</ErrorResponse>"
    )
    return Response(error.http_status, {"Content-Type": "text/xml"}, text.encode())


def spoken(service: str) -> str:
    """The protocol that botocore's client of *service* speaks.

    >>> spoken("sagemaker"), spoken("iam"), spoken("s3")
    ('json', 'query', 'rest-xml')
    """
    return str(model(service).resolved_protocol)
