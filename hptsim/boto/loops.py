"""Event loops of asyncio in virtual time: they wait in their selector, and there the simulation goes on instead."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import selectors
import weakref
from collections.abc import Callable
from typing import Any, Protocol

from hptsim.boto.copies import replace

GRACE_S = 0.1
"""How long a loop that watches connections or processes waits for them, in real time, before simulated time goes on."""
_KINDS = ("SelectSelector", "PollSelector", "EpollSelector", "DevpollSelector", "KqueueSelector")
_working: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()
"""How much work of each loop is in executors."""


class Moves(Protocol):
    """A clock that goes on when nobody is ready."""

    def move(self, seconds: float | None) -> bool:
        """Go on to the next instant, *seconds* from now at the latest; False when nothing is left to happen."""


def running() -> asyncio.AbstractEventLoop | None:
    """The event loop that runs in this thread, or nothing."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def reached(loop: asyncio.AbstractEventLoop) -> bool:
    """Whether virtual time reaches a loop: it is asyncio's own, and waits in a selector of the standard library."""
    selector = type(getattr(loop, "_selector", None))
    return isinstance(loop, asyncio.SelectorEventLoop) and selector.__module__ == "selectors"


def patch(undo: contextlib.ExitStack, current: Callable[[], Moves | None]) -> None:
    """Let loops wait for the clock that *current* returns, where there is one."""
    for kind in filter(None, (getattr(selectors, name, None) for name in _KINDS)):
        replace(undo, kind, "select", functools.partialmethod(_select, kind.select, current))
    loop = asyncio.BaseEventLoop
    replace(undo, loop, "run_in_executor", functools.partialmethod(_in_executor, loop.run_in_executor))
    shutdown = functools.partialmethod(_shutdown, loop.shutdown_default_executor)
    replace(undo, loop, "shutdown_default_executor", shutdown)


def _select(selector: Any, real: Any, current: Callable[[], Moves | None], timeout: float | None = None) -> Any:
    """What a selector has found. A loop that would wait lets simulated time go on, and looks again."""
    clock, loop = current(), running()
    own = loop is not None and getattr(loop, "_selector", None) == selector
    if clock is None or not own or _working.get(loop) or (timeout is not None and timeout <= 0):
        return real(selector, timeout)
    others = len(selector.get_map()) > 1  # besides the pipe by which other threads wake the loop
    found = real(selector, GRACE_S if others else 0)
    if not found and not clock.move(timeout):
        return real(selector, timeout)
    return found


def _in_executor(loop: Any, real: Any, *arguments: Any) -> Any:
    """Hand work to an executor; until it is done, the loop waits in real time."""
    future = real(loop, *arguments)
    _working[loop] = _working.get(loop, 0) + 1
    future.add_done_callback(lambda done: _done(loop))
    return future


async def _shutdown(loop: Any, real: Any, *arguments: Any) -> None:
    """Wait for the executor's threads to end, in real time."""
    _working[loop] = _working.get(loop, 0) + 1
    try:
        await real(loop, *arguments)
    finally:
        _done(loop)


def _done(loop: Any) -> None:
    _working[loop] -= 1
