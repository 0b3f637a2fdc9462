"""The server's socket and connections: answers leave at once, and a client that does not finish its request's head is cut off."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

from hptsim.errors import ServiceError, invalid
from hptsim.optional import require
from hptsim.service.refusals import refusal

require("uvicorn", "server", "the server")

import uvicorn  # noqa: E402
from uvicorn.protocols.http.h11_impl import H11Protocol  # noqa: E402

HEAD_TIMEOUT_S = 30.0
"""How long a client may take to send the head of a request (real time)."""
KEEP_ALIVE_S = 75.0
"""How long a connection without a request is kept: longer than the pools of common clients keep theirs."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; raises InvalidInput when it cannot be had.

    It says that it speaks TCP. asyncio turns Nagle's algorithm off (TCP_NODELAY) for the connections of such a socket only;
    with it, each answer on a kept connection waits some 40 ms for the client's delayed acknowledgement.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listening.bind((host, port))
        listening.listen(2048)
    except (OSError, OverflowError) as error:
        listening.close()
        raise invalid("--host, --port", f"{host}:{port}", "an address to listen at", str(error)) from None
    return listening


def http_server(app: Any) -> uvicorn.Server:
    """The server of an ASGI application; `run(sockets=[...])` serves until Ctrl-C."""
    config = uvicorn.Config(
        app,
        http=Connection,
        ws="none",
        log_level="error",
        timeout_graceful_shutdown=2,
        timeout_keep_alive=round(KEEP_ALIVE_S),
    )
    return uvicorn.Server(config)


class Connection(H11Protocol):
    """A connection of uvicorn's with a limit on the time in which the head of a request must come.

    The limit also holds for a new connection on which nothing comes, and for what is left of a request that was answered
    before its body had come.
    """

    _limit: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has connected."""
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Something has come."""
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """A request is answered."""
        super().on_response_complete()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is closed."""
        super().connection_lost(exc)
        self._end_watch()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP, and close the connection."""
        self.transport.write(_last_words(ServiceError("BadRequestException", msg), "Bad Request"))
        self.transport.close()

    def _watch(self) -> None:
        answered = self.cycle is None or self.cycle.response_complete
        if not answered or self.timeout_keep_alive_task is not None or self.transport.is_closing():
            self._end_watch()
        elif self._limit is None:
            self._limit = self.loop.call_later(HEAD_TIMEOUT_S, self._cut_off)

    def _end_watch(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None

    def _cut_off(self) -> None:
        if self.transport.is_closing():
            return
        if self.cycle is not None or self.conn.trailing_data[0]:  # it has begun one
            said = f"The head of the request did not come within {HEAD_TIMEOUT_S:g} s."
            self.transport.write(_last_words(ServiceError("RequestTimeout", said, 408), "Request Timeout"))
        self.transport.close()


def _last_words(error: ServiceError, reason: str) -> bytes:
    """An answer after which the connection is closed, as bytes of HTTP."""
    answer = refusal(error)
    headers = {**answer.headers, "Content-Length": str(len(answer.body)), "Connection": "close"}
    lines = [f"HTTP/1.1 {answer.status} {reason}", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode() + answer.body
