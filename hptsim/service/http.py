"""HTTP for the services of the twin: one request in, one response out, independent of the transport.

SageMaker and CloudWatch Logs speak JSON 1.1 (W2 to W5), S3 speaks XML over paths. A request that is no matter of the twin
is offered to moto (`hptsim.service.elsewhere`), and refused where that has no answer either.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import attrs

from hptsim.errors import ServiceError
from hptsim.service import cloudwatch, cloudwatch_logs, elsewhere, s3, service, service_quotas
from hptsim.service.call import Call as Call
from hptsim.service.call import Response
from hptsim.service.cloudwatch import CloudWatch
from hptsim.service.cloudwatch_logs import Logs
from hptsim.service.refusals import in_protocol, refusal
from hptsim.service.s3 import S3, Asked
from hptsim.service.service import Service, not_modelled
from hptsim.service.service_quotas import ServiceQuotas
from hptsim.service.validation import model
from hptsim.simulation.simulation import Simulation

MODELLED = {
    "sagemaker": service.OPERATIONS,
    "s3": s3.OPERATIONS,
    "logs": cloudwatch_logs.OPERATIONS,
    "cloudwatch": cloudwatch.OPERATIONS,
    "service-quotas": service_quotas.OPERATIONS,
}
"""What is the twin's matter: its operations, by service."""
SERVICES = tuple(MODELLED)
WHOLLY = ("s3", "logs", "service-quotas")
"""Services of which moto is asked nothing: it would not see what the twin has there."""
JSON = "application/x-amz-json-1.1"


class Wire:
    """The services of one simulation as HTTP.

    >>> wire = Wire(Simulation())
    >>> wire.answer(Call("sagemaker", "ListTrainingJobs", body=b"{}")).body
    b'{"TrainingJobSummaries": []}'
    """

    def __init__(self, sim: Simulation) -> None:
        service = Service.of(sim)
        quotas = ServiceQuotas(service)
        self._call = {"sagemaker": service.call, "logs": Logs(service).call, "service-quotas": quotas.call}
        self._cloudwatch = CloudWatch(service)
        self._s3 = S3(service)
        self._serial = itertools.count(1)

    def answer(self, call: Call) -> Response:
        """Answer one request, refusals included; raises NoAnswer for one that gets no answer, and errors of the twin itself."""
        serial = f"{next(self._serial):012x}"
        request_id = {"x-amzn-RequestId": f"00000000-0000-4000-8000-{serial}", "x-amz-request-id": serial}
        response = self._twins(call) if is_the_twins(call) else elsewhere.answer(call) or self._refused(call)
        return attrs.evolve(response, headers={**response.headers, **request_id})

    def _twins(self, call: Call) -> Response:
        if call.service == "cloudwatch":
            return self._cloudwatch.answer(call)
        return self._stored(call) if call.service == "s3" else self._json(call)

    def _refused(self, call: Call) -> Response:
        """The answer to a request that neither the twin nor moto knows, in the protocol that its client speaks."""
        error = not_modelled(call.service, call.operation, MODELLED.get(call.service, SERVICES))
        code = "NotImplemented" if call.service == "s3" else error.code
        return in_protocol(call.service, ServiceError(code, f"{error.message}; {elsewhere.advice()}"))

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
        return self._s3.answer(call.operation, Asked(bucket, key, query, call.headers, call.body, call.region))


def is_the_twins(call: Call) -> bool:
    """Whether the twin answers a request itself; everything else is moto's, where moto is installed.

    >>> is_the_twins(Call("sagemaker", "StopTrainingJob")), is_the_twins(Call("sagemaker", "CreateModel"))
    (True, False)
    """
    if call.service == "cloudwatch":
        return cloudwatch.is_the_twins(call)
    return call.service in WHOLLY or call.operation in MODELLED.get(call.service, ())


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
