"""What happens in a step, in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from hptsim.explorer.replay import Command
from hptsim.model.account import TUNING_JOBS, by_type
from hptsim.model.calls import LOST_RESPONSE, TIMEOUT
from hptsim.model.definitions import Amounts

EVENTS: Mapping[str, str] = MappingProxyType(
    {
        "launch": "it is time to launch a training job",
        "child_ended": "one of its training jobs has ended",
        "finish": "it ends",
        "criterion": "its completion criterion is met",
        "give_up": "it gives up after failures",
        "stop": "the stop arrives",
        "shortage": "machines of its type are short",
        "wait": "it has to wait for machines",
        "capacity": "there are machines for it",
        "no_capacity": "there are no machines for it",
        "ready": "its machines are ready",
        "downloaded": "its data has been downloaded",
        "checkpoint": "it writes a checkpoint",
        "epoch": "it reports an epoch",
        "saved": "its script saves the model",
        "exited": "its script ends",
        "killed": "its script is killed",
        "uploaded": "its results have been uploaded",
        "torn_down": "its machines have been given up",
        "interrupt": "its spot machines are taken away",
        "preempt": "it makes room for another team",
        "resume": "it begins again",
        "client_error": "a client error occurs",
        "algorithm_error": "its algorithm fails",
        "internal_error": "an internal error occurs",
        "max_runtime": "its time limit is reached",
        "max_wait": "its longest wait for spot machines is reached",
        "max_pending": "its longest wait for machines is reached",
        "expire": "its warm pool has been kept long enough",
        "open": "its warm pool is opened",
        "update": "its warm pool is to be kept for another time",
        "job_ended": "the job that uses its warm pool has ended",
        "reuse": "its warm pool is taken over",
        "terminate": "its warm pool is given up",
        "ask": "quota is asked for",
        "grant": "quota is granted",
        "withdraw": "the request for quota is withdrawn",
        "move": "its quota moves to another instance type",
        "release": "its quota is given back",
        "create": "it is created",
    }
)
"""What each trigger of the tables means to the job that it happens to."""
_CALLS: Mapping[str, str] = MappingProxyType(
    {
        "create_tuning_job": "the caller creates tuning job",
        "create_training_job": "the caller creates training job",
        "stop_tuning_job": "the caller stops tuning job",
        "stop_training_job": "the caller stops training job",
        "delete_tuning_job": "the caller deletes the record of tuning job",
        "delete_training_job": "the caller deletes the record of training job",
        "update_training_job": "the caller changes how long the warm pool is kept of training job",
    }
)


def event(trigger: str) -> str:
    """What *trigger* means; its own name where it is one of a table that we do not know.

    >>> event("ready"), event("mine")
    ('its machines are ready', 'mine')
    """
    return EVENTS.get(trigger, trigger)


def said(command: Command) -> str:
    """One command in words.

    >>> said(Command("fire", ("a-001", "ready"))), said(Command("stop_tuning_job", ("a",)))
    ('a-001: its machines are ready', 'the caller stops tuning job a')
    """
    match command.method, command.arguments:
        case "fire", (name, trigger):
            return f"{name}: {event(trigger)}"
        case "run", ():
            return "nothing more has to happen"
        case "note_answer", (operation, name, answer, _):
            return f"{operation} for {name}: {answered(answer)}"
        case method, (about, *_) if method in _CALLS:
            return f"{_CALLS[method]} {getattr(about, 'name', about)}"
    given = ", ".join(map(repr, command.arguments))
    return f"the caller calls {command.method}({given})"


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
