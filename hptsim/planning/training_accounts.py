"""What a training job that is alive has been billed for, and lost: time in its states, on the instances that it runs on."""

from __future__ import annotations

import attrs

from hptsim.model.billing import BILLED, whole_second
from hptsim.model.statuses import FINAL_TRAINING
from hptsim.planning.levels import Holder
from hptsim.planning.usage import TuningJobFigures
from hptsim.scenario.prices import Prices

_UNDOING = ("preempt", "interrupt", "internal_error")
"""What takes from a training job what it has trained since its last checkpoint, unless it ends with it."""


@attrs.define(eq=False)
class TrainingAccount:
    """A training job: whose it is, what it runs on, what is billable so far.

    *holder* gets what it is billed for. Times are in simulated seconds.
    """

    holder: Holder
    row: TuningJobFigures | None
    """That of its tuning job, if it has one."""
    spot: bool
    state: str
    since_s: float
    asked_s: float
    """When quota was asked for it, or it was launched on instances that its tuning job had."""
    quota_waiting_s: float
    running: dict[str, int] = attrs.field(factory=dict)
    """The instances that it occupies, by type."""
    unsaved_s: float = 0.0
    """How long it has trained since its last checkpoint."""
    trained: bool = False
    """Whether it has ever trained."""
    started: bool = False
    billable_s: float = 0.0
    whole_s: int = 0
    """The same as the service counts it, between times cut to whole seconds (O11)."""
    counted_from_s: float | None = None
    """Since when it has been in states that are billed; None while it is not."""
    by_type: dict[str, float] = attrs.field(factory=dict)
    """Billable instance-seconds by instance type: a restart may have come to another."""

    def enter(self, state: str, now: float, epoch_s: float) -> None:
        """Come into another state, or into the same again: whole seconds are counted while it is in states that are billed."""
        self.state = state
        if state not in BILLED:
            self.count_whole(now, epoch_s)
        elif self.counted_from_s is None:
            self.started, self.counted_from_s = True, now

    def lose(self, now: float, trigger: str, destination: str) -> None:
        """Time in Training passes up to *trigger*: a checkpoint keeps it, another attempt loses it (R23)."""
        self.unsaved_s += now - self.since_s
        if trigger == "checkpoint":
            self.unsaved_s = 0.0
        elif trigger in _UNDOING and destination not in FINAL_TRAINING:
            self.holder.usage.lost_instance_s += self.unsaved_s * sum(self.running.values())
            self.unsaved_s = 0.0

    def wait(self, now: float, begin_s: float, billable: dict[str, float]) -> None:
        """Let the time up to *now* pass in its state; *billable* gets what of it is billable from *begin_s* on, by type."""
        since_s, self.since_s = self.since_s, now
        if self.state not in BILLED:
            return
        passed_s = now - since_s
        within_s = passed_s if since_s >= begin_s else max(0.0, now - begin_s)
        self.billable_s += passed_s
        by_type, usage = self.by_type, self.holder.usage
        for kind, count in self.running.items():
            by_type[kind] = by_type.get(kind, 0.0) + passed_s * count
            usage.billable_instance_s += passed_s * count
            billable[kind] = billable.get(kind, 0.0) + within_s * count

    def count_whole(self, now: float, epoch_s: float) -> None:
        """Count the whole seconds up to *now* in which it has been in billed states (O11)."""
        if self.counted_from_s is not None:
            self.whole_s += whole_second(epoch_s + now) - whole_second(epoch_s + self.counted_from_s)
            self.counted_from_s = None

    def bill(self, prices: Prices) -> None:
        """Bill it at its end, in whole seconds, at least one (O11, B7)."""
        if not self.started:
            return
        usage, spent = self.holder.usage, self.by_type if self.billable_s else self.running
        rounding = max(1, self.whole_s) / (self.billable_s or 1.0)
        for kind, instance_s in spent.items():
            usage.billed_instance_s += instance_s * rounding
            price = prices.of(kind, spot=self.spot)
            known = price is not None and usage.cost_usd is not None
            usage.cost_usd = (usage.cost_usd or 0.0) + instance_s * rounding / 3600 * (price or 0.0) if known else None
