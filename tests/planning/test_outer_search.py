"""The outer search: it finds the frontier of a grid by fewer designs than chance would need, and tries none twice."""

import itertools
import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from hptsim import Scenario, TuningJobSpec
from hptsim.errors import InvalidInput
from hptsim.planning.experiments import sweep
from hptsim.planning.frontiers import frontier
from hptsim.planning.outer_search import search, search_designs
from hptsim.scenario.cloud import Timings
from hptsim.scenario.durations import Exponential
from hptsim.scenario.workload import Arrivals

GRID = {"machines": list(range(1, 21)), "at_a_time": list(range(1, 11)), "kind": ["slow", "usual", "fast"]}
PARETO = {(machines, 5, "usual") for machines in range(1, 21)}
"""The designs that no other dominates: `shows` has the least of either figure there, for each number of machines."""


def shows(point):
    """Cost and waiting: more machines cost more and wait less; the other two only lose."""
    lost = 3 * abs(point["at_a_time"] - 5) + {"slow": 9, "usual": 0, "fast": 6}[point["kind"]]
    return (point["machines"] + lost, 20 - point["machines"] + lost), 0.0


def on_the_frontier(points):
    return len(PARETO & {(point["machines"], point["at_a_time"], point["kind"]) for point in points})


def searched(seed, designs=60, show=shows):
    points = []

    def tried(point):
        points.append(point)
        return show(point)

    search(tried, GRID, 2, designs, seed=seed)
    return points


@pytest.mark.long
def test_it_finds_more_of_the_frontier_than_chance():
    every = [dict(zip(GRID, values, strict=True)) for values in itertools.product(*GRID.values())]
    chance = [on_the_frontier(random.Random(seed).sample(every, 60)) for seed in range(20)]
    assert on_the_frontier(searched(1)) > 1.5 * max(chance), chance


@pytest.mark.long
def test_no_design_is_tried_twice_and_the_same_seed_tries_the_same():
    points = searched(1)
    assert len({tuple(point.values()) for point in points}) == len(points) == 60
    assert points == searched(1)


def test_a_search_takes_any_whole_number_as_its_seed():
    for seed in (-1, 2**32, 2**64):
        assert len(searched(seed, designs=3)) == 3
    assert searched(-1, designs=3) == searched(-1, designs=3)


@pytest.mark.long
def test_what_leaves_too_many_unserved_or_shows_nothing_is_avoided():
    def show(point):
        away = 1.0 if point["kind"] == "usual" else 0.0
        return ((float("nan"),) * 2 if point["kind"] == "fast" else shows(point)[0]), away

    kinds = [point["kind"] for point in searched(1, 60, show)]
    assert kinds[30:].count("slow") > 15


def test_a_scenario_is_searched_and_the_frontier_is_that_of_the_sweep():
    team = Arrivals(TuningJobSpec("c"), Exponential(120.0), 20)
    scenario = Scenario(
        capacity={"gpu": 1}, timings=Timings(training_s=Exponential(100.0)), limits="none", arrivals=[team]
    )
    over = {
        "arrivals.c.template.definitions.instances.instance_type": ["ml.m5.large", "ml.m5.xlarge"],
        "capacity.*": [1, 2, 4],
    }
    figures = ["cost_usd", "waiting_time_s.above_60", "+throughput_per_hour"]
    with ThreadPoolExecutor(1) as one:
        found = search_designs(scenario, over, figures, designs=9, replications=3, executor=one)
        whole = sweep(scenario, over, 3, above_s=[60.0], executor=one)
    assert len(list(found.points())) == 6, "all there are"
    best = frontier(found, figures).best
    assert best.equals(frontier(whole, figures).best)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"figures": []}, "at least one figure and one design"),
        ({"designs": 0}, "at least one figure and one design"),
        ({"over": {"capacity.gpu": []}}, "values that differ, at least one"),
        ({"unserved": 2}, "a share between 0 and 1"),
    ],
)
def test_what_cannot_be_meant_is_refused(changes, words):
    given = {"over": {"capacity.gpu": [1]}, "figures": ["cost_usd"], **changes}
    with pytest.raises(InvalidInput, match=words):
        search_designs(Scenario(), **given)
