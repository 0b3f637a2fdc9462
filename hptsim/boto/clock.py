"""Virtual time: a thread that sleeps moves the simulation, and its clocks show the simulation's time."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import math
import random
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import attrs

from hptsim.boto import copies, loops
from hptsim.boto.copies import UnreachedClock
from hptsim.optional import require
from hptsim.service.service import Service
from hptsim.simulation.simulation import Simulation

LONGEST_WAIT_S = 366 * 24 * 3600.0
"""Who waits longer for an event waits for another thread, and says so with a number that is no duration."""


class Shown(Protocol):
    """A clock that a thread sees in place of the real ones."""

    @property
    def now_s(self) -> float:
        """Seconds since the epoch of the clock."""

    @property
    def epoch_s(self) -> float:
        """When the clock showed 0, in seconds since 1970."""

    @property
    def monotonic_s(self) -> float:
        """What `time.monotonic` and the `time()` of event loops show."""

    def sleep(self, seconds: float) -> None:
        """Let *seconds* pass."""

    def move(self, seconds: float | None) -> bool:
        """Go on to the next instant, *seconds* from now at the latest; False when nothing is left to happen."""


@attrs.frozen
class Clock:
    """The time that a thread sees: *sim*'s, and for monotonic clocks *ahead_s* more."""

    sim: Simulation
    ahead_s: float

    @property
    def now_s(self) -> float:
        """Seconds since the epoch of the clock."""
        return self.sim.now

    @property
    def epoch_s(self) -> float:
        """When the clock showed 0, in seconds since 1970."""
        return Service.of(self.sim).epoch_s

    @property
    def monotonic_s(self) -> float:
        """What `time.monotonic` and the `time()` of event loops show."""
        return self.sim.now + self.ahead_s

    def sleep(self, seconds: float) -> None:
        """Let *seconds* pass in the simulation."""
        with Service.of(self.sim).lock:
            self.sim.run(until=self.sim.now + seconds)

    def move(self, seconds: float | None) -> bool:
        """Go to the next instant at which something happens in the simulation, *seconds* from now at the latest.

        Without *seconds* it does nothing and returns False when nothing is left to happen.
        """
        with Service.of(self.sim).lock:
            if seconds is not None:
                self.sim.run(until=min(self.sim.now + seconds, max(self.sim.env.peek(), self.sim.now)))
            elif self.sim.env.peek() < math.inf:
                self.sim.step()
            else:
                return False
            return True


_clocks: dict[int, list[Shown]] = {}
"""The clocks of each thread that is in virtual time, the innermost last; while there is one, time is patched."""
_patching = threading.Lock()
_undo = contextlib.ExitStack()
_real: dict[str, Callable[..., Any]] = {
    "sleep": time.sleep,
    "monotonic": time.monotonic,
    "monotonic_ns": time.monotonic_ns,
    "wait": threading.Event.wait,
}
"""What was there before; copies of ours that a program has made while time was patched fall back on it."""
_OF_REAL_THINGS = frozenset(
    {"concurrent", "multiprocessing", "queue", "s3transfer", "socketserver", "subprocess", "threading"}
)
"""Packages that wait for threads, processes and connections, which take real time."""


def current() -> Shown | None:
    """The clock that this thread sees; nothing outside of virtual time."""
    clocks = _clocks.get(threading.get_ident())
    return clocks[-1] if clocks else None


@contextlib.contextmanager
def virtual_time(sim: Simulation) -> Iterator[None]:
    """While it is on, this thread sees the time of *sim*: sleeping advances it, and clocks read it.

    `time.sleep`, and `threading.Event.wait` with a timeout, run the simulation for that long instead of waiting, so botocore's
    waiters, retries and polling loops take no time; `time.time`, `datetime.now` and related clocks show the scenario's epoch
    plus simulated time, and `time.monotonic` shows `sim.now`. In asyncio, when no task is ready, the simulation goes on to
    the next timer, and what happens in it until then happens first: `asyncio.sleep`, `wait_for` and `timeout` take no time,
    `loop.time()` is `sim.now`, and the same program has the same order of tasks each time. Where a loop runs already when
    virtual time begins, its `time()` goes on from the next whole second.

    Other threads sleep and read clocks as ever; while work is in an executor, the loop waits for it in real time. Once the
    last thread has left, nothing is patched. `time.perf_counter` is never patched, nor are waits of the standard library for
    its own threads and processes. Modules that have done `from time import sleep` (or `monotonic`) are patched, too, and
    default arguments; UnreachedClock warns of classes, objects and closures that had kept a copy when the last module was
    imported, and of event loops that keep their own time (uvloop, and Windows' ProactorEventLoop).

    >>> from hptsim import Simulation
    >>> sim = Simulation()
    >>> with virtual_time(sim):
    ...     time.sleep(3600)
    ...     sim.now, time.time()
    (3600.0, 1704070800.0)
    >>> async def wait():
    ...     await asyncio.sleep(60)
    ...     return asyncio.get_running_loop().time()
    >>> with virtual_time(sim):
    ...     asyncio.run(wait())
    3660.0
    """
    running = loops.running()
    ahead_s = 0.0 if running is None else float(math.ceil(max(0.0, running.time() - sim.now)))
    clock = Clock(sim, ahead_s)
    _enter(clock)
    try:
        check_loop()
        yield
    finally:
        _leave()


