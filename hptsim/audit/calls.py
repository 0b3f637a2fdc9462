"""The laws of requests that are refused, lost or repeated: a refusal changes nothing, and what is repeated nothing twice."""

from __future__ import annotations

from hptsim.audit.state import State
from hptsim.model.journal import Entry
from hptsim.model.laws import ALWAYS, Law

_LOST = "lost_response"


def refusal_changes_nothing(state: State, entry: Entry) -> str | None:
    """Only a request whose response was lost may have changed anything."""
    _, _, name, answer, _, _, called, _ = entry
    if called.changed and answer != _LOST:
        return f"{called.operation} of {name} had the answer {answer} and still changed something"
    return None


def happens_once(state: State, entry: Entry) -> str | None:
    """What was done for a request whose response was lost is not done again for the same job."""
    _, thing, name, trigger, _, _, _, _ = entry
    job = state.tuning.get(name) if thing == "tuning" else state.training.get(name)
    if job is not None and trigger in job.lost:
        return f"the response to the {trigger} of {name} was lost, and it happens again"
    return None


def nothing_again(state: State, entry: Entry) -> str | None:
    """No job is created under a name that is in use, and none is stopped that is stopping already."""
    _, thing, name, trigger, _, _, _, _ = entry
    tuning = state.tuning.get(name) if thing == "tuning" else None
    training = state.training.get(name) if thing == "training" else None
    if trigger == "create":
        there = tuning is not None or training is not None
        return f"{name} is created, and there is a job of this name" if there else None
    stopped = (tuning is not None and tuning.stopped) or (training is not None and "stop" in training.reasons)
    return f"{name} is stopped, and was stopped before" if stopped else None


CHANGES_NOTHING = Law(
    "a refused call changes nothing",
    ALWAYS,
    "a request that is throttled, refused or never arrives changes nothing",
    "W7, O14, injected-answers",
    refusal_changes_nothing,
    ("call",),
)
"""The law of refused requests."""
HAPPENS_ONCE = Law(
    "a lost response changes nothing twice",
    ALWAYS,
    "a create or stop that was carried out, and whose response was lost, is not carried out again when it is repeated",
    "A-01, A-03, C1, injected-answers",
    happens_once,
    ("tuning create", "tuning stop", "training create", "training stop"),
)
"""The law of repeated requests."""
LAWS = (
    CHANGES_NOTHING,
    HAPPENS_ONCE,
    Law(
        "a repeated request changes nothing",
        ALWAYS,
        "no job is created under a name that is in use, and none that is stopping is stopped again",
        "C1, A-01, A-03, stop-is-idempotent",
        nothing_again,
        ("tuning create", "tuning stop", "training create", "training stop"),
    ),
)
"""The laws of requests that are refused, repeated, or have no ordinary answer."""
