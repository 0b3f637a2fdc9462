"""Pictures of a journal, each split into rows, which are tested, and ink, which needs the extra `plots`.

Times are in seconds since the scenario's epoch. Colors are those of Okabe and Ito, which color-blind readers tell apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from hptsim.extras import require
from hptsim.journal import Record, change
from hptsim.ledger import TOTAL, TUNING_JOBS
from hptsim.lifecycle import TRAINING, TUNING

ORANGE, SKY, GREEN, YELLOW = "#E69F00", "#56B4E9", "#009E73", "#F0E442"
BLUE, VERMILION, PURPLE, GRAY, BLACK = "#0072B2", "#D55E00", "#CC79A7", "#999999", "#000000"
PHASE_COLORS: Mapping[str, str] = {
    "InProgress": SKY,
    "InProgress:closing": PURPLE,
    "InProgress:failing": BLACK,
    "Starting": YELLOW,
    "Pending": GRAY,
    "Downloading": SKY,
    "Training": BLUE,
    "Uploading": GREEN,
    "Interrupted": BLACK,
    "Stopping": VERMILION,
    "Stopping:uploading": ORANGE,
    "Stopping:teardown": PURPLE,
    "Starting:stopping": PURPLE,
}
"""A color for every state in which a job spends time."""
_FONT = 16
"""Points: legible from the last row of a lecture hall."""


class GanttRow(NamedTuple):
    """One phase of a job, from *begin_s* to *end_s*; a tuning job's own phases have no *training_job*."""

    tuning_job: str
    training_job: str
    phase: str
    begin_s: float
    end_s: float


class BandRow(NamedTuple):
    """How many instances are reserved and occupied from *time_s* on; *limit* is None where there is none."""

    time_s: float
    instance_type: str
    limit: int | None
    reserved: int
    occupied: int


class QueueRow(NamedTuple):
    """How many requests for quota wait in line from *time_s* on."""

    time_s: float
    waiting: int


class StoredRow(NamedTuple):
    """How many artifacts are stored and log events written at *time_s*."""

    time_s: float
    artifacts: int
    logs: int


def gantt_rows(journal: Iterable[Record]) -> list[GanttRow]:
    """The phases of every job, in order of creation: each tuning job, then its training jobs.

    A phase of no length is left out, unless the journal ends in it; a phase that has not ended ends with the journal.

    >>> from hptsim import Simulation, TuningJobSpec
    >>> sim = Simulation(); job = sim.create_tuning_job(TuningJobSpec("demo")); sim.run()
    >>> [row.phase for row in gantt_rows(sim.journal) if row.training_job]
    ['Training']
    """
    final = TUNING.final | TRAINING.final
    jobs: dict[tuple[str, str], list[GanttRow]] = {}
    parents: dict[str, str] = {}
    since: dict[tuple[str, str], tuple[str, float]] = {}
    now = 0.0
    for record in journal:
        now = record.time_s
        if record.thing not in ("tuning", "training") or record.trigger == "delete":
            continue
        if record.thing == "training" and record.trigger == "create":
            parents[record.name] = record.data["tuning_job"] or ""
        job = (record.name, "") if record.thing == "tuning" else (parents[record.name], record.name)
        phase, begin = since.get(job, ("", now))
        if phase == record.destination:
            continue
        rows = jobs.setdefault(job, [])
        if begin < now:
            rows.append(GanttRow(*job, phase, begin, now))
        since[job] = (record.destination, now)
        if record.destination in final:
            del since[job]
    for job, (phase, begin) in since.items():
        jobs[job].append(GanttRow(*job, phase, begin, now))
    order = {parent: place for place, parent in enumerate(dict.fromkeys(parent for parent, _ in jobs))}
    return [row for job in sorted(jobs, key=lambda job: (order[job[0]], job[1] != "")) for row in jobs[job]]


