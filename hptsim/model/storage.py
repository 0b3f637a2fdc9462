"""What a training job leaves behind: artifacts in S3 and lines in CloudWatch Logs, and where they go."""

from __future__ import annotations

from typing import NamedTuple

from hptsim.model.ranges import ParameterRange as ParameterRange


class Artifact(NamedTuple):
    """Something that a training job left in S3: a *kind* "model" or "checkpoint" at *uri*."""

    uri: str
    training_job: str
    kind: str
    stored_s: float


class LogEvent(NamedTuple):
    """One line of a training job's log stream."""

    time_s: float
    message: str


LOG_GROUP = "/aws/sagemaker/TrainingJobs"


def model_uri(output_path: str, training_job: str) -> str:
    """Where the service puts a training job's model (B12).

    >>> model_uri("s3://bucket/out/", "a-001-0f0f0f0f")
    's3://bucket/out/a-001-0f0f0f0f/output/model.tar.gz'
    """
    return f"{output_path.rstrip('/')}/{training_job}/output/model.tar.gz"


def checkpoint_uri(prefix: str, training_job: str, number: int) -> str:
    """Where a training job's *number*-th checkpoint goes, below its CheckpointConfig.S3Uri (R23).

    >>> checkpoint_uri("s3://bucket/ckpt", "a-001-0f0f0f0f", 3)
    's3://bucket/ckpt/a-001-0f0f0f0f/checkpoint-3'
    """
    return f"{prefix.rstrip('/')}/{training_job}/checkpoint-{number}"


def log_stream(training_job: str) -> str:
    """The log stream of a training job's first instance, in `LOG_GROUP` (B13: prefixed by the job's name)."""
    return f"{training_job}/algo-1"
