"""The shapes that the service answers with, from the index of jobs and the views.

Times are seconds since 1970: milliseconds for jobs, whole seconds in the summaries of a tuning job's training jobs
(§2.3). What is not there yet is left out, never null (W11).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Protocol

import attrs

from hptsim.model.billing import Stretch, whole_second, whole_seconds
from hptsim.model.statuses import status
from hptsim.scenario.prices import SPOT_PRICE_RATIO
from hptsim.service.echoes import echo, training_job_request
from hptsim.service.indexed_jobs import IndexedTrainingJob, IndexedTuningJob, Transition
from hptsim.service.metrics import Emitted
from hptsim.service.validation import without_none
from hptsim.simulation.job_views import TuningJobView

_NOTHING: Mapping[str, Emitted] = MappingProxyType({})


@attrs.frozen
class Address:
    """The region and number of the twin's account, for ARNs.

    >>> Address().tuning("demo")
    'arn:aws:sagemaker:us-east-1:111122223333:hyper-parameter-tuning-job/demo'
    """

    region: str = "us-east-1"
    number: str = "111122223333"

    def tuning(self, name: str) -> str:
        """A tuning job's ARN (W18)."""
        return f"arn:aws:sagemaker:{self.region}:{self.number}:hyper-parameter-tuning-job/{name}"

    def training(self, name: str) -> str:
        """A training job's ARN (W18)."""
        return f"arn:aws:sagemaker:{self.region}:{self.number}:training-job/{name}"


class Controller(Protocol):
    """Who knows when the service's controller looked at a tuning job, in simulated seconds: a simulation."""

    def first_pass(self, name: str) -> float:
        """When it first looked at the tuning job *name*."""

    def last_pass(self, name: str, time_s: float) -> float | None:
        """When it last did, until *time_s*; None where it has not, or acts without passes."""


