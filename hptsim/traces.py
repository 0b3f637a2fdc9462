"""Workloads from real records: what the service's own calls describe, an account's history, and any table of jobs.

What cannot be read is named and counted. It is an error, or with *skip* it is left out; never is it dropped in silence.
"""

from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs

from hptsim.assumptions import Assumptions
from hptsim.cloud import PHASES, Recorded, Timings
from hptsim.durations import Empirical
from hptsim.errors import InvalidInput, invalid, nearest
from hptsim.model import InstanceRequest, ServiceLimits, TrainingJobDefinition, TuningJobSpec
from hptsim.scenario import Scenario
from hptsim.workload import ScheduledTuningJob

_REQUEST = ("HyperParameterTuningJobConfig", "TrainingJobDefinition", "TrainingJobDefinitions", "WarmStartConfig")
_OBJECTIVE_KEY, _OBJECTIVE_METRIC = "_tuning_objective_metric", "ObjectiveMetric"
"""What the service adds to a definition when it describes it (L19)."""
_FAILURES = {"Starting": "client_error", "Downloading": "client_error", "Training": "algorithm_error"}
"""What a failure in each phase is in the tables."""
_SHOWN = 5
"""An error names so many of the records that cannot be read."""


@attrs.frozen
class LeftOut:
    """A record that could not be taken: *where* it stands (a line or a name), and the *reason*."""

    where: str
    reason: str


@attrs.frozen
class Trace:
    """A workload from records: a *scenario* that replays it, and what was *left_out*.

    The scenario waits for quota as those who wrote the records did; it has no quota yet, `attrs.evolve` sets its `capacity`.
    """

    scenario: Scenario
    left_out: tuple[LeftOut, ...] = ()

    @property
    def reasons(self) -> dict[str, int]:
        """How many records were left out for each reason, the most frequent first."""
        return dict(Counter(one.reason for one in self.left_out).most_common())

    def sentence(self) -> str:
        """What was taken and what was not, in words."""
        taken = f"{len(self.scenario.tuning_jobs):,} taken, {len(self.left_out):,} left out"
        why = [f"{count:,} × {reason}" for reason, count in self.reasons.items()]
        more = [f"{len(why) - _SHOWN} other reasons"] if len(why) > _SHOWN else []
        return f"{taken}: {'; '.join(why[:_SHOWN] + more)}." if why else f"{taken}."


def _finished(kind: str, scenario: Scenario, left_out: list[LeftOut], skip: bool) -> Trace:
    """The trace; raises InvalidInput if something was left out and nobody said that it may be."""
    trace = Trace(scenario, tuple(left_out))
    if left_out and not skip:
        lines = "".join(f"\n  {one.where}: {one.reason}" for one in left_out[:_SHOWN])
        more = f"\n  and {len(left_out) - _SHOWN:,} more" if len(left_out) > _SHOWN else ""
        text = f"{kind}: {len(left_out):,} records cannot be taken (skip=True leaves them out):{lines}{more}"
        raise InvalidInput("ValidationException", text)
    return trace


def instant(value: Any) -> float:
    """Seconds since 1970 from a number, a datetime or a text in ISO 8601, which without a zone is UTC; ValueError otherwise.

    >>> instant("1970-01-01T00:01:00Z"), instant("90"), instant(90)
    (60.0, 90.0, 90.0)
    """
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            value = datetime.fromisoformat(value)
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(f"got {value!r}, expected a number, a datetime or a text in ISO 8601")
    return float(value)


