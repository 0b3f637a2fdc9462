"""One state of a search: it is judged if it is at rest, and all moves that are allowed in it are made."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any, NamedTuple

from hptsim.errors import LawBroken
from hptsim.explorer.coverage import Reached, Watcher
from hptsim.explorer.independence import Attempt
from hptsim.explorer.reduction import Reduction
from hptsim.explorer.system import Move, System

AT_REST = "sim.run()"
"""The call that judges a state in which nothing more happens by itself."""


class Step(NamedTuple):
    """A move that was made, and the state that it led to."""

    place: int
    """Its place among the moves of the state that it was made in."""
    call: str
    due: bool
    """Whether it had to be made at some time."""
    key: Hashable
    state: Any


class Broken(NamedTuple):
    """A law that a state broke, or the move to one."""

    call: str
    law: str
    reason: str


class Expansion(NamedTuple):
    """What one state leads to."""

    resting: bool
    """Whether nothing in it has to happen."""
    moves: int
    """How many moves were tried: those that the service refuses too, and up to the one that broke a law."""
    steps: list[Step]
    broken: Broken | None = None
    witnessed: frozenset[str] = frozenset()
    """The `sometimes` laws that this process sees here for the first time."""
    reached: Sequence[Reached] = ()
    """The rows, alone and beside other jobs' states, that this process reaches here for the first time."""


class Expander:
    """Makes the moves of the states of a system, one state at a time."""

    def __init__(self, system: System, *, coverage: bool = False, reduction: Reduction | None = None) -> None:
        self.system, self.reduction = system, reduction
        self.watcher = Watcher() if coverage else None
        system.watch = None if self.watcher is None else self.watcher.see
        self._witnessed: set[str] = set()

    def expand(self, state: Any, key: Callable[[Any], Hashable]) -> Expansion:
        """All that *state* leads to."""
        system = self.system
        moves = system.moves(state)
        resting = not any(move.due for move in moves)
        steps: list[Step] = []
        broken = self.judge_rest(state) if resting else None
        tried = 0
        if broken is None:
            self.look_at(state)
            for move, following, error in self.attempts(state, moves):
                tried += 1
                if error is not None:
                    broken = Broken(move.call, error.law, error.reason)
                    break
                if following is not None:
                    steps.append(Step(moves.index(move), move.call, move.due, key(following), following))
        return Expansion(resting, tried, steps, broken, self._witnesses(), self.reached())

    def attempts(self, state: Any, moves: list[Move]) -> Iterator[Attempt]:
        """The moves out of a state, each tried, in their order; a reduced search leaves out those that can wait."""
        if self.reduction is not None:
            yield from self.reduction.steps(state, moves)
            return
        for move in moves:
            try:
                yield Attempt(move, self.system.take(state, move))
            except LawBroken as error:
                yield Attempt(move, None, error)

    def judge(self, state: Any) -> Expansion:
        """The same without a step: how many moves are allowed, whether *state* is at rest, and which law it breaks there."""
        moves = self.system.moves(state)
        resting = not any(move.due for move in moves)
        broken = self.judge_rest(state) if resting else None
        return Expansion(resting, len(moves), [], broken, self._witnesses())

    def judge_rest(self, state: Any) -> Broken | None:
        """Judge a state in which nothing more happens by itself."""
        try:
            self.system.check_at_rest(state)
        except LawBroken as error:
            return Broken(AT_REST, error.law, error.reason)
        return None

    def take(self, state: Any, move: Move) -> Any:
        """One move alone: the state that it leads to, or None where the service refuses. Raises LawBroken."""
        self.look_at(state)
        return self.system.take(state, move)

    def look_at(self, state: Any) -> None:
        """The moves that are made next begin in *state*."""
        if self.watcher is not None:
            self.watcher.before(self.system.in_flight(state))

    def reached(self) -> Sequence[Reached]:
        """What of the coverage was reached since the last call, and never before."""
        return () if self.watcher is None else self.watcher.news()

    def _witnesses(self) -> frozenset[str]:
        if len(self.system.witnessed) == len(self._witnessed):
            return _NONE
        news = frozenset(self.system.witnessed - self._witnessed)
        self._witnessed |= news
        return news


_NONE: frozenset[str] = frozenset()
