"""Whether the service accepts a tuning job: its name, its parents, the service's limits, and quota."""

from __future__ import annotations

from collections.abc import Iterable

from hptsim.errors import ServiceError
from hptsim.model.account import TUNING_JOBS
from hptsim.model.definitions import Amounts
from hptsim.model.specs import TuningJobSpec
from hptsim.model.teams import DISCIPLINES_OF_TEAMS
from hptsim.world.disciplines import never
from hptsim.world.ledger import Ledger
from hptsim.world.requests import first_amounts, most_instances
from hptsim.world.world import World


def admit(world: World, spec: TuningJobSpec) -> None:
    """Raise the service's error if *spec* cannot be accepted now."""
    if spec.name.lower() in world.names:
        text = f"A hyperparameter tuning job with the name, {spec.name}, already exists. Choose a different name."
        raise ServiceError("ResourceInUse", text)
    _check_parents(world, spec)
    limits, assumptions, ledger = world.account.limits, world.account.assumptions, world.ledger
    for what, asked, limit in (
        ("MaxParallelTrainingJobs", spec.limits.max_parallel, limits.parallel),
        ("MaxNumberOfTrainingJobs", spec.limits.max_training_jobs, limits.training_jobs),
    ):
        if limit is not None and asked > limit:
            text = f"{what} is {asked}, and the service allows at most {limit} (lift it with limits)."
            raise ServiceError("ResourceLimitExceeded", text)
    queues = assumptions.admission == "queue"
    everything = not queues or assumptions.reservation == "upfront"
    needed = ledger.counted(most_instances(world, spec)) if everything else first_amounts(world, spec)
    each = [ledger.counted(definition.instances.amounts) for definition in spec.definitions]
    _check_team(world, spec, [first_amounts(world, spec), *each])
    if not queues:
        wanted = {**needed, TUNING_JOBS: 1}
        if not ledger.fits(wanted):
            raise limit_exceeded(ledger, wanted)
        return
    smallest = [needed, *each]
    for amounts in smallest:
        if pool := ledger.never_fits(amounts):
            raise limit_exceeded(ledger, {pool: amounts[pool]}, " However long it waits, it can never be granted.")


def _check_team(world: World, spec: TuningJobSpec, smallest: Iterable[Amounts]) -> None:
    """Refuse a team without a share, and what a team's share can never give, under the disciplines that know teams."""
    account = world.account
    if account.assumptions.discipline not in DISCIPLINES_OF_TEAMS:
        return
    team = account.teams.of(spec.team, spec.request)
    if wrong := account.teams.unknown(team):
        raise ServiceError("ValidationException", f"{spec.name}: {wrong}.")
    for amounts in smallest:
        if pool := never(world.ledger, account, team, amounts):
            text = f"{spec.name} wants {amounts[pool]} {pool}, which the share of the team {team!r} can never give it."
            raise ServiceError("ResourceLimitExceeded", text)


def _check_parents(world: World, spec: TuningJobSpec) -> None:
    """A warm start begins with tuning jobs that have ended and pursue the same objective (C8)."""
    for name in spec.parents:
        parent = world.tuning.get(name)
        if parent is None or parent.ended_s is None:
            state = "does not exist" if parent is None else f"is {parent.status}"
            text = f"The parent hyperparameter tuning job {name} {state}; parents must have ended."
            raise ServiceError("ValidationException", text)
        if parent.spec.objective != spec.objective:
            text = f"The objective metric of the parent {name} is another: {parent.spec.objective}."
            raise ServiceError("ValidationException", text)


def limit_exceeded(ledger: Ledger, wanted: Amounts, tail: str = "") -> ServiceError:
    """The service's words for missing quota (C2)."""
    pool = next(one for one in wanted if not ledger.fits({one: wanted[one]}))
    limit, used, unit = ledger.limit[pool], ledger.reserved.get(pool, 0), "Instances"
    name = f"{pool} for training job usage"
    if pool == TUNING_JOBS:
        name, unit = "concurrent hyperparameter tuning jobs", "Jobs"
    return ServiceError(
        "ResourceLimitExceeded",
        f"The account-level service limit '{name}' is {limit} {unit}, with current utilization of {used} {unit} "
        f"and a request delta of {wanted[pool]} {unit}. Please use AWS Service Quotas to request an increase for "
        f"this quota. If AWS Service Quotas is not available, contact AWS support to request an increase for "
        f"this quota.{tail}",
    )
