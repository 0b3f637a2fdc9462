"""What a program has seen, and what it does then: a program without chance is a function from the one to the other.

Histories form a tree. Answers that differ in times alone, or in what the program never reads, are the same answer.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import attrs

from hptsim.service.call import Call, Response
from hptsim.testing.program_reading import Reads, agree


@attrs.frozen(eq=False)
class Request:
    """A call that the program makes: its parameters in words, and what would be sent."""

    service: str
    operation: str
    parameters: str
    sent: Call

    @property
    def identity(self) -> Hashable:
        """Equal for calls that ask the same."""
        return self.service, self.operation, self.parameters


@attrs.frozen(eq=False)
class Returned:
    """The program has come to its end."""

    result: Any


@attrs.frozen(eq=False)
class Raised:
    """The program has let an exception out."""

    error: BaseException


@attrs.frozen(eq=False)
class Outcome:
    """What a client made of an answer: the parsed response, pickled, or an exception; and how long it took, in seconds."""

    parsed: bytes = b""
    error: BaseException | None = None
    took_s: float = 0.0


@attrs.define(eq=False)
class History:
    """What a program has seen so far, and what it does next: `following`, at *now_s* of its clock.

    *response* is the last answer, None where none came, and *reads* what the program has read of it until now. *again* counts
    how often each call was answered with nothing new since there was something new; *seen* has the last answers. *waited*
    says whether the program has slept since its last call, or asks the same once more: it waits for something to happen.
    *patient* says, where it is known, whether the program only asks on when its calls are answered with nothing new.
    *known_reads* is what is known to be read of the answers to its next call.

    The rest is the search's: *arrivals* are the ways that led here, *read_before* how much had been read when their answers
    were compared, and it is *dropped* when they differ in what was read since.
    """

    parent: History | None = None
    request: Request | None = None
    response: Response | None = None
    depth: int = 0
    seen: Mapping[Hashable, History] = attrs.field(factory=dict)
    again: Mapping[Hashable, int] = attrs.field(factory=dict)
    outcome: Outcome | None = None
    reads: Reads = attrs.field(factory=set)
    following: Request | Returned | Raised | None = None
    now_s: float = 0.0
    waited: bool = False
    patient: bool | None = None
    children: list[History] = attrs.field(factory=list)
    known_reads: Reads = attrs.field(factory=set)
    arrivals: list[Any] = attrs.field(factory=list)
    read_before: int = 0
    dropped: bool = False

    @property
    def is_current(self) -> bool:
        """Whether neither it nor one before it was dropped."""
        one: History | None = self
        while one is not None and not one.dropped:
            one = one.parent
        return one is None

    @property
    def repeats(self) -> int:
        """How often the call that was repeated most was answered with nothing new, since there was something new."""
        return max(self.again.values(), default=0)

    @property
    def asks_on(self) -> bool:
        """Whether the program's next call is one that was answered with nothing new."""
        return isinstance(self.following, Request) and self.following.identity in self.again

    def then(self, response: Response | None) -> History:
        """The history in which the program's next call has got *response*: one of `children`, or one that is new."""
        request = self.following
        assert isinstance(request, Request)
        for child in self.children:
            if agree(child.response, response, child.reads):
                return child
        last = self.seen.get(request.identity)
        same = last is not None and agree(last.response, response, last.reads)
        again = {**self.again, request.identity: self.again.get(request.identity, 0) + 1} if same else {}
        child = History(self, request, response, self.depth + 1, self.seen, again)
        child.reads |= self.known_reads
        child.seen = {**self.seen, request.identity: child}
        return child

    def answered(self) -> list[History]:
        """The histories from the first call's answer to this one."""
        found: list[History] = []
        one: History | None = self
        while one is not None and one.parent is not None:
            found.append(one)
            one = one.parent
        return found[::-1]
