"""Figures that are counted while a run goes on, so that its journal need not be kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from hptsim.model.journal import Journal, Record
from hptsim.planning.accounting import Accounting
from hptsim.planning.metrics import Metrics
from hptsim.scenario.scenario import Scenario
from hptsim.simulation.simulation import Simulation


class Streamed:
    """A simulation of *scenario*, which keeps figures and no journal; with *path* the journal is written to that file.

    *readers* are told of every record as well. Memory grows by what the scenario itself holds and a fifth of a kilobyte for
    each tuning job. Raises InvalidInput for laws at the end, which read the journal again, unless there is a file.

    >>> from hptsim import Scenario, TuningJobSpec
    >>> from hptsim.scenario import ScheduledTuningJob
    >>> run = Streamed(Scenario(tuning_jobs=[ScheduledTuningJob(TuningJobSpec("demo"))]))
    >>> run.sim.run()
    >>> [(row.name, row.status) for row in run.metrics().tuning_jobs], len(run.sim.journal.entries)
    ([('demo', 'Completed')], 0)
    """

    def __init__(
        self,
        scenario: Scenario,
        seed: int = 0,
        *,
        laws: bool | str = False,
        path: Path | None = None,
        begin_s: float = 0.0,
        readers: Sequence[Callable[[Record], None]] = (),
    ) -> None:
        scenario = scenario.with_arrivals(seed)  # the accounting looks up whose copy each tuning job is
        self._accounting = Accounting.of(scenario, begin_s, packed=True)
        self.journal = Journal(path, keep=laws == "end" and path is None, readers=(self._accounting.read, *readers))
        self.sim = Simulation(scenario, seed=seed, laws=laws, journal=self.journal)
        self._metrics: Metrics | None = None

    def metrics(self) -> Metrics:
        """The figures of the run up to now, which ends it: they are the same from then on."""
        if self._metrics is None:
            self.journal.spill()
            self._metrics = Metrics.counted_by(self._accounting, self.sim.scenario, self.sim.now)
        return self._metrics
