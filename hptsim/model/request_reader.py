"""The service's own request, CreateHyperParameterTuningJob, read into what a spec is made of.

The members are those of botocore's service model (`sagemaker/2017-07-24`); those the twin does not act on are kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hptsim.errors import below, invalid
from hptsim.model.autotune import autotuned, training_jobs
from hptsim.model.definitions import (
    EPOCHS,
    INPUT_MODES,
    NO_CRITERIA,
    WARM_STARTS,
    CompletionCriteria,
    Hyperband,
    InstanceRequest,
    Objective,
    ResourceLimits,
    ServiceLimits,
    TrainingJobDefinition,
    epochs_in,
)
from hptsim.model.ranges import SCALINGS, ParameterRange, combinations
from hptsim.model.request_structure import Structure
from hptsim.model.search import STRATEGIES
from hptsim.model.validators import check_data


def parse(request: Mapping[str, Any]) -> dict[str, Any]:
    """What a CreateHyperParameterTuningJob request says, by the fields of a spec; raises InvalidInput with the member's path."""
    if not isinstance(request, Mapping):
        raise invalid("request", request, "a structure (a JSON object)")
    check_data("", request)
    request = autotuned(request)
    top = Structure(request, "CreateHyperParameterTuningJobRequest", "")
    name = (
        top.text("HyperParameterTuningJobName")
        if "HyperParameterTuningJobName" in top
        else top.required("HyperParameterTuningJobName")
    )
    config = top.inner("HyperParameterTuningJobConfig", "HyperParameterTuningJobConfig")
    if ("TrainingJobDefinition" in top) == ("TrainingJobDefinitions" in top):
        given = [one for one in ("TrainingJobDefinition", "TrainingJobDefinitions") if one in top]
        raise invalid("TrainingJobDefinition", given, "exactly one of TrainingJobDefinition and TrainingJobDefinitions")
    shape = "HyperParameterTrainingJobDefinition"
    single = "TrainingJobDefinition" in top
    definitions = [top.inner("TrainingJobDefinition", shape)] if single else top.each("TrainingJobDefinitions", shape)
    if not 1 <= len(definitions) <= 10:
        raise invalid("TrainingJobDefinitions", len(definitions), "1 to 10 definitions")
    objective = Objective()
    if single or "HyperParameterTuningJobObjective" in config:
        objective = _objective(config.inner("HyperParameterTuningJobObjective", "HyperParameterTuningJobObjective"))
    strategy = config.text("Strategy", among=tuple(STRATEGIES))
    ranges = _ranges(config.inner("ParameterRanges", "ParameterRanges")) if "ParameterRanges" in config else ()
    parsed = tuple(_definition(definition) for definition in definitions)
    criteria = _criteria(config)
    all_ranges = [(*ranges, *one.ranges) for one in parsed]
    points = [combinations(one) if one else None for one in all_ranges]
    count = sum(one or 0 for one in points) if strategy == "Grid" else 0
    if "Autotune" in top:
        count = count or training_jobs(all_ranges)
    parents, warm_start = _parents(top)
    return {
        "name": name,
        "definitions": parsed,
        "limits": _limits(config.inner("ResourceLimits", "ResourceLimits"), criteria, count, points),
        "strategy": strategy,
        "objective": objective,
        "ranges": ranges,
        "request": request,
        "early_stopping": config.text("TrainingJobEarlyStoppingType", "Off", ("Off", "Auto")) == "Auto",
        "criteria": criteria,
        "hyperband": _hyperband(config, parsed) if strategy == "Hyperband" else None,
        "random_seed": config.whole("RandomSeed", 0) if "RandomSeed" in config else None,
        "parents": parents,
        "warm_start": warm_start,
    }


def _criteria(config: Structure) -> CompletionCriteria:
    name = "TuningJobCompletionCriteria"
    if name not in config:
        return CompletionCriteria()
    given = config.inner(name, name)
    target = given.number("TargetObjectiveMetricValue") if "TargetObjectiveMetricValue" in given else None
    patience = None
    if "BestObjectiveNotImproving" in given:
        inner = given.inner("BestObjectiveNotImproving", "BestObjectiveNotImproving")
        if "MaxNumberOfTrainingJobsNotImproving" in inner:
            patience = inner.whole("MaxNumberOfTrainingJobsNotImproving", 3)
    converged = False
    if "ConvergenceDetected" in given:
        inner = given.inner("ConvergenceDetected", "ConvergenceDetected")
        converged = inner.text("CompleteOnConvergence", "Disabled", ("Disabled", "Enabled")) == "Enabled"
    return CompletionCriteria(target, patience, converged)


