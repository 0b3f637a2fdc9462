"""Learning curves: the objective metric of a configuration after a number of epochs.

A scenario's script may have one of these, or any function of the configuration (strings by name) and the epoch (from 1).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from statistics import NormalDist
from typing import Any, cast

import attrs

from hptsim.errors import below, invalid, nearest
from hptsim.model.validators import at_least, in_order, is_number, is_string, number
from hptsim.scenario.reading import check_parameters

_NORMAL = NormalDist()


def _noise(sd: float, uniform: float) -> float:
    return sd * _NORMAL.inv_cdf(min(max(uniform, 1e-12), 1 - 1e-12)) if sd else 0.0


@attrs.frozen
class PowerLaw:
    """From *start* towards *limit* as epoch to the power of -*exponent*, with normal noise of standard deviation *noise*.

    >>> PowerLaw(start=1.0, limit=0.2, exponent=1.0).value({}, 4, 0.5)
    0.4
    """

    start: float = attrs.field(default=1.0, validator=number())
    limit: float = attrs.field(default=0.0, validator=number())
    exponent: float = attrs.field(default=0.5, validator=at_least(0))
    noise: float = attrs.field(default=0.0, validator=at_least(0))

    def value(self, configuration: Mapping[str, str], epoch: int, uniform: float) -> float:
        """The metric after *epoch* epochs; *uniform* draws the noise."""
        return self.limit + (self.start - self.limit) * math.pow(epoch, -self.exponent) + _noise(self.noise, uniform)


@attrs.frozen
class Decay:
    """From *start* towards *limit*, a share of exp(-1) of the way left after every *epochs* epochs, with normal *noise*.

    >>> round(Decay(start=1.0, limit=0.0, epochs=2).value({}, 2, 0.5), 3)
    0.368
    """

    start: float = attrs.field(default=1.0, validator=number())
    limit: float = attrs.field(default=0.0, validator=number())
    epochs: float = attrs.field(default=5.0, validator=at_least(1e-9))
    noise: float = attrs.field(default=0.0, validator=at_least(0))

    def value(self, configuration: Mapping[str, str], epoch: int, uniform: float) -> float:
        """The metric after *epoch* epochs; *uniform* draws the noise."""
        return self.limit + (self.start - self.limit) * math.exp(-epoch / self.epochs) + _noise(self.noise, uniform)


def _pairs(runs: Any) -> tuple[tuple[Mapping[str, str], tuple[float, ...]], ...]:
    given = in_order(runs)
    if not isinstance(given, tuple) or not given:
        raise invalid("runs", runs, "a list of runs, each a configuration and its values by epoch")
    return tuple(map(_pair, given))


def _pair(run: Any) -> tuple[Mapping[str, str], tuple[float, ...]]:
    pair = in_order(run)
    if isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[0], Mapping):
        known, values = dict(pair[0]), in_order(pair[1])
        strings = all(map(is_string, (*known, *known.values())))
        if strings and isinstance(values, tuple) and values and all(map(is_number, values)):
            return known, tuple(map(float, values))
    raise invalid("runs", run, "a configuration (strings by name) and its values by epoch")


@attrs.frozen
class Tabulated:
    """Curves of real runs: each has a configuration and its values by epoch; the last value holds from then on.

    >>> table = Tabulated([({"depth": "2"}, [0.5, 0.4]), ({"depth": "3"}, [0.6, 0.3])])
    >>> table.value({"depth": "3", "seed": "1"}, 2, 0.5)
    0.3
    """

    runs: Any = attrs.field(converter=_pairs)

    def value(self, configuration: Mapping[str, str], epoch: int, uniform: float) -> float:
        """The recorded metric; raises InvalidInput for a configuration that is not in the table."""
        values = self._run(configuration)
        if values is None:
            where = "script.curve.tabulated: configuration"
            raise invalid(where, dict(configuration), "one of the table's", f"it has {len(self.runs)}")
        return float(values[min(epoch, len(values)) - 1])

    def covers(self, configuration: Mapping[str, str]) -> bool:
        """Whether a run of the table has this configuration."""
        return self._run(configuration) is not None

    def _run(self, configuration: Mapping[str, str]) -> tuple[float, ...] | None:
        for known, values in self.runs:
            if all(configuration.get(name) == value for name, value in known.items()):
                return values  # type: ignore[no-any-return]
        return None


Curve = PowerLaw | Decay | Tabulated | Callable[[Mapping[str, str], int], float]
KINDS: Mapping[str, type[Any]] = {"power_law": PowerLaw, "decay": Decay, "tabulated": Tabulated}
"""The curves as scenario files spell them."""


def to_data(curve: Curve) -> dict[str, Any]:
    """A curve as scenario files spell it; raises InvalidInput for a function, which no file can hold.

    >>> to_data(Decay(1.0, 0.1, 5))
    {'decay': {'start': 1.0, 'limit': 0.1, 'epochs': 5, 'noise': 0.0}}
    """
    for kind, cls in KINDS.items():
        if isinstance(curve, cls):
            return {kind: attrs.asdict(curve)}
    raise invalid("script.curve", curve, f"one that a file can hold: {', '.join(KINDS)}")


def from_data(where: str, data: Any) -> Curve:
    """The curve that a scenario file spells; raises InvalidInput that says what is wrong with it at *where*.

    >>> from_data("script.curve", {"power_law": {"start": 1.0, "limit": 0.1}}).limit
    0.1
    """
    if isinstance(data, tuple(KINDS.values())) or (callable(data) and not isinstance(data, type)):
        return cast(Curve, data)
    if not isinstance(data, Mapping) or len(data) != 1:
        raise invalid(where, data, "one curve", f"one of {', '.join(KINDS)}")
    ((kind, parameters),) = data.items()
    if kind not in KINDS:
        raise invalid(where, kind, "a curve", nearest(str(kind), KINDS))
    check_parameters(KINDS[kind], f"{where}.{kind}", parameters)
    with below(f"{where}.{kind}"):
        built: Curve = KINDS[kind](**parameters)
    return built


def as_curve(given: Any, field: attrs.Attribute[Any]) -> Curve | None:
    """A converter for a field that is a curve, or None: itself, or the table that a scenario file has for it."""
    return None if given is None else from_data(field.name, given)


def as_curves(given: Any, field: attrs.Attribute[Any]) -> Mapping[str, Curve]:
    """A converter for a field that has curves by name."""
    if not isinstance(given, Mapping) or not all(map(is_string, given)):
        raise invalid(field.name, given, "a table of curves by the metric's name")
    return {name: from_data(f"{field.name}.{name}", curve) for name, curve in given.items()}


def value(curve: Curve, configuration: Mapping[str, str], epoch: int, uniform: float) -> float:
    """The metric of any curve.

    >>> value(lambda configuration, epoch: 1 / epoch, {}, 4, 0.5)
    0.25
    """
    if isinstance(curve, (PowerLaw, Decay, Tabulated)):
        return curve.value(configuration, epoch, uniform)
    try:
        return float(curve(configuration, epoch))
    except Exception as error:  # anything that a user's function raises, or no number
        expected = "a number from the function for each configuration and epoch"
        raise invalid("script.curve", (dict(configuration), epoch), expected, _said(error)) from error


def _said(error: Exception) -> str:
    return f"it raised {type(error).__name__}: {error}"
