"""Takes a snapshot of a run, goes back to one, and repeats the run that a snapshot's file describes."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import simpy

from hptsim.errors import InvalidInput, ServiceError, invalid
from hptsim.simulation.gc_pause import collector_paused
from hptsim.simulation.runner import Runner
from hptsim.simulation.snapshots import Origin, SavedSnapshot, Snapshot, journal_hash


def take(runner: Runner, seed: int, own: str) -> Snapshot:
    """The run as it is now; *own* names what of it a file cannot hold, if anything.

    Raises InvalidInput where a function or class of the scenario, such as a strategy, has no name to find it by.
    """
    world = runner.world
    with collector_paused():
        try:
            state = pickle.dumps(
                (world, runner.judge.auditor.state, runner.env.pending()), protocol=pickle.HIGHEST_PROTOCOL
            )
        except (pickle.PicklingError, AttributeError) as error:
            expected = "strategies, curves and durations that can be imported by their names"
            raise invalid("snapshot", str(error), expected, "write them at the top of a module") from error
    origin = Origin(runner.scenario, seed, tuple(runner.calls), world.step, own)
    return Snapshot(state, tuple(runner.journal.entries), runner.env.now, origin)


def go_back(runner: Runner, snapshot: Snapshot) -> None:
    """Bring the run back to *snapshot*; raises InvalidInput where its journal is not kept in memory."""
    journal, length = runner.journal, len(snapshot.entries)
    if not journal.keep:
        raise InvalidInput("restore: a journal that is not kept in memory cannot go back")
    own = runner.world.rules
    with collector_paused():
        runner.world, runner.judge.auditor.state, pending = pickle.loads(snapshot.state)
    runner.world.rules = own
    journal.entries[:] = snapshot.entries
    journal.rewind(length)
    journal.flush(snapshot.now)
    runner.observers.rewind(length)
    runner.watchers.waiting.clear()
    runner.calls = list(snapshot.origin.calls)
    runner.start_clock(snapshot.now, 1 + max((serial for _, _, serial, _ in pending), default=0))
    runner.env.resume(pending)


def leads_to(saved: SavedSnapshot, runner: Runner, call: Callable[[str, tuple[Any, ...]], object]) -> bool:
    """Repeat in a new run what led to *saved*: whether its journal is the same then. *call* does what a caller did."""
    try:
        _repeat(saved.origin, saved.now_s, runner, call)
        return journal_hash(runner.journal) == saved.journal
    except (InvalidInput, ServiceError, simpy.core.EmptySchedule):
        return False


def _repeat(origin: Origin, now_s: float, runner: Runner, call: Callable[[str, tuple[Any, ...]], object]) -> None:
    """Take the steps that led to *now_s*."""
    for step, at_s, operation, arguments in origin.calls:
        _move(runner, step, at_s)
        call(operation, arguments)
    _move(runner, origin.step, now_s)
    runner.world.now = now_s


def _move(runner: Runner, step: int, now_s: float) -> None:
    """Let happen what happened before *step*, and set the clock to *now_s*; raises EmptySchedule where that is not next."""
    env = runner.env
    while runner.world.step < step:
        env.step()
    if not env.now <= now_s <= env.peek():
        raise simpy.core.EmptySchedule
    env._now = now_s
