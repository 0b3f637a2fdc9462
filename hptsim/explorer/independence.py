"""Partial order: where the next steps of one tuning job concern nobody else, those of the others can wait.

Two steps are independent when neither touches what the other one reads or writes: in either order they lead to the same state.
In a state in which all that can happen to one tuning job is independent of all that can happen elsewhere, it is enough to try
that alone: an ample set (Peled, All from one, one for all, 1993; Clarke, Grumberg and Peled, Model Checking, 1999, chapter 10).
The set of a tuning job is ample when

- C1: each of its steps is *local*: no request for quota is asked, granted or given back in it, no budget is spent, and nothing
  is written about anybody else; and none of its requests is in the queue, where others' steps could grant it;
- C2: laws judge steps, by what is known of the job that the step is about, and of the quota where the step moves it. So the
  others' steps can be judged as well after a local one, and it as well before them. That is assumed of hptsim's own laws, and
  of no others;
- a step in it has to happen, so that no state at rest is passed over;
- C3: nobody waits for ever: the steps that have to happen form no loop. The search looks for one when it is over, and where
  there is one (only in wrong tables), the search is made again without reductions. Without loops no state of a run comes twice,
  for every other step gives a command or spends a budget.

C1 is tested step by step: in the full graphs of small scopes every pair of a local step and somebody else's is taken in both
orders (`tests/explorer/test_independence.py`). C2 is tested law by law, with planted bugs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from hptsim.errors import LawBroken
from hptsim.explorer.system import Move, State

LOCAL_COMMANDS = ("stop", "stop_alone")
"""The commands that may concern one job alone."""


class Step(NamedTuple):
    """A move that was tried: the state that it leads to, None where nothing changes, or the law that it breaks."""

    move: Move
    following: State | None
    broken: LawBroken | None = None
    local: bool = False
    """Whether it concerns one tuning job alone."""


def concerns(state: State, move: Move) -> str:
    """The tuning job that a move is about; nothing where there is none: a creation, a training job without one."""
    kind, what = move.act
    while isinstance(what, tuple):
        kind, what = what
    world = state.world
    name = world.armed[what][1] if kind == "fire" else what
    if name in world.training:
        return world.training[name].tuning_job
    return name if name in world.tuning else ""


def may_be_local(move: Move) -> bool:
    """Whether a move spends no budget: it is something that has to happen, or a stop that is answered."""
    return move.due or move.act[0] in LOCAL_COMMANDS


def candidates(state: State, moves: Iterable[Move]) -> list[list[Move]]:
    """The moves of each tuning job that can be an ample set, as far as one can see before they are tried."""
    world = state.world
    groups: dict[str, list[Move]] = {}
    for move in moves:
        groups.setdefault(concerns(state, move), []).append(move)
    groups.pop("", None)
    for one in world.ledger.queue.values():
        groups.pop(one.holder, None)
    found = [
        (name, group)
        for name, group in groups.items()
        if any(move.due for move in group) and all(may_be_local(move) for move in group)
    ]
    found.sort(key=lambda one: -world.tuning[one[0]].ended)  # who has come far goes on: the others wait where they are
    return [group for _, group in found]


def ample(state: State, moves: list[Move], attempt: Callable[[Move], Step]) -> list[Step]:
    """The steps out of a state that are enough: those of one tuning job, or all."""
    tried: dict[Move, Step] = {}
    for group in candidates(state, moves):
        steps = []
        for move in group:
            step = tried[move] = attempt(move)
            steps.append(step)
            if step.broken is not None:
                return [step]
            if not step.local:
                break
        else:
            return steps
    return [tried.get(move) or attempt(move) for move in moves]
