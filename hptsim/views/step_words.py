"""The steps of an exploration in plain words: "training job a-001 ends its upload", "tuning job a is stopped by its caller"."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType

from hptsim.errors import InvalidInput
from hptsim.explorer.replay import commands
from hptsim.explorer.scope import Scope
from hptsim.model.calls import LOST_RESPONSE, TIMEOUT

_SCRIPT = "fails with an error of its script"
TRAINING: Mapping[str, str] = MappingProxyType(
    {
        "ready": "has its instances",
        "shortage": "finds no machines of its instance type",
        "wait": "has to wait for machines",
        "capacity": "gets the machines that it waited for",
        "no_capacity": "gets no machines, and fails",
        "downloaded": "has its data, and trains",
        "checkpoint": "saves a checkpoint",
        "epoch": "ends an epoch",
        "exited": "ends its script",
        "uploaded": "ends its upload",
        "interrupt": "loses its spot instances",
        "client_error": "fails with an error of its request",
        "algorithm_error": _SCRIPT,
        "internal_error": "meets an error of the service",
        "stop": "hears of the stop",
        "max_runtime": "reaches its limit of running time",
        "max_wait": "reaches its limit of waiting time",
        "max_pending": "reaches its limit of pending time",
        "saved": "saves its model after SIGTERM",
        "killed": "is killed, for its time after SIGTERM is over",
        "torn_down": "has given its instances back",
    }
)
"""What may happen to a training job by itself."""
TUNING: Mapping[str, str] = MappingProxyType(
    {
        "launch": "launches its next training job",
        "finish": "ends, for its training jobs have ended",
        "max_runtime": "reaches its limit of running time",
        "criterion": "meets its completion criterion",
        "give_up": "gives up, for its training jobs fail",
    }
)
"""What a tuning job may do next."""
WARM_POOL: Mapping[str, str] = MappingProxyType({"expire": "is given up, for its keep-alive period is over"})
"""What may happen to a warm pool by itself."""
_COMMANDS = {
    "create_tuning_job": "tuning job {} is created by its caller",
    "create_training_job": "training job {} is created by its caller",
    "stop_tuning_job": "tuning job {} is stopped by its caller",
    "stop_training_job": "training job {} is stopped by its caller",
    "delete_tuning_job": "tuning job {} is deleted by its caller",
    "delete_training_job": "training job {} is deleted by its caller",
    "update_training_job": "training job {} gets another keep-alive period from its caller",
}
_ANSWERS = {
    TIMEOUT: "{} for {} never arrives (a timeout)",
    LOST_RESPONSE: "{} for {} is carried out, but its response is lost",
}


def words(call: str, scope: Scope, tuning_jobs: Collection[str]) -> str:
    """A step's *call* in words; *tuning_jobs* are the names of those that exist. A call that has no words stands for itself.

    >>> from hptsim.explorer import state_graph
    >>> from hptsim.scenario import Scenario
    >>> scope = state_graph(Scenario()).scope
    >>> words("sim.fire('a-001', 'uploaded')", scope, {"a"}), words("sim.fire('a', 'launch')", scope, {"a"})
    ('training job a-001 ends its upload', 'tuning job a launches its next training job')
    >>> words("sim.note_answer('StopTrainingJob', 'mine', 'timeout', False)", scope, ())
    'the request StopTrainingJob for mine never arrives (a timeout)'
    """
    try:
        last = commands(call, scope)[-1]
    except InvalidInput:
        return call
    match last.method, last.arguments:
        case "fire", (name, trigger):
            return _event(name, trigger, tuning_jobs)
        case "note_answer", (operation, name, answer, _):
            said = _ANSWERS.get(answer, f"{{}} for {{}} is refused ({answer})")
            return said.format(f"the request {operation}", name)
        case method, (about, *_) if method in _COMMANDS:
            return _COMMANDS[method].format(getattr(about, "name", about))
    return call


def _event(name: str, trigger: str, tuning_jobs: Collection[str]) -> str:
    """Something armed that happens; the kind of its job is told by the trigger, and where two have it by the name."""
    if trigger in WARM_POOL:
        return f"the warm pool of training job {name} {WARM_POOL[trigger]}"
    if trigger in TUNING and (trigger not in TRAINING or name in tuning_jobs):
        return f"tuning job {name} {TUNING[trigger]}"
    return f"training job {name} {TRAINING.get(trigger, trigger)}"
