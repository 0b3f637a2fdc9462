"""What a warm start must have in common with its parents (C8, C9)."""

from __future__ import annotations

from typing import Any

from hptsim.errors import ServiceError
from hptsim.model.definitions import TrainingJobDefinition
from hptsim.model.request_writer import to_request
from hptsim.model.specs import TuningJobSpec

FIXED = ("Environment", "EnableNetworkIsolation", "EnableInterContainerTrafficEncryption", "RetryStrategy")
"""Members of a definition that no warm start may change: the recorded list of those that may leaves them out."""
MAY_CHANGE = (
    "outputDataConfig staticHyperParameters roleArn resourceConfig stoppingCondition vpcConfig "
    "enableManagedSpotTraining checkpointConfig"
).split()
"""Members that may change, in the service's order and spelling."""
MAY_DIFFER = ("algorithmSpecification", "inputDataConfig")
"""Members that may change with TransferLearning, before the others."""
MOST_CHANGES = 10
"""So many tunable hyperparameters may become static, or static ones get another value, in all (C8)."""


def check_parent(spec: TuningJobSpec, parent: TuningJobSpec) -> None:
    """Refuse a warm start whose definition does not go with that of *parent*: ServiceError, a ValidationException.

    Compared are the objective, the names and types of the hyperparameters, how many became or changed as static ones, and
    the members of the definition that may not change: with IdenticalDataAndAlgorithm the image and the input data too. A type
    is compared where both tune the hyperparameter (`warm-start-comparison`).

    >>> parent = TuningJobSpec("a", (TrainingJobDefinition(static={"depth": "3"}),))
    >>> check_parent(TuningJobSpec("b", parents=("a",), warm_start="TransferLearning"), parent)
    Traceback (most recent call last):
    ...
    hptsim.errors.ServiceError: ValidationException: The set of tunable plus static HyperParameter names is not the same \
across current and parent tuning jobs. Please ensure this set is constant when warm starting. The parent a also has ['depth'].
    """
    if len(parent.definitions) > 1:
        raise _refused(f"The parent {parent.name} has {len(parent.definitions)} definitions; a warm start takes one.")
    new, old = spec.definitions[0], parent.definitions[0]
    if (wanted := parent.objective_of(old)) != spec.objective_of(new):
        raise _refused(f"The objective metric of the parent {parent.name} is another: {wanted}.")
    _check_hyperparameters(_Hyperparameters(spec, new), _Hyperparameters(parent, old), parent.name)
    _check_members(spec, parent)


class _Hyperparameters:
    """The hyperparameters of a tuning job with one definition: static values, and types of those that are tuned."""

    def __init__(self, spec: TuningJobSpec, definition: TrainingJobDefinition) -> None:
        self.static = definition.static
        self.kinds = {one.name: one.kind for one in spec.ranges_of(definition)}
        self.names = {*self.static, *self.kinds}


def _check_hyperparameters(new: _Hyperparameters, old: _Hyperparameters, parent: str) -> None:
    if new.names != old.names:
        more = f" It has {sorted(new.names - old.names)} more." if new.names - old.names else ""
        less = f" The parent {parent} also has {sorted(old.names - new.names)}." if old.names - new.names else ""
        raise _refused(  # the service's words, seen in aws/amazon-sagemaker-examples#861, up to the names
            "The set of tunable plus static HyperParameter names is not the same across current and parent tuning jobs. "
            f"Please ensure this set is constant when warm starting.{more}{less}"
        )
    for name in new.kinds.keys() & old.kinds.keys():
        kinds = new.kinds[name], old.kinds[name]
        if kinds[0] != kinds[1] and "Auto" not in kinds:
            raise _refused(f"The hyperparameter {name} is {kinds[0]}, and {kinds[1]} in the parent {parent}.")
    changed = sorted(name for name, value in new.static.items() if old.static.get(name) != value)
    if len(changed) > MOST_CHANGES:
        text = f"of the parent {parent} change as static hyperparameters, at most {MOST_CHANGES} may: {changed}."
        raise _refused(f"{len(changed)} hyperparameters {text}")


def _check_members(spec: TuningJobSpec, parent: TuningJobSpec) -> None:
    identical = spec.warm_start == "IdenticalDataAndAlgorithm"
    new, old = _compared(spec, identical), _compared(parent, identical)
    changed = sorted(member for member in new if new[member] != old[member])
    if changed:  # the service's words, seen in aws/sagemaker-python-sdk#3693, up to the colon and the last list
        allowed = ", ".join([*(() if identical else MAY_DIFFER), *MAY_CHANGE])
        text = f"Only the following fields in TrainingJobDefinition are allowed to change: [{allowed}]."
        raise _refused(f"{text} Changed since the parent {parent.name}: {', '.join(changed)}.")


def _compared(spec: TuningJobSpec, identical: bool) -> dict[str, Any]:
    """What must be the same in a definition; what is left out counts as none, False or the string None."""
    request = to_request(spec)
    several = request.get("TrainingJobDefinitions") or [None]
    definition = request.get("TrainingJobDefinition") or several[0]
    compared = {member: definition.get(member) or None for member in FIXED}
    if identical:
        algorithm = definition["AlgorithmSpecification"]
        compared["AlgorithmSpecification"] = algorithm.get("TrainingImage") or algorithm.get("AlgorithmName")
        compared["InputDataConfig"] = [_channel(one) for one in definition.get("InputDataConfig") or ()]
    return compared


def _channel(given: dict[str, Any]) -> dict[str, Any]:
    """An input channel without what means that it is not packed."""
    return {name: value for name, value in given.items() if value is not None and value != "None"}


def _refused(text: str) -> ServiceError:
    return ServiceError("ValidationException", text)
