"""One recorded answer of the service, and how the times in it are read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from hptsim.errors import InvalidInput, invalid
from hptsim.model.instants import read_instant

Members = Mapping[str, Any]
"""A structure of the service as JSON has it: the service's member names to values."""


@attrs.frozen
class Answer:
    """One answer; *place* says where it stands, and answers of one *stream* were given in the order in which they stand.

    *request* and *time_s* (seconds since 1970) are None where the recording does not have them; *error* is the code and the
    message of a refusal. *as_sent* says that the request has the members of the wire: CloudTrail's are spelt otherwise.
    """

    place: str
    stream: str
    operation: str
    response: Members
    request: Members | None = None
    time_s: float | None = None
    error: tuple[str, str] | None = None
    as_sent: bool = True


@attrs.frozen
class Refusal:
    """An answer that nothing explains: the *member* that differs, what it says, what was possible, and what is against it."""

    answer: Answer
    member: str
    recorded: Any
    possible: str
    against: str

    def __str__(self) -> str:
        return (
            f"{self.answer.place}: nothing explains this answer to {self.answer.operation}\n"
            f"  {self.member}: recorded {shown(self.recorded)}, possible: {self.possible}\n"
            f"  against it stands: {self.against}"
        )


def shown(value: Any) -> str:
    """A recorded value as a report has it: an instant in ISO 8601, the rest as JSON has it, cut where it is long.

    >>> shown("Stopped"), shown({"__class__": "datetime", "year": 2024, "month": 4, "day": 6})
    ("'Stopped'", '2024-04-06T00:00:00.000000+00:00')
    """
    if is_placebo_time(value):
        return _iso(value)
    text = repr(value)
    return text if len(text) <= 120 else f"{text[:120]}…"


def is_placebo_time(value: Any) -> bool:
    """Whether a value is a time as `placebo` writes it."""
    return isinstance(value, Mapping) and value.get("__class__") == "datetime"


def _iso(value: Members) -> str:
    parts = [int(value.get(name, low)) for name, low in (("year", 1970), ("month", 1), ("day", 1))]
    clock = [int(value.get(name, 0)) for name in ("hour", "minute", "second", "microsecond")]
    year, month, day = parts
    hour, minute, second, micro = clock
    return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micro:06}+00:00"


def instant(value: Any, where: str) -> float:
    """Seconds since 1970 of a recorded time: `placebo`'s object, a number, or a string in ISO 8601.

    Raises InvalidInput.

    >>> instant("1970-01-01T00:01:00.5Z", "CreationTime"), instant(60, "CreationTime")
    (60.5, 60.0)
    """
    if is_placebo_time(value):
        try:
            value = _iso(value)
        except (TypeError, ValueError):
            raise invalid(where, value, "a time as placebo writes it") from None
    return round(read_instant(value, where), 6)


def time_of(members: Members, name: str) -> float | None:
    """The time that a member holds; None where the member is absent or null. Raises InvalidInput for what is no time."""
    value = members.get(name)
    return None if value is None else instant(value, name)


def structure(value: Any, where: str) -> Members:
    """A value that has to be a structure; raises InvalidInput."""
    if not isinstance(value, Mapping):
        raise invalid(where, value, "an object of members")
    return value


def text_of(members: Members, name: str) -> str:
    """A member that has to be a text that is not empty; raises InvalidInput."""
    value = members.get(name)
    if not isinstance(value, str) or not value:
        raise InvalidInput(f"{name}: {'missing' if value is None else f'got {value!r}'}, expected a text")
    return value
