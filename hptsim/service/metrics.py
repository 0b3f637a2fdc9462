"""The metrics of training jobs, each value with its time: what their definitions find in the log (L21, `metric-expressions`).

FinalMetricDataList and CloudWatch read them here. What was found once stays, as in CloudWatch, also after an interruption
and after the record of the training job is deleted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import attrs

from hptsim.model.metric_lines import expressions, read
from hptsim.model.storage import LogEvent
from hptsim.service.echoes import echo
from hptsim.service.indexed_jobs import IndexedTrainingJob


class Emitted(NamedTuple):
    """A value of a metric and when it was emitted, in seconds of simulated time."""

    time_s: float
    value: float


@attrs.define(eq=False)
class JobMetrics:
    """What a training job has emitted, by metric and oldest first; *expressions* find it.

    >>> metrics = JobMetrics({"loss": "loss=(.*)"})
    >>> metrics.note(LogEvent(3.0, "loss=0.5")); metrics.note(LogEvent(4.0, "done")); metrics.values
    {'loss': [Emitted(time_s=3.0, value=0.5)]}
    """

    expressions: Mapping[str, str]
    values: dict[str, list[Emitted]] = attrs.field(factory=dict)
    since_s: float = 0.0
    """When the training job was created: an earlier one may have had its name."""

    def note(self, event: LogEvent) -> None:
        """Look for metrics in a line of the log."""
        for name, regex in self.expressions.items():
            value = read(regex, event.message)
            if value is not None:
                self.values.setdefault(name, []).append(Emitted(event.time_s, value))

    def last(self) -> dict[str, Emitted]:
        """The last value of each metric."""
        return {name: values[-1] for name, values in self.values.items() if values[-1].time_s >= self.since_s}


def expressions_of(job: IndexedTrainingJob) -> Mapping[str, str]:
    """The expressions that find a training job's metrics: those of the definitions that Describe shows.

    A training job of a tuning job without definitions has the one that is implied for its objective; one that its user
    created without any has none.
    """
    if job.tuning is None:
        return _by_name(job.request)
    known = job.tuning.expressions.get(job.definition)
    if known is None:
        request = echo(job.tuning)
        given = request.get("TrainingJobDefinition") or request["TrainingJobDefinitions"][job.definition]
        known = expressions(_by_name(given), job.tuning.objective(job.definition).metric_name)
        job.tuning.expressions[job.definition] = known
    return known


def _by_name(given: Mapping[str, Any]) -> dict[str, str]:
    definitions = (given.get("AlgorithmSpecification") or {}).get("MetricDefinitions") or ()
    return {one["Name"]: one["Regex"] for one in definitions}
