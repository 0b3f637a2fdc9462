"""The statuses that jobs show, and which table state shows which."""

from __future__ import annotations

from enum import StrEnum


class TuningJobStatus(StrEnum):
    """The status of a tuning job (HyperParameterTuningJobStatus)."""

    InProgress = "InProgress"
    Stopping = "Stopping"
    Stopped = "Stopped"
    Completed = "Completed"
    Failed = "Failed"


class TrainingJobStatus(StrEnum):
    """The primary status of a training job (TrainingJobStatus)."""

    InProgress = "InProgress"
    Completed = "Completed"
    Failed = "Failed"
    Stopping = "Stopping"
    Stopped = "Stopped"


class SecondaryStatus(StrEnum):
    """The secondary status of a training job, without those that the service no longer emits."""

    Starting = "Starting"
    Pending = "Pending"
    Downloading = "Downloading"
    Training = "Training"
    Interrupted = "Interrupted"
    Uploading = "Uploading"
    Stopping = "Stopping"
    Stopped = "Stopped"
    MaxRuntimeExceeded = "MaxRuntimeExceeded"
    MaxWaitTimeExceeded = "MaxWaitTimeExceeded"
    Completed = "Completed"
    Failed = "Failed"


FINAL_TUNING = frozenset({"Completed", "Failed", "Stopped"})
"""The states in which a tuning job has ended."""
FINAL_TRAINING = FINAL_TUNING | {"MaxRuntimeExceeded", "MaxWaitTimeExceeded"}
"""The states in which a training job has ended."""
COUNTERS = ("Completed", "InProgress", "RetryableError", "NonRetryableError", "Stopped")
"""The buckets of TrainingJobStatusCounters (M)."""


def bucket(state: str, reason: str) -> str:
    """The TrainingJobStatusCounters bucket of a training job that ended in *state* (K4, K5, A-24).

    >>> bucket("Failed", "InternalServerError: We encountered an internal error."), bucket("MaxRuntimeExceeded", "")
    ('RetryableError', 'Stopped')
    """
    if state == "Completed":
        return "Completed"
    if state != "Failed":
        return "Stopped"
    return "RetryableError" if reason.startswith(("InternalServerError", "CapacityError")) else "NonRetryableError"


NEW = "[*]"
"""The one initial state of every table: the entity does not exist yet."""


def status(state: str) -> str:
    """The status that a state shows: what stands before the colon.

    >>> status("Starting:stopping"), status("InProgress:closing")
    ('Starting', 'InProgress')
    """
    return state.partition(":")[0]


_PRIMARY = {
    "Starting:stopping": "Stopping",
    "Stopping": "Stopping",
    "Stopping:uploading": "Stopping",
    "Stopping:teardown": "Stopping",
    "Completed": "Completed",
    "Failed": "Failed",
    "Stopped": "Stopped",
    "MaxRuntimeExceeded": "Stopped",
    "MaxWaitTimeExceeded": "Stopped",
}


def primary(state: str) -> TrainingJobStatus:
    """The primary status of a training job in *state* (M:DescribeTrainingJobResponse.SecondaryStatus; §3.2).

    >>> primary("Training").value, primary("Starting:stopping").value, primary("MaxRuntimeExceeded").value
    ('InProgress', 'Stopping', 'Stopped')
    """
    return TrainingJobStatus(_PRIMARY.get(state, "InProgress"))


STOPPING = frozenset(state for state, name in _PRIMARY.items() if name == "Stopping")
"""The states of a training job that has received a stop and has not ended."""
