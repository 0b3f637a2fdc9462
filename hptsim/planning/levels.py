"""Numbers that change over time and their integrals: of one pool, of the line, and of each holder of quota."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from hptsim.model.definitions import TrainingJobDefinition
from hptsim.planning.usage import TuningJobFigures, Usage


@attrs.define
class Level:
    """A number that changes over time, and its integral from *since_s* on.

    >>> level = Level(0.0)
    >>> level.move(2, 10.0); level.move(-1, 15.0); level.settle(20.0)
    >>> level.value, level.integral, level.most
    (1, 15.0, 2)
    """

    since_s: float
    value: int = 0
    integral: float = 0.0
    most: int = 0

    def move(self, by: int, now: float) -> None:
        """Change the number at *now*."""
        if now > self.since_s:
            self.settle(now)
        self.value += by

    def settle(self, now: float) -> None:
        """Bring the integral up to *now*; changes before the beginning count from it."""
        if now > self.since_s:
            value = self.value
            self.integral += value * (now - self.since_s)
            self.since_s = now
            if value > self.most:
                self.most = value


@attrs.define(eq=False)
class Holder:
    """Who holds quota: what it has reserved and uses over time; *usage* gets the sums."""

    usage: Usage
    held: Level = attrs.field(factory=lambda: Level(0.0), init=False)
    """Instances that it has reserved."""
    used: Level = attrs.field(factory=lambda: Level(0.0), init=False)
    """The part of it that its training jobs occupy."""

    def settle(self, now: float) -> None:
        """Bring the instance-seconds of *usage* up to *now*."""
        self.held.settle(now)
        self.used.settle(now)
        self.usage.reserved_instance_s = self.held.integral
        self.usage.occupied_instance_s = self.used.integral


@attrs.define(eq=False)
class TuningHolder(Holder):
    """A tuning job that holds quota, with its *row* of figures, which is its usage, too."""

    row: TuningJobFigures
    definitions: Sequence[TrainingJobDefinition]
    stopping: Level | None = None
    """What it has reserved since it was stopped."""

    def settle(self, now: float) -> None:
        """Bring the instance-seconds of its row up to *now*."""
        super().settle(now)
        if self.stopping is not None:
            self.stopping.settle(now)
            self.row.stopping_instance_s = self.stopping.integral