@contextlib.contextmanager
def showing(clock: Shown) -> Iterator[None]:
    """While it is on, this thread sees *clock*."""
    _enter(clock)
    try:
        yield
    finally:
        _leave()


@contextlib.contextmanager
def same_chance() -> Iterator[None]:
    """While it is on, `random` draws the same each time; afterwards it goes on as it would have."""
    before = random.getstate()
    random.seed(0)
    try:
        yield
    finally:
        random.setstate(before)


def _enter(clock: Shown) -> None:
    with _patching:
        if not _clocks:
            _patch()
        _clocks.setdefault(threading.get_ident(), []).append(clock)


def _leave() -> None:
    thread = threading.get_ident()
    with _patching:
        _clocks[thread].pop()
        if not _clocks[thread]:
            del _clocks[thread]
        if not _clocks:
            _undo.close()


def wait(seconds: float) -> None:
    """Let a client's timeout pass for a thread that is in virtual time; elsewhere it takes no time."""
    if (clock := current()) is not None:
        clock.sleep(seconds)


async def wait_async(seconds: float) -> None:
    """The same for a task."""
    if current() is not None:
        await asyncio.sleep(seconds)


def check_loop() -> None:
    """Warn, once for each kind, of a running event loop whose time cannot be reached."""
    loop = loops.running()
    if current() is not None and loop is not None and not loops.reached(loop):
        kind = f"{type(loop).__module__}.{type(loop).__qualname__}"
        text = (
            f"{kind} keeps its own time: asyncio.sleep waits in real time; run the program in asyncio.SelectorEventLoop"
        )
        warnings.warn(text, UnreachedClock, stacklevel=4)


def _patch() -> None:
    """Put our clocks in place, for as long as any thread is in virtual time."""
    machine = require("time_machine", "boto", "hptsim.boto.virtual_time")
    bucket = require("botocore.retries.bucket", "boto", "hptsim.boto.virtual_time")
    with contextlib.ExitStack() as undo:
        travel = machine.travel(0.0, tick=False)
        travel.start().time_ns = functools.partial(_time_ns, machine.escape_hatch.time.time_ns)
        undo.callback(travel.stop)
        _real.update(sleep=time.sleep, monotonic=time.monotonic, monotonic_ns=time.monotonic_ns)
        _real["wait"] = threading.Event.wait
        ours = {"sleep": _sleep, "monotonic": _monotonic, "monotonic_ns": _monotonic_ns}
        for name, function in ours.items():
            copies.replace(undo, time, name, function)
        undo.callback(copies.reach({_real[name]: function for name, function in ours.items()}, _OF_REAL_THINGS))
        copies.replace(undo, threading.Event, "wait", _wait_for_event)
        acquire = functools.partialmethod(_acquire, bucket.TokenBucket.acquire, bucket.CapacityNotAvailableError)
        copies.replace(undo, bucket.TokenBucket, "acquire", acquire)
        loops.patch(undo, current)
        _undo.push(undo.pop_all())


def _for_real_things() -> bool:
    """Whether the caller of our caller waits for something that takes real time."""
    name: str = sys._getframe(2).f_globals.get("__name__", "")
    return name.partition(".")[0] in _OF_REAL_THINGS


def _time_ns(real: Any) -> int:
    clock = current()
    if clock is None:
        return int(real())
    return round((clock.epoch_s + clock.now_s) * 1e9)


def _monotonic() -> float:
    clock = current()
    return float(_real["monotonic"]()) if clock is None or _for_real_things() else clock.monotonic_s


def _monotonic_ns() -> int:
    clock = current()
    return int(_real["monotonic_ns"]()) if clock is None or _for_real_things() else round(clock.monotonic_s * 1e9)


def _sleep(seconds: Any, /) -> None:
    clock = current()
    if clock is None or _for_real_things():
        _real["sleep"](seconds)
        return
    clock.sleep(_duration(seconds))


def _duration(seconds: Any) -> Any:
    """What the real `time.sleep` takes: it counts nanoseconds in 64 bits. Raises what that raises."""
    if seconds != seconds:
        raise ValueError("Invalid value NaN (not a number)")
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    if seconds * 10**9 >= 2**63:
        raise OverflowError("timestamp out of range for platform time_t")
    return seconds


def _wait_for_event(event: threading.Event, timeout: float | None = None) -> bool:
    """Wait until the event is set, by something that happens in the simulation, or until the time has passed."""
    clock = current()
    if clock is None or timeout is None or timeout > LONGEST_WAIT_S or _for_real_things():
        return bool(_real["wait"](event, timeout))
    until = clock.now_s + timeout
    while not event.is_set() and clock.now_s < until:
        clock.move(until - clock.now_s)
    return event.is_set()


def _acquire(bucket: Any, acquire: Any, not_yet: type[Exception], amount: int = 1, block: bool = True) -> Any:
    """Take from the bucket of a client with adaptive retries: it waits on a lock in real time, here it sleeps."""
    clock = current()
    if not block or clock is None:
        return acquire(bucket, amount, block)
    while True:
        try:
            return acquire(bucket, amount, block=False)
        except not_yet:
            clock.sleep(max((amount - bucket.available_capacity) / bucket.max_rate, 0.001))
