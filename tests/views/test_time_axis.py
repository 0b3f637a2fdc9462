"""The axis of time has the unit of the run, or dates."""

from datetime import UTC, datetime

import pytest

from hptsim.views.chart_data import BandRow, QueueRow
from hptsim.views.charts import bands, queue
from hptsim.views.time_axis import SECONDS, Clock

pytest.importorskip("matplotlib", reason="pictures: pip install 'hptsim[plots]'")
ROWS = [QueueRow(0.0, 2), QueueRow(7 * 86400.0, 0)]


@pytest.mark.parametrize(
    ("end_s", "unit"), [(0, "s"), (299, "s"), (300, "min"), (18000, "h"), (431999, "h"), (432000, "days")]
)
def test_a_long_run_has_a_longer_unit(end_s, unit):
    clock = Clock.of(end_s)
    assert clock.label == f"simulated time ({unit})"
    assert clock.times([end_s]) == [end_s / {"s": 1, "min": 60, "h": 3600, "days": 86400}[unit]]


def test_a_picture_stands_in_the_unit_of_its_clock():
    [axes] = queue(ROWS, Clock.of(7 * 86400.0)).axes
    assert axes.get_xlabel() == "simulated time (days)" and list(axes.lines[0].get_xdata()) == [0, 7]
    assert queue(ROWS).axes[0].get_xlabel() == SECONDS.label == "simulated time (s)"


def test_dates_stand_where_the_days_are():
    clock = Clock.of(7 * 86400.0, "2023-06-01T00:00:00Z")
    for figure in (
        queue(ROWS, clock),
        bands([BandRow(0.0, "gpu", 2, 1, 1), BandRow(7 * 86400.0, "gpu", 2, 0, 0)], clock),
    ):
        [axes] = figure.axes
        figure.draw_without_rendering()
        first, last = axes.lines[0].get_xdata()
        assert datetime.fromtimestamp(first * 86400, UTC) == datetime(2023, 6, 1, tzinfo=UTC) and last == first + 7
        assert axes.get_xlabel() == "date (UTC)"
        assert (
            "Jun"
            in " ".join(label.get_text() for label in axes.get_xticklabels()) + axes.xaxis.get_offset_text().get_text()
        )
