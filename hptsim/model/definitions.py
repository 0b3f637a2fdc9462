"""What every training job of a tuning job looks like: instances, limits, objective, search."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from hptsim.errors import invalid
from hptsim.model.metric_lines import check_expression
from hptsim.model.ranges import ParameterRange
from hptsim.model.validators import an, each, flag, in_order, number, one_of, optional, seconds, string, table, whole

Amounts = Mapping[str, int]
"""Instances by pool: an instance type, or one of the ledger's pools over all types."""


@attrs.frozen
class InstanceRequest:
    """The instances that one training job runs on."""

    instance_type: str = attrs.field(default="ml.m5.xlarge", validator=string())
    count: int = attrs.field(default=1, validator=whole(1))

    @property
    def amounts(self) -> dict[str, int]:
        """What the request takes from the account's quota.

        >>> InstanceRequest("ml.m5.xlarge", 2).amounts
        {'ml.m5.xlarge': 2}
        """
        return {self.instance_type: self.count}

    @property
    def accelerated(self) -> bool:
        """Whether the instances compute with accelerators: the families ml.p, ml.g and ml.trn (O16, `pending-accelerated`).

        >>> InstanceRequest("ml.g5.xlarge").accelerated, InstanceRequest("ml.m5.xlarge").accelerated
        (True, False)
        """
        return self.instance_type.startswith(("ml.p", "ml.g", "ml.trn"))


@attrs.frozen
class Objective:
    """The metric that a tuning job pursues, and whether more of it is better."""

    metric_name: str = attrs.field(default="objective", validator=string())
    maximize: bool = attrs.field(default=False, validator=flag())

    def cost(self, value: float) -> float:
        """The value as something to make small.

        >>> Objective(maximize=True).cost(0.9)
        -0.9
        """
        return -value if self.maximize else value


@attrs.frozen
class Hyperband:
    """How many epochs the strategy Hyperband gives to a training job (M:HyperbandStrategyConfig)."""

    min_resource: int = attrs.field(default=1, validator=whole(1))
    max_resource: int = attrs.field(default=10, validator=whole(1))

    def __attrs_post_init__(self) -> None:
        if self.max_resource < self.min_resource or self.max_resource > 20_000:
            raise invalid("MaxResource", self.max_resource, f"from MinResource ({self.min_resource}) to 20000")


@attrs.frozen
class CompletionCriteria:
    """When a tuning job has seen enough (M:TuningJobCompletionCriteria); what is None does not count.

    *target* is an objective value that is good enough, *not_improving* a number of training jobs without an improvement by
    1 % (L7, A-33), *convergence* ends after `CONVERGED` such training jobs (A-34).
    """

    target: float | None = attrs.field(default=None, validator=number())
    not_improving: int | None = attrs.field(default=None, validator=whole(3))
    convergence: bool = attrs.field(default=False, validator=flag())


EPOCHS = ("epochs", "numepochs", "n-epochs", "n_epochs", "num_epochs")
"""Hyperparameters that say after how many epochs a script ends (M:HyperbandStrategyConfig)."""


def epochs_in(configuration: Mapping[str, str]) -> int | None:
    """After how many epochs a script ends by its hyperparameters; None if none of `EPOCHS` is a whole number.

    >>> epochs_in({"epochs": "12"}), epochs_in({"epochs": "many"})
    (12, None)
    """
    for name in EPOCHS:
        text = configuration.get(name, "")
        if text.isdecimal() and len(text) < 16:
            return int(text)
    return None


NO_CRITERIA = CompletionCriteria()
CONVERGED = 10
"""This many training jobs without an improvement by 1 % count as convergence (A-34, `convergence`)."""


@attrs.frozen
class ResourceLimits:
    """A tuning job's limits; what a request that leaves out MaxNumberOfTrainingJobs is taken for says `training-jobs-left-out`.

    Source: M:ResourceLimits (MaxNumberOfTrainingJobs n≥1, MaxParallelTrainingJobs n≥1, MaxRuntimeInSeconds 120..15768000).
    """

    max_training_jobs: int = attrs.field(default=1, validator=whole(1))
    max_parallel: int = attrs.field(default=1, validator=whole(1))
    max_runtime_s: float | None = attrs.field(default=None, validator=seconds(120, 15_768_000))


