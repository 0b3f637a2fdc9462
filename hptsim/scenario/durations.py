"""How long things take: distributions in seconds, each of which can say its mean.

A duration is a number of seconds, one of these, or a frozen `scipy.stats` distribution (anything with `ppf` and `mean`).
Draws are made by inversion, one uniform number each, so that two designs that share their uniform numbers stay comparable.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import NormalDist
from typing import Any, Protocol, runtime_checkable

import attrs

from hptsim.errors import InvalidInput, invalid, nearest
from hptsim.model.validators import at_least, in_order, is_number
from hptsim.scenario.reading import check_parameters

_NORMAL = NormalDist()


@runtime_checkable
class Distribution(Protocol):
    """Anything with a mean and an inverse distribution function; frozen scipy.stats distributions qualify."""

    def ppf(self, q: float) -> float:
        """The value below which the share *q* of all draws lies."""

    def mean(self) -> float:
        """The mean, in seconds."""


Duration = float | int | Distribution


@attrs.frozen
class Exponential:
    """Exponentially distributed, with mean *mean_s*.

    >>> Exponential(300).mean(), round(Exponential(300).ppf(0.5), 1)
    (300, 207.9)
    """

    mean_s: float = attrs.field(validator=at_least(0))

    def ppf(self, q: float) -> float:
        """The quantile *q*."""
        return -self.mean_s * math.log1p(-q)

    def mean(self) -> float:
        """The mean, in seconds."""
        return self.mean_s


@attrs.frozen
class LogNormal:
    """Lognormally distributed, with mean *mean_s* and coefficient of variation *cv*.

    >>> round(LogNormal(100, 0.5).ppf(0.5), 1)
    89.4
    """

    mean_s: float = attrs.field(validator=at_least(1e-9))
    cv: float = attrs.field(validator=at_least(1e-9))

    def ppf(self, q: float) -> float:
        """The quantile *q*."""
        if q <= 0:
            return 0.0
        variance = math.log1p(self.cv**2)
        return self.mean_s * math.exp(-variance / 2 + math.sqrt(variance) * _NORMAL.inv_cdf(q))

    def mean(self) -> float:
        """The mean, in seconds."""
        return self.mean_s


@attrs.frozen
class LogLogistic:
    """Log-logistically distributed (scipy's `fisk`): half lie below *median_s*; the larger *shape*, the closer to it.

    Like a lognormal, with longer tails: few that take very long move it little when it is fitted.

    >>> waiting = LogLogistic(65, 7)
    >>> round(waiting.ppf(0.1), 1), waiting.ppf(0.5), round(waiting.ppf(0.9), 1), round(waiting.mean(), 1)
    (47.5, 65.0, 89.0, 67.2)
    """

    median_s: float = attrs.field(validator=at_least(1e-9))
    shape: float = attrs.field(validator=at_least(1.05))
    """At least 1.05: at 1 and below there is no mean."""

    def ppf(self, q: float) -> float:
        """The quantile *q*."""
        return self.median_s * math.pow(q / (1 - q), 1 / self.shape)

    def mean(self) -> float:
        """The mean, in seconds."""
        angle = math.pi / self.shape
        return self.median_s * angle / math.sin(angle)


@attrs.frozen
class Uniform:
    """Uniformly distributed between *low_s* and *high_s*.

    >>> Uniform(60, 180).mean()
    120.0
    """

    low_s: float = attrs.field(validator=at_least(0))
    high_s: float = attrs.field(validator=at_least(0))

    def __attrs_post_init__(self) -> None:
        if self.high_s < self.low_s:
            raise invalid("high_s", self.high_s, f"at least low_s ({self.low_s:g})")

    def ppf(self, q: float) -> float:
        """The quantile *q*."""
        return self.low_s + q * (self.high_s - self.low_s)

    def mean(self) -> float:
        """The mean, in seconds."""
        return (self.low_s + self.high_s) / 2


def _sorted(given: Any) -> Any:
    values = in_order(given)
    return tuple(sorted(values)) if isinstance(values, tuple) and all(map(is_number, values)) else values


@attrs.frozen
class Empirical:
    """One of the observed *values_s*, each as likely as any other.

    >>> Empirical((112, 186, 198, 205)).mean()
    175.25
    """

    values_s: tuple[float, ...] = attrs.field(converter=_sorted)

    @values_s.validator
    def _not_empty(self, attribute: attrs.Attribute[Any], values: tuple[float, ...]) -> None:
        if not isinstance(values, tuple) or not values or not all(map(is_number, values)) or values[0] < 0:
            raise invalid("values_s", values, "at least one number of seconds, none below 0")

    def ppf(self, q: float) -> float:
        """The quantile *q*."""
        return self.values_s[min(int(q * len(self.values_s)), len(self.values_s) - 1)]

    def mean(self) -> float:
        """The mean, in seconds."""
        return math.fsum(self.values_s) / len(self.values_s)


KINDS: Mapping[str, type[Any]] = {
    "exponential": Exponential,
    "lognormal": LogNormal,
    "loglogistic": LogLogistic,
    "uniform": Uniform,
    "empirical": Empirical,
}
"""The distributions as scenario files spell them."""


def mean(duration: Duration) -> float:
    """The mean of a duration, in seconds.

    >>> mean(12), mean(Uniform(0, 10))
    (12.0, 5.0)
    """
    return float(duration if isinstance(duration, (int, float)) else duration.mean())


_LARGEST_UNIFORM = 1 - 2.0**-32
"""The largest number that a random stream draws with."""


def check(where: str, duration: object) -> None:
    """Refuse what is no duration: a negative number, NaN, infinity, or a distribution that gives such a thing.

    >>> check("starting_s", Exponential(60))
    """
    hint = ""
    if is_number(duration):
        if duration >= 0:  # type: ignore[operator]
            return
    elif isinstance(duration, Distribution) and not isinstance(duration, type):
        try:
            low, high, mean_s = duration.ppf(0.0), duration.ppf(_LARGEST_UNIFORM), duration.mean()
            if 0 <= low <= high < math.inf and mean_s >= 0:
                return
            hint = f"its times go from {low} to {high}, its mean is {mean_s}"
        except Exception as error:  # anything that a user's distribution raises
            hint = f"it raised {type(error).__name__}: {error}"
    raise invalid(where, duration, "seconds (0 or more) or a distribution of them, none below 0", hint)


def draw(duration: Distribution, uniform: float) -> float:
    """The time in seconds that a uniform number draws; raises InvalidInput where the distribution has none of 0 or more.

    >>> draw(Uniform(60, 180), 0.5)
    120.0
    """
    try:
        time_s = duration.ppf(uniform)
        if 0 <= time_s < math.inf:
            return time_s
        hint = f"it drew {time_s!r}"
    except Exception as error:  # anything that a user's distribution raises
        raise invalid("a distribution", duration, _DRAWS, f"it raised {type(error).__name__}: {error}") from error
    raise invalid("a distribution", duration, _DRAWS, hint)


_DRAWS = "one that draws a number of seconds, 0 or more"


def to_data(duration: Any, kinds: Mapping[str, type[Any]] = KINDS) -> Any:
    """A duration, or another of *kinds*, as scenario files spell it.

    >>> to_data(LogNormal(100, 0.5))
    {'lognormal': {'mean_s': 100, 'cv': 0.5}}
    """
    if isinstance(duration, (int, float)):
        return duration
    for kind, cls in kinds.items():
        if isinstance(duration, cls):
            data = attrs.asdict(duration)
            return {kind: {key: list(value) if isinstance(value, tuple) else value for key, value in data.items()}}
    frozen: Any = duration
    if hasattr(frozen, "dist") and hasattr(frozen, "kwds"):
        return {"scipy": {"name": frozen.dist.name, "args": list(frozen.args), "kwds": dict(frozen.kwds)}}
    raise invalid("duration", duration, "one that a file can hold: a number, hptsim's own or scipy.stats' frozen ones")


def from_data(where: str, data: Any, kinds: Mapping[str, type[Any]] = KINDS) -> Any:
    """The duration (or other of *kinds*) that a scenario file spells; raises InvalidInput that says what is wrong at *where*.

    >>> from_data("training_s", {"exponential": {"mean_s": 300}})
    Exponential(mean_s=300)
    """
    if isinstance(data, Mapping):
        if len(data) != 1 or not isinstance(next(iter(data)), str):
            raise invalid(where, dict(data), "one distribution", f"one of {', '.join([*kinds, 'scipy'])}")
        ((kind, parameters),) = data.items()
        return _distribution(where, kind, parameters, kinds)
    if type(data) in KINDS.values() or type(data) not in kinds.values():  # the others are no durations
        check(where, data)
    return data


def as_duration(given: Any, field: attrs.Attribute[Any]) -> Any:
    """A converter for a field that is a duration: itself, or the table that a scenario file has for it."""
    return given if given is None and field.default is None else from_data(field.name, given)


def _distribution(where: str, kind: str, parameters: Any, kinds: Mapping[str, type[Any]]) -> Any:
    if kind == "scipy":
        if not isinstance(parameters, Mapping):
            raise invalid(f"{where}.scipy", parameters, "a table of parameters")
        return _scipy(f"{where}.scipy", parameters)
    if kind not in kinds:
        raise invalid(where, kind, "a distribution", nearest(kind, [*kinds, "scipy"]))
    check_parameters(kinds[kind], f"{where}.{kind}", parameters)
    try:
        built = kinds[kind](**parameters)
    except InvalidInput as error:
        raise error.below(f"{where}.{kind}") from None
    if kinds[kind] in KINDS.values():
        check(f"{where}.{kind}", built)
    return built


def _scipy(where: str, parameters: Mapping[str, Any]) -> Duration:
    from hptsim.optional import require

    stats = require("scipy.stats", "planning", "a scipy distribution")
    for name in parameters:
        if name not in ("name", "args", "kwds"):
            raise invalid(where, name, "a parameter", nearest(name, ["name", "args", "kwds"]))
    kinds = [name for name, value in vars(stats).items() if isinstance(value, stats.rv_continuous)]
    if parameters.get("name") not in kinds:
        given = parameters.get("name")
        raise invalid(f"{where}.name", given, "a continuous distribution of scipy.stats", nearest(str(given), kinds))
    try:
        frozen: Duration = getattr(stats, parameters["name"])(*parameters.get("args", ()), **parameters.get("kwds", {}))
    except (TypeError, ValueError) as error:
        raise invalid(where, dict(parameters), "the distribution's parameters", str(error)) from None
    check(where, frozen)
    return frozen
