"""What a search has reached of the model: which rows of the tables were fired, and beside which states of other jobs."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any, NamedTuple

import attrs

from hptsim.model.account import standalone_holder
from hptsim.model.journal import Entry
from hptsim.model.machine import Tables
from hptsim.model.statuses import FINAL_TRAINING, FINAL_TUNING, NEW

Row = tuple[str, str, str, str]
"""A row of the tables: the kind of thing, the trigger, from which state, to which."""
_ENDED = {"tuning": FINAL_TUNING, "training": FINAL_TRAINING}


class Fired(NamedTuple):
    """A row that a step has fired, and the name of the job that it is about: of a request for quota, its holder."""

    row: Row
    about: str


class Reached(NamedTuple):
    """A row that was fired: at all, or while another job, a *thing* of this kind, was in this *state*."""

    row: Row
    thing: str = ""
    state: str = ""


def rows_of(tables: Tables) -> list[Row]:
    """Every row of the tables, in their order.

    >>> from hptsim.model.machine import TABLES
    >>> ("training", "ready", "Starting", "Downloading") in rows_of(TABLES)
    True
    """
    return [
        (field.name, row.trigger, row.source, row.destination)
        for field in attrs.fields(Tables)
        for rows in getattr(tables, field.name).values()
        for row in rows
    ]


def states_in_flight(tables: Tables) -> list[tuple[str, str]]:
    """Every state that a tuning job or a training job which has not ended can be in."""
    sources = dict.fromkeys((thing, source) for thing, _, source, _ in rows_of(tables) if thing in _ENDED)
    return [(thing, source) for thing, source in sources if source != NEW]


@attrs.frozen
class Coverage:
    """Which rows were fired, and which were while another job was in which state.

    A pair is a row and a state: the row was fired in a step, and when the step began a tuning job or training job other than
    the one that the row is about had not ended, and was in that state. A row of a reservation is about its holder. Many pairs are
    impossible, and so no scope reaches all.
    """

    rows: frozenset[Row]
    pairs: frozenset[Reached]
    all_rows: tuple[Row, ...] = attrs.field(repr=False)
    states: int = attrs.field(repr=False)
    """How many states there are that a job which has not ended can be in."""

    @property
    def never(self) -> tuple[str, ...]:
        """The rows that were never fired, in the order of the tables."""
        return tuple(
            f"{thing}: {trigger}, {source} → {destination}"
            for thing, trigger, source, destination in self.all_rows
            if (thing, trigger, source, destination) not in self.rows
        )

    def sentence(self) -> str:
        """How much was reached, in words."""
        fired = len(self.all_rows) - len(self.never)
        pairs = len(self.all_rows) * self.states
        return (
            f"{fired} of {len(self.all_rows)} rows of the tables were fired, and {len(self.pairs):,} pairs of a row and a "
            f"state that another job was in ({pairs:,} can be written, most of them impossible)."
        )

    def to_dict(self) -> dict[str, Any]:
        """The same for machines: counts, and the rows that were never fired."""
        return {
            "rows": len(self.all_rows),
            "rows_fired": len(self.all_rows) - len(self.never),
            "rows_never_fired": list(self.never),
            "pairs": len(self.pairs),
        }


class Watcher:
    """Collects what is reached: told of the jobs in flight before the moves of a state, and of the rows that each fires.

    >>> watcher = Watcher()
    >>> watcher.before([("tuning", "a", "InProgress"), ("training", "a-001", "Training")])
    >>> watcher.see([Fired(("tuning", "stop", "InProgress", "Stopping"), "a")])
    >>> [(one.row[1], one.thing, one.state) for one in watcher.news()], watcher.news()
    ([('stop', '', ''), ('stop', 'training', 'Training')], [])
    """

    def __init__(self) -> None:
        self._others: list[tuple[str, str, str]] = []
        self._reached: dict[Reached, None] = {}
        self._told = 0

    def before(self, in_flight: Iterable[tuple[str, str, str]]) -> None:
        """The kind, name and state of each job that has not ended, before the steps that are seen next."""
        self._others = list(in_flight)

    def see(self, rows: Iterable[Fired]) -> None:
        """The rows that one step has fired."""
        for row, about in rows:
            self._reached[Reached(row)] = None
            for kind, other, state in self._others:
                if other != about:
                    self._reached[Reached(row, kind, state)] = None

    def news(self) -> list[Reached]:
        """What was reached since the last call, and never before."""
        if len(self._reached) == self._told:
            return []
        news = list(islice(self._reached, self._told, None))
        self._told = len(self._reached)
        return news


_THINGS = frozenset(field.name for field in attrs.fields(Tables))
_ALONE = standalone_holder("")


def fired(entries: Iterable[Entry]) -> tuple[Fired, ...]:
    """The rows of which a step's entries tell.

    >>> fired([(0.0, "tuning", "a", "stop", "InProgress", "Stopping", None, 1), (0.0, "log", "x", "", "", "", "", 1)])
    (Fired(row=('tuning', 'stop', 'InProgress', 'Stopping'), about='a'),)
    """
    return tuple(
        Fired(
            (thing, trigger, source, destination),
            data.holder.removeprefix(_ALONE) if thing == "reservation" else name,
        )
        for _, thing, name, trigger, source, destination, data, _ in entries
        if thing in _THINGS
    )


def coverage(reached: Iterable[Reached], tables: Tables) -> Coverage:
    """What was reached beside all that the tables have."""
    pairs = set(reached)
    rows = {one for one in pairs if not one.thing}
    return Coverage(
        frozenset(one.row for one in rows),
        frozenset(pairs - rows),
        tuple(rows_of(tables)),
        len(states_in_flight(tables)),
    )
