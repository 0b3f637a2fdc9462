"""Requests that are no matter of the twin: moto answers them in process, where it is installed."""

from __future__ import annotations

import importlib
import sys
import threading
from typing import Any
from urllib.parse import urlsplit

from hptsim.optional import require
from hptsim.service.call import Call, Response
from hptsim.service.responses import Address
from hptsim.service.validation import model

_one_at_a_time = threading.RLock()
"""moto's backends are plain dictionaries, shared by the whole process."""


def stubber(*, load: bool = True) -> Any:
    """moto's handler of requests, nothing where moto is not installed; with *load* off also where nobody has imported it."""
    name = "moto.core.models"
    if not load and name not in sys.modules:
        return None
    try:
        return importlib.import_module(name).botocore_stubber
    except ImportError:
        return None


def answer(call: Call) -> Response | None:
    """What moto answers; nothing where it is not installed or does not know the operation.

    Its state is the process's, as ever: `moto.mock_aws` and `hptsim.boto.mock` begin with nothing in it. Outside of
    `mock_aws` the account is the twin's (111122223333), so that ARNs agree.
    """
    handler = stubber() if call.method else None
    if (
        handler is None or call.operation not in model(call.service).operation_names
    ):  # moto fails at what AWS does not have
        return None
    with _one_at_a_time:
        try:
            answered = handler.process_request(_request(call, handler.enabled))
        except NotImplementedError:  # what moto raises for operations that it does not have
            return None
    if answered is None or answered[::2] == (404, "Not yet implemented"):
        return None
    status, headers, body = answered
    return Response(status, dict(headers), body.encode() if isinstance(body, str) else bytes(body))


def advice() -> str:
    """What to do about an operation that nobody has answered."""
    if stubber() is None:
        return "moto may answer it where it is installed: pip install 'hptsim[aws]'"
    return "moto does not answer it either"


def forget() -> None:
    """Empty moto's state, unless it was never loaded or `mock_aws` is on, which does so itself."""
    handler = stubber(load=False)
    if handler is not None and not handler.enabled:
        with _one_at_a_time:
            importlib.import_module("moto.core.base_backend").BackendDict.reset()


def _request(call: Call, mocked: bool) -> Any:
    """The request as moto expects it: to an address of AWS, in the region's name, with an account."""
    http = require("botocore.awsrequest", "boto", "hptsim.boto")
    parts = urlsplit(call.url)
    metadata = model(call.service).metadata
    host = parts.netloc
    if not host.endswith((".amazonaws.com", ".amazonaws.com.cn")):
        service = f"{metadata['endpointPrefix']}.{call.region}.amazonaws.com"
        before = host.removesuffix(call.endpoint) if call.endpoint and host.endswith(f".{call.endpoint}") else ""
        host = f"{before}{service}"
    url = parts._replace(scheme="https", netloc=host).geturl()
    headers = http.HeadersDict(dict(call.headers))
    if "Authorization" not in headers:  # requests of our clients are not signed; moto reads the region there
        scope = f"hptsim/20240101/{call.region}/{metadata.get('signingName', metadata['endpointPrefix'])}"
        headers["Authorization"] = f"AWS4-HMAC-SHA256 Credential={scope}/aws4_request, SignedHeaders=host, Signature=0"
    if not mocked:
        headers["x-moto-account-id"] = Address().number
    return http.AWSPreparedRequest(call.method, url, headers, call.body, False)
