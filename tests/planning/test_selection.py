"""Ranking and selection: how often the best is selected where it is known, and what that costs."""

from concurrent.futures import ThreadPoolExecutor

import attrs
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from hptsim import Scenario, TuningJobSpec
from hptsim.errors import InvalidInput
from hptsim.model.assumptions import Assumptions
from hptsim.model.definitions import InstanceRequest, TrainingJobDefinition
from hptsim.planning.results import Results
from hptsim.planning.selection import allocated, best_of, kim_nelson
from hptsim.planning.sensitivity import one_at_a_time
from hptsim.scenario.cloud import Timings
from hptsim.scenario.durations import Exponential
from hptsim.scenario.workload import Arrivals

RUNS = 200


def normal(means, spreads, seed, shared=0.0):
    """Designs with normal figures; *shared* is the spread of what they have in common in each replication."""

    def draw(design, begin, count):
        common = shared * np.random.default_rng([seed, 99]).normal(size=3_000)[begin : begin + count]
        own = np.random.default_rng([seed, design]).normal(size=3_000)[begin : begin + count]
        return list(means[design] + spreads[design] * own + common)

    return draw


def least(confidence):
    return stats.binom.ppf(0.005, RUNS, confidence) / RUNS


@pytest.mark.long
@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_kim_and_nelson_select_the_best_as_often_as_they_promise(confidence):
    """The least favorable case: all others are worse by exactly the indifference."""
    right, counts = 0, []
    for seed in range(RUNS):
        draw = normal([0.0, 1.0, 1.0, 1.0, 1.0], [3.0] * 5, seed)
        best, drawn, ended = kim_nelson(draw, 5, 1.0, confidence=confidence, first=20)
        right += best == 0 and ended
        counts.append(sum(map(len, drawn)))
    assert right / RUNS >= least(confidence) and np.mean(counts) > 100


def test_common_random_numbers_and_clear_losers_make_it_cheap():
    def effort(means, shared, own):
        drawn = [kim_nelson(normal(means, [own] * 3, seed, shared), 3, 1.0)[1] for seed in range(30)]
        return np.mean([sum(map(len, one)) for one in drawn])

    hard = effort([0.0, 1.0, 1.0], 0.0, 3.0)
    assert effort([0.0, 1.0, 1.0], 2.9, np.sqrt(9 - 2.9**2)) < hard / 2, "the same spread, mostly shared"
    assert effort([0.0, 9.0, 9.0], 0.0, 3.0) < hard / 2


def test_it_says_when_it_could_not_tell():
    best, drawn, ended = kim_nelson(normal([0.0, 0.0], [9.0, 9.0], 1), 2, 0.1, most=50)
    assert not ended and max(map(len, drawn)) == 50 and best in (0, 1)


