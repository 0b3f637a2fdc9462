"""What Describe gives back of a request, with what the service was seen to fill in (§2.2, §2.3, O5, O8, O12).

Two things that the service fills in are left out: the hyperparameters and the metrics of its own algorithms
(`built-in-algorithms`), and anything within hyperparameter ranges (`ranges-as-given`).
"""

from __future__ import annotations

from typing import Any

from hptsim.model.request_writer import to_request
from hptsim.service.indexed_jobs import IndexedTrainingJob, IndexedTuningJob
from hptsim.service.validation import without_none

OBJECTIVE_KEY = "_tuning_objective_metric"
"""The hyperparameter by which the service tells a training job its objective (L19)."""
DEFAULT_MAX_RUNTIME_S = 86400
FLAGS = ("EnableNetworkIsolation", "EnableInterContainerTrafficEncryption", "EnableManagedSpotTraining")
RESOURCES = ("InstanceType", "InstanceCount", "VolumeSizeInGB", "VolumeKmsKeyId")
CHANNEL = {"CompressionType": "None", "RecordWrapperType": "None"}
"""What the service fills in for each input channel (O8)."""
SHARED_MEMBERS = (
    "RoleArn InputDataConfig VpcConfig OutputDataConfig CheckpointConfig RetryStrategy Environment "
    "EnableNetworkIsolation EnableInterContainerTrafficEncryption EnableManagedSpotTraining AlgorithmSpecification "
    "StoppingCondition"
).split()
"""What a training job takes over from its definition as it stands there."""
OWN_MEMBERS = (
    *SHARED_MEMBERS,
    *(
        "ResourceConfig HyperParameters DebugHookConfig DebugRuleConfigurations TensorBoardOutputConfig "
        "ExperimentConfig ProfilerConfig ProfilerRuleConfigurations RemoteDebugConfig InfraCheckConfig "
        "ServerlessJobConfig MlflowConfig ModelPackageConfig"
    ).split(),
)
"""What a training job that its user created gives back from its request."""


def echo(job: IndexedTuningJob) -> dict[str, Any]:
    """The members of a tuning job's request that Describe gives back, with what the service fills in.

    >>> from hptsim import TuningJobSpec
    >>> from hptsim.service.pagination import SortedIndex
    >>> job = IndexedTuningJob("demo", TuningJobSpec("demo"), 0.0, {}, SortedIndex({}))
    >>> echo(job)["TrainingJobDefinition"]["StaticHyperParameters"]
    {'_tuning_objective_metric': 'objective'}
    """
    if job.echo is None:
        job.echo = _filled_in(job)
    return job.echo


def _filled_in(job: IndexedTuningJob) -> dict[str, Any]:
    request = without_none(to_request(job.spec))
    config = request["HyperParameterTuningJobConfig"]
    limits, single = config["ResourceLimits"], "TrainingJobDefinition" in request
    if single:  # with TrainingJobDefinitions only what was given came back (O5)
        config.setdefault("TrainingJobEarlyStoppingType", "Off")
        limits.setdefault("MaxNumberOfTrainingJobs", job.spec.limits.max_training_jobs)
    config["ResourceLimits"] = {name: int(value) for name, value in limits.items()}
    shape = {"HyperParameterTuningJobConfig": config}
    shape |= {member: request[member] for member in ("WarmStartConfig", "Autotune") if member in request}
    if single:
        return {**shape, "TrainingJobDefinition": _definition(request["TrainingJobDefinition"], job, 0)}
    given = enumerate(request["TrainingJobDefinitions"])
    return {**shape, "TrainingJobDefinitions": [_definition(one, job, place) for place, one in given]}


def _definition(given: dict[str, Any], job: IndexedTuningJob, place: int) -> dict[str, Any]:
    """A definition with the service's defaults and additions (§2.2, §2.3, L19, O8)."""
    metric = job.objective(place).metric_name
    given.setdefault("StaticHyperParameters", {})[OBJECTIVE_KEY] = metric
    fill_in(given)
    resources = given.get("HyperParameterTuningResourceConfig")
    if resources and "InstanceType" in resources:  # the SDK asks in this form, and its `attach` reads the other one
        given.setdefault("ResourceConfig", {name: resources[name] for name in RESOURCES if name in resources})
    given.get("ResourceConfig", {}).pop("KeepAlivePeriodInSeconds", None)  # O12
    metrics = given["AlgorithmSpecification"].get("MetricDefinitions") or []
    for one in metrics:
        if one["Name"] == metric and len(metrics) < 40:
            metrics.append({"Name": "ObjectiveMetric", "Regex": one["Regex"]})
            break
    return given


def fill_in(given: dict[str, Any]) -> None:
    """Fill in what a definition and a training job have in common: flags, the run time, how channels are packed (O8)."""
    for flag in FLAGS:
        given.setdefault(flag, False)
    given["StoppingCondition"] = {"MaxRuntimeInSeconds": DEFAULT_MAX_RUNTIME_S, **given.get("StoppingCondition", {})}
    for channel in given.get("InputDataConfig", ()):
        channel.update({**CHANNEL, **channel})


def training_job_request(job: IndexedTrainingJob) -> dict[str, Any]:
    """What a training job was asked to be, by its user or by its tuning job, as DescribeTrainingJob gives it back.

    There, and not in the tuning job's answers, an empty KmsKeyId is filled in (O8).

    >>> asked = {"OutputDataConfig": {"S3OutputPath": "s3://bucket/output"}}
    >>> training_job_request(IndexedTrainingJob("alone", 0.0, None, request=asked))["OutputDataConfig"]["KmsKeyId"]
    ''
    """
    if job.tuning is not None:
        shape = _from_definition(job, job.tuning)
    else:
        shape = {name: without_none(job.request[name]) for name in OWN_MEMBERS if name in job.request}
        fill_in(shape)
    if "OutputDataConfig" in shape:
        shape["OutputDataConfig"].setdefault("KmsKeyId", "")
    return shape


def _from_definition(job: IndexedTrainingJob, tuning: IndexedTuningJob) -> dict[str, Any]:
    request = echo(tuning)
    single = "TrainingJobDefinition" in request
    given = request["TrainingJobDefinition"] if single else request["TrainingJobDefinitions"][job.definition]
    shape = {name: without_none(given[name]) for name in SHARED_MEMBERS if name in given}
    shape["HyperParameters"] = {**given["StaticHyperParameters"], **job.tuned}
    resources = without_none(given.get("HyperParameterTuningResourceConfig") or given["ResourceConfig"])
    configs = resources.pop("InstanceConfigs", None)
    resources.pop("AllocationStrategy", None)
    shape["ResourceConfig"] = {**resources, **configs[job.choice]} if configs else resources
    if (
        configs and len(configs) > 1 and job.started_s is not None
    ):  # once there are machines (M:ResourceConfig.SelectedInstanceType)
        selected = {f"Selected{name}": configs[job.choice][name] for name in ("InstanceType", "InstanceCount")}
        shape["ResourceConfig"].update(selected)
    return shape
