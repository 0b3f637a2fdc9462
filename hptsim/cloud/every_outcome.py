"""Everything that may happen, at once and without times: the cloud of the explorer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self
from zlib import crc32

import attrs

from hptsim.cloud.base import CloudBase
from hptsim.model.machine import TABLES
from hptsim.model.tables import BY_THE_LINE
from hptsim.world.jobs import TrainingJob, TuningJob
from hptsim.world.ports import State

FAULTS = (
    "shortage",
    "wait",
    "no_capacity",
    "client_error",
    "algorithm_error",
    "internal_error",
    "interrupt",
    "max_runtime",
    "max_wait",
    "max_pending",
)
"""What happens only as often as a budget allows."""


def is_fault(armed: tuple[str, str, str]) -> bool:
    """Whether something armed (kind of entity, name, trigger) is a fault: it may happen as often as the budget allows.

    A tuning job's own time limit is none, though its trigger has the name of one.

    >>> is_fault(("training", "a-001", "max_runtime")), is_fault(("tuning", "a", "max_runtime"))
    (True, False)
    """
    return armed[0] == "training" and armed[2] in FAULTS


_OFFERS: dict[str, list[str]] = {}


for _state, _trigger in TABLES.training:
    if _trigger not in ("create", "stop", *BY_THE_LINE):
        _OFFERS.setdefault(_state, []).append(_trigger)
"""What the tables know in each state."""


@attrs.define(slots=False)
class EveryOutcome(CloudBase):
    """Everything that may happen, armed at once, without times; *budget* says how often each fault may happen.

    >>> EveryOutcome(budget={"internal_error": 1}).freeze()
    (('internal_error', 1),)
    """

    budget: dict[str, int] = attrs.field(factory=dict)
    delayed_stop: bool = False
    due_answer: str = ""
    """What becomes of the next request, one of `model.calls.ANSWERS`: whoever drives the simulation sets it each time."""

    def delay(self, world: State, job: TuningJob, trigger: str) -> float:
        """Zero, but for stops that are to arrive separately: the explorer ignores times."""
        return 1.0 if trigger == "stop_propagation" and self.delayed_stop else 0.0

    def begin(self, world: State, job: TrainingJob) -> None:
        """Nothing to decide: work without length."""
        if job.tuning_job:
            hyperband = world.tuning[job.tuning_job].spec.hyperband
            known = {**job.definition.static, **job.hyperparameters}
            job.epochs = self.epochs_of(known) if hyperband is None else hyperband.max_resource

    def evaluate(self, world: State, job: TrainingJob, epoch: int) -> float:
        """Each training job has a value of its own, the same at every epoch."""
        return crc32(f"{job.ordinal}/{epoch}".encode()) % 1000 / 1000

    def next(self, world: State, job: TrainingJob) -> Iterable[tuple[str, float]]:
        """Every trigger that the tables know in this state, faults as far as their budget reaches."""
        return [(trigger, 0.0) for trigger in _OFFERS.get(job.state, ()) if self.possible(job, trigger)]

    def possible(self, job: TrainingJob, trigger: str) -> bool:
        """Whether *trigger* may happen to *job* now."""
        if trigger == "checkpoint":
            return job.definition.checkpoint_uri is not None and job.checkpoints < 1
        if trigger == "epoch":
            return job.watched and len(job.curve) < job.epochs
        if trigger == "interrupt":
            return job.definition.spot and self.budget.get(trigger, 0) > 0
        if trigger == "max_wait":
            return job.definition.spot and self.budget.get(trigger, 0) > 0
        if trigger == "max_pending":
            return job.definition.pending_limit_s is not None and self.budget.get(trigger, 0) > 0
        if trigger == "saved":
            return not job.saved
        return trigger not in FAULTS or self.budget.get(trigger, 0) > 0

    def answer(self, operation: str, name: str, number: int) -> str:
        """What is due, once; every request after it has the ordinary answer until something else is due."""
        due, self.due_answer = self.due_answer, ""
        return due

    def spend(self, trigger: str) -> None:
        """Take a fault that has happened from the budget."""
        if trigger in self.budget:
            self.budget[trigger] -= 1

    def clone(self) -> Self:
        """A copy with a budget of its own."""
        twin = super().clone()
        twin.budget = self.budget.copy()
        return twin

    def freeze(self) -> tuple[Any, ...]:
        """What is left of the budget."""
        return tuple(sorted(self.budget.items()))
