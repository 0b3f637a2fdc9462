"""What a simulation shows of its jobs and of its quota: values, apart from the world that they are read from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import attrs

from hptsim import html
from hptsim.model.account import TOTAL, TUNING_JOBS, Quota, by_type, standalone_holder
from hptsim.model.definitions import TrainingJobDefinition
from hptsim.model.specs import TuningJobSpec
from hptsim.model.statuses import NEW, primary, status
from hptsim.model.tables import TRAINING, TUNING
from hptsim.world.ledger import Ledger, Reservation
from hptsim.world.world import World


def _as_table(view: Any) -> str:
    """A view for a notebook: a line for each field that its repr has."""
    shown = [(field.name, getattr(view, field.name)) for field in attrs.fields(type(view)) if field.repr]
    return html.table(["", view.name], shown)


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
    definition: TrainingJobDefinition = attrs.field(repr=False)
    """What it was created from."""

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
            job.definition,
        )

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return _as_table(self)


@attrs.frozen
class TuningJobView:
    """A tuning job as it is now; *reserved* is by instance type, *waiting* counts its requests that wait for quota."""

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
    spec: TuningJobSpec = attrs.field(repr=False)
    """What it was created from."""

    @classmethod
    def of(cls, world: World, name: str) -> Self:
        """The tuning job *name* of *world*; raises ServiceError (ResourceNotFound) for an unknown name."""
        job = world.known_tuning(name)
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
            by_type(world.ledger.held.get(name, {})),
            job.waiting if job.admitted else 1 * (job.ended_s is None),
            job.failure_reason if job.state == "Failed" else "",
            job.spec,
        )

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return _as_table(self)


@attrs.frozen
class WarmPoolView:
    """A warm pool as it is now: that of the training job *name*, in its *state* (InUse or Available) since *since_s*.

    *keep_alive_s* is for how long it is kept after the end of its training job, *instances* what it consists of, by type.
    """

    name: str
    state: str
    instances: Mapping[str, int]
    keep_alive_s: float
    since_s: float

    @classmethod
    def of(cls, world: World, name: str) -> Self:
        """The warm pool of the training job *name*, which has one."""
        pool = world.pools[name]
        instances = by_type(world.standalone[standalone_holder(name)].amounts)
        return cls(name, pool.state, instances, pool.keep_alive_s, pool.since_s)


@attrs.frozen
class QueuedRequest:
    """A request that waits for quota: of the tuning job *holder*, for *instances* by type, since *since_s*.

    With *place* it also waits to become one of the tuning jobs that may be in progress at a time. A lower *priority* is the
    more urgent, under the discipline "priority".
    """

    holder: str
    instances: Mapping[str, int]
    place: bool
    priority: int
    since_s: float

    @classmethod
    def of(cls, reservation: Reservation) -> Self:
        """What *reservation* asks for."""
        amounts = reservation.amounts
        place = TUNING_JOBS in amounts
        return cls(reservation.holder, by_type(amounts), place, reservation.priority, reservation.since_s)


@attrs.frozen
class Capacity:
    """The account's quota as it is now: limits, what is reserved and what is occupied, by instance type.

    *tuning_jobs* is how many tuning jobs have a place among those that may be in progress at a time, *tuning_jobs_limit* how
    many may; *total_limit* is how many instances may be reserved over all types. A limit that there is not is None.
    """

    limit: Mapping[str, int]
    reserved: Mapping[str, int]
    occupied: Mapping[str, int]
    tuning_jobs: int = 0
    tuning_jobs_limit: int | None = None
    total_limit: int | None = None

    @classmethod
    def of(cls, ledger: Ledger) -> Self:
        """The *ledger* as it is now."""
        return cls(
            Quota(
                {
                    pool: most
                    for pool, most in ledger.limit.items()
                    if most is not None and pool not in (TOTAL, TUNING_JOBS)
                }
            ),
            by_type(ledger.reserved),
            by_type(ledger.occupied),
            ledger.reserved.get(TUNING_JOBS, 0),
            ledger.limit.get(TUNING_JOBS),
            ledger.limit.get(TOTAL),
        )


def shown(entity: str, state: str) -> set[str]:
    """The statuses that a job in *state* shows: primary and secondary for a training job."""
    secondary = {status(state)}
    return secondary | {primary(state).value} if entity == "training" else secondary


STATUSES = frozenset(
    one for table in (TUNING, TRAINING) for state in table.states if state != NEW for one in shown(table.name, state)
)
"""Every status that a job can show."""
