"""The laws of a training job: its phases in order, its limits and its end, its times, its artifacts and its log."""

from __future__ import annotations

import math
from collections.abc import Mapping

from hptsim.audit.ends import CUT_SHORT
from hptsim.audit.state import ENDED, KnownTrainingJob, State, WorldView
from hptsim.audit.training_reader import STOPS
from hptsim.model.journal import Entry
from hptsim.model.laws import ALWAYS, TRAINING_JOB, WORLD, Law

GRACE_S = 120.0
"""How long a container may run after SIGTERM (M:StopTrainingJob)."""
_NEXT: Mapping[str, frozenset[str]] = {
    "[*]": frozenset({"Starting"}),
    "Starting": frozenset(
        {"Starting", "Pending", "Downloading", "Training", "Starting:stopping", "Interrupted:teardown", "Failed"}
    ),
    "Pending": frozenset({"Starting", "Stopping:teardown", "Interrupted:teardown"}),
    "Downloading": frozenset({"Training", "Starting", "Stopping:teardown", "Interrupted:teardown", "Failed"}),
    "Training": frozenset(
        {"Training", "Uploading", "Interrupted", "Starting", "Stopping", "Interrupted:grace", "Failed"}
    ),
    "Interrupted": frozenset({"Starting", "Stopping:teardown", "Interrupted:teardown"}),
    "Interrupted:grace": frozenset({"Interrupted:queued", "Stopping:teardown"}),
    "Interrupted:teardown": frozenset({"Interrupted:queued", "Stopping:teardown"}),
    "Interrupted:queued": frozenset({"Starting", "Stopped", "MaxWaitTimeExceeded"}),
    "Uploading": frozenset({"Completed", "Stopping:uploading"}),
    "Stopping": frozenset({"Stopping", "Stopping:uploading"}),
    "Starting:stopping": frozenset({"Stopped", "MaxWaitTimeExceeded"}),
    "Stopping:teardown": frozenset({"Stopped", "MaxWaitTimeExceeded"}),
    "Stopping:uploading": frozenset({"Stopped", "MaxWaitTimeExceeded", "MaxRuntimeExceeded"}),
}
"""Which state may follow which, from the rows J1 to J13 and `preemption`: the auditor's own copy, by intent."""
_STOPPED = frozenset({"Starting:stopping", "Stopping", "Stopping:teardown", "Stopping:uploading"})
_AFTER: Mapping[str, frozenset[str]] = {
    "create": frozenset({"Starting"}),
    "shortage": frozenset({"Starting"}),
    "wait": frozenset({"Pending"}),
    "capacity": frozenset({"Starting"}),
    "ready": frozenset({"Downloading", "Training"}),
    "downloaded": frozenset({"Training"}),
    "checkpoint": frozenset({"Training"}),
    "epoch": frozenset({"Training"}),
    "saved": frozenset({"Stopping"}),
    "exited": frozenset({"Uploading", "Stopping:uploading"}),
    "killed": frozenset({"Stopping:uploading"}),
    "uploaded": frozenset({"Completed"}) | CUT_SHORT,
    "torn_down": CUT_SHORT | {"Interrupted:queued"},
    "preempt": frozenset({"Interrupted:grace", "Interrupted:teardown"}),
    "resume": frozenset({"Starting"}),
    "interrupt": frozenset({"Interrupted"}),
    "internal_error": frozenset({"Starting", "Failed"}),
    **dict.fromkeys(("client_error", "algorithm_error", "no_capacity"), frozenset({"Failed"})),
    **dict.fromkeys(STOPS, _STOPPED),
    "stop": _STOPPED | {"Stopped"},
    "max_wait": _STOPPED | {"MaxWaitTimeExceeded"},
}
"""Which states a trigger may lead to, in the words of the specification."""

_GRACE = frozenset({"Stopping", "Interrupted:grace"})
"""The states in which a container runs in its grace window."""
_IN_TRAINING = ("checkpoint", "epoch", "exited", "interrupt", "preempt", "algorithm_error", "internal_error", *STOPS)
"""What may happen to a training job in Training."""


