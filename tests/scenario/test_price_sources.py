"""Costs at a price of one's own are not attributed to a list, and those at a list's price are."""

import pytest

from hptsim import Scenario, TuningJobSpec
from hptsim.model.definitions import InstanceRequest, TrainingJobDefinition
from hptsim.scenario.price_sources import PriceSources
from hptsim.scenario.prices import Prices
from hptsim.scenario.workload import Arrivals, ScheduledTuningJob

LISTED = "prices of 2023-06, us-east-1"
PAGE = "Amazon SageMaker's public price page"


def scenario(*types, **prices):
    jobs = [
        ScheduledTuningJob(TuningJobSpec(f"j{place}", (TrainingJobDefinition(instances=InstanceRequest(kind)),)))
        for place, kind in enumerate(types)
    ]
    return Scenario(tuning_jobs=jobs, **prices)


@pytest.mark.parametrize(
    ("own", "spot", "words"),
    [
        ({}, {}, LISTED),
        ({"a": 2.0}, {}, f"{LISTED}; the price of a is your own"),
        ({"b": 2.0, "a": 2.0}, {}, "the prices of a, b are your own"),
        ({"b": 2.0, "a": 2.0, "c": 2.0}, {"a": 1.0}, "the prices of a, b, c are your own"),
        ({}, {"a": 1.0, "b": 1.0}, f"{LISTED}; the spot prices of a, b are your own"),
        ({"a": 2.0}, {"b": 1.0}, f"{LISTED}; the price of a is your own; the spot price of b is your own"),
    ],
)
def test_whose_prices_in_words(own, spot, words):
    found = PriceSources.of(scenario("a", "b", prices_usd_per_hour=own, spot_prices_usd_per_hour=spot))
    assert found.words() == words
    assert (PAGE in found.sentences()) == (LISTED in words)
    assert all(part[:1].upper() + part[1:] in found.sentences() for part in words.split("; ") if part != LISTED)
    assert (found.data()["source"] is None) == (LISTED not in words)


def test_for_machines_the_types_with_own_prices_stand_beside_the_list():
    own = scenario("a", prices_usd_per_hour={"a": 2.0})
    assert PriceSources.of(own).data() == {
        **dict.fromkeys(("date", "region", "source")),
        "own": ["a"],
        "own_spot": [],
    }
    table = Prices("2026-11", "eu-west-1", "an offer", {"a": 1.0})
    assert PriceSources.of(scenario("a", prices=table)).data() == {
        "date": "2026-11",
        "region": "eu-west-1",
        "source": "an offer",
        "own": [],
        "own_spot": [],
    }


def test_the_types_that_jobs_may_use_are_those_of_all_definitions_and_pools():
    either = TrainingJobDefinition(instances=InstanceRequest("a"), alternatives=(InstanceRequest("b"),))
    arriving = Scenario(arrivals=[Arrivals(TuningJobSpec("t", (either,)), 60.0, 1)])
    assert arriving.instance_types == {"a", "b"} and scenario("c", "d").instance_types == {"c", "d"}
    half = Scenario(arrivals=arriving.arrivals, prices_usd_per_hour={"a": 2.0})
    assert PriceSources.of(half).words() == f"{LISTED}; the price of a is your own"