def band_rows(journal: Iterable[Record], limits: Mapping[str, int] | None = None) -> list[BandRow]:
    """Reservation and occupancy by instance type, one row whenever one of the two has changed (§5.5).

    *limits* is the account's quota (`Scenario.capacity`), which a journal's entries do not repeat.

    >>> from hptsim import Simulation, TuningJobSpec
    >>> sim = Simulation(); job = sim.create_tuning_job(TuningJobSpec("demo")); sim.run()
    >>> [(row.time_s, row.reserved, row.occupied) for row in band_rows(sim.journal)]
    [(0.0, 1, 1), (100.0, 0, 0)]
    """
    rows: list[BandRow] = []
    reserved: dict[str, int] = {}
    occupied: dict[str, int] = {}
    for now, records in groupby(journal, key=lambda record: record.time_s):
        before = {pool: (reserved[pool], occupied.get(pool, 0)) for pool in reserved}
        for record in records:
            book = occupied if record.thing == "occupancy" else reserved
            for pool, count in change(record).items():
                if pool not in (TOTAL, TUNING_JOBS):
                    book[pool] = book.get(pool, 0) + count
        for pool in sorted(reserved):
            after = (reserved[pool], occupied.get(pool, 0))
            if after != before.get(pool, (0, 0)):
                rows.append(BandRow(now, pool, (limits or {}).get(pool), *after))
    return rows


def queue_rows(journal: Iterable[Record]) -> list[QueueRow]:
    """The length of the line of those who wait for quota, one row whenever it has changed.

    >>> from hptsim import Simulation, TuningJobSpec
    >>> sim = Simulation(); job = sim.create_tuning_job(TuningJobSpec("demo")); sim.run()
    >>> queue_rows(sim.journal)  # nobody ever waits
    []
    """
    rows: list[QueueRow] = []
    waiting = 0
    for now, records in groupby(journal, key=lambda record: record.time_s):
        before = waiting
        for record in records:
            if record.thing == "reservation":
                waiting += {"ask": 1, "grant": -1, "withdraw": -1}.get(record.trigger, 0)
        if waiting != before:
            rows.append(QueueRow(now, waiting))
    return rows


def stored_rows(journal: Iterable[Record]) -> list[StoredRow]:
    """How what outlives the jobs grows: artifacts and log events, one row whenever one has come.

    >>> from hptsim import Simulation, TuningJobSpec
    >>> sim = Simulation(); job = sim.create_tuning_job(TuningJobSpec("demo")); sim.run()
    >>> stored_rows(sim.journal)[-1]
    StoredRow(time_s=100.0, artifacts=1, logs=2)
    """
    rows: list[StoredRow] = []
    stored: set[str] = set()
    logs = 0
    for now, records in groupby(journal, key=lambda record: record.time_s):
        for record in records:
            if record.thing == "artifact":
                stored.add(record.data)
            logs += record.thing == "log"
        if (len(stored), logs) != (rows[-1][1:] if rows else (0, 0)):
            rows.append(StoredRow(now, len(stored), logs))
    return rows


def gantt(rows: Sequence[GanttRow]) -> Any:
    """A matplotlib figure: a lane for each job, its phases in color, over simulated time in seconds.

    >>> from hptsim import Simulation, TuningJobSpec
    >>> sim = Simulation(); job = sim.create_tuning_job(TuningJobSpec("demo")); sim.run()
    >>> gantt(gantt_rows(sim.journal)).axes[0].get_xlabel()
    'simulated time (s)'
    """
    lanes = {job: place for place, job in enumerate(dict.fromkeys((row[0], row[1]) for row in rows))}
    figure, (axes,) = _figure(1, 2 + 0.45 * len(lanes))
    drawn: dict[str, Any] = {}
    for row in rows:
        lane, thick = lanes[row[0], row[1]], 0.8 if row.training_job else 0.4
        [bar] = axes.barh(lane, row.end_s - row.begin_s, thick, row.begin_s, color=PHASE_COLORS[row.phase])
        drawn.setdefault(row.phase, bar)
    axes.set_yticks(list(lanes.values()), [_label(*job) for job in lanes], fontsize=_FONT - 4)
    axes.invert_yaxis()
    axes.set_xlabel("simulated time (s)")
    if drawn:
        figure.legend(list(drawn.values()), list(drawn), loc="outside upper center", ncols=4, fontsize=_FONT - 2)
    return figure


