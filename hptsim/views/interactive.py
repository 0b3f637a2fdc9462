"""Pictures for notebooks, in plotly (extra `plots`): those of `hptsim.views.charts`, to zoom and to point at."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

from hptsim.optional import require
from hptsim.views.chart_data import BandRow, CurveRow, GanttRow, IntervalRow, QueueRow
from hptsim.views.charts import FONT, INSTANCES, lane_label, lane_numbers
from hptsim.views.marks import MARKS
from hptsim.views.palette import BLUE, GRAY, LINES, ORANGE, PALETTE, PHASE_COLORS, PURPLE, VERMILION
from hptsim.views.time_axis import SECONDS


def gantt(rows: Sequence[GanttRow]) -> Any:
    """A lane for each job, its phases in color, over simulated time in seconds; pointing at a bar says what it is.

    Behind the lane of a job that has ended is the sign of its status.

    >>> [bars.name for bars in gantt([GanttRow("demo", "", "InProgress", 0.0, 100.0)]).data]
    ['InProgress']
    """
    lanes = lane_numbers(rows)
    figure = _figure(1, 160 + 24 * len(lanes))
    for phase in dict.fromkeys(row.phase for row in rows):
        mine = [row for row in rows if row.phase == phase]
        figure.add_bar(
            name=phase,
            orientation="h",
            y=[lanes[row.tuning_job, row.training_job] for row in mine],
            base=[row.begin_s for row in mine],
            x=[row.end_s - row.begin_s for row in mine],
            width=[0.8 if row.training_job else 0.4 for row in mine],
            marker={"color": PHASE_COLORS[phase]},
            hovertext=[
                f"{_text(row.training_job or row.tuning_job)}<br>{phase} from {row.begin_s:,.1f} s to {row.end_s:,.1f} s"
                for row in mine
            ],
            hoverinfo="text",
        )
    for status in dict.fromkeys(row.ended for row in rows if row.ended):
        ends = [row for row in rows if row.ended == status]
        figure.add_scatter(
            name=f"{MARKS[status].sign} {status}",
            mode="markers+text",  # the legend shows the marker, which nobody sees, and then the name
            marker={"opacity": 0, "size": 0},
            x=[row.end_s for row in ends],
            y=[lanes[row.tuning_job, row.training_job] for row in ends],
            text=[MARKS[status].sign] * len(ends),
            textposition="middle right",
            textfont={"color": PALETTE[MARKS[status].color].light},
            hovertext=[
                f"{_text(row.training_job or row.tuning_job)}<br>{status} at {row.end_s:,.1f} s" for row in ends
            ],
            hoverinfo="text",
        )
    names = [_text(lane_label(*job)) for job in lanes]
    figure.update_yaxes(tickvals=list(lanes.values()), ticktext=names, range=[len(lanes) - 0.5, -0.5])
    figure.update_xaxes(title_text=SECONDS.label)
    return figure.update_layout(barmode="overlay")


def bands(rows: Sequence[BandRow]) -> Any:
    """Instances reserved and occupied over simulated time, a panel for each instance type.

    >>> [trace.name for trace in bands([BandRow(0.0, "ml.m5.xlarge", 4, 2, 1)]).data]
    ['reserved', 'occupied']
    """
    types = list(dict.fromkeys(row.instance_type for row in rows))
    figure = _figure(len(types))
    for panel, pool in enumerate(types, start=1):
        mine = [row for row in rows if row.instance_type == pool]
        times = [row.time_s for row in mine]
        for name, color, counts in (
            ("reserved", ORANGE, [row.reserved for row in mine]),
            ("occupied", BLUE, [row.occupied for row in mine]),
        ):
            style: dict[str, Any] = {"line": {"shape": "hv", "color": color}, "fill": "tozeroy", "fillcolor": color}
            style |= {"mode": "lines", "legendgroup": name, "showlegend": panel == 1}
            figure.add_scatter(x=times, y=counts, name=name, row=panel, col=1, **style)
        if mine[0].limit is not None:
            figure.add_hline(mine[0].limit, line_dash="dash", annotation_text="quota", row=panel, col=1)
        _count(figure, f"{_text(pool)} {INSTANCES}", max([*(row.reserved for row in mine), mine[0].limit or 0]), panel)
    return figure.update_xaxes(title_text=SECONDS.label, row=max(1, len(types)), col=1)


def queue(rows: Sequence[QueueRow]) -> Any:
    """How many requests wait for quota over simulated time.

    >>> list(queue([QueueRow(0.0, 1), QueueRow(125.0, 0)]).data[0].y)
    [1, 0]
    """
    figure = _figure(1)
    style = {"line": {"shape": "hv", "color": PURPLE}, "fill": "tozeroy", "mode": "lines", "name": "waiting"}
    figure.add_scatter(x=[row.time_s for row in rows], y=[row.waiting for row in rows], **style)
    _count(figure, "requests waiting", max((row.waiting for row in rows), default=0))
    return figure.update_xaxes(title_text=SECONDS.label, rangemode="tozero")


def intervals(rows: Sequence[IntervalRow], x: str, y: str) -> Any:
    """The means of a sweep with their confidence intervals; *x* and *y* say what the axes are, with units.

    >>> [list(line.error_y.array) for line in intervals([IntervalRow("", 1, 9.0, 8.0, 10.0)], "GPUs", "wait (s)").data]
    [[1.0]]
    """
    figure = _figure(1)
    for place, line in enumerate(dict.fromkeys(row.line for row in rows)):
        mine = [row for row in rows if row.line == line]
        above, below = [row.high - row.mean for row in mine], [row.mean - row.low for row in mine]
        figure.add_scatter(
            x=[row.x for row in mine],
            y=[row.mean for row in mine],
            error_y={"array": above, "arrayminus": below},
            name=_text(line),
            line={"color": LINES[place % len(LINES)]},
            showlegend=bool(line),
        )
    return figure.update_xaxes(title_text=_text(x)).update_yaxes(title_text=_text(y))


def curves(rows: Sequence[CurveRow]) -> Any:
    """The learning curves of the training jobs; a cross marks one that was stopped early, and its tooltip says by which rule.

    >>> curves([CurveRow("demo", "demo-001", 1, 0.5, "hyperband")]).data[0].hovertext
    ('demo-001<br>stopped by hyperband',)
    """
    panels = {tuning_job: panel for panel, tuning_job in enumerate(dict.fromkeys(row.tuning_job for row in rows), 1)}
    figure = _figure(len(panels))
    jobs: dict[tuple[str, str], list[CurveRow]] = {}
    for row in rows:
        jobs.setdefault((row.tuning_job, row.training_job), []).append(row)
    shown = set()
    for (tuning_job, training_job), curve in jobs.items():
        early = bool(curve[-1].stopped_by)
        name = "stopped early" if early else "not stopped early"
        figure.add_scatter(
            x=[row.epoch for row in curve],
            y=[row.objective for row in curve],
            mode="lines+markers",
            line={"color": GRAY if early else BLUE, "width": 1 if early else 2},
            marker={"color": VERMILION, "symbol": "x", "size": [10 if row.stopped_by else 0 for row in curve]},
            hovertext=[
                _text(training_job) + (f"<br>stopped by {row.stopped_by}" if row.stopped_by else "") for row in curve
            ],
            name=name,
            legendgroup=name,
            showlegend=name not in shown,
            row=panels[tuning_job],
            col=1,
        )
        shown.add(name)
    for tuning_job, panel in panels.items():
        figure.update_yaxes(title_text=f"{_text(tuning_job)}<br>objective metric", row=panel, col=1)
    return figure.update_xaxes(title_text="epoch", row=max(1, len(panels)), col=1)


def _count(figure: Any, label: str, highest: int, panel: int = 1) -> None:
    """A vertical axis that counts: from zero on, without halves."""
    figure.update_yaxes(title_text=label, rangemode="tozero", dtick=1 + highest // 8, row=panel, col=1)


def _text(name: str) -> str:
    """A name as it is: plotly would read tags in it."""
    return html.escape(name, quote=False)


def _figure(panels: int, height: int | None = None) -> Any:
    """An empty figure in the style of the others."""
    panels = max(1, panels)
    figure = require("plotly.subplots", "plots", "drawing").make_subplots(panels, 1, shared_xaxes=True)
    return figure.update_layout(font_size=FONT, template="plotly_white", height=height or 120 + 300 * panels)
