"""What an instance costs for an hour: a dated table that a file of the user's own can replace."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import attrs

from hptsim.errors import InvalidInput, invalid, nearest
from hptsim.model.instants import read_instant
from hptsim.model.validators import at_least, string, table
from hptsim.optional import require
from hptsim.scenario.reading import parse, read_text

SPOT_PRICE_RATIO = 0.35
"""Assumption `spot-price-ratio`: the median billable share of five observed training jobs, which was .30 to .42."""

_YEAR_S = 366 * 86400
_DATE = re.compile(r"\d{4}-\d\d(-\d\d)?", re.ASCII)


def _day_s(text: str) -> float:
    """The beginning of the day, or of the month, that "2026-11-27" or "2026-11" names, in seconds since 1970 (InvalidInput)."""
    found = _DATE.fullmatch(text)
    return read_instant((text if found[1] else f"{text}-01") if found is not None else "no date")


def _date(instance: object, attribute: attrs.Attribute[str], value: Any) -> None:
    try:
        _day_s(value)
    except (ValueError, TypeError):
        raise invalid(
            attribute.name, value, "a date in ISO 8601 of the prices", "for example 2026-11 or 2026-11-27"
        ) from None


@attrs.frozen
class Prices:
    """Prices in US dollars for one instance and hour, as a *source* listed them for a *region* at some *date*.

    >>> Prices.packaged().of("ml.m5.xlarge")
    0.23
    >>> round(Prices.packaged().of("ml.m5.xlarge", spot=True), 3)
    0.081
    """

    date: str = attrs.field(validator=_date)
    region: str = attrs.field(validator=string())
    source: str = attrs.field(validator=string())
    on_demand_usd_per_hour: Mapping[str, float] = attrs.field(validator=table(at_least(0), "prices by instance type"))
    spot_usd_per_hour: Mapping[str, float] = attrs.field(
        factory=dict, validator=table(at_least(0), "prices by instance type")
    )
    spot_ratio: float = attrs.field(default=SPOT_PRICE_RATIO, validator=at_least(0))
    """A spot price as a share of the on-demand price, for types without a spot price of their own."""
    savings_plan_ratio: float = attrs.field(default=1.0, validator=at_least(0))
    """What a savings plan pays of the on-demand price: 0.64 is 36 % less. It holds for all types, and not for spot."""

    def of(self, instance_type: str, *, spot: bool = False) -> float | None:
        """The price of an instance of this type for an hour; None when the table does not know it."""
        if spot and instance_type in self.spot_usd_per_hour:
            return self.spot_usd_per_hour[instance_type]
        price = self.on_demand_usd_per_hour.get(instance_type)
        return None if price is None else price * (self.spot_ratio if spot else self.savings_plan_ratio)

    def warning(self, instance_types: Iterable[str], now_s: float) -> str:
        """What to say where costs are shown at *now_s* (seconds since 1970) if the table has prices of these types and is more
        than a year old; otherwise nothing.

        >>> Prices("2023-06", "us-east-1", "a page", {"ml.m5.xlarge": 0.23}).warning(["ml.m5.xlarge"], 1.72e9)
        'prices are of 2023-06 (us-east-1), more than a year old: see docs/prices.md'
        """
        known = any(self.of(kind) is not None for kind in instance_types)
        if not known or now_s - _day_s(self.date) <= _YEAR_S:
            return ""
        return f"prices are of {self.date} ({self.region}), more than a year old: see docs/prices.md"

    def with_own(self, on_demand: Mapping[str, float], spot: Mapping[str, float]) -> Prices:
        """The table with the user's own prices; an own on-demand price without a spot price sets that by `spot_ratio`."""
        if not on_demand and not spot:
            return self
        listed = {name: price for name, price in self.spot_usd_per_hour.items() if name not in on_demand}
        own = {**self.on_demand_usd_per_hour, **on_demand}
        return attrs.evolve(self, on_demand_usd_per_hour=own, spot_usd_per_hour={**listed, **spot})

    def dump(self, path: str | Path) -> None:
        """Write the table as `load` reads it."""
        data = attrs.asdict(self)
        Path(path).write_text(require("tomli_w", "cli", "writing TOML").dumps(data), encoding="utf-8")

    @classmethod
    def from_dict(cls, data: Any) -> Prices:
        """A table as files hold it; raises InvalidInput with the key that is wrong."""
        names = [field.name for field in attrs.fields(cls)]
        if not isinstance(data, Mapping):
            raise invalid("prices", data, "a table of prices")
        for name in data:
            if name not in names:
                raise invalid(name, name, "a key of a table of prices", nearest(str(name), names))
        for field in attrs.fields(cls):
            if field.name not in data and field.default is attrs.NOTHING:
                raise invalid(field.name, None, "a table of prices that says it")
        return cls(**data)

    @classmethod
    def load(cls, path: str | Path) -> Prices:
        """Read a table of prices in TOML, of the form of the package's own `prices.toml`; raises InvalidInput."""
        text = read_text(Path(path), "a readable table of prices in TOML")
        try:
            return cls.from_dict(parse(text, toml=True))
        except InvalidInput as error:
            raise InvalidInput(f"{path}: {error.message}, expected a readable table of prices in TOML") from None

    @classmethod
    def packaged(cls) -> Prices:
        """The table that comes with hptsim: a few common types, with date, region and source; an example, not an offer."""
        return _packaged()


@cache
def _packaged() -> Prices:
    with resources.as_file(resources.files("hptsim.scenario") / "prices.toml") as path:
        return Prices.load(path)
