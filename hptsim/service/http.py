"""HTTP for the three services: one request in, one response out, independent of the transport.

SageMaker and CloudWatch Logs speak JSON 1.1 (W2 to W5), S3 speaks XML over paths.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import attrs

from hptsim.errors import ServiceError
from hptsim.service.cloudwatch_logs import Logs
from hptsim.service.s3 import S3, Response
from hptsim.service.service import Service
from hptsim.service.validation import model
from hptsim.simulation.simulation import Simulation

SERVICES = ("sagemaker", "s3", "logs")
JSON = "application/x-amz-json-1.1"
_MODELLED = frozenset({"ResourceNotFound", "ResourceInUse", "ResourceLimitExceeded", "ConflictException"})


@attrs.frozen
class Call:
    """One HTTP request: the operation is known from its target header, or to the client that sends it."""

    service: str
    operation: str
    url: str = "/"
    headers: Mapping[str, str] = attrs.field(factory=dict)
    body: bytes = b""
    region: str = "us-east-1"
    endpoint: str = ""
    """Host and port of the service itself; a bucket may stand before it in the URL's host."""


class Wire:
    """The services of one simulation as HTTP.

    >>> wire = Wire(Simulation())
    >>> wire.answer(Call("sagemaker", "ListTrainingJobs", body=b"{}")).body
    b'{"TrainingJobSummaries": []}'
    """

    def __init__(self, sim: Simulation) -> None:
        service = Service.of(sim)
        self._call = {"sagemaker": service.call, "logs": Logs(service).call}
        self._s3 = S3(service)
        self._serial = itertools.count(1)

    def answer(self, call: Call) -> Response:
        """Answer one request, refusals included; raises NoAnswer for one that gets no answer, and errors of the twin itself."""
        serial = f"{next(self._serial):012x}"
        request_id = {"x-amzn-RequestId": f"00000000-0000-4000-8000-{serial}", "x-amz-request-id": serial}
        response = self._stored(call) if call.service == "s3" else self._json(call)
        return attrs.evolve(response, headers={**response.headers, **request_id})

    def _json(self, call: Call) -> Response:
        try:
            answer = self._call[call.service](call.operation, _parsed(call.body), region=call.region)
        except ServiceError as error:
            return refusal(error)
        except RecursionError:
            return refusal(ServiceError("SerializationException", "The body is nested too deeply."))
        silent = model(call.service).operation_model(call.operation).output_shape is None
        return Response(200, {"Content-Type": JSON}, b"" if silent else json.dumps(answer).encode())

    def _stored(self, call: Call) -> Response:
        parts = urlsplit(call.url)
        bucket, key = _place(parts.netloc, unquote(parts.path).removeprefix("/"), call.endpoint)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        return self._s3.answer(call.operation, bucket, key, query, call.headers)


def refusal(error: ServiceError) -> Response:
    """An error as JSON 1.1 has it: `Message` where the service's model knows the error, `message` elsewhere (A-44)."""
    name = "Message" if error.code in _MODELLED else "message"
    body = json.dumps({"__type": error.code, name: error.message}).encode()
    return Response(error.http_status, {"Content-Type": JSON, "x-amzn-ErrorType": error.code}, body)


def _parsed(body: bytes) -> Mapping[str, Any]:
    """The request in a body; raises ServiceError (SerializationException) when it is no JSON object."""
    try:
        request = json.loads(body or b"{}")
        if b"\\ud" in body.lower():
            json.dumps(request, ensure_ascii=False).encode()  # half a character cannot be written anywhere
    except (ValueError, RecursionError) as error:
        raise ServiceError("SerializationException", f"The body is not JSON: {error}") from None
    if not isinstance(request, dict):
        raise ServiceError("SerializationException", "The body is not a JSON object.")
    return request


def _place(host: str, path: str, endpoint: str) -> tuple[str, str]:
    """Bucket and key: the bucket stands before the endpoint in the host, or first in the path."""
    if host != endpoint and host.endswith(f".{endpoint}"):
        return host.removesuffix(f".{endpoint}"), path
    before, dot, _ = host.partition(".s3.")
    if dot and host != endpoint:
        return before, path
    bucket, _, key = path.partition("/")
    return bucket, key
