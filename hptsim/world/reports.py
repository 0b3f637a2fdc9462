"""What the journal says of what happened, beyond the change of state: what the cloud, a caller or the script did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hptsim.model.copying import make
from hptsim.model.payloads import CriterionMet, Epoch, Failed, Launched, Saved, ScriptEnded, TuningJobCreated
from hptsim.world.dispatch import ReadyRow, Report
from hptsim.world.jobs import TrainingJob, TuningJob
from hptsim.world.ledger import Reservation
from hptsim.world.world import World


def _failed(world: World, job: TrainingJob, row: ReadyRow, detail: Any) -> Failed:
    return Failed(world.cloud.reason(job, row.trigger))


def _epoch(world: World, job: TrainingJob, row: ReadyRow, detail: Any) -> Epoch:
    return Epoch(len(job.curve) + 1, world.cloud.objective(world, job))


def _checkpoint(world: World, job: TrainingJob, row: ReadyRow, detail: Any) -> Saved:
    return Saved(job.next_checkpoint_uri)


def _saved(world: World, job: TrainingJob, row: ReadyRow, detail: Any) -> Saved:
    return Saved(job.model_uri)


def _script_ended(world: World, job: TrainingJob, row: ReadyRow, detail: Any) -> ScriptEnded:
    """A script that ends without a stop has saved its model; after SIGTERM, `saved` has reported it before, if it did."""
    saved = job.model_uri if row.source == "Training" else None
    return make(ScriptEnded, (saved, world.cloud.objective(world, job)))


def _request(world: World, job: TuningJob, row: ReadyRow, detail: TuningJobCreated) -> TuningJobCreated:
    return detail


def _criterion(world: World, job: TuningJob, row: ReadyRow, detail: str) -> CriterionMet:
    return CriterionMet(detail)


def _launched_on(world: World, job: TuningJob, row: ReadyRow, detail: Any) -> Launched | None:
    return make(Launched, (detail.name,)) if isinstance(detail, Reservation) else None


def _finished(world: World, job: TuningJob, row: ReadyRow, detail: Any) -> Failed | None:
    return Failed(job.failure_reason) if row.destination == "Failed" else None


REPORTS: Mapping[tuple[str, str], Report] = {
    ("tuning", "create"): _request,
    ("tuning", "criterion"): _criterion,
    ("tuning", "launch"): _launched_on,
    ("tuning", "finish"): _finished,
    ("training", "client_error"): _failed,
    ("training", "algorithm_error"): _failed,
    ("training", "internal_error"): _failed,
    ("training", "no_capacity"): _failed,
    ("training", "epoch"): _epoch,
    ("training", "checkpoint"): _checkpoint,
    ("training", "saved"): _saved,
    ("training", "exited"): _script_ended,
    ("training", "killed"): _script_ended,
}
"""By kind of entity and trigger."""
