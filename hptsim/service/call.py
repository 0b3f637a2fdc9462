"""One request to a service of AWS, whoever sends it and however, and its answer."""

from __future__ import annotations

from collections.abc import Mapping

import attrs


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
    method: str = ""
    """The HTTP method; a request without one is not offered to moto."""


@attrs.frozen
class Response:
    """An HTTP response: status, headers and body."""

    status: int
    headers: Mapping[str, str]
    body: bytes
