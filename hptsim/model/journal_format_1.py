"""Journals of format 1: without step numbers and checksums, and with other names for what comes with an entry.

They are only read. Where a step ends is not in them; it follows from which entries can begin one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from hptsim.model.entries import Record
from hptsim.model.journal_lines import decode as decode_format_2
from hptsim.model.tables import TUNING

_CAUSED = {("tuning", "child_ended"), ("tuning", "give_up"), ("tuning", "criterion"), ("training", "create")} | {
    (thing, trigger)
    for thing, triggers in {
        "reservation": ("grant", "withdraw", "move", "release"),
        "occupancy": ("occupy", "vacate"),
        "signal": ("SIGTERM", "stop"),
        "artifact": ("store",),
        "log": ("",),
        "warm_pool": ("open", "job_ended", "reuse"),
    }.items()
    for trigger in triggers
}
"""What never begins a step: the effects of rows, and what they lead to within the same step."""
_STOPPING_CHILDREN = {("tuning", row.trigger, row.source) for row in TUNING.rows if "STOP_CHILDREN" in row.effects}


def decode(line: Any) -> Record:
    """A line of format 1, parsed, as a record without its step; raises ValueError, TypeError or KeyError if it is none.

    >>> line = {"t": 5.0, "thing": "signal", "name": "a-001-1234abcd", "trigger": "SIGTERM", "from": "", "to": ""}
    >>> decode(line).trigger
    'SIGTERM'
    """
    if not isinstance(line, dict) or "step" in line:
        raise ValueError("not a journal entry")
    data = line.get("data")
    if isinstance(data, dict):
        if (line.get("thing"), line.get("trigger")) == ("training", "create"):
            data = _training_job(data)
        elif line.get("thing") == "training":
            data = _renamed(data)
    return decode_format_2({**line, "step": 0, "data": data})


def _training_job(data: Mapping[str, Any]) -> dict[str, Any]:
    fields = {**data, "standalone": None}
    if not fields["tuning_job"]:
        fields["standalone"] = {**fields["definition"], "request": fields.pop("request")}
        fields["definition"] = 0
    return fields


def _renamed(data: Mapping[str, Any]) -> dict[str, Any]:
    if "epoch" in data:
        return {"number": data["epoch"], "objective": data["objective"]}
    if "objective" in data:
        return {"saved": data.get("saved"), "objective": data["objective"]}
    return {"uri": data["saved"]} if "saved" in data else dict(data)


def numbered(records: Iterable[Record]) -> Iterator[Record]:
    """*records* with the steps that they must have belonged to."""
    step: list[Record] = []
    number = 0
    for record in records:
        if step and not _goes_on(step, record):
            step = []
            number += 1
        step.append(record)
        yield record._replace(step=number)


def _goes_on(step: list[Record], record: Record) -> bool:
    """Whether *record* belongs to a step that has begun with the entries in *step*."""
    root = step[0]
    if record.trigger == "launch":  # on a grant of another step, or a step of its own on idle instances
        return record.data is not None
    if record.trigger == "ask":  # at creation, or by a launch that finds nothing idle
        return (root.thing, root.trigger) == ("tuning", "create") and len(step) == 1
    if (record.thing, record.trigger) == ("training", "stop"):  # with its tuning job, or a step of its own
        stopping = {one.name for one in step if (one.thing, one.trigger, one.source) in _STOPPING_CHILDREN}
        told = any((one.thing, one.name) == ("signal", record.name) for one in step)
        return record.name.rsplit("-", 2)[0] in stopping and not told
    return (record.thing, record.trigger) in _CAUSED
