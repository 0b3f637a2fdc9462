"""What a simulation shows of its jobs and of its quota: values, apart from the world that they are read from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import attrs

from hptsim import html
from hptsim.model.account import TOTAL
from hptsim.model.statuses import NEW, primary, status
from hptsim.model.tables import TRAINING, TUNING
from hptsim.world.ledger import Ledger
from hptsim.world.world import World


def _as_table(view: Any) -> str:
    """A view for a notebook: a line for each field."""
    return html.table(["", view.name], attrs.asdict(view, recurse=False).items())


@attrs.frozen
class TrainingJobView:
    """A training job as it is now."""

    name: str
    tuning_job: str
    status: str
    secondary_status: str
    created_s: float
    started_s: float | None
    ended_s: float | None
    attempt: int
    billable_s: float
    hyperparameters: Mapping[str, str]
    objective: float | None
    failure_reason: str
    model: str | None
    """Where its model is stored, once it is."""
    warm_pool: str
    """The state of its warm pool while it has one: InUse or Available; nothing without one."""

    @classmethod
    def of(cls, world: World, name: str) -> Self:
        """The training job *name* of *world*; raises ServiceError (ValidationException) for an unknown name."""
        job = world.known_training(name)
        return cls(
            name,
            job.tuning_job,
            primary(job.state).value,
            status(job.state),
            job.created_s,
            job.started_s,
            job.ended_s,
            job.attempt,
            job.billable_s,
            dict(job.hyperparameters),
            job.objective,
            job.failure_reason if job.state == "Failed" else "",
            job.model_uri if job.model_uri in world.artifacts else None,
            world.pools[name].state if name in world.pools else "",
        )

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return _as_table(self)


@attrs.frozen
class TuningJobView:
    """A tuning job as it is now; *waiting* counts its requests that wait for quota."""

    name: str
    status: str
    created_s: float
    stop_s: float | None
    ended_s: float | None
    training_jobs: tuple[str, ...]
    live: tuple[str, ...]
    counters: Mapping[str, int]
    best: str | None
    reserved: Mapping[str, int]
    waiting: int
    failure_reason: str

    @classmethod
    def of(cls, world: World, name: str) -> Self:
        """The tuning job *name* of *world*; raises ServiceError (ResourceNotFound) for an unknown name."""
        job = world.known_tuning(name)
        held = {pool: count for pool, count in world.ledger.held.get(name, {}).items() if pool != TOTAL}
        return cls(
            name,
            job.status,
            job.created_s,
            job.stop_s,
            job.ended_s,
            tuple(job.children),
            tuple(job.live),
            dict(job.counters),
            job.best[1] if job.best else None,
            held,
            job.waiting if job.admitted else 1 * (job.ended_s is None),
            job.failure_reason if job.state == "Failed" else "",
        )

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return _as_table(self)


@attrs.frozen
class Capacity:
    """The ledger, read-only: limits, what is reserved and what is occupied, by pool."""

    limit: Mapping[str, int]
    reserved: Mapping[str, int]
    occupied: Mapping[str, int]

    @classmethod
    def of(cls, ledger: Ledger) -> Self:
        """The *ledger* as it is now."""
        return cls(dict(ledger.limit), dict(ledger.reserved), dict(ledger.occupied))


def shown(thing: str, state: str) -> set[str]:
    """The statuses that a job in *state* shows: primary and secondary for a training job."""
    secondary = {status(state)}
    return secondary | {primary(state).value} if thing == "training" else secondary


STATUSES = frozenset(
    one for table in (TUNING, TRAINING) for state in table.states if state != NEW for one in shown(table.name, state)
)
"""Every status that a job can show."""
