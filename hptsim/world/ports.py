"""The port for what the cloud decides, and what a cloud may see of the world. The search's port is `model.search.Search`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, Self

from hptsim.model.machine import Tables
from hptsim.model.payloads import Epoch, ScriptEnded
from hptsim.world.jobs import TrainingJob, TuningJob


class State(Protocol):
    """What a cloud may read of the world."""

    now: float

    @property
    def tables(self) -> Tables:
        """The tables by which it goes."""

    @property
    def tuning(self) -> Mapping[str, TuningJob]:
        """The tuning jobs by name."""

    @property
    def training(self) -> Mapping[str, TrainingJob]:
        """The training jobs by name."""


class Cloud(Protocol):
    """What the cloud decides and no caller does: how long things take, what fails, what the metric is."""

    def next(self, world: State, job: TrainingJob) -> Iterable[tuple[str, float]]:
        """The triggers that may fire next on a training job that has just entered its state, each with its delay in s."""

    def delay(self, world: State, job: TuningJob, trigger: str) -> float:
        """How many seconds the controller takes until *trigger*: first_launch, launch, finish, or stop_propagation."""

    def first_pass(self, job: TuningJob) -> float:
        """When the controller first looks at a tuning job, in simulated seconds: its runtime counts from then on (O3)."""

    def last_pass(self, job: TuningJob, time_s: float) -> float | None:
        """When it last did, until *time_s*; None before the first pass, and for a controller without passes (O1)."""

    def suffix(self, job: TuningJob, ordinal: int) -> str:
        """The eight hexadecimal digits that end a training job's name (N6)."""

    def begin(self, world: State, job: TrainingJob) -> None:
        """Decide what a new training job will need; its hyperparameters are there."""

    def objective(self, world: State, job: TrainingJob) -> float | None:
        """The last value of the objective metric that the script has emitted; None before the first."""

    def log_lines(self, world: State, job: TrainingJob, data: Epoch | ScriptEnded) -> Sequence[str]:
        """What the script writes to the log after an epoch, and at its end: lines with its metrics."""

    def reason(self, job: TrainingJob, trigger: str) -> str:
        """The service's words for a failure."""

    def answer(self, operation: str, name: str, number: int) -> str:
        """What becomes of the *number*-th request for an operation on the job *name*: one of `model.calls.ANSWERS`.

        Nothing for the ordinary answer.
        """

    def clone(self) -> Self:
        """A copy that shares nothing mutable."""

    def freeze(self) -> tuple[Any, ...]:
        """All of it that decides what can happen next, as a value."""
