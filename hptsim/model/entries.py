"""The entries of a journal: what each says, and which of them belong to one step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

THINGS = ("tuning", "training", "reservation", "occupancy", "artifact", "log", "signal", "refused", "warm_pool", "call")
Entry = tuple[float, str, str, str, str, str, Any, int]
"""A journal entry as the world writes it, a plain tuple with the fields of `Record`: journals have millions of them."""


class Record(NamedTuple):
    """One journal entry.

    *time_s* is in seconds since the scenario's epoch, *thing* one of `THINGS`, and *data* what `payloads.PAYLOADS` names for
    the thing and trigger. All entries with the same *step* are what one command or one event led to.
    """

    time_s: float
    thing: str
    name: str
    trigger: str
    source: str
    destination: str
    data: Any
    step: int = 0

    def __str__(self) -> str:
        arrow = f": {self.source} → {self.destination}" if self.source else ""
        detail = f" {self.data}" if isinstance(self.data, (str, float)) else ""
        return f"{self.time_s:10.1f} s  {self.thing} {self.name} {self.trigger}{arrow}{detail}"


def steps(records: Iterable[Record]) -> Iterator[list[Record]]:
    """A journal in steps: each is all that one command or one event led to.

    >>> stop = Record(5.0, "tuning", "a", "stop", "InProgress", "Stopping", None, step=7)
    >>> follows = Record(5.0, "training", "a-001", "stop", "Starting", "Starting:stopping", None, step=7)
    >>> [len(step) for step in steps([stop, follows, follows._replace(step=8)])]
    [2, 1]
    """
    for _, step in groupby(records, key=itemgetter(7)):
        yield list(step)


QUEUED: Mapping[str, int] = {"ask": 1, "grant": -1, "withdraw": -1}
"""By how much a reservation's trigger changes the number of requests that wait."""
_SIGNS = {
    ("reservation", "grant"): 1,
    ("reservation", "release"): -1,
    ("occupancy", "occupy"): 1,
    ("occupancy", "vacate"): -1,
}


def change(record: Record) -> Mapping[str, int]:
    """By how much of each pool a record changes what is reserved or, when it is about an occupancy, what is in use.

    >>> change(Record(0.0, "occupancy", "a-001", "vacate", "", "", {"ml.m5.xlarge": 2}))
    {'ml.m5.xlarge': -2}
    """
    sign = _SIGNS.get((record.thing, record.trigger))
    if sign is None:
        moves: Mapping[str, int] = record.data.change if record.trigger == "move" else {}
        return moves
    amounts = record.data.amounts if record.thing == "reservation" else record.data
    return {pool: sign * count for pool, count in amounts.items()}
