"""Axes say what they show, in words and with a unit."""

import pytest

from hptsim.planning.figures import FIGURES
from hptsim.planning.metrics import Metrics
from hptsim.scenario.scenario import Scenario
from hptsim.views.axis_names import figure_name, is_share


@pytest.mark.parametrize("column", [*FIGURES, "waiting_time_s.max", "waiting_time_s.above_600[team=a.b]"])
def test_every_figure_has_a_name_in_words_with_a_unit(column):
    name = figure_name(column)
    assert "_" not in name and "(" in name, name
    assert ("(%" in name) == is_share(column), "a share is shown in per cent"
    assert (" s)" in name or "(s)" in name) == (column.partition(".")[0].endswith("_s") and not is_share(column) and
                                                "count" not in column)  # fmt: skip


def test_the_figures_of_a_run_have_names():
    columns = Metrics.of([], Scenario(capacity={"ml.m5.xlarge": 1})).figures()
    assert columns and all(figure_name(column) != column for column in columns)


def test_names_differ_and_what_is_unknown_stays():
    assert len({figure_name(column) for column in FIGURES}) == len(FIGURES)
    assert figure_name("profit") == "profit" and figure_name("waiting_time_s.mode") == "waiting_time_s.mode"
    assert figure_name("cost_usd[team=a]") == "cost (US dollars), team a"
