"""What happens, in words that a reader knows: "vision-resnet-004 has saved its model".

One table for all that tells: the film of a run, the stories of counterexamples, and the page of an exploration.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from hptsim.model.account import TUNING_JOBS, by_type, standalone_holder
from hptsim.model.calls import LOST_RESPONSE, TIMEOUT
from hptsim.model.definitions import Amounts
from hptsim.model.entries import Record
from hptsim.model.statuses import FINAL_TRAINING

_LONGEST = 200
"""Characters of a log's line, a reason or hyperparameters that a sentence shows."""
EVENTS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "tuning": {
            "create": "is created",
            "launch": "launches its next training job",
            "child_ended": "hears that one of its training jobs has ended",
            "finish": "has ended",
            "max_runtime": "has reached its limit of running time",
            "criterion": "has met its completion criterion",
            "give_up": "gives up, for its training jobs fail",
            "stop": "is told to stop",
            "delete": "is deleted",
        },
        "training": {
            "create": "is created",
            "shortage": "finds no machines of its instance type",
            "wait": "has to wait for machines",
            "capacity": "gets the machines that it waited for",
            "no_capacity": "gets no machines, and fails",
            "ready": "has its instances",
            "downloaded": "has its data, and trains",
            "checkpoint": "has saved a checkpoint",
            "epoch": "has ended an epoch",
            "exited": "has ended its script",
            "uploaded": "has uploaded its results",
            "interrupt": "has lost its spot instances",
            "preempt": "has to make room for another team",
            "resume": "begins again",
            "stop": "hears of the stop",
            "saved": "has saved its model",
            "killed": "is killed, for its time after SIGTERM is over",
            "torn_down": "has given its instances back",
            "client_error": "fails with an error of its request",
            "algorithm_error": "fails with an error of its script",
            "internal_error": "meets an error of the service",
            "max_runtime": "has reached its limit of running time",
            "max_wait": "has reached its limit of waiting time",
            "max_pending": "has reached its limit of pending time",
            "delete": "is deleted",
        },
        "reservation": {
            "ask": "asks for",
            "grant": "gets",
            "withdraw": "no longer asks for",
            "move": "now has",
            "release": "gives back",
        },
        "occupancy": {"occupy": "uses", "vacate": "no longer uses"},
        "warm_pool": {
            "open": "is opened",
            "update": "is to be kept for another time",
            "job_ended": "is no longer used by its training job",
            "reuse": "is taken over",
            "expire": "is given up, for its keep-alive period is over",
            "terminate": "is given up",
        },
        "signal": {"stop": "is sent a stop", "SIGTERM": "gets SIGTERM"},
    }
)
"""By thing and trigger, what a sentence says after the name; for quota and instances, the amounts follow."""


def event(thing: str, trigger: str) -> str:
    """What *trigger* means to a *thing*; its own name where it is one of a table that we do not know.

    >>> event("training", "saved"), event("training", "mine")
    ('has saved its model', 'mine')
    """
    return EVENTS.get(thing, {}).get(trigger, trigger)


def sentence(record: Record) -> str:
    """A journal's entry as a sentence.

    >>> sentence(Record(5.0, "tuning", "a", "finish", "Stopping", "Stopped", None))
    'a has ended: Stopped'
    """
    return phrase(record).replace("{name}", record.name, 1)


def phrase(record: Record) -> str:
    """The sentence with {name} in place of the name, where it begins so: many entries of a journal have the same one."""
    said, data = event(record.thing, record.trigger), record.data
    match record.thing:
        case "tuning" | "training":
            return f"{{name}} {said}{_more(record)}"
        case "reservation":
            return f"{data.holder.removeprefix(standalone_holder(''))} {said} {amounts(data.amounts)}"
        case "occupancy":
            return f"{{name}} {said} {amounts(data)}"
        case "artifact":
            return f"{{name}} has its {record.destination} stored"
        case "log":
            return f"{{name}} writes to its log: {_short(data)}"
        case "warm_pool":
            return f"the warm pool of {{name}} {said}" + (f" by {data.by}" if record.trigger == "reuse" else "")
        case "call":
            return f"{data.operation} for {{name}}: {answered(record.trigger)}"
        case "refused":
            return f"{{name}}: the request to {record.trigger} it is refused: {_short(data)}"
    return f"{{name}} {said}"


def _more(record: Record) -> str:
    """What a sentence about a job adds: how it was made, its metric, why it failed, the status with which it ended."""
    data, trigger = record.data, record.trigger
    if record.thing == "training" and trigger == "create" and data.hyperparameters:
        return f" with {_short(', '.join(f'{name} = {value}' for name, value in data.hyperparameters.items()))}"
    if trigger == "epoch":
        return f", number {data.number}" + ("" if data.objective is None else f", with objective {data.objective:.6g}")
    if trigger == "criterion":
        return f": {data.criterion}"
    ended = f": {record.destination}" if record.destination in FINAL_TRAINING and trigger != "delete" else ""
    reason = getattr(data, "reason", "")
    return f"{ended} ({_short(reason)})" if reason else ended


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def answered(answer: str) -> str:
    """What becomes of a request that gets no ordinary answer.

    >>> answered("ThrottlingException"), answered("timeout")
    ('the request is refused with ThrottlingException', 'the request does not arrive')
    """
    if answer == LOST_RESPONSE:
        return "the response is lost"
    return "the request does not arrive" if answer == TIMEOUT else f"the request is refused with {answer}"


def amounts(given: Amounts) -> str:
    """Instances by type, in words.

    >>> amounts({"ml.m5.xlarge": 2, "total-instances": 2, "tuning-jobs": 1})
    '2 ml.m5.xlarge and a place among the tuning jobs'
    """
    parts = [f"{count} {pool}" for pool, count in by_type(given).items()]
    if given.get(TUNING_JOBS):
        parts.append("a place among the tuning jobs")
    return " and ".join(parts) or "nothing"
