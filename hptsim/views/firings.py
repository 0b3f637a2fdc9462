"""Which rows of a table have fired, and when: in a run, in a saved journal, or in a counterexample of the explorer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import attrs

from hptsim.errors import invalid, nearest
from hptsim.explorer.exploration import Counterexample
from hptsim.model.journal import Record, Saved
from hptsim.model.statuses import NEW
from hptsim.model.tables import Row, Table
from hptsim.simulation.simulation import Simulation

Source = Simulation | Counterexample | Saved | Iterable[Record]
"""What has fired rows."""


@attrs.frozen
class Firing:
    """One time that *row* fired: for *job*, *when* in words ("1,860 s", or "step 5" where there is no clock)."""

    row: Row
    job: str
    when: str


def spoken(table: Table) -> str:
    """What a *table* is about, in words.

    >>> from hptsim.model import TRAINING
    >>> spoken(TRAINING)
    'training job'
    """
    return {"tuning": "tuning job", "training": "training job", "warm_pool": "warm pool"}.get(table.name, table.name)


def firings(table: Table, source: Source, job: str | None = None) -> list[Firing]:
    """The rows of *table* that have fired, in order: those of everything, or those of one *job*.

    Of several jobs that had the same name, one after the other, it is the last one. Raises InvalidInput where nothing of that
    name fired a row of the table.

    >>> from hptsim import Scenario, TuningJobSpec
    >>> from hptsim.model import TUNING
    >>> sim = Simulation(Scenario(timings="instant")); demo = sim.create_tuning_job(TuningJobSpec("demo")); sim.run()
    >>> [f"{one.row.trigger} at {one.when}" for one in firings(TUNING, sim, "demo")]
    ['create at 0 s', 'launch at 0 s', 'child_ended at 100 s', 'finish at 100 s']
    """
    rows = {(row.trigger, row.source, row.destination): row for row in table.rows}
    found = [
        Firing(row, record.name, when)
        for record, when in _dated(source)
        if record.thing == table.name and (row := rows.get((record.trigger, record.source, record.destination)))
    ]
    if job is None:
        return found
    mine = [one for one in found if one.job == job]
    if not mine:
        names = {one.job for one in found}
        hint = nearest(job, names) if names else "no row of its table has fired"
        raise invalid("job", job, f"the name of a {spoken(table)}", hint)
    births = [place for place, one in enumerate(mine) if one.row.source == NEW]
    return mine[births[-1] if births else 0 :]


def _dated(source: Source) -> Iterator[tuple[Record, str]]:
    """The records, each with when it was written."""
    if isinstance(source, Counterexample):
        yield from ((record, f"step {step.number}") for step in source.steps for record in step.records)
        return
    if isinstance(source, Simulation):
        source = source.journal
    for record in source.records if isinstance(source, Saved) else source:
        yield record, f"{record.time_s:,.6g} s"


def by_row(fired: Iterable[Firing]) -> Mapping[Row, list[int]]:
    """At which places in the order each row has fired, counted from 1."""
    places: dict[Row, list[int]] = {}
    for place, one in enumerate(fired, 1):
        places.setdefault(one.row, []).append(place)
    return places
