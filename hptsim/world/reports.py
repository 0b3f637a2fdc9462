"""What the journal says of what happened, beyond the change of state: what the cloud, a caller or the script did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hptsim.world.dispatch import ReadyRow, Report
from hptsim.world.jobs import TrainingJob, TuningJob
from hptsim.world.ledger import Reservation
from hptsim.world.world import World


def _failed(world: World, job: TrainingJob, row: ReadyRow, detail: Any) -> dict[str, Any]:
    return {"reason": world.nature.reason(job, row.trigger)}


def _epoch(world: World, job: TrainingJob, row: ReadyRow, detail: Any) -> dict[str, Any]:
    value = world.nature.objective(world, job)
    return {"epoch": len(job.curve) + 1, "objective": value}


def _checkpoint(world: World, job: TrainingJob, row: ReadyRow, detail: Any) -> dict[str, Any]:
    return {"saved": job.next_checkpoint_uri}


def _saved(world: World, job: TrainingJob, row: ReadyRow, detail: Any) -> dict[str, Any]:
    return {"saved": job.model_uri}


def _script_ended(world: World, job: TrainingJob, row: ReadyRow, detail: Any) -> dict[str, Any]:
    """A script that ends by itself has saved its model; one that was told to stop has said so before, if it has."""
    objective = world.nature.objective(world, job)
    return {"saved": job.model_uri, "objective": objective} if row.source == "Training" else {"objective": objective}


def _request(world: World, job: TuningJob, row: ReadyRow, detail: dict[str, Any]) -> dict[str, Any]:
    return detail


def _criterion(world: World, job: TuningJob, row: ReadyRow, detail: str) -> dict[str, Any]:
    return {"criterion": detail}


def _launched_on(world: World, job: TuningJob, row: ReadyRow, detail: Any) -> dict[str, Any] | None:
    return {"reservation": detail.name} if isinstance(detail, Reservation) else None


REPORTS: Mapping[tuple[str, str], Report] = {
    ("tuning", "create"): _request,
    ("tuning", "criterion"): _criterion,
    ("tuning", "launch"): _launched_on,
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
