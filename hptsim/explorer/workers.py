"""A breadth-first search in several processes, with the answer of one.

A state stays in the process that found it. What it leads to is told to the search, which gives the numbers in the same order as
if it had expanded the states itself. When all states in line are through, each process hears which of those that it found are
its own to expand next: a state that several have found is for the one that has least to do.
"""

from __future__ import annotations

import multiprocessing
import signal
import traceback
import warnings
from collections import deque
from collections.abc import Hashable, Iterable
from multiprocessing.connection import Connection
from typing import Any

from hptsim.errors import invalid
from hptsim.explorer.expansion import Expander, Expansion, Step
from hptsim.explorer.line import Key, Line, Rim

_ENOUGH = 64
"""Processes are started when there are so many states in line for each."""
_BATCH = 32
"""So many expansions are told of at a time."""
Order = tuple[list[Hashable] | None, list[int], float]
"""The keys of the states that a process is to expand (none: those that it was started with), their numbers, and the number
from which on states are only judged."""


def check_workers(count: int) -> None:
    """Raises InvalidInput for several processes on a system that cannot fork: a law need not be one that can be pickled."""
    if count > 1 and "fork" not in multiprocessing.get_all_start_methods():
        raise invalid("workers", count, "1 on this system, which cannot fork a process")


class Workers:
    """A line of states that *count* processes expand, as soon as it is long enough.

    *key* has to be the same in all of them for equal states.
    """

    def __init__(self, expander: Expander, key: Key, rim: Rim, number: int, states: Iterable[Any], count: int) -> None:
        self._line = Line(expander, key, rim, number, states)
        self._rim, self._count = rim, count
        self._workers: list[_Worker] = []
        self._left = 0
        """How many states of this round wait: those that were in line when it began."""
        self._owners: deque[int] = deque()
        """The process that has each of them."""
        self._asked = 0
        self._next_round = 0
        """The number of the first state of the next round."""
        self._offers: list[tuple[Hashable, list[int]]] = []
        """Each state of the next round, and the processes that have found it."""

    def __len__(self) -> int:
        return self._left + len(self._offers) if self._workers else len(self._line)

    def next(self) -> Expansion:
        """What the first in line leads to; it leaves the line."""
        if not self._left:
            self._begin_round()
        self._left -= 1
        if not self._workers:
            return self._line.next()
        self._asked = self._owners.popleft()
        return self._workers[self._asked].next()

    def found(self, number: int, step: Step) -> None:
        """A step of the last expansion leads to the state *number*; if it was not found before, it is the last in line."""
        if not self._workers:
            self._line.found(number, step)
        elif number >= self._next_round:
            place = number - self._next_round
            if place == len(self._offers):
                self._offers.append((step.key, []))
            if self._asked not in self._offers[place][1]:
                self._offers[place][1].append(self._asked)

    def _begin_round(self) -> None:
        """All states that are in line now are shared out."""
        self._left = len(self)
        if self._workers:
            self._share_out()
        elif self._left >= _ENOUGH * self._count:
            self._start()

    def _start(self) -> None:
        """Start the processes: each has the whole line, and expands its share of it."""
        first, states = self._line.number, list(self._line.states)
        self._next_round = first + len(states)
        self._owners = deque(place % self._count for place in range(len(states)))
        context = multiprocessing.get_context("fork")
        pipes = [context.Pipe() for _ in range(self._count)]
        for one in range(self._count):
            ends = [end for place, pair in enumerate(pipes) for end in pair if end is not pipes[one][1]]
            arguments = (pipes[one][1], ends, self._line.expander, self._line.key, states[one :: self._count])
            process = context.Process(target=_work, args=arguments, daemon=True)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # a forked process makes no use of other threads
                process.start()
            self._workers.append(_Worker(process, pipes[one][0]))
            numbers = list(range(first + one, self._next_round, self._count))
            self._workers[one].order((None, numbers, self._rim()))
        for _, end in pipes:
            end.close()
        self._line.states.clear()

    def _share_out(self) -> None:
        """Tell each process which states of the new round are its own."""
        shares: list[tuple[list[Hashable], list[int]]] = [([], []) for _ in self._workers]
        for number, (key, finders) in enumerate(self._offers, self._next_round):
            owner = min(finders, key=lambda one: len(shares[one][0]))
            shares[owner][0].append(key)
            shares[owner][1].append(number)
            self._owners.append(owner)
        self._next_round += len(self._offers)
        self._offers = []
        for worker, (keys, numbers) in zip(self._workers, shares, strict=True):
            worker.order((keys, numbers, self._rim()))

    def close(self) -> None:
        """End the processes."""
        for worker in self._workers:
            worker.close()


class _Worker:
    """A process, seen from the search."""

    def __init__(self, process: Any, pipe: Connection) -> None:
        self._process, self._pipe = process, pipe
        self._told: deque[Expansion] = deque()

    def order(self, order: Order) -> None:
        self._pipe.send(order)

    def next(self) -> Expansion:
        """What the next of its states leads to."""
        while not self._told:
            try:
                told = self._pipe.recv()
            except EOFError:
                raise RuntimeError("a process of the search has ended before the search did") from None
            if isinstance(told, BaseException):
                raise told
            self._told.extend(told)
        return self._told.popleft()

    def close(self) -> None:
        self._pipe.close()
        self._process.terminate()
        self._process.join()
        self._process.close()


def _work(pipe: Connection, others: list[Connection], expander: Expander, key: Key, states: list[Any]) -> None:
    """The life of a process: expand what it is told to, until the search closes its end of the pipe, or has died."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the search hears Ctrl-C
    for end in others:  # so that the end of the search closes the pipes
        end.close()
    found: dict[Hashable, Any] = {}
    try:
        while True:
            keys, numbers, rim = pipe.recv()
            line = deque(states if keys is None else [found[one] for one in keys])
            states, found = [], {}
            told: list[Expansion] = []
            for number in numbers:
                expansion = expander.judge(line.popleft()) if number >= rim else expander.expand(line.popleft(), key)
                told.append(_without_states(expansion, found))
                if len(told) == _BATCH:
                    pipe.send(told)
                    told = []
            pipe.send(told)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return
    except BaseException as error:
        error.add_note(traceback.format_exc())
        _send_error(pipe, error)


def _without_states(expansion: Expansion, found: dict[Hashable, Any]) -> Expansion:
    """What is told of an expansion; *found* keeps the states."""
    steps = []
    for step in expansion.steps:
        found.setdefault(step.key, step.state)
        steps.append(step._replace(state=None))
    return expansion._replace(steps=steps)


def _send_error(pipe: Connection, error: BaseException) -> None:
    try:
        pipe.send(error)
    except Exception:  # it cannot be pickled
        pipe.send(RuntimeError(f"a process of the search has failed: {traceback.format_exc()}"))
