"""Pictures have the ink that their rows say, legible, labelled, of nothing and of much."""

import numpy as np
import pytest
from examples import CURVES

from hptsim.model.statuses import NEW
from hptsim.model.tables import TRAINING, TUNING
from hptsim.views.chart_data import BandRow, CurveRow, GanttRow, IntervalRow, QueueRow, share_rows
from hptsim.views.charts import PHASE_COLORS, VERMILION, bands, curves, gantt, intervals, queue, waiting
from hptsim.views.marks import MARKS, mark_marker
from hptsim.views.palette import PALETTE

pytest.importorskip("matplotlib", reason="pictures: pip install 'hptsim[plots]'")

ROWS = [
    GanttRow("one", "", "InProgress", 0, 50),
    GanttRow("one", "", "Stopping", 50, 75),
    GanttRow("one", "one-001-0f0f", "Training", 20, 50),
    GanttRow("one", "one-001-0f0f", "Stopping", 50, 70),
]
HOSTILE = "$x^2$ <b>"


def legend(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_every_phase_that_lasts_has_a_color():
    lasting = {state for table in (TUNING, TRAINING) for state in set(table.states) - table.final - {NEW}}
    assert lasting == set(PHASE_COLORS)


def test_the_gantt_has_a_bar_for_each_row_and_its_unit():
    figure = gantt(ROWS)
    [axes] = figure.axes
    bars = {
        (bar.get_x(), bar.get_x() + bar.get_width(), round(bar.get_y() + bar.get_height() / 2)) for bar in axes.patches
    }
    assert bars == {(0, 50, 0), (50, 75, 0), (20, 50, 1), (50, 70, 1)} and len(axes.patches) == len(ROWS)
    assert [label.get_text() for label in axes.get_yticklabels()] == ["one", "001-0f0f"]
    assert axes.get_xlabel() == "simulated time (s)" and axes.yaxis_inverted()
    assert legend(figure) == ["InProgress", "Stopping", "Training"], "a phase has one color and one name"


def test_the_gantt_has_the_shape_of_the_status_in_which_each_job_has_ended():
    ended = [row._replace(ended="Stopped" if row.training_job else "Failed") for row in (ROWS[1], ROWS[3])]
    figure = gantt([ROWS[0], ended[0], ROWS[2], ended[1]])
    [axes] = figure.axes
    failed, stopped = axes.lines
    for line, status, place in ((failed, "Failed", (75, 0)), (stopped, "Stopped", (70, 1))):
        assert (line.get_xdata()[0], line.get_ydata()[0]) == place
        assert np.array_equal(line.get_marker().vertices, mark_marker(status).vertices)
        assert line.get_color() == PALETTE[MARKS[status].color].light
        figure.draw_without_rendering()
        shape, bar = (way.transform(place)[0] for way in (line.get_transform(), axes.transData))
        assert shape - bar > line.get_markersize() / 2 * figure.dpi / 72, "behind the bar"
    assert sorted(legend(figure)) == ["Failed", "InProgress", "Stopped", "Stopping", "Training"]
    assert not gantt(ROWS).axes[0].lines, "who has not ended has no shape"


def test_of_two_hundred_jobs_only_the_tuning_jobs_are_named_and_no_name_lies_on_another():
    few = [GanttRow(f"job-{i // 25}", f"job-{i // 25}-{i:03}" if i % 25 else "", "Training", 0, 9) for i in range(200)]
    many = [GanttRow(f"job-{i}", "", "InProgress", 0, 9, "Completed") for i in range(200)]
    for rows in (few, many):
        figure = gantt(rows)
        [axes] = figure.axes
        figure.draw_without_rendering()
        labels = axes.get_yticklabels()
        assert {label.get_text() for label in labels} <= {row.tuning_job for row in rows}
        boxes = [label.get_window_extent() for label in labels]
        assert not any(one.overlaps(other) for place, one in enumerate(boxes) for other in boxes[:place])
        assert figure.get_size_inches()[1] <= 24 and len(axes.patches) == 200
        assert [len(line.get_xdata()) for line in axes.lines] == ([len(labels)] if rows is many else [])


def test_the_bands_show_reserved_and_occupied_apart():
    rows = [BandRow(0.0, "ml.m5.xlarge", 5, 2, 2), BandRow(125.0, "ml.m5.xlarge", 5, 2, 1)]
    rows.append(BandRow(250.0, "ml.m5.xlarge", 5, 0, 0))
    figure = bands(rows)
    [axes] = figure.axes
    idle, occupied = axes.collections
    assert (idle.get_hatch(), idle.get_label()) == ("///", "reserved, idle")
    corners = {tuple(point) for point in idle.get_paths()[0].vertices}
    assert {(125.0, 1.0), (125.0, 2.0), (250.0, 2.0)} <= corners, "the gap is one instance high, from 125 s to 250 s"
    figure.draw_without_rendering()
    assert all(tick == int(tick) for tick in axes.get_yticks()), "there is no half instance"
    assert max(point[1] for point in occupied.get_paths()[0].vertices) == 2
    assert [line.get_ydata()[0] for line in axes.lines] == [2, 5], "reserved, and the quota"
    assert (axes.get_ylabel(), axes.get_xlabel()) == ("instances", "simulated time (s)")
    assert legend(bands([*rows, BandRow(0.0, "other", None, 1, 1)])) == [
        "reserved, idle",
        "occupied",
        "reserved",
        "quota",
    ]


def test_the_line_is_drawn_in_steps_from_zero_on():
    figure = queue([QueueRow(10.0, 3), QueueRow(125.0, 0)])
    [axes] = figure.axes
    [line] = axes.lines
    assert (line.get_drawstyle(), list(line.get_xdata()), list(line.get_ydata())) == ("steps-post", [10, 125], [3, 0])
    assert axes.get_xlim()[0] == axes.get_ylim()[0] == 0
    assert (axes.get_ylabel(), axes.get_xlabel()) == ("requests waiting", "simulated time (s)")


def test_the_waiting_times_of_half_and_of_nearly_all_are_marked_where_they_are_reached():
    waits = [0.0] * 6 + [60.0] * 10 + [1200.0] * 3 + [2000.0] * 2
    assert legend(waiting(share_rows(waits))) == ["50% within 60 s", f"95% within {np.quantile(waits, 0.95):,.0f} s"]
    figure = waiting(share_rows([0.0] * 3 + [60.0] * 6 + [None]))
    assert legend(figure) == ["50% within 60 s"], "nobody knows yet when 95 % will have started"
    [axes] = figure.axes
    assert list(axes.lines[0].get_ydata()) == [0, 0.3, 0.9]
    assert (axes.get_ylabel(), axes.get_xlabel()) == ("share of tuning jobs", "waiting time (s)")


def test_a_sweep_has_a_band_for_each_line():
    rows = [IntervalRow(line, x, 10 / x, 9 / x, 12 / x) for line in ("reuse", "upfront") for x in (1, 2)]
    figure = intervals(rows, "quota (instances)", "waiting time (s)")
    [axes] = figure.axes
    assert [list(line.get_ydata()) for line in axes.lines] == [[10, 5]] * 2
    assert {tuple(point) for point in axes.collections[0].get_paths()[0].vertices} >= {
        (1, 9),
        (1, 12),
        (2, 4.5),
        (2, 6),
    }
    assert legend(figure) == ["reuse", "upfront"]
    assert axes.lines[0].get_color() != axes.lines[1].get_color()
    assert not intervals([IntervalRow("", 1, 2.0, 1.0, 3.0)], "x", "y").legends


def test_there_is_no_half_instance_on_the_axis_of_a_sweep():
    for xs, whole in (((2, 3), True), ((0.5, 1.0), False)):
        axes = intervals([IntervalRow("", x, 2.0, 1.0, 3.0) for x in xs], "quota", "y").axes[0]
        assert all(float(tick).is_integer() for tick in axes.get_xticks()) == whole


def test_who_is_stopped_early_ends_in_a_cross():
    figure = curves(CURVES)
    first, second = figure.axes
    ran, early = first.lines
    assert (ran.get_marker(), early.get_marker(), early.get_markerfacecolor()) == ("None", "X", VERMILION)
    assert early.get_markevery() == [-1] and list(early.get_xdata()) == [1, 2]
    assert [axes.get_title() for axes in figure.axes] == ["a", "b"] and len(second.lines) == 1
    assert legend(figure) == ["not stopped early", "stopped early"]
    assert (first.get_ylabel(), second.get_xlabel()) == ("objective metric", "epoch")


def test_a_name_is_shown_as_it_is():
    for figure in (
        gantt([GanttRow(HOSTILE, "", "InProgress", 0, 9)]),
        bands([BandRow(0.0, HOSTILE, None, 2, 1)]),
        curves([CurveRow(HOSTILE, "b", 1, 0.5, "")]),
        intervals([IntervalRow(HOSTILE, 1, 2.0, 1.0, 3.0)], HOSTILE, HOSTILE),
    ):
        figure.draw_without_rendering()
        [axes] = figure.axes
        texts = [axes.get_title(), axes.get_xlabel(), *(label.get_text() for label in axes.get_yticklabels())]
        assert HOSTILE.replace("$", r"\$") in texts, "matplotlib takes a bare dollar sign for mathematics"


def test_a_notebook_shows_a_picture_by_itself():
    assert gantt(ROWS)._repr_png_().startswith(b"\x89PNG")


def test_a_picture_can_be_saved_even_of_nothing(tmp_path):
    for figure in (gantt([]), bands([]), queue([]), waiting([]), intervals([], "x", "y"), curves([])):
        figure.savefig(tmp_path / "picture.svg")
        assert (tmp_path / "picture.svg").read_text().count("<svg") == 1
