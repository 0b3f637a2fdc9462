"""The structures of the service's own requests: which members each has, and how one is read.

The lists are botocore's (`sagemaker/2017-07-24`), written down so that the core works without it; a test compares them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hptsim.errors import InvalidInput, invalid, nearest

MEMBERS: Mapping[str, list[str]] = {
    "CreateHyperParameterTuningJobRequest": (
        "HyperParameterTuningJobName HyperParameterTuningJobConfig TrainingJobDefinition TrainingJobDefinitions "
        "WarmStartConfig Tags Autotune"
    ).split(),
    "HyperParameterTuningJobConfig": (
        "Strategy StrategyConfig HyperParameterTuningJobObjective ResourceLimits ParameterRanges "
        "TrainingJobEarlyStoppingType TuningJobCompletionCriteria RandomSeed"
    ).split(),
    "ResourceLimits": "MaxNumberOfTrainingJobs MaxParallelTrainingJobs MaxRuntimeInSeconds".split(),
    "HyperParameterTuningJobObjective": "Type MetricName".split(),
    "ParameterRanges": (
        "IntegerParameterRanges ContinuousParameterRanges CategoricalParameterRanges AutoParameters"
    ).split(),
    "HyperParameterTuningJobStrategyConfig": ["HyperbandStrategyConfig"],
    "HyperbandStrategyConfig": "MinResource MaxResource".split(),
    "TuningJobCompletionCriteria": ("TargetObjectiveMetricValue BestObjectiveNotImproving ConvergenceDetected").split(),
    "BestObjectiveNotImproving": ["MaxNumberOfTrainingJobsNotImproving"],
    "ConvergenceDetected": ["CompleteOnConvergence"],
    "HyperParameterTuningJobWarmStartConfig": "ParentHyperParameterTuningJobs WarmStartType".split(),
    "ParentHyperParameterTuningJob": ["HyperParameterTuningJobName"],
    "MetricDefinition": "Name Regex".split(),
    "IntegerParameterRange": "Name MinValue MaxValue ScalingType".split(),
    "ContinuousParameterRange": "Name MinValue MaxValue ScalingType".split(),
    "CategoricalParameterRange": "Name Values".split(),
    "AutoParameter": "Name ValueHint".split(),
    "HyperParameterTrainingJobDefinition": (
        "DefinitionName TuningObjective HyperParameterRanges StaticHyperParameters AlgorithmSpecification RoleArn "
        "InputDataConfig VpcConfig OutputDataConfig ResourceConfig HyperParameterTuningResourceConfig "
        "StoppingCondition EnableNetworkIsolation EnableInterContainerTrafficEncryption EnableManagedSpotTraining "
        "CheckpointConfig RetryStrategy Environment"
    ).split(),
    "HyperParameterAlgorithmSpecification": "TrainingImage TrainingInputMode AlgorithmName MetricDefinitions".split(),
    "OutputDataConfig": "KmsKeyId S3OutputPath CompressionType".split(),
    "ResourceConfig": (
        "InstanceType InstanceCount VolumeSizeInGB VolumeKmsKeyId KeepAlivePeriodInSeconds InstanceGroups "
        "TrainingPlanArn InstancePlacementConfig InstancePreferences SelectedInstanceType SelectedInstanceCount"
    ).split(),
    "HyperParameterTuningResourceConfig": (
        "InstanceType InstanceCount VolumeSizeInGB VolumeKmsKeyId AllocationStrategy InstanceConfigs"
    ).split(),
    "HyperParameterTuningInstanceConfig": "InstanceType InstanceCount VolumeSizeInGB".split(),
    "StoppingCondition": "MaxRuntimeInSeconds MaxWaitTimeInSeconds MaxPendingTimeInSeconds".split(),
    "CheckpointConfig": "S3Uri LocalPath".split(),
    "RetryStrategy": ["MaximumRetryAttempts"],
}
"""The members of every structure that is read, by the shape's name in botocore's model."""


class Structure:
    """One structure of a request and where it stands; every way to read a member says what is wrong with it."""

    def __init__(self, value: Any, shape: str, path: str) -> None:
        if not isinstance(value, Mapping):
            raise invalid(path.rstrip(".") or "request", value, "a structure (a JSON object)")
        for name in value:
            if name not in MEMBERS[shape]:
                raise invalid(f"{path}{name}", name, f"a member of {shape}", nearest(str(name), MEMBERS[shape]))
        self.value, self.path = value, path

    def __contains__(self, name: str) -> bool:
        return self.value.get(name) is not None

    def required(self, name: str) -> Any:
        """The value of a member; raises InvalidInput where there is none."""
        if name not in self:
            text = f"{self.path}{name}: got nothing, expected a required member"
            raise InvalidInput(text)
        return self.value[name]

    def inner(self, name: str, shape: str) -> Structure:
        """A structure within; raises InvalidInput for one that is missing."""
        return Structure(self.required(name), shape, f"{self.path}{name}.")

    def each(self, name: str, shape: str) -> list[Structure]:
        """The structures in a list; none where it is left out."""
        values = [] if self.value.get(name) is None else self.value[name]
        if not isinstance(values, list):
            raise invalid(f"{self.path}{name}", values, "a list")
        return [Structure(value, shape, f"{self.path}{name}[{i}].") for i, value in enumerate(values)]

    def text(self, name: str, default: str | None = None, among: tuple[str, ...] = ()) -> str:
        """A string that is not empty, one of *among* if there are any."""
        value = self.required(name) if default is None else self.value.get(name, default)
        if not isinstance(value, str) or not value:
            raise invalid(f"{self.path}{name}", value, "a string that is not empty")
        if among and value not in among:
            raise invalid(f"{self.path}{name}", value, " or ".join(among), nearest(value, among))
        return value

    def whole(self, name: str, low: int, high: int | None = None) -> int:
        """A whole number from *low* to *high*."""
        value = self.required(name)
        if isinstance(value, bool) or not isinstance(value, int) or value < low or (high is not None and value > high):
            span = f"at least {low}" if high is None else f"from {low} to {high}"
            raise invalid(f"{self.path}{name}", value, f"a whole number {span}")
        return value

    def flag(self, name: str) -> bool:
        """True or False, and False where it is left out."""
        value = self.value.get(name, False)
        if not isinstance(value, bool):
            raise invalid(f"{self.path}{name}", value, "true or false")
        return value

    def number(self, name: str) -> float:
        """A number, which the service has as a string."""
        value = self.required(name)
        try:
            return float(value)
        except (TypeError, ValueError, OverflowError):
            raise invalid(f"{self.path}{name}", value, "a finite number, written as a string") from None

    def integer(self, name: str) -> int:
        """A whole number, which the service has as a string."""
        value = self.required(name)
        try:
            if isinstance(value, (int, str)) and not isinstance(value, bool):
                return int(value)
        except ValueError:
            pass
        raise invalid(f"{self.path}{name}", value, "a whole number of 64 bits, written as a string")

    def strings(self, name: str) -> Mapping[str, str]:
        """A table of strings; an empty one where it is left out."""
        value = self.value.get(name)
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            raise invalid(f"{self.path}{name}", value, "a structure (a JSON object) of strings")
        for key, one in value.items():
            if not isinstance(one, str):
                raise invalid(f"{self.path}{name}.{key}", one, "a string", f"for example {str(one)!r}")
        return dict(value)
