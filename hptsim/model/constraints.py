"""What a well-shaped request may still get wrong: the combinations that the service documents (sections 2, 6 and 8).

Every check refuses with a ValidationException. Where the service's words were recorded they are given; the others are
ours and name the member, what was given and what is expected.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from hptsim.errors import ServiceError, invalid

Request = Mapping[str, Any]
MAX_RANGES = 30
MAX_HYPERPARAMETERS = 100
MAX_ENVIRONMENT = 48
MAX_RUNTIME_S = 28 * 86_400
SOME_RANGES = ("IntegerParameterRanges", "ContinuousParameterRanges", "CategoricalParameterRanges")
RESOURCES = ("ResourceConfig", "HyperParameterTuningResourceConfig")


def check_tuning_job(request: Request) -> None:
    """Refuse a CreateHyperParameterTuningJob request that fits the model and whose parts do not go together.

    >>> check_tuning_job({"HyperParameterTuningJobConfig": {}, "TrainingJobDefinition": {}})
    Traceback (most recent call last):
    ...
    hptsim.errors.InvalidInput: HyperParameterTuningJobConfig.HyperParameterTuningJobObjective: got None, expected an objective
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
    if ("TrainingJobDefinition" in request) == ("TrainingJobDefinitions" in request):
        given = [one for one in ("TrainingJobDefinition", "TrainingJobDefinitions") if one in request]
        raise invalid("TrainingJobDefinition", given, "exactly one of TrainingJobDefinition and TrainingJobDefinitions")
    config = request["HyperParameterTuningJobConfig"]
    if "TrainingJobDefinition" in request:
        if "HyperParameterTuningJobObjective" not in config:
            raise invalid("HyperParameterTuningJobConfig.HyperParameterTuningJobObjective", None, "an objective")
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
    for place, name in enumerate(names):
        if name in names[:place] or name in static:
            raise invalid(f"{ranges[place][0]}.Name", name, "a hyperparameter that is not given twice")
    if len(names) + len(static) + 1 > MAX_HYPERPARAMETERS:  # the service adds one of its own
        raise invalid(where, len(names) + len(static), f"fewer than {MAX_HYPERPARAMETERS} hyperparameters")
    for path, kind, one in ranges:
        if kind in ("Integer", "Continuous"):
            _check_span(path, kind, one)


def _check_span(path: str, kind: str, one: Request) -> None:
    """Bounds are numbers that can be drawn from, and scaling fits them (§2.2)."""
    low, high = (_bound(f"{path}.{member}", one[member], kind) for member in ("MinValue", "MaxValue"))
    if low > high:
        raise invalid(f"{path}.MinValue", one["MinValue"], f"at most MaxValue ({one['MaxValue']})")
    scaling = one.get("ScalingType", "Auto")
    if scaling == "Logarithmic" and not (low > 0 and math.isfinite(high / low)):
        raise invalid(f"{path}.MinValue", one["MinValue"], "a value above 0 with ScalingType Logarithmic")
    if scaling == "ReverseLogarithmic" and (kind == "Integer" or low < 0 or high >= 1):
        raise invalid(f"{path}.ScalingType", scaling, "a continuous range within [0, 1)")
    if not math.isfinite(high - low):
        raise invalid(f"{path}.MaxValue", one["MaxValue"], "a range whose width is a finite number")


def _bound(path: str, text: str, kind: str) -> float:
    expected = "a whole number of 64 bits" if kind == "Integer" else "a finite number"
    try:
        value = int(text) if kind == "Integer" else float(text)
    except ValueError:
        raise invalid(path, text, f"{expected}, written as a text") from None
    if not math.isfinite(value) or (kind == "Integer" and abs(value) >= 2**63):
        raise invalid(path, text, f"{expected}, written as a text")
    return value


def _check_training(where: str, definition: Request) -> None:
    _check_algorithm(where, definition["AlgorithmSpecification"])
    given = [one for one in RESOURCES if one in definition]
    if len(given) != 1:
        raise invalid(where, given, f"exactly one of {' and '.join(RESOURCES)}")
    resources, path = definition[given[0]], f"{where}.{given[0]}"
    _check_resources(path, resources)
    if resources.get("KeepAlivePeriodInSeconds"):  # R14
        raise invalid(f"{path}.KeepAlivePeriodInSeconds", resources["KeepAlivePeriodInSeconds"], "none in tuning jobs")
    _check_stopping(where, definition)


def _check_algorithm(where: str, algorithm: Request) -> None:
    given = [one for one in ("TrainingImage", "AlgorithmName") if one in algorithm]
    if len(given) != 1:
        raise invalid(f"{where}.AlgorithmSpecification", given, "exactly one of TrainingImage and AlgorithmName")


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
        if wait is None or wait < runtime:
            path = f"{where}.StoppingCondition.MaxWaitTimeInSeconds"
            raise invalid(path, wait, f"at least MaxRuntimeInSeconds ({runtime}) with EnableManagedSpotTraining")
    elif wait is not None:  # the service's words, as recorded in aws/sagemaker-python-sdk#4140
        text = "Invalid MaxWaitTimeInSeconds. It is only supported when EnableManagedSpotTraining is set to true"
        raise ServiceError("ValidationException", text)
