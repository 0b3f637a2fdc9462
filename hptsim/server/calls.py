"""HTTP requests as calls of the service: which operation, in which region, with which body; and errors in its format."""

from __future__ import annotations

import asyncio
import zlib
from urllib.parse import parse_qsl, urlsplit

from hptsim.errors import ServiceError
from hptsim.optional import require
from hptsim.server.services import object_operation, operation_of, region_of, service_of
from hptsim.service.call import Call, Response
from hptsim.service.refusals import in_protocol

require("starlette", "server", "the server")

from starlette.requests import ClientDisconnect, Request  # noqa: E402

MAX_BODY = 2**20
"""Bytes of a request; the service's own requests are far smaller."""
BODY_TIMEOUT_S = 30.0
"""How long a client may take to send a body (real time)."""
_MOST_READ = 16 * MAX_BODY
MAX_OBJECT = 64 * MAX_BODY
"""Bytes of an object, or of a part of one, that a client puts into S3."""
_TARGETS = {"SageMaker": "sagemaker", "Logs_20140328": "logs"}


async def call_of(request: Request) -> Call:
    """The call that an HTTP request makes; raises ServiceError (UnknownOperationException, and those of `body_of`)."""
    host, headers = request.headers.get("host", ""), dict(request.headers)
    path = request.scope.get("raw_path", request.url.path.encode()).decode("latin-1")
    region = region_of(headers)
    target = headers.get("x-amz-target")
    if _is_of_s3(request):
        query = request.url.query
        endpoint = _endpoint(host)
        place = path if endpoint == host else f"/{host.removesuffix(f'.{endpoint}')}{path}"
        operation = object_operation(request.method, place, dict(parse_qsl(query, keep_blank_values=True)), headers)
        body = await _received(request, MAX_OBJECT)
        return Call("s3", operation, f"//{host}{path}?{query}", headers, body, region, endpoint, request.method)
    prefix, _, operation = (target or "").partition(".")
    if prefix not in _TARGETS and (service := service_of(headers)) not in ("", *_TARGETS.values()):
        body, query = await body_of(request), request.url.query
        operation = operation_of(request.method, path, query, headers, body)
        return Call(service, operation, f"{path}?{query}", headers, body, region, "", request.method)
    if prefix not in _TARGETS or request.method != "POST":
        expected = " or ".join(f"POST with {name}.<operation>" for name in _TARGETS)
        text = f"X-Amz-Target: got {request.method} with {target!r}, expected {expected}"
        raise ServiceError("UnknownOperationException", text)
    return Call(_TARGETS[prefix], operation, path, headers, await body_of(request), region, "", request.method)


def _is_of_s3(request: Request) -> bool:
    """Whether a request is one to S3, which names its operations by methods and paths."""
    own = request.url.path.startswith("/_hptsim/")
    if (service := service_of(request.headers)) and not own:
        return service == "s3"
    return "x-amz-target" not in request.headers and not own and (request.method, request.url.path) != ("POST", "/")


def refused(request: Request, error: ServiceError) -> Response:
    """An error in the protocol of the service that was asked, JSON where that is not known."""
    return in_protocol("s3" if _is_of_s3(request) else service_of(request.headers) or "sagemaker", error)


def _endpoint(host: str) -> str:
    """The host of the service itself: clients of `localhost` put the bucket before it."""
    try:
        urlsplit(f"//{host}")
    except ValueError as error:
        raise ServiceError("ValidationException", f"Host: got {host!r}, expected a host and port: {error}") from None
    name, colon, port = host.partition(":")
    return f"localhost{colon}{port}" if name.endswith(".localhost") else host


async def body_of(request: Request) -> bytes:
    """The body of a request, unpacked; raises ServiceError: 413 above MAX_BODY, 408 when it does not come, 415 for a coding.

    A client that is still sending does not read: one that sends too much is read to its end, up to `_MOST_READ` bytes.
    """
    body = await _received(request, MAX_BODY)
    return _unpacked(body, request.headers.get("content-encoding", "identity").strip().lower())


async def _received(request: Request, most: int) -> bytes:
    """The body of a request as it comes, of at most *most* bytes."""
    body, size = bytearray(), 0
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            async for piece in request.stream():
                size += len(piece)
                if size <= most:
                    body += piece
                elif size > max(most, _MOST_READ):
                    break
    except TimeoutError:
        raise ServiceError("RequestTimeout", f"The body did not come within {BODY_TIMEOUT_S:g} s.", 408) from None
    except ClientDisconnect:
        raise ServiceError("RequestTimeout", "The client closed the connection before it had sent its body.") from None
    if size > most:
        raise _too_long(most)
    return bytes(body)


def _unpacked(body: bytes, coding: str) -> bytes:
    """A body without its coding, gzip or none; a small one that unpacks to more than MAX_BODY is not unpacked to its end."""
    if coding in ("", "identity"):
        return body
    if coding not in ("gzip", "x-gzip"):
        raise ServiceError(
            "UnsupportedMediaType", f"Content-Encoding: got {coding!r:.200}, expected 'gzip' or none", 415
        )
    unpacking = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        unpacked = unpacking.decompress(body, MAX_BODY + 1)
    except zlib.error as error:
        raise ServiceError("SerializationException", f"The body is not gzip: {error}") from None
    if len(unpacked) > MAX_BODY:
        raise _too_long(MAX_BODY)
    if not unpacking.eof or unpacking.unused_data:
        raise ServiceError("SerializationException", "The body is not one whole piece of gzip.")
    return unpacked


def _too_long(most: int) -> ServiceError:
    return ServiceError("RequestEntityTooLargeException", f"The body is longer than {most} bytes.", 413)
