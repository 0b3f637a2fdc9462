"""Warm pools: the instances that a training job without a tuning job leaves behind, kept for the next one that matches.

A pool belongs to the training job that asked for it. It holds that job's reservation on after the job's end, until it is
reused, its period is over, or its user gives it up. Source: the developer guide's page on managed warm pools (§5.3).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hptsim.errors import ServiceError
from hptsim.model.account import TOTAL, Quota, by_type, standalone_holder
from hptsim.model.definitions import Amounts, TrainingJobDefinition
from hptsim.model.payloads import KeepAlive
from hptsim.world.jobs import TrainingJob, WarmPool
from hptsim.world.world import World


def match_keys(amounts: Amounts, request: Mapping[str, Any] | None) -> tuple[Any, ...]:
    """What a training job must share with a warm pool to reuse it: instances, role, volume, network, encryption (R18).

    >>> match_keys({"ml.m5.xlarge": 1}, None) == match_keys({"ml.m5.xlarge": 1}, {"RoleArn": "arn"})
    False
    """
    request = request or {}
    resources = request.get("ResourceConfig") or {}
    return (
        tuple(sorted((kind, count) for kind, count in amounts.items() if kind != TOTAL)),
        request.get("RoleArn"),
        resources.get("VolumeKmsKeyId"),
        resources.get("VolumeSizeInGB"),
        json.dumps(request.get("VpcConfig"), sort_keys=True),
        bool(request.get("EnableInterContainerTrafficEncryption")),
        bool(request.get("EnableNetworkIsolation")),
    )


def outlives(started: bool, state: str, reason: str) -> bool:
    """Whether the instances of a training job that has ended can be kept: they were there, and did not fail (R19).

    >>> outlives(True, "Failed", "AlgorithmError: exit code 1"), outlives(True, "Failed", "InternalServerError: ...")
    (True, False)
    """
    return started and (state != "Failed" or reason.startswith(("AlgorithmError", "ClientError")))


def matching(world: World, definition: TrainingJobDefinition) -> WarmPool | None:
    """The oldest Available pool that a training job with *definition* can reuse; managed spot reuses none (R20)."""
    if definition.spot or not world.pools:
        return None
    wanted = match_keys(definition.instances.amounts, definition.request)
    for pool in world.pools.values():
        if pool.state == "Available":
            held = world.standalone[standalone_holder(pool.name)].amounts
            if wanted == match_keys(held, pool.request):
                return pool
    return None


def open_pool(world: World, job: TrainingJob) -> None:
    """Give a new training job the warm pool that it asks for; without quota it runs without one (`warm-pool-quota`)."""
    definition = job.definition
    if not definition.keep_alive_s or definition.spot:  # R20
        return
    limit, used = Quota(world.account.warm_pool_capacity), dict(job.amounts)
    for pool in world.pools.values():
        for kind, count in world.standalone[standalone_holder(pool.name)].amounts.items():
            used[kind] = used.get(kind, 0) + count
    if all(used[kind] <= limit.get(kind, used[kind]) for kind in by_type(job.amounts)):
        world.pools[job.name] = pool = WarmPool(job.name, definition.keep_alive_s, definition.request)
        world.fire_pool(pool, "open", KeepAlive(pool.keep_alive_s))


def change_period(world: World, job: TrainingJob, keep_alive_s: float) -> None:
    """UpdateTrainingJob: another KeepAlivePeriodInSeconds, counted from the training job's end; 0 gives the pool up.

    Raises ServiceError (ValidationException) for a training job that has no warm pool, or no longer.
    """
    pool = world.pools.get(job.name)
    if pool is None:
        raise ServiceError("ValidationException", f"The training job {job.name} has no warm pool to update.")
    world.step += 1
    over = keep_alive_s <= 0 or world.now >= pool.since_s + keep_alive_s
    if pool.state == "Available" and over:
        world.fire_pool(pool, "terminate", KeepAlive(keep_alive_s))
    else:
        world.fire_pool(pool, "update", KeepAlive(keep_alive_s))


def retain(world: World, pool: WarmPool, detail: Any) -> None:
    """Keep the instances until the period is over."""
    world.armed.pop(pool.timer, None)
    pool.timer = world.arm("warm_pool", pool.name, "expire", pool.since_s + pool.keep_alive_s - world.now)


def give_back(world: World, pool: WarmPool, detail: Any) -> None:
    """Release what the pool's training job had reserved."""
    world.armed.pop(pool.timer, None)
    del world.pools[pool.name]
    world.fire_reservation(world.standalone[standalone_holder(pool.name)], "release")
    world.ended.append(pool.name)
