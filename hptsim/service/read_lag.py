"""Answers that lag: the jobs of a simulation as they were a drawn time ago, never older than in an earlier answer."""

from __future__ import annotations

from hptsim.scenario.durations import draw
from hptsim.scenario.random_streams import uniforms
from hptsim.service.job_index import JobIndex
from hptsim.simulation.simulation import Simulation


class LaggingJobs:
    """The jobs of *sim* as of *as_of_s*: now, less the lag that its assumptions say (`read-lag`).

    The lag depends on the seed and the instant alone, so that reading, and how often, changes nothing. Raises InvalidInput
    where a distribution of the user's own draws what is no time.

    >>> from hptsim import Scenario
    >>> sim = Simulation(Scenario(assumptions={"read_lag_s": 5}))
    >>> lagging = LaggingJobs(sim); sim.run(until=60); lagging.catch_up(); lagging.as_of_s
    55.0
    """

    def __init__(self, sim: Simulation) -> None:
        self._sim = sim
        self.jobs = JobIndex(sim.journal)
        self._clock = sim.env
        self.as_of_s = 0.0

    def catch_up(self) -> None:
        """Bring the jobs to the instant that an answer given now is about."""
        now_s = self._sim.now
        if self._sim.env is not self._clock:  # it was restored to a snapshot
            self._clock, self.as_of_s = self._sim.env, 0.0
        lag_s = self._sim.scenario.assumptions.read_lag_s
        if not isinstance(lag_s, (int, float)):
            lag_s = draw(lag_s, uniforms(self._sim.seed, f"read_lag/{now_s!r}", 0)[0])
        self.as_of_s = max(self.as_of_s, now_s - lag_s)
        self.jobs.catch_up(self.as_of_s)
