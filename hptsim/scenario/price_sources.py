"""Whose prices the costs of a scenario rest on: those of a list, the user's own, or some of each."""

from __future__ import annotations

from typing import Any

import attrs

from hptsim.scenario.prices import Prices
from hptsim.scenario.scenario import Scenario


@attrs.frozen
class PriceSources:
    """The list that prices come from, None where no job needs it; and the instance types whose prices are the user's *own*.

    An *own_spot* type has a spot price of the user's own, and the list's on-demand price.

    >>> some = Scenario(prices_usd_per_hour={"gpu": 2.5})
    >>> PriceSources.of(some).words()
    'prices of 2023-06, us-east-1; the price of gpu is your own'
    """

    listed: Prices | None
    own: tuple[str, ...] = ()
    own_spot: tuple[str, ...] = ()

    @classmethod
    def of(cls, scenario: Scenario) -> PriceSources:
        """The sources of a scenario's prices; the list is needed for a type that its tuning jobs may use, or if it has none."""
        own, spot = set(scenario.prices_usd_per_hour), set(scenario.spot_prices_usd_per_hour)
        used = scenario.instance_types
        listed = None if used and used <= own else scenario.price_list
        return cls(listed, tuple(sorted(own)), tuple(sorted(spot - own)))

    def words(self) -> str:
        """In a few words, without the source, which is long."""
        listed = "" if self.listed is None else f"prices of {self.listed.date}, {self.listed.region}"
        return "; ".join(part for part in (listed, *self._own()) if part)

    def sentences(self) -> str:
        """For a page.

        >>> PriceSources(None, ("gpu",)).sentences()
        'Prices in US dollars. The price of gpu is your own.'
        """
        listed, said = self.listed, "Prices in US dollars"
        if listed is not None:
            said += f", of {listed.date}, {listed.region}. Their source: {listed.source}"
        return " ".join(f"{part[:1].upper()}{part[1:]}." for part in (said, *self._own()))

    def data(self) -> dict[str, Any]:
        """For machines: date, region and source of the list, null where it is not needed, and the types with own prices."""
        listed = {name: getattr(self.listed, name, None) for name in ("date", "region", "source")}
        return {**listed, "own": list(self.own), "own_spot": list(self.own_spot)}

    def _own(self) -> list[str]:
        kinds = (("price", self.own), ("spot price", self.own_spot))
        return [_own(what, types) for what, types in kinds if types]


def _own(what: str, types: tuple[str, ...]) -> str:
    """That these prices are the user's own.

    >>> _own("spot price", ("a", "b"))
    'the spot prices of a, b are your own'
    """
    many = len(types) > 1
    return f"the {what}{'s' if many else ''} of {', '.join(types)} {'are' if many else 'is'} your own"
