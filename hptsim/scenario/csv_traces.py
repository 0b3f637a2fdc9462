"""Workloads from real records: any table of jobs here, and the service's own words in `hptsim.scenario.account_history`."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from pathlib import Path
from typing import Any

import attrs

from hptsim.errors import InvalidInput
from hptsim.model.assumptions import Assumptions
from hptsim.model.definitions import InstanceRequest, ServiceLimits, TrainingJobDefinition
from hptsim.model.instants import write_instant
from hptsim.model.specs import TUNING_JOB_NAME_LENGTH, TuningJobSpec
from hptsim.scenario import table_files
from hptsim.scenario.cells import Reading, amount, count, durations, times
from hptsim.scenario.cloud import Recorded, Timings
from hptsim.scenario.columns import Columns, known_mapping, mapping
from hptsim.scenario.scenario import Scenario
from hptsim.scenario.table_files import Row
from hptsim.scenario.table_layouts import LAYOUTS
from hptsim.scenario.trace import LeftOut, Trace, because, finished
from hptsim.scenario.workload import ScheduledTuningJob

_Alike = tuple[str, int, int, str, float | None]
"""What jobs of one template share: kind, size, priority, team, and the time that they are expected to take."""
_SAMPLE = 1000
"""How the cells of a column are read is decided from this many of its first rows."""


def from_csv(path: str | Path, columns: Columns | str | None = None, *, skip: bool = False) -> Trace:
    """The workload in a table of jobs, one a row (CSV, JSON or Parquet), by *columns*, a mapping in text, or its best guess.

    Second 0 is the first submission; a job takes the time that the table says, and nothing else takes any (`Timings.instant`).
    Where its size is 0 a job runs on "no-gpu" (or whatever the pool is), a type of its own. `Trace.notes` says how the columns
    were read. Raises InvalidInput that names lines and reasons for rows that cannot be read, unless *skip* leaves them out.
    """
    where = Path(path)
    chosen = mapping(columns) if isinstance(columns, str) else columns
    rows = table_files.rows(where, chosen.header if chosen is not None else ())
    sample = list(islice(rows, _SAMPLE))
    chosen = known_mapping(chosen, f"{where}:1", table_files.columns(where, sample))
    jobs: Iterator[Row] = chain(sample, rows)
    if chosen.layout:
        jobs = LAYOUTS[chosen.layout].jobs(jobs)
    sample = list(islice(jobs, _SAMPLE))
    reader = _Rows(chosen, sample)
    left_out: list[LeftOut] = []
    taken: list[_Row] = []
    for place, cells in chain(sample, jobs):
        try:
            taken.append(reader.read(cells, place))
        except (ValueError, InvalidInput) as error:
            left_out.append(LeftOut(place, because(error)))
    taken.sort(key=lambda row: row.submit_s)  # those of one instant stay in the order of the file
    origin_s = taken[0].submit_s if taken else 0.0
    dated, words = bool(taken) and reader.dated, reader.words
    costs = [row.cost_usd for row in taken] if chosen.cost else []
    del reader  # it knows a million names
    scenario = Scenario(
        where.stem,
        tuning_jobs=_scheduled(taken, origin_s),
        limits=ServiceLimits(None, None, None),
        timings=Timings.instant(),
        assumptions=Assumptions(admission="queue"),
    )
    if dated:
        scenario = attrs.evolve(scenario, epoch=write_instant(origin_s, "milliseconds"))
    cost_usd = math.fsum(costs) if chosen.cost else None
    return finished(str(path), scenario, left_out, skip, notes=(f"mapping {chosen}", *words), cost_usd=cost_usd)


@attrs.frozen
class _Row:
    """One row of a table of jobs, in seconds; *alike* is what jobs of one template share."""

    name: str
    submit_s: float
    run_s: float
    alike: _Alike
    cost_usd: float


class _Rows:
    """Reads the rows of one table; remembers the names that are taken."""

    def __init__(self, columns: Columns, sample: Iterable[Row]) -> None:
        self.columns = columns
        self._names: set[str] = set()
        self._alike: dict[_Alike, _Alike] = {}
        seen = list(sample)

        def cells(column: str) -> list[str]:
            return [cell for _, row in seen if (cell := str(row.get(column) or ""))]

        def timed(column: str) -> Reading:
            return times(column, cells(column), columns.unit_s)

        self._submit = timed(columns.submit)
        self._start = timed(columns.start) if columns.start else None
        self._end = timed(columns.end) if columns.end else None
        self._run = durations(columns.duration, cells(columns.duration), columns.unit_s) if columns.duration else None
        spelled = cells(columns.estimate)
        self._estimate = durations(columns.estimate, spelled, columns.unit_s) if columns.estimate else None
        self.dated = self._submit.dated
        every = (self._submit, self._start, self._end, self._run, self._estimate)
        readings = {one.column: one for one in every if one is not None}
        self.words = tuple(f"{one.column}: {one.words}" for one in readings.values())

    def read(self, cells: Mapping[str, Any], place: str) -> _Row:
        """Read a row; raises ValueError that says which cell is wrong."""
        columns = self.columns
        name = self._name(_text(cells, columns.name), place) if columns.name else _numbered(place)
        submit_s = self._submit.of(_cell(cells, columns.submit))
        run_s = self._run_s(cells)
        size = count(columns.size, _cell(cells, columns.size), up=columns.shares == "up") if columns.size else 1
        kind = _text(cells, columns.group) if columns.group and size else columns.pool
        team = _cell(cells, columns.team) if columns.team else ""
        estimate_s = None if self._estimate is None else self._estimate.of(_cell(cells, columns.estimate))
        alike = (kind if size else f"no-{columns.pool}", max(size, 1), self._priority(cells), team, estimate_s)
        cost_usd = amount(columns.cost, _cell(cells, columns.cost)) if columns.cost else 0.0
        plain = name.lower()
        self._names.add(name if plain == name else plain)
        return _Row(name, submit_s, run_s, self._alike.setdefault(alike, alike), cost_usd)

    def _run_s(self, cells: Mapping[str, Any]) -> float:
        columns = self.columns
        if self._start is None or self._end is None:
            assert self._run is not None
            return self._run.of(_cell(cells, columns.duration))
        run_s = self._end.of(_cell(cells, columns.end)) - self._start.of(_cell(cells, columns.start))
        if run_s < 0:
            raise ValueError(f"{columns.end} before {columns.start}: a negative run time")
        return run_s

    def _name(self, given: str, place: str) -> str:
        """The name of the tuning job: signs that it may not have become hyphens; where it is too long its place is the name."""
        name = re.sub(r"[^a-zA-Z0-9]+", "-", given).strip("-")
        if not 1 <= len(name) <= TUNING_JOB_NAME_LENGTH:
            name = _numbered(place)
        if name.lower() in self._names:
            what = "this name" if name == given else f"the name that it becomes, {name}"
            raise ValueError(f"{self.columns.name}: an earlier line has {what}")
        return name

    def _priority(self, cells: Mapping[str, Any]) -> int:
        """The smaller goes first."""
        columns = self.columns
        if not columns.priority:
            return 0
        text = _text(cells, columns.priority)
        if "/" in columns.first:
            order = columns.first.split("/")
            if text not in order:
                raise ValueError(f"{columns.priority}: none of {columns.first}")
            return order.index(text)
        number = amount(columns.priority, text)
        if not number.is_integer() or abs(number) >= 2**63:
            raise ValueError(f"{columns.priority}: not a whole number of 64 bits")
        return int(-number if columns.first == "large" else number)


def _numbered(place: str) -> str:
    """The name of a job that has none: its line, or the number of its record."""
    tail = place.rpartition(":")[2].strip()
    return f"line-{tail}" if tail.isdigit() else tail.replace(" ", "-")


def _cell(cells: Mapping[str, Any], column: str) -> str:
    return str(cells.get(column) or "").strip()


def _text(cells: Mapping[str, Any], column: str) -> str:
    text = _cell(cells, column)
    if not text:
        raise ValueError(f"{column}: empty")
    return text


def _scheduled(rows: list[_Row], origin_s: float) -> Iterator[ScheduledTuningJob]:
    """The tuning jobs, for which the rows are used up; what many have in common is there only once: tables have millions."""
    longest_s = max((row.run_s for row in rows), default=0.0)
    templates: dict[_Alike, TuningJobSpec] = {}
    took: dict[float, tuple[Recorded, ...]] = {}
    rows.reverse()
    while rows:
        row = rows.pop()
        template = templates.get(row.alike)
        if template is None:
            template = templates[row.alike] = _template(*row.alike, longest_s)
        recorded = took.get(row.run_s)
        if recorded is None:
            recorded = took[row.run_s] = (Recorded(row.run_s),)
        yield ScheduledTuningJob(template.renamed(row.name), row.submit_s - origin_s, recorded=recorded)


def _template(
    kind: str, size: int, priority: int, team: str, estimate_s: float | None, longest_s: float
) -> TuningJobSpec:
    """What jobs share of the same kind, size, priority, team and estimate; each may run for as long as the longest job did."""
    usual = TrainingJobDefinition(instances=InstanceRequest(kind, size))
    allowed = attrs.evolve(usual, max_runtime_s=max(usual.max_runtime_s, math.ceil(longest_s)))
    request = {"Tags": [{"Key": "team", "Value": team}]} if team else None
    return TuningJobSpec("t", (allowed,), priority=priority, request=request, estimate_s=estimate_s)
