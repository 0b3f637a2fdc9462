"""Learning curves: the objective metric of a configuration after so many epochs.

A scenario's script may have one of these, or any function of the configuration (texts by name) and the epoch (from 1).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from statistics import NormalDist
from typing import Any

import attrs

from hptsim.errors import invalid, nearest
from hptsim.model.validators import at_least

_NORMAL = NormalDist()


def _noise(sd: float, uniform: float) -> float:
    return sd * _NORMAL.inv_cdf(min(max(uniform, 1e-12), 1 - 1e-12)) if sd else 0.0


@attrs.frozen
class PowerLaw:
    """From *start* towards *limit* as epoch to the power of -*exponent*, with normal noise of standard deviation *noise*.

    >>> PowerLaw(start=1.0, limit=0.2, exponent=1.0).value({}, 4, 0.5)
    0.4
    """

    start: float = 1.0
    limit: float = 0.0
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

    start: float = 1.0
    limit: float = 0.0
    epochs: float = attrs.field(default=5.0, validator=at_least(1e-9))
    noise: float = attrs.field(default=0.0, validator=at_least(0))

    def value(self, configuration: Mapping[str, str], epoch: int, uniform: float) -> float:
        """The metric after *epoch* epochs; *uniform* draws the noise."""
        return self.limit + (self.start - self.limit) * math.exp(-epoch / self.epochs) + _noise(self.noise, uniform)


def _pairs(runs: Any) -> tuple[tuple[Mapping[str, str], tuple[float, ...]], ...]:
    for run in runs:
        if len(run) != 2 or not isinstance(run[0], Mapping) or not run[1]:
            raise invalid("runs", run, "a configuration (texts by name) and its values by epoch")
    return tuple([(dict(known), tuple(map(float, values))) for known, values in runs])


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


def to_plain(curve: Curve) -> dict[str, Any]:
    """A curve as scenario files spell it; raises InvalidInput for a function, which no file can hold.

    >>> to_plain(Decay(1.0, 0.1, 5))
    {'decay': {'start': 1.0, 'limit': 0.1, 'epochs': 5, 'noise': 0.0}}
    """
    for kind, cls in KINDS.items():
        if isinstance(curve, cls):
            return {kind: attrs.asdict(curve)}
    raise invalid("script.curve", curve, f"one that a file can hold: {', '.join(KINDS)}")


def from_plain(where: str, plain: Any) -> Curve:
    """The curve that a scenario file spells; raises InvalidInput that says what is wrong with it at *where*.

    >>> from_plain("script.curve", {"power_law": {"start": 1.0, "limit": 0.1}}).limit
    0.1
    """
    if not isinstance(plain, Mapping) or len(plain) != 1:
        raise invalid(where, plain, "one curve", f"one of {', '.join(KINDS)}")
    ((kind, parameters),) = plain.items()
    if kind not in KINDS:
        raise invalid(where, kind, "a curve", nearest(str(kind), KINDS))
    names = [field.name for field in attrs.fields(KINDS[kind])]
    if not isinstance(parameters, Mapping):
        raise invalid(f"{where}.{kind}", parameters, "a table of parameters")
    for name in parameters:
        if name not in names:
            raise invalid(f"{where}.{kind}.{name}", name, "a parameter", nearest(str(name), names))
    built: Curve = KINDS[kind](**parameters)
    return built


def value(curve: Curve, configuration: Mapping[str, str], epoch: int, uniform: float) -> float:
    """The metric of any curve.

    >>> value(lambda configuration, epoch: 1 / epoch, {}, 4, 0.5)
    0.25
    """
    if isinstance(curve, (PowerLaw, Decay, Tabulated)):
        return curve.value(configuration, epoch, uniform)
    try:
        return float(curve(configuration, epoch))
    except Exception as error:  # whatever a function of the user's own raises, or no number
        expected = "a number from the function for each configuration and epoch"
        raise invalid("script.curve", (dict(configuration), epoch), expected, _said(error)) from error


def _said(error: Exception) -> str:
    return f"it raised {type(error).__name__}: {error}"


def line(metric: str, regex: str, value: float) -> str:
    """A log line that shows *value* in the algorithm's own form: one that its metric definition's *regex* finds.

    >>> line("loss", "validation loss: ([0-9.]+);", 0.25)
    'validation loss: 0.25;'
    """
    shown = f"{value:.7g}"
    if not regex:
        return f"{metric}={shown}"
    before, _, rest = regex.partition("(")
    text = re.sub(r"\\(.)", r"\1", before) + shown + re.sub(r"\\(.)", r"\1", rest.partition(")")[2])
    try:
        found = re.search(regex, text)
    except re.error:
        found = None
    return text if found is not None and found.groups() and found.group(1) == shown else f"{metric}={shown}"
