"""What warm pools hold, over time: instances at work for their training job, then reserved for a next one, until when and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from types import MappingProxyType
from typing import NamedTuple

from hptsim.model.account import standalone_holder
from hptsim.model.entries import Record
from hptsim.model.journal_reader import JournalReader
from hptsim.model.tables import WARM_POOL
from hptsim.model.wording import amounts, event

_WHY = MappingProxyType({"InUse": "at work for {}", "Available": "reserved for a next job"})
"""What the instances of a warm pool do in each status; {} is its training job."""


class WarmPoolRow(NamedTuple):
    """A stretch in which the warm pool of *training_job* has *status*, the service's word: which *instances*, and *why*.

    *ended* says how the warm pool ends at *end_s*; it is empty where it goes on.
    """

    training_job: str
    status: str
    begin_s: float
    end_s: float
    instances: str
    why: str
    ended: str = ""


def warm_pool_rows(journal: Iterable[Record], until_s: float | None = None) -> list[WarmPoolRow]:
    """What each warm pool does, in the order in which they are opened; one that has not ended goes on to *until_s*.

    A stretch of no length is left out, unless the journal ends in it. Where *until_s* is None, what has not ended goes on to
    the journal's last entry.

    >>> from hptsim import Scenario, Simulation
    >>> from hptsim.model import TrainingJobDefinition
    >>> sim = Simulation(Scenario(timings="instant"))
    >>> job = sim.create_training_job("a", TrainingJobDefinition(keep_alive_s=60)); sim.run()
    >>> [(row.begin_s, row.end_s, row.instances, row.why) for row in warm_pool_rows(sim.journal)]
    [(0.0, 100.0, '1 ml.m5.xlarge', 'at work for a'), (100.0, 160.0, '1 ml.m5.xlarge', 'reserved for a next job')]
    """
    reader = _WarmPools()
    last = reader.read_all(journal)
    now_s = until_s if until_s is not None else last[0] if last is not None else 0.0
    return [row for name in reader.pools for row in reader.rows_of(name, now_s)]


class _WarmPools(JournalReader):
    """The stretches of each warm pool that have ended, and the one that goes on."""

    def __init__(self) -> None:
        self.pools: dict[str, list[WarmPoolRow]] = {}
        self._goes_on: dict[str, tuple[str, float]] = {}
        self._held: dict[str, Counter[str]] = {}

    def rows_of(self, name: str, now_s: float) -> list[WarmPoolRow]:
        """All stretches of one warm pool up to now."""
        if name in self._goes_on:
            return [*self.pools[name], self._row(name, now_s)]
        return self.pools[name]

    def on_reservation_grant(self, record: Record) -> None:
        self._held[record.data.holder] = Counter(record.data.amounts)

    def on_reservation_move(self, record: Record) -> None:
        if record.data.holder in self._held:
            self._held[record.data.holder].update(record.data.change)

    def on_warm_pool(self, record: Record) -> None:
        name, rows = record.name, self.pools.setdefault(record.name, [])
        if record.source == record.destination:
            return
        if name in self._goes_on:
            if self._goes_on[name][1] < record.time_s:
                rows.append(self._row(name, record.time_s))
            del self._goes_on[name]
            if record.destination in WARM_POOL.final:
                rows[-1:] = [row._replace(ended=_ending(record)) for row in rows[-1:]]
        if record.destination not in WARM_POOL.final:
            self._goes_on[name] = record.destination, record.time_s

    def _row(self, name: str, end_s: float) -> WarmPoolRow:
        status, begin_s = self._goes_on[name]
        held = {pool: count for pool, count in self._held.get(standalone_holder(name), Counter()).items() if count}
        return WarmPoolRow(name, status, begin_s, end_s, amounts(held), _WHY[status].format(name))


def _ending(record: Record) -> str:
    """How a warm pool ends, in words: who takes it over, or why it is given up."""
    if record.trigger == "job_ended":
        return "gone with its training job"
    said = event(record.thing, record.trigger).removeprefix("is ")
    return f"{said} by {record.data.by}" if record.trigger == "reuse" else said