def goes_through_its_phases(state: State, entry: Entry) -> str | None:
    """A training job takes its phases in the documented order; whether it downloads depends on its input mode."""
    _, _, name, trigger, source, destination, data, _ = entry
    if trigger == "delete":
        return None
    job = state.training.get(name)
    before = "[*]" if job is None or trigger == "create" else job.state
    if source != before or destination not in _NEXT.get(before, ()) or destination not in _AFTER.get(trigger, ()):
        return f"{trigger} leads {name} from {before} to {destination}"
    if job is None:
        return None
    if trigger == "ready" and (job.definition.input_mode == "File") != (destination == "Downloading"):
        return f"{name} reads its data in the mode {job.definition.input_mode}, and ready leads it to {destination}"
    if trigger == "epoch" and data.number != len(job.curve) + 1:
        return f"{name} reports epoch {data.number} after {len(job.curve)}"
    return None


def retries_as_often_as_it_may(state: State, subject: Entry | KnownTrainingJob) -> str | None:
    """An internal error begins a training job again as long as attempts are left, wherever it struck (J13, L13)."""
    if isinstance(subject, KnownTrainingJob):
        shown = state.world.training.get(subject.name) if state.world is not None else None
        if shown is not None and shown.retries_left != subject.retries_left:
            return f"{subject.name} has {subject.retries_left} retries left, the world says {shown.retries_left}"
        return None
    entry, job = subject, state.training[subject[2]]
    allowed = job.definition.max_retries
    if entry[5] == "Starting" and job.retries_left <= 0:
        return f"{job.name} begins again after {job.retries} retries, of {allowed}"
    if entry[5] == "Failed" and job.retries_left > 0:
        return f"{job.name} fails after {job.retries} retries, of {allowed}"
    return None


def trains_within_its_time(state: State, entry: Entry) -> str | None:
    """The time in Training, over all attempts, stays within MaxRuntimeInSeconds."""
    job = state.training.get(entry[2])
    if job is None or job.state != "Training":
        return None
    trained_s, limit_s = job.trained_s + entry[0] - job.since_s, job.definition.max_runtime_s
    if trained_s > limit_s * (1 + 1e-9) + 1e-6:
        return f"{job.name} has trained for {trained_s:g} s, of {limit_s:g} s"
    return None


def grace_ends(state: State, entry: Entry) -> str | None:
    """No container runs for more than 120 s after SIGTERM."""
    job = state.training[entry[2]]
    if job.state in _GRACE and job.sigterm_s is not None and entry[0] > job.sigterm_s + GRACE_S + 1e-6:
        return f"{job.name} runs {entry[0] - job.sigterm_s:g} s after SIGTERM"
    return None


def sigterm_comes_first(state: State, subject: Entry | KnownTrainingJob) -> str | None:
    """A container in its grace window was sent SIGTERM, and no other one is."""
    if isinstance(subject, KnownTrainingJob):
        return f"{subject.name} is {subject.state} without SIGTERM" if subject.sigterm_s is None else None
    job = state.training[subject[2]]
    return None if job.state in _GRACE else f"{job.name} gets SIGTERM in {job.state}"


def stop_arrives(state: State, entry: Entry) -> str | None:
    """A stop that was sent acts on a training job within the time that it may travel."""
    job = state.training.get(entry[2])
    if job is None or job.told_s is None or state.stop_propagation_s is None or job.reasons or job.ended:
        return None
    if entry[0] > job.told_s + state.stop_propagation_s + 1e-6:
        return f"{job.name} is {job.state} {entry[0] - job.told_s:g} s after its stop was sent"
    return None


# ---------------------------------------------------------------------- artifacts and logs


def stores_what_was_saved(state: State, job: KnownTrainingJob) -> str | None:
    """What a script reported saved is stored when its training job has ended."""
    missing = [uri for uri in job.promised if uri not in job.stored]
    return f"{job.name} is {job.state} and {missing} is not stored" if missing else None


def stores_nothing_else(state: State, entry: Entry) -> str | None:
    """Only what a script reported saved is stored."""
    job = state.training[entry[2]]
    return None if entry[6] in job.promised else f"{job.name} stores {entry[6]}"


def overwrites_nothing(state: State, entry: Entry) -> str | None:
    """What is stored stays as it is, until the record of its training job is deleted and the name used again."""
    owner = state.artifacts.get(entry[6])
    return f"{entry[2]} stores {entry[6]}, which {owner} has stored" if owner else None


