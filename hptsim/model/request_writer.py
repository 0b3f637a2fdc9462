"""A spec written back as the service's own request, CreateHyperParameterTuningJob."""

from __future__ import annotations

from typing import Any

from hptsim.model.definitions import (
    InstanceRequest,
    Objective,
    TrainingJobDefinition,
)
from hptsim.model.ranges import ParameterRange
from hptsim.model.search import service_name
from hptsim.model.specs import TuningJobSpec


def to_request(spec: TuningJobSpec) -> dict[str, Any]:
    """The request that a spec came from, or one that reads back as the same spec.

    >>> TuningJobSpec.from_request(to_request(TuningJobSpec("demo"))) == TuningJobSpec("demo")
    True
    """
    if spec.request is not None:
        return dict(spec.request)
    limits: dict[str, Any] = {
        "MaxNumberOfTrainingJobs": spec.limits.max_training_jobs,
        "MaxParallelTrainingJobs": spec.limits.max_parallel,
    }
    if spec.limits.max_runtime_s is not None:
        limits["MaxRuntimeInSeconds"] = int(spec.limits.max_runtime_s)
    config: dict[str, Any] = {
        "Strategy": service_name(spec.strategy),
        "HyperParameterTuningJobObjective": _objective_request(spec.objective),
        "ResourceLimits": limits,
        "ParameterRanges": _ranges_request(spec.ranges),
    }
    config |= _search_request(spec)
    definitions = [_definition_request(definition) for definition in spec.definitions]
    several = {"TrainingJobDefinitions": definitions}
    one: dict[str, Any] = {"TrainingJobDefinition": definitions[0]} if len(definitions) == 1 else several
    if spec.parents:
        parents = [{"HyperParameterTuningJobName": name} for name in spec.parents]
        one["WarmStartConfig"] = {"ParentHyperParameterTuningJobs": parents, "WarmStartType": spec.warm_start}
    return {"HyperParameterTuningJobName": spec.name, "HyperParameterTuningJobConfig": config, **one}


def _search_request(spec: TuningJobSpec) -> dict[str, Any]:
    """Early stopping, criteria, Hyperband's resources and the seed, as far as they are set."""
    plain: dict[str, Any] = {}
    if spec.early_stopping:
        plain["TrainingJobEarlyStoppingType"] = "Auto"
    if spec.random_seed is not None:
        plain["RandomSeed"] = spec.random_seed
    if spec.hyperband is not None:
        resources = {"MinResource": spec.hyperband.min_resource, "MaxResource": spec.hyperband.max_resource}
        plain["StrategyConfig"] = {"HyperbandStrategyConfig": resources}
    criteria: dict[str, Any] = {}
    if spec.criteria.target is not None:
        criteria["TargetObjectiveMetricValue"] = spec.criteria.target
    if spec.criteria.not_improving is not None:
        criteria["BestObjectiveNotImproving"] = {"MaxNumberOfTrainingJobsNotImproving": spec.criteria.not_improving}
    if spec.criteria.convergence:
        criteria["ConvergenceDetected"] = {"CompleteOnConvergence": "Enabled"}
    return plain | ({"TuningJobCompletionCriteria": criteria} if criteria else {})


def _objective_request(objective: Objective) -> dict[str, str]:
    return {"Type": "Maximize" if objective.maximize else "Minimize", "MetricName": objective.metric_name}


def _ranges_request(ranges: tuple[ParameterRange, ...]) -> dict[str, Any]:
    plain: dict[str, list[dict[str, Any]]] = {}
    for one in ranges:
        if one.kind == "Categorical":
            entry: dict[str, Any] = {"Name": one.name, "Values": list(one.values)}
        elif one.kind == "Auto":
            entry = {"Name": one.name, "ValueHint": one.values[0]}
        else:
            bounds = {"MinValue": repr(one.low), "MaxValue": repr(one.high)}
            entry = {"Name": one.name, **bounds, "ScalingType": one.scaling}
        plain.setdefault("AutoParameters" if one.kind == "Auto" else f"{one.kind}ParameterRanges", []).append(entry)
    return plain


def _definition_request(definition: TrainingJobDefinition) -> dict[str, Any]:
    stopping = {
        "MaxRuntimeInSeconds": definition.max_runtime_s,
        "MaxWaitTimeInSeconds": definition.max_wait_s,
        "MaxPendingTimeInSeconds": definition.max_pending_s,
    }
    plain: dict[str, Any] = {
        "AlgorithmSpecification": {
            "TrainingInputMode": definition.input_mode,
            **(
                {"MetricDefinitions": [{"Name": name, "Regex": regex} for name, regex in definition.metrics.items()]}
                if definition.metrics
                else {}
            ),
        },
        "RoleArn": "arn:aws:iam::111122223333:role/hptsim",
        "OutputDataConfig": {"S3OutputPath": definition.output_path},
        "StoppingCondition": {name: int(value) for name, value in stopping.items() if value is not None},
        "StaticHyperParameters": dict(definition.static),
        "EnableManagedSpotTraining": definition.spot,
    }
    configs = [_instances_request(one) for one in (definition.instances, *definition.alternatives)]
    if definition.alternatives:
        several = [{**config, "VolumeSizeInGB": _VOLUME_GB} for config in configs]  # which is required only there
        resources = {"AllocationStrategy": "Prioritized", "InstanceConfigs": several}
        plain["HyperParameterTuningResourceConfig"] = resources
    else:
        plain["ResourceConfig"] = configs[0]
    if definition.name:
        plain["DefinitionName"] = definition.name
    if definition.checkpoint_uri is not None:
        plain["CheckpointConfig"] = {"S3Uri": definition.checkpoint_uri}
    if definition.max_retries:
        plain["RetryStrategy"] = {"MaximumRetryAttempts": definition.max_retries}
    if definition.objective is not None:
        plain["TuningObjective"] = _objective_request(definition.objective)
    if definition.ranges:
        plain["HyperParameterRanges"] = _ranges_request(definition.ranges)
    return plain


_VOLUME_GB = 30


def _instances_request(instances: InstanceRequest) -> dict[str, Any]:
    return {"InstanceType": instances.instance_type, "InstanceCount": instances.count}
