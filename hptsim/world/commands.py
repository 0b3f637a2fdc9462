"""What a caller may tell the service to do: create, stop, update and delete jobs.

Each command is accepted, and then its first consequences have happened when it returns, or it raises ServiceError as the
service does and nothing has changed.
"""

from __future__ import annotations

from hptsim.errors import ServiceError
from hptsim.model.copying import make
from hptsim.model.definitions import TrainingJobDefinition
from hptsim.model.payloads import Called, Reused, TrainingJobCreated, TuningJobCreated
from hptsim.model.specs import TuningJobSpec
from hptsim.model.statuses import FINAL_TUNING, primary
from hptsim.world.admission import admit, limit_exceeded
from hptsim.world.controller import deliver_stop
from hptsim.world.jobs import TrainingJob, TuningJob
from hptsim.world.ledger import Reservation
from hptsim.world.requests import first_amounts
from hptsim.world.search import first_log
from hptsim.world.warm_pools import change_period, matching, open_pool
from hptsim.world.world import World


def create_tuning_job(world: World, spec: TuningJobSpec) -> TuningJob:
    """Accept a tuning job, or refuse it as the service does, changing nothing.

    Raises ServiceError: ResourceInUse for a name that is taken, ResourceLimitExceeded for what quota forbids.
    """
    first = first_amounts(world, spec)
    needs = tuple([world.ledger.counted(one.instances.amounts) for one in spec.definitions])
    admit(world, spec, first, needs)
    search = world.searches(spec)
    world.step += 1
    again = world.deleted.get(spec.name.lower(), 0)
    job = TuningJob(spec, world.now, search, incarnation=again, first=first, needs=needs)
    if search.asks:
        job.strategy_log = first_log(world.training, world.tuning, spec)
    if any(one.alternatives for one in spec.definitions):
        job.others = tuple(
            [tuple([world.ledger.counted(other.amounts) for other in one.alternatives]) for one in spec.definitions]
        )
    small = spec.name.lower()
    world.names.add(spec.name if small == spec.name else small)  # one string in place of two: there may be a million
    world.tuning[spec.name] = job
    world.fire_tuning(job, "create", make(TuningJobCreated, (spec,)))
    world.grant_all()
    return job


def create_training_job(world: World, name: str, definition: TrainingJobDefinition) -> TrainingJob:
    """Accept a training job without a tuning job; it never waits for quota (§2.8).

    Raises ServiceError: ResourceInUse for a name that is taken, ResourceLimitExceeded for what is not free.
    """
    if name in world.training:
        text = f"Training job names must be unique within an AWS account and region, and {name} already exists."
        raise ServiceError("ResourceInUse", text)
    amounts = world.ledger.counted(definition.instances.amounts)
    pool = matching(world, definition)
    if pool is None and not world.ledger.fits(amounts):
        raise limit_exceeded(world, amounts)
    world.step += 1
    job = TrainingJob.of(name, "", 0, definition, amounts, world.now)
    reservation = world.standalone[job.holder] = Reservation(job.holder, 0, amounts)
    if world.ledger.granted is not None:
        reservation.team, reservation.lasts_s = world.account.teams.of("", definition.request), definition.max_runtime_s
    world.fire_reservation(reservation, "ask")
    if pool is not None:
        job.warm = True
        world.fire_pool(pool, "reuse", Reused(name))
    world.fire_reservation(reservation, "grant")
    job.hyperparameters = dict(definition.static)
    world.cloud.begin(world, job)
    world.training[name] = job
    world.fire_training(job, "create", TrainingJobCreated("", 0, job.hyperparameters, definition))
    open_pool(world, job)
    world.grant_all()
    return job


def update_training_job(world: World, name: str, keep_alive_s: float) -> None:
    """Change how long a training job's warm pool is kept after its end; 0 gives an Available pool up at once (R17).

    Raises ServiceError: ValidationException for an unknown name, or when there is no warm pool.
    """
    job = world.known_training(name)
    change_period(world, job, keep_alive_s)
    world.grant_all()


def delete_tuning_job(world: World, name: str) -> None:
    """Drop the record of a tuning job that has ended; its training jobs, artifacts and logs stay (D1, H7).

    Raises ServiceError: ResourceNotFound, or ValidationException while it has not ended (D3).
    """
    job = world.known_tuning(name)
    if job.ended_s is None:
        text = f"The hyperparameter tuning job {name} is {job.status}, not in a terminal state."
        raise ServiceError("ValidationException", text)
    world.step += 1
    world.write((world.now, "tuning", name, "delete", job.state, "", None, world.step))
    del world.tuning[name]
    world.names.discard(name.lower())
    world.deleted[name.lower()] = job.incarnation + 1


def delete_training_job(world: World, name: str) -> None:
    """Drop the record of a training job that has ended; its artifacts and logs stay, its name is free (J14, §2.8).

    Raises ServiceError: ValidationException for an unknown name, ResourceInUse while it has not ended.
    """
    job = world.known_training(name)
    if job.ended_s is None:
        text = f"The training job {name} is {primary(job.state)}: only one that has ended can be deleted."
        raise ServiceError("ResourceInUse", text)
    if name in world.pools:
        text = f"The warm pool of the training job {name} is {world.pools[name].state}: wait, or set its period to 0."
        raise ServiceError("ResourceInUse", text)
    world.step += 1
    world.write((world.now, "training", name, "delete", job.state, "", None, world.step))
    del world.training[name]


def stop_tuning_job(world: World, name: str) -> None:
    """Stop a tuning job and all its live training jobs; it is Stopping when this returns.

    Raises ServiceError: ResourceNotFound, or ValidationException when it has ended (S9, A-02).
    """
    job = world.known_tuning(name)
    if job.status in FINAL_TUNING:
        text = f"The request was rejected because the hyperparameter tuning job is already in status {job.status}."
        raise ServiceError("ValidationException", text)
    if job.state == "Stopping":
        return _stop_again(world, "hyperparameter tuning")
    world.step += 1
    world.fire_tuning(job, "stop", None)
    world.grant_all()


def stop_training_job(world: World, name: str) -> None:
    """Stop one training job; its tuning job goes on without it (`one-stop`).

    Raises ServiceError: ValidationException when it does not exist or has ended (§2.8).
    """
    job = world.known_training(name)
    if job.ended_s is not None and name in world.pools:
        world.step += 1
        world.fire_pool(world.pools[name], "terminate", None)
        return world.grant_all()
    if job.ended_s is not None:
        text = f"The request was rejected because the training job is in status {primary(job.state)}."
        raise ServiceError("ValidationException", text)
    if job.stopping:
        return _stop_again(world, "training")
    world.step += 1
    deliver_stop(world, job)
    world.grant_all()


def note_answer(world: World, operation: str, name: str, answer: str, changed: bool) -> None:
    """Write down that a request got no ordinary answer: which, about which job, and whether it has changed anything."""
    world.step += 1
    world.write((world.now, "call", name, answer, "", "", Called(operation, changed), world.step))


def _stop_again(world: World, kind: str) -> None:
    if world.account.assumptions.repeated_stop == "reject":
        text = f"The request was rejected because the {kind} job is already in status Stopping."
        raise ServiceError("ValidationException", text)
