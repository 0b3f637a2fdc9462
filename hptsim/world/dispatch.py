"""Rows made ready: the tables as dictionaries of functions, so that nothing is looked up when a row is fired.

The functions are handed in, as they act on the world, which stands above this module: they are called with it first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from hptsim.errors import LawBroken
from hptsim.model.billing import BILLED
from hptsim.model.machine import Dispatch, Tables
from hptsim.model.tables import ALL, GUARDS, Row

_FINAL = {table.name: table.final for table in ALL}
Effect = Callable[[Any, Any, Any], None]
"""What a row does to the world: called with the world, the entity, and the detail or data of what happened."""
Booking = Callable[[Any, Any, "ReadyRow", Any], None]
"""What a row notes on the entity's record: called with the world, the entity, the row, and the data."""
Report = Callable[[Any, Any, "ReadyRow", Any], Any]
"""What the journal says of what happened: called with the world, the entity, the row, and the detail."""
Decision = Callable[[Any, Any], None]
"""Decides what an armed event does when it is due: called with the world and the entity."""


@attrs.frozen(eq=False)
class ReadyRow:
    """One row, ready to be fired."""

    source: str
    trigger: str
    destination: str
    guard: Callable[[Any], bool] | None
    report: Report | None
    """None where the journal says no more than the change of state, or what it is given."""
    books: tuple[Booking, ...]
    effects: tuple[Effect, ...]
    billed: bool
    ends: bool


class ReadyTable(dict[tuple[str, str], ReadyRow]):
    """The rows of one table by (state, trigger): those without a guard, and apart those that guards choose from."""

    def __init__(self, rows: Mapping[tuple[str, str], tuple[ReadyRow, ...]]) -> None:
        super().__init__({key: found[0] for key, found in rows.items() if len(found) == 1 and found[0].guard is None})
        self.guarded = {key: found for key, found in rows.items() if key not in self}

    def choose(self, entity: Any, trigger: str) -> ReadyRow:
        """The one row that applies to *entity* now; raises LawBroken unless exactly one does."""
        found, applying = None, 0
        for row in self.guarded.get((entity.state, trigger), ()):
            if row.guard is None or row.guard(entity):
                found = row
                applying += 1
        if found is None or applying > 1:
            reason = f"{applying} rows apply to {trigger!r} on {entity.name} in state {entity.state}"
            raise LawBroken("exactly one row applies", reason, "tables.py")
        return found


@attrs.frozen(eq=False)
class Rules:
    """The rules of a world: the tables made ready, and what is decided before a row is fired."""

    tables: Tables
    tuning: ReadyTable
    training: ReadyTable
    reservation: ReadyTable
    warm_pool: ReadyTable
    decisions: Mapping[tuple[str, str], Decision]
    """By kind of entity and trigger."""

    @classmethod
    def compile(
        cls,
        tables: Tables,
        effects: Mapping[str, Effect],
        bookings: Mapping[str, Booking],
        reports: Mapping[tuple[str, str], Report],
        decisions: Mapping[tuple[str, str], Decision],
    ) -> Rules:
        """Make *tables* ready, with the functions for the names in their rows; *reports* go by table and trigger."""

        def ready(name: str, row: Row) -> ReadyRow:
            return ReadyRow(
                row.source,
                row.trigger,
                row.destination,
                GUARDS[row.guard] if row.guard else None,
                reports.get((name, row.trigger)),
                tuple([bookings[one] for one in row.books]),
                tuple([effects[one] for one in row.effects]),
                row.source in BILLED,
                row.destination in _FINAL[name],
            )

        def ready_table(name: str, dispatch: Dispatch) -> ReadyTable:
            return ReadyTable({key: tuple([ready(name, row) for row in rows]) for key, rows in dispatch.items()})

        return cls(
            tables,
            ready_table("tuning", tables.tuning),
            ready_table("training", tables.training),
            ready_table("reservation", tables.reservation),
            ready_table("warm_pool", tables.warm_pool),
            decisions,
        )
