"""The laws of ends, which tuning jobs and training jobs share: a final status is final, and says why."""

from __future__ import annotations

from collections.abc import Mapping

from hptsim.audit.state import TUNING_ENDED, State
from hptsim.model.journal import Entry
from hptsim.model.laws import ALWAYS, EVENTUALLY, Law

_FAULTS = ("client_error", "algorithm_error", "internal_error", "no_capacity")
CUT_SHORT = frozenset({"Stopped", "MaxRuntimeExceeded", "MaxWaitTimeExceeded"})
"""The states in which a training job has ended because something stopped it."""
_ENDS: Mapping[str, str] = {
    "stop": "Stopped",
    "max_pending": "Stopped",
    "max_runtime": "MaxRuntimeExceeded",
    "max_wait": "MaxWaitTimeExceeded",
}
_LAST_STEP = {"Stopping:uploading": "uploaded", "Stopping:teardown": "torn_down", "Starting:stopping": "torn_down"}


def ends_once(state: State, entry: Entry) -> str | None:
    """Nothing happens to a tuning job or a training job that has ended, but that its record is deleted."""
    name, trigger = entry[2], entry[3]
    if trigger == "create" or trigger == "delete":
        return None
    if entry[1] == "training":
        job = state.training[name]
        return f"{trigger} happened to {name}, which is {job.state}" if job.ended else None
    now = state.tuning[name].state
    return f"{trigger} happened to {name}, which is {now}" if now in TUNING_ENDED else None


def deleted_after_its_end(state: State, entry: Entry) -> str | None:
    """A record is dropped after the end of its job."""
    _, thing, name, _, source, _, _, _ = entry
    job = state.tuning[name] if thing == "tuning" else state.training[name]
    over = job.state in TUNING_ENDED if thing == "tuning" else state.training[name].ended
    return None if over and source == job.state else f"{name} is {job.state} and is deleted"


def ends_for_a_reason(state: State, entry: Entry) -> str | None:
    """A final status follows from what has happened to the job."""
    return _tuning_job(state, entry) if entry[1] == "tuning" else _training_job(state, entry)


def _tuning_job(state: State, entry: Entry) -> str | None:
    """How a tuning job ends follows from what has happened to it (H3 to H6)."""
    job = state.tuning[entry[2]]
    if job.stopped:
        expected = "Stopped"
    elif job.state == "InProgress:closing" or (job.evaluated and job.state == "InProgress"):
        expected = "Completed"
    else:
        expected = "Failed"
    if entry[5] != expected:
        return f"finish leads {job.name} from {job.state} to {entry[5]}, not {expected}"
    return None


def _training_job(state: State, entry: Entry) -> str | None:
    """What ended a training job is what its final status says (J8, J12, R24)."""
    _, _, name, trigger, _, destination, _, _ = entry
    job = state.training[name]
    if destination in CUT_SHORT:
        if not job.reasons:
            return f"{name} ends {destination}, and nothing stopped it"
        if destination != _ENDS[job.reasons[0]] or trigger != _LAST_STEP.get(job.state):
            return f"{name} ends {destination} by {trigger}, but {job.reasons[0]} stopped it"
    elif destination == "Completed" and job.reasons:
        return f"{name} ends Completed, but {job.reasons[0]} stopped it"
    elif destination == "Failed" and trigger not in _FAULTS:
        return f"{name} ends Failed by {trigger}"
    return None


NOTHING_FOR_EVER = Law(
    "nothing goes on for ever",
    EVENTUALLY,
    "whatever the order of events, a state is reached in which nothing more happens by itself, if what stays armed happens",
    "design",
    None,
    (),
)
"""The law of endless loops: only the explorer, which knows every state, can judge it."""
LAWS = (
    NOTHING_FOR_EVER,
    Law(
        "a final status is final",
        ALWAYS,
        "nothing happens to a job that has ended",
        "§3.1, §3.2",
        ends_once,
        ("tuning", "training"),
    ),
    Law(
        "only what has ended is deleted",
        ALWAYS,
        "the record of a job is deleted only after its end",
        "D3, J14",
        deleted_after_its_end,
        ("tuning delete", "training delete"),
    ),
    Law(
        "the end says why",
        ALWAYS,
        "a final status names what ended the job",
        "J8, J12, R24, H3 to H5",
        ends_for_a_reason,
        ("tuning finish", "training uploaded", "training torn_down", *[f"training {fault}" for fault in _FAULTS]),
    ),
)
"""The laws of ends."""
