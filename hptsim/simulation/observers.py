"""Functions of a user's own that are told of every step, in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from hptsim.model.journal import Journal, Record

Observer = Callable[[Sequence[Record]], object]
"""Called with the journal's records of one step."""


class Observers:
    """Those who are told what is new in *journal* whenever a step is over.

    *functions* are the observers, each by a token of its own; *telling* is whether one of them is being called just now.
    What follows from an observer's own commands is a step of its own, of which all are told after this one.

    >>> journal, told = Journal(), []
    >>> observers = Observers(journal)
    >>> take_off = observers.add(told.append)
    >>> observers.tell()
    >>> told  # nothing is new
    []
    """

    def __init__(self, journal: Journal) -> None:
        self.functions: dict[object, Observer] = {}
        self.telling = False
        self._journal = journal
        self._told = 0
        self._due: deque[tuple[object, Sequence[Record]]] = deque()

    def add(self, function: Observer) -> Callable[[], None]:
        """Tell *function* of every step from now on; returns what takes it off again."""
        if not self.functions:
            self._told = len(self._journal)
        token = object()
        self.functions[token] = function
        return lambda: self.functions.pop(token, None) and None

    def tell(self) -> None:
        """A step is over: call everybody with what is new, unless this happens within such a call, which goes on then."""
        new = tuple(self._journal[slice(self._told - self._journal.written, None)])
        self._told = len(self._journal)
        if new:
            self._due.extend([(token, new) for token in self.functions])
        if self.telling:
            return
        self.telling = True
        try:
            while self._due:
                token, step = self._due.popleft()
                if (function := self.functions.get(token)) is not None:
                    function(step)
        finally:
            self.telling = False

    def rewind(self, length: int) -> None:
        """The journal has *length* entries again: an earlier snapshot was restored."""
        self._told = length
        self._due.clear()
