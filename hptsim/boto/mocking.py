"""All clients that a program makes itself, answered by a simulation: `mock`, for users of moto's `mock_aws`.

While one is on, a client is given our handlers when it makes a call (`BaseClient._make_api_call` of botocore and of
aiobotocore is patched for that), so clients that were made before are caught, too.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import inspect
import os
import threading
import unittest
import weakref
from collections.abc import Callable, Iterator
from typing import Any

from hptsim.boto.answering import register
from hptsim.boto.clients import DEFAULT_REGION, region_of
from hptsim.boto.clock import virtual_time as in_virtual_time
from hptsim.boto.copies import replace
from hptsim.errors import InvalidInput, invalid
from hptsim.optional import require
from hptsim.scenario.scenario import Scenario
from hptsim.service import elsewhere
from hptsim.simulation.simulation import Simulation

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "hptsim", "AWS_SECRET_ACCESS_KEY": "hptsim"}
"""What the environment has while a mock is on."""
_mocking = threading.RLock()
_active: list[Simulation] = []
"""The simulations that are mocked, the innermost last."""
_undo = contextlib.ExitStack()
_seen: weakref.WeakSet[Any] = weakref.WeakSet()
"""The clients that have our handlers."""
_last: list[weakref.ref[Simulation]] = []
"""The simulation that moto's state belongs to."""


def mock(what: Any = None, *, virtual_time: bool = False) -> Any:
    """Let a simulation answer every client that a program makes itself: a context manager and a decorator, as `mock_aws` is.

    *what* is a Simulation, or a Scenario of which each use makes its own; without it the scenario is the default one. The
    context manager gives the simulation, and so does `mocked()`. With *virtual_time* the thread is in virtual time, too.
    Functions, coroutine functions and classes can be decorated; of a `unittest.TestCase` each test has its own mock, of
    another class each public method, and its methods share the simulation of one instance.

    Clients of boto3, botocore, aiobotocore and aioboto3, resources and clients that were made before are caught, in all
    threads; one that was attached to a simulation stays with that. Requests that are not the twin's matter go to moto where
    it is installed, inside of `mock_aws` or around it too, and are refused otherwise: none reaches the network. moto's
    state is empty when another simulation is mocked. The environment has credentials that are none, and a region
    (us-east-1) where none is configured; both are as before afterwards, and so is boto3's default session.

    >>> import boto3
    >>> with mock() as sim:
    ...     boto3.client("sagemaker").list_training_jobs()["TrainingJobSummaries"]
    []
    >>> @mock(virtual_time=True)
    ... def wait():
    ...     time.sleep(60)
    ...     return mocked().now
    >>> import time; wait()
    60.0
    """
    if what is None or isinstance(what, (Simulation, Scenario)):
        return _Mock(what, virtual_time)
    if inspect.isroutine(what) or inspect.isclass(what):
        return _Mock(None, virtual_time)(what)
    raise invalid("mock", what, "a Simulation, a Scenario, a function or a class")


def mocked() -> Simulation:
    """The simulation of the innermost `mock`; raises InvalidInput outside of one."""
    if not _active:
        raise InvalidInput(
            "mocked: no mock is on; expected a call within `with hptsim.boto.mock(...)` or what it decorates"
        )
    return _active[-1]


