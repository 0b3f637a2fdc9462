"""What the service does with jobs, written a second time from the specification, and not taken from the world.

The world has these rules too, in another form: a mistake in one of them is seen because the other does not share it.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import Any

from hptsim.model.account import TOTAL
from hptsim.model.definitions import TrainingJobDefinition
from hptsim.model.specs import TuningJobSpec

RETRYABLE = ("InternalServerError:", "CapacityError:")
"""How the reasons of failures begin that are not the user's fault (K5)."""
NOT_BILLED = frozenset(
    {"[*]", "Starting", "Starting:stopping", "Pending", "Stopping:teardown"}
    | {"Interrupted", "Interrupted:teardown", "Interrupted:queued"}
)
"""The states of a live training job that costs nothing: it has no machines, or its container is not there (B1, B3)."""


def counter(state: str, failure: str) -> str:
    """Which counter a training job belongs to when it has ended in *state* (K4, K5, A-24).

    >>> counter("Failed", "CapacityError: none left"), counter("Stopped", ""), counter("MaxWaitTimeExceeded", "")
    ('RetryableError', 'Stopped', 'Stopped')
    """
    match state:
        case "Completed":
            return "Completed"
        case "Failed" if failure.startswith(RETRYABLE):
            return "RetryableError"
        case "Failed":
            return "NonRetryableError"
        case _:
            return "Stopped"


def keeps_machines(started: bool, state: str, failure: str) -> bool:
    """Whether the machines of a training job that has ended are fit for another one (R19).

    >>> keeps_machines(True, "Completed", ""), keeps_machines(True, "Failed", "InternalServerError: ...")
    (True, False)
    """
    if not started:
        return False
    return state in ("Completed", "Stopped", "MaxRuntimeExceeded", "MaxWaitTimeExceeded") or not failure.startswith(
        RETRYABLE
    )


_MATCHED = (
    ("RoleArn",),
    ("ResourceConfig", "VolumeKmsKeyId"),
    ("ResourceConfig", "VolumeSizeInGB"),
    ("VpcConfig",),
)
_FLAGS = ("EnableInterContainerTrafficEncryption", "EnableNetworkIsolation")


def difference(
    before: Mapping[str, int],
    request: Mapping[str, Any] | None,
    after: Mapping[str, int],
    following: Mapping[str, Any] | None,
) -> str:
    """What keeps a training job from taking over the warm pool of another one; nothing where they match (R18).

    *before* and *after* are their instances, *request* and *following* what their users asked for.

    >>> difference({"ml.m5.xlarge": 1}, None, {"ml.m5.xlarge": 1}, {"RoleArn": "other"})
    'RoleArn'
    """
    if {pool: count for pool, count in before.items() if count and pool != TOTAL} != {
        pool: count for pool, count in after.items() if count and pool != TOTAL
    }:
        return "its instances"
    one, other = request or {}, following or {}
    for path in _MATCHED:
        left: Any = one
        right: Any = other
        for member in path:
            left, right = (left or {}).get(member), (right or {}).get(member)
        if left != right:
            return ".".join(path)
    return next((flag for flag in _FLAGS if bool(one.get(flag)) is not bool(other.get(flag))), "")


def holds_s(spec: TuningJobSpec, before: int, *, whole: bool) -> float:
    """For how long a tuning job is expected to hold what it asks for after *before* of its training jobs (`easy-estimates`).

    With *whole* it keeps that until its end, otherwise until the end of the training job that it is for.

    >>> from hptsim.model.definitions import ResourceLimits
    >>> limits = ResourceLimits(max_training_jobs=5, max_parallel=2)
    >>> holds_s(TuningJobSpec("a", estimate_s=60, limits=limits), 1, whole=True)
    120
    """
    estimates = [one.max_runtime_s if spec.estimate_s is None else spec.estimate_s for one in spec.definitions]
    if not whole:
        return estimates[spec.turn(before)]
    rounds = ceil((spec.limits.max_training_jobs - before) / spec.limits.max_parallel)
    limit_s = spec.limits.max_runtime_s
    return min(rounds * max(estimates), rounds * max(estimates) if limit_s is None else limit_s)


def instance_types(definition: TrainingJobDefinition) -> tuple[Mapping[str, int], ...]:
    """The instances that a training job may run on, in their order; nothing where there is only one kind (R11)."""
    if not definition.alternatives:
        return ()
    return tuple([{one.instance_type: one.count} for one in (definition.instances, *definition.alternatives)])