WARM_STARTS = ("IdenticalDataAndAlgorithm", "TransferLearning")
INPUT_MODES = ("File", "Pipe", "FastFile")


@attrs.frozen
class TrainingJobDefinition:
    """What every training job of a tuning job (or of one of its definitions) looks like.

    *max_retries* is RetryStrategy.MaximumRetryAttempts, *checkpoint_uri* is CheckpointConfig.S3Uri,
    *max_wait_s* matters for managed spot training only. Source: M:HyperParameterTrainingJobDefinition.
    """

    name: str = attrs.field(default="", validator=string(empty=True))
    instances: InstanceRequest = attrs.field(factory=InstanceRequest, validator=an(InstanceRequest))
    output_path: str = attrs.field(default="s3://bucket/output", validator=string())
    checkpoint_uri: str | None = attrs.field(default=None, validator=string())
    spot: bool = attrs.field(default=False, validator=flag())
    input_mode: str = attrs.field(default="File", validator=one_of(*INPUT_MODES))
    max_runtime_s: float = attrs.field(default=86400.0, validator=seconds(1))
    max_wait_s: float | None = attrs.field(default=None, validator=seconds(1))
    max_pending_s: float | None = attrs.field(default=None, validator=seconds(1800, 2_419_200))
    max_retries: int = attrs.field(default=0, validator=whole(0))
    objective: Objective | None = attrs.field(default=None, validator=optional(an(Objective)))
    ranges: tuple[ParameterRange, ...] = attrs.field(default=(), converter=in_order, validator=each(ParameterRange))
    static: Mapping[str, str] = attrs.field(
        factory=dict, validator=table(string(empty=True), "strings by hyperparameter")
    )
    metrics: Mapping[str, str] = attrs.field(factory=dict, validator=table(string(empty=True), "regular expressions"))
    """The regular expressions of its metric definitions, by metric (`metric-expressions`)."""
    alternatives: tuple[InstanceRequest, ...] = attrs.field(
        default=(), converter=in_order, validator=each(InstanceRequest)
    )
    """What is tried after *instances*, in this order, when there are no machines (InstanceConfigs, R11)."""
    keep_alive_s: float = attrs.field(default=0.0, validator=seconds(0, 21_600))
    """For how long a training job without a tuning job keeps its instances in a warm pool after its end (R14, R16)."""
    request: Mapping[str, Any] | None = attrs.field(default=None, eq=False, repr=False)
    """The CreateTrainingJob request that it came from, if any, for echoing back."""

    @property
    def pending_limit_s(self) -> float | None:
        """How long a training job may be pending; None for ever, as with CPU instances only, whatever is asked (O16).

        >>> TrainingJobDefinition(instances=InstanceRequest("ml.p3.2xlarge"), max_pending_s=1800).pending_limit_s
        1800
        >>> TrainingJobDefinition(max_pending_s=1800).pending_limit_s
        """
        some = any(one.accelerated for one in (self.instances, *self.alternatives))
        return self.max_pending_s if some else None

    def __attrs_post_init__(self) -> None:
        for name, regex in self.metrics.items():
            check_expression(name, regex)
        if self.max_wait_s is not None and self.max_wait_s < self.max_runtime_s:
            expected = f"at least MaxRuntimeInSeconds ({self.max_runtime_s:g})"
            raise invalid("StoppingCondition.MaxWaitTimeInSeconds", self.max_wait_s, expected)


@attrs.frozen
class ServiceLimits:
    """The service's own limits (§8); None lifts one.

    >>> ServiceLimits().tuning_jobs
    100
    """

    tuning_jobs: int | None = attrs.field(default=100, validator=optional(whole(1)))
    parallel: int | None = attrs.field(default=10, validator=optional(whole(1)))
    training_jobs: int | None = attrs.field(default=750, validator=optional(whole(1)))
