"""What warm pools keep after their training jobs, for how long, and what that costs."""

from __future__ import annotations

import math

from hptsim.model.entries import Entry
from hptsim.planning.usage import WarmPoolFigures
from hptsim.scenario.prices import Prices


class WarmPoolAccounts:
    """The warm pools of a journal: each is billed once it has ended (B11)."""

    def __init__(self, prices: Prices) -> None:
        self._prices = prices
        self._pools: dict[str, dict[str, int]] = {}
        """The instances of each, once its training job has ended."""
        self._kept: dict[str, float] = {}
        """Since when it keeps them."""
        self.figures: list[WarmPoolFigures] = []
        """What was retained, in the order in which it was given back."""

    def read(self, entry: Entry) -> None:
        """A warm pool begins, and begins and ends to keep its instances."""
        now, _, name, trigger, source, destination, _, _ = entry
        if trigger == "open":
            self._pools[name] = {}
        elif source == "InUse" != destination:
            if destination == "Available":
                self._kept[name] = now
            else:
                del self._pools[name]
        elif source == "Available" != destination:
            self._retained(name, now)

    def job_ended(self, name: str, instances: dict[str, int]) -> None:
        """A training job has ended and leaves *instances*, to its warm pool if it has one."""
        if name in self._pools:
            self._pools[name] = instances

    def close(self, now: float) -> None:
        """Bill up to *now* what is still kept then."""
        for name in list(self._kept):
            self._retained(name, now)

    def _retained(self, name: str, now: float) -> None:
        """Bill what a warm pool has kept: on-demand time of all its instances (B11)."""
        retained_s, kinds = now - self._kept.pop(name), self._pools.pop(name)
        prices = {kind: self._prices.of(kind) for kind in kinds}
        known = [price * kinds[kind] for kind, price in prices.items() if price is not None]
        cost = math.fsum(known) * int(retained_s) / 3600 if len(known) == len(kinds) else None
        self.figures.append(WarmPoolFigures(name, retained_s, retained_s * sum(kinds.values()), cost))
