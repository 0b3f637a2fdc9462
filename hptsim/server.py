"""The twin over HTTP, for the service's command line, other languages and containers.

The wire is the one that the clients in process use. Simulated time runs at a multiple of real time, or stands still and
is moved by hand at `/_hptsim/advance`; it is brought up to date at each request, so nothing runs between them.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import math
import re
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from importlib import resources
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from hptsim.boto import DEFAULT_REGION
from hptsim.errors import ServiceError, answered, invalid
from hptsim.model.journal import encode
from hptsim.optional import require
from hptsim.scenario.scenario import Scenario
from hptsim.service.http import Call, Wire, refusal
from hptsim.service.s3 import Response as Answered
from hptsim.service.service import Service
from hptsim.simulation.simulation import Simulation

require("starlette", "server", "the server")


from starlette.applications import Starlette  # noqa: E402
from starlette.concurrency import run_in_threadpool  # noqa: E402
from starlette.requests import ClientDisconnect, Request  # noqa: E402
from starlette.responses import JSONResponse, Response  # noqa: E402
from starlette.routing import Route  # noqa: E402

MAX_BODY = 2**20
"""Bytes of a request; the service's own requests are far smaller."""
BODY_TIMEOUT_S = 30.0
"""How long a client may take to send a body (real time)."""
PAGE_OF_JOURNAL = 10_000
"""Entries in one answer of `/_hptsim/journal`."""
_HEARD_OUT = 16 * MAX_BODY
_YEAR_10000 = 253402300800.0
_TARGETS = {"SageMaker": "sagemaker", "Logs_20140328": "logs"}
_METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]
_SCOPE = re.compile(r"Credential=[^/,]*/\d{8}/([a-z0-9-]{1,32})/")
_PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; connect-src 'self'; "
    "style-src 'unsafe-inline'; script-src 'unsafe-inline'"
}


class Pace:
    """Which simulated time it is: *speed* seconds to a real second, or standing still at speed 0.

    >>> real = iter([0.0, 2.0])
    >>> sim = Simulation(); pace = Pace(sim, 60, lambda: next(real)); pace.catch_up(); sim.now
    120.0
    """

    def __init__(self, sim: Simulation, speed: float = 0.0, clock: Callable[[], float] = time.monotonic) -> None:
        self.sim, self.speed, self.clock = sim, speed, clock
        self.lock = Service.of(sim).lock
        self._last = _YEAR_10000 - 1 - Service.of(sim).epoch_s
        self._start(sim.now)

    def _start(self, now: float) -> None:
        self._began, self._from_s = self.clock(), now

    def catch_up(self) -> None:
        """Let happen what is due by now."""
        if self.speed:
            with self.lock:
                due = min(self._from_s + (self.clock() - self._began) * self.speed, self._last)
                if due > self.sim.now:
                    self.sim.run(until=due)

    def move(self, given: Any) -> None:
        """Advance by {"seconds": n}, or to {"until": t} (simulated seconds).

        Raises ServiceError (ValidationException) for anything else; nothing moved then.
        """
        with self.lock:
            with answered():
                until = self._asked(given)
            self.sim.run(until=until)
            self._start(self.sim.now)

    def _asked(self, given: Any) -> float:
        """The simulated time that a request to advance asks for."""
        if not isinstance(given, dict) or len(given) != 1 or not given.keys() <= {"seconds", "until"}:
            raise invalid("advance", given, 'one of {"seconds": n} and {"until": t}')
        [(name, value)] = given.items()
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < math.inf:
            raise invalid(name, value, "a number of simulated seconds")
        start = 0.0 if name == "until" else self.sim.now
        if not self.sim.now - start <= value <= self._last - start:
            raise invalid(name, value, f"from {self.sim.now - start:g} to {self._last - start:g} (the year 9999)")
        return float(start + value)


def application(sim: Simulation, *, speed: float = 0.0, clock: Callable[[], float] = time.monotonic) -> Starlette:
    """The ASGI application of a simulation; at *speed* 0 its time stands still.

    `/_hptsim/health`, `/_hptsim/journal?after=n` (JSON Lines), `/_hptsim/advance` and the page `/_hptsim/` are the twin's
    own; everything else is SageMaker, CloudWatch Logs and S3 with the bucket in the path.

    >>> application(Simulation()).routes[0].path
    '/_hptsim/health'
    """
    wire, pace = Wire(sim), Pace(sim, speed, clock)

    def health() -> Response:
        with pace.lock:
            pace.catch_up()
            shown = {"status": "ok", "now": sim.now, "speed": speed or "manual"}
            return JSONResponse({**shown, "journal": len(sim.journal), "tuning_jobs": len(sim.tuning_jobs)})

    def journal(given: str) -> Response:
        after = int(given) if given.isdecimal() and len(given) < 16 else None
        if after is None:
            with answered():
                raise invalid("after", given, "how many entries you have, 0 or more")
        with pace.lock:
            pace.catch_up()
            entries = list(islice(sim.journal.entries, after, after + PAGE_OF_JOURNAL))
        return Response("".join(map(encode, entries)), media_type="application/jsonl")

    def advance(body: bytes) -> Response:
        try:
            given = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise ServiceError("SerializationException", f"The body is not JSON: {error}") from None
        with pace.lock:
            pace.catch_up()
            pace.move(given)
            return JSONResponse({"now": sim.now})

    def answer(call: Call) -> Response:
        with pace.lock:
            pace.catch_up()
            return _shown(wire.answer(call))

    async def on_health(request: Request) -> Response:
        return await run_in_threadpool(health)

    async def on_journal(request: Request) -> Response:
        return await run_in_threadpool(journal, request.query_params.get("after", "0"))

    async def on_advance(request: Request) -> Response:
        return await run_in_threadpool(advance, await _body(request))

    async def on_page(request: Request) -> Response:
        return Response(page(), media_type="text/html", headers=_PAGE_HEADERS)

    async def on_other(request: Request) -> Response:
        raise ServiceError(
            "NotFound", f"{request.method} {request.url.path} is not here; try /_hptsim/ for the page", 404
        )

    async def on_call(request: Request) -> Response:
        return await run_in_threadpool(answer, await _call(request))

    routes = [
        Route("/_hptsim/health", _kind(on_health)),
        Route("/_hptsim/journal", _kind(on_journal)),
        Route("/_hptsim/advance", _kind(on_advance), methods=["POST"]),
        Route("/_hptsim/", _kind(on_page)),
        Route("/_hptsim/{rest:path}", _kind(on_other), methods=_METHODS),
        Route("/{rest:path}", _kind(on_call), methods=_METHODS),
    ]
    return Starlette(routes=routes, exception_handlers={Exception: _our_mistake})


