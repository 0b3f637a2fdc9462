"""Workloads from the service's own words: what its calls describe, and an account's history read through boto3."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import attrs

from hptsim.errors import InvalidInput, invalid, nearest
from hptsim.model.assumptions import Assumptions
from hptsim.model.instants import read_instant, write_instant
from hptsim.model.specs import TuningJobSpec
from hptsim.scenario.cloud import PHASES, Recorded, Timings
from hptsim.scenario.durations import Empirical
from hptsim.scenario.scenario import Scenario
from hptsim.scenario.trace import LeftOut, Trace, because, finished
from hptsim.scenario.workload import ScheduledTuningJob

_REQUEST = ("HyperParameterTuningJobConfig", "TrainingJobDefinition", "TrainingJobDefinitions", "WarmStartConfig")
_OBJECTIVE_KEY, _OBJECTIVE_METRIC = "_tuning_objective_metric", "ObjectiveMetric"
"""What the service adds to a definition when it describes it (L19)."""
_FAILURES = {"Starting": "client_error", "Downloading": "client_error", "Training": "algorithm_error"}
"""What a failure in each phase is in the tables."""
_WITHOUT_MACHINES = {"Pending": "Starting", "Interrupted": "Starting"}
"""What is replayed as Starting: all of it passes before machines are there, and none of it is billed."""
_CHILD = re.compile(r"(.+)-\d{3,}-[0-9a-f]{8}")
"""The name of a tuning job's training job."""


def from_descriptions(
    tuning_jobs: Iterable[Mapping[str, Any]],
    training_jobs: Iterable[Mapping[str, Any]] = (),
    *,
    durations: str = "recorded",
    skip: bool = False,
) -> Trace:
    """The workload in what `describe_hyper_parameter_tuning_job` and `describe_training_job` have returned, parsed or as JSON.

    Training jobs may also come from `list_training_jobs_for_hyper_parameter_tuning_job`, as whole answers or one by one: then
    only the time from TrainingStartTime to TrainingEndTime is known, in whole seconds, and counts as Training.
    Second 0 is the first creation. With *durations* "recorded" every training job takes again what its
    SecondaryStatusTransitions say; with "empirical" each draws from all of them. A stop is taken to have come when the last
    training job turned Stopping; what it cut short is given until MaxRuntimeInSeconds. A training job that its user
    stopped ends without a stop in the replay.
    Raises InvalidInput for a description that cannot be read, unless *skip*.
    """
    if durations not in ("recorded", "empirical"):
        raise invalid("durations", durations, "recorded or empirical", nearest(durations, ["recorded", "empirical"]))
    left_out: list[LeftOut] = []
    children: dict[str, list[_Child]] = {}
    everybody: list[_Child] = []
    for place, shape in enumerate(_one_by_one(training_jobs)):
        name = str(shape.get("TrainingJobName") or f"training job {place}")
        try:
            child = _Child.of(name, shape)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            left_out.append(LeftOut(name, because(error)))
        else:
            children.setdefault(child.tuning_job, []).append(child)
            everybody.append(child)
    known: list[tuple[float, Mapping[str, Any], TuningJobSpec]] = []
    for place, shape in enumerate(tuning_jobs):
        name = str(shape.get("HyperParameterTuningJobName") or f"tuning job {place}")
        try:
            known.append((read_instant(shape["CreationTime"]), shape, _spec(shape)))
        except (InvalidInput, ValueError, TypeError, KeyError, AttributeError) as error:
            left_out.append(LeftOut(name, because(error)))
    known.sort(key=lambda one: (one[0], one[2].name))
    origin_s = known[0][0] if known else 0.0
    jobs = [
        _scheduled(shape, spec, created_s - origin_s, origin_s, children.pop(spec.name, []), durations == "recorded")
        for created_s, shape, spec in known
    ]
    orphans = [child for mine in children.values() for child in mine]
    left_out += [LeftOut(child.name, "its tuning job is not among those described") for child in orphans]
    timings = Timings.instant()  # a phase that was not seen took no time
    if durations == "empirical":
        timings, jobs = _empirical(everybody), [attrs.evolve(job, recorded=()) for job in jobs]
    scenario = Scenario(
        name="history",
        tuning_jobs=jobs,
        timings=timings,
        assumptions=Assumptions(admission="queue"),
        epoch=write_instant(origin_s, "milliseconds"),
    )
    return finished("descriptions", scenario, left_out, skip)


