"""What is explored: a scenario, what may go wrong in it and how often, the commands that are given, the laws."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from hptsim.cloud.every_outcome import FAULTS
from hptsim.errors import invalid, nearest
from hptsim.explorer.callers import check_commands
from hptsim.explorer.system import System
from hptsim.model.calls import ANSWERS
from hptsim.model.definitions import TrainingJobDefinition
from hptsim.model.laws import Law, check_laws
from hptsim.model.machine import Tables
from hptsim.scenario.scenario import Scenario


def _checked(faults: Mapping[str, int] | None) -> dict[str, int]:
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
    """What defines the states of an exploration and the steps between them; `explore` says what each part is.

    Raises InvalidInput for a kind of fault that does not exist.

    >>> from hptsim.model.machine import TABLES
    >>> tiny = Scope(Scenario(), {}, {"interupt": 1}, True, False, 0, TABLES, ())
    Traceback (most recent call last):
    ...
    hptsim.errors.InvalidInput: faults: got 'interupt', expected a kind of fault; did you mean 'interrupt'?
    """

    scenario: Scenario
    training_jobs: dict[str, TrainingJobDefinition] = attrs.field(converter=_jobs)
    faults: dict[str, int] = attrs.field(converter=_checked)
    stops: bool
    delayed_stop: bool
    seed: int
    tables: Tables
    laws: tuple[Law, ...] = attrs.field(converter=check_laws)
    commands: dict[str, int] = attrs.field(default=None, converter=check_commands)
    any_order: bool = False

    def system(self) -> System:
        """The states and the steps between them."""
        options: dict[str, Any] = {
            name: getattr(self, name) for name in ("stops", "delayed_stop", "seed", "tables", "commands", "any_order")
        }
        scenario = self.scenario.with_arrivals(self.seed)
        return System(scenario, self.training_jobs, self.faults, laws=self.laws, **options)

    def words(self) -> dict[str, str]:
        """Each part in words that are the same in every process, for a file that is to be of this scope alone.

        Of a law they have what it says, not the code of its check.
        """
        parts = {field.name: getattr(self, field.name) for field in attrs.fields(Scope)}
        return {name: repr(_plain(part)) for name, part in parts.items()}


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
