"""The steps of an exploration in plain words: "training job a-001 has uploaded its results", "the caller stops tuning job a"."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

from hptsim.errors import InvalidInput
from hptsim.explorer.replay import Command, commands
from hptsim.explorer.scope import Scope
from hptsim.model.wording import EVENTS, answered, event

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


def words(call: str, scope: Scope, tuning_jobs: Collection[str]) -> str:
    """A step's *call* in words; *tuning_jobs* are the names of those that exist. A call that has no words stands for itself.

    >>> from hptsim.explorer import state_graph
    >>> from hptsim.scenario import Scenario
    >>> scope = state_graph(Scenario()).scope
    >>> words("sim.fire('a-001', 'uploaded')", scope, {"a"}), words("sim.fire('a', 'launch')", scope, {"a"})
    ('training job a-001 has uploaded its results', 'tuning job a launches its next training job')
    """
    try:
        given = commands(call, scope)
    except InvalidInput:
        return call
    return told(given, tuning_jobs)


def told(given: Sequence[Command], tuning_jobs: Collection[str]) -> str:
    """The commands of one step in words."""
    return "; ".join(said(one, tuning_jobs) for one in given)


def said(command: Command, tuning_jobs: Collection[str] = ()) -> str:
    """One command in words; *tuning_jobs* are the names of those that exist.

    >>> said(Command("fire", ("a-001", "ready"))), said(Command("stop_tuning_job", ("a",)))
    ('training job a-001 has its instances', 'the caller stops tuning job a')
    """
    match command.method, command.arguments:
        case "fire", (name, trigger):
            return _event(name, trigger, tuning_jobs)
        case "run", ():
            return "nothing more has to happen"
        case "note_answer", (operation, name, answer, _):
            return f"{operation} for {name}: {answered(answer)}"
        case method, (about, *_) if method in _CALLS:
            return f"{_CALLS[method]} {getattr(about, 'name', about)}"
    given = ", ".join(map(repr, command.arguments))
    return f"the caller calls {command.method}({given})"


def _event(name: str, trigger: str, tuning_jobs: Collection[str]) -> str:
    """Something armed that happens; the kind of its job is told by the trigger, and where two have it by the name."""
    if trigger in EVENTS["tuning"] and (trigger not in EVENTS["training"] or name in tuning_jobs):
        return f"tuning job {name} {event('tuning', trigger)}"
    if trigger in EVENTS["warm_pool"] and trigger not in EVENTS["training"]:
        return f"the warm pool of training job {name} {event('warm_pool', trigger)}"
    return f"training job {name} {event('training', trigger)}"