def _hyperband(config: Structure, definitions: tuple[TrainingJobDefinition, ...]) -> Hyperband:
    """MinResource and MaxResource, the latter inferred from the static hyperparameters where it is missing."""
    low: int | None = None
    high: int | None = None
    if "StrategyConfig" in config:
        strategy = config.inner("StrategyConfig", "HyperParameterTuningJobStrategyConfig")
        if "HyperbandStrategyConfig" in strategy:
            inner = strategy.inner("HyperbandStrategyConfig", "HyperbandStrategyConfig")
            low = inner.whole("MinResource", 1) if "MinResource" in inner else None
            high = inner.whole("MaxResource", 1) if "MaxResource" in inner else None
    if high is None:
        high = next((epochs for one in definitions if (epochs := epochs_in(one.static)) is not None), None)
    if high is None:
        where = "HyperParameterTuningJobConfig.StrategyConfig.HyperbandStrategyConfig.MaxResource"
        raise invalid(where, None, f"a number of epochs, here or as a static hyperparameter ({', '.join(EPOCHS)})")
    return Hyperband(1 if low is None else low, high)


def _parents(top: Structure) -> tuple[tuple[str, ...], str]:
    if "WarmStartConfig" not in top:
        return (), ""
    given = top.inner("WarmStartConfig", "HyperParameterTuningJobWarmStartConfig")
    kind = given.text("WarmStartType", among=WARM_STARTS)
    parents = given.each("ParentHyperParameterTuningJobs", "ParentHyperParameterTuningJob")
    if not parents:
        raise invalid("WarmStartConfig.ParentHyperParameterTuningJobs", [], "1 to 5 parents")
    return tuple(parent.text("HyperParameterTuningJobName") for parent in parents), kind


def _objective(given: Structure) -> Objective:
    return Objective(given.text("MetricName"), given.text("Type", among=("Maximize", "Minimize")) == "Maximize")


def _limits(given: Structure, criteria: CompletionCriteria, count: int, points: Sequence[int | None]) -> ResourceLimits:
    """The limits, with a number of training jobs where the request has none (assumption `training-jobs-left-out`).

    Grid and Autotune have chosen *count*. *points* are the configurations of each definition, None for a continuum.
    """
    parallel = given.whole("MaxParallelTrainingJobs", 1)
    runtime = given.whole("MaxRuntimeInSeconds", 120, 15_768_000) if "MaxRuntimeInSeconds" in given else None
    if "MaxNumberOfTrainingJobs" in given:
        total = given.whole("MaxNumberOfTrainingJobs", 1)
    elif count:
        total = count
    elif runtime is None and criteria == NO_CRITERIA:
        total = parallel
    else:
        most = ServiceLimits().training_jobs or parallel
        total = most if None in points else min(most, sum(one or 0 for one in points))
    return ResourceLimits(total, parallel, runtime)


def _ranges(given: Structure) -> tuple[ParameterRange, ...]:
    ranges: list[ParameterRange] = []
    for kind in ("Integer", "Continuous"):
        for one in given.each(f"{kind}ParameterRanges", f"{kind}ParameterRange"):
            read = one.integer if kind == "Integer" else one.number
            low, high = read("MinValue"), read("MaxValue")
            scaling = one.text("ScalingType", "Auto", SCALINGS)
            with below(one.path.rstrip(".")):
                ranges.append(ParameterRange(one.text("Name"), kind, low, high, (), scaling))
    for one in given.each("CategoricalParameterRanges", "CategoricalParameterRange"):
        name, values = one.text("Name"), one.required("Values")
        with below(one.path.rstrip(".")):
            ranges.append(ParameterRange(name, "Categorical", values=values))
    chosen = {one.name for one in ranges}
    for one in given.each("AutoParameters", "AutoParameter"):
        if one.text("Name") in chosen:  # Autotune has made a range of the hint
            continue
        ranges.append(ParameterRange(one.text("Name"), "Auto", values=(one.text("ValueHint"),)))
    return tuple(ranges)


