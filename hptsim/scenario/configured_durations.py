"""How long a training takes that depends on its configuration: a duration for each set of hyperparameters.

Any function from the hyperparameters (strings, as the service gives them) to a duration will do; `Linear` and `Table` can
also be written in scenario files and sent to other processes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from hptsim.errors import invalid, nearest
from hptsim.model.validators import at_least, converted, string
from hptsim.scenario import durations
from hptsim.scenario.durations import Duration, as_duration, check

Configuration = Mapping[str, str]
Configured = Callable[[Configuration], Duration]
"""A duration for each configuration."""


@attrs.frozen
class Scaled:
    """A distribution stretched by *factor*, after *fixed_s* seconds."""

    duration: Any
    factor: float
    fixed_s: float

    def ppf(self, q: float) -> float:
        """The quantile *q*."""
        return self.fixed_s + self.factor * float(self.duration.ppf(q))

    def mean(self) -> float:
        """The mean, in seconds."""
        return self.fixed_s + self.factor * durations.mean(self.duration)


def _each(given: Any, field: attrs.Attribute[Any]) -> Any:
    if not isinstance(given, Mapping) or not given:
        raise invalid(field.name, given, "a table of durations by the hyperparameter's value")
    return {name: durations.from_data(f"{field.name}.{name}", one) for name, one in given.items()}


@attrs.frozen
class Linear:
    """*fixed_s* and then *each_s* for every unit of a *hyperparameter* that is a number, such as epochs.

    >>> Linear("epochs", 60, fixed_s=30)({"epochs": "10"})
    630.0
    """

    hyperparameter: str = attrs.field(validator=string())
    each_s: Duration = converted(as_duration)
    fixed_s: float = attrs.field(default=0.0, validator=at_least(0))

    def __call__(self, configuration: Configuration) -> Duration:
        """The duration with *configuration*; raises InvalidInput when the hyperparameter is missing or no number."""
        given = _value(self, configuration)
        try:
            units = float(given)
        except ValueError:
            units = -1.0
        if not 0 <= units < float("inf"):
            raise invalid(f"timings.training_s.linear: {self.hyperparameter}", given, "a number of 0 or more")
        if isinstance(self.each_s, (int, float)):
            return self.fixed_s + units * self.each_s
        return Scaled(self.each_s, units, self.fixed_s)


@attrs.frozen
class Table:
    """A duration for each value of a *hyperparameter*, and *other_s* for values that are not named.

    >>> Table("depth", {"4": 100, "8": 300})({"depth": "8"})
    300
    """

    hyperparameter: str = attrs.field(validator=string())
    values_s: Mapping[str, Duration] = converted(_each)
    other_s: Duration | None = converted(as_duration, None)

    def __call__(self, configuration: Configuration) -> Duration:
        """The duration with *configuration*; raises InvalidInput for a value that is not named, without *other_s*."""
        found = self.values_s.get(_value(self, configuration), self.other_s)
        if found is None:
            given = configuration[self.hyperparameter]
            where = f"timings.training_s.table: {self.hyperparameter}"
            raise invalid(where, given, "one of the table's values, or other_s", nearest(given, self.values_s))
        return found


def _value(rule: Linear | Table, configuration: Configuration) -> str:
    if rule.hyperparameter not in configuration:
        kind = type(rule).__name__.lower()
        hint = nearest(rule.hyperparameter, configuration) if configuration else "it has none"
        raise invalid(f"timings.training_s.{kind}", rule.hyperparameter, "a hyperparameter of the training job", hint)
    return configuration[rule.hyperparameter]


KINDS: Mapping[str, type[Any]] = {"linear": Linear, "table": Table}
"""What depends on the configuration, as scenario files spell it."""


def check_configured(where: str, given: object) -> None:
    """Refuse what is neither a duration nor a function that gives one."""
    if isinstance(given, durations.Distribution) or not callable(given) or isinstance(given, type):
        check(where, given)


def resolve(given: Duration | Configured, configuration: Configuration) -> Duration:
    """The duration with *configuration*."""
    if not callable(given) or isinstance(given, durations.Distribution):
        return given
    if isinstance(given, (Linear, Table)):
        return given(configuration)
    try:
        found = given(configuration)
    except Exception as error:  # anything that a user's function raises
        hint = f"it raised {type(error).__name__}: {error}"
        expected = "a duration from the function for each configuration"
        raise invalid("timings.training_s", dict(configuration), expected, hint) from error
    check("timings.training_s (of a function)", found)
    return found


def to_data(given: Any) -> Any:
    """As scenario files spell it; raises InvalidInput for a function of the caller's own.

    >>> to_data(Linear("epochs", 60))
    {'linear': {'hyperparameter': 'epochs', 'each_s': 60, 'fixed_s': 0.0}}
    """
    if isinstance(given, Linear):
        each_s = durations.to_data(given.each_s)
        return {"linear": {"hyperparameter": given.hyperparameter, "each_s": each_s, "fixed_s": given.fixed_s}}
    if isinstance(given, Table):
        values_s = {name: durations.to_data(value) for name, value in given.values_s.items()}
        other = {} if given.other_s is None else {"other_s": durations.to_data(given.other_s)}
        return {"table": {"hyperparameter": given.hyperparameter, "values_s": values_s, **other}}
    return durations.to_data(given)


def from_data(where: str, data: Any) -> Any:
    """A duration or what gives one by configuration: itself, or the table of a scenario file; raises InvalidInput.

    >>> from_data("training_s", {"linear": {"hyperparameter": "epochs", "each_s": {"uniform": {"low_s": 1, "high_s": 3}}}})
    Linear(hyperparameter='epochs', each_s=Uniform(low_s=1, high_s=3), fixed_s=0.0)
    """
    if isinstance(data, Mapping):
        return durations.from_data(where, data, {**durations.KINDS, **KINDS})
    check_configured(where, data)
    return data
