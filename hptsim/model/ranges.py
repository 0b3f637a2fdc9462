"""Hyperparameter ranges: from the unit interval to the values that the service hands out, and back.

Strategies work with numbers between 0 and 1; a range turns such a number into a value as its scaling says, written as a
string, which is how the service gives hyperparameters to training jobs.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cached_property

import attrs

from hptsim.errors import invalid
from hptsim.model.validators import LARGEST_WHOLE, in_order, is_number, is_string, one_of, string

KINDS = ("Integer", "Continuous", "Categorical", "Auto")
SCALINGS = ("Auto", "Linear", "Logarithmic", "ReverseLogarithmic")


@attrs.frozen
class ParameterRange:
    """One hyperparameter's range: *kind* is Integer, Continuous, Categorical or Auto.

    Integer and Continuous have *low*, *high* and *scaling* (Linear, Logarithmic, ReverseLogarithmic or Auto);
    Categorical has *values*, of which one that is repeated counts once (`values-once`); Auto has the hint as its one value.
    Source: M:ParameterRanges, §2.2.

    Raises InvalidInput, in the service's words for the members, for bounds that cannot be drawn from: none that are finite
    numbers (whole ones of 64 bits for Integer), MinValue above MaxValue, Logarithmic from 0 or below, ReverseLogarithmic
    outside [0, 1) or for whole numbers; and for a range without values.

    >>> ParameterRange("rate", "Continuous", 0.001, 0.1, scaling="Logarithmic").at(0.5)
    '0.01'
    """

    name: str = attrs.field(validator=string())
    kind: str = attrs.field(validator=one_of(*KINDS))
    low: float = 0.0
    high: float = 0.0
    values: tuple[str, ...] = attrs.field(default=(), converter=in_order)
    scaling: str = attrs.field(default="Auto", validator=one_of(*SCALINGS))

    def __attrs_post_init__(self) -> None:
        if self.kind in ("Integer", "Continuous"):
            self._check_bounds()
        elif not isinstance(self.values, tuple) or not self.values or not all(map(is_string, self.values)):
            given = list(self.values) if isinstance(self.values, tuple) else self.values
            raise invalid("Values", given, "a list of at least one string")

    def _check_bounds(self) -> None:
        low, high = self.low, self.high
        for member, value in (("MinValue", low), ("MaxValue", high)):
            if self.kind == "Integer" and not (is_number(value) and value % 1 == 0 and abs(value) <= LARGEST_WHOLE):
                raise invalid(member, value, "a whole number of 64 bits")
            if not is_number(value):
                raise invalid(member, value, "a finite number")
        if low > high:
            raise invalid("MinValue", low, f"at most MaxValue ({high:g})")
        if self.scaling == "Logarithmic" and not (low > 0 and is_number(high / low)):
            raise invalid("MinValue", low, "a value above 0 with ScalingType Logarithmic")
        if self.scaling == "ReverseLogarithmic" and (self.kind == "Integer" or low < 0 or high >= 1):
            raise invalid("ScalingType", self.scaling, "a continuous range within [0, 1)")
        if not is_number(high - low):
            raise invalid("MaxValue", high, "a range whose width is a finite number")

    @cached_property
    def choices(self) -> tuple[str, ...]:
        """The different values, in the order in which they were given first (`values-once`).

        >>> ParameterRange("kind", "Categorical", values=("a", "b", "a")).choices
        ('a', 'b')
        """
        return tuple(dict.fromkeys(self.values))

    @property
    def count(self) -> int | None:
        """How many different values it has; None for a continuum.

        >>> ParameterRange("layers", "Integer", 2, 5).count, ParameterRange("rate", "Continuous", 0, 1).count
        (4, None)
        """
        if self.kind == "Auto":
            return None  # what it becomes is left to the service
        if self.values:
            return len(self.choices)
        if self.kind == "Integer":
            return math.floor(self.high) - math.ceil(self.low) + 1
        return 1 if self.low == self.high else None

    @property
    def scale(self) -> str:
        """The scaling that is meant: Auto is Logarithmic from three decades on, Linear below (`auto-scaling`).

        >>> ParameterRange("rate", "Continuous", 0.0001, 1).scale
        'Logarithmic'
        """
        if self.scaling == "Auto":
            return "Logarithmic" if self.low > 0 and self.high / self.low >= 1000 else "Linear"
        return self.scaling

    @cached_property
    def wide(self) -> ParameterRange:
        """A range of whole numbers as a continuum in which each of them has its share."""
        low, high = math.ceil(self.low) - 0.5, math.floor(self.high) + 0.5
        return attrs.evolve(self, kind="Continuous", low=low, high=high, scaling=self.scale)

    def at(self, unit: float) -> str:
        """The value at *unit*, a number from 0 to below 1."""
        if self.values:
            return self.choices[min(int(unit * len(self.choices)), len(self.choices) - 1)]
        if self.kind == "Integer":
            return str(min(max(round(self.wide.number(unit)), math.ceil(self.low)), math.floor(self.high)))
        number = self.number(unit)
        text = f"{number:.12g}"
        return text if self.low <= float(text) <= self.high else repr(number)

    def number(self, unit: float) -> float:
        """The number at *unit* of a range of numbers, as its scaling says."""
        low, high = self.low, self.high
        if self.scale == "Logarithmic":
            value = math.exp(math.log(low) + unit * (math.log(high) - math.log(low)))
        elif self.scale == "ReverseLogarithmic":
            value = 1 - math.exp(math.log1p(-low) + unit * (math.log1p(-high) - math.log1p(-low)))
        else:
            value = low + unit * (high - low)
        return min(max(value, low), high)

    def unit(self, value: str) -> float:
        """Where *value* lies, from 0 to 1: what `at` turns back into it, but for rounding.

        >>> span = ParameterRange("rate", "Continuous", 0.001, 0.1, scaling="Logarithmic")
        >>> round(span.unit(span.at(0.25)), 6)
        0.25
        """
        if self.values:
            return (self.choices.index(value) + 0.5) / len(self.choices) if value in self.choices else 0.5
        if self.low == self.high:
            return 0.5
        if self.kind == "Integer":
            return self.wide.unit(value)
        number = min(max(float(value), self.low), self.high)
        if self.scale == "Logarithmic":
            return (math.log(number) - math.log(self.low)) / (math.log(self.high) - math.log(self.low))
        if self.scale == "ReverseLogarithmic":
            return (math.log1p(-number) - math.log1p(-self.low)) / (math.log1p(-self.high) - math.log1p(-self.low))
        return (number - self.low) / (self.high - self.low)

    def holds(self, value: str) -> bool:
        """Whether *value* is one of its values."""
        if self.values:
            return value in self.values
        try:
            number = int(value) if value.lstrip("+-").isdecimal() else float(value)  # a float has no 64 bits for it
        except ValueError:
            return False
        return self.low <= number <= self.high and (self.kind != "Integer" or number == int(number))


def combinations(ranges: Iterable[ParameterRange]) -> int | None:
    """How many configurations there are; None for a continuum.

    >>> combinations([ParameterRange("a", "Categorical", values=("x", "y")), ParameterRange("b", "Integer", 1, 3)])
    6
    """
    total = 1
    for span in ranges:
        if span.count is None:
            return None
        total *= span.count
    return total


def nth(ranges: tuple[ParameterRange, ...], number: int) -> dict[str, str]:
    """The configuration *number* (from 0) of a grid over categorical *ranges*; the last range turns fastest.

    >>> nth((ParameterRange("a", "Categorical", values=("x", "y")), ParameterRange("b", "Categorical", values=("1", "2"))), 2)
    {'a': 'y', 'b': '1'}
    """
    chosen: dict[str, str] = {}
    for span in reversed(ranges):
        number, place = divmod(number, len(span.choices))
        chosen[span.name] = span.choices[place]
    return dict(reversed(chosen.items()))