def _one_by_one(answers: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Descriptions and summaries as they are, and the summaries in the answers of list calls."""
    for one in answers:
        yield from one.get("TrainingJobSummaries", [one])


def _spec(shape: Mapping[str, Any]) -> TuningJobSpec:
    """The spec that was asked for: the description without what the service has added."""
    request = {name: shape[name] for name in _REQUEST if shape.get(name)}
    for name in ("TrainingJobDefinition", "TrainingJobDefinitions"):
        if name in request:
            several = isinstance(request[name], list)
            data = [_without_additions(one) for one in (request[name] if several else [request[name]])]
            request[name] = data if several else data[0]
    return TuningJobSpec.from_request({"HyperParameterTuningJobName": shape["HyperParameterTuningJobName"], **request})


def _without_additions(definition: Mapping[str, Any]) -> dict[str, Any]:
    data = dict(definition)
    static = dict(data.get("StaticHyperParameters") or {})
    static.pop(_OBJECTIVE_KEY, None)
    data["StaticHyperParameters"] = static
    algorithm = dict(data.get("AlgorithmSpecification") or {})
    if metrics := algorithm.get("MetricDefinitions"):
        algorithm["MetricDefinitions"] = [one for one in metrics if one["Name"] != _OBJECTIVE_METRIC]
    data["AlgorithmSpecification"] = algorithm
    return data


@attrs.frozen
class _Child:
    """A training job as its description tells: what its phases took, and when it turned Stopping."""

    name: str
    tuning_job: str
    created_s: float
    status: str
    phases: Mapping[str, float]
    last: str
    last_ended_s: float
    stopping_s: float | None
    failure: str

    @classmethod
    def of(cls, name: str, shape: Mapping[str, Any]) -> _Child:
        phases: dict[str, float] = {}
        last, last_ended_s, stopping_s = "", read_instant(shape["CreationTime"]), None
        for one in shape.get("SecondaryStatusTransitions") or ():
            begin_s = read_instant(one["StartTime"])
            if one["Status"] == "Stopping":
                stopping_s = begin_s
            phase = _WITHOUT_MACHINES.get(one["Status"], one["Status"])
            if phase in PHASES and one.get("EndTime") is not None:
                last, last_ended_s = phase, read_instant(one["EndTime"])
                phases[last] = round(phases.get(last, 0.0) + last_ended_s - begin_s, 3)
        if not last and shape.get("TrainingStartTime") and shape.get("TrainingEndTime"):
            last, last_ended_s = "Training", read_instant(shape["TrainingEndTime"])  # a description without transitions
            phases[last] = round(last_ended_s - read_instant(shape["TrainingStartTime"]), 3)
        failure = ""
        if shape["TrainingJobStatus"] == "Failed":
            last = "Training" if last == "Uploading" else last or "Starting"
            phases = {"Starting": 0.0, **phases} if last == "Starting" else phases
            phases.pop("Uploading", None)  # an upload does not fail in the twin
            short = str(shape.get("FailureReason")).startswith("CapacityError")
            failure = "no_capacity" if last == "Starting" and short else _FAILURES[last]
        tuning_job = str(shape.get("TuningJobArn") or "").rpartition("/")[2]
        if not tuning_job and "TunedHyperParameters" in shape and (found := _CHILD.fullmatch(name)):
            tuning_job = found[1]  # a summary says it by its name only
        created_s = read_instant(shape["CreationTime"])
        status = shape["TrainingJobStatus"]
        return cls(name, tuning_job, created_s, status, phases, last, last_ended_s, stopping_s, failure)

    def recorded(self, stop_s: float | None, limit_s: float) -> Recorded:
        """What it took; the phase that a stop of its tuning job at *stop_s* has cut short has until *limit_s*."""
        phases = dict(self.phases)
        stopped = stop_s is not None and self.status in ("Stopped", "Stopping") and self.last_ended_s >= stop_s
        if stopped and self.last in phases and self.last != "Uploading":  # an upload is never cut short
            phases[self.last] = limit_s
        return Recorded(**{f"{phase.lower()}_s": time_s for phase, time_s in phases.items()}, failure=self.failure)


def _scheduled(
    shape: Mapping[str, Any], spec: TuningJobSpec, at_s: float, origin_s: float, children: list[_Child], replay: bool
) -> ScheduledTuningJob:
    children = sorted(children, key=lambda child: (child.created_s, child.name))
    stop_s: float | None = None
    if shape.get("HyperParameterTuningJobStatus") in ("Stopping", "Stopped"):
        seen = [child.stopping_s for child in children if child.stopping_s is not None]
        ended = shape.get("HyperParameterTuningEndTime") or shape.get("LastModifiedTime") or shape["CreationTime"]
        stop_s = max(seen, default=read_instant(ended))
    recorded = tuple(
        child.recorded(stop_s, spec.definition(ordinal).max_runtime_s) for ordinal, child in enumerate(children, 1)
    )
    stop_at_s = None if stop_s is None else max(at_s, round(stop_s - origin_s, 3))
    return ScheduledTuningJob(spec, round(at_s, 3), stop_at_s, recorded=recorded)


def _empirical(children: Iterable[_Child]) -> Timings:
    """Each phase as often as it was seen to take so long; a phase that a stop or a failure ended says nothing."""
    seen: dict[str, list[float]] = {}
    for child in children:
        for phase, time_s in child.phases.items():
            if phase != child.last or child.status == "Completed":
                seen.setdefault(f"{phase.lower()}_s", []).append(time_s)
    observed: dict[str, Any] = {name: Empirical(tuple(values)) for name, values in seen.items()}
    return attrs.evolve(Timings.instant(), **observed)


def from_client(
    client: Any,
    *,
    created_after: Any = None,
    created_before: Any = None,
    durations: str = "recorded",
    skip: bool = False,
    progress: Callable[[int], None] = lambda jobs: None,
) -> Trace:
    """The workload in an account's history, read with a boto3 SageMaker *client*; only list and describe calls are made.

    *progress* is called with the number of jobs described so far. Otherwise as `from_descriptions`.
    """
    between = {"CreationTimeAfter": created_after, "CreationTimeBefore": created_before}
    given = {name: value for name, value in between.items() if value is not None}
    tuning_jobs: list[Mapping[str, Any]] = []
    training_jobs: list[Mapping[str, Any]] = []
    for summary in _pages(client, "list_hyper_parameter_tuning_jobs", "HyperParameterTuningJobSummaries", given):
        name = {"HyperParameterTuningJobName": summary["HyperParameterTuningJobName"]}
        tuning_jobs.append(client.describe_hyper_parameter_tuning_job(**name))
        for child in _pages(client, "list_training_jobs_for_hyper_parameter_tuning_job", "TrainingJobSummaries", name):
            training_jobs.append(client.describe_training_job(TrainingJobName=child["TrainingJobName"]))
            progress(len(tuning_jobs) + len(training_jobs))
    return from_descriptions(tuning_jobs, training_jobs, durations=durations, skip=skip)


def _pages(client: Any, operation: str, member: str, request: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for page in client.get_paginator(operation).paginate(**request):
        yield from page[member]