class _Mock:
    def __init__(self, what: Simulation | Scenario | None, virtual_time: bool) -> None:
        self._what, self._virtual_time = what, virtual_time
        self._entered: list[contextlib.ExitStack] = []
        self._of_instances: weakref.WeakKeyDictionary[Any, Simulation] = weakref.WeakKeyDictionary()

    def __enter__(self) -> Simulation:
        with contextlib.ExitStack() as stack:
            sim = stack.enter_context(self._once())
            self._entered.append(stack.pop_all())
        return sim

    def __exit__(self, *error: Any) -> None:
        self._entered.pop().__exit__(*error)

    def __call__(self, decorated: Any) -> Any:
        if inspect.isclass(decorated):
            return self._class(decorated)
        if inspect.isgeneratorfunction(decorated) or inspect.isasyncgenfunction(decorated):
            raise invalid(
                "mock", decorated, "a function that is no generator", "with hptsim.boto.mock(): around its yield"
            )
        return self._function(decorated, lambda *arguments: None)

    @contextlib.contextmanager
    def _once(self, sim: Simulation | None = None) -> Iterator[Simulation]:
        sim = sim or self._simulation()
        with _caught(sim), in_virtual_time(sim) if self._virtual_time else contextlib.nullcontext():
            yield sim

    def _simulation(self) -> Simulation:
        return self._what if isinstance(self._what, Simulation) else Simulation(self._what)

    def _function(self, function: Callable[..., Any], whose: Callable[..., Simulation | None]) -> Callable[..., Any]:
        """*function* in a mock of what *whose* returns for its arguments, or of a simulation of its own."""

        @functools.wraps(function)
        def plain(*arguments: Any, **named: Any) -> Any:
            with self._once(whose(*arguments)):
                return function(*arguments, **named)

        @functools.wraps(function)
        async def awaited(*arguments: Any, **named: Any) -> Any:
            with self._once(whose(*arguments)):
                return await function(*arguments, **named)

        return awaited if inspect.iscoroutinefunction(function) else plain

    def _class(self, decorated: type) -> type:
        if issubclass(decorated, unittest.TestCase):
            decorated.run = self._function(decorated.run, lambda *arguments: None)  # type: ignore[method-assign]
            return decorated
        for name, member in list(vars(decorated).items()):
            if not name.startswith("_") and inspect.isfunction(member):
                setattr(decorated, name, self._function(member, self._of_instance))
        return decorated

    def _of_instance(self, instance: Any, *arguments: Any) -> Simulation:
        if instance not in self._of_instances:
            self._of_instances[instance] = self._simulation()
        return self._of_instances[instance]


@contextlib.contextmanager
def _caught(sim: Simulation) -> Iterator[None]:
    """Clients are *sim*'s, with credentials and a region in the environment."""
    with contextlib.ExitStack() as undo:
        with _mocking:
            if not _active:
                _patch()
            if not _active and not (_last and _last[0]() is sim):
                elsewhere.forget()
                _last[:] = [weakref.ref(sim)]
            _active.append(sim)
            undo.callback(_leave, sim)
            _environment(undo)
        yield


def _leave(sim: Simulation) -> None:
    """The mock of *sim* that was entered last is over; with the last of all, nothing is patched."""
    with _mocking:
        del _active[max(place for place, one in enumerate(_active) if one is sim)]
        if not _active:
            _undo.close()


def _environment(undo: contextlib.ExitStack) -> None:
    session = require("botocore.session", "boto", "hptsim.boto.mock").Session
    for name, value in CREDENTIALS.items():
        _set(undo, name, value)
    if region_of(session()) is None:
        _set(undo, "AWS_DEFAULT_REGION", DEFAULT_REGION)
    replace(undo, require("boto3", "boto", "hptsim.boto.mock"), "DEFAULT_SESSION", None)


def _set(undo: contextlib.ExitStack, name: str, value: str) -> None:
    before = os.environ.get(name)
    os.environ[name] = value
    if before is None:
        undo.callback(os.environ.pop, name, None)
    else:
        undo.callback(os.environ.__setitem__, name, before)


def _patch() -> None:
    for module, name in (("botocore.client", "BaseClient"), ("aiobotocore.client", "AioBaseClient")):
        try:
            kind = getattr(importlib.import_module(module), name)
        except ImportError:  # aiobotocore is not installed
            continue
        replace(_undo, kind, "_make_api_call", _catching(kind._make_api_call))


def _catching(real: Callable[..., Any]) -> Callable[..., Any]:
    """A client's way into every call, which first gives the client our handlers."""

    @functools.wraps(real)
    def call(client: Any, *arguments: Any, **named: Any) -> Any:
        if client not in _seen:
            register(client, _innermost, again=False)
            _seen.add(client)
        return real(client, *arguments, **named)

    return call


def _innermost() -> Simulation | None:
    return _active[-1] if _active else None
