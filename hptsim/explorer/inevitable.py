"""When a broken law became inevitable: the last step of a counterexample after which a good end was still possible.

A run ends well when it comes to rest and has broken no law on its way. Two questions are asked of every state on the way to
the broken law: whether some run ends well if everything may happen that the exploration lets happen, commands and faults
too; and whether one does by what has to happen alone. The states are asked from the last to the first, and what was found
to be hopeless after a later step is not searched again for an earlier one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

import attrs

from hptsim.errors import InvalidInput, LawBroken
from hptsim.explorer.expansion import AT_REST
from hptsim.explorer.scope import Scope
from hptsim.explorer.system import Move, System

MAX_STATES = 10_000


@attrs.frozen
class LastChance:
    """The last step after which a run could still end well: *good_until*, 0 for the beginning, None for not even that.

    After step *hopeless_from* and all later ones no run ends well; None where there is no such step. *way_out* are the calls
    of a good end after *good_until*. Where the search was ended after *visited* states it is not *known* how long a good end was
    possible, and *good_until* is None.
    """

    good_until: int | None
    hopeless_from: int | None
    way_out: tuple[str, ...]
    known: bool
    visited: int

    def after(self) -> str:
        """When the last chance was, as the beginning of a sentence's part."""
        return "at the beginning" if self.good_until == 0 else f"after step {self.good_until}"

    def way(self) -> str:
        """The way out, in lines of its own."""
        return "".join(f"\n    {call}" for call in self.way_out) or "\n    (nothing has to happen there)"


@attrs.frozen
class Inevitable:
    """When what a counterexample shows became inevitable: with all that *may* happen, and by what *must* happen alone."""

    may: LastChance
    must: LastChance

    def sentence(self) -> str:
        """The same in words."""
        may, must = self.may, self.must
        if may.known and must.known and may.good_until == must.good_until:
            return _verdict(may, "", f", by what has to happen alone:{must.way()}")
        alone = "By what has to happen alone"
        return "\n".join(
            [
                _verdict(may, "", f", with the help of commands or faults:{may.way()}"),
                _verdict(must, alone, f":{must.way()}"),
            ]
        )


def _verdict(chance: LastChance, alone: str, way: str) -> str:
    """One of the two answers in words; *alone* begins its sentences, if anything does."""
    hopeless = ""
    if chance.hopeless_from is not None:
        begin = "from the beginning on" if chance.hopeless_from == 0 else f"after step {chance.hopeless_from}"
        hopeless = _sentence(alone, f"no run ends well {begin}: each breaks a law, or never comes to rest.")
    if not chance.known:
        unknown = f"the search for a good end was given up after {chance.visited:,} states."
        until = (
            "when it became inevitable is not known"
            if not hopeless
            else "whether it was inevitable before is not known"
        )
        return f"{hopeless} {_sentence('', f'{until}: {unknown}')}".strip()
    if chance.good_until is None:
        return hopeless
    if not hopeless:
        return _sentence(alone, f"it was never inevitable: even {chance.after()} a run could still end well{way}")
    return f"{hopeless} {_sentence('', f'{chance.after()} one still could{way}')}"


def _sentence(begin: str, text: str) -> str:
    return f"{begin}, {text}" if begin else text[0].upper() + text[1:]


def inevitable(
    scope: Scope, calls: Sequence[str], loop: Sequence[str] = (), max_states: int = MAX_STATES
) -> Inevitable:
    """The last of the states along *calls* from which some run ends well; the last call breaks a law, or a *loop* follows.

    At most *max_states* states are searched for each of the two answers. Raises InvalidInput where the calls no longer do that,
    because what made the bug is no longer in place.
    """
    system = scope.system()
    path = _states(system, system.root, calls if loop else calls[:-1])
    if not _breaks(system, path[-1], calls[-1], loop):
        raise _gone(calls[-1])
    return Inevitable(*(_last_chance(path, _Search(system, max_states, forced)) for forced in (False, True)))


def _breaks(system: System, state: Any, last: str, loop: Sequence[str]) -> bool:
    """Whether the loop leads back to *state*, or else whether the *last* call still breaks a law in it."""
    if loop:
        return system.key(_states(system, state, loop)[-1]) == system.key(state)
    try:
        if last == AT_REST:
            if any(move.due for move in system.moves(state)):
                return False
            system.check_at_rest(state)
        else:
            _states(system, state, [last])
    except LawBroken:
        return True
    return False


def _gone(call: str) -> InvalidInput:
    return InvalidInput(f"{call}: it no longer does what was found; is what made the bug still in place?")


def _last_chance(path: Sequence[Any], search: _Search) -> LastChance:
    hopeless: int | None = None
    for number in reversed(range(len(path))):
        way = search.good_end(path[number])
        if way is not None:
            return LastChance(number, hopeless, way, True, search.visited)
        if search.ended:
            return LastChance(None, hopeless, (), False, search.visited)
        hopeless = number
    return LastChance(None, hopeless, (), True, search.visited)


def _states(system: System, start: Any, calls: Sequence[str]) -> list[Any]:
    """The states along the way from *start*, with *start*. Raises LawBroken."""
    states = [start]
    for call in calls:
        move = next((move for move in system.moves(states[-1]) if move.call == call), None)
        following = None if move is None else system.take(states[-1], move)
        if following is None:
            raise _gone(call)
        states.append(following)
    return states


class _Search:
    """Searches for good ends; *forced* is for those by what has to happen alone."""

    def __init__(self, system: System, max_states: int, forced: bool) -> None:
        self.system, self.max_states, self.forced = system, max_states, forced
        self.hopeless: set[Any] = set()
        self.visited = 0
        self.ended = False
        """Whether there were too many states."""

    def good_end(self, start: Any) -> tuple[str, ...] | None:
        """The calls of a good end, with as few commands and faults as can be; None if there is none, or too many states."""
        system = self.system
        seen: set[Any] = set()
        trail: list[tuple[int, str]] = [(0, "")]
        line: deque[tuple[Any, int]] = deque([(start, 0)])
        while line:
            state, place = line.popleft()
            key = system.key(state)
            if key in seen or key in self.hopeless:
                continue
            if self.visited >= self.max_states:
                self.ended = True
                return None
            seen.add(key)
            self.visited += 1
            moves = system.moves(state)
            if not any(move.due for move in moves) and self._kept_at_rest(state):
                return _calls(trail, place)
            for move in moves:
                following = None if self.forced and not move.due else self._taken(state, move)
                if following is not None:
                    trail.append((place, move.call))
                    ahead = (following, len(trail) - 1)
                    line.appendleft(ahead) if move.due else line.append(ahead)
        self.hopeless |= seen
        return None

    def _taken(self, state: Any, move: Move) -> Any:
        """Where a move leads; None where it is refused or breaks a law."""
        try:
            return self.system.take(state, move)
        except LawBroken:
            return None

    def _kept_at_rest(self, state: Any) -> bool:
        try:
            self.system.check_at_rest(state)
        except LawBroken:
            return False
        return True


def _calls(trail: list[tuple[int, str]], place: int) -> tuple[str, ...]:
    calls: list[str] = []
    while place:
        place, call = trail[place]
        calls.append(call)
    return tuple(reversed(calls))
