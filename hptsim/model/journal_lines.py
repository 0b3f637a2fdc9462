"""A journal entry as a line of JSON, and back."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import attrs

from hptsim.model.definitions import InstanceRequest, Objective, TrainingJobDefinition
from hptsim.model.entries import THINGS, Entry, Record
from hptsim.model.payloads import OPTIONAL, PAYLOADS, TrainingJobCreated, TuningJobCreated
from hptsim.model.ranges import ParameterRange
from hptsim.model.request_writer import to_request
from hptsim.model.specs import BESIDE, TuningJobSpec

KEYS = ("step", "t", "thing", "name", "trigger", "from", "to", "data")
_to_json = json.JSONEncoder(default=dict).encode


def encode(entry: Entry) -> str:
    """An entry as a line of JSON.

    >>> print(encode(Record(0.5, "log", "a-001", "", "", "", "Training started.", 3)), end="")
    {"step": 3, "t": 0.5, "thing": "log", "name": "a-001", "trigger": "", "from": "", "to": "", "data": "Training started."}
    """
    time_s, thing, name, trigger, source, destination, data, step = entry
    line = {"step": step, "t": time_s, "thing": thing, "name": name, "trigger": trigger, "from": source}
    return _to_json({**line, "to": destination, "data": payload_as_json(data)}) + "\n"


def payload_as_json(data: Any) -> Any:
    """What comes with an entry as JSON has it: dictionaries, strings, numbers, None."""
    if not isinstance(data, tuple):
        return data
    fields: dict[str, Any] = data._asdict()  # type: ignore[attr-defined]
    if type(data) is TuningJobCreated:
        line = {"request": to_request(data.spec), "priority": data.spec.priority}
        return line | {name: value for name, usual in BESIDE.items() if (value := getattr(data.spec, name)) != usual}
    if type(data) is TrainingJobCreated and data.standalone is not None:
        fields["standalone"] = attrs.asdict(data.standalone)
    return fields


def decode(line: Any) -> Record:
    """A line of JSON, parsed, as a record; raises ValueError, TypeError or KeyError when it is none."""
    if not isinstance(line, dict) or line.keys() != set(KEYS):
        raise ValueError("not a journal entry")
    step, time_s, *words, data = [line[key] for key in KEYS]
    if line["thing"] not in THINGS:
        raise ValueError(f"no thing is called {line['thing']!r}")
    if not isinstance(time_s, (int, float)) or not math.isfinite(time_s):
        raise ValueError(f"the time is {time_s!r}")
    if not isinstance(step, int) or not all(isinstance(word, str) for word in words):
        raise ValueError("not a journal entry")
    thing, name, trigger, source, destination = words
    return Record(time_s, thing, name, trigger, source, destination, payload((thing, trigger), data), step)


def payload(kind: tuple[str, str], data: Any) -> Any:
    """What comes with an entry of a thing and trigger, from JSON; raises ValueError or TypeError for anything else."""
    made = PAYLOADS.get(kind)
    if data is None and (made is None or kind in OPTIONAL):
        return None
    written: type[Any] = str if made is str else dict
    if made is None or not isinstance(data, written):
        raise ValueError(f"{' '.join(kind)} comes with {data!r}")
    if made is str or made is dict:
        return data
    if made is TuningJobCreated:
        beside = {name: data[name] for name in BESIDE if name == "priority" or name in data}
        return TuningJobCreated(TuningJobSpec.from_request(data["request"], **beside))
    if made is TrainingJobCreated and data["standalone"] is not None:
        data = {**data, "standalone": definition(data["standalone"])}
    return made(**data)


def definition(fields: Mapping[str, Any]) -> TrainingJobDefinition:
    """A training job definition from its fields as JSON has them.

    >>> definition(attrs.asdict(TrainingJobDefinition(spot=True))) == TrainingJobDefinition(spot=True)
    True
    """
    objective = fields["objective"]
    return TrainingJobDefinition(
        **{
            **fields,
            "instances": InstanceRequest(**fields["instances"]),
            "alternatives": tuple([InstanceRequest(**one) for one in fields["alternatives"]]),
            "objective": None if objective is None else Objective(**objective),
            "ranges": tuple([ParameterRange(**{**one, "values": tuple(one["values"])}) for one in fields["ranges"]]),
        }
    )
