"""Who used instances for how long, and what it cost: the rows that the accounting fills.

Instance-seconds are conserved: what is reserved is occupied or idle, what is occupied is billable or not, and what is billed
is what is billable in whole seconds of each training job (B1 to B8, A-29).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

USAGE: Mapping[str, str] = {
    "reserved_instance_s": "instance-seconds that were reserved: no other holder could have them",
    "occupied_instance_s": "the part of it that training jobs occupied",
    "idle_instance_s": "the rest: reserved between two training jobs, for which no charge is known, or retained in "
    "a warm pool, which is paid for and told apart in `sim.metrics().warm_pools` (B11)",
    "billable_instance_s": "the part of what was occupied that counts: from Downloading to the end of the upload (B1, B3)",
    "unbilled_instance_s": "the rest: while machines start, are missing after an interruption, or are torn down (B3)",
    "billed_instance_s": "what is paid for: billable, in whole seconds of each training job, at least 1 (O11, B7)",
    "lost_instance_s": "the part of what is billable that training since the last checkpoint took, and that an interruption, "
    "an internal error that is retried, or a preemption undid",
    "cost_usd": "billed time at the price of its instance type, on demand or spot; None when a price is not known",
}
"""What is kept for each holder of instances, in words."""


@attrs.define
class Usage:
    """Instance-seconds of one holder, and what they cost; *cost_usd* is None when a price is not known."""

    reserved_instance_s: float = 0.0
    occupied_instance_s: float = 0.0
    billable_instance_s: float = 0.0
    billed_instance_s: float = 0.0
    """What is billable in whole seconds of each training job: what is paid for."""
    cost_usd: float | None = 0.0
    lost_instance_s: float = 0.0
    """What was trained since the last checkpoint and undone; it is billed all the same."""

    @property
    def idle_instance_s(self) -> float:
        """Reserved and not occupied: kept between two training jobs, or retained in a warm pool (B11)."""
        return self.reserved_instance_s - self.occupied_instance_s

    @property
    def unbilled_instance_s(self) -> float:
        """Occupied in a phase that is not billed: while machines start, are missing, or are torn down (B3)."""
        return self.occupied_instance_s - self.billable_instance_s


@attrs.define
class TuningJobFigures(Usage):
    """One tuning job in figures; *waiting_s* is from its creation until its first training job trains, None if none has.

    *quota_waiting_s* is the part of it in which a request of the tuning job stood in the line for quota, for its place or for
    its first training job. *waited_for* says for each limit how long a request waited for it before the first launch.
    """

    name: str = attrs.field(kw_only=True)
    created_s: float = attrs.field(kw_only=True)
    template: str = ""
    """The template that it is a copy of, or its own name."""
    team: str = ""
    """The value of its tag `team`."""
    priority: int = 0
    instance_type: str = ""
    """The first instance type of its first definition."""
    status: str = "InProgress"
    children: dict[str, int] = attrs.field(factory=dict)
    launched_s: float | None = None
    """When its first training job was created."""
    waiting_s: float | None = None
    quota_waiting_s: float = 0.0
    waited_for: dict[str, float] = attrs.field(factory=dict)
    stop_s: float | None = None
    ended_s: float | None = None
    artifacts: int = 0
    preemptions: int = 0
    """How often its training jobs were preempted (`preemption`)."""
    stopping_instance_s: float = 0.0
    """Instance-seconds that stayed reserved between the stop and Stopped."""

    @property
    def stop_to_stopped_s(self) -> float | None:
        """From the stop to Stopped; None if there was no stop or it has not ended."""
        return None if self.stop_s is None or self.ended_s is None else self.ended_s - self.stop_s

    @property
    def provisioning_s(self) -> float | None:
        """The rest of the waiting time: the controller's passes, machines that start, data that come; None if none trained."""
        return None if self.waiting_s is None else self.waiting_s - self.quota_waiting_s

    @property
    def limited_by(self) -> str:
        """The limit that it waited for the longest before its first launch; nothing if it waited for none."""
        return max(self.waited_for, key=self.waited_for.__getitem__, default="")

    @property
    def time_in_system_s(self) -> float | None:
        """From creation to the end; None if it has not ended."""
        return None if self.ended_s is None else self.ended_s - self.created_s

    def to_dict(self) -> dict[str, Any]:
        """The figures by name, instance-seconds as instance-hours."""
        data = {**attrs.asdict(self), "idle_instance_s": self.idle_instance_s}
        hours = {name: data.pop(name) / 3600 for name in list(data) if name.endswith("_instance_s")}
        data |= {f"{name.removesuffix('_s')}_hours": value for name, value in hours.items()}
        return {**data, "stop_to_stopped_s": self.stop_to_stopped_s}


@attrs.define
class WarmPoolFigures:
    """What a warm pool cost besides its training job: whole seconds of *retained_s* (B11); None for an unknown price."""

    training_job: str
    retained_s: float
    retained_instance_s: float
    cost_usd: float | None
