"""Whether everything comes to rest: the steps between the states of an exploration as a graph, and its endless loops.

A state is at rest when nothing in it has to happen. What has to happen is armed and no fault; a fault may strike, a command
may be given, and neither has to. So only the steps that have to happen count here.

Weak fairness is assumed: what stays armed in every state of a loop happens at some time. A loop that leaves it out for ever
is no possible run.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Callable, Iterable

import attrs


@attrs.frozen
class Loop:
    """States through which a run can go for ever, and never come to rest."""

    start: int
    """The first of them that was found."""
    labels: tuple[int, ...]
    """The steps that lead from *start* back to it."""
    states: int
    """How many they are."""
    escapable: bool
    """Whether a state at rest could be reached from them by what has to happen."""


class Graph:
    """States by number and, of each, the steps that have to happen in it: each a label and the state that it leads to.

    States are added in the order of their numbers. Those that are never added are unknown, and taken for good.

    >>> graph = Graph()
    >>> graph.add([(7, 1)]); graph.add([(8, 0), (9, 2)]); graph.add([])
    >>> graph.endless() is None  # what 9 stands for stays armed only in state 1: the loop 7, 8 may leave it out
    False
    >>> graph.endless().labels, graph.endless().escapable
    ((7, 8), True)
    """

    def __init__(self) -> None:
        self._first = array("Q", [0])
        self._labels = array("L")
        self._targets = array("L")

    def add(self, steps: Iterable[tuple[int, int]]) -> None:
        """The next state's steps, each a label and where it leads."""
        for label, target in steps:
            self._labels.append(label)
            self._targets.append(target)
        self._first.append(len(self._targets))

    def __len__(self) -> int:
        return len(self._first) - 1

    def steps(self, state: int) -> list[tuple[int, int]]:
        """The steps of a state: nothing for one that is at rest, or unknown."""
        if state >= len(self):
            return []
        places = range(self._first[state], self._first[state + 1])
        return [(self._labels[place], self._targets[place]) for place in places]

    def endless(self) -> Loop | None:
        """A loop that a fair run can stay in for ever, the one with the shortest way in; None where every run ends."""
        left = self._not_surely_ending()
        if not left:
            return None
        fair = [part for part in self._parts(left) if self._is_fair(part)]
        if not fair:
            return None
        best = min(fair, key=min)
        ending = self._may_end(left)
        return Loop(min(best), self._walk(min(best), best), len(best), min(best) in ending)

    def always_ends(self) -> bool:
        """Whether the steps form no loop at all, fair or not."""
        return not self._not_surely_ending()

    def _backwards(self, states: Iterable[int]) -> dict[int, list[int]]:
        """The states from which a step leads to each, as often as one does."""
        before: dict[int, list[int]] = {}
        for state in states:
            for place in range(self._first[state], self._first[state + 1]):
                before.setdefault(self._targets[place], []).append(state)
        return before

    def _not_surely_ending(self) -> set[int]:
        """The states from which some run comes to no end: those that are left when ends are taken away again and again."""
        before = self._backwards(range(len(self)))
        open_steps = [self._first[state + 1] - self._first[state] for state in range(len(self))]
        ended = [state for state, count in enumerate(open_steps) if not count]
        ended += [state for state in before if state >= len(self)]
        surely = len([state for state in ended if state < len(self)])
        while ended:
            for state in before.get(ended.pop(), ()):
                open_steps[state] -= 1
                if not open_steps[state]:
                    surely += 1
                    ended.append(state)
        if surely == len(self):
            return set()
        return {state for state, count in enumerate(open_steps) if count}

    def _may_end(self, left: set[int]) -> set[int]:
        """Of the states *left*, those from which a state that surely ends can be reached: a backward search."""
        before = self._backwards(left)
        reached = [state for state in before if state not in left]
        found: set[int] = set()
        while reached:
            for state in before.get(reached.pop(), ()):
                if state not in found:
                    found.add(state)
                    reached.append(state)
        return found

    def _parts(self, left: set[int]) -> list[set[int]]:
        """The strongly connected parts of the states *left* that have a step within them (Tarjan 1972, without recursion)."""
        number: dict[int, int] = {}
        low: dict[int, int] = {}
        stack: list[int] = []
        on_stack: set[int] = set()
        parts: list[set[int]] = []
        for root in left:
            if root in number:
                continue
            work = [(root, iter(self._within(root, left)))]
            number[root] = low[root] = len(number)
            stack.append(root)
            on_stack.add(root)
            while work:
                state, following = work[-1]
                for target in following:
                    if target not in number:
                        number[target] = low[target] = len(number)
                        stack.append(target)
                        on_stack.add(target)
                        work.append((target, iter(self._within(target, left))))
                        break
                    if target in on_stack:
                        low[state] = min(low[state], number[target])
                else:
                    work.pop()
                    if work:
                        low[work[-1][0]] = min(low[work[-1][0]], low[state])
                    if low[state] == number[state]:
                        part: set[int] = set()
                        while state not in part:
                            part.add(stack.pop())
                        on_stack -= part
                        if any(target in part for one in part for target in self._within(one, left)):
                            parts.append(part)
        return parts

    def _within(self, state: int, states: set[int]) -> list[int]:
        return [target for _, target in self.steps(state) if target in states]

    def _armed_throughout(self, states: Iterable[int]) -> set[int]:
        """What is armed in every one of some states: fairness demands that it happens."""
        return set.intersection(*({label for label, _ in self.steps(state)} for state in states))

    def _is_fair(self, part: set[int]) -> bool:
        happening = {label for state in part for label, target in self.steps(state) if target in part}
        return self._armed_throughout(part) <= happening

    def _walk(self, start: int, part: set[int]) -> tuple[int, ...]:
        """A fair way from *start* through a fair part and back: a shortest loop, and what fairness wants besides."""
        walk = self._round(start, part, None)
        while missing := self._armed_throughout([start, *(to for _, to in walk)]) - {label for label, _ in walk}:
            walk += self._round(start, part, min(missing))
        return tuple([label for label, _ in walk])

    def _round(self, start: int, part: set[int], wanted: int | None) -> list[tuple[int, int]]:
        """From *start* and back, on the way a step that is *wanted* or a state in which it is not armed."""
        out = self._way(start, part, lambda label, to: label == wanted or wanted not in dict(self.steps(to)))
        last = out[-1][1]
        return out if last == start else out + self._way(last, part, lambda label, to: to == start)

    def _way(self, start: int, part: set[int], there: Callable[[int, int], bool]) -> list[tuple[int, int]]:
        """The shortest way within a part whose last step is what is looked for."""
        line: deque[tuple[int, list[tuple[int, int]]]] = deque([(start, [])])
        seen: set[int] = set()
        while line:
            state, way = line.popleft()
            for label, target in self.steps(state):
                if target not in part:
                    continue
                if there(label, target):
                    return [*way, (label, target)]
                if target not in seen:
                    seen.add(target)
                    line.append((target, [*way, (label, target)]))
        raise AssertionError("a strongly connected part has a way from each of its states to each")