def _epoch(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


# ---------------------------------------------------------------------- the service's own words


def from_descriptions(
    tuning_jobs: Iterable[Mapping[str, Any]],
    training_jobs: Iterable[Mapping[str, Any]] = (),
    *,
    durations: str = "recorded",
    skip: bool = False,
) -> Trace:
    """The workload in what `describe_hyper_parameter_tuning_job` and `describe_training_job` have returned, parsed or as JSON.

    Second 0 is the first creation. With *durations* "recorded" every training job takes again what its
    SecondaryStatusTransitions say; with "empirical" each draws from all of them. A stop is taken to have come when the last
    training job turned Stopping; what it cut short is given until MaxRuntimeInSeconds. A training job that was stopped by
    itself ends by itself in the replay.
    Raises InvalidInput for a description that cannot be read, unless *skip*.
    """
    if durations not in ("recorded", "empirical"):
        raise invalid("durations", durations, "recorded or empirical", nearest(durations, ["recorded", "empirical"]))
    left_out: list[LeftOut] = []
    children: dict[str, list[_Child]] = {}
    for place, shape in enumerate(training_jobs):
        name = str(shape.get("TrainingJobName") or f"training job {place}")
        try:
            child = _Child.of(name, shape)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            left_out.append(LeftOut(name, _because(error)))
        else:
            children.setdefault(child.tuning_job, []).append(child)
    known: list[tuple[float, Mapping[str, Any], TuningJobSpec]] = []
    for place, shape in enumerate(tuning_jobs):
        name = str(shape.get("HyperParameterTuningJobName") or f"tuning job {place}")
        try:
            known.append((instant(shape["CreationTime"]), shape, _spec(shape)))
        except (InvalidInput, ValueError, TypeError, KeyError, AttributeError) as error:
            left_out.append(LeftOut(name, _because(error)))
    known.sort(key=lambda one: (one[0], one[2].name))
    origin_s = known[0][0] if known else 0.0
    jobs = [
        _scheduled(shape, spec, created_s - origin_s, origin_s, children.pop(spec.name, []), durations == "recorded")
        for created_s, shape, spec in known
    ]
    of_nobody = [child for mine in children.values() for child in mine]
    left_out += [LeftOut(child.name, "its tuning job is not among those described") for child in of_nobody]
    timings = _empirical(jobs) if durations == "empirical" else Timings()
    if durations == "empirical":
        jobs = [attrs.evolve(job, recorded=()) for job in jobs]
    scenario = Scenario(
        name="history",
        tuning_jobs=jobs,
        timings=timings,
        assumptions=Assumptions(admission="queue"),
        epoch=_epoch(origin_s),
    )
    return _finished("descriptions", scenario, left_out, skip)


def _because(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"{error.args[0]} is missing"
    return getattr(error, "message", None) or str(error)


def _spec(shape: Mapping[str, Any]) -> TuningJobSpec:
    """The spec that was asked for: the description without what the service has added."""
    request = {name: shape[name] for name in _REQUEST if shape.get(name)}
    for name in ("TrainingJobDefinition", "TrainingJobDefinitions"):
        if name in request:
            several = isinstance(request[name], list)
            plain = [_without_additions(one) for one in (request[name] if several else [request[name]])]
            request[name] = plain if several else plain[0]
    return TuningJobSpec.from_request({"HyperParameterTuningJobName": shape["HyperParameterTuningJobName"], **request})


def _without_additions(definition: Mapping[str, Any]) -> dict[str, Any]:
    plain = dict(definition)
    static = dict(plain.get("StaticHyperParameters") or {})
    static.pop(_OBJECTIVE_KEY, None)
    plain["StaticHyperParameters"] = static
    algorithm = dict(plain.get("AlgorithmSpecification") or {})
    if metrics := algorithm.get("MetricDefinitions"):
        algorithm["MetricDefinitions"] = [one for one in metrics if one["Name"] != _OBJECTIVE_METRIC]
    plain["AlgorithmSpecification"] = algorithm
    return plain


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
        last, last_ended_s, stopping_s = "", instant(shape["CreationTime"]), None
        for one in shape.get("SecondaryStatusTransitions") or ():
            begin_s = instant(one["StartTime"])
            if one["Status"] == "Stopping":
                stopping_s = begin_s
            if one["Status"] in PHASES and one.get("EndTime") is not None:
                last, last_ended_s = one["Status"], instant(one["EndTime"])
                phases[last] = round(phases.get(last, 0.0) + last_ended_s - begin_s, 3)
        if not last and shape.get("TrainingStartTime") and shape.get("TrainingEndTime"):
            last, last_ended_s = "Training", instant(shape["TrainingEndTime"])  # a description without transitions
            phases[last] = round(last_ended_s - instant(shape["TrainingStartTime"]), 3)
        failure = ""
        if shape["TrainingJobStatus"] == "Failed":
            last = "Training" if last == "Uploading" else last or "Starting"
            phases = {"Starting": 0.0, **phases} if last == "Starting" else phases
            phases.pop("Uploading", None)  # an upload does not fail in the twin
            short = str(shape.get("FailureReason")).startswith("CapacityError")
            failure = "no_capacity" if last == "Starting" and short else _FAILURES[last]
        tuning_job = str(shape.get("TuningJobArn") or "").rpartition("/")[2]
        created_s = instant(shape["CreationTime"])
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
        stop_s = max(seen, default=instant(ended))
    recorded = tuple(
        child.recorded(stop_s, spec.definition(ordinal).max_runtime_s) for ordinal, child in enumerate(children, 1)
    )
    stop_at_s = None if stop_s is None else max(at_s, round(stop_s - origin_s, 3))
    return ScheduledTuningJob(spec, round(at_s, 3), stop_at_s, recorded=recorded)


def _empirical(jobs: Iterable[ScheduledTuningJob]) -> Timings:
    """Each phase as often as it was seen to take so long."""
    seen: dict[str, list[float]] = {}
    for job in jobs:
        for one in job.recorded:
            for phase in PHASES:
                name = f"{phase.lower()}_s"
                if (time_s := getattr(one, name)) is not None and not one.failure:
                    seen.setdefault(name, []).append(time_s)
    return Timings(**{name: Empirical(tuple(values)) for name, values in seen.items()})


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


# ---------------------------------------------------------------------- tables of jobs


@attrs.frozen
class Columns:
    """Which columns of a table say what about a job; each row becomes a tuning job of one training job.

    *submit* is when it was submitted; its run time is in *duration*, or between *start* and *end*. *size* is the number of
    instances that it needs, 1 without one; *group* the kind of instance, *pool* without one; *name* its name. Times are
    numbers of *unit_s* seconds, or texts in ISO 8601. A job of size 0 needs nothing that is limited.
    """

    submit: str
    duration: str = ""
    start: str = ""
    end: str = ""
    size: str = ""
    group: str = ""
    name: str = ""
    pool: str = "gpu"
    unit_s: float = 1.0

    def __attrs_post_init__(self) -> None:
        if bool(self.duration) == bool(self.start and self.end):
            raise invalid("columns", self.duration, "a duration, or a start and an end")

    @property
    def named(self) -> list[str]:
        """The columns that a table must have."""
        names = (self.submit, self.duration, self.start, self.end, self.size, self.group, self.name)
        return [name for name in names if name]


MAPPINGS: Mapping[str, Columns] = {
    "alibaba-2023": Columns("creation_time", start="scheduled_time", end="deletion_time", size="num_gpu", name="name"),
}
"""Ready mappings. `alibaba-2023` reads the pods of the Alibaba cluster trace of 2023 (Weng et al., USENIX ATC 2023), which can
be got from the public repository alibaba/clusterdata, `cluster-trace-gpu-v2023/csv/openb_pod_list_default.csv`. A pod's run
time is deletion minus schedule; 897 of its 8,152 pods were never scheduled."""


def mapping(text: str) -> Columns:
    """A ready mapping by name, or one spelled out: "submit=created,duration=seconds,size=gpus".

    >>> mapping("submit=created,duration=seconds").duration
    'seconds'
    """
    if text in MAPPINGS:
        return MAPPINGS[text]
    if "=" not in text:
        raise invalid("mapping", text, "a ready mapping or submit=COLUMN,duration=COLUMN,...", nearest(text, MAPPINGS))
    given = dict(part.split("=", 1) for part in text.split(",") if "=" in part)
    names = [field.name for field in attrs.fields(Columns)]
    for name in given:
        if name not in names:
            raise invalid("mapping", name, "what a column says", nearest(name, names))
    if "submit" not in given:
        raise invalid("mapping", text, "a column for submit")
    values: dict[str, Any] = dict(given)
    if "unit_s" in values:
        try:
            values["unit_s"] = float(values["unit_s"])
        except ValueError:
            raise invalid("mapping: unit_s", given["unit_s"], "a number of seconds") from None
    return Columns(**values)


def from_csv(path: str | Path, columns: Columns | str, *, skip: bool = False) -> Trace:
    """The workload in a table of jobs, one a row, by *columns* or the name of a ready mapping.

    Second 0 is the first submission. Where its size is 0 a job runs on "no-gpu" (or whatever the pool is), which no quota
    limits. Raises InvalidInput that names lines and reasons for rows that cannot be read, unless *skip* leaves them out.
    """
    where = Path(path)
    columns = columns if isinstance(columns, Columns) else mapping(columns)
    rows: list[_Row] = []
    left_out: list[LeftOut] = []
    seen: set[str] = set()
    try:
        with where.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            _check_header(where, reader.fieldnames or [], columns)
            for cells in reader:
                try:
                    row = _Row.of(cells, columns, reader.line_num)
                    if row.name.lower() in seen:
                        raise ValueError(f"{columns.name}: an earlier line has this name")
                except (ValueError, InvalidInput) as error:
                    left_out.append(LeftOut(f"{where.name}:{reader.line_num}", _because(error)))
                else:
                    seen.add(row.name.lower())
                    rows.append(row)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise invalid(str(path), str(error), "a readable table in CSV") from error
    rows.sort(key=lambda row: row.submit_s)  # those of one instant stay in the order of the file
    origin_s = rows[0].submit_s if rows else 0.0
    longest_s = float(math.ceil(max((row.run_s for row in rows), default=0.0)) + 1)
    unlimited = ServiceLimits(None, None, None)
    templates: dict[tuple[str, int], TuningJobSpec] = {}
    jobs = []
    for row in rows:
        template = templates.get((row.kind, row.size))
        if template is None:
            instances = InstanceRequest(row.kind, row.size)
            template = TuningJobSpec("t", (TrainingJobDefinition(instances=instances, max_runtime_s=longest_s),))
            templates[row.kind, row.size] = template
        spec = attrs.evolve(template, name=row.name)
        jobs.append(ScheduledTuningJob(spec, row.submit_s - origin_s, recorded=(Recorded(row.run_s),)))
    scenario = Scenario(where.stem, tuning_jobs=jobs, limits=unlimited, assumptions=Assumptions(admission="queue"))
    return _finished(str(path), scenario, left_out, skip)


def _check_header(where: Path, header: Iterable[str], columns: Columns) -> None:
    names = list(header)
    for name in columns.named:
        if name not in names:
            raise invalid(f"{where}:1", names, f"a column called {name}", nearest(name, names) if names else "")


@attrs.frozen
class _Row:
    """One row of a table of jobs, in seconds."""

    name: str
    submit_s: float
    run_s: float
    size: int
    kind: str

    @classmethod
    def of(cls, cells: Mapping[str, Any], columns: Columns, line: int) -> _Row:
        """Read a row; raises ValueError that says which cell is wrong."""
        submit_s = _time(cells, columns.submit, columns.unit_s)
        if columns.duration:
            run_s = _time(cells, columns.duration, columns.unit_s)
            what = columns.duration
        else:
            run_s = _time(cells, columns.end, columns.unit_s) - _time(cells, columns.start, columns.unit_s)
            what = f"{columns.end} before {columns.start}"
        if run_s < 0:
            raise ValueError(f"{what}: a negative run time")
        size = _whole(cells, columns.size) if columns.size else 1
        kind = _text(cells, columns.group) if columns.group else columns.pool
        name = _text(cells, columns.name) if columns.name else f"line-{line}"
        TuningJobSpec(name)  # refuses what is no name
        return cls(name, submit_s, run_s, max(size, 1), kind if size else f"no-{kind}")


def _text(cells: Mapping[str, Any], column: str) -> str:
    text = (cells.get(column) or "").strip()
    if not text:
        raise ValueError(f"{column}: empty")
    return text


def _time(cells: Mapping[str, Any], column: str, unit_s: float) -> float:
    text = _text(cells, column)
    try:
        try:
            return float(text) * unit_s if math.isfinite(float(text)) else instant(text)
        except ValueError:
            return instant(text)
    except ValueError:
        raise ValueError(f"{column}: neither a number nor a text in ISO 8601") from None


def _whole(cells: Mapping[str, Any], column: str) -> int:
    text = _text(cells, column)
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not (number >= 0 and number.is_integer()):
        raise ValueError(f"{column}: not a whole number of 0 or more")
    return int(number)
