"""HTTP requests as calls of the service: which operation, in which region, with which body."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from hptsim.boto import DEFAULT_REGION
from hptsim.errors import ServiceError
from hptsim.optional import require
from hptsim.service.http import Call

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
    if target is None and not (request.method == "POST" and path == "/"):
        query = request.url.query
        operation = object_operation(request.method, path, dict(parse_qsl(query, keep_blank_values=True)))
        return Call("s3", operation, f"//{host}{path}?{query}", headers, b"", region, _endpoint(host))
    prefix, _, operation = (target or "").partition(".")
    if prefix not in _TARGETS or request.method != "POST":
        expected = " or ".join(f"POST with {name}.<operation>" for name in _TARGETS)
        text = f"X-Amz-Target: got {request.method} with {target!r}, expected {expected}"
        raise ServiceError("UnknownOperationException", text)
    return Call(_TARGETS[prefix], operation, path, headers, await body_of(request), region)


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
    """The body of a request; raises ServiceError: 413 above MAX_BODY, 408 when it does not come.

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
        raise ServiceError("RequestEntityTooLargeException", f"The body is longer than {MAX_BODY} bytes.", 413)
    return bytes(body)
