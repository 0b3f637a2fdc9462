"""The handlers that answer a client of botocore or aiobotocore in its own process.

botocore's validation, serialization, parsing, waiters, paginators and modelled exceptions all run (W12). moto's handler
would be called after ours and would carry the request out a second time, so it is taken off a client that we answer, and
asked by ours where no simulation is there.
"""

from __future__ import annotations

import inspect
import io
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from hptsim.boto import clock
from hptsim.errors import NoAnswer
from hptsim.optional import require
from hptsim.service import elsewhere
from hptsim.service.call import Response
from hptsim.service.http import Call, Wire
from hptsim.simulation.simulation import Simulation


def register(client: Any, whose: Callable[[], Simulation | None], *, again: bool = True) -> None:
    """Let a client's requests be answered by the simulation that *whose* returns when one is made.

    Without one the client does as ever. With *again* off, a client that has these handlers keeps them.
    """
    events = client.meta.events
    handlers = {
        "before-send": _Answering(client.meta, whose, is_async(client)),
        "choose-signer": _Signing(events, whose),
    }
    for event, handler in handlers.items():
        if again:
            events.unregister(event, unique_id=f"hptsim {event}")
        events.register_first(event, handler, unique_id=f"hptsim {event}")


def is_async(client: Any) -> bool:
    """Whether a client is one of aiobotocore's, whose calls are awaited."""
    return any(one.__module__.partition(".")[0] == "aiobotocore" for one in type(client).__mro__)


class _Signing:
    """At `choose-signer`, before each sending: no signature; and moto's handler, if it is there, leaves the client."""

    def __init__(self, events: Any, whose: Callable[[], Simulation | None]) -> None:
        self._events, self._whose = events, whose
        self._unsigned = require("botocore", "boto", "hptsim.boto").UNSIGNED

    def __call__(self, **more: Any) -> Any:
        if (moto := elsewhere.stubber(load=False)) is not None:
            self._events.unregister("before-send", moto)
        return None if self._whose() is None else self._unsigned


class _Answering:
    """At `before-send`: the answer."""

    def __init__(self, meta: Any, whose: Callable[[], Simulation | None], awaited: bool) -> None:
        self._meta, self._whose, self._awaited = meta, whose, awaited
        self._wire: tuple[Simulation, Wire] | None = None

    def __call__(self, request: Any, event_name: str, **more: Any) -> Any:
        sim = self._whose()
        if sim is None:
            return self._motos(request, event_name, **more)
        return self._later(sim, request, event_name) if self._awaited else self._now(sim, request, event_name)

    def _motos(self, request: Any, event_name: str, **more: Any) -> Any:
        """What moto's handler would have answered: nothing, unless `mock_aws` is on."""
        moto = elsewhere.stubber(load=False)
        return None if moto is None or self._awaited else moto(event_name=event_name, request=request, **more)

    def _now(self, sim: Simulation, request: Any, event_name: str) -> Any:
        body = request.body.read() if hasattr(request.body, "read") else request.body
        try:
            return self._shown(request, self._answer(sim, request, event_name, body))
        except NoAnswer as error:
            clock.wait(self._meta.config.read_timeout)
            raise timed_out(request, error) from error

    async def _later(self, sim: Simulation, request: Any, event_name: str) -> Any:
        clock.check_loop()
        body = request.body.read() if hasattr(request.body, "read") else request.body
        body = await body if inspect.isawaitable(body) else body
        try:
            return self._shown(request, self._answer(sim, request, event_name, body))
        except NoAnswer as error:
            await clock.wait_async(self._meta.config.read_timeout)
            raise timed_out(request, error) from error

    def _answer(self, sim: Simulation, request: Any, event_name: str, body: Any) -> Response:
        if self._wire is None or self._wire[0] is not sim:
            self._wire = sim, Wire(sim)
        return self._wire[1].answer(as_call(self._meta, request, event_name, body))

    def _shown(self, request: Any, answered: Response) -> Any:
        if self._awaited:
            response = require("aiobotocore.awsrequest", "async", "asynchronous clients").AioAWSResponse
            return response(request.url, answered.status, answered.headers, _AsyncRaw(answered))
        return as_botocores(request, answered)


def as_call(meta: Any, request: Any, event_name: str, body: Any) -> Call:
    """What botocore is about to send at the event `before-send`, as one request."""
    given = body.encode() if isinstance(body, str) else bytes(body or b"")
    headers = {name: _text(value) for name, value in request.headers.items()}
    service, operation = meta.service_model.service_name, event_name.rpartition(".")[2]
    endpoint, region = urlsplit(meta.endpoint_url).netloc, meta.region_name
    return Call(service, operation, request.url, headers, given, region, endpoint, request.method)


def as_botocores(request: Any, answered: Response) -> Any:
    """A response as botocore takes it."""
    response = require("botocore.awsrequest", "boto", "hptsim.boto").AWSResponse
    return response(request.url, answered.status, answered.headers, _Raw(answered.body))


def timed_out(request: Any, error: NoAnswer) -> Exception:
    """What botocore raises when no answer comes."""
    raised: Exception = require("botocore.exceptions", "boto", "hptsim.boto").ReadTimeoutError(
        endpoint_url=request.url, error=error
    )
    return raised


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


class _Raw(io.BytesIO):
    """A body as urllib3 hands it over: readable at once or in pieces."""

    def stream(self, *arguments: Any, **more: Any) -> Iterator[bytes]:
        while piece := self.read(65536):
            yield piece


class _Content(io.BytesIO):
    """A body as aiohttp's stream."""

    async def read(self, size: int | None = -1) -> bytes:  # type: ignore[override]
        return super().read(-1 if size is None else size)

    def at_eof(self) -> bool:
        return self.tell() == len(self.getbuffer())


class _AsyncRaw:
    """A response as aiohttp hands it over, as far as aiobotocore looks at it."""

    def __init__(self, answered: Response) -> None:
        self.status, self.headers = answered.status, answered.headers
        self.content = _Content(answered.body)

    async def read(self) -> bytes:
        return await self.content.read()

    def close(self) -> None:
        """Nothing is open."""

    async def __aenter__(self) -> _AsyncRaw:
        return self

    async def __aexit__(self, *error: object) -> None:
        self.close()
