"""The lifecycles of tuning jobs, training jobs, reservations and warm pools: each is one transition table.

Each row says what a *trigger* does in a *source* state: where it leads, what it *books* on the entity's record, and which
*effects* it has on the world. A row rests on a page of the service's specification or on a named assumption. Everything else
reads these tables: the `transitions` machine, the dispatch that is compiled from it, the documentation, the diagrams, the
explorer. What no row says does not happen; what happens with every row alike stands in `EVERY_ROW`.

A training job's states are its secondary statuses. Where one status hides two states, the part behind the colon tells
them apart ("Starting:stopping" is a job that shows Starting and is being torn down).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import attrs

from hptsim.model.statuses import FINAL_TRAINING, FINAL_TUNING, NEW


@attrs.frozen
class Row:
    """One row of a table: *trigger* in *source* leads to *destination*, books *books* and performs *effects*, each in order.

    *rests_on* names pages and rows of the specification, or one of `ASSUMPTIONS`.
    *guard* names the condition under which the row applies; rows of one (source, trigger) need different guards.
    *books* names what is noted on the entity's own record (`BOOKINGS`), before the entry is written to the journal;
    *effects* names what the row then does to the world (`EFFECTS`).
    """

    trigger: str
    source: str
    destination: str
    effects: tuple[str, ...]
    rests_on: str
    guard: str = ""
    books: tuple[str, ...] = ()


@attrs.frozen
class Table:
    """A life as rows; *final* are the states without exits."""

    name: str
    rows: tuple[Row, ...] = attrs.field(repr=False)
    final: frozenset[str]

    @property
    def states(self) -> tuple[str, ...]:
        """Every state, in the order of first mention."""
        return tuple(dict.fromkeys(state for row in self.rows for state in (row.source, row.destination)))

    @property
    def triggers(self) -> tuple[str, ...]:
        """Every trigger, in the order of first mention."""
        return tuple(dict.fromkeys(row.trigger for row in self.rows))


_STOP_NOW = ("WITHDRAW", "STOP_CHILDREN", "PROCEED")
TUNING = Table(
    "tuning",
    (
        Row("create", NEW, "InProgress", ("ASK",), "H1"),
        Row("launch", "InProgress", "InProgress", ("SPAWN", "PROCEED"), "L1"),
        Row("child_ended", "InProgress", "InProgress", ("TALLY", "PROCEED"), "L1"),
        Row("finish", "InProgress", "Completed", ("RELEASE",), "H4, ends-release-too", "some_succeeded"),
        Row("finish", "InProgress", "Failed", ("RELEASE",), "all-failed, ends-release-too", "none_succeeded"),
        Row("max_runtime", "InProgress", "InProgress:closing", _STOP_NOW, "L8, winding-down"),
        Row("criterion", "InProgress", "InProgress:closing", _STOP_NOW, "L6, winding-down"),
        Row("child_ended", "InProgress:closing", "InProgress:closing", ("TALLY", "PROCEED"), "winding-down"),
        Row("finish", "InProgress:closing", "Completed", ("RELEASE",), "winding-down, ends-release-too"),
        Row("give_up", "InProgress", "InProgress:failing", ("WITHDRAW", "PROCEED"), "L10, five-attempts"),
        Row("child_ended", "InProgress:failing", "InProgress:failing", ("TALLY", "PROCEED"), "five-attempts"),
        Row("finish", "InProgress:failing", "Failed", ("RELEASE",), "H5, ends-release-too"),
        Row("stop", "InProgress", "Stopping", _STOP_NOW, "H2, S3, S5", books=("STOP_TIME",)),
        Row("stop", "InProgress:closing", "Stopping", ("PROCEED",), "H2, S3", books=("STOP_TIME",)),
        Row("stop", "InProgress:failing", "Stopping", ("STOP_CHILDREN", "PROCEED"), "H2, S3, S5", books=("STOP_TIME",)),
        Row("child_ended", "Stopping", "Stopping", ("TALLY", "PROCEED"), "S4"),
        Row("finish", "Stopping", "Stopped", ("RELEASE",), "H3, S8"),
    ),
    FINAL_TUNING,
)
_STORED = ("PERSIST", "VACATE", "TELL")
_GONE = ("VACATE", "TELL")
_AGAIN = ("RETRY", "ATTEMPT")
_BACK = ("VACATE", "ASK_AGAIN")
_UNPLACED = ("TAKE_BACK", "TELL")
TRAINING = Table(
    "training",
    (
        Row("create", NEW, "Starting", ("OCCUPY",), "J1, R3"),
        Row("shortage", "Starting", "Starting", ("FALL_BACK",), "J9, R11, prioritized-fallback"),
        Row("wait", "Starting", "Pending", (), "J2"),
        Row("capacity", "Pending", "Starting", (), "J2"),
        Row("no_capacity", "Starting", "Failed", _GONE, "J8, R13, capacity-fails-retryable", books=("REASON",)),
        Row("ready", "Starting", "Downloading", (), "J3", "downloads", ("START_TIME",)),
        Row("ready", "Starting", "Training", ("LOG",), "J4", "streams", ("START_TIME",)),
        Row("downloaded", "Downloading", "Training", ("LOG",), "J5"),
        Row("checkpoint", "Training", "Training", ("SYNC",), "R23", books=("CHECKPOINT",)),
        Row("epoch", "Training", "Training", ("LOG", "JUDGE"), "L3, L4, J5", books=("EPOCH",)),
        Row("exited", "Training", "Uploading", ("LOG",), "J6", books=("SAVED", "RESULT")),
        Row("uploaded", "Uploading", "Completed", _STORED, "J7, B12"),
        Row("interrupt", "Training", "Interrupted", (), "J10, resume-at-starting", books=("ATTEMPT", "UNDO")),
        Row("capacity", "Interrupted", "Starting", (), "J10, resume-at-starting"),
        Row("preempt", "Training", "Interrupted:grace", ("SIGTERM",), "preemption", books=("ATTEMPT", "UNDO")),
        *(
            Row("preempt", source, "Interrupted:teardown", (), "preemption", books=("ATTEMPT",))
            for source in ("Starting", "Pending", "Downloading", "Interrupted")
        ),
        Row("torn_down", "Interrupted:grace", "Interrupted:queued", _BACK, "preemption"),
        Row("torn_down", "Interrupted:teardown", "Interrupted:queued", _BACK, "preemption"),
        Row("resume", "Interrupted:queued", "Starting", ("OCCUPY",), "preemption", books=("RESERVATION",)),
        Row("stop", "Interrupted:queued", "Stopped", _UNPLACED, "J11, preemption", books=("STOPPED_BY",)),
        Row("max_wait", "Interrupted:queued", "MaxWaitTimeExceeded", _UNPLACED, "R24, preemption"),
        Row("client_error", "Starting", "Failed", _GONE, "J8", books=("REASON",)),
        Row("client_error", "Downloading", "Failed", _GONE, "J8", books=("REASON",)),
        Row("algorithm_error", "Training", "Failed", _GONE, "J8", books=("REASON",)),
        Row("internal_error", "Starting", "Starting", (), "J13", "may_retry", _AGAIN),
        Row("internal_error", "Starting", "Failed", _GONE, "J8", "no_retry_left", ("REASON",)),
        Row("internal_error", "Downloading", "Starting", (), "J13, resume-at-starting", "may_retry", _AGAIN),
        Row("internal_error", "Downloading", "Failed", _GONE, "J8", "no_retry_left", ("REASON",)),
        Row("internal_error", "Training", "Starting", (), "J13, resume-at-starting", "may_retry", (*_AGAIN, "UNDO")),
        Row("internal_error", "Training", "Failed", _GONE, "J8", "no_retry_left", ("REASON",)),
        *(
            Row(trigger, source, destination, effects, rests_on, books=("STOPPED_BY",))
            for source, destination, effects, rests_on in (
                ("Starting", "Starting:stopping", (), "J11, stop-without-container"),
                ("Pending", "Stopping:teardown", (), "J11, stop-without-container"),
                ("Downloading", "Stopping:teardown", (), "J11, stop-without-container"),
                ("Training", "Stopping", ("SIGTERM",), "J11"),
                ("Interrupted", "Stopping:teardown", (), "J11, stop-without-container"),
                ("Interrupted:grace", "Stopping:teardown", (), "J11, preemption"),
                ("Interrupted:teardown", "Stopping:teardown", (), "J11, preemption"),
                ("Uploading", "Stopping:uploading", (), "J11, stop-while-uploading"),
            )
            for trigger in ("stop", "max_wait")
        ),
        Row("max_runtime", "Training", "Stopping", ("SIGTERM",), "J11, training-clock", books=("STOPPED_BY",)),
        Row("max_pending", "Pending", "Stopping:teardown", (), "J11, pending-ends-stopped", books=("STOPPED_BY",)),
        Row("saved", "Stopping", "Stopping", (), "J11", books=("SAVED",)),
        Row("exited", "Stopping", "Stopping:uploading", ("LOG",), "J12, exit-after-sigterm", books=("RESULT",)),
        Row("killed", "Stopping", "Stopping:uploading", ("LOG",), "J12, exit-after-sigterm", books=("RESULT",)),
        Row("uploaded", "Stopping:uploading", "Stopped", _STORED, "J12, K1", "by_request"),
        Row("uploaded", "Stopping:uploading", "MaxRuntimeExceeded", _STORED, "J12", "by_max_runtime"),
        Row("uploaded", "Stopping:uploading", "MaxWaitTimeExceeded", _STORED, "J12, R24", "by_max_wait"),
        *(
            row
            for source in ("Starting:stopping", "Stopping:teardown")
            for row in (
                Row("torn_down", source, "Stopped", _GONE, "J12, stop-without-container", "by_request"),
                Row("torn_down", source, "MaxWaitTimeExceeded", _GONE, "J12, R24", "by_max_wait"),
            )
        ),
    ),
    FINAL_TRAINING,
)
RESERVATION = Table(
    "reservation",
    (
        Row("ask", NEW, "Requested", ("QUEUE",), "first-come-first-served, admission"),
        Row("grant", "Requested", "Held", ("DEQUEUE", "RESERVE", "CONTINUE"), "R1, cluster-reuse"),
        Row("withdraw", "Requested", "Withdrawn", ("DEQUEUE",), "quota-wait"),
        Row("move", "Held", "Held", ("EXCHANGE",), "R11, prioritized-fallback", books=("AMOUNTS",)),
        Row("release", "Held", "Released", ("FREE",), "S8, R3"),
    ),
    frozenset({"Withdrawn", "Released"}),
)
WARM_POOL = Table(
    "warm_pool",
    (
        Row("open", NEW, "InUse", (), "R17, R20, warm-pool-quota"),
        Row("update", "InUse", "InUse", (), "R17", books=("PERIOD",)),
        Row("job_ended", "InUse", "Available", ("RETAIN",), "R17, R19, warm-pool-survives-stop", "kept"),
        Row("job_ended", "InUse", "Terminated", ("GIVE_BACK",), "R19", "lost"),
        Row("update", "Available", "Available", ("RETAIN",), "R17", books=("PERIOD",)),
        Row("reuse", "Available", "Reused", ("GIVE_BACK",), "R17, R18, warm-pool-match"),
        Row("expire", "Available", "Terminated", ("GIVE_BACK",), "R17"),
        Row("terminate", "Available", "Terminated", ("GIVE_BACK",), "R17, stop-frees-warm-pool"),
    ),
    frozenset({"Reused", "Terminated"}),
)
BY_THE_LINE = frozenset({"preempt", "resume"})
"""What the line for quota decides about a training job, and neither the cloud nor a caller (`preemption`)."""
ALL = (TUNING, TRAINING, RESERVATION, WARM_POOL)
"""Every table."""
GUARDS: Mapping[str, Callable[[Any], bool]] = MappingProxyType(
    {
        "some_succeeded": lambda job: job.evaluated > 0,
        "none_succeeded": lambda job: job.evaluated == 0,
        "downloads": lambda job: not job.streams,
        "streams": lambda job: job.streams,
        "may_retry": lambda job: job.retries_left > 0,
        "no_retry_left": lambda job: job.retries_left == 0,
        "by_request": lambda job: job.stopped_by in ("stop", "max_pending"),
        "by_max_runtime": lambda job: job.stopped_by == "max_runtime",
        "by_max_wait": lambda job: job.stopped_by == "max_wait",
        "kept": lambda pool: pool.kept and pool.keep_alive_s > 0,
        "lost": lambda pool: not pool.kept or pool.keep_alive_s <= 0,
    }
)
"""The conditions that rows name, as functions of the job alone."""
EFFECTS: Mapping[str, str] = MappingProxyType(
    {
        "PROCEED": "lets the service's controller arm what it does next: launch, finish, meet a criterion, give up",
        "ASK": "asks for the tuning job's place, and under 'upfront' for everything it will need",
        "SPAWN": "creates the next training job",
        "TALLY": "counts how the training job ended",
        "WITHDRAW": "takes back the requests that still wait for quota, but those of preempted training jobs",
        "STOP_CHILDREN": "sends a stop to every live training job",
        "RELEASE": "releases everything that is reserved for the tuning job",
        "OCCUPY": "takes instances out of the tuning job's reservation into use",
        "FALL_BACK": "goes on with the next of its instance types that has quota, if there is one",
        "VACATE": "puts the instances back into the reservation",
        "ASK_AGAIN": "asks for the instances of a preempted training job again, at the end of the queue",
        "TAKE_BACK": "takes back the request with which a preempted training job waits",
        "TELL": "tells the tuning job that the training job has ended; without one, tells its warm pool or releases its quota",
        "LOG": "writes to the training job's log stream",
        "JUDGE": "asks the stopping rules about the new epoch, and sends a stop if one of them stops the training job",
        "SIGTERM": "sends SIGTERM to the container and opens the grace window",
        "PERSIST": "stores the model that the script saved in S3",
        "SYNC": "copies the checkpoint to S3",
        "QUEUE": "puts the request in the queue",
        "DEQUEUE": "takes the request out of the queue",
        "RESERVE": "takes the amounts out of the account's quota",
        "CONTINUE": "lets the tuning job go on: with the launch that waited for this quota, or with its first launches; "
        "a preempted training job begins again",
        "EXCHANGE": "gives amounts of one instance type back and takes those of another",
        "RETAIN": "keeps the instances reserved until the keep-alive period is over",
        "GIVE_BACK": "releases what the pool's training job had reserved",
        "FREE": "gives the amounts back to the account's quota",
    }
)
"""Every effect that a row may have, in words."""
BOOKINGS: Mapping[str, str] = MappingProxyType(
    {
        "STOP_TIME": "notes when the stop of the tuning job was accepted",
        "START_TIME": "notes when the training job's instances were there, of its first attempt (TrainingStartTime)",
        "STOPPED_BY": "notes what stopped the training job, the trigger, and in which state",
        "REASON": "notes the service's words for the failure (FailureReason)",
        "RETRY": "uses up one of the training job's retries",
        "ATTEMPT": "counts another attempt of the training job, on other instances",
        "RESERVATION": "notes on which reservation a preempted training job goes on",
        "UNDO": "undoes what was trained since the last checkpoint, epochs included",
        "EPOCH": "adds the objective to the training job's learning curve",
        "CHECKPOINT": "notes what the checkpoint holds, and that the script has saved it",
        "SAVED": "notes that the script has saved its model",
        "RESULT": "notes the last objective that the script has emitted",
        "AMOUNTS": "changes what the reservation is about",
        "PERIOD": "notes for how long the warm pool is kept",
    }
)
"""Everything that a row may book on the record of its entity, in words."""
EVERY_ROW = (
    "The entity comes into the row's destination. When that is another state, or for a training job any row, the time since "
    "when it is there is noted, and what was armed in the state before is cancelled.",
    "The time that a training job was in the state that the row leaves is added up: what is billed, what it trained, "
    "what of the upload is done.",
    "One entry is written to the journal, after the bookings and before the effects; what an effect leads to is written "
    "before the next effect.",
    "An entity in a final state has ended: when is noted, a stop that was on its way to a training job is cancelled, and a "
    "reservation leaves its holder's list.",
    "What may happen to a training job next is armed after the effects: the cloud says what, and when.",
)
"""What happens with every row alike, in words: the engine, which no row needs to mention."""


def markdown(table: Table) -> str:
    """A table for the documentation, in Markdown.

    >>> markdown(RESERVATION).splitlines()[2]
    '| ask | [*] | Requested |  |  | QUEUE | first-come-first-served, admission |'
    """
    head = ["| trigger | from | to | if | books | effects | rests on |", "|---|---|---|---|---|---|---|"]
    return "\n".join(
        head
        + [
            f"| {row.trigger} | {row.source} | {row.destination} | {row.guard} "
            f"| {', '.join(row.books)} | {', '.join(row.effects)} | {row.rests_on} |"
            for row in table.rows
        ]
    )
