"""The ASGI application and its routes: the twin's own addresses, and the three services at all others."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable
from importlib import resources
from itertools import islice

from hptsim.errors import NoAnswer, ServiceError, answered, invalid
from hptsim.model.journal import encode
from hptsim.optional import require
from hptsim.server.calls import body_of, call_of
from hptsim.server.pace import Pace
from hptsim.service.http import Call, Wire, refusal
from hptsim.service.s3 import Response as Answered
from hptsim.simulation.simulation import Simulation
from hptsim.views.palette import css, status_variables

require("starlette", "server", "the server")

from starlette.applications import Starlette  # noqa: E402
from starlette.concurrency import run_in_threadpool  # noqa: E402
from starlette.requests import Request  # noqa: E402
from starlette.responses import JSONResponse, Response  # noqa: E402
from starlette.routing import Route  # noqa: E402
from starlette.types import Receive, Scope, Send  # noqa: E402

PAGE_OF_JOURNAL = 10_000
"""Entries in one answer of `/_hptsim/journal`."""
_METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]
_PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; connect-src 'self'; "
    "style-src 'unsafe-inline'; script-src 'unsafe-inline'"
}


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
        return await run_in_threadpool(advance, await body_of(request))

    async def on_page(request: Request) -> Response:
        return Response(page(), media_type="text/html", headers=_PAGE_HEADERS)

    async def on_other(request: Request) -> Response:
        raise ServiceError(
            "NotFound", f"{request.method} {request.url.path} is not here; try /_hptsim/ for the page", 404
        )

    async def on_call(request: Request) -> Response:
        return await run_in_threadpool(answer, await call_of(request))

    routes = [
        Route("/_hptsim/health", _answered_as_the_service(on_health)),
        Route("/_hptsim/journal", _answered_as_the_service(on_journal)),
        Route("/_hptsim/advance", _answered_as_the_service(on_advance), methods=["POST"]),
        Route("/_hptsim/", _answered_as_the_service(on_page)),
        Route("/_hptsim/{rest:path}", _answered_as_the_service(on_other), methods=_METHODS),
        Route("/{rest:path}", _answered_as_the_service(on_call), methods=_METHODS),
    ]
    return Starlette(routes=routes, exception_handlers={Exception: _internal_failure})


def page() -> str:
    """The page that shows the timeline as it grows: one file, nothing loaded from elsewhere.

    >>> page()[:15]
    '<!doctype html>'
    """
    text = resources.files("hptsim").joinpath("timeline.html").read_text(encoding="utf-8")
    return text.replace("@PALETTE@", css()).replace("@PHASES@", json.dumps(status_variables()))


Endpoint = Callable[[Request], Awaitable[Response]]


def _answered_as_the_service(endpoint: Endpoint) -> Endpoint:
    """An endpoint that answers errors in the service's format."""

    async def run(request: Request) -> Response:
        try:
            return await endpoint(request)
        except ServiceError as error:
            return _shown(refusal(error))
        except NoAnswer:
            return _Unfinished()

    return run


class _Unfinished(Response):
    """A response that never ends: the server closes the connection in its midst, and the client's request fails."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b" ", "more_body": True})


def _shown(response: Answered) -> Response:
    return Response(response.body, response.status, dict(response.headers))


async def _internal_failure(request: Request, error: Exception) -> Response:
    """What the twin did wrong is the service's InternalFailure; the traceback goes to the server's log."""
    return _shown(refusal(ServiceError("InternalFailure", f"hptsim: {error}", 500)))