def _definition(given: Structure) -> TrainingJobDefinition:
    algorithm = given.inner("AlgorithmSpecification", "HyperParameterAlgorithmSpecification")
    stopping = given.inner("StoppingCondition", "StoppingCondition")
    maximum: dict[str, Any] = {}
    if "MaxRuntimeInSeconds" in stopping:
        maximum["max_runtime_s"] = stopping.whole("MaxRuntimeInSeconds", 1)
    if "MaxWaitTimeInSeconds" in stopping:
        maximum["max_wait_s"] = stopping.whole("MaxWaitTimeInSeconds", 1)
    if "MaxPendingTimeInSeconds" in stopping:
        maximum["max_pending_s"] = stopping.whole("MaxPendingTimeInSeconds", 1800, 2_419_200)
    if "CheckpointConfig" in given:
        maximum["checkpoint_uri"] = given.inner("CheckpointConfig", "CheckpointConfig").text("S3Uri")
    if "RetryStrategy" in given:
        maximum["max_retries"] = given.inner("RetryStrategy", "RetryStrategy").whole("MaximumRetryAttempts", 1, 30)
    if "TuningObjective" in given:
        maximum["objective"] = _objective(given.inner("TuningObjective", "HyperParameterTuningJobObjective"))
    if "HyperParameterRanges" in given:
        maximum["ranges"] = _ranges(given.inner("HyperParameterRanges", "ParameterRanges"))
    with below(given.path.rstrip(".")):
        return TrainingJobDefinition(
            name=given.text("DefinitionName") if "DefinitionName" in given else "",
            **_instances(given),
            output_path=given.inner("OutputDataConfig", "OutputDataConfig").text("S3OutputPath"),
            spot=given.flag("EnableManagedSpotTraining"),
            input_mode=algorithm.text("TrainingInputMode", among=INPUT_MODES),
            metrics={
                one.text("Name"): one.text("Regex") for one in algorithm.each("MetricDefinitions", "MetricDefinition")
            },
            static=given.strings("StaticHyperParameters"),
            **maximum,
        )


def parse_training_job(request: Mapping[str, Any]) -> TrainingJobDefinition:
    """What a CreateTrainingJob request asks for; members that the twin does not act on are kept, not checked.

    >>> parse_training_job({"TrainingJobName": "mine", "OutputDataConfig": {"S3OutputPath": "s3://b/o"}}).output_path
    's3://b/o'
    """
    resources = request.get("ResourceConfig") or {}
    stopping = request.get("StoppingCondition") or {}
    limits = {
        name: stopping[member]
        for name, member in (
            ("max_runtime_s", "MaxRuntimeInSeconds"),
            ("max_wait_s", "MaxWaitTimeInSeconds"),
            ("max_pending_s", "MaxPendingTimeInSeconds"),
        )
        if member in stopping
    }
    algorithm = request.get("AlgorithmSpecification") or {}
    metrics = {one["Name"]: one["Regex"] for one in algorithm.get("MetricDefinitions") or ()}
    return TrainingJobDefinition(
        instances=InstanceRequest(resources.get("InstanceType", "ml.m5.xlarge"), resources.get("InstanceCount", 1)),
        output_path=request["OutputDataConfig"]["S3OutputPath"],
        checkpoint_uri=(request.get("CheckpointConfig") or {}).get("S3Uri"),
        spot=bool(request.get("EnableManagedSpotTraining")),
        input_mode=algorithm.get("TrainingInputMode", "File"),
        metrics=metrics,
        objective=Objective(next(iter(metrics))) if metrics else None,  # `script-metrics`
        max_retries=(request.get("RetryStrategy") or {}).get("MaximumRetryAttempts", 0),
        static=dict(request.get("HyperParameters") or {}),
        keep_alive_s=resources.get("KeepAlivePeriodInSeconds", 0),
        request=dict(request),
        **limits,
    )


def _instances(given: Structure) -> dict[str, Any]:
    """The instances of a definition: of several InstanceConfigs the first, and the others as alternatives (R10, R11)."""
    several = "HyperParameterTuningResourceConfig"
    if several in given and "ResourceConfig" in given:
        raise invalid(f"{given.path}ResourceConfig", "both", f"exactly one of ResourceConfig and {several}")
    if several in given:
        config = given.inner(several, several)
        config.text("AllocationStrategy", "Prioritized", ("Prioritized",))
        configs = config.each("InstanceConfigs", "HyperParameterTuningInstanceConfig") or [config]
    else:
        configs = [given.inner("ResourceConfig", "ResourceConfig")]
    if "KeepAlivePeriodInSeconds" in configs[0]:  # taken, and without effect in a tuning job (O12, R14)
        configs[0].whole("KeepAlivePeriodInSeconds", 0, 21_600)
    first, *others = [InstanceRequest(one.text("InstanceType"), one.whole("InstanceCount", 1)) for one in configs]
    return {"instances": first, "alternatives": tuple(others)}
