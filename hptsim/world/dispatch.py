"""Rows made ready: what happens to a training job by a row, with everything looked up in advance.

A *move* is compiled from a row of a world's own tables, mutants included: its effects as functions, whether the time in the
state that it leaves is billed, and what is booked on the job's record before the entry is written.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from hptsim.errors import LawBroken
from hptsim.model.machine import Dispatch
from hptsim.model.payloads import CriterionMet, Epoch, Failed, Launched, Saved, ScriptEnded, TuningJobCreated
from hptsim.model.tables import GUARDS, TRAINING, Row
from hptsim.world.effects import PERFORM
from hptsim.world.jobs import TrainingJob, TuningJob
from hptsim.world.ledger import Reservation

if TYPE_CHECKING:
    from hptsim.world.world import World
from hptsim.model.billing import BILLED

Booking = Callable[["World", Any, Any], Any]
"""Books what a trigger does to a job's record and returns what the journal says of it."""


@attrs.frozen(eq=False)
class Move:
    """One row, ready to be performed."""

    source: str
    trigger: str
    destination: str
    guard: Callable[[Any], bool] | None
    effects: tuple[Callable[[World, Any, Any], None], ...]
    billed: bool
    ends: bool
    book: Booking | None
    """None where only the state changes."""

    @classmethod
    def of(cls, row: Row, book: Booking | None) -> Move:
        """Make *row* ready."""
        guard = GUARDS[row.guard] if row.guard else None
        effects = tuple([PERFORM[name] for name in row.effects])
        billed, ends = row.source in BILLED, row.destination in TRAINING.final
        return cls(row.source, row.trigger, row.destination, guard, effects, billed, ends, book)


class Moves(dict[tuple[str, str], Move]):
    """The moves of one table by (state, trigger): those without a guard, and apart those that guards choose from."""

    def __init__(self, dispatch: Dispatch, bookings: Mapping[str, Booking]) -> None:
        moves = {
            key: tuple([Move.of(row, bookings.get(row.trigger)) for row in rows]) for key, rows in dispatch.items()
        }
        super().__init__({key: found[0] for key, found in moves.items() if len(found) == 1 and found[0].guard is None})
        self.guarded = {key: found for key, found in moves.items() if key not in self}

    def choose(self, job: Any, trigger: str) -> Move:
        """The one move that applies to *job* now; anything else is our own mistake."""
        found, applying = None, 0
        for move in self.guarded.get((job.state, trigger), ()):
            if move.guard is None or move.guard(job):
                found = move
                applying += 1
        if found is None or applying > 1:
            reason = f"{applying} rows apply to {trigger!r} on {job.name} in state {job.state}"
            raise LawBroken("exactly one row applies", reason, "lifecycle.py")
        return found


# ---------------------------------------------------------------------- what is booked


def _ready(world: World, job: TrainingJob, move: Move) -> None:
    if job.started_s is None:
        job.started_s = world.now


def _stop(world: World, job: TrainingJob, move: Move) -> None:
    job.stopped_by = move.trigger


def _shortage(world: World, job: TrainingJob, move: Move) -> None:
    job.shortages += 1


def _interrupt(world: World, job: TrainingJob, move: Move) -> None:
    _begin_again(job)


def _error(world: World, job: TrainingJob, move: Move) -> Failed:
    job.failure_reason = world.nature.reason(job, move.trigger)
    if move.destination == "Starting":
        job.retries_left -= 1
        _begin_again(job)
    return Failed(job.failure_reason)


def _begin_again(job: TrainingJob) -> None:
    job.attempt += 1
    job.trained_before_s = job.trained_s
    job.shortages = 0
    job.progress_s = job.checkpointed_s
    if job.watched:  # the epochs since the last checkpoint are done again
        done = job.checkpointed_epochs
        job.curve, job.passed = job.curve[:done], tuple([epoch for epoch in job.passed if epoch <= done])
    job.warm = False


def _epoch(world: World, job: TrainingJob, move: Move) -> Epoch:
    value = world.nature.objective(world, job)
    job.curve += (math.nan if value is None else value,)
    return Epoch(len(job.curve), value)


def _checkpoint(world: World, job: TrainingJob, move: Move) -> Saved:
    uri = job.next_checkpoint_uri
    job.checkpoints += 1
    job.checkpointed_s, job.checkpointed_epochs = job.progress_s, len(job.curve)
    job.promised += (uri,)
    return Saved(uri)


def _saved(world: World, job: TrainingJob, move: Move) -> Saved:
    job.saved = True
    job.promised += (job.model_uri,)
    return Saved(job.model_uri)


def _script_ended(world: World, job: TrainingJob, move: Move) -> ScriptEnded:
    saved = _saved(world, job, move).uri if move.source == "Training" else None
    job.objective = world.nature.objective(world, job)
    return ScriptEnded(saved, job.objective)


BOOKED: Mapping[str, Booking] = {
    "ready": _ready,
    **dict.fromkeys(("stop", "max_runtime", "max_wait", "max_pending"), _stop),
    "shortage": _shortage,
    "interrupt": _interrupt,
    **dict.fromkeys(("client_error", "algorithm_error", "internal_error", "no_capacity"), _error),
    "epoch": _epoch,
    "checkpoint": _checkpoint,
    "saved": _saved,
    **dict.fromkeys(("exited", "killed"), _script_ended),
}
"""By trigger: what the cloud, a caller or the script does to the job, and what the script has saved.

The store is filled elsewhere, by effects: a law compares the two.
"""


def _request(world: World, job: TuningJob, detail: TuningJobCreated) -> TuningJobCreated:
    return detail


def _criterion(world: World, job: TuningJob, detail: str) -> CriterionMet:
    return CriterionMet(detail)


def _launched_on(world: World, job: TuningJob, detail: Any) -> Launched | None:
    return Launched(detail.name) if isinstance(detail, Reservation) else None


def _finished(world: World, job: TuningJob, detail: Any) -> Failed | None:
    return Failed(job.failure_reason) if job.state == "Failed" else None


TOLD: Mapping[str, Booking] = {"create": _request, "criterion": _criterion, "launch": _launched_on, "finish": _finished}
"""By trigger of a tuning job: what the journal says of its detail."""
