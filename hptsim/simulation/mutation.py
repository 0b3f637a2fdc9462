"""Every one-row mutant of the tables: what the laws have to notice."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from hptsim.model.machine import Tables
from hptsim.model.tables import Row, Table


@attrs.frozen
class Mutant:
    """A table with one row edited: what was done to which row, and the tables that result."""

    edit: str
    row: Row
    tables: Tables


def mutants(table: Table) -> Iterator[Mutant]:
    """Every one-row mutant of *table*: an effect or a booking dropped, its destination redirected, a release moved in,
    its guard removed.

    >>> from hptsim.model import RESERVATION
    >>> [mutant.edit for mutant in mutants(RESERVATION)][:2]
    ['without QUEUE', 'to Held']
    """
    for place, row in enumerate(table.rows):
        for edit, changed in _edits(table, row):
            rows = (*table.rows[:place], changed, *table.rows[place + 1 :])
            edited = Table(table.name, rows, table.final)
            yield Mutant(edit, row, Tables.of(**{table.name: edited}))


def _edits(table: Table, row: Row) -> Iterator[tuple[str, Row]]:
    for effect in row.effects:
        yield f"without {effect}", attrs.evolve(row, effects=tuple(one for one in row.effects if one != effect))
    for booking in row.books:
        yield f"without {booking}", attrs.evolve(row, books=tuple(one for one in row.books if one != booking))
    for state in table.states:
        if state not in (row.destination, "[*]"):
            yield f"to {state}", attrs.evolve(row, destination=state)
    if table.name == "tuning" and "RELEASE" not in row.effects and row.source != "[*]":
        yield "with RELEASE", attrs.evolve(row, effects=(*row.effects, "RELEASE"))
    if row.guard:
        yield "without its guard", attrs.evolve(row, guard="")
