"""What rows note on the records of their entities, from what has happened.

The store, the ledger and the counters are filled elsewhere, by effects: a law compares the two.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from hptsim.model.payloads import Epoch, Failed, KeepAlive, Resumed, Saved, ScriptEnded
from hptsim.world.dispatch import Booking, ReadyRow
from hptsim.world.jobs import TrainingJob, TuningJob, WarmPool
from hptsim.world.ledger import Reservation
from hptsim.world.world import World


def stop_time(world: World, job: TuningJob, row: ReadyRow, data: Any) -> None:
    """STOP_TIME: when the stop of the tuning job was accepted, in simulated seconds (H2)."""
    job.stop_s = world.now


def start_time(world: World, job: TrainingJob, row: ReadyRow, data: Any) -> None:
    """START_TIME: when the instances of the first attempt were there, in simulated seconds (TrainingStartTime)."""
    if job.started_s is None:
        job.started_s = world.now


def stopped_by(world: World, job: TrainingJob, row: ReadyRow, data: Any) -> None:
    """STOPPED_BY: what stopped the training job, a stop or one of its time limits, and in which state (J11)."""
    job.stopped_by, job.stopped_in = row.trigger, row.source


def reason(world: World, job: TrainingJob, row: ReadyRow, data: Failed) -> None:
    """REASON: the service's FailureReason (J8)."""
    job.failure_reason = data.reason


def retry(world: World, job: TrainingJob, row: ReadyRow, data: Any) -> None:
    """RETRY: one retry less after an internal error (`MaximumRetryAttempts`)."""
    job.retries_left -= 1


def attempt(world: World, job: TrainingJob, row: ReadyRow, data: Any) -> None:
    """ATTEMPT: another attempt begins, on other instances; the training time of those before it is kept (J10)."""
    job.attempt += 1
    job.trained_before_s = job.trained_s
    job.shortages = 0
    job.warm = False


def reservation(world: World, job: TrainingJob, row: ReadyRow, data: Resumed) -> None:
    """RESERVATION: on which reservation of its tuning job a preempted training job goes on."""
    job.reservation = data.number


def undo(world: World, job: TrainingJob, row: ReadyRow, data: Any) -> None:
    """UNDO: training goes back to the last checkpoint (R23), and so do the epochs since."""
    job.progress_s = job.checkpointed_s
    if job.watched:  # the epochs since the last checkpoint are done again
        done = job.checkpointed_epochs
        job.curve, job.passed = job.curve[:done], tuple([epoch for epoch in job.passed if epoch <= done])


def epoch(world: World, job: TrainingJob, row: ReadyRow, data: Epoch) -> None:
    """EPOCH: the objective of one more epoch; NaN where the script emitted none (L3)."""
    value = data.objective
    job.curve += (math.nan if value is None else value,)


def checkpoint(world: World, job: TrainingJob, row: ReadyRow, data: Saved) -> None:
    """CHECKPOINT: what the checkpoint holds, and that its object is going to be in S3 (R23)."""
    job.checkpoints += 1
    job.checkpointed_s, job.checkpointed_epochs = job.progress_s, len(job.curve)
    job.promised += (data.uri,)


def saved(world: World, job: TrainingJob, row: ReadyRow, data: Saved | ScriptEnded) -> None:
    """SAVED: the script has saved its model, which is going to be in S3."""
    job.saved = True
    job.promised += (job.model_uri,)


def result(world: World, job: TrainingJob, row: ReadyRow, data: ScriptEnded) -> None:
    """RESULT: the last objective that the script emitted, None without one."""
    job.objective = data.objective


def amounts(world: World, reservation: Reservation, row: ReadyRow, change: Mapping[str, int]) -> None:
    """AMOUNTS: the reservation is for other instances from now on (`prioritized-fallback`)."""
    before = reservation.amounts
    after = {pool: before.get(pool, 0) + change.get(pool, 0) for pool in {**before, **change}}
    reservation.change({pool: count for pool, count in after.items() if count})


def period(world: World, pool: WarmPool, row: ReadyRow, data: KeepAlive) -> None:
    """PERIOD: for how many seconds the warm pool is kept after its training job (R17)."""
    pool.keep_alive_s = data.keep_alive_s


BOOK: Mapping[str, Booking] = {
    "STOP_TIME": stop_time,
    "START_TIME": start_time,
    "STOPPED_BY": stopped_by,
    "REASON": reason,
    "RETRY": retry,
    "ATTEMPT": attempt,
    "RESERVATION": reservation,
    "UNDO": undo,
    "EPOCH": epoch,
    "CHECKPOINT": checkpoint,
    "SAVED": saved,
    "RESULT": result,
    "AMOUNTS": amounts,
    "PERIOD": period,
}
"""The function of each name in `BOOKINGS`."""
