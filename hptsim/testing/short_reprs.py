"""How hypothesis shows what it has drawn: of a scenario, a spec or a cloud, the fields that differ from their defaults."""

from __future__ import annotations

from typing import Any

import attrs

from hptsim.model.assumptions import Assumptions
from hptsim.model.definitions import (
    CompletionCriteria,
    Hyperband,
    InstanceRequest,
    ResourceLimits,
    ServiceLimits,
    TrainingJobDefinition,
)
from hptsim.model.specs import TuningJobSpec
from hptsim.scenario.cloud import Faults, Script, Timings
from hptsim.scenario.scenario import Scenario
from hptsim.scenario.workload import Arrivals, ScheduledTuningJob

SHORT = (
    Arrivals,
    Assumptions,
    CompletionCriteria,
    Faults,
    Hyperband,
    InstanceRequest,
    ResourceLimits,
    Scenario,
    ScheduledTuningJob,
    Script,
    ServiceLimits,
    Timings,
    TrainingJobDefinition,
    TuningJobSpec,
)
"""The records that are shown so."""


def differing(record: Any) -> dict[str, Any]:
    """The arguments that make an equal record, without those that are the defaults.

    >>> differing(Faults(algorithm_error=0.5))
    {'algorithm_error': 0.5}
    """
    return {
        field.alias or field.name: getattr(record, field.name)
        for field in attrs.fields(type(record))
        if field.init and field.repr is not False and not _is_default(record, field)
    }


def _is_default(record: Any, field: Any) -> bool:
    if field.default is attrs.NOTHING:
        return False
    if isinstance(field.default, attrs.Factory):  # type: ignore[arg-type]
        default = field.default.factory(record) if field.default.takes_self else field.default.factory()
    else:
        default = field.default
    if field.converter is not None and not isinstance(field.converter, attrs.Converter):
        default = field.converter(default)
    return bool(getattr(record, field.name) == default)


def _show(record: Any, printer: Any, cycle: bool) -> None:
    name = type(record).__name__
    with printer.group(len(name) + 1, f"{name}(", ")"):
        for place, (field, value) in enumerate(differing(record).items()):
            if place:
                printer.text(",")
                printer.breakable()
            printer.text(f"{field}=")
            printer.pretty(value)


for _kind in SHORT:
    setattr(_kind, "_repr_pretty_", _show)  # noqa: B010 - the way in which hypothesis, and IPython, ask a class
