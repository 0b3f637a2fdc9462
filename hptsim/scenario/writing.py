"""Scenarios written as data, the way files hold them: what `files` reads back to equal ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from hptsim.errors import below
from hptsim.model.request_writer import to_request
from hptsim.model.search import import_path
from hptsim.model.specs import BESIDE, TuningJobSpec
from hptsim.scenario import configured_durations, durations, durations_by_type, learning_curves
from hptsim.scenario.arrival_patterns import GAPS
from hptsim.scenario.durations_by_type import ByInstanceType
from hptsim.scenario.workload import Arrivals, ScheduledTuningJob


def job_to_data(job: ScheduledTuningJob) -> dict[str, Any]:
    """A tuning job as files hold it."""
    data: dict[str, Any] = {"at_s": job.at_s, "stop_at_s": job.stop_at_s, "request": to_request(job.spec)}
    data |= _beside(job.spec)
    data["strategy"] = _strategy(job.spec)
    if job.template:
        data["template"] = job.template
    if job.faults is not None:
        data["faults"] = part_to_data(job.faults)
    if job.recorded:
        data["recorded"] = [attrs.asdict(one, filter=_given) for one in job.recorded]
    return without_none(data)


def _beside(spec: TuningJobSpec) -> dict[str, Any]:
    """What stands beside a request: priority, team and estimate, where they are not the defaults."""
    return {name: value for name, default in BESIDE.items() if (value := getattr(spec, name)) != default}


def _given(attribute: attrs.Attribute[Any], value: Any) -> bool:
    return bool(value != attribute.default)


def arrivals_to_data(one: Arrivals) -> dict[str, Any]:
    """Arrivals as files hold them."""
    requests = [to_request(template) for template in one.templates]
    data: dict[str, Any] = {"request": requests if len(requests) > 1 else requests[0]}
    data["interarrival_s"] = durations.to_data(one.interarrival_s, GAPS)
    for name in ("count", "until_s", "start_s", "batch"):
        if (value := getattr(one, name)) != getattr(attrs.fields(Arrivals), name).default:
            data[name] = value
    if one.batch_gap_s:
        data["batch_gap_s"] = durations.to_data(one.batch_gap_s)
    if one.weights:
        data["weights"] = list(one.weights)
    data |= _beside(one.templates[0])
    if any(map(_strategy, one.templates)):
        strategies = [import_path(template.strategy) for template in one.templates]
        data["strategy"] = strategies[0] if len(set(strategies)) == 1 else strategies
    return data


def _strategy(spec: TuningJobSpec) -> str | None:
    """The strategy as files hold it, where the request does not name it; raises InvalidInput if it has no import path."""
    if to_request(spec)["HyperParameterTuningJobConfig"].get("Strategy") == spec.strategy:
        return None
    with below(spec.name):
        return import_path(spec.strategy)


def part_to_data(part: Any) -> dict[str, Any]:
    """Timings, faults, a script or assumptions as files hold them."""
    values = {field.name: getattr(part, field.name) for field in attrs.fields(type(part))}
    for name, value in values.items():
        if isinstance(value, ByInstanceType):
            values[name] = durations_by_type.to_data(value)
        elif value is not None and name.endswith("_s"):
            values[name] = configured_durations.to_data(value)
        elif value is not None and name == "curve":
            values[name] = learning_curves.to_data(value)
        elif name == "metrics":
            values[name] = {metric: learning_curves.to_data(curve) for metric, curve in value.items()} or None
    return without_none(values)


def without_none(data: Mapping[str, Any]) -> dict[str, Any]:
    """The keys that have a value.

    >>> without_none({"at_s": 0.0, "stop_at_s": None})
    {'at_s': 0.0}
    """
    return {name: value for name, value in data.items() if value is not None}
