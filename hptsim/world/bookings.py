"""What rows note on the records of their entities, from what has happened.

The store, the ledger and the counters are filled elsewhere, by effects: a law compares the two.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from hptsim.model.payloads import Epoch, Failed, KeepAlive, Saved, ScriptEnded
from hptsim.world.dispatch import Booking, ReadyRow
from hptsim.world.jobs import TrainingJob, TuningJob, WarmPool
from hptsim.world.ledger import Reservation
from hptsim.world.world import World


def stop_time(world: World, job: TuningJob, row: ReadyRow, data: Any) -> None:
    job.stop_s = world.now


def start_time(world: World, job: TrainingJob, row: ReadyRow, data: Any) -> None:
    if job.started_s is None:
        job.started_s = world.now


def stopped_by(world: World, job: TrainingJob, row: ReadyRow, data: Any) -> None:
    job.stopped_by = row.trigger


def reason(world: World, job: TrainingJob, row: ReadyRow, data: Failed) -> None:
    job.failure_reason = data.reason


def retry(world: World, job: TrainingJob, row: ReadyRow, data: Any) -> None:
    job.retries_left -= 1


def attempt(world: World, job: TrainingJob, row: ReadyRow, data: Any) -> None:
    job.attempt += 1
    job.trained_before_s = job.trained_s
    job.shortages = 0
    job.warm = False


def undo(world: World, job: TrainingJob, row: ReadyRow, data: Any) -> None:
    job.progress_s = job.checkpointed_s
    if job.watched:  # the epochs since the last checkpoint are done again
        done = job.checkpointed_epochs
        job.curve, job.passed = job.curve[:done], tuple([epoch for epoch in job.passed if epoch <= done])


def epoch(world: World, job: TrainingJob, row: ReadyRow, data: Epoch) -> None:
    value = data.objective
    job.curve += (math.nan if value is None else value,)


def checkpoint(world: World, job: TrainingJob, row: ReadyRow, data: Saved) -> None:
    job.checkpoints += 1
    job.checkpointed_s, job.checkpointed_epochs = job.progress_s, len(job.curve)
    job.promised += (data.uri,)


def saved(world: World, job: TrainingJob, row: ReadyRow, data: Saved | ScriptEnded) -> None:
    job.saved = True
    job.promised += (job.model_uri,)


def result(world: World, job: TrainingJob, row: ReadyRow, data: ScriptEnded) -> None:
    job.objective = data.objective


def amounts(world: World, reservation: Reservation, row: ReadyRow, change: Mapping[str, int]) -> None:
    before = reservation.amounts
    after = {pool: before.get(pool, 0) + change.get(pool, 0) for pool in {**before, **change}}
    reservation.amounts = {pool: count for pool, count in after.items() if count}


def period(world: World, pool: WarmPool, row: ReadyRow, data: KeepAlive) -> None:
    pool.keep_alive_s = data.keep_alive_s


BOOK: Mapping[str, Booking] = {
    "STOP_TIME": stop_time,
    "START_TIME": start_time,
    "STOPPED_BY": stopped_by,
    "REASON": reason,
    "RETRY": retry,
    "ATTEMPT": attempt,
    "UNDO": undo,
    "EPOCH": epoch,
    "CHECKPOINT": checkpoint,
    "SAVED": saved,
    "RESULT": result,
    "AMOUNTS": amounts,
    "PERIOD": period,
}
"""The function of each name in `BOOKINGS`."""
