"""Pictures for papers and slides, in matplotlib (extra `plots`): drawn from the data of `hptsim.views.chart_data`.

Every function takes rows and gives a figure to show or to save. Colors are those of `hptsim.views.palette`.
`hptsim.views.interactive` has the same pictures to zoom and to point at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from io import BytesIO
from typing import Any

from hptsim.optional import require
from hptsim.views.chart_data import BandRow, CurveRow, GanttRow, IntervalRow, QueueRow, ShareRow, share_quantile
from hptsim.views.marks import MARKS, mark_marker
from hptsim.views.palette import BLACK, BLUE, GRAY, LINES, ORANGE, PALETTE, PAPER, PHASE_COLORS, PURPLE, VERMILION
from hptsim.views.time_axis import SECONDS, Clock

DASHES = ("-", "--", ":", "-.")
"""And their dashes: where two lines lie on each other, both can be seen."""
FONT = 16
"""Points: legible from the last row of a lecture hall."""
INSTANCES = "instances"
_MARK = 12
"""How wide the shape of a status is, in points."""
_NAMED, _TALLEST = 60, 24
"""A Gantt chart names its lanes up to this many of them, and a lane is at most this many inches high."""


def gantt(rows: Sequence[GanttRow]) -> Any:
    """A lane for each job, its phases in color, over simulated time in seconds; behind it the shape of the status it ended in.

    Of many jobs only tuning jobs have their names and shapes.

    >>> from hptsim import Simulation, TuningJobSpec
    >>> from hptsim.views import gantt_rows
    >>> sim = Simulation(); job = sim.create_tuning_job(TuningJobSpec("demo")); sim.run()
    >>> gantt(gantt_rows(sim.journal)).axes[0].get_xlabel()
    'simulated time (s)'
    """
    lanes = lane_numbers(rows)
    figure, (axes,) = empty(1, min(2 + 0.4 * len(lanes), _TALLEST))
    phases = list(dict.fromkeys(row.phase for row in rows))
    for phase in phases:
        mine = [row for row in rows if row.phase == phase]
        axes.barh(
            [lanes[row.tuning_job, row.training_job] for row in mine],
            [row.end_s - row.begin_s for row in mine],
            [0.8 if row.training_job else 0.4 for row in mine],
            [row.begin_s for row in mine],
            color=PHASE_COLORS[phase],
            label=phase,
        )
    named = [job for job in lanes if len(lanes) <= _NAMED or not job[1]]
    named = named[:: 1 + len(named) // _NAMED]
    axes.set_yticks([lanes[job] for job in named], [unmarked(lane_label(*job)) for job in named])
    axes.set_ylim(max(1, len(lanes)) - 0.5, -0.5)
    _ends(figure, axes, [row for row in rows if row.ended and (row.tuning_job, row.training_job) in named], lanes)
    SECONDS.name(axes)
    return with_legend(figure, axes)


def _ends(figure: Any, axes: Any, rows: Sequence[GanttRow], lanes: Mapping[tuple[str, str], int]) -> None:
    """The shape of each status in which a job has ended, behind its bar."""
    moved = require("matplotlib.transforms", "plots", "drawing").ScaledTranslation
    behind = axes.transData + moved(0.8 * _MARK / 72, 0, figure.dpi_scale_trans)
    for status in dict.fromkeys(row.ended for row in rows):
        mine = [row for row in rows if row.ended == status]
        axes.plot(
            [row.end_s for row in mine],
            [lanes[row.tuning_job, row.training_job] for row in mine],
            linestyle="",
            marker=mark_marker(status),
            markersize=_MARK,
            color=PALETTE[MARKS[status].color].light,
            markeredgecolor=PALETTE["edge"].light,
            transform=behind,
            label=status,
        )


def lane_numbers(rows: Iterable[GanttRow]) -> dict[tuple[str, str], int]:
    """The jobs of a Gantt chart, numbered from the top."""
    return {job: lane for lane, job in enumerate(dict.fromkeys((row.tuning_job, row.training_job) for row in rows))}


def lane_label(tuning_job: str, training_job: str) -> str:
    """What a lane is called: a training job by what its name adds to that of its tuning job.

    >>> lane_label("demo", ""), lane_label("demo", "demo-001-0f0f0f0f"), lane_label("", "alone")
    ('demo', '001-0f0f0f0f', 'alone')
    """
    return training_job.removeprefix(f"{tuning_job}-") if training_job else tuning_job


def bands(rows: Sequence[BandRow], clock: Clock = SECONDS) -> Any:
    """Instances reserved and occupied over time, a panel for each type; what is reserved and idle is hatched.

    >>> from hptsim import Simulation, TuningJobSpec
    >>> from hptsim.views import band_rows
    >>> sim = Simulation(); job = sim.create_tuning_job(TuningJobSpec("demo")); sim.run()
    >>> [axes.get_title() for axes in bands(band_rows(sim.journal)).axes]
    ['ml.m5.xlarge']
    """
    types = list(dict.fromkeys(row.instance_type for row in rows))
    figure, panels = empty(len(types))
    for axes, pool in zip(panels, types, strict=False):
        mine = [row for row in rows if row.instance_type == pool]
        times = clock.times(row.time_s for row in mine)
        reserved, occupied = [row.reserved for row in mine], [row.occupied for row in mine]
        idle = {"facecolor": PAPER, "edgecolor": ORANGE, "hatch": "///", "label": "reserved, idle"}
        axes.fill_between(times, occupied, reserved, step="post", **idle)
        axes.fill_between(times, occupied, step="post", color=BLUE, label="occupied")
        axes.step(times, reserved, where="post", color=ORANGE, linewidth=3, label="reserved")
        if mine[0].limit is not None:
            axes.axhline(mine[0].limit, color=BLACK, linestyle="--", label="quota")
        axes.set_title(unmarked(pool), fontsize=FONT)
        _count(axes, INSTANCES)
    clock.name(panels[-1])
    return with_legend(figure, panels[0])


def queue(rows: Sequence[QueueRow], clock: Clock = SECONDS) -> Any:
    """How many requests wait for quota over time.

    >>> queue([QueueRow(0.0, 1), QueueRow(125.0, 0)]).axes[0].get_ylabel()
    'requests waiting'
    """
    figure, (axes,) = empty(1)
    times, waiting = clock.times(row.time_s for row in rows), [row.waiting for row in rows]
    axes.fill_between(times, waiting, step="post", color=PURPLE, alpha=0.3, linewidth=0)
    axes.step(times, waiting, where="post", color=PURPLE, linewidth=3)
    _count(axes, "requests waiting")
    axes.set_xlim(left=clock.times([0.0])[0])
    clock.name(axes)
    return figure


def waiting(rows: Sequence[ShareRow], limit_s: float | None = None) -> Any:
    """The share of tuning jobs whose first training job trains within a time, with the median and the 95 % quantile.

    *limit_s* is a target for them, drawn as a line.

    >>> waiting([ShareRow(0.0, 0.5, 2), ShareRow(60.0, 1.0, 2)]).axes[0].get_xlabel()
    'waiting time (s)'
    """
    figure, (axes,) = empty(1)
    if rows:
        axes.step(
            [0.0, *(row.waiting_s for row in rows)], [0.0, *(row.share for row in rows)], where="post", color=BLUE
        )
        axes.lines[0].set_linewidth(3)
    for share, dashes in ((0.5, ":"), (0.95, "--")):
        within = share_quantile(rows, share)
        if within is not None:
            axes.plot(
                [within, within], [0, share], color=BLUE, linestyle=dashes, label=f"{share:.0%} within {within:,.0f} s"
            )
    if limit_s is not None:
        axes.axvline(limit_s, color=BLACK, linestyle="-.", label=f"target: {limit_s:,.12g} s")
    axes.set_xlabel("waiting time (s)")
    axes.set_ylabel("share of tuning jobs")
    axes.set_ylim(0, 1.02)
    axes.set_xlim(0, max(1.0, axes.get_xlim()[1]))
    return with_legend(figure, axes)


def intervals(rows: Sequence[IntervalRow], x: str, y: str) -> Any:
    """The means of a sweep with their confidence bands; *x* and *y* say what the axes are, with units.

    >>> picture = intervals([IntervalRow("", 1, 9.0, 8.0, 10.0), IntervalRow("", 2, 3.0, 2.0, 4.0)], "GPUs", "wait (s)")
    >>> picture.axes[0].get_xlabel(), picture.axes[0].get_ylabel()
    ('GPUs', 'wait (s)')
    """
    figure, (axes,) = empty(1, 6)
    for place, line in enumerate(dict.fromkeys(row.line for row in rows)):
        mine, color = [row for row in rows if row.line == line], LINES[place % len(LINES)]
        xs = [row.x for row in mine]
        axes.fill_between(xs, [row.low for row in mine], [row.high for row in mine], color=color, alpha=0.25)
        style = {"color": color, "linewidth": 3, "linestyle": DASHES[place % len(DASHES)], "marker": "o"}
        axes.plot(xs, [row.mean for row in mine], label=unmarked(line), **style)
    if all(isinstance(row.x, int) for row in rows):
        axes.xaxis.get_major_locator().set_params(integer=True)  # there is no half instance
    axes.set_xlabel(unmarked(x))
    axes.set_ylabel(unmarked(y))
    return with_legend(figure, axes) if any(row.line for row in rows) else figure


def curves(rows: Sequence[CurveRow]) -> Any:
    """The learning curves of the training jobs, a panel for each tuning job; a cross marks one that was stopped early.

    >>> curves([CurveRow("demo", "demo-001", 1, 0.5, "hyperband")]).axes[0].get_title()
    'demo'
    """
    tuning_jobs = list(dict.fromkeys(row.tuning_job for row in rows))
    figure, panels = empty(len(tuning_jobs))
    for axes, tuning_job in zip(panels, tuning_jobs, strict=False):
        mine = [row for row in rows if row.tuning_job == tuning_job]
        for training_job in dict.fromkeys(row.training_job for row in mine):
            curve = [row for row in mine if row.training_job == training_job]
            style: dict[str, Any] = {"color": BLUE, "linewidth": 2.5, "label": "not stopped early"}
            if curve[-1].stopped_by:
                style = {"color": GRAY, "marker": "X", "markevery": [-1], "label": "stopped early"}
                style |= {"markersize": 11, "markerfacecolor": VERMILION}
            axes.plot([row.epoch for row in curve], [row.objective for row in curve], **style)
        axes.set_title(unmarked(tuning_job), fontsize=FONT)
        axes.set_ylabel("objective metric")
        axes.xaxis.get_major_locator().set_params(integer=True)
    panels[-1].set_xlabel("epoch")
    return with_legend(figure, *panels)


def _count(axes: Any, label: str) -> None:
    """A vertical axis that counts: from zero on, without halves."""
    axes.set_ylabel(label)
    axes.set_ylim(bottom=0)
    axes.yaxis.get_major_locator().set_params(integer=True)


def unmarked(text: str) -> str:
    """A name as it is: matplotlib would read a dollar sign as mathematics."""
    return text.replace("$", r"\$")


def with_legend(figure: Any, *panels: Any) -> Any:
    """The figure with one legend above it, in which each name stands once."""
    handles = {name: handle for axes in panels for handle, name in zip(*axes.get_legend_handles_labels(), strict=True)}
    if handles:
        figure.legend(
            list(handles.values()),
            list(handles),
            loc="outside upper center",
            ncols=4,
            fontsize=FONT - 2,
            frameon=False,
            labelcolor=BLACK,
        )
    return figure


def empty(panels: int, height: float | None = None) -> tuple[Any, list[Any]]:
    """An empty figure, 12 inches wide, without pyplot: nothing global is touched, no window opens."""
    panels = max(1, panels)
    size = (12, height or 1.5 + min(4 * panels, _TALLEST))
    figure = require("matplotlib.figure", "plots", "drawing").Figure(size, layout="constrained")
    figure._repr_png_ = partial(_png, figure)  # without pyplot, a notebook would show its name only
    grid = figure.subplots(panels, 1, sharex=True, squeeze=False)
    for axes in grid[:, 0]:
        axes.tick_params(labelsize=FONT - 2, color=BLACK, labelcolor=BLACK)
        for axis in (axes.xaxis, axes.yaxis):
            axis.label.set(fontsize=FONT, color=BLACK)
            axis.offsetText.set(fontsize=FONT - 2, color=BLACK)
        axes.title.set_color(BLACK)
        for place, spine in axes.spines.items():
            spine.set(edgecolor=BLACK, visible=place in ("left", "bottom"))
        plain(axes.xaxis)
        plain(axes.yaxis)
    return figure, list(grid[:, 0])


def plain(axis: Any) -> None:
    """An axis whose numbers are written out: a month is 2,592,000 s, not 2.592e6."""
    axis.set_major_formatter(lambda value, _: f"{value:,.6g}" if abs(value) < 1e6 else f"{value:,.0f}")


def _png(figure: Any) -> bytes:
    """What a notebook shows of a figure."""
    stream = BytesIO()
    figure.savefig(stream, format="png")
    return stream.getvalue()