def writes_its_log(state: State, subject: KnownTrainingJob | WorldView) -> str | None:
    """A container that ran has a log with a line for its start, for each epoch and for its end; what is written stays."""
    if isinstance(subject, KnownTrainingJob):
        if subject.logged < subject.owed:
            return f"{subject.name} has written {subject.logged} log lines, of {subject.owed} it owes"
        return None
    for name, count in {**state.deleted, **{name: job.logged for name, job in state.training.items()}}.items():
        if len(subject.logs.get(name, ())) != count:
            return f"the log stream of {name} has {len(subject.logs.get(name, ()))} events, {count} were written"
    return None


# ---------------------------------------------------------------------- what the world says of its times


def started_once(state: State, job: KnownTrainingJob) -> str | None:
    """TrainingStartTime is when the instances of the first attempt were there."""
    shown = state.world.training.get(job.name) if state.world is not None else None
    if shown is not None and shown.started_s != job.started_s:
        return f"{job.name} says that it started at {shown.started_s}, its instances were there at {job.started_s}"
    return None


def bills_its_states(state: State, job: KnownTrainingJob) -> str | None:
    """What is billed is the time in the states in which a container and its data are on machines."""
    shown = state.world.training.get(job.name) if state.world is not None else None
    if shown is not None and not math.isclose(shown.billable_s, job.billed_s, rel_tol=1e-9, abs_tol=1e-6):
        return f"{job.name} says {shown.billable_s:g} s, its billed states took {job.billed_s:g} s"
    return None


LAWS = (
    Law(
        "what was saved is stored",
        ALWAYS,
        "what a script reported saved is stored when its job ends",
        "S7, J12",
        stores_what_was_saved,
        (TRAINING_JOB,),
        states=ENDED,
    ),
    Law(
        "nothing is stored unsaved",
        ALWAYS,
        "only what a script reported saved is stored",
        "§3.3",
        stores_nothing_else,
        ("artifact store",),
    ),
    Law(
        "nothing stored is overwritten",
        ALWAYS,
        "every model and every checkpoint is stored at a URI of its own",
        "S7, B12, R23",
        overwrites_nothing,
        ("artifact store",),
    ),
    Law(
        "logs persist",
        ALWAYS,
        "a container that ran has a log line for its start, each epoch and its end, and they stay",
        "S7, B13",
        writes_its_log,
        (TRAINING_JOB, WORLD),
    ),
    Law(
        "SIGTERM opens the window",
        ALWAYS,
        "a container in its grace window was sent SIGTERM",
        "J11",
        sigterm_comes_first,
        ("signal SIGTERM", TRAINING_JOB),
        states=_GRACE,
    ),
    Law(
        "grace is bounded",
        ALWAYS,
        "no container runs more than 120 s after SIGTERM",
        "M:StopTrainingJob",
        grace_ends,
        ("training saved", "training exited", "training killed", "training torn_down"),
    ),
    Law(
        "phases in order",
        ALWAYS,
        "a training job takes its phases in the documented order",
        "J1 to J12",
        goes_through_its_phases,
        ("training",),
    ),
    Law(
        "retries within their limit",
        ALWAYS,
        "an internal error is retried MaximumRetryAttempts times, in whatever state it happens",
        "J13, L13",
        retries_as_often_as_it_may,
        ("training internal_error", TRAINING_JOB),
        compares={"retries_left": "retries_left"},
    ),
    Law(
        "training within its limit",
        ALWAYS,
        "time in Training over all attempts stays within MaxRuntimeInSeconds",
        "L13, training-clock",
        trains_within_its_time,
        tuple(f"training {trigger}" for trigger in _IN_TRAINING),
    ),
    Law(
        "a stop arrives in time",
        ALWAYS,
        "a stop that was sent takes effect within the propagation delay, where that is bounded",
        "S5, stop-propagation",
        stop_arrives,
        ("training",),
    ),
    Law(
        "started by its first attempt",
        ALWAYS,
        "TrainingStartTime is when the first attempt had its instances",
        "J3",
        started_once,
        (TRAINING_JOB,),
        compares={"started_s": "started_s"},
    ),
    Law(
        "billed by its states",
        ALWAYS,
        "billable time is the time in the billed states",
        "B1, B3, bill-through-upload",
        bills_its_states,
        (TRAINING_JOB,),
        compares={"billable_s": "billed_s"},
    ),
)
"""The laws of a training job."""
