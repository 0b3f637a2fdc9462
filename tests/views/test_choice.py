"""Which design a page looks at, and the rows of its pictures."""

import math

import pytest
from experiments_made_up import P95, QUOTA, figures, swept, three

from hptsim.planning.one_history import HistorySearch, HistoryTarget
from hptsim.views.choice import Choice, design_rows


def test_the_cheapest_design_that_meets_the_target_is_chosen():
    both = swept({4: [figures(10.0, 30.0)] * 3, 2: [figures(20.0, 20.0)] * 3, 1: [figures(999.0, 1.0)] * 3})
    assert Choice.of(both).design == {QUOTA: 2}
    assert Choice.of(three()).design == {QUOTA: 6}, "what is open does not count as met"


@pytest.mark.parametrize("cost", [10.0, math.nan])
def test_nothing_is_chosen_where_nothing_meets_or_a_cost_is_not_known(cost):
    missed = swept({2: [figures(9000.0)] * 3, 4: [figures(9000.0)] * 3})
    assert Choice.of(missed) == Choice(None)
    met = swept({2: [figures(1.0, cost)] * 3, 4: [figures(1.0, 9.0)] * 3})
    assert Choice.of(met).design == (None if math.isnan(cost) else {QUOTA: 4})
    design, part = Choice(None).closer(missed)
    assert design == {QUOTA: 2} and part.mean(P95) == 9000


def test_a_search_chooses_what_it_found():
    answer = swept({4: [figures(10.0)], 3: [figures(700.0)]})
    target = HistoryTarget.parse("waiting_time_s.p95 <= 600")
    for value in (4, None):
        search = HistorySearch(QUOTA, target, value, answer.results)
        found = Choice.of(type(answer)(answer.results, 0.95, target, search))
        assert found.design == (None if value is None else {QUOTA: 4})


def test_rows_have_the_interval_the_verdict_and_the_mark():
    answer = three()
    rows = design_rows(answer, P95, Choice.of(answer))
    assert [(row.x, row.verdict, row.chosen) for row in rows] == [
        (2, "missed", False),
        (4, "open", False),
        (6, "met", True),
    ]
    low, high = answer.results.at({QUOTA: 4}).interval(P95)
    assert (rows[1].mean, rows[1].low, rows[1].high) == (600.0, low, high) and low >= 0
    assert {row.verdict for row in design_rows(answer, "cost_usd", Choice.of(answer))} == {""}


def test_a_design_without_the_figure_has_no_row():
    answer = swept({2: [figures(math.nan)], 4: [figures(5.0)]})
    assert [row.x for row in design_rows(answer, P95, Choice(None))] == [4]
