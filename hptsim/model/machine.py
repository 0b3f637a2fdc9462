"""The machines that run the tables, and the dispatch that is compiled from them; every table is proved when this is imported.

One `transitions` machine serves any number of jobs: a job has a state, the attributes that guards read, and `perform`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
from transitions import Machine

from hptsim.model.assumptions import ASSUMPTIONS
from hptsim.model.statuses import NEW, SecondaryStatus, TuningJobStatus, status
from hptsim.model.tables import ALL, BOOKINGS, EFFECTS, GUARDS, RESERVATION, TRAINING, TUNING, WARM_POOL, Row, Table

_STATUSES: Mapping[str, frozenset[str]] = {
    "tuning": frozenset(TuningJobStatus),
    "training": frozenset(SecondaryStatus),
    "reservation": frozenset({"Requested", "Held", "Withdrawn", "Released"}),
    "warm_pool": frozenset({"InUse", "Available", "Reused", "Terminated"}),
}


def prove(table: Table) -> None:
    """Check that a table is sound: raises ValueError that names the row or state otherwise.

    One initial state; final states without exits; every state reaches a final one; no misspelt state, effect,
    booking, guard or source; one row per (source, trigger, guard), all guarded where there are several.
    """
    rows_by_key: dict[tuple[str, str], list[Row]] = {}
    for row in table.rows:
        rows_by_key.setdefault((row.source, row.trigger), []).append(row)
        for state in (row.source, row.destination):
            if state != NEW and status(state) not in _STATUSES[table.name]:
                raise ValueError(f"{row}: no status is called {status(state)!r}")
        if row.destination == NEW or row.source in table.final:
            raise ValueError(f"{row}: nothing returns to {NEW} or leaves a final state")
        if unknown := [name for name in row.effects if name not in EFFECTS]:
            raise ValueError(f"{row}: no effect is called {unknown}")
        if unknown := [name for name in row.books if name not in BOOKINGS]:
            raise ValueError(f"{row}: no booking is called {unknown}")
        if row.guard and row.guard not in GUARDS:
            raise ValueError(f"{row}: no guard is called {row.guard!r}")
        for source in row.rests_on.split(", "):
            if source not in ASSUMPTIONS and not (source[:1] in "HJSLRBK" and source[1:].isdigit()):
                raise ValueError(f"{row}: {source!r} is neither a row of the specification nor an assumption")
    for key, rows in rows_by_key.items():
        guards = [row.guard for row in rows]
        if len(set(guards)) < len(rows) or (len(rows) > 1 and "" in guards):
            raise ValueError(f"{table.name}: the rows of {key} need a guard each, and different ones")
    reaching = set(table.final)
    while more := {row.source for row in table.rows if row.destination in reaching} - reaching:
        reaching |= more
    if stuck := set(table.states) - reaching:
        raise ValueError(f"{table.name}: no way from {sorted(stuck)} to a final state")
    if missing := table.final - set(table.states):
        raise ValueError(f"{table.name}: no row leads to {sorted(missing)}")


@attrs.frozen
class Condition:
    """A row's guard as the callback that a `transitions` machine asks."""

    guard: str

    def __call__(self, event: Any) -> bool:
        """Whether the guard holds for the job of *event*; a row without one always applies."""
        return not self.guard or GUARDS[self.guard](event.model)


@attrs.frozen
class Performance:
    """A row's effects as the callback that a `transitions` machine runs after the change of state."""

    row: Row

    def __call__(self, event: Any) -> None:
        """Perform the row on the job of *event*."""
        event.model.perform(self.row)


def machine(table: Table) -> Machine:
    """One `transitions` machine for a table: fire `machine.events[trigger].trigger(job)` on any number of jobs.

    A job has a `state`, the attributes that guards read, and a method `perform(row)`.
    """
    built = Machine(
        model=None, states=list(table.states), initial=NEW, auto_transitions=False, send_event=True, transitions=[]
    )
    for row in table.rows:
        built.add_transition(
            row.trigger, row.source, row.destination, conditions=Condition(row.guard), after=Performance(row)
        )
    return built


Dispatch = Mapping[tuple[str, str], tuple[Row, ...]]


def compiled(source: Machine) -> Dispatch:
    """A machine as one dictionary, which is fast to look up: (state, trigger) to the rows that may apply.

    >>> [row.destination for row in compiled(machine(TRAINING))["Downloading", "downloaded"]]
    ['Training']
    """
    return {
        (state, trigger): tuple(
            after.row for found in transitions for after in found.after if isinstance(after, Performance)
        )
        for trigger, event in source.events.items()
        for state, transitions in event.transitions.items()
        if transitions
    }


@attrs.frozen(repr=False)
class Tables:
    """The tables as dispatch dictionaries; a mutant is a copy with one row edited."""

    tuning: Dispatch
    training: Dispatch
    reservation: Dispatch
    warm_pool: Dispatch

    @classmethod
    def of(
        cls,
        tuning: Table = TUNING,
        training: Table = TRAINING,
        reservation: Table = RESERVATION,
        warm_pool: Table = WARM_POOL,
    ) -> Tables:
        """Compile the given tables, by default the true ones."""
        return cls(*(compiled(machine(table)) for table in (tuning, training, reservation, warm_pool)))

    def __repr__(self) -> str:
        """Which tables differ from the true ones; without this, the default `tables=TABLES` is pages long.

        >>> TABLES, Tables.of(reservation=attrs.evolve(RESERVATION, rows=RESERVATION.rows[:-1]))
        (TABLES, Tables(reservation=...))
        """
        names = [field.name for field in attrs.fields(Tables)]
        changed = [f"{name}=..." for name in names if getattr(self, name) != getattr(TABLES, name)]
        return f"Tables({', '.join(changed)})" if changed else "TABLES"


for _table in ALL:
    prove(_table)


TABLES = Tables.of()
"""The true tables, compiled."""
