"""What an instance costs for an hour: a dated table that a file of the user's own can replace."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import attrs

from hptsim.errors import InvalidInput, invalid, nearest
from hptsim.model.validators import at_least

SPOT_PRICE_RATIO = 0.3
"""Assumption `spot-price-ratio`."""


def _prices(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
    if not isinstance(value, Mapping):
        raise invalid(attribute.name, value, "a table of prices by instance type")
    for name, price in value.items():
        at_least(0)(instance, attribute.evolve(name=f"{attribute.name}.{name}"), price)


def _text(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
    if not isinstance(value, str) or not value:
        raise invalid(attribute.name, value, "a text")


@attrs.frozen
class Prices:
    """Prices in US dollars for one instance and hour, as a *source* listed them for a *region* at some *date*.

    >>> Prices.packaged().of("ml.m5.xlarge")
    0.23
    >>> round(Prices.packaged().of("ml.m5.xlarge", spot=True), 3)
    0.069
    """

    date: str = attrs.field(validator=_text)
    region: str = attrs.field(validator=_text)
    source: str = attrs.field(validator=_text)
    on_demand_usd_per_hour: Mapping[str, float] = attrs.field(validator=_prices)
    spot_usd_per_hour: Mapping[str, float] = attrs.field(factory=dict, validator=_prices)
    spot_ratio: float = attrs.field(default=SPOT_PRICE_RATIO, validator=at_least(0))
    """A spot price as a share of the on-demand price, for types without a spot price of their own."""

    def of(self, instance_type: str, *, spot: bool = False) -> float | None:
        """The price of an instance of this type for an hour; None when the table does not know it."""
        if spot and instance_type in self.spot_usd_per_hour:
            return self.spot_usd_per_hour[instance_type]
        price = self.on_demand_usd_per_hour.get(instance_type)
        return None if price is None else price * (self.spot_ratio if spot else 1.0)

    def with_own(self, on_demand: Mapping[str, float], spot: Mapping[str, float]) -> Prices:
        """The table with some prices of one's own; an on-demand price brings its spot price by the ratio."""
        if not on_demand and not spot:
            return self
        listed = {name: price for name, price in self.spot_usd_per_hour.items() if name not in on_demand}
        own = {**self.on_demand_usd_per_hour, **on_demand}
        return attrs.evolve(self, on_demand_usd_per_hour=own, spot_usd_per_hour={**listed, **spot})

    @classmethod
    def from_dict(cls, plain: Any) -> Prices:
        """A table as files hold it; raises InvalidInput with the key that is wrong."""
        names = [field.name for field in attrs.fields(cls)]
        if not isinstance(plain, Mapping):
            raise invalid("prices", plain, "a table of prices")
        for name in plain:
            if name not in names:
                raise invalid(name, name, "a key of a table of prices", nearest(str(name), names))
        for field in attrs.fields(cls):
            if field.name not in plain and field.default is attrs.NOTHING:
                raise invalid(field.name, None, "a table of prices that says it")
        return cls(**plain)

    @classmethod
    def load(cls, path: str | Path) -> Prices:
        """Read a table of prices in TOML, of the form of the package's own `prices.toml`; raises InvalidInput."""
        try:
            plain = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise invalid(str(path), str(error), "a readable table of prices in TOML") from error
        try:
            return cls.from_dict(plain)
        except InvalidInput as error:
            raise attrs.evolve(error, message=f"{path}: {error.message}") from None

    @classmethod
    def packaged(cls) -> Prices:
        """The table that comes with hptsim: a few common types, with date, region and source; an example, not an offer."""
        return _packaged()


@cache
def _packaged() -> Prices:
    with resources.as_file(resources.files("hptsim.scenario") / "prices.toml") as path:
        return Prices.load(path)
