"""The ASGI application and its routes: the twin's own addresses, and the services at all others."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, Collection
from importlib import resources
from itertools import islice

from hptsim.boto import DEFAULT_REGION
from hptsim.errors import NoAnswer, ServiceError, answered, invalid
from hptsim.model.journal import encode
from hptsim.optional import require
from hptsim.server.call_log import CallLog
from hptsim.server.calls import body_of, call_of, refused
from hptsim.server.guard import check, check_json
from hptsim.server.kept_calls import Logged
from hptsim.server.pace import Pace
from hptsim.server.regions import Regions
from hptsim.service.call import Call
from hptsim.service.call import Response as Answered
from hptsim.service.service import Service
from hptsim.simulation.simulation import Simulation
from hptsim.views.marks import MARKS, mark_svg
from hptsim.views.palette import phase_variables
from hptsim.views.style import style_sheet

require("starlette", "server", "the server")

from starlette.applications import Starlette  # noqa: E402
from starlette.concurrency import run_in_threadpool  # noqa: E402
from starlette.requests import Request  # noqa: E402
from starlette.responses import JSONResponse, Response  # noqa: E402
from starlette.routing import Route  # noqa: E402
from starlette.types import Receive, Scope, Send  # noqa: E402

PAGE_OF_JOURNAL = 10_000
"""Entries in one answer of `/_hptsim/journal`."""
_PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; connect-src 'self'; "
    "style-src 'unsafe-inline'; script-src 'unsafe-inline'"
}


def application(
    twin: Simulation | Regions,
    *,
    speed: float = 0.0,
    clock: Callable[[], float] = time.monotonic,
    log: CallLog | None = None,
    allowed_hosts: Collection[str] = (),
) -> Starlette:
    """The ASGI application of a simulation, which is that of us-east-1, or of several regions; at *speed* 0 time stands still.

    `/_hptsim/health`, `/_hptsim/journal?after=n&region=name` (JSON Lines), `/_hptsim/advance` and the page `/_hptsim/` are the
    twin's own; everything else is SageMaker and the services near it, S3 with the bucket in the path. *log* keeps what is asked.
    Requests whose Host is neither an address nor localhost nor one of *allowed_hosts* are refused, and those of other origins.

    >>> application(Simulation()).routes[0].path
    '/_hptsim/health'
    """
    regions = twin if isinstance(twin, Regions) else Regions(twin)
    answers = _Answers(regions, Pace(regions, speed, clock), log)

    async def on_health(request: Request) -> Response:
        return await run_in_threadpool(answers.health)

    async def on_journal(request: Request) -> Response:
        asked = request.query_params
        return await run_in_threadpool(answers.journal, asked.get("after", "0"), asked.get("region", DEFAULT_REGION))

    async def on_advance(request: Request) -> Response:
        check_json(request)
        return await run_in_threadpool(answers.advance, await body_of(request))

    async def on_page(request: Request) -> Response:
        return Response(page(), media_type="text/html", headers=_PAGE_HEADERS)

    async def on_other(request: Request) -> Response:
        raise ServiceError(
            "NotFound", f"{request.method} {request.url.path} is not here; try /_hptsim/ for the page", 404
        )

    async def on_call(request: Request) -> Response:
        return await run_in_threadpool(answers.call, await call_of(request))

    routes = [
        ("/_hptsim/health", on_health, ["GET"]),
        ("/_hptsim/journal", on_journal, ["GET"]),
        ("/_hptsim/advance", on_advance, ["POST"]),
        ("/_hptsim/", on_page, ["GET"]),
        ("/_hptsim/{rest:path}", on_other, None),
        ("/{rest:path}", on_call, None),
    ]
    return Starlette(
        routes=[Route(path, _Door(endpoint, allowed_hosts), methods=methods) for path, endpoint, methods in routes],
        exception_handlers={404: _no_such_place, Exception: _internal_failure},
    )


class _Answers:
    """What is answered, each time at the present simulated time."""

    def __init__(self, regions: Regions, pace: Pace, log: CallLog | None) -> None:
        self.regions, self.pace, self.log = regions, pace, log

    def health(self) -> Response:
        with self.regions.lock:
            self._catch_up()
            entries = {name: len(region.sim.journal) for name, region in self.regions.made.items()}
            shown = {"status": "ok", "now": self.regions.now, "speed": self.pace.speed or "manual"}
            jobs = sum(len(region.sim.tuning_jobs) for region in self.regions.made.values())
            return JSONResponse({**shown, "journal": sum(entries.values()), "tuning_jobs": jobs, "regions": entries})

    def journal(self, given: str, region: str) -> Response:
        after = int(given) if given.isdecimal() and len(given) < 16 else None
        if after is None:
            with answered():
                raise invalid("after", given, "how many entries you have, 0 or more")
        with self.regions.lock:
            self._catch_up()
            if region not in self.regions.made:
                raise ServiceError("NotFound", f"Nothing was asked of a region {region!r:.80} yet.", 404)
            entries = list(islice(self.regions.made[region].sim.journal.entries, after, after + PAGE_OF_JOURNAL))
        return Response("".join(map(encode, entries)), media_type="application/jsonl")

    def advance(self, body: bytes) -> Response:
        try:
            given = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise ServiceError("SerializationException", f"The body is not JSON: {error}") from None
        with self.regions.lock:
            self._catch_up()
            self.pace.move(given)
            now = self.regions.now
            if self.log is not None:
                self.log.note_time(now, moved=True)
        self._sync()
        return JSONResponse({"now": now})

    def call(self, call: Call) -> Response:
        try:
            return _shown(self._carried_out(call))
        finally:
            self._sync()

    def _carried_out(self, call: Call) -> Answered:
        with self.regions.lock:
            self.pace.catch_up()
            region, status = self.regions.of(call.region), 500
            with Service.of(region.sim).lock:
                try:
                    answer = region.wire.answer(call)
                    status = answer.status
                except NoAnswer:
                    status = 0
                    raise
                finally:
                    if self.log is not None:
                        self.log.note(Logged(region.sim.now, call, status, len(region.sim.journal)))
                return answer

    def _catch_up(self) -> None:
        self.pace.catch_up()
        if self.log is not None:
            self.log.note_time(self.regions.now)

    def _sync(self) -> None:
        if self.log is not None:
            self.log.sync()


def page() -> str:
    """The page that shows the timeline as it grows: one file, nothing loaded from elsewhere.

    >>> page()[:15]
    '<!doctype html>'
    """
    text = resources.files("hptsim").joinpath("timeline.html").read_text(encoding="utf-8")
    marks = {status: mark_svg(status) for status in MARKS}
    phases = {phase: color for phase, color in phase_variables().items() if ":" not in phase}
    filled = {"@STYLE@": style_sheet(), "@PHASES@": json.dumps(phases), "@MARKS@": json.dumps(marks)}
    for place, value in filled.items():
        text = text.replace(place, value)
    return text


Endpoint = Callable[[Request], Awaitable[Response]]


class _Door:
    """An endpoint as an ASGI application: who may not ask is refused, and errors have the format of the service asked."""

    def __init__(self, endpoint: Endpoint, allowed_hosts: Collection[str]) -> None:
        self._endpoint, self._allowed_hosts = endpoint, allowed_hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        response = await self._answer(request)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        try:
            check(request, self._allowed_hosts)
            return await self._endpoint(request)
        except ServiceError as error:
            return _shown(refused(request, error))
        except NoAnswer:
            return _Unfinished()


class _Unfinished(Response):
    """A response that never ends: the server closes the connection in its midst, and the client's request fails."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b" ", "more_body": True})


def _shown(response: Answered) -> Response:
    return Response(response.body, response.status, dict(response.headers))


async def _no_such_place(request: Request, error: Exception) -> Response:
    """What a request is for that is not for a path, such as `OPTIONS *`."""
    said = f"{request.method} {request.scope['path']:.80} is not here; a path begins with a slash"
    return _shown(refused(request, ServiceError("NotFound", said, 404)))


async def _internal_failure(request: Request, error: Exception) -> Response:
    """What the twin did wrong is the service's InternalFailure; the traceback goes to the server's log."""
    return _shown(refused(request, ServiceError("InternalFailure", f"hptsim: {error}", 500)))
