"""What an account has: quota by pool, the service's limits, the assumptions; and the names of pools and holders."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from hptsim.model.assumptions import Assumptions
from hptsim.model.definitions import ServiceLimits
from hptsim.model.teams import Teams


@attrs.frozen
class Account:
    """What a world is made for: quota by pool, the service's limits, the assumptions."""

    capacity: Mapping[str, int] = attrs.field(factory=dict)
    limits: ServiceLimits = attrs.field(factory=ServiceLimits)
    assumptions: Assumptions = attrs.field(factory=Assumptions)
    warm_pool_capacity: Mapping[str, int] = attrs.field(factory=dict)
    """Instances that may be in warm pools, by type."""
    teams: Teams = attrs.field(factory=Teams)


TOTAL = "total-instances"
TUNING_JOBS = "tuning-jobs"


def by_type(amounts: Mapping[str, int]) -> dict[str, int]:
    """The instance types in *amounts*, without the two pools over all types.

    >>> by_type({"ml.m5.xlarge": 2, "total-instances": 2})
    {'ml.m5.xlarge': 2}
    """
    return {pool: count for pool, count in amounts.items() if pool not in (TOTAL, TUNING_JOBS)}


def standalone_holder(training_job: str) -> str:
    """The holder of what a training job without a tuning job has reserved: no tuning job can be called so.

    >>> standalone_holder("mine")
    'training-job/mine'
    """
    return f"training-job/{training_job}"
