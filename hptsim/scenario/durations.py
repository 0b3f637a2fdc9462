"""How long things take: distributions in seconds, each of which can say its mean.

A duration is a number of seconds, one of these, or a frozen `scipy.stats` distribution (anything with `ppf` and `mean`).
Draws are made by inversion, one uniform number each, so that two designs that share their uniform numbers stay comparable.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from statistics import NormalDist
from typing import Any, Protocol, runtime_checkable

import attrs

from hptsim.errors import InvalidInput, invalid, nearest
from hptsim.model.validators import at_least

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


def _sorted(values: Iterable[float]) -> tuple[float, ...]:
    return tuple(sorted(values))


@attrs.frozen
class Empirical:
    """One of the observed *values_s*, each as likely as any other.

    >>> Empirical((112, 186, 198, 205)).mean()
    175.25
    """

    values_s: tuple[float, ...] = attrs.field(converter=_sorted)

    @values_s.validator
    def _not_empty(self, attribute: attrs.Attribute[Any], values: tuple[float, ...]) -> None:
        if not values or not values[0] >= 0:
            raise invalid("values_s", list(values), "at least one number of seconds, none below 0")

    def ppf(self, q: float) -> float:
        """The quantile *q*."""
        return self.values_s[min(int(q * len(self.values_s)), len(self.values_s) - 1)]

    def mean(self) -> float:
        """The mean, in seconds."""
        return sum(self.values_s) / len(self.values_s)


KINDS: Mapping[str, type[Any]] = {
    "exponential": Exponential,
    "lognormal": LogNormal,
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


def check(where: str, duration: object) -> None:
    """Refuse what is no duration: a negative number, not a number, or a distribution without mean and quantiles."""
    if isinstance(duration, (int, float)) and not isinstance(duration, bool):
        if 0 <= duration < math.inf:
            return
    elif isinstance(duration, Distribution) and not isinstance(duration, type) and duration.ppf(0.0) >= 0:
        return
    raise invalid(where, duration, "seconds (0 or more) or a distribution of them, none below 0")


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
    except Exception as error:  # whatever a distribution of the user's own raises
        raise invalid("a distribution", duration, _DRAWS, f"it raised {type(error).__name__}: {error}") from error
    raise invalid("a distribution", duration, _DRAWS, hint)


_DRAWS = "one that draws a number of seconds, 0 or more"


def to_plain(duration: Any, kinds: Mapping[str, type[Any]] = KINDS) -> Any:
    """A duration, or another of *kinds*, as scenario files spell it.

    >>> to_plain(LogNormal(100, 0.5))
    {'lognormal': {'mean_s': 100, 'cv': 0.5}}
    """
    if isinstance(duration, (int, float)):
        return duration
    for kind, cls in kinds.items():
        if isinstance(duration, cls):
            plain = attrs.asdict(duration)
            return {kind: {key: list(value) if isinstance(value, tuple) else value for key, value in plain.items()}}
    frozen: Any = duration
    if hasattr(frozen, "dist") and hasattr(frozen, "kwds"):
        return {"scipy": {"name": frozen.dist.name, "args": list(frozen.args), "kwds": dict(frozen.kwds)}}
    raise invalid("duration", duration, "one that a file can hold: a number, hptsim's own or scipy.stats' frozen ones")


def from_plain(where: str, plain: Any, kinds: Mapping[str, type[Any]] = KINDS) -> Any:
    """The duration (or other of *kinds*) that a scenario file spells; raises InvalidInput that says what is wrong at *where*.

    >>> from_plain("training_s", {"exponential": {"mean_s": 300}})
    Exponential(mean_s=300)
    """
    if isinstance(plain, Mapping):
        if len(plain) != 1:
            raise invalid(where, dict(plain), "one distribution", f"one of {', '.join([*kinds, 'scipy'])}")
        ((kind, parameters),) = plain.items()
        return _distribution(where, kind, parameters, kinds)
    check(where, plain)
    return plain


def _distribution(where: str, kind: str, parameters: Any, kinds: Mapping[str, type[Any]]) -> Any:
    if not isinstance(parameters, Mapping):
        raise invalid(f"{where}.{kind}", parameters, "a table of parameters")
    if kind == "scipy":
        return _scipy(f"{where}.scipy", parameters)
    if kind not in kinds:
        raise invalid(where, kind, "a distribution", nearest(kind, [*kinds, "scipy"]))
    names = [field.name for field in attrs.fields(kinds[kind])]
    for name in parameters:
        if name not in names:
            raise invalid(f"{where}.{kind}", name, "a parameter", nearest(name, names))
    needed = [field.name for field in attrs.fields(kinds[kind]) if field.default is attrs.NOTHING]
    if missing := [name for name in needed if name not in parameters]:
        raise invalid(f"{where}.{kind}", dict(parameters), f"a value for {', '.join(missing)}")
    try:
        built = kinds[kind](**parameters)
    except InvalidInput as error:
        raise attrs.evolve(error, message=f"{where}.{kind}.{error.message}") from None
    except TypeError:  # values that cannot be compared or iterated
        raise invalid(f"{where}.{kind}", dict(parameters), "numbers of seconds") from None
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
    except TypeError as error:
        raise invalid(where, dict(parameters), "the distribution's parameters", str(error)) from None
    check(where, frozen)
    return frozen
