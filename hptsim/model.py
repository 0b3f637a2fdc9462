"""The nouns: statuses, specifications, instances, artifacts and log events, all frozen.

Every name is the service's own. Statuses and patterns are those of the service's model (botocore,
`sagemaker/2017-07-24`); shapes are reduced to what the twin acts on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

import attrs

from hptsim.errors import InvalidInput, invalid
from hptsim.ranges import ParameterRange as ParameterRange
from hptsim.ranges import combinations


class TuningJobStatus(StrEnum):
    """The status of a tuning job (HyperParameterTuningJobStatus)."""

    InProgress = "InProgress"
    Stopping = "Stopping"
    Stopped = "Stopped"
    Completed = "Completed"
    Failed = "Failed"


class TrainingJobStatus(StrEnum):
    """The primary status of a training job (TrainingJobStatus)."""

    InProgress = "InProgress"
    Completed = "Completed"
    Failed = "Failed"
    Stopping = "Stopping"
    Stopped = "Stopped"


class SecondaryStatus(StrEnum):
    """The secondary status of a training job, without those that the service no longer emits."""

    Starting = "Starting"
    Pending = "Pending"
    Downloading = "Downloading"
    Training = "Training"
    Interrupted = "Interrupted"
    Uploading = "Uploading"
    Stopping = "Stopping"
    Stopped = "Stopped"
    MaxRuntimeExceeded = "MaxRuntimeExceeded"
    MaxWaitTimeExceeded = "MaxWaitTimeExceeded"
    Completed = "Completed"
    Failed = "Failed"


FINAL_TUNING = frozenset({"Completed", "Failed", "Stopped"})

TUNING_JOB_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,31}")
"""A tuning job's name: a full match is meant, and at most 32 characters (`HyperParameterTuningJobName`)."""
TUNING_JOB_NAME_LENGTH = 32

Amounts = Mapping[str, int]
"""Instances by pool: an instance type, or one of the ledger's pools over all types."""


def at_least(low: float) -> Any:
    def check(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
        if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= low):
            raise invalid(attribute.name, value, f"a number of at least {low:g}")

    return check


def whole(low: int) -> Any:
    def check(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < low):
            raise invalid(attribute.name, value, f"a whole number of at least {low}")

    return check


