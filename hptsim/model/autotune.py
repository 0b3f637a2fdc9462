"""Autotune: what the service chooses when a request leaves it out (L17, M:Autotune; assumption `autotune`).

The choices are written into the request itself, in the service's own words, before it is read: so they act, and a description
shows them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hptsim.errors import invalid
from hptsim.model.ranges import ParameterRange, combinations

TRAINING_JOBS_PER_RANGE, MOST_TRAINING_JOBS = 10, 100
RETRIES = 3
KINDS = ("Integer", "Continuous", "Categorical")
Data = dict[str, Any]


def autotuned(request: Mapping[str, Any]) -> Mapping[str, Any]:
    """The request with everything filled in that Autotune chooses; the same one where Autotune is not asked for.

    Raises InvalidInput for another mode than Enabled.

    >>> autotuned({"Autotune": {"Mode": "Enabled"}})["HyperParameterTuningJobConfig"]["Strategy"]
    'Bayesian'
    """
    if not request.get("Autotune"):
        return request
    if request["Autotune"] != {"Mode": "Enabled"}:
        raise invalid("Autotune", request["Autotune"], "{'Mode': 'Enabled'}")
    filled = dict(request)
    config = dict(request.get("HyperParameterTuningJobConfig") or {})
    config.setdefault("Strategy", "Bayesian")
    several = request.get("TrainingJobDefinitions") or []
    definitions = [_definition(one) for one in several or [request.get("TrainingJobDefinition") or {}]]
    if several:
        filled["TrainingJobDefinitions"] = definitions
    elif "TrainingJobDefinition" in request:
        filled["TrainingJobDefinition"] = definitions[0]
    if config.get("ParameterRanges"):
        config["ParameterRanges"] = ranges_from_hints(config["ParameterRanges"])
    config["ResourceLimits"] = {"MaxParallelTrainingJobs": 1, **(config.get("ResourceLimits") or {})}
    stops = config["Strategy"] != "Hyperband" and len(definitions) == 1
    config.setdefault("TrainingJobEarlyStoppingType", "Auto" if stops else "Off")
    criteria = dict(config.get("TuningJobCompletionCriteria") or {})
    criteria.setdefault("ConvergenceDetected", {"CompleteOnConvergence": "Enabled"})
    config["TuningJobCompletionCriteria"] = criteria
    filled["HyperParameterTuningJobConfig"] = config
    return filled


def ranges_from_hints(given: Mapping[str, Any]) -> Data:
    """Parameter ranges with one for each of AutoParameters that has none yet.

    >>> ranges_from_hints({"AutoParameters": [{"Name": "rate", "ValueHint": "0.01"}]})["ContinuousParameterRanges"]
    [{'Name': 'rate', 'MinValue': '0.001', 'MaxValue': '0.1', 'ScalingType': 'Logarithmic'}]
    """
    ranges: Data = {name: list(value) for name, value in given.items() if isinstance(value, list)}
    known = {one.get("Name") for kind in KINDS for one in ranges.get(f"{kind}ParameterRanges", [])}
    for hint in ranges.get("AutoParameters", []):
        if isinstance(hint, Mapping) and {"Name", "ValueHint"} <= hint.keys() and hint["Name"] not in known:
            kind, chosen = _range(str(hint["ValueHint"]))
            ranges.setdefault(f"{kind}ParameterRanges", []).append({"Name": hint["Name"], **chosen})
    return ranges


def _range(hint: str) -> tuple[str, Data]:
    """The range around an example value: a decade to each side of a number, both truth values, or the string alone."""
    if hint.lower() in ("true", "false"):
        return "Categorical", {"Values": [hint, _other(hint)]}
    try:
        number = float(hint)
    except ValueError:
        return "Categorical", {"Values": [hint]}
    whole = hint.strip().lstrip("+-").isdigit()
    low, high = sorted((number / 10, number * 10))
    if whole:
        low, high = (max(1, int(low)), int(high)) if number > 0 else (int(low), max(int(high), int(low) + 1))
    elif 0 < number <= 1:
        high = min(high, 1.0)  # a share or a rate stays one
    elif number == 0:
        high = 1.0
    scaling = "Logarithmic" if low > 0 else "Linear"
    text = str if whole else (lambda value: f"{value:.12g}")
    return ("Integer" if whole else "Continuous"), {
        "MinValue": text(low),
        "MaxValue": text(high),
        "ScalingType": scaling,
    }


def _other(truth: str) -> str:
    other = "false" if truth.lower() == "true" else "true"
    return other.upper() if truth.isupper() else other.capitalize() if truth[0].isupper() else other


def _definition(given: Any) -> Any:
    """A definition with its retries and the ranges that its own hints stand for."""
    if not isinstance(given, Mapping):
        return given  # what is wrong with it is said where it is read
    definition = {"RetryStrategy": {"MaximumRetryAttempts": RETRIES}, **given}
    if definition.get("HyperParameterRanges"):
        definition["HyperParameterRanges"] = ranges_from_hints(definition["HyperParameterRanges"])
    return definition


def training_jobs(ranges: Iterable[tuple[ParameterRange, ...]]) -> int:
    """MaxNumberOfTrainingJobs for the *ranges* of each definition: ten for each range, not more than there are configurations.

    >>> training_jobs([(ParameterRange("rate", "Continuous", 0, 1), ParameterRange("depth", "Integer", 1, 3))])
    20
    >>> training_jobs([(ParameterRange("depth", "Integer", 1, 3),)])
    3
    """
    each = [one for one in ranges if one]
    wanted = min(TRAINING_JOBS_PER_RANGE * sum(map(len, each)), MOST_TRAINING_JOBS)
    counts = [combinations(one) for one in each]
    possible = wanted if None in counts else sum(count or 0 for count in counts)
    return max(1, min(wanted, possible))
