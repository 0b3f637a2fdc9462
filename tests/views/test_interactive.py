"""The pictures for notebooks have the same rows in them as those for papers."""

import pytest
from examples import CURVES

from hptsim.views.chart_data import BandRow, CurveRow, GanttRow, IntervalRow, QueueRow
from hptsim.views.interactive import bands, curves, gantt, intervals, queue
from hptsim.views.palette import PALETTE

pytest.importorskip("plotly", reason="pictures: pip install 'hptsim[plots]'")

HOSTILE = "<b>x</b><script>alert(1)</script>"


def test_the_gantt_has_a_bar_for_each_row_that_says_what_it_is():
    rows = [GanttRow("one", "", "InProgress", 0, 50), GanttRow("one", "one-001", "Training", 20, 50)]
    figure = gantt(rows)
    bars = [(bar.name, bar.y, bar.base, bar.x, bar.hovertext) for bar in figure.data]
    assert bars == [
        ("InProgress", (0,), (0,), (50,), ("one<br>InProgress from 0.0 s to 50.0 s",)),
        ("Training", (1,), (20,), (30,), ("one-001<br>Training from 20.0 s to 50.0 s",)),
    ]
    assert figure.layout.yaxis.ticktext == ("one", "001") and figure.layout.xaxis.title.text == "simulated time (s)"


def test_the_gantt_has_the_sign_of_the_status_in_which_each_job_has_ended():
    rows = [
        GanttRow("one", "", "InProgress", 0, 50, "Completed"),
        GanttRow("one", HOSTILE, "Training", 20, 40, "Failed"),
    ]
    rows.append(GanttRow("one", "one-002", "Training", 20, 50))
    *_, done, failed = gantt(rows).data
    assert (done.name, done.x, done.y, done.text, done.hovertext) == (
        "✓ Completed",
        (50,),
        (0,),
        ("✓",),
        ("one<br>Completed at 50.0 s",),
    )
    assert (failed.name, failed.x, failed.y, failed.text) == ("✗ Failed", (40,), (1,), ("✗",))
    assert "<script>" not in failed.hovertext[0] and failed.textfont.color == PALETTE["lost"].light
    assert failed.textposition == "middle right" and failed.marker.opacity == 0


def test_the_bands_have_the_same_steps_in_every_panel():
    figure = bands([BandRow(0.0, "a", 5, 2, 2), BandRow(1.0, "b", None, 4, 3), BandRow(125.0, "a", 5, 2, 1)])
    traces = [(trace.name, list(trace.x), list(trace.y), trace.line.shape, trace.yaxis) for trace in figure.data]
    assert traces == [
        ("reserved", [0, 125], [2, 2], "hv", "y"),
        ("occupied", [0, 125], [2, 1], "hv", "y"),
        ("reserved", [1], [4], "hv", "y2"),
        ("occupied", [1], [3], "hv", "y2"),
    ]
    assert [line.y0 for line in figure.layout.shapes] == [5], "the quota, where there is one"
    assert figure.layout.yaxis.title.text == "a instances" and figure.layout.xaxis2.title.text == "simulated time (s)"
    assert [trace.showlegend for trace in figure.data] == [True, True, False, False]


def test_the_line_is_drawn_in_whole_steps():
    figure = queue([QueueRow(10.0, 3), QueueRow(125.0, 0)])
    [trace] = figure.data
    assert (trace.x, trace.y, trace.line.shape) == ((10, 125), (3, 0), "hv")
    assert figure.layout.yaxis.title.text == "requests waiting" and figure.layout.yaxis.dtick == 1


def test_a_sweep_has_its_intervals():
    rows = [IntervalRow(line, x, 10 / x, 9 / x, 12 / x) for line in ("reuse", "upfront") for x in (1, 2)]
    figure = intervals(rows, "quota (instances)", "waiting time (s)")
    assert [(line.name, line.y) for line in figure.data] == [("reuse", (10, 5)), ("upfront", (10, 5))]
    assert (figure.data[0].error_y.array, figure.data[0].error_y.arrayminus) == ((2, 1), (1, 0.5))
    assert figure.layout.xaxis.title.text == "quota (instances)"


def test_who_is_stopped_early_ends_in_a_cross():
    figure = curves(CURVES)
    assert [(line.name, line.marker.size, line.showlegend) for line in figure.data] == [
        ("not stopped early", (0, 0, 0), True),
        ("stopped early", (0, 10), True),
        ("not stopped early", (0,), False),
    ]
    assert figure.data[1].hovertext[-1] == "a-2<br>stopped by hyperband" and figure.data[2].yaxis == "y2"


def test_a_hostile_name_stays_a_name():
    for figure in (
        gantt([GanttRow(HOSTILE, "", "InProgress", 0, 9)]),
        bands([BandRow(0.0, HOSTILE, None, 2, 1)]),
        curves([CurveRow(HOSTILE, HOSTILE, 1, 0.5, "")]),
        intervals([IntervalRow(HOSTILE, 1, 2.0, 1.0, 3.0)], HOSTILE, HOSTILE),
    ):
        page = figure.to_html(include_plotlyjs=False)
        assert "\\u003cb\\u003e" not in page and "<b>" not in page and "<script>alert" not in page
        assert "\\u0026lt;b\\u0026gt;" in page or "&lt;b&gt;" in page


def test_of_nothing_there_is_an_empty_picture():
    for figure in (gantt([]), bands([]), queue([]), curves([]), intervals([], "x", "y")):
        assert not any(trace.y for trace in figure.data)
