"""simpy's environment as the clock of a twin.

Each armed event of the world stands in simpy's queue with its serial number. An entry that is stale by the time it is due
neither fires nor drags the clock on.
"""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable, Iterable, Mapping
from heapq import heappop, heappush
from operator import itemgetter
from typing import Any

import simpy

Pending = tuple[float, int, int, int | tuple[str, Any]]
"""An entry of the queue as data: when it is due (s), its priority, its number, and the armed event or the command."""


class Command(simpy.Event):
    """A command of the scenario in simpy's queue."""

    __slots__ = ("entry", "kind")  # and no tuple of the two: a table of jobs has a million of them

    def __init__(self, call: tuple[str, Any]) -> None:
        self.kind, self.entry = call

    @property
    def call(self) -> tuple[str, Any]:
        """What is ordered, and the scenario's entry that it is about."""
        return self.kind, self.entry


class TwinEnvironment(simpy.Environment):
    """A simpy environment whose queue also holds what is armed in a world, as bare serial numbers.

    *fire_armed* is called for an armed event that is due, *order* for a command. They are methods of a simulation, and held
    weakly: an environment is part of a cycle, and would keep a simulation that is not used any more, with its journal, until
    the garbage collector comes.
    """

    _eid: Any
    _queue: Any

    def __init__(
        self,
        fire_armed: Callable[[int], None],
        order: Callable[[tuple[str, Any]], None],
        armed: Mapping[int, Any],
        now: float,
        first: int,
    ) -> None:
        super().__init__(now)
        self.began_s = now
        self._eid = itertools.count(first)
        self._fire_armed, self._order = weakref.WeakMethod(fire_armed), weakref.WeakMethod(order)
        self._armed = armed
        self._to_come: list[tuple[float, int, int, simpy.Event]] = []
        """Commands behind the first, which is in the queue, the last one first: a long queue makes each event slow."""

    def order_all(self, commands: Iterable[tuple[float, Command]], priority: int) -> None:
        """Let many commands happen, each after its delay in seconds, as if each was pushed."""
        now, count = self._now, self._eid
        self._line_up([(now + delay, priority, next(count), command) for delay, command in commands])

    def _line_up(self, entries: Iterable[tuple[float, int, int, simpy.Event]]) -> None:
        """Let one of these entries at a time stand in the queue."""
        self._to_come += entries
        self._to_come.sort(reverse=True)  # by time, priority and number, of which none is there twice
        self._next_command()

    def _next_command(self) -> None:
        if self._to_come:
            heappush(self._queue, self._to_come.pop())

    def push(self, delay: float, priority: int, event: simpy.Event) -> None:
        """Put *event* in the queue."""
        heappush(self._queue, (self._now + delay, priority, next(self._eid), event))

    def pending(self) -> list[Pending]:
        """The twin's own entries of the queue, in order; a user's events are not among them."""
        found: list[Pending] = []
        for due, priority, number, event in sorted([*self._queue, *self._to_come], key=itemgetter(0, 1, 2)):
            if isinstance(event, Command):
                found.append((due, priority, number, event.call))
            elif isinstance(event, int) and event in self._armed:
                found.append((due, priority, number, event))
        return found

    def resume(self, pending: Iterable[Pending]) -> None:
        """Put the entries of another environment's `pending` in the queue."""
        commands = []
        for due, priority, number, carried in pending:
            if isinstance(carried, int):
                heappush(self._queue, (due, priority, number, carried))
            else:
                commands.append((due, priority, number, Command(carried)))
        self._line_up(commands)

    def drop_stale(self) -> None:
        """Take events off the head of the queue that can no longer happen."""
        queue, armed = self._queue, self._armed
        while queue and type(queue[0][3]) is int and queue[0][3] not in armed:
            heappop(queue)

    def peek(self) -> float:
        """When the next event is due; infinity when there is none."""
        self.drop_stale()
        return super().peek()

    def step(self) -> None:
        """Let the next event happen; raises simpy's EmptySchedule when there is none."""
        self.drop_stale()
        if self._queue:
            event = self._queue[0][3]
            if type(event) is int:
                self._now = heappop(self._queue)[0]
                return _call(self._fire_armed, event)
            if type(event) is Command:
                self._now = heappop(self._queue)[0]
                self._next_command()
                return _call(self._order, event.call)
        super().step()


def _call(method: weakref.WeakMethod[Callable[[Any], None]], what: Any) -> None:
    """Call the method of a simulation that is still there."""
    alive = method()
    if alive is None:
        raise ReferenceError("the Simulation of this environment is gone: keep it in a variable of yours")
    alive(what)
