"""Workloads from real records: any table of jobs here, and the service's own words in `hptsim.scenario.account_history`."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import attrs

from hptsim.errors import InvalidInput, invalid, nearest
from hptsim.model.assumptions import Assumptions
from hptsim.model.definitions import InstanceRequest, ServiceLimits, TrainingJobDefinition
from hptsim.model.instants import read_instant
from hptsim.model.specs import TuningJobSpec
from hptsim.scenario.account_history import from_client as from_client
from hptsim.scenario.account_history import from_descriptions as from_descriptions
from hptsim.scenario.cloud import Recorded, Timings
from hptsim.scenario.scenario import Scenario
from hptsim.scenario.trace import LeftOut, because, finished
from hptsim.scenario.trace import Trace as Trace
from hptsim.scenario.workload import ScheduledTuningJob


@attrs.frozen
class Columns:
    """Which columns of a table say what about a job; each row becomes a tuning job of one training job.

    *submit* is when it was submitted; its run time is in *duration*, or between *start* and *end*. *size* is the number of
    instances that it needs, 1 without one; *group* the kind of instance, *pool* without one; *name* its name. Times are
    numbers of *unit_s* seconds, or strings in ISO 8601. A job of size 0 needs nothing that is limited.
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

    Second 0 is the first submission; a job takes the time that the table says, and nothing else takes any
    (`Timings.instant`). Where its size is 0 a job runs on "no-gpu" (or whatever the pool is), a type
    of its own. Raises InvalidInput that names lines and reasons for rows that cannot be read, unless *skip* leaves them out.
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
                    left_out.append(LeftOut(f"{where.name}:{reader.line_num}", because(error)))
                else:
                    seen.add(row.name.lower())
                    rows.append(row)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise invalid(str(path), str(error), "a readable table in CSV") from error
    rows.sort(key=lambda row: row.submit_s)  # those of one instant stay in the order of the file
    origin_s = rows[0].submit_s if rows else 0.0
    unlimited = ServiceLimits(None, None, None)
    templates: dict[tuple[str, int], TuningJobSpec] = {}
    jobs = []
    for row in rows:
        template = templates.get((row.kind, row.size))
        if template is None:
            instances = InstanceRequest(row.kind, row.size)
            template = TuningJobSpec("t", (TrainingJobDefinition(instances=instances),))
            templates[row.kind, row.size] = template
        spec = attrs.evolve(template, name=row.name)
        if row.run_s > spec.definitions[0].max_runtime_s:  # it was allowed to
            spec = attrs.evolve(
                spec, definitions=(attrs.evolve(spec.definitions[0], max_runtime_s=math.ceil(row.run_s)),)
            )
        jobs.append(ScheduledTuningJob(spec, row.submit_s - origin_s, recorded=(Recorded(row.run_s),)))
    scenario = Scenario(
        where.stem,
        tuning_jobs=jobs,
        timings=Timings.instant(),
        limits=unlimited,
        assumptions=Assumptions(admission="queue"),
    )
    return finished(str(path), scenario, left_out, skip)


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
            return float(text) * unit_s if math.isfinite(float(text)) else read_instant(text)
        except ValueError:
            return read_instant(text)
    except ValueError:
        raise ValueError(f"{column}: neither a number nor a string in ISO 8601") from None


def _whole(cells: Mapping[str, Any], column: str) -> int:
    text = _text(cells, column)
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not (number >= 0 and number.is_integer()):
        raise ValueError(f"{column}: not a whole number of 0 or more")
    return int(number)
