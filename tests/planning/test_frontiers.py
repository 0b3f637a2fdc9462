"""The frontier: designs that are beaten in every respect are struck out, and those that only seem so are not shown."""

import numpy as np
import pandas as pd
import pytest

from hptsim.errors import InvalidInput
from hptsim.planning.frontiers import frontier
from hptsim.planning.results import Results

MEANS = {"a": (1.0, 9.0), "b": (2.0, 5.0), "c": (3.0, 6.0), "d": (4.0, 1.0), "e": (4.5, 1.001)}
"""Cost and waiting: c is worse than b in both, e a little worse than d."""


def sweep(spread=0.0, count=20, shared=True):
    rng = np.random.default_rng(1)
    common = rng.normal(size=(count, 2))
    rows = []
    for name, means in MEANS.items():
        noise = spread * (common if shared else rng.normal(size=(count, 2)))
        rows += [
            {"design": name, "replication": place, "cost_usd": cost, "wait": wait, "speed": -wait}
            for place, (cost, wait) in enumerate(np.array(means) + noise)
        ]
    return Results(pd.DataFrame(rows), ("design",))


def test_dominated_designs_are_struck_out():
    found = frontier(sweep(), ["cost_usd", "wait"])
    assert found.best["design"].tolist() == ["a", "b", "d"], "cheapest first"
    struck = found.table.set_index("design")
    assert (struck.loc["c", "dominated_by"], struck.loc["e", "dominated_by"]) == ("design = b", "design = d")
    text = found.sentence()
    assert text.startswith("design = a: cost_usd 1, wait 9.") and text.endswith(
        "2 of 5 designs are struck out by better ones, 2 of them with 95% confidence each."
    )
    assert "<table" in found._repr_html_()


def test_more_is_better_where_a_plus_says_so():
    assert frontier(sweep(), ["cost_usd", "+speed"]).best["design"].tolist() == ["a", "b", "d"]
    assert frontier(sweep(), ["cost_usd", "speed"]).best["design"].tolist() == ["a"]


def test_what_noise_could_have_done_is_not_shown():
    paired = frontier(sweep(0.5), ["cost_usd", "wait"]).table.set_index("design")
    assert paired.loc["c", "shown"] and paired.loc["e", "shown"], "what pairs have in common cancels"
    apart = frontier(sweep(0.5, shared=False), ["cost_usd", "wait"]).table.set_index("design")
    assert apart.loc["c", "shown"] and not apart.loc["e", "shown"]


def test_equal_designs_do_not_strike_each_other_out():
    rows = [{"design": name, "replication": place, "x": 1.0, "y": 2.0} for name in "ab" for place in range(3)]
    found = frontier(Results(pd.DataFrame(rows), ("design",)), ["x", "y"])
    assert found.best["design"].tolist() == ["a", "b"]


def test_rounding_strikes_nothing_out_and_hides_nothing():
    noise = 1 + 1e-13 * np.random.default_rng(1).normal(size=(2, 9))
    rows = [
        {"design": name, "replication": place, "x": 3.0 * noise[row, place], "y": 1.0 + row + 0.1 * place}
        for row, name in enumerate("ab")
        for place in range(9)
    ]
    table = frontier(Results(pd.DataFrame(rows), ("design",)), ["x", "y"]).table.set_index("design")
    assert (
        table.loc["a", "dominated_by"] == ""
        and table.loc["b", "dominated_by"] == "design = a"
        and table.loc["b", "shown"]
    )


def test_a_frontier_needs_a_sweep_and_two_figures():
    for results, figures in ((sweep(), ["wait"]), (sweep().at({"design": "a"}), ["wait", "cost_usd"])):
        with pytest.raises(InvalidInput, match="expected at least two figures of a sweep"):
            frontier(results, figures)


def test_designs_that_turn_work_away_are_struck_out_and_strike_nobody_out():
    rows = [
        {"design": name, "replication": place, "cost_usd": cost, "wait": wait, "unserved_share": away}
        for name, cost, wait, away in (
            ("a", 1.0, 1.0, 0.2),
            ("b", 2.0, 2.0, 0.0),
            ("c", 3.0, 3.0, 0.01),
            ("d", 9.0, None, 1.0),
        )
        for place in range(3)
    ]
    results = Results(pd.DataFrame(rows), ("design",))
    found = frontier(results, ["cost_usd", "wait"])
    assert found.best["design"].tolist() == ["b"] and found.table["dominated_by"].tolist() == [""] * 4
    assert found.sentence().endswith(
        "0 of 4 designs are struck out by better ones, 0 of them with 95% confidence each.\n3 are struck out because more than "
        "0% of their tuning jobs are refused or have not trained when it ends (that is what unserved allows)."
    )
    some = frontier(results, ["cost_usd", "wait"], unserved=0.05)
    assert some.best["design"].tolist() == ["b"]
    assert some.table.set_index("design").loc["c", "dominated_by"] == "design = b"
    assert frontier(results, ["cost_usd", "wait"], unserved=0.5).best["design"].tolist() == ["a"]
    with pytest.raises(InvalidInput, match="unserved: got -1, expected a share between 0 and 1"):
        frontier(results, ["cost_usd", "wait"], unserved=-1)
