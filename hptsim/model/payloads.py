"""What comes with a journal entry: a small record for each kind of entry, by thing and trigger.

Amounts of instances, log messages, S3 URIs and the words of refused calls come as they are, with nothing around them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from hptsim.model.calls import ANSWERS
from hptsim.model.definitions import Amounts, TrainingJobDefinition
from hptsim.model.specs import TuningJobSpec


class TuningJobCreated(NamedTuple):
    """A tuning job was accepted."""

    spec: TuningJobSpec


class Launched(NamedTuple):
    """A tuning job creates a training job on what was just granted to it; on idle instances no payload comes."""

    reservation: str


class CriterionMet(NamedTuple):
    """A completion criterion of a tuning job is met."""

    criterion: str


class TrainingJobCreated(NamedTuple):
    """A training job was created: by its tuning job from one of its definitions, or by a caller from one of its own.

    *tuning_job* is empty and *standalone* is the definition of a training job without a tuning job.
    """

    tuning_job: str
    definition: int
    hyperparameters: Mapping[str, str]
    standalone: TrainingJobDefinition | None = None


class Resumed(NamedTuple):
    """A preempted training job begins again on reservation *number* of its tuning job, which was just granted."""

    number: int


class Epoch(NamedTuple):
    """A training job has reported its objective after epoch *number*, counted from 1; None if the script emits none."""

    number: int
    objective: float | None


class Saved(NamedTuple):
    """A script has written something that is to be stored at *uri*."""

    uri: str


class ScriptEnded(NamedTuple):
    """A script has ended: where the model goes that it has saved just now, if any, and the last value of its objective."""

    saved: str | None
    objective: float | None


class Failed(NamedTuple):
    """An error occurred, or a job has failed: the service's words, FailureReason."""

    reason: str


class ReservationChange(NamedTuple):
    """What a request for quota is about: its holder, what it wants or holds, and what a move changes of that."""

    holder: str
    amounts: Amounts
    change: Amounts | None = None


class KeepAlive(NamedTuple):
    """A caller has said for how long a warm pool is kept."""

    keep_alive_s: float


class Reused(NamedTuple):
    """The training job *by* takes a warm pool over."""

    by: str


class Called(NamedTuple):
    """A caller's request that got no ordinary answer: for which operation, and whether it has changed anything."""

    operation: str
    changed: bool


PAYLOADS: Mapping[tuple[str, str], type[Any]] = {
    ("tuning", "create"): TuningJobCreated,
    ("tuning", "launch"): Launched,
    ("tuning", "criterion"): CriterionMet,
    ("tuning", "finish"): Failed,
    ("training", "create"): TrainingJobCreated,
    ("training", "resume"): Resumed,
    ("training", "epoch"): Epoch,
    ("training", "checkpoint"): Saved,
    ("training", "saved"): Saved,
    **{("training", trigger): ScriptEnded for trigger in ("exited", "killed")},
    **{
        ("training", trigger): Failed
        for trigger in ("client_error", "algorithm_error", "internal_error", "no_capacity")
    },
    **{("reservation", trigger): ReservationChange for trigger in ("ask", "grant", "withdraw", "move", "release")},
    **{("warm_pool", trigger): KeepAlive for trigger in ("open", "update", "terminate")},
    ("warm_pool", "reuse"): Reused,
    **{("occupancy", trigger): dict for trigger in ("occupy", "vacate")},
    ("artifact", "store"): str,
    ("log", ""): str,
    ("signal", "stop"): str,
    ("refused", "create"): str,
    ("refused", "stop"): str,
    **{("call", answer): Called for answer in ANSWERS},
}
"""What comes with an entry of each thing and trigger, if anything; with all others nothing comes."""
OPTIONAL = frozenset({("tuning", "launch"), ("tuning", "finish"), ("warm_pool", "terminate"), ("signal", "stop")})
"""The entries with which something comes or nothing."""
