"""Whether what depends on hyperparameters covers every value that a tuning job can draw: checked before anything runs.

A duration by configuration (`Table`, `Linear`) and a table of learning curves (`Tabulated`, `Objective`) are looked up with
the values that the search proposes. Those follow from the spec's ranges and static hyperparameters, so a missing key is
known beforehand. A function of the user's own, and what a strategy of the user's own proposes, are known only as it runs.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from math import prod

import attrs

from hptsim.errors import below, invalid, nearest
from hptsim.model.definitions import TrainingJobDefinition
from hptsim.model.ranges import ParameterRange
from hptsim.model.search import is_own
from hptsim.model.specs import TuningJobSpec
from hptsim.scenario.cloud import Script, Timings
from hptsim.scenario.configured_durations import Linear, Table
from hptsim.scenario.learning_curves import Tabulated
from hptsim.scenario.objectives import Objective

OTHER = "any other value"
"""Stands for all the values of a range that a table does not name."""
_MOST_COMBINATIONS = 10_000
"""Of more combinations than this the rest is found as it runs."""


@attrs.frozen
class Possible:
    """The hyperparameters that training jobs of one definition can have: ranges, static ones, and whether that is all."""

    ranges: tuple[ParameterRange, ...] = ()
    static: tuple[tuple[str, str], ...] = ()
    closed: bool = True
    """Whether nothing else can be proposed: False with a strategy of the user's own."""

    @classmethod
    def of(cls, spec: TuningJobSpec, definition: TrainingJobDefinition) -> Possible:
        """What a tuning job draws for one of its definitions."""
        return cls(spec.ranges_of(definition), tuple(definition.static.items()), not is_own(spec.strategy))

    @property
    def names(self) -> list[str]:
        """The names of its hyperparameters."""
        return [*(name for name, _ in self.static), *(span.name for span in self.ranges)]

    def values(self, name: str, known: Iterable[str]) -> list[str] | None:
        """The values of *name* among the *known* ones, and `OTHER` if there are more; None if it does not have it."""
        for span in self.ranges:
            if span.name == name:
                named = [value for value in known if span.holds(value)]
                if span.values:
                    return list(span.values)
                return named if span.count is not None and span.count <= len(named) else [*named, OTHER]
        return next(([value] for static, value in self.static if static == name), None)


def check_spec(timings: Timings, script: Script, spec: TuningJobSpec) -> None:
    """Refuse a tuning job with a configuration that the tables by configuration do not cover (InvalidInput)."""
    if not isinstance(timings.training_s, (Table, Linear)) and not isinstance(script.curve, (Tabulated, Objective)):
        return
    for definition in spec.definitions:
        with below(f"tuning job {spec.name!r}: "):
            check_possible(timings, script, Possible.of(spec, definition))


def check_definition(timings: Timings, definition: TrainingJobDefinition) -> None:
    """The same for a training job without a tuning job, which has static hyperparameters only."""
    check_possible(timings, Script(), Possible(static=tuple(definition.static.items())))


def check_possible(timings: Timings, script: Script, possible: Possible) -> None:
    """Refuse hyperparameters that the duration or the learning curve does not cover."""
    rule = timings.training_s
    if script.epoch_s is None and possible.closed and isinstance(rule, (Table, Linear)):
        _check_duration(rule, possible)
    if isinstance(script.curve, (Tabulated, Objective)) and possible.closed:
        _check_curve(script.curve, possible)


def _check_duration(rule: Table | Linear, possible: Possible) -> None:
    name, where = rule.hyperparameter, f"timings.training_s.{type(rule).__name__.lower()}"
    values = possible.values(name, rule.values_s if isinstance(rule, Table) else ())
    if values is None:
        hint = nearest(name, possible.names) if possible.names else "it has no hyperparameters"
        raise invalid(where, name, "a hyperparameter of every training job", hint)
    if isinstance(rule, Linear):
        span = next((span for span in possible.ranges if span.name == name and not span.values), None)
        if span is not None:
            if span.low < 0:
                raise invalid(f"{where}: {name}", span.low, "a range of numbers of 0 or more")
            return
        for value in values:
            rule({name: value})  # which says what is wrong with it
        return
    if rule.other_s is None:
        for value in values:
            if value not in rule.values_s:
                expected = "one of the table's values, or other_s"
                hint = f"{name} can also be drawn with values that are not named: add other_s"
                hint = hint if value == OTHER else nearest(value, rule.values_s)
                raise invalid(f"{where}: {name}", value, expected, hint)


def _check_curve(curve: Tabulated | Objective, possible: Possible) -> None:
    names = sorted({name for known, _ in curve.runs for name in known})
    choices = [
        possible.values(name, {known[name]: None for known, _ in curve.runs if name in known}) or [""] for name in names
    ]
    if prod(map(len, choices)) > _MOST_COMBINATIONS:
        return
    for values in product(*choices):
        configuration = dict(zip(names, values, strict=True))
        if not curve.covers(configuration):
            where = "script.curve.tabulated" if isinstance(curve, Tabulated) else "script.curve"
            raise invalid(where, configuration, "a configuration among its runs", "add a run for it")
