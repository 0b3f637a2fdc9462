"""The states that wait to be expanded, in the order of their numbers."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable
from typing import Any

from hptsim.explorer.expansion import Expander, Expansion, Step

Key = Callable[[Any], Hashable]
Rim = Callable[[], float]
"""The number from which on states are only judged: no move is made from them."""


class Line:
    """States that are expanded in this process, each when its turn comes.

    *states* are the first in line, and *number* is the number of the first of them.
    """

    def __init__(self, expander: Expander, key: Key, rim: Rim, number: int, states: Iterable[Any]) -> None:
        self.expander, self.key, self.rim = expander, key, rim
        self.states = deque(states)
        self.number = number

    def __len__(self) -> int:
        return len(self.states)

    def next(self) -> Expansion:
        """What the first in line leads to; it leaves the line."""
        number, state = self.number, self.states.popleft()
        self.number += 1
        if number >= self.rim():
            return self.expander.judge(state)
        return self.expander.expand(state, self.key)

    def found(self, number: int, step: Step) -> None:
        """A step of the last expansion leads to the state *number*; if it was not found before, it is the last in line."""
        if number == self.number + len(self.states):
            self.states.append(step.state)

    def close(self) -> None:
        """Nothing more is expanded."""