def seconds(low: int, high: int | None = None) -> Any:
    def check(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
        at_least(low)(instance, attribute, value)
        if value is not None and (value % 1 != 0 or (high is not None and value > high)):
            raise invalid(attribute.name, value, f"whole seconds from {low}" + (f" to {high}" if high else ""))

    return check


@attrs.frozen
class InstanceRequest:
    """The instances that one training job runs on."""

    instance_type: str = "ml.m5.xlarge"
    count: int = attrs.field(default=1, validator=whole(1))

    @property
    def amounts(self) -> dict[str, int]:
        """What the request takes from the account's quota.

        >>> InstanceRequest("ml.m5.xlarge", 2).amounts
        {'ml.m5.xlarge': 2}
        """
        return {self.instance_type: self.count}


@attrs.frozen
class Objective:
    """The metric that a tuning job pursues, and whether more of it is better."""

    metric_name: str = "objective"
    maximize: bool = False

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

    target: float | None = None
    not_improving: int | None = attrs.field(default=None, validator=whole(3))
    convergence: bool = False


EPOCHS = ("epochs", "numepochs", "n-epochs", "n_epochs", "num_epochs")
"""Hyperparameters that say after how many epochs a script ends (M:HyperbandStrategyConfig)."""
NO_CRITERIA = CompletionCriteria()
CONVERGED = 10
"""So many training jobs without an improvement by 1 % count as convergence (A-34, `convergence`)."""


@attrs.frozen
class ResourceLimits:
    """A tuning job's limits; *max_training_jobs* falls back to *max_parallel* when a request leaves it out.

    Source: M:ResourceLimits (MaxNumberOfTrainingJobs n≥1, MaxParallelTrainingJobs n≥1, MaxRuntimeInSeconds 120..15768000).
    """

    max_training_jobs: int = attrs.field(default=1, validator=whole(1))
    max_parallel: int = attrs.field(default=1, validator=whole(1))
    max_runtime_s: float | None = attrs.field(default=None, validator=seconds(120, 15_768_000))


@attrs.frozen
class TrainingJobDefinition:
    """What every training job of a tuning job (or of one of its definitions) looks like.

    *max_retries* is RetryStrategy.MaximumRetryAttempts, *checkpoint_uri* is CheckpointConfig.S3Uri,
    *max_wait_s* matters for managed spot training only. Source: M:HyperParameterTrainingJobDefinition.
    """

    name: str = ""
    instances: InstanceRequest = attrs.field(factory=InstanceRequest)
    output_path: str = "s3://bucket/output"
    checkpoint_uri: str | None = None
    spot: bool = False
    input_mode: str = "File"
    max_runtime_s: float = attrs.field(default=86400.0, validator=seconds(1))
    max_wait_s: float | None = attrs.field(default=None, validator=seconds(1))
    max_pending_s: float | None = attrs.field(default=None, validator=seconds(1800, 2_419_200))
    max_retries: int = attrs.field(default=0, validator=whole(0))
    objective: Objective | None = None
    ranges: tuple[ParameterRange, ...] = ()
    static: Mapping[str, str] = attrs.field(factory=dict)
    metrics: Mapping[str, str] = attrs.field(factory=dict)
    """The regular expressions of its metric definitions, by metric."""
    alternatives: tuple[InstanceRequest, ...] = ()
    """What is tried after *instances*, in this order, when there are no machines (InstanceConfigs, R11)."""
    keep_alive_s: float = attrs.field(default=0.0, validator=seconds(0, 21_600))
    """For how long a training job without a tuning job keeps its instances in a warm pool after its end (R14, R16)."""
    request: Mapping[str, Any] | None = attrs.field(default=None, eq=False, repr=False)
    """The CreateTrainingJob request that it came from, if any, for echoing back."""


@attrs.frozen
class TuningJobSpec:
    """A tuning job as its caller asks for it.

    *priority* orders waiting requests under the discipline "priority": the smaller number goes first.
    *request* is the service request that it came from, if any, for echoing back.

    >>> TuningJobSpec("demo").limits.max_parallel
    1
    """

    name: str
    definitions: tuple[TrainingJobDefinition, ...] = attrs.field(factory=lambda: (TrainingJobDefinition(),))
    limits: ResourceLimits = attrs.field(factory=ResourceLimits)
    strategy: str = "Random"
    objective: Objective = attrs.field(factory=Objective)
    ranges: tuple[ParameterRange, ...] = ()
    priority: int = 0
    request: Mapping[str, Any] | None = attrs.field(default=None, eq=False, repr=False)
    early_stopping: bool = False
    criteria: CompletionCriteria = attrs.field(factory=CompletionCriteria)
    hyperband: Hyperband | None = None
    random_seed: int | None = attrs.field(default=None, validator=whole(0))
    parents: tuple[str, ...] = ()
    """The tuning jobs whose results a warm start begins with."""
    warm_start: str = ""
    """IdenticalDataAndAlgorithm or TransferLearning, with *parents*."""

    def __attrs_post_init__(self) -> None:
        check_name("HyperParameterTuningJobName", self.name)
        if not self.definitions:
            raise invalid("definitions", self.definitions, "at least one TrainingJobDefinition")
        for definition in self.definitions:
            wait, run = definition.max_wait_s, definition.max_runtime_s
            if wait is not None and wait < run:
                where = f"{self.name}: StoppingCondition.MaxWaitTimeInSeconds"
                raise invalid(where, wait, f"at least MaxRuntimeInSeconds ({run:g})")
            if definition.keep_alive_s:
                where = f"{self.name}: KeepAlivePeriodInSeconds"
                raise invalid(
                    where, definition.keep_alive_s, "none in tuning jobs, which reuse their own clusters (R14)"
                )
        self._check_strategy()

    def _check_strategy(self) -> None:
        """Refuse what the service refuses: C3, C5, C6, C7, and more than five parents (C8)."""
        several = len(self.definitions) > 1
        if self.strategy == "Hyperband" and self.early_stopping:
            raise invalid("TrainingJobEarlyStoppingType", "Auto", "Off with the strategy Hyperband")
        if several and (self.early_stopping or self.parents):
            what = "TrainingJobEarlyStoppingType Auto" if self.early_stopping else "WarmStartConfig"
            raise invalid("TrainingJobDefinitions", len(self.definitions), f"one definition with {what}")
        if len(self.parents) > 5:
            raise invalid("ParentHyperParameterTuningJobs", len(self.parents), "1 to 5 parents")
        total = 0
        for definition in self.definitions:
            ranges = self.ranges_of(definition)
            count = combinations(ranges)
            if self.strategy == "Grid" and any(span.kind in ("Integer", "Continuous") for span in ranges):
                raise invalid("ParameterRanges", [span.name for span in ranges], "categorical ranges with Grid")
            if count is None or not ranges:
                return
            total += count
        wanted = self.limits.max_training_jobs
        if self.strategy == "Grid" and wanted != total:
            raise invalid(
                "MaxNumberOfTrainingJobs", wanted, f"the number of combinations ({total}) with Grid, or nothing"
            )
        if total < wanted:
            raise InvalidInput(
                "ValidationException",
                "You don't have enough combinations of hyperparameter ranges. The total number of hyperparameter "
                f"combinations for the provided ranges [{float(total)}] must be equal or greater than the value of "
                f"MaxNumberOfJobs, [{wanted}]. Provide additional ranges.",
            )

    def ranges_of(self, definition: TrainingJobDefinition) -> tuple[ParameterRange, ...]:
        """The hyperparameter ranges of a training job with *definition*."""
        return (*self.ranges, *definition.ranges)

    def objective_of(self, definition: TrainingJobDefinition) -> Objective:
        """The objective of a training job with *definition*: its own, or the tuning job's."""
        return definition.objective or self.objective

    @classmethod
    def from_request(cls, request: Mapping[str, Any], *, priority: int = 0) -> TuningJobSpec:
        """The spec in a CreateHyperParameterTuningJob request, in the service's own words.

        Raises InvalidInput with the member's path and the nearest valid spelling.

        >>> TuningJobSpec.from_request({"HyperParameterTuningJobName": "demo"})
        Traceback (most recent call last):
        ...
        hptsim.errors.InvalidInput: HyperParameterTuningJobConfig: got nothing, expected a required member
        """
        from hptsim.request import parse  # the parser is a room of its own, and needs these nouns

        return parse(request, priority=priority)

    def definition(self, ordinal: int) -> TrainingJobDefinition:
        """The definition of the *ordinal*-th training job (from 1): round-robin (assumption `round-robin`)."""
        return self.definitions[(ordinal - 1) % len(self.definitions)]


def check_name(where: str, name: object) -> None:
    """Refuse a tuning job name that the service would refuse (M:HyperParameterTuningJobName)."""
    if not isinstance(name, str) or not 1 <= len(name) <= TUNING_JOB_NAME_LENGTH or not TUNING_JOB_NAME.fullmatch(name):
        raise invalid(where, name, "1 to 32 letters, digits and inner hyphens", "for example 'my-tuning-job-1'")


class Artifact(NamedTuple):
    """Something that a training job left in S3: a *kind* "model" or "checkpoint" at *uri*."""

    uri: str
    training_job: str
    kind: str
    stored_s: float


class LogEvent(NamedTuple):
    """One line of a training job's log stream."""

    time_s: float
    message: str


LOG_GROUP = "/aws/sagemaker/TrainingJobs"


def model_uri(output_path: str, training_job: str) -> str:
    """Where the service puts a training job's model (B12).

    >>> model_uri("s3://bucket/out/", "a-001-0f0f0f0f")
    's3://bucket/out/a-001-0f0f0f0f/output/model.tar.gz'
    """
    return f"{output_path.rstrip('/')}/{training_job}/output/model.tar.gz"


def checkpoint_uri(prefix: str, training_job: str, number: int) -> str:
    """Where a training job's *number*-th checkpoint goes, below its CheckpointConfig.S3Uri (R23).

    >>> checkpoint_uri("s3://bucket/ckpt", "a-001-0f0f0f0f", 3)
    's3://bucket/ckpt/a-001-0f0f0f0f/checkpoint-3'
    """
    return f"{prefix.rstrip('/')}/{training_job}/checkpoint-{number}"


def log_stream(training_job: str) -> str:
    """The log stream of a training job's first instance, in `LOG_GROUP` (B13: prefixed by the job's name)."""
    return f"{training_job}/algo-1"


@attrs.frozen
class ServiceLimits:
    """The service's own limits (§8); None lifts one.

    >>> ServiceLimits().tuning_jobs
    100
    """

    tuning_jobs: int | None = attrs.field(default=100, validator=whole(1))
    parallel: int | None = attrs.field(default=10, validator=whole(1))
    training_jobs: int | None = attrs.field(default=750, validator=whole(1))
