"""The rules that are written twice say the same: the auditor's form of each beside the world's, on many random cases."""

import random

import pytest

from hptsim.audit import expected, expected_search
from hptsim.audit.state import ENDED, KnownTuningJob
from hptsim.model.billing import BILLED
from hptsim.model.definitions import CompletionCriteria, Hyperband, Objective
from hptsim.model.ranges import ParameterRange
from hptsim.model.specs import TuningJobSpec
from hptsim.model.statuses import bucket
from hptsim.model.tables import TRAINING
from hptsim.strategies.completion import met
from hptsim.strategies.stopping_rules import brackets, falls_behind, rungs
from hptsim.world.warm_pools import match_keys, outlives

REASONS = (
    "",
    "AlgorithmError: exit code 1",
    "ClientError: no data",
    "InternalServerError: again",
    "CapacityError: none",
)


@pytest.mark.parametrize("state", sorted(ENDED))
@pytest.mark.parametrize("reason", REASONS)
def test_counters_and_machines(state, reason):
    assert expected.counter(state, reason) == bucket(state, reason)
    if state != "Failed" or reason:
        for started in (True, False):
            assert expected.keeps_machines(started, state, reason) == outlives(started, state, reason)


def test_billed_states():
    assert {state for state in TRAINING.states if state not in ENDED} - expected.NOT_BILLED == BILLED


def test_what_a_warm_pool_must_share():
    rng, seen = random.Random(1), set()
    for _ in range(2000):
        one, other = (
            {"RoleArn": rng.choice("ab"), "EnableNetworkIsolation": rng.choice([None, False, True])}
            | ({"ResourceConfig": {"VolumeSizeInGB": rng.choice([1, 2])}} if rng.random() < 0.5 else {})
            | ({"VpcConfig": {"Subnets": [rng.choice("xy")]}} if rng.random() < 0.5 else {})
            for _ in range(2)
        )
        mine, yours = {"ml.m5.xlarge": rng.choice([1, 2])}, {"ml.m5.xlarge": rng.choice([1, 2])}
        same = match_keys(mine, one) == match_keys(yours, other)
        assert (expected.difference(mine, one, yours, other) == "") == same
        seen.add(same)
    assert seen == {True, False}


def test_the_median_rule():
    rng, seen = random.Random(2), set()
    for _ in range(2000):
        curves = [
            [rng.choice([0.1, 0.2, 0.3, 0.5]) for _ in range(rng.randint(1, 5))] for _ in range(rng.randint(1, 7))
        ]
        mine, others = curves[0], curves[1:]
        for ascending in (False, True):
            theirs = falls_behind(Objective(maximize=ascending), mine, others)
            assert expected_search.behind_the_median(mine, others, ascending) == theirs
            seen.add(theirs)
    assert seen == {True, False}


@pytest.mark.parametrize(
    "hyperband", [Hyperband(1, 27), Hyperband(1, 9), Hyperband(2, 20), Hyperband(3, 3), Hyperband(1, 28)]
)
def test_the_rungs_of_hyperband(hyperband):
    for ordinal in range(1, 12):
        theirs = rungs(hyperband, (ordinal - 1) % brackets(hyperband))
        assert sorted(expected_search.bracket_of(hyperband, ordinal)) == theirs


def test_completion_criteria():
    rng, seen = random.Random(3), set()
    for _ in range(2000):
        ascending = rng.random() < 0.5
        criteria = CompletionCriteria(rng.choice([None, 0.15]), rng.choice([None, 3, 5]), rng.random() < 0.3)
        spec = TuningJobSpec("a", objective=Objective(maximize=ascending), criteria=criteria)
        results = [rng.choice([0.2, 0.199, 0.198, 0.5, rng.random()]) for _ in range(rng.randint(1, 14))]
        theirs = met(spec, results)
        assert expected_search.criterion_met(KnownTuningJob("a", spec, results=results)) == theirs
        seen.add(theirs)
    assert len(seen) == 4


def test_what_a_range_holds():
    spans = (
        ParameterRange("n", "Integer", 1, 3),
        ParameterRange("r", "Continuous", 0.5, 1.5),
        ParameterRange("k", "Categorical", values=("x", "1")),
    )
    for span in spans:
        for text in ("0.5", "1", "1.0", "2.5", "3", "3.1", "x", "y", "", "nan", "1e0"):
            assert expected_search.within(span, text) == span.holds(text), (span, text)
