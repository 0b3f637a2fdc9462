"""What an exploration is about: enough to visit its states again, and to play a way through them in a simulation."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from hptsim.cloud.every_outcome import EveryOutcome
from hptsim.explorer.system import System
from hptsim.model.definitions import TrainingJobDefinition
from hptsim.model.laws import Law
from hptsim.model.machine import Tables
from hptsim.scenario.scenario import Scenario
from hptsim.simulation.simulation import Simulation


@attrs.frozen
class Scope:
    """What `explore` was given: the *scenario* with its arrivals drawn, and all else that decides what may happen.

    What is patched in the world besides, as a test of the laws does, is not part of it: it has to be in place when states
    are visited again.
    """

    scenario: Scenario
    training_jobs: Mapping[str, TrainingJobDefinition]
    budget: Mapping[str, int]
    stops: bool
    delayed_stop: bool
    seed: int
    tables: Tables
    laws: tuple[Law, ...]

    def system(self) -> System:
        """The states and the steps between them, from the first state on."""
        return System(
            self.scenario,
            self.training_jobs,
            self.budget,
            stops=self.stops,
            delayed_stop=self.delayed_stop,
            seed=self.seed,
            tables=self.tables,
            laws=self.laws,
        )

    def simulation(self, *, judged: bool = True) -> Simulation:
        """A simulation in which nothing happens yet, and whatever is fired may; judged by the laws or not."""
        return Simulation(
            attrs.evolve(self.scenario, tuning_jobs=()),
            seed=self.seed,
            cloud=EveryOutcome(budget=dict(self.budget), delayed_stop=self.delayed_stop),
            tables=self.tables,
            laws=self.laws if judged else False,
        )
