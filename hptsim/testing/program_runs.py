"""Runs a program again and again, each time with the answers of one history, up to the call that comes after them.

Every client's way into a call is caught while a program is followed, as `hptsim.boto.mock` does. What was answered before is
answered again without botocore's work; a call that is new is serialized by botocore, and the run ends before it is sent.
"""

from __future__ import annotations

import contextlib
import functools
import io
import pickle
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import attrs

from hptsim.boto import clock, copies
from hptsim.boto.answering import as_botocores, as_call, timed_out
from hptsim.boto.clients import DEFAULT_REGION, region_of
from hptsim.errors import InvalidInput, NoAnswer
from hptsim.optional import require
from hptsim.testing.program_histories import History, Outcome, Raised, Request, Returned
from hptsim.testing.program_reading import Reads, noted

MOST_SLEEPS = 10_000
"""A program that sleeps more often than this without a call never comes back."""


class _Left(BaseException):
    """Ends a run: the program has made the call that was waited for."""


class _Another(BaseException):
    """Ends a run: the program has made another call than the last time."""


@attrs.define
class ProgramClock:
    """The clock that the program sees: it goes on when the program sleeps."""

    epoch_s: float
    now_s: float = 0.0
    sleeps: int = 0

    @property
    def monotonic_s(self) -> float:
        """What `time.monotonic` shows."""
        return self.now_s

    def sleep(self, seconds: float) -> None:
        """Let *seconds* pass for the program."""
        self.now_s += seconds
        self.sleeps += 1
        if self.sleeps > MOST_SLEEPS:
            raise AssertionError(f"the program never ends: it sleeps {MOST_SLEEPS:,} times without a call")

    def move(self, seconds: float | None) -> bool:
        """Let *seconds* pass."""
        if seconds is None:
            return False
        self.sleep(seconds)
        return True


