"""Whether the service accepts a tuning job: its name, its parents, the service's limits, and quota."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hptsim.errors import ServiceError
from hptsim.model.account import TUNING_JOBS, standalone_holder
from hptsim.model.definitions import Amounts
from hptsim.model.specs import TuningJobSpec
from hptsim.model.statuses import primary
from hptsim.model.teams import DISCIPLINES_OF_TEAMS
from hptsim.model.warm_start import check_parent
from hptsim.world.disciplines import never
from hptsim.world.requests import most_instances
from hptsim.world.world import World

_TOLD = 3
"""A refusal names so many of those that hold the quota."""


def admit(world: World, spec: TuningJobSpec, first: Amounts, needs: Sequence[Amounts]) -> None:
    """Raise the service's error if *spec* cannot be accepted now.

    *first* is what it asks for at its creation, *needs* what a training job of each of its definitions takes.
    """
    if spec.name.lower() in world.names:
        text = f"A hyperparameter tuning job with the name, {spec.name}, already exists. Choose a different name."
        raise ServiceError("ResourceInUse", text)
    _check_parents(world, spec)
    _check_limits(world, spec)
    assumptions, ledger = world.account.assumptions, world.ledger
    queues = assumptions.admission == "queue"
    if assumptions.discipline in DISCIPLINES_OF_TEAMS:
        _check_team(world, spec, [first, *needs])
    if not queues:
        wanted = {**ledger.counted(most_instances(spec)), TUNING_JOBS: 1}
        if not ledger.fits(wanted):
            raise limit_exceeded(world, wanted)
        return
    upfront = assumptions.reservation == "upfront"
    for amounts in (ledger.counted(most_instances(spec)) if upfront else first, *needs):
        if pool := ledger.never_fits(amounts):
            raise limit_exceeded(world, {pool: amounts[pool]}, "However long it waits, it can never be granted.")


def _check_limits(world: World, spec: TuningJobSpec) -> None:
    """The service's limits for one tuning job; what the parents of a warm start launched counts towards them (§8, C10)."""
    limits = world.account.limits
    before = sum(world.tuning[name].launched for name in set(spec.parents)) if spec.parents else 0
    launched = f" and its parents launched {before}" if before else ""
    for what, asked, already, limit in (
        ("MaxParallelTrainingJobs", spec.limits.max_parallel, 0, limits.parallel),
        ("MaxNumberOfTrainingJobs", spec.limits.max_training_jobs, before, limits.training_jobs),
    ):
        if limit is not None and asked + already > limit:
            also = launched if already else ""
            text = f"{what} is {asked}{also}, and the service allows at most {limit} (lift it with limits)."
            raise ServiceError("ResourceLimitExceeded", text)


def _check_team(world: World, spec: TuningJobSpec, smallest: Iterable[Amounts]) -> None:
    """Refuse a team without a share, and what a team's share can never give."""
    account = world.account
    team = account.teams.of(spec.team, spec.request)
    if wrong := account.teams.unknown(team):
        raise ServiceError("ValidationException", f"{spec.name}: {wrong}.")
    for amounts in smallest:
        if pool := never(world.ledger, account, team, amounts):
            text = f"{spec.name} wants {amounts[pool]} {pool}, which the share of the team {team!r} can never give it."
            raise ServiceError("ResourceLimitExceeded", text)


def _check_parents(world: World, spec: TuningJobSpec) -> None:
    """A warm start begins with tuning jobs that have ended and have much in common with it (C8, C9)."""
    for name in spec.parents:
        parent = world.tuning.get(name)
        if parent is None or parent.ended_s is None:
            state = "does not exist" if parent is None else f"is {parent.status}"
            text = f"The parent hyperparameter tuning job {name} {state}; parents must have ended."
            raise ServiceError("ValidationException", text)
        check_parent(spec, parent.spec)


def limit_exceeded(world: World, wanted: Amounts, why: str = "") -> ServiceError:
    """The service's words for missing quota (C2), and after them, in brackets, *why*: by default who holds it, and until when."""
    ledger = world.ledger
    pool = next(one for one in wanted if not ledger.fits({one: wanted[one]}))
    limit, used, unit = ledger.limit_of(pool), ledger.reserved.get(pool, 0), "Instances"
    name = f"{pool} for training job usage"
    if pool == TUNING_JOBS:
        name, unit = "concurrent hyperparameter tuning jobs", "Jobs"
    why = why or _holders(world, pool)
    return ServiceError(
        "ResourceLimitExceeded",
        f"The account-level service limit '{name}' is {limit} {unit}, with current utilization of {used} {unit} "
        f"and a request delta of {wanted[pool]} {unit}. Please use AWS Service Quotas to request an increase for "
        f"this quota. If AWS Service Quotas is not available, contact AWS support to request an increase for "
        f"this quota.{why and f' [hptsim: {why}]'}",
    )


def _holders(world: World, pool: str) -> str:
    """Who holds *pool*, and until when; first those that are Stopping, which one might think have given it back."""
    holders = [(name, held[pool]) for name, held in world.ledger.held.items() if pool in held]
    holders.sort(key=lambda one: one[0] not in world.tuning or world.tuning[one[0]].status != "Stopping")
    told = [f"{count} held by {_holder(world, name, pool)}" for name, count in holders[:_TOLD]]
    return "; ".join(told + ([f"and {more} more hold the rest"] if (more := len(holders) - _TOLD) > 0 else []))


def _holder(world: World, name: str, pool: str) -> str:
    """A holder of *pool* in words, with its status and until when it holds."""
    if job := world.tuning.get(name):
        until = "it is Stopped" if job.status == "Stopping" else "it has ended"
        if world.account.assumptions.reservation == "as-observed" and pool != TUNING_JOBS:
            until = "its training jobs have ended, each until its own end"
        return f"tuning job {name}, which is {job.status}, until {until}"
    training_job = world.training[name.removeprefix(standalone_holder(""))]
    if training_job.ended_s is None:
        return f"training job {training_job.name}, which is {primary(training_job.state).value}, until it has ended"
    return f"the warm pool of training job {training_job.name}, until it is reused or terminated"
