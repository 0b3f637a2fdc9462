"""What a breadth-first search has found: each state by number, how it was reached first, and where it has to lead."""

from __future__ import annotations

from array import array
from bisect import bisect_right

from hptsim.explorer.coverage import Reached
from hptsim.explorer.endings import Graph


class Visited:
    """The states by number, in the order in which they were found; those before `expanded` have been left by all their moves.

    A state is kept as a choice: the state that it was reached from first, and which of the moves there led to it.
    """

    def __init__(self) -> None:
        self.origins = array("Q", [0])
        self.places = array("H", [0])
        """The place of the move among those of the state that it was made in."""
        self.through = array("I", [0])
        """The number of its call, the public one that does the same."""
        self.labels: dict[str, int] = {"": 0}
        self.levels = [0]
        """The first state of each depth."""
        self.graph = Graph()
        """The steps that have to happen."""
        self.expanded = self.transitions = self.resting = 0
        self.witnessed: dict[str, None] = {}
        """The `sometimes` laws that were seen, in that order."""
        self.reached: dict[Reached, None] = {}
        """What was covered, in the order in which it was."""

    def __len__(self) -> int:
        return len(self.origins)

    def label(self, call: str) -> int:
        """The number of a call."""
        return self.labels.setdefault(call, len(self.labels))

    def add(self, origin: int, place: int, label: int) -> None:
        """Another state: from which, by which of the moves there, and the number of that move's call."""
        if origin >= self.levels[-1]:
            self.levels.append(len(self.origins))
        self.origins.append(origin)
        self.places.append(place)
        self.through.append(label)

    def calls(self, number: int) -> list[str]:
        """A shortest way from the first state to the state *number*, as public calls.

        >>> visited = Visited()
        >>> visited.add(0, 3, visited.label("sim.fire('a', 'launch')"))
        >>> visited.add(1, 0, visited.label("sim.fire('a-001', 'ready')"))
        >>> visited.calls(2), visited.depth(2)
        (["sim.fire('a', 'launch')", "sim.fire('a-001', 'ready')"], 2)
        """
        texts, calls = list(self.labels), []
        while number:
            calls.append(texts[self.through[number]])
            number = self.origins[number]
        return calls[::-1]

    def depth(self, number: int) -> int:
        """How many steps that way has."""
        return bisect_right(self.levels, number) - 1