class Program:
    """A program as a function of what it has seen; *runs* counts how often it was run."""

    def __init__(self, function: Callable[..., Any], clients: tuple[str, ...], epoch_s: float) -> None:
        self.runs = 0
        self._function = function
        self._clients = [_client(service) for service in clients]
        self._clock = ProgramClock(epoch_s)
        self._thread = threading.get_ident()
        self._caught: dict[int, Any] = {}
        self._answers: list[History] = []
        self._place = 0
        self._known: Mapping[Any, tuple[Outcome, Reads]] = {}
        self._patience = 0
        self._left: Request | None = None
        self._refusal = ""
        self._send: Callable[[Any, str], Any] = self._nobody_asked

    @contextlib.contextmanager
    def followed(self) -> Iterator[None]:
        """While it is on, the calls of this thread are caught, and it sees the program's clock.

        Raises InvalidInput where a thread has made a call since the last run.
        """
        base = require("botocore.client", "boto", "hptsim.testing.explore_program").BaseClient
        with contextlib.ExitStack() as undo:
            copies.replace(undo, base, "_make_api_call", self._catching(base._make_api_call))
            undo.enter_context(clock.showing(self._clock))
            try:
                yield
            finally:
                for client in self._caught.values():
                    client.meta.events.unregister("before-send", unique_id=_HANDLER)
                    client.meta.events.unregister("choose-signer", unique_id=_SIGNER)
                self._caught.clear()
        self._check_refusal()

    def follow(self, history: History) -> None:
        """Find out what the program does after *history*. Raises InvalidInput where it does not repeat its calls."""
        following = history.following = self._run(history)
        history.now_s = self._clock.now_s
        repeats = isinstance(following, Request) and history.request is not None
        history.waited = self._clock.sleeps > 0 or (
            repeats and following.identity == history.request.identity  # type: ignore[union-attr]
        )

    def is_patient(self, history: History, calls: int) -> bool:
        """Whether up to *calls* more calls, answered as the last time, leave the program where it is."""
        self._known = {name: (one.outcome, one.reads) for name, one in history.seen.items() if one.outcome}
        self._patience = calls
        try:
            self._run(history)
        finally:
            self._known = {}
        return self._patience == 0

    def _run(self, history: History) -> Request | Returned | Raised:
        self.runs += 1
        self._answers, self._place, self._left = history.answered(), 0, None
        self._clock.now_s, self._clock.sleeps = 0.0, 0
        following: Returned | Raised | None = None
        try:
            with clock.same_chance(), contextlib.redirect_stdout(io.StringIO()):
                following = Returned(self._function(*self._clients))
        except (_Left, _Another):
            pass
        except (Exception, SystemExit) as error:
            following = Raised(error)
        self._check_refusal()  # the program may have caught what was raised, or nobody asked its thread
        if self._left is not None:  # it may have caught also what ends a run
            return self._left
        assert following is not None
        if self._place < len(self._answers):
            self._refused(_not_the_same(self._answers[self._place].request, "it came to its end"))
            self._check_refusal()
        return following

    def _refused(self, message: str) -> str:
        """Remember why the program is refused: the end of the run says so, whatever becomes of what is raised now."""
        self._refusal = self._refusal or f"explore_program: {message}"
        return self._refusal

    def _check_refusal(self) -> None:
        if self._refusal:
            raise InvalidInput(self._refusal)

    # ------------------------------------------------------------------ calls

    def _catching(self, real: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(real)
        def call(client: Any, operation: str, parameters: Mapping[str, Any]) -> Any:
            if threading.get_ident() != self._thread:
                why = (
                    f"{operation} was called in another thread; expected a program that makes all its calls in the thread "
                    "in which it was started"
                )
                raise InvalidInput(self._refused(why))
            if self._left is not None:
                raise _Left
            if id(client) not in self._caught:
                client.meta.events.register_first("before-send", self._before_send, unique_id=_HANDLER)
                client.meta.events.register_first("choose-signer", _unsigned, unique_id=_SIGNER)
                self._caught[id(client)] = client
            asked = functools.partial(real, client, operation, parameters)
            return self._call(asked, client.meta, operation, _told(parameters))

        return call

    def _call(self, asked: Callable[[], Any], meta: Any, operation: str, told: str) -> Any:
        identity = (meta.service_model.service_name, operation, told)
        if self._place >= len(self._answers):
            return self._new(asked, meta, identity)
        history = self._answers[self._place]
        if history.request is None or identity != history.request.identity:
            self._send = functools.partial(self._another, history.request, f"it called {operation}({told})")
            return asked()  # what botocore refuses itself is no call
        self._place += 1
        self._clock.sleeps = 0
        if history.outcome is None:
            began_s = self._clock.now_s
            self._send = functools.partial(self._answer, history, meta)
            history.outcome = _outcome(asked, self._clock, began_s)
            self._clock.now_s = began_s
            self._clock.sleeps = 0
        return self._again(history.outcome, history.reads)

    def _again(self, outcome: Outcome, reads: Reads) -> Any:
        self._clock.now_s += outcome.took_s
        if outcome.error is not None:
            outcome.error.__context__ = None
            raise outcome.error.with_traceback(None)
        return noted(_with_streams(pickle.loads(outcome.parsed)), reads)

    def _new(self, asked: Callable[[], Any], meta: Any, identity: tuple[str, str, str]) -> Any:
        """A call that no history answers: the run ends, or goes on with the answer that it had before."""
        if identity in self._known and self._patience > 0:
            self._patience -= 1
            self._clock.sleeps = 0
            return self._again(*self._known[identity])

        def leave(request: Any, event: str) -> Any:
            self._left = Request(*identity, as_call(meta, request, event, _body(request)))
            raise _Left

        self._send = leave
        return asked()

    def _answer(self, history: History, meta: Any, request: Any, event: str) -> Any:
        if history.response is None:
            self._clock.now_s += meta.config.read_timeout
            raise timed_out(request, NoAnswer(event.rpartition(".")[2]))
        return as_botocores(request, history.response)

    def _another(self, expected: Request | None, instead: str, request: Any, event: str) -> Any:
        raise _Another(self._refused(_not_the_same(expected, instead)))

    def _nobody_asked(self, request: Any, event: str) -> Any:
        raise InvalidInput(self._refused(f"{event} is sent outside of a call"))

    def _before_send(self, request: Any, event_name: str, **more: Any) -> Any:
        return self._send(request, event_name)


_HANDLER, _SIGNER = "hptsim program", "hptsim program's signer"


def _not_the_same(expected: Request | None, instead: str) -> str:
    call = "no call" if expected is None else f"{expected.operation}({expected.parameters})"
    return (
        f"the program does not repeat itself: with the same answers it made the call {call} before, and now "
        f"{instead}; expected a program whose calls depend on the answers and the clock alone: reset what it keeps "
        "between two runs, and make no names by chance"
    )


def _unsigned(**more: Any) -> Any:
    return require("botocore", "boto", "hptsim.testing.explore_program").UNSIGNED


@functools.cache
def _client(service: str) -> Any:
    """A client that does not repeat a call by itself; making one takes long, so that there is one for the process."""
    config = require("botocore.config", "boto", "hptsim.testing.explore_program").Config(
        retries={"mode": "legacy", "max_attempts": 0}
    )
    session = require("boto3", "boto", "hptsim.testing.explore_program").Session()
    region = region_of(session) or DEFAULT_REGION
    return session.client(
        service, region_name=region, config=config, aws_access_key_id="hptsim", aws_secret_access_key="hptsim"
    )


def _body(request: Any) -> Any:
    return request.body.read() if hasattr(request.body, "read") else request.body


def _told(parameters: Mapping[str, Any]) -> str:
    """Parameters in words, the same for the same ones."""
    return ", ".join(f"{name}={_words(value)}" for name, value in parameters.items())


def _words(value: Any) -> str:
    if hasattr(value, "read"):
        return f"<{type(value).__name__}>"
    return repr(value)


def _outcome(asked: Callable[[], Any], clock: ProgramClock, began_s: float) -> Outcome:
    """What a client makes of an answer, and how long that takes: it may repeat the call."""
    try:
        parsed = _without_streams(asked())
    except Exception as error:
        return Outcome(error=error, took_s=clock.now_s - began_s)
    return Outcome(pickle.dumps(parsed), took_s=clock.now_s - began_s)


def _without_streams(parsed: Any) -> Any:
    return {name: _Read(value.read()) if hasattr(value, "read") else value for name, value in parsed.items()}


def _with_streams(parsed: Any) -> Any:
    return {name: value.again() if isinstance(value, _Read) else value for name, value in parsed.items()}


@attrs.frozen
class _Read:
    """A body that was read from a stream."""

    body: bytes

    def again(self) -> Any:
        stream = require("botocore.response", "boto", "hptsim.testing.explore_program").StreamingBody
        return stream(io.BytesIO(self.body), len(self.body))
