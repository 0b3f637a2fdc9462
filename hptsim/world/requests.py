"""Asking for quota: how much a tuning job needs, and what it asks for its next training job."""

from __future__ import annotations

from hptsim.model.account import TUNING_JOBS
from hptsim.model.definitions import Amounts
from hptsim.model.specs import TuningJobSpec
from hptsim.world.jobs import TuningJob
from hptsim.world.ledger import Reservation
from hptsim.world.world import World


def most_instances(spec: TuningJobSpec) -> dict[str, int]:
    """MaxParallelTrainingJobs × instances, by type (C2)."""
    parallel = min(spec.limits.max_parallel, spec.limits.max_training_jobs)
    most: dict[str, int] = {}
    for definition in spec.definitions:
        for pool, count in definition.instances.amounts.items():
            most[pool] = max(most.get(pool, 0), parallel * count)
    return most


def first_amounts(world: World, spec: TuningJobSpec) -> Amounts:
    """What a tuning job asks for at its creation: its place, and what it must have to make progress.

    Under "reuse" a tuning job with several definitions asks for the most that a training job of it takes of each instance
    type, all or nothing: holding some and waiting for more could block it, or two tuning jobs, for ever.
    """
    policy = world.account.assumptions.reservation
    instances: dict[str, int] = {}
    if policy == "upfront":
        instances = most_instances(spec)
    elif policy == "reuse" and len(spec.definitions) > 1:
        for definition in spec.definitions:
            for pool, count in definition.instances.amounts.items():
                instances[pool] = max(instances.get(pool, 0), count)
    return world.ledger.counted({TUNING_JOBS: 1, **instances})


def ask_for(world: World, job: TuningJob, amounts: Amounts, definition: int, resumes: str = "") -> None:
    """Ask for *amounts*, for a training job of *definition*, or with -1 for the tuning job as a whole.

    *resumes* is the preempted training job that is to go on with them.
    """
    reservation = Reservation(job.name, job.requests, amounts, job.spec.priority, definition, resumes=resumes)
    if world.ledger.granted is not None:
        reservation.team = world.account.teams.of(job.spec.team, job.spec.request)
        if world.account.assumptions.discipline == "easy-backfill":
            reservation.lasts_s = expected_s(world, job, definition)
    job.reservations[job.requests] = reservation
    job.requests += 1
    world.fire_reservation(reservation, "ask")


def expected_s(world: World, job: TuningJob, definition: int) -> float:
    """For how long a request is expected to be held from its grant, in seconds (`easy-estimates`)."""
    spec = job.spec
    if definition >= 0 and world.account.assumptions.reservation == "as-observed":
        return spec.definitions[definition].max_runtime_s if spec.estimate_s is None else spec.estimate_s
    longest = max(one.max_runtime_s for one in spec.definitions) if spec.estimate_s is None else spec.estimate_s
    left = spec.limits.max_training_jobs - job.asked + (definition >= 0)  # the request itself is among those asked for
    whole = -(-left // spec.limits.max_parallel) * longest
    return whole if spec.limits.max_runtime_s is None else min(whole, spec.limits.max_runtime_s)


def idle_alternative(world: World, job: TuningJob, index: int) -> int:
    """The first of a definition's further instance types of which the tuning job holds enough idle; 0 for none."""
    if world.account.assumptions.reservation == "as-observed":
        return 0
    others = enumerate(job.others[index], start=1)
    return next((choice for choice, amounts in others if world.ledger.idle(job.name, amounts)), 0)


def use_idle_instead_of_waiting(world: World, job: TuningJob) -> None:
    """A tuning job with nothing more to launch gives its place in the queue up for instances of its own, now idle."""
    if world.account.assumptions.reservation == "as-observed":
        return
    for reservation in job.reservations.values():
        if reservation.state != "Requested":
            continue
        other = job.others and idle_alternative(world, job, reservation.definition)
        if other or world.ledger.idle(job.name, reservation.amounts):
            world.fire_reservation(reservation, "withdraw")
            job.asked -= 1
            job.returned.append(reservation.definition)
            job.launching += 1
            return world.arm_tuning(job, "launch", world.cloud.delay(world, job, "launch"))


def use_what_is_left_idle(world: World, job: TuningJob) -> None:
    """Use idle instances for who waits, unless there is more to launch: that takes them."""
    if job.waiting and job.asked + job.launching >= job.spec.limits.max_training_jobs:
        use_idle_instead_of_waiting(world, job)
