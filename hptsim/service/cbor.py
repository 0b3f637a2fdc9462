"""CBOR (RFC 8949), as far as answers of AWS need it: maps, lists, texts, numbers and times. botocore only reads it."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

HEADERS = {"Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}
"""The headers of an answer in CBOR."""


class Time(float):
    """Seconds since 1970, which are written as a time and not as a number."""


def written(value: Any) -> bytes:
    """A value as CBOR; every number is a floating-point one.

    >>> written({"a": [1.0]}).hex()
    'a1616181fb3ff0000000000000'
    """
    if isinstance(value, Mapping):
        return _head(5, len(value)) + b"".join(written(name) + written(inner) for name, inner in value.items())
    if isinstance(value, list):
        return _head(4, len(value)) + b"".join(map(written, value))
    if isinstance(value, str):
        return _head(3, len(value.encode())) + value.encode()
    number = b"\xfb" + struct.pack(">d", value)
    return b"\xc1" + number if isinstance(value, Time) else number


def _head(major: int, count: int) -> bytes:
    if count < 24:
        return bytes([major << 5 | count])
    return bytes([major << 5 | 26]) + count.to_bytes(4, "big")
