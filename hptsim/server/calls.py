"""HTTP requests as calls of the service: which operation, in which region, with which body; and errors in its format."""

from __future__ import annotations

import asyncio
import re
import zlib
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit
from xml.sax.saxutils import escape

from hptsim.boto import DEFAULT_REGION
from hptsim.errors import ServiceError
from hptsim.optional import require
from hptsim.service.call import Call
from hptsim.service.refusals import refusal
from hptsim.service.s3 import Response

require("starlette", "server", "the server")

from starlette.requests import ClientDisconnect, Request  # noqa: E402

MAX_BODY = 2**20
"""Bytes of a request; the service's own requests are far smaller."""
BODY_TIMEOUT_S = 30.0
"""How long a client may take to send a body (real time)."""
_MOST_READ = 16 * MAX_BODY
_TARGETS = {"SageMaker": "sagemaker", "Logs_20140328": "logs"}
_SCOPE = re.compile(r"Credential=[^/,]*/\d{8}/([a-z0-9-]{1,32})/")


async def call_of(request: Request) -> Call:
    """The call that an HTTP request makes; raises ServiceError (UnknownOperationException, and those of `body_of`)."""
    host, headers = request.headers.get("host", ""), dict(request.headers)
    path = request.scope.get("raw_path", request.url.path.encode()).decode("latin-1")
    scope = _SCOPE.search(headers.get("authorization", ""))
    region = scope[1] if scope else DEFAULT_REGION
    target = headers.get("x-amz-target")
    if _is_of_s3(request):
        query = request.url.query
        operation = object_operation(request.method, path, dict(parse_qsl(query, keep_blank_values=True)))
        return Call("s3", operation, f"//{host}{path}?{query}", headers, b"", region, _endpoint(host))
    prefix, _, operation = (target or "").partition(".")
    if prefix not in _TARGETS or request.method != "POST":
        expected = " or ".join(f"POST with {name}.<operation>" for name in _TARGETS)
        text = f"X-Amz-Target: got {request.method} with {target!r}, expected {expected}"
        raise ServiceError("UnknownOperationException", text)
    return Call(_TARGETS[prefix], operation, path, headers, await body_of(request), region)


def _is_of_s3(request: Request) -> bool:
    """Whether a request is one to S3, which names its operations by methods and paths."""
    own = request.url.path.startswith("/_hptsim/")
    return "x-amz-target" not in request.headers and not own and (request.method, request.url.path) != ("POST", "/")


def refused(request: Request, error: ServiceError) -> Response:
    """An error in the format of the service that was asked: XML of S3, JSON of the others."""
    if not _is_of_s3(request):
        return refusal(error)
    text = f"<Error><Code>{escape(error.code)}</Code><Message>{escape(_printable(error.message))}</Message></Error>"
    return Response(error.http_status, {"Content-Type": "application/xml"}, text.encode())


def _printable(text: str) -> str:
    """A text without the characters that XML cannot hold."""
    return "".join(one if one.isprintable() else "?" for one in text)


def _endpoint(host: str) -> str:
    """The host of the service itself: clients of `localhost` put the bucket before it."""
    try:
        urlsplit(f"//{host}")
    except ValueError as error:
        raise ServiceError("ValidationException", f"Host: got {host!r}, expected a host and port: {error}") from None
    name, colon, port = host.partition(":")
    return f"localhost{colon}{port}" if name.endswith(".localhost") else host


def object_operation(method: str, path: str, query: Mapping[str, str]) -> str:
    """S3's name of an operation, as far as the twin needs it: those that it models, and what to call the others.

    >>> object_operation("GET", "/bucket", {"list-type": "2"}), object_operation("GET", "/bucket/a/b", {})
    ('ListObjectsV2', 'GetObject')
    """
    key = path.strip("/").partition("/")[2]
    if method == "GET" and query.get("list-type") == "2" and not key:
        return "ListObjectsV2"
    part = next((name for name, value in query.items() if not value), "")  # such as ?tagging
    named = {"GET": "GetObject", "HEAD": "HeadObject", "PUT": "PutObject", "DELETE": "DeleteObject"}
    return named[method] if key and not part and method in named else f"{method} {path}{part and '?' + part}"


async def body_of(request: Request) -> bytes:
    """The body of a request, unpacked; raises ServiceError: 413 above MAX_BODY, 408 when it does not come, 415 for a coding.

    A client that is still sending does not read: one that sends too much is read to its end, up to `_MOST_READ` bytes.
    """
    body, size = bytearray(), 0
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            async for piece in request.stream():
                size += len(piece)
                if size <= MAX_BODY:
                    body += piece
                elif size > _MOST_READ:
                    break
    except TimeoutError:
        raise ServiceError("RequestTimeout", f"The body did not come within {BODY_TIMEOUT_S:g} s.", 408) from None
    except ClientDisconnect:
        raise ServiceError("RequestTimeout", "The client closed the connection before it had sent its body.") from None
    if size > MAX_BODY:
        raise _too_long()
    return _unpacked(bytes(body), request.headers.get("content-encoding", "identity").strip().lower())


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
        raise _too_long()
    if not unpacking.eof or unpacking.unused_data:
        raise ServiceError("SerializationException", "The body is not one whole piece of gzip.")
    return unpacked


def _too_long() -> ServiceError:
    return ServiceError("RequestEntityTooLargeException", f"The body is longer than {MAX_BODY} bytes.", 413)
