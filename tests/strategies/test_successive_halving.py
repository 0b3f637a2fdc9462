"""Successive halving on the twin agrees with a simulator of our own: a plain heap, written from the algorithms' definitions."""

import heapq
import math
import random
from functools import partial
from itertools import pairwise
from statistics import fmean

import pytest
from extras import SCIPY, long, stats

from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim.errors import InvalidInput
from hptsim.model.definitions import ResourceLimits, ServiceLimits
from hptsim.scenario.cloud import Faults, Script
from hptsim.strategies.successive_halving import AsynchronousHalving, SynchronousHalving

ETA, MOST, WORKERS, UNTIL = 4, 64, 25, 400.0
RESOURCES = [1, 4, 16, 64]
REPLICATIONS = 20


def quality(candidate):
    return random.Random(int(candidate)).random()


def on_the_twin(strategy, deviation, drop, seed):
    scenario = Scenario(
        script=Script(
            epoch_s=stats.halfnorm(1, deviation), curve=lambda configuration, epoch: quality(configuration["candidate"])
        ),
        faults=Faults(algorithm_errors_per_hour=-3600 * math.log1p(-drop)),
        limits=ServiceLimits(None, None, None),
        timings="instant",
    )
    sim = Simulation(scenario, seed=seed, laws=False)
    sim.create_tuning_job(TuningJobSpec("halving", limits=ResourceLimits(10**6, WORKERS), strategy=strategy))
    sim.run(UNTIL)
    ended = [record for record in sim.journal if record.thing == "training" and record.destination == "Completed"]
    ends = [one.time_s for one in ended if sim.training_job(one.name).hyperparameters["epochs"] == str(MOST)]
    return len(ends), min(ends, default=UNTIL)


def reference(choose, learn, deviation, drop, seed):
    """Workers take what *choose* gives; *learn* hears of each end, with None for a job that was dropped."""
    rng = random.Random(seed)
    running, serial, idle, now, ends = [], 0, WORKERS, 0.0, []
    while True:
        while idle and (job := choose()) is not None:
            candidate, rung = job
            takes = RESOURCES[rung] * (1 + abs(rng.gauss(0, deviation)))
            lives = rng.expovariate(-math.log1p(-drop)) if drop else math.inf
            serial, idle = serial + 1, idle - 1
            heapq.heappush(running, (now + min(takes, lives), serial, candidate, rung, takes <= lives))
        now, _, candidate, rung, whole = heapq.heappop(running)
        if now > UNTIL:
            return len(ends), min(ends, default=UNTIL)
        idle += 1
        learn(candidate, rung, quality(candidate) if whole else None)
        if whole and rung == len(RESOURCES) - 1:
            ends.append(now)