def _label(tuning_job: str, training_job: str) -> str:
    """What a lane is called: matplotlib would read a dollar sign as mathematics."""
    return (f"  {training_job}" if training_job else tuning_job).replace("$", r"\$")


def bands(rows: Sequence[BandRow]) -> Any:
    """A matplotlib figure: instances reserved and occupied over simulated time; what is reserved and idle is hatched.

    >>> from hptsim import Simulation, TuningJobSpec
    >>> sim = Simulation(); job = sim.create_tuning_job(TuningJobSpec("demo")); sim.run()
    >>> [axes.get_title() for axes in bands(band_rows(sim.journal)).axes]
    ['ml.m5.xlarge']
    """
    types = list(dict.fromkeys(row.instance_type for row in rows))
    figure, panels = _figure(max(1, len(types)), 1 + 3.5 * max(1, len(types)))
    for axes, pool in zip(panels, types, strict=False):
        mine = [row for row in rows if row.instance_type == pool]
        times = [row.time_s for row in mine]
        reserved, occupied = [row.reserved for row in mine], [row.occupied for row in mine]
        idle = {"facecolor": "white", "edgecolor": ORANGE, "hatch": "///", "label": "reserved, idle"}
        axes.fill_between(times, occupied, reserved, step="post", **idle)
        axes.fill_between(times, occupied, step="post", color=BLUE, label="occupied")
        axes.step(times, reserved, where="post", color=ORANGE, linewidth=3, label="reserved")
        if mine[0].limit is not None:
            axes.axhline(mine[0].limit, color=BLACK, linestyle="--", label="quota")
        axes.set_title(pool, fontsize=_FONT)
        axes.set_ylabel("instances")
        axes.set_ylim(bottom=0)
        axes.yaxis.get_major_locator().set_params(integer=True)  # there is no half instance
    panels[-1].set_xlabel("simulated time (s)")
    if types:
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=4, fontsize=_FONT - 2)
    return figure


def _figure(panels: int, height: float) -> tuple[Any, list[Any]]:
    """An empty figure of 12 inches by at most 100, without pyplot: nothing global is touched, no window opens."""
    figure = require("matplotlib.figure", "plots", "drawing").Figure((12, min(height, 100)), layout="constrained")
    grid = figure.subplots(panels, 1, sharex=True, squeeze=False)
    for axes in grid[:, 0]:
        axes.xaxis.label.set_fontsize(_FONT)
        axes.yaxis.label.set_fontsize(_FONT)
        axes.tick_params(labelsize=_FONT - 2)
        axes.spines[["top", "right"]].set_visible(False)
    return figure, list(grid[:, 0])


def live_bands(rows: Sequence[BandRow]) -> Any:
    """The bands as a plotly figure, to zoom and to point at in a notebook.

    >>> [trace.name for trace in live_bands([BandRow(0.0, "ml.m5.xlarge", 4, 2, 1)]).data]
    ['reserved ml.m5.xlarge', 'occupied ml.m5.xlarge']
    """
    types = list(dict.fromkeys(row.instance_type for row in rows))
    graphs = require("plotly.graph_objects", "plots", "drawing")
    panels = max(1, len(types))
    figure = require("plotly.subplots", "plots", "drawing").make_subplots(panels, 1, shared_xaxes=True)
    for panel, pool in enumerate(types, start=1):
        mine = [row for row in rows if row.instance_type == pool]
        times = [row.time_s for row in mine]
        for name, color, counts in (
            ("reserved", ORANGE, [row.reserved for row in mine]),
            ("occupied", BLUE, [row.occupied for row in mine]),
        ):
            style = {"line": {"shape": "hv", "color": color}, "fill": "tozeroy", "fillcolor": color}
            figure.add_trace(graphs.Scatter(x=times, y=counts, name=f"{name} {pool}", **style), panel, 1)
        figure.update_yaxes(title_text="instances", row=panel, col=1)
    figure.update_xaxes(title_text="simulated time (s)", row=panels, col=1)
    figure.update_layout(font_size=_FONT, template="plotly_white")
    return figure
