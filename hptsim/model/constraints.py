"""What a well-shaped request may still get wrong: the combinations that the service documents (sections 2, 6 and 8).

Every check refuses with a ValidationException. Where the service's words were recorded they are given; the others are
ours and name the member, what was given and what is expected.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hptsim.errors import ServiceError, invalid

Request = Mapping[str, Any]
MAX_RANGES = 30
MAX_HYPERPARAMETERS = 100
MAX_ENVIRONMENT = 48
MAX_RUNTIME_S = 28 * 86_400
SOME_RANGES = ("IntegerParameterRanges", "ContinuousParameterRanges", "CategoricalParameterRanges")


def check_tuning_job(request: Request) -> None:
    """Refuse a CreateHyperParameterTuningJob request that fits the model and whose parts do not go together.

    What single members and specs may say is checked where they are read (`TuningJobSpec.from_request`), before this.

    >>> check_tuning_job({"HyperParameterTuningJobConfig": {"Strategy": "Random"}, "TrainingJobDefinition": {}})
    Traceback (most recent call last):
    ...
    hptsim.errors.InvalidInput: ParameterRanges: got None, expected at least one range, or Autotune
    """
    config = request["HyperParameterTuningJobConfig"]
    definitions = definitions_of(request)
    _check_definitions(request, definitions)
    _check_strategy(config)
    own = config.get("ParameterRanges") or {}
    for where, definition in definitions:
        ranges = [*_ranges("HyperParameterTuningJobConfig.ParameterRanges", own)]
        ranges += _ranges(f"{where}.HyperParameterRanges", definition.get("HyperParameterRanges") or {})
        _check_ranges(where, ranges, definition, automatic=bool(request.get("Autotune")))
        _check_training(where, definition)
        _check_objective(config, definition)
    environment = sum(len(definition.get("Environment") or {}) for _, definition in definitions)
    if environment > MAX_ENVIRONMENT:
        raise invalid("Environment", environment, f"at most {MAX_ENVIRONMENT} entries over all definitions")


def check_training_job(request: Request) -> None:
    """Refuse a CreateTrainingJob request that fits the model and whose parts do not go together.

    >>> check_training_job({"ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1}})
    """
    where = "CreateTrainingJob"
    if "AlgorithmSpecification" in request:
        _check_algorithm(where, request["AlgorithmSpecification"])
    _check_resources("ResourceConfig", request.get("ResourceConfig") or {})
    if (request.get("ResourceConfig") or {}).get("KeepAlivePeriodInSeconds") and request.get(
        "EnableManagedSpotTraining"
    ):
        raise invalid("ResourceConfig.KeepAlivePeriodInSeconds", True, "none with EnableManagedSpotTraining")  # R20
    _check_stopping(where, request)


def definitions_of(request: Request) -> list[tuple[str, Request]]:
    """The training job definitions of a request and where they stand in it."""
    if "TrainingJobDefinition" in request:
        return [("TrainingJobDefinition", request["TrainingJobDefinition"])]
    several = request.get("TrainingJobDefinitions") or []
    return [(f"TrainingJobDefinitions[{place}]", one) for place, one in enumerate(several)]


def _check_definitions(request: Request, definitions: list[tuple[str, Request]]) -> None:
    if "TrainingJobDefinition" in request:
        return
    for member in ("DefinitionName", "TuningObjective"):
        for where, definition in definitions:
            if member not in definition:
                raise invalid(f"{where}.{member}", None, "a value in every one of TrainingJobDefinitions")
    names = [definition["DefinitionName"] for _, definition in definitions]
    if len(set(names)) < len(names):
        raise invalid("TrainingJobDefinitions", names, "a different DefinitionName for each")


def _check_strategy(config: Request) -> None:
    """The rest of what a strategy demands is the spec's own business (`TuningJobSpec`)."""
    hyperband = (config.get("StrategyConfig") or {}).get("HyperbandStrategyConfig")
    if config["Strategy"] != "Hyperband" and hyperband is not None:
        raise invalid("StrategyConfig.HyperbandStrategyConfig", config["Strategy"], "Strategy Hyperband")


def _ranges(path: str, given: Request) -> Iterator[tuple[str, str, Request]]:
    """Every range with its path and kind."""
    for member in (*SOME_RANGES, "AutoParameters"):
        for place, one in enumerate(given.get(member) or ()):
            yield f"{path}.{member}[{place}]", member.removesuffix("ParameterRanges"), one


def _check_ranges(where: str, ranges: list[tuple[str, str, Request]], definition: Request, automatic: bool) -> None:
    if not ranges and not automatic:
        raise invalid("ParameterRanges", None, "at least one range, or Autotune")
    searched = [kind for _, kind, _ in ranges if kind != "AutoParameters"]
    if len(searched) > MAX_RANGES:
        raise invalid("ParameterRanges", len(searched), f"at most {MAX_RANGES} searchable hyperparameters")
    names = [one["Name"] for _, _, one in ranges]
    static = definition.get("StaticHyperParameters") or {}
    if len(names) + len(static) + 1 > MAX_HYPERPARAMETERS:  # the service adds one of its own
        raise invalid(where, len(names) + len(static), f"fewer than {MAX_HYPERPARAMETERS} hyperparameters")


def _check_training(where: str, definition: Request) -> None:
    _check_algorithm(where, definition["AlgorithmSpecification"])
    for member in ("ResourceConfig", "HyperParameterTuningResourceConfig"):
        if member in definition:
            _check_resources(f"{where}.{member}", definition[member])
    _check_stopping(where, definition)


def _check_algorithm(where: str, algorithm: Request) -> None:
    given = [one for one in ("TrainingImage", "AlgorithmName") if one in algorithm]
    if len(given) != 1:
        raise invalid(f"{where}.AlgorithmSpecification", given, "exactly one of TrainingImage and AlgorithmName")


OWN_ALGORITHMS = frozenset(
    "blazingtext factorization-machines forecasting-deepar image-classification ipinsights kmeans knn lda linear-learner ntm "
    "object-detection object2vec pca randomcutforest sagemaker-xgboost semantic-segmentation seq2seq xgboost".split()
)
"""The repositories of the service's own algorithms, which bring their metric definitions (`own-algorithms`)."""


def _check_objective(config: Request, definition: Request) -> None:
    """Refuse an objective for which a custom image has no metric definition (C13)."""
    algorithm = definition["AlgorithmSpecification"]
    repository = algorithm.get("TrainingImage", "").partition("@")[0].rpartition("/")[2].partition(":")[0]
    if "AlgorithmName" in algorithm or repository in OWN_ALGORITHMS:
        return
    objective = definition.get("TuningObjective") or config.get("HyperParameterTuningJobObjective") or {}
    if objective.get("MetricName") not in [one["Name"] for one in algorithm.get("MetricDefinitions") or ()]:
        raise ServiceError("ValidationException", NO_DEFINITION)


NO_DEFINITION = (
    "A metric is required for this hyperparameter tuning job objective. Provide a metric in the metric definitions."
)
"""The service's words, seen in aws/amazon-sagemaker-examples#1207 and aws/sagemaker-python-sdk#3932."""


def _check_resources(where: str, resources: Request) -> None:
    """Instances are named once, and are at least one (R10, R15)."""
    configs = resources.get("InstanceConfigs")
    if configs and ("InstanceType" in resources or "InstanceCount" in resources):
        raise invalid(where, "both", "either InstanceConfigs or InstanceType and InstanceCount")
    for one in configs or [resources]:
        for member in ("InstanceType", "InstanceCount"):
            if not one.get(member):
                raise invalid(f"{where}.{member}", one.get(member), "an instance type and a count of at least 1")


def _check_stopping(where: str, definition: Request) -> None:
    """Refuse a StoppingCondition that the kind of instances does not allow (§8, R21)."""
    stopping = definition.get("StoppingCondition") or {}
    runtime, wait = stopping.get("MaxRuntimeInSeconds", 86_400), stopping.get("MaxWaitTimeInSeconds")
    if runtime > MAX_RUNTIME_S:
        raise invalid(f"{where}.StoppingCondition.MaxRuntimeInSeconds", runtime, f"at most {MAX_RUNTIME_S} (28 days)")
    if definition.get("EnableManagedSpotTraining"):
        if wait is None:
            path = f"{where}.StoppingCondition.MaxWaitTimeInSeconds"
            raise invalid(path, wait, f"at least MaxRuntimeInSeconds ({runtime}) with EnableManagedSpotTraining")
    elif wait is not None:  # the service's words, as recorded in aws/sagemaker-python-sdk#4140
        text = "Invalid MaxWaitTimeInSeconds. It is only supported when EnableManagedSpotTraining is set to true"
        raise ServiceError("ValidationException", text)