def page() -> str:
    """The page that shows the timeline live: one file, nothing loaded from elsewhere.

    >>> page()[:15]
    '<!doctype html>'
    """
    return resources.files("hptsim").joinpath("timeline.html").read_text(encoding="utf-8")


# ---------------------------------------------------------------------- from HTTP to the wire and back

Endpoint = Callable[[Request], Awaitable[Response]]


def _kind(endpoint: Endpoint) -> Endpoint:
    """An endpoint whose refusals are answered in the service's envelope."""

    async def run(request: Request) -> Response:
        try:
            return await endpoint(request)
        except ServiceError as error:
            return _shown(refusal(error))

    return run


def _shown(response: Answered) -> Response:
    return Response(response.body, response.status, dict(response.headers))


async def _our_mistake(request: Request, error: Exception) -> Response:
    """What the twin did wrong is the service's InternalFailure; the traceback goes to the server's log."""
    return _shown(refusal(ServiceError("InternalFailure", f"hptsim: {error}", 500)))


async def _call(request: Request) -> Call:
    """The call that an HTTP request makes; raises ServiceError (UnknownOperationException, and those of `_body`)."""
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
    return Call(_TARGETS[prefix], operation, path, headers, await _body(request), region)


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


async def _body(request: Request) -> bytes:
    """The body of a request; raises ServiceError: 413 above MAX_BODY, 408 when it does not come.

    A client that is still sending does not read: one with too much to say is heard out, up to a point.
    """
    body, size = bytearray(), 0
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            async for piece in request.stream():
                size += len(piece)
                if size <= MAX_BODY:
                    body += piece
                elif size > _HEARD_OUT:
                    break
    except TimeoutError:
        raise ServiceError("RequestTimeout", f"The body did not come within {BODY_TIMEOUT_S:g} s.", 408) from None
    except ClientDisconnect:
        raise ServiceError("RequestTimeout", "The client went away while it sent its body.") from None
    if size > MAX_BODY:
        raise ServiceError("RequestEntityTooLargeException", f"The body is longer than {MAX_BODY} bytes.", 413)
    return bytes(body)


# ---------------------------------------------------------------------- the command


def serve(
    file: Path | None = None, *, host: str = "127.0.0.1", port: int = 8765, speed: str = "1", seed: int = 0
) -> int:
    """Serve the twin over HTTP until Ctrl-C: point any client's endpoint URL at it.

    Parameters
    ----------
    file
        the scenario; without it an empty account
    host
        where to listen; anybody who reaches another address than loopback can use the twin
    port
        the port; 0 takes any that is free
    speed
        simulated seconds per real second, or manual: time stands still and POST /_hptsim/advance moves it
    seed
        the seed of every random stream
    """
    pace = _speed(speed)
    sim = Simulation(Scenario() if file is None else Scenario.load(file), seed=seed)
    app = application(sim, speed=pace)
    uvicorn = require("uvicorn", "server", "the server")
    with _listen(host, port) as listening:
        if not _loopback(host):
            print(
                f"hptsim: warning: {host} is not loopback; everybody who can reach it can use the twin", file=sys.stderr
            )
        shown = f"[{host}]" if ":" in host else host
        print(f"hptsim serves http://{shown}:{listening.getsockname()[1]}/_hptsim/ (Ctrl-C ends it)", flush=True)
        config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=2)
        uvicorn.Server(config).run(sockets=[listening])
    return 0


def _speed(given: str) -> float:
    try:
        speed = 0.0 if given == "manual" else float(given)
    except ValueError:
        speed = math.nan
    if not 0 <= speed < math.inf or (speed == 0 and given != "manual"):
        raise invalid("--speed", given, "manual, or simulated seconds per real second", "for example 60")
    return speed


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket; raises InvalidInput when it cannot be had."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=2048)
    except (OSError, OverflowError) as error:
        raise invalid("--host, --port", f"{host}:{port}", "an address to listen at", str(error)) from None
