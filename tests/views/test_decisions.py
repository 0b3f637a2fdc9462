"""Pictures of a decision: the target as a line, verdicts with signs, the chosen point, and axes that show the decision."""

import math

import pytest

from hptsim.views.decisions import SIGNS, DesignRow, Pair, decision, tradeoff
from hptsim.views.palette import BLACK, GRAY, GREEN, VERMILION

pytest.importorskip("matplotlib", reason="pictures: pip install 'hptsim[plots]'")
P95 = "waiting_time_s.p95"


def rows(*means, verdicts=("missed", "open", "met"), xs=(2, 4, 6)):
    return [
        DesignRow(str(x), "", x, mean, max(0.0, mean - 50), mean + 50, verdict, verdict == "met")
        for x, mean, verdict in zip(xs, means, verdicts, strict=False)
    ]


def legend(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_the_target_is_a_line_and_every_verdict_has_its_color_shape_and_sign():
    figure = decision(rows(700.0, 600.0, 300.0), "quota (instances)", P95, 600.0)
    [axes] = figure.axes
    target = next(line for line in axes.lines if line.get_label() == "target: 600")
    assert list(target.get_ydata()) == [600, 600] and target.get_color() == BLACK and target.get_linestyle() == "--"
    points = {line.get_label(): line for line in axes.lines}
    looks = {name: (points[name].get_color(), points[name].get_marker()) for name in ("✗ missed", "? open", "✓ met")}
    assert looks == {"✗ missed": (VERMILION, "X"), "? open": (GRAY, "D"), "✓ met": (GREEN, "o")}
    assert [text.get_text() for text in axes.texts] == ["✗", "?", "✓"] and set(SIGNS) == {"met", "missed", "open"}
    ring = points["chosen: 6"]
    assert (list(ring.get_xdata()), list(ring.get_ydata()), ring.get_markerfacecolor()) == ([6], [300.0], "none")
    assert set(legend(figure)) == {"target: 600", "✗ missed", "? open", "✓ met", "chosen: 6"}
    assert axes.get_yscale() == "linear" and axes.get_ylim()[0] == 0, "waiting is not below zero, and nor is the axis"


@pytest.mark.parametrize(
    ("means", "scale"),
    [((573070.0, 4875.0, 550.0), "log"), ((11999.0, 4875.0, 550.0), "linear"), ((573070.0, 4875.0, 0.0), "symlog")],
)
def test_where_the_decision_would_be_flat_the_axis_is_logarithmic(means, scale):
    designs = [row._replace(low=row.mean, high=row.mean) for row in rows(*means)]
    [axes] = decision(designs, "quota", P95, 600.0).axes
    assert axes.get_yscale() == scale
    assert (axes.get_ylim()[0] == 0) == (scale != "log"), "zero is on the axis where it can be"


def test_an_interval_down_to_zero_stays_on_a_logarithmic_axis():
    [axes] = decision(rows(90000.0, 600.0, 30.0), "quota", P95, 600.0).axes
    assert axes.get_yscale() == "symlog" and axes.get_ylim()[0] == 0
    lows = [y for path in axes.collections[0].get_paths() for _, y in path.vertices]
    assert min(lows) == 0


@pytest.mark.parametrize("means", [(90000.0, 600.0, 30.0), (700.0, 600.0, 300.0), (5.0, 5.0, 5.0), (0.0, 0.0, 0.0)])
def test_every_point_and_the_target_lie_inside_the_axes(means):
    """A mark on the frame would be cut in half."""
    for xs in ((2, 4, 6), ("a", "b", "c")):
        [axes] = decision(rows(*means, xs=xs), "quota", P95, 600.0).axes
        low, high = axes.get_ylim() if xs[0] == 2 else axes.get_xlim()
        assert low <= min(means) and 1.05 * max(*means, 600.0) < high


def test_what_may_be_below_zero_is_drawn_so():
    [axes] = decision(
        [DesignRow("1", "", 1, -5.0, -9.0, 2.0), DesignRow("2", "", 2, 5.0, 1.0, 9.0)], "x", "profit"
    ).axes
    assert axes.get_yscale() == "linear" and axes.get_ylim()[0] < -9


def test_a_share_is_in_per_cent():
    figure = decision(rows(0.5, 0.2, 0.04), "quota", "waited_share", 0.05)
    figure.draw_without_rendering()
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert all(label.endswith("%") for label in labels if label) and "target: 5 %" in legend(figure)


def test_designs_that_are_no_numbers_stand_below_each_other():
    figure = decision(rows(700.0, 600.0, 300.0, xs=("fifo", "priority", "$x^2$ <b>")), "discipline", P95, 600.0)
    [axes] = figure.axes
    figure.draw_without_rendering()
    assert [label.get_text() for label in axes.get_yticklabels()] == ["fifo", "priority", r"\$x^2\$ <b>"]
    assert axes.yaxis_inverted() and axes.get_xlabel() == "waiting of tuning jobs, 95 %\nquantile (s)"
    target = next(line for line in axes.lines if line.get_label() == "target: 600")
    assert list(target.get_xdata()) == [600, 600]
    assert [(text.get_text(), text.xy) for text in axes.texts] == [("✗", (700, 0)), ("?", (600, 1)), ("✓", (300, 2))]


def test_lines_have_one_legend_with_the_verdicts():
    designs = [
        DesignRow("2, fifo", "discipline = fifo", 2, 9.0, 8.0, 10.0, "missed"),
        DesignRow("2, priority", "discipline = priority", 2, 5.0, 4.0, 6.0, "met"),
    ]
    figure = decision(designs, "quota", P95, 7.0)
    assert len(figure.legends) == 1
    assert set(legend(figure)) == {"discipline = fifo", "discipline = priority", "✗ missed", "✓ met", "target: 7"}


def test_dominated_designs_are_gray_and_the_chosen_one_has_a_ring():
    costs, waits = rows(10.0, 20.0, 30.0), rows(900.0, 950.0, 300.0)
    figure = tradeoff(
        [Pair(*one) for one in zip(costs, waits, (False, True, False), strict=True)], "cost_usd", P95, 600.0
    )
    [axes] = figure.axes
    assert [text.get_text() for text in axes.texts] == ["2", "4", "6"]
    gray = next(line for line in axes.lines if line.get_label() == "dominated by another")
    assert (gray.get_color(), list(gray.get_xdata()), list(gray.get_ydata())) == (GRAY, [20.0], [950.0])
    assert set(legend(figure)) == {"dominated by another", "not dominated", "chosen: 6", "target: 600"}
    assert axes.get_xlabel() == "cost (US dollars)" and axes.get_xlim()[0] == 0


def test_designs_without_an_interval_have_none():
    alone = [row._replace(low=math.nan, high=math.nan) for row in rows(700.0, 600.0, 300.0)]
    figure = decision(alone, "quota", P95, 600.0)
    figure.draw_without_rendering()
    assert all(math.isnan(y) for path in figure.axes[0].collections[0].get_paths() for _, y in path.vertices)


def test_long_names_leave_half_of_a_narrow_picture_for_the_figure():
    name = "speech & language understanding in the department of very long names"
    figure = decision(
        [DesignRow(name, "", name, 5.0, 4.0, 6.0), DesignRow("x" * 70, "", "x", 5.0, 4.0, 6.0)], "team", P95
    )
    figure.set_size_inches(5.5, 4.0)
    figure.draw_without_rendering()
    [axes] = figure.axes
    assert [text.get_text() for text in axes.get_yticklabels()] == [
        "speech & language\nunderstanding in…",
        f"{'x' * 18}\n…",
    ]
    for label in (*axes.get_yticklabels(), axes.xaxis.label):
        assert label.get_window_extent().x0 >= 0 and label.get_window_extent().x1 <= figure.bbox.x1, "it is cut off"
    assert axes.get_position().width >= 0.4
