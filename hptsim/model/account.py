"""What an account has: quota by pool, the service's limits, the assumptions; and the names of pools and holders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs

from hptsim.model.assumptions import Assumptions
from hptsim.model.definitions import ServiceLimits
from hptsim.model.teams import Teams


@attrs.frozen
class Account:
    """What a world is made for: quota by pool, the service's limits, the assumptions.

    An instance type that *capacity* does not name has the count of "*" (`OTHERS`), and without one it is unlimited.
    """

    capacity: Mapping[str, int] = attrs.field(factory=dict)
    limits: ServiceLimits = attrs.field(factory=ServiceLimits)
    assumptions: Assumptions = attrs.field(factory=Assumptions)
    warm_pool_capacity: Mapping[str, int] = attrs.field(factory=dict)
    """Instances that may be in warm pools, by type; "*" as in *capacity*."""
    teams: Teams = attrs.field(factory=Teams)


OTHERS = "*"
"""The key of a quota's count for each instance type that the quota does not name."""
TOTAL = "total-instances"
TUNING_JOBS = "tuning-jobs"


class Quota(Mapping[str, int]):
    """How many instances of a type an account may use: of one that is not named as many as of "*", if that is there.

    It iterates over the keys that were given; what is asked by key is found for every type that is limited.

    >>> quota = Quota({"ml.m5.xlarge": 20, "*": 4})
    >>> quota["ml.m5.xlarge"], quota["ml.g5.xlarge"], list(quota), Quota({}).get("ml.g5.xlarge")
    (20, 4, ['ml.m5.xlarge', '*'], None)
    """

    def __init__(self, counts: Mapping[str, int]) -> None:
        self._counts = dict(counts)

    def __getitem__(self, kind: str) -> int:
        counts = self._counts
        count = counts.get(kind, counts.get(OTHERS))
        if count is None:
            raise KeyError(kind)
        return count

    def __iter__(self) -> Iterator[str]:
        return iter(self._counts)

    def __len__(self) -> int:
        return len(self._counts)

    def __repr__(self) -> str:
        return repr(self._counts)


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
