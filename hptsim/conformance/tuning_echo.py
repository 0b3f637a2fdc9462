"""What a tuning job was asked to be: the limits that its answers echo, and whether they echo its request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hptsim.conformance.answers import Members, Refusal, shown
from hptsim.conformance.orders import Event
from hptsim.conformance.tuning_search import Terms

ECHO = (
    "HyperParameterTuningJobConfig",
    "TrainingJobDefinition",
    "TrainingJobDefinitions",
    "WarmStartConfig",
    "Autotune",
    "Strategy",
    "ResourceLimits",
    "HyperParameterTuningJobArn",
)
"""The members that never change."""


def echoed(event: Event) -> dict[str, Any]:
    """The members of an answer that never change; what summaries show of the configuration stands beside the whole of it."""
    config = event.members.get("HyperParameterTuningJobConfig")
    shown_apart = (
        {} if not isinstance(config, Mapping) else {name: config[name] for name in ECHO[5:7] if name in config}
    )
    return {**{name: event.members[name] for name in ECHO if name in event.members}, **shown_apart}


def configs(events: Iterable[Event]) -> list[Members]:
    """What the answers and requests say of HyperParameterTuningJobConfig, the fullest first."""
    found: list[Members] = []
    for event in events:
        for source in (event.members, event.answer.request if event.kind.startswith("Create") else None):
            config = (source or {}).get("HyperParameterTuningJobConfig")
            if isinstance(config, Mapping):
                found.append({**config, "Autotune": True} if "Autotune" in (source or {}) else config)
    for event in events:
        if isinstance(limits := event.members.get("ResourceLimits"), Mapping):
            found.append({"ResourceLimits": limits})
    return found


def terms_of(events: Sequence[Event]) -> Terms:
    """What the request allows, as far as any answer says so."""
    found = configs(events)
    if not found:
        return Terms()
    limits = found[0].get("ResourceLimits") or {}
    chosen = "Strategy" not in found[0] or "Autotune" in found[0]
    criteria = bool(found[0].get("TuningJobCompletionCriteria"))
    return Terms(
        _number(limits.get("MaxNumberOfTrainingJobs")),
        _number(limits.get("MaxParallelTrainingJobs")),
        "MaxRuntimeInSeconds" in limits or "Autotune" in found[0],
        criteria or chosen,
    )


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def not_echoed(event: Event, request: Members) -> Refusal | None:
    """A refusal where Describe does not give back what was asked for; what the service fills in besides is its own (O8)."""
    for name in ECHO[:5]:
        if name in request and name in event.members:
            found = _missing(request[name], event.members[name], name)
            if found is not None:
                path, asked, given = found
                return event.refused(
                    path, given, f"{shown(asked)}, as asked for", "O5, O8: Describe echoes the request"
                )
    return None


def _missing(asked: Any, given: Any, path: str) -> tuple[str, Any, Any] | None:
    """The first part of *asked* that *given* does not have."""
    if isinstance(asked, Mapping) and isinstance(given, Mapping):
        for name, value in asked.items():
            if value is None:
                continue
            if name not in given:
                if value in ({}, [], "", False):
                    continue
                return f"{path}.{name}", value, None
            if (found := _missing(value, given[name], f"{path}.{name}")) is not None:
                return found
        return None
    if isinstance(asked, (list, tuple)) and isinstance(given, (list, tuple)):
        if len(given) < len(asked):
            return path, asked, given
        for place, (one, other) in enumerate(zip(asked, given, strict=False)):
            if (found := _missing(one, other, f"{path}[{place}]")) is not None:
                return found
        return None
    return None if asked == given or str(asked) == str(given) else (path, asked, given)