@pytest.mark.long
def test_a_budget_is_spent_where_it_tells_and_selects_more_often_than_equal_shares():
    means, spreads, budget = [0.0, 0.6, 1.0, 3.0, 3.0, 3.0, 3.0, 3.0], [2.0] * 8, 240
    right = equal = 0
    for seed in range(RUNS):
        draw = normal(means, spreads, seed)
        best, drawn, probability = allocated(draw, 8, budget)
        assert sum(map(len, drawn)) == budget and 0 <= probability <= 1
        right += best == 0
        equal += min(range(8), key=lambda one: np.mean(draw(one, 0, budget // 8))) == 0
    assert right > equal + 5
    assert np.mean([len(one) for one in drawn[:2]]) > 2 * np.mean([len(one) for one in drawn[3:]])


@pytest.mark.long
def test_the_estimated_probability_is_about_the_share_that_is_right():
    found = [allocated(normal([0.0, 1.0, 1.5], [2.0] * 3, seed), 3, 150) for seed in range(RUNS)]
    right, said = np.mean([best == 0 for best, _, _ in found]), np.mean([chance for *_, chance in found])
    assert abs(right - said) < 0.08


QUEUE = Scenario(
    capacity={"ml.m5.xlarge": 1},
    timings=Timings(training_s=Exponential(100.0)),
    limits="none",
    arrivals=[Arrivals(TuningJobSpec("c"), Exponential(120.0), 30)],
)
DESIGNS = [{"capacity.ml.m5.xlarge": count} for count in (1, 2, 3)]


def test_scenarios_are_selected_from():
    with ThreadPoolExecutor(1) as one:
        found = best_of(QUEUE, DESIGNS[:2], "waiting_time_s.mean", indifference=20.0, first=10, executor=one)
        assert found.best == 1 and found.probability == 0.95 and "no other is better by 20 or more" in found.sentence()
        assert found.sentence().startswith("Best is capacity.ml.m5.xlarge = 2: waiting_time_s.mean is ")
        busy = best_of(QUEUE, DESIGNS, "utilization.ml.m5.xlarge", budget=40, first=5, largest=True, executor=one)
    assert busy.best == 0 and sum(busy.replications) == 40 and busy.means[0] > busy.means[1] > busy.means[2]
    assert "estimated to be the best with a probability of" in busy.sentence()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"indifference": float("inf")}, "indifference: got inf, expected a finite number above 0"),
        ({}, "either an indifference, for a guarantee, or a budget"),
        ({"indifference": 1.0, "budget": 90}, "either an indifference"),
        ({"indifference": 0.0}, "indifference: got 0.0, expected a finite number above 0"),
        ({"budget": 10}, "budget: got 10, expected at least 60"),
        ({"budget": 90, "designs": DESIGNS[:1]}, "at least 2 designs"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments, message):
    given = {"designs": DESIGNS, **arguments}
    with pytest.raises(InvalidInput) as error:
        best_of(QUEUE, column="waiting_time_s.mean", **given)
    assert message in str(error.value)


def test_a_figure_of_one_group_can_be_chosen_by_too():
    scenario = Scenario(
        capacity={"ml.m5.xlarge": 1},
        timings="instant",
        arrivals=[Arrivals(TuningJobSpec("a"), Exponential(90), count=8)],
    )
    designs = [{"capacity.ml.m5.xlarge": count} for count in (1, 4)]
    column = "waiting_time_s.above_30[template=a]"
    with ThreadPoolExecutor(1) as one:
        found = best_of(scenario, designs, column, budget=8, first=4, executor=one)
        moved = one_at_a_time(scenario, {"capacity.ml.m5.xlarge": (1, 4)}, column, replications=3, executor=one)
    assert found.best == 1 and float(moved.table["difference"][0]) < 0


@pytest.mark.long
def test_a_design_that_turns_work_away_is_not_the_best():
    """Whom it refuses does not wait: with one of two instances, only those who want one wait, and not for long."""
    mixed = Arrivals(
        [TuningJobSpec("small"), TuningJobSpec("large", (TrainingJobDefinition(instances=InstanceRequest(count=2)),))],
        Exponential(400),
        30,
    )
    teams = attrs.evolve(QUEUE, arrivals=[mixed], assumptions=Assumptions(admission="queue"))
    designs = [{"capacity.ml.m5.xlarge": count} for count in (1, 2, 3)]
    with ThreadPoolExecutor(1) as one:
        for how in ({"indifference": 50.0}, {"budget": 60}):
            found = best_of(teams, designs, "cost_usd", first=10, executor=one, **how)
            assert found.left_out == (0,) and found.best != 0 and found.means[0] < found.means[found.best]
            assert found.sentence().endswith(
                " Left out, for more than 0% of the tuning jobs are refused or have not trained when it ends: "
                "capacity.ml.m5.xlarge = 1."
            )
            if "indifference" in how:
                assert "With 95% confidence no other that is not left out is better by 50 or more." in found.sentence()
        allowed = best_of(teams, designs, "cost_usd", first=10, executor=one, indifference=50.0, unserved=1.0)
        assert allowed.best == 0 and allowed.left_out == () and "Left out" not in allowed.sentence()
        with pytest.raises(InvalidInput, match=r"at most 0\.00% refused"):
            best_of(teams, designs[:1] * 2, "cost_usd", first=10, executor=one, budget=60)
        with pytest.raises(InvalidInput, match="unserved: got 5, expected a share between 0 and 1"):
            best_of(teams, designs, "cost_usd", budget=60, unserved=5)


@pytest.mark.parametrize("how", [{"indifference": 5.0}, {"budget": 60}])
def test_a_design_that_is_seen_to_turn_work_away_only_later_is_left_out_then(monkeypatch, how):
    """It looks the best, and serves all in the first replications; the best of the others is chosen."""

    def made_up(scenario, points, own, first, varied, settings):
        [[(_, design)]] = [list(point.items()) for point in points]
        numbers = range(first, first + len(own))
        noise = np.random.default_rng([design, first]).normal(scale=9.0, size=len(own))
        away = [0.5 if design == 1 and number >= 10 else 0.0 for number in numbers]
        return Results(pd.DataFrame({"x": 10.0 * design + noise, "unserved_share": away, "replication": numbers}))

    monkeypatch.setattr("hptsim.planning.selection.run_points", made_up)
    designs = [{"capacity.gpu": count} for count in (1, 2, 3)]
    with ThreadPoolExecutor(1) as one:
        found = best_of(QUEUE, designs, "x", first=10, executor=one, **how)
    assert (found.best, found.left_out) == (1, (0,)) and found.replications[0] > 10
    assert "Left out, for more than 0%" in found.sentence()
