"""What a program has seen, and what it does then: a program without chance is a function from the one to the other.

Histories form a tree. Answers that differ in times alone are the same answer, so that what is seen is finite.
"""

from __future__ import annotations

import json
import re
from collections.abc import Hashable, Mapping
from typing import Any

import attrs

from hptsim.service.call import Call, Response

_TIMES = ("time", "timestamp", "inseconds", "nexttoken")
_MODIFIED = re.compile(rb"<(LastModified|CreationDate|Initiated)>[^<]*</")


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

    *response* is the last answer: None where no answer came. *again* counts how often each call was answered with nothing new
    since there was something new. *waited* says whether the program has slept since its last call, or asks the same once
    more: it waits for something to happen. *patient* says, where it is known, whether the program does something else when
    its calls are answered with nothing new for long.
    """

    parent: History | None = None
    request: Request | None = None
    response: Response | None = None
    depth: int = 0
    seen: Mapping[Hashable, Hashable] = attrs.field(factory=dict)
    again: Mapping[Hashable, int] = attrs.field(factory=dict)
    outcome: Outcome | None = None
    following: Request | Returned | Raised | None = None
    now_s: float = 0.0
    waited: bool = False
    patient: bool | None = None
    children: dict[Hashable, History] = attrs.field(factory=dict)

    @property
    def repeats(self) -> int:
        """How often the call that was repeated most was answered with nothing new, since there was something new."""
        return max(self.again.values(), default=0)

    def then(self, response: Response | None) -> History:
        """The history in which the program's next call has got *response*."""
        request = self.following
        assert isinstance(request, Request)
        shown = normal(response)
        child = self.children.get(shown)
        if child is None:
            same = self.seen.get(request.identity) == shown
            again = {**self.again, request.identity: self.again.get(request.identity, 0) + 1} if same else {}
            seen = {**self.seen, request.identity: shown}
            child = History(self, request, response, self.depth + 1, seen, again)
            self.children[shown] = child
        return child

    def answered(self) -> list[History]:
        """The histories from the first call's answer to this one."""
        found: list[History] = []
        one: History | None = self
        while one is not None and one.parent is not None:
            found.append(one)
            one = one.parent
        return found[::-1]


def normal(response: Response | None) -> Hashable:
    """An answer without the times in it: how long something took, when it happened, and tokens that hold an instant.

    >>> normal(Response(200, {}, b'{"CreationTime": 1.5, "Status": "Stopped"}'))
    (200, '{"CreationTime": true, "Status": "Stopped"}')
    """
    if response is None:
        return None
    try:
        told = json.dumps(_timeless(json.loads(response.body))) if response.body else ""
    except ValueError:
        told = repr(_MODIFIED.sub(b"<\\1></", response.body))
    return response.status, told


def _timeless(what: Any) -> Any:
    if isinstance(what, dict):
        return {name: True if name.lower().endswith(_TIMES) else _timeless(value) for name, value in what.items()}
    return [_timeless(one) for one in what] if isinstance(what, list) else what
