"""Steps that are remembered: what a step has read decides what it does, so it is done once for all states alike in that.

A step reads parts one after the other, and which it reads next depends on nothing but the step and what it has read so far.
So all steps of one kind form a tree: each node names the part that is read next, and has a branch for each content of it.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any

import attrs

from hptsim.explorer.coverage import Fired
from hptsim.explorer.parts import Slot


class Node:
    """A part that is read next: its place in the state, and for each content, or shape of it, what follows."""

    __slots__ = ("following", "index", "shapes")

    def __init__(self, slot: Slot, by_shape: bool) -> None:
        self.index = slot.index
        self.shapes = slot.shapes if by_shape else None
        self.following: dict[int, Node | Outcome] = {}


@attrs.frozen(eq=False)
class Outcome:
    """What a step does: the contents that it writes, by place, the keys that it adds to orders, and which laws it has seen."""

    writes: tuple[tuple[int, int], ...] = ()
    adds: tuple[tuple[Slot, str], ...] = ()
    witnessed: tuple[str, ...] = ()
    refused: bool = False
    """Whether the service refuses, and nothing changes."""
    fired: tuple[Fired, ...] = ()
    """The rows of the tables that it has fired."""
    answer: Any = None
    """What was found out, where that is more than a change."""


class Memory:
    """The outcomes of steps by what they read."""

    def __init__(self) -> None:
        self._first: dict[Hashable, Node | Outcome] = {}

    def find(self, step: Hashable, state: tuple[int, ...]) -> Outcome | None:
        """The outcome of a step in a state, or None where none is known."""
        node = self._first.get(step)
        while node.__class__ is Node:
            try:
                read = state[node.index]
            except IndexError:  # a part that came up later
                read = 0
            shapes = node.shapes
            node = node.following.get(read if shapes is None else shapes[read])
        return node  # type: ignore[return-value]

    def path(self, step: Hashable, state: tuple[int, ...]) -> list[int]:
        """The places of the parts that a known step reads in a state, in order."""
        found, node = [], self._first.get(step)
        while isinstance(node, Node):
            found.append(node.index)
            read = state[node.index] if node.index < len(state) else 0
            node = node.following.get(read if node.shapes is None else node.shapes[read])
        return found

    def keep(self, step: Hashable, reads: Iterable[tuple[Slot, bool, int]], outcome: Outcome) -> None:
        """Remember an outcome. Raises AssertionError for a step that read something else next after the same reads."""
        branch: dict[Any, Node | Outcome] = self._first
        at: Hashable = step
        for slot, by_shape, read in reads:
            node = branch.get(at)
            if node is None:
                node = branch[at] = Node(slot, by_shape)
            if not isinstance(node, Node) or node.index != slot.index or (node.shapes is not None) != by_shape:
                raise AssertionError(
                    f"{step} reads {slot.kind} {slot.key} next, where it has read something else before"
                )
            branch, at = node.following, read
        if at in branch:
            raise AssertionError(f"{step} ends where it has read more, or has had another outcome, before")
        branch[at] = outcome

    def clear(self) -> None:
        """Forget everything: the next steps are done again."""
        self._first.clear()
