"""Partial order: where the next steps of one tuning job concern nobody else, those of the others can wait.

Two steps are independent when neither touches what the other one reads or writes: in either order they lead to the same state.
In a state in which all that can happen to one tuning job is independent of all that can happen elsewhere, it is enough to try
that alone: an ample set (Peled, All from one, one for all, 1993; Clarke, Grumberg and Peled, Model Checking, 1999, chapter 10).
The set of a tuning job is ample when

- C1: each of its steps is *local*: it reads and changes the parts of this tuning job alone, and spends no budget; and none of its
  requests is in the queue, where others' steps could grant it. It may look at the queue: laws ask whether anybody waits, and
  judge the queue only in steps that move a request. It may look at budgets: it arms a fault that others may spend, and what is
  spent is no part of a state (see `symmetry`). It may add to the commands that were given, and to the orders of creation;
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
from hptsim.explorer.owners import Owners
from hptsim.explorer.parts import STRIDE
from hptsim.explorer.system import Move, State, System

LOCAL_COMMANDS = ("stop", "stop_alone")
"""The commands that may concern one job alone."""
_MAY_READ = ("queue", "fault")
"""What a local step may look at, though others change it: see the docstring of this module."""
_MAY_WRITE = ("given", "order")
"""What a local step may add to, for in which order such things are added makes no difference."""


class Attempt(NamedTuple):
    """A move that was tried: the state that it leads to, None where nothing changes, or the law that it breaks."""

    move: Move
    following: State | None
    broken: LawBroken | None = None


def may_be_local(move: Move) -> bool:
    """Whether a move spends no budget: it is something that has to happen, or a stop that is answered."""
    return move.due or move.act[0] in LOCAL_COMMANDS


class Independence:
    """The ample sets of a system's states."""

    def __init__(self, system: System, owners: Owners) -> None:
        self.system, self.owners = system, owners

    def concerns(self, move: Move) -> str:
        """The tuning job that a move is about; nothing where there is none: a creation, a training job without one."""
        kind, what = move.act
        while isinstance(what, tuple):
            kind, what = what
        if kind == "fire":
            return self.owners.of_place(what // STRIDE)
        return self.owners.of_name(what) if isinstance(what, str) else ""

    def is_local(self, state: State, move: Move) -> bool:
        """Whether a move touches the parts of its tuning job alone. Raises LawBroken if it breaks a law."""
        if not may_be_local(move):
            return False
        name, slots = self.concerns(move), self.system.parts.slots
        reads, writes = self.system.footprint(state, move)
        others = [index for index in reads | writes if self.owners.of_place(index) != name]
        return name != "" and not any(
            slots[index].kind not in _MAY_WRITE and (index in writes or slots[index].kind not in _MAY_READ)
            for index in others
        )

    def candidates(self, state: State, moves: Iterable[Move]) -> list[list[Move]]:
        """The moves of each tuning job that may be an ample set, as far as one can see before they are tried."""
        groups: dict[str, list[Move]] = {}
        for move in moves:
            groups.setdefault(self.concerns(move), []).append(move)
        groups.pop("", None)
        queue = self.system.parts.slot("queue")
        if queue.index < len(state):
            for request in queue.parts[state[queue.index]].content.get("queue", ()):
                groups.pop(request.rpartition("/")[0], None)
        return [
            group
            for _, group in sorted(groups.items(), key=lambda one: -self._ended(state, one[0]))
            if any(move.due for move in group) and all(may_be_local(move) for move in group)
        ]

    def _ended(self, state: State, name: str) -> int:
        """How far a tuning job has come: who has come far goes on, and the others wait where they are."""
        slot = self.system.parts.slot("holder", name)
        job = slot.parts[state[slot.index]].content.get("tuning")
        return 0 if job is None else int(job.ended)

    def enough(self, state: State, moves: list[Move], attempt: Callable[[Move], Attempt]) -> list[Attempt]:
        """The steps out of a state that are enough: those of one tuning job, or all; one that breaks a law is the last."""
        for group in self.candidates(state, moves):
            try:
                local = all(self.is_local(state, move) for move in group)
            except LawBroken:
                continue
            if local:
                return _until_broken(map(attempt, group))
        return _until_broken(map(attempt, moves))


def _until_broken(steps: Iterable[Attempt]) -> list[Attempt]:
    found = []
    for step in steps:
        found.append(step)
        if step.broken is not None:
            break
    return found
