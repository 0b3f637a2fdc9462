"""The JSON Schema of scenario files, so that an editor completes their keys and underlines what is wrong.

It is made from the classes that read the files: the keys are their fields, what a key may be is what its validator says, and
the words are those below the field. What several keys say together (`until_s` or `count`, a quota of each team) only reading
the file checks, and so is what a request holds.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Mapping
from textwrap import dedent
from typing import Any

import attrs

from hptsim.model.assumptions import Assumptions
from hptsim.model.calls import ANY, OPERATIONS
from hptsim.model.definitions import ServiceLimits
from hptsim.model.specs import TuningJobSpec
from hptsim.model.teams import Share, Teams
from hptsim.model.validators import Check
from hptsim.scenario import arrival_patterns, configured_durations, durations, durations_by_type, learning_curves
from hptsim.scenario.answers import InjectedAnswer, Rate
from hptsim.scenario.cloud import Faults, Recorded, Script, Timings
from hptsim.scenario.files import LIMITS, PRESETS
from hptsim.scenario.prices import Prices
from hptsim.scenario.scenario import Scenario
from hptsim.scenario.workload import Arrivals, ScheduledTuningJob

Schema = dict[str, Any]
_NUMBER: Schema = {"type": "number"}
_NUMBERS: Schema = {"type": "array", "items": _NUMBER}
_STRING: Schema = {"type": "string"}
_ANYTHING: Schema = {}
_DURATION = {"$ref": "#/$defs/duration"}
_REQUEST: Schema = {
    "description": "A CreateHyperParameterTuningJob request, or the path of one in JSON in the scenario's folder.",
    "anyOf": [{"type": "object", "required": ["HyperParameterTuningJobName"]}, _STRING],
}
_BY_ANNOTATION: Mapping[str, Schema] = {
    "Duration": _DURATION,
    "DurationByType": {"$ref": "#/$defs/duration_by_type"},
    "Duration | Configured": {"$ref": "#/$defs/duration_by_configuration"},
    "Duration | Profile | Times": {"$ref": "#/$defs/gap"},
    "Curve": {"$ref": "#/$defs/curve"},
    "Mapping[str, Curve]": {"type": "object", "additionalProperties": {"$ref": "#/$defs/curve"}},
    "Mapping[str, Duration]": {"type": "object", "additionalProperties": _DURATION},
    "tuple[float, ...]": _NUMBERS,
    "float": _NUMBER,
    "str": _STRING,
    "Any": _ANYTHING,
}


def schema() -> Schema:
    """The schema of a scenario file (JSON Schema, draft 2020-12).

    >>> found = schema()
    >>> found["properties"]["capacity"]["additionalProperties"]["minimum"]
    0
    >>> found["properties"]["timings"]["anyOf"][0]
    {'enum': ['instant', 'typical']}
    """
    own = _part(Scenario)
    parts = own["properties"]
    parts["$schema"] = {**_STRING, "description": "Where this schema is: for editors."}
    limits = _part(ServiceLimits)
    parts["limits"] = _or(limits["description"], {"enum": list(LIMITS)}, limits)
    timings = _part(Timings)
    timings["properties"]["preset"] = {"enum": list(PRESETS), "description": "What the other keys change."}
    parts["timings"] = _or(timings["description"], {"enum": list(PRESETS)}, timings)
    assumptions = _part(Assumptions)
    assumptions["properties"]["read_lag_s"] |= _DURATION
    parts |= {"assumptions": assumptions, "faults": _part(Faults), "script": _part(Script), "teams": _teams()}
    parts["prices"] = _or("A table of prices, or the path of one.", _STRING, _part(Prices))
    rate: Schema = {"anyOf": [{"type": "number", "exclusiveMinimum": 0}, _part(Rate)]}
    by_operation = {"type": "object", "propertyNames": _OPERATION, "additionalProperties": rate}
    parts["request_rates"] = _or(parts["request_rates"]["description"], {"enum": ["none", "service"]}, by_operation)
    answer = _part(InjectedAnswer)
    answer["properties"]["operation"] |= _OPERATION
    parts["answers"] |= {"type": "array", "items": answer}
    parts["tuning_jobs"] = {"type": "array", "items": _tuning_job()}
    parts["arrivals"] = {"type": "array", "items": _arrivals()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A scenario of hptsim",
        "$defs": {
            "duration": _of_kinds("seconds", durations.KINDS),
            "duration_by_type": _of_kinds("seconds", {**durations.KINDS, **durations_by_type.KINDS}),
            "duration_by_configuration": _of_kinds("seconds", {**durations.KINDS, **configured_durations.KINDS}),
            "gap": _of_kinds("seconds", arrival_patterns.GAPS),
            "curve": _of_kinds("", learning_curves.KINDS),
        },
        **own,
    }


_OPERATION: Schema = {"enum": [*OPERATIONS, ANY]}


def _or(description: str, *choices: Schema) -> Schema:
    return {"description": description, "anyOf": list(choices)}


def _teams() -> Schema:
    teams = _part(Teams)
    teams["properties"]["shares"] = {"type": "object", "additionalProperties": _part(Share)}
    return teams


def _beside() -> Schema:
    """What stands beside a request: of the spec that it becomes."""
    known = _part(TuningJobSpec)["properties"]
    strategy = {**_STRING, "description": 'In place of the request\'s: "package.module:Class" is one of your own.'}
    return {
        "priority": known["priority"],
        "team": known["team"],
        "estimate_s": known["estimate_s"],
        "strategy": strategy,
    }


def _tuning_job() -> Schema:
    job = _part(ScheduledTuningJob)
    recorded = {"type": "array", "items": _part(Recorded)}
    own = {"request": _REQUEST, **_beside(), "faults": _part(Faults), "recorded": recorded}
    del job["properties"]["spec"]
    job["properties"] |= own
    job["required"] = ["request"]
    return job


def _arrivals() -> Schema:
    arrivals = _part(Arrivals)
    del arrivals["properties"]["template"]
    beside = _beside()
    several = {"type": "array", "items": _STRING}
    beside["strategy"] = _or(beside["strategy"]["description"], _STRING, several)
    request = _or("One request, or several: a mix.", *_REQUEST["anyOf"], {"type": "array", "items": _REQUEST})
    arrivals["properties"] |= {"request": request, **beside}
    arrivals["required"] = ["request", "interarrival_s"]
    return arrivals


def _of_kinds(number: str, kinds: Mapping[str, type[Any]]) -> Schema:
    """A number of 0 or more, where *number* says of what, or a table with one key that names the kind."""
    choices: list[Schema] = [{"type": "number", "minimum": 0, "description": number}] if number else []
    tables: dict[str, Schema] = {kind: _part(cls) for kind, cls in kinds.items()}
    if number:
        tables["scipy"] = {
            "type": "object",
            "description": "A continuous distribution of scipy.stats.",
            "properties": {"name": _STRING, "args": _NUMBERS, "kwds": {"type": "object"}},
            "required": ["name"],
            "additionalProperties": False,
        }
    one = {
        "type": "object",
        "properties": tables,
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    }
    return {"anyOf": [*choices, one]}


def _part(cls: type[Any]) -> Schema:
    """A table with the fields of *cls* as its keys."""
    words = _words(cls)
    fields = [field for field in attrs.fields(cls) if field.init]
    keys = {field.alias: _key(field, words.get(field.name, "")) for field in fields}
    required = [field.alias for field in fields if field.default is attrs.NOTHING]
    description = (inspect.getdoc(cls) or "").partition("\n")[0]
    part: Schema = {"type": "object", "description": description, "properties": keys, "additionalProperties": False}
    return {**part, "required": required} if required else part


def _key(field: attrs.Attribute[Any], words: str) -> Schema:
    described: Schema = {"description": words} if words else {}
    if type(field.default) in (str, int, float, bool):
        described["default"] = field.default
    if isinstance(field.validator, Check):
        return {**field.validator.schema, **described}
    annotation = str(field.type).removesuffix(" | None")
    return {**_BY_ANNOTATION.get(annotation, _ANYTHING), **described}


def _words(cls: type[Any]) -> Mapping[str, str]:
    """What stands below each field of a class, as one line."""
    (definition,) = ast.parse(dedent(inspect.getsource(cls))).body
    assert isinstance(definition, ast.ClassDef)
    found: dict[str, str] = {}
    for field, below in zip(definition.body, definition.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(below, ast.Expr):
            value = below.value
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                found[field.target.id] = " ".join(value.value.split())
    return found