def asynchronous():
    results = [{} for _ in RESOURCES]
    promoted = [set() for _ in RESOURCES]
    count = 0

    def choose():
        nonlocal count
        for rung in reversed(range(len(RESOURCES) - 1)):
            best = sorted(results[rung], key=results[rung].get)[: len(results[rung]) // ETA]
            for candidate in best:
                if candidate not in promoted[rung]:
                    promoted[rung].add(candidate)
                    return candidate, rung + 1
        count += 1
        return count, 0

    def learn(candidate, rung, value):
        if value is not None:
            results[rung][candidate] = value

    return choose, learn


def synchronous(more_brackets=False):
    brackets, owner, count = [], {}, 0

    def choose():
        nonlocal count
        for bracket in brackets:
            if bracket["todo"]:
                break
        else:
            if not more_brackets and any(bracket["out"] for bracket in brackets):
                return None
            bracket = {"rung": 0, "todo": list(range(count + 1, count + MOST + 1)), "out": 0, "results": []}
            count += MOST
            brackets.append(bracket)
        bracket["out"] += 1
        candidate = bracket["todo"].pop(0)
        owner[candidate] = bracket
        return candidate, bracket["rung"]

    def learn(candidate, rung, value):
        bracket = owner[candidate]
        bracket["out"] -= 1
        if value is not None:
            bracket["results"].append((value, candidate))
        if not bracket["todo"] and not bracket["out"]:
            best = sorted(bracket["results"])[: MOST // ETA ** (rung + 1)] if rung < len(RESOURCES) - 1 else []
            bracket.update(rung=rung + 1, todo=[one for _, one in best], results=[])

    return choose, learn


SYNCHRONOUS = partial(SynchronousHalving, eta=ETA, most=MOST, count=MOST)
FORMS = {
    "asynchronous": (partial(AsynchronousHalving, eta=ETA, most=MOST), asynchronous),
    "synchronous": (SYNCHRONOUS, synchronous),
    "synchronous, more brackets": (partial(SYNCHRONOUS, more_brackets=True), lambda: synchronous(True)),
}


@pytest.fixture(scope="module")
def counts():
    known = {}

    def of(form, deviation, drop, seeds=range(REPLICATIONS)):
        key = form, deviation, drop, seeds
        if key not in known:
            strategy, make = FORMS[form]
            twin = [on_the_twin(strategy, deviation, drop, seed) for seed in seeds]
            known[key] = twin, [reference(*make(), deviation, drop, seed) for seed in seeds]
        return known[key]

    return of


@SCIPY
@pytest.mark.parametrize("form", [long("synchronous"), long("asynchronous"), long("synchronous, more brackets")])
@pytest.mark.parametrize(("deviation", "drop"), [(0.1, 0.0), long(0.56, 0.0), long(1.33, 0.0), long(0.1, 0.01)])
def test_the_twin_and_the_reference_agree(counts, form, deviation, drop):
    """24 comparisons at a family level of 1 %: each interval of the difference has a confidence of 1 - 0.01 / 24."""
    twin, own = counts(form, deviation, drop)
    for place in (0, 1):
        ours, theirs = ([one[place] for one in several] for several in (twin, own))
        interval = stats.ttest_ind(ours, theirs, equal_var=False).confidence_interval(1 - 0.01 / 24)
        assert max(ours) > 0 and interval.low <= 0 <= interval.high, (ours, theirs)


@SCIPY
@pytest.mark.long
@pytest.mark.parametrize(("deviation", "drop"), [(1.33, 0.0), (0.1, 0.01)], ids=["stragglers", "drops"])
def test_asynchronous_is_first_by_more_the_more_goes_wrong(counts, deviation, drop):
    """How much earlier it has trained its first candidate to the end: calm against stormy, one-sided at 1 %."""

    def lead(deviation, drop):
        pairs = zip(counts("synchronous", deviation, drop)[0], counts("asynchronous", deviation, drop)[0], strict=True)
        return [late[1] - early[1] for late, early in pairs]

    storm, calm = lead(deviation, drop), lead(0.1, 0.0)
    assert stats.ttest_ind(storm, calm, equal_var=False, alternative="greater").pvalue < 0.01, (calm, storm)


@SCIPY
@pytest.mark.long
@pytest.mark.parametrize("which", [0, 1], ids=["twin", "reference"])
@pytest.mark.parametrize(("deviation", "drop", "sign"), [(1.33, 0.0, 1), (0.1, 0.01, -1)], ids=["stragglers", "drops"])
def test_how_many_times_as_many_it_trains_grows_with_stragglers_and_falls_with_drops(
    counts, deviation, drop, sign, which
):
    """The ratio of the mean numbers trained, calm against stormy, by the delta method for its logarithm, one-sided at 1 %.

    Drops take most of the long training jobs from both forms, and what is left of a synchronous rung still promotes as many as
    it was to promote, where the asynchronous form promotes a share of those that are left: it stays ahead by less.
    The synchronous form trains one to four, so it is that which needs many replications, with seeds of their own.
    """

    def logarithm(deviation, drop):
        both = counts("asynchronous", deviation, drop), counts("synchronous", deviation, drop, range(1000, 1100))
        numbers = [[one[0] for one in each[which]] for each in both]
        mine, other = (fmean(several) for several in numbers)
        variances = [(stats.sem(several) / fmean(several)) ** 2 for several in numbers]
        return math.log(mine / other), sum(variances)

    (storm, first), (calm, second) = logarithm(deviation, drop), logarithm(0.1, 0.0)
    assert calm > 0 and sign * (storm - calm) / math.sqrt(first + second) > stats.norm.ppf(0.99), (calm, storm)


def test_rungs_are_refused_that_make_no_sense():
    for eta, least, most in ((1, 1, 9), (3, 0, 9), (3, 9, 1)):
        with pytest.raises(InvalidInput, match="eta, least, most"):
            AsynchronousHalving(TuningJobSpec("h"), eta, least, most)


def test_a_synchronous_rung_takes_the_best_quarter_of_the_one_below():
    script = Script(epoch_s=1.0, curve=lambda configuration, epoch: quality(configuration["candidate"]))
    sim = Simulation(Scenario(script=script, timings="instant"))
    sim.create_tuning_job(TuningJobSpec("h", limits=ResourceLimits(64 + 16 + 4 + 1, 1), strategy=SYNCHRONOUS))
    sim.run()
    reached = {}
    for name in sim.tuning_job("h").training_jobs:
        chosen = sim.training_job(name).hyperparameters
        reached.setdefault(int(chosen["epochs"]), set()).add(chosen["candidate"])
    for lower, upper in pairwise(RESOURCES):
        assert reached[upper] == set(sorted(reached[lower], key=quality)[: len(reached[lower]) // ETA])
