"""What an exploration is about: enough to visit its states again, and to play a way through them in a simulation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from hptsim.cloud.every_outcome import FAULTS, EveryOutcome
from hptsim.errors import invalid, nearest
from hptsim.explorer.callers import check_commands
from hptsim.explorer.system import System
from hptsim.model.calls import ANSWERS
from hptsim.model.definitions import TrainingJobDefinition
from hptsim.model.laws import Law, check_laws
from hptsim.model.machine import Tables
from hptsim.scenario.scenario import Scenario
from hptsim.simulation.simulation import Simulation


def check_faults(faults: Mapping[str, int] | None) -> dict[str, int]:
    """How often each fault, or answer in place of the ordinary one, may happen; raises InvalidInput for one that there is not.

    >>> check_faults({"interupt": 1})
    Traceback (most recent call last):
    ...
    hptsim.errors.InvalidInput: faults: got 'interupt', expected a kind of fault; did you mean 'interrupt'?
    """
    for kind, count in (faults or {}).items():
        if kind not in (*FAULTS, *ANSWERS):
            raise invalid("faults", kind, "a kind of fault", nearest(kind, (*FAULTS, *ANSWERS)))
        if isinstance(count, bool) or not isinstance(count, int) or count < 0:
            raise invalid(f"faults.{kind}", count, "how often it may happen, a whole number of at least 0")
    return dict(faults or {})


def _jobs(given: Mapping[str, TrainingJobDefinition] | None) -> dict[str, TrainingJobDefinition]:
    return dict(given or {})


@attrs.frozen
class Scope:
    """What `explore` was given: the *scenario* with its arrivals drawn, and all else that decides what may happen.

    What is patched in the world besides, as a test of the laws does, is not part of it: it has to be in place when states
    are visited again. Raises InvalidInput for a kind of fault that does not exist, and for a law that is none.
    """

    scenario: Scenario
    training_jobs: dict[str, TrainingJobDefinition] = attrs.field(converter=_jobs)
    budget: dict[str, int] = attrs.field(converter=check_faults)
    """How often each fault may happen."""
    stops: bool
    delayed_stop: bool
    seed: int
    tables: Tables
    laws: tuple[Law, ...] = attrs.field(converter=check_laws)
    commands: dict[str, int] = attrs.field(default=None, converter=check_commands)
    any_order: bool = False

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
            commands=self.commands,
            any_order=self.any_order,
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

    def words(self) -> dict[str, str]:
        """Each part in words that are the same in every process, for a file that is to be of this scope alone.

        Of a law they have what it says, not the code of its check.
        """
        parts = {field.name: getattr(self, field.name) for field in attrs.fields(Scope)}
        return {"faults" if name == "budget" else name: repr(_plain(part)) for name, part in parts.items()}


def _plain(part: Any) -> Any:
    """What repr() writes in full, and in one order."""
    if isinstance(part, Tables):
        return {field.name: sorted(getattr(part, field.name).items()) for field in attrs.fields(Tables)}
    if isinstance(part, tuple):
        return [(law.name, law.kind, law.says, law.rests_on, law.judged_at) for law in part]
    return part


def check_whole(where: str, given: object, low: int) -> None:
    """Raises InvalidInput unless *given* is a whole number that is not below *low*."""
    if isinstance(given, bool) or not isinstance(given, int) or given < low:
        raise invalid(where, given, f"a whole number of at least {low}")