@attrs.frozen
class Describer:
    """Makes the shapes of one account whose second 0 is *epoch_s*, as they are at *now* (simulated seconds).

    Without a *controller* its passes do not show in LastModifiedTime.
    """

    address: Address
    epoch_s: float
    now: float
    controller: Controller | None = None

    def instant(self, seconds: float) -> float:
        """A time of the simulation as seconds since 1970, to the millisecond."""
        return round(self.epoch_s + seconds, 3)

    def whole(self, seconds: float) -> int:
        """The same, cut to whole seconds (O11)."""
        return whole_second(self.epoch_s + seconds)

    # ------------------------------------------------------------------ tuning jobs

    def tuning_job(self, job: IndexedTuningJob, view: TuningJobView) -> dict[str, Any]:
        """DescribeHyperParameterTuningJobResponse; *view* says which job is the best."""
        shape = {
            "HyperParameterTuningJobName": job.name,
            "HyperParameterTuningJobArn": self.address.tuning(job.name),
            **without_none(echo(job)),
            **self._tuning_times(job),
            "HyperParameterTuningJobStatus": job.status,
            "TrainingJobStatusCounters": dict(job.counters),
            "ObjectiveStatusCounters": dict(job.objectives),
            "TuningJobCompletionDetails": {"NumberOfTrainingJobsObjectiveNotImproving": job.not_improving},
            "ConsumedResources": {"RuntimeInSeconds": self._runtime_s(job)},
        }
        if job.converged_s is not None:
            shape["TuningJobCompletionDetails"]["ConvergenceDetectedTime"] = self.instant(job.converged_s)
        best = job.children.members.get(view.best or "")
        if best is not None:
            shape["BestTrainingJob"] = self.training_job_of_tuning(best)
        return {**shape, **failure(job)}

    def overall_best(self, best: IndexedTrainingJob) -> dict[str, Any]:
        """OverallBestTrainingJob: the only summary that names its tuning job (§2.3)."""
        tuning = {} if best.tuning is None else {"TuningJobName": best.tuning.name}
        return {**self.training_job_of_tuning(best), **tuning}

    def tuning_job_summary(self, job: IndexedTuningJob) -> dict[str, Any]:
        """HyperParameterTuningJobSummary."""
        config = echo(job)["HyperParameterTuningJobConfig"]
        return {
            "HyperParameterTuningJobName": job.name,
            "HyperParameterTuningJobArn": self.address.tuning(job.name),
            "HyperParameterTuningJobStatus": job.status,
            "Strategy": config["Strategy"],
            **self._tuning_times(job),
            "TrainingJobStatusCounters": dict(job.counters),
            "ObjectiveStatusCounters": dict(job.objectives),
            "ResourceLimits": dict(config["ResourceLimits"]),
        }

    def _tuning_times(self, job: IndexedTuningJob) -> dict[str, float]:
        times = {"CreationTime": self.instant(job.created_s), "LastModifiedTime": self.instant(self.modified_s(job))}
        if job.ended_s is not None:
            times["HyperParameterTuningEndTime"] = self.instant(job.ended_s)
        return times

    def modified_s(self, job: IndexedTuningJob | IndexedTrainingJob) -> float:
        """When a job's record was last stamped: by a change of status, or by a pass of the controller (O1)."""
        if self.controller is None or isinstance(job, IndexedTrainingJob):
            return job.modified_s
        return max(job.modified_s, self.controller.last_pass(job.name, self.now) or 0.0)

    def _runtime_s(self, job: IndexedTuningJob) -> int:
        """Whole seconds since the controller's first pass, until now or the tuning job's end (`runtime-clock`)."""
        first_s = job.created_s if self.controller is None else self.controller.first_pass(job.name)
        return max(0, int(self._until(job.ended_s) - first_s))

    def _until(self, ended_s: float | None) -> float:
        return self.now if ended_s is None else ended_s

    # ------------------------------------------------------------------ training jobs

    def training_job_of_tuning(self, job: IndexedTrainingJob) -> dict[str, Any]:
        """HyperParameterTrainingJobSummary."""
        shape: dict[str, Any] = {
            "TrainingJobName": job.name,
            "TrainingJobArn": self.address.training(job.name),
            "CreationTime": self.whole(job.created_s),
            "TrainingJobStatus": job.status,
            "TunedHyperParameters": dict(job.tuned),
            "ObjectiveStatus": job.objective_status,
        }
        if job.started_s is not None:
            shape["TrainingStartTime"] = self.whole(job.started_s)
            if job.ended_s is not None:
                shape["TrainingEndTime"] = self.whole(job.ended_s)
        if job.reason:
            shape["FailureReason"] = job.reason[:1024]
        if job.tuning is None:
            return shape
        if name := job.tuning.spec.definitions[job.definition].name:
            shape["TrainingJobDefinitionName"] = name
        if job.evaluated and job.objective is not None:
            objective = job.tuning.objective(job.definition)
            metric: dict[str, Any] = {"MetricName": objective.metric_name, "Value": float32(job.objective)}
            if len(job.tuning.spec.definitions) > 1:
                metric["Type"] = "Maximize" if objective.maximize else "Minimize"
            shape["FinalHyperParameterTuningJobObjectiveMetric"] = metric
        return shape

    def training_job_summary(self, job: IndexedTrainingJob) -> dict[str, Any]:
        """TrainingJobSummary."""
        shape = {
            "TrainingJobName": job.name,
            "TrainingJobArn": self.address.training(job.name),
            "CreationTime": self.instant(job.created_s),
            "LastModifiedTime": self.instant(job.modified_s),
            "TrainingJobStatus": job.status,
            "SecondaryStatus": status(job.state),
        }
        if job.ended_s is not None and job.started_s is not None:
            shape["TrainingEndTime"] = self.instant(job.ended_s)
        if job.pool:
            shape["WarmPoolStatus"] = warm_pool_status(job)
        return shape

    def training_job(self, job: IndexedTrainingJob, emitted: Mapping[str, Emitted] = _NOTHING) -> dict[str, Any]:
        """DescribeTrainingJobResponse; *emitted* is the last value of each metric (`script-metrics`).

        ModelArtifacts is absent until a model is stored, as recorded (§2.8).
        """
        shape = training_job_request(job)
        if job.tuning is not None:
            shape["TuningJobArn"] = self.address.tuning(job.tuning.name)
        shape.update(self.training_job_summary(job))
        shape["SecondaryStatusTransitions"] = [self._transition(one) for one in job.transitions]
        if job.model is not None:
            shape["ModelArtifacts"] = {"S3ModelArtifacts": job.model}
        if job.reason:
            shape["FailureReason"] = job.reason[:1024]
        if job.started_s is not None:
            shape["TrainingStartTime"] = self.instant(job.started_s)
            shape["TrainingTimeInSeconds"] = self._seconds([(job.started_s, self._until(job.ended_s))])
            if job.ended_s is not None:
                billed = self._seconds(job.billed)
                spot = shape["EnableManagedSpotTraining"]
                shape["BillableTimeInSeconds"] = max(1, int(billed * SPOT_PRICE_RATIO)) if spot else billed
        if emitted and job.ended_s is not None:
            shape["FinalMetricDataList"] = [
                {"MetricName": name, "Value": float32(last.value), "Timestamp": self.whole(last.time_s)}
                for name, last in emitted.items()
            ]
        return shape

    def _seconds(self, stretches: list[Stretch]) -> int:
        """The whole seconds of *stretches* of simulated time."""
        return whole_seconds((self.instant(begin_s), self.instant(end_s)) for begin_s, end_s in stretches)

    def _transition(self, one: Transition) -> dict[str, Any]:
        shape = {"Status": one.status, "StartTime": self.instant(one.start_s), "StatusMessage": one.message}
        if one.end_s is not None:
            shape["EndTime"] = self.instant(one.end_s)
        return shape


def failure(job: IndexedTuningJob) -> dict[str, str]:
    """FailureReason of a tuning job that has failed, with at most 1024 characters (K10)."""
    return {"FailureReason": job.failure_reason[:1024]} if job.failure_reason else {}


def warm_pool_status(job: IndexedTrainingJob) -> dict[str, Any]:
    """WarmPoolStatus: what was retained is billed, and said once it is over (R17, B11)."""
    shape: dict[str, Any] = {"Status": job.pool}
    if job.retained_s is not None:
        shape["ResourceRetainedBillableTimeInSeconds"] = int(job.retained_s)
    if job.reused_by:
        shape["ReusedByJob"] = job.reused_by
    return shape


def float32(value: float) -> float:
    """A metric as the service keeps it: a 32-bit float (§2.3).

    >>> float32(0.1)
    0.10000000149011612
    """
    largest = 3.4028234663852886e38
    return float(struct.unpack("f", struct.pack("f", max(-largest, min(value, largest))))[0])
