"""optuna's samplers as a strategy: reproducible, resumed, within ranges, for several definitions; and better than chance."""

import importlib.util
import math

import attrs
import pytest
from examples import journal_twice
from extras import stats

from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim.errors import InvalidInput, MissingExtra
from hptsim.model.assumptions import Assumptions
from hptsim.model.definitions import Objective, ResourceLimits, ServiceLimits, TrainingJobDefinition
from hptsim.model.ranges import ParameterRange
from hptsim.model.search import Trial
from hptsim.scenario.cloud import Faults, Script, Timings
from hptsim.scenario.workload import ScheduledTuningJob
from hptsim.strategies.optuna_search import Optuna, check

pytest.importorskip("optuna", reason="needs the extra bayesian")
GAUSSIAN = pytest.param(
    "gp",
    marks=pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="needs the extra gaussian-process"),
)
RATE = ParameterRange("rate", "Continuous", 1e-4, 1.0, scaling="Logarithmic")
KEEP = ParameterRange("keep", "Continuous", 0.0, 0.999, scaling="ReverseLogarithmic")
LAYERS = ParameterRange("layers", "Integer", 1, 4)
WIDTH = ParameterRange("width", "Integer", 8, 1024, scaling="Logarithmic")
KIND = ParameterRange("kind", "Categorical", values=("sgd", "adam", "lion"))
EVERY = (RATE, KEEP, LAYERS, WIDTH, KIND)


def simulation(*specs, sampler="tpe", seed=0, curve=None, **changes):
    scenario = Scenario(
        tuning_jobs=tuple(ScheduledTuningJob(spec, 1e6 * place) for place, spec in enumerate(specs)),
        timings=Timings(training_s=stats.uniform(50, 100)),
        limits=ServiceLimits(None, None, None),
        assumptions=Assumptions(admission="queue", bayesian=sampler),
        script=Script(curve=curve),
        **changes,
    )
    return Simulation(scenario, seed=seed)


def spec(name="job", ranges=EVERY, total=20, parallel=3, **changes):
    settings = {"strategy": "Bayesian", "ranges": ranges, **changes}
    return TuningJobSpec(name, limits=ResourceLimits(total, parallel), **settings)


def tried(sim, name="job"):
    return [dict(sim.training_job(child).hyperparameters) for child in sim.tuning_job(name).training_jobs]


@pytest.mark.parametrize("sampler", ["tpe", GAUSSIAN])
def test_proposals_stay_in_their_ranges_whatever_the_scaling_and_are_reproduced(sampler):
    sim, again, other = (simulation(spec(), sampler=sampler, seed=seed) for seed in (1, 1, 2))
    for one in (sim, again, other):
        one.run()
    assert sim.tuning_job("job").status == "Completed" and len(tried(sim)) == 20
    for configuration in tried(sim):
        assert [span.holds(configuration[span.name]) for span in EVERY] == [True] * len(EVERY)
    assert list(sim.journal) == list(again.journal) and tried(sim) != tried(other)


def test_random_seed_reproduces_whatever_the_seed():
    one, other = (simulation(spec(random_seed=5, parallel=1), seed=seed, curve=lambda c, e: 1.0) for seed in (1, 2))
    one.run()
    other.run()
    assert tried(one) == tried(other)


@pytest.mark.parametrize("sampler", ["tpe", GAUSSIAN])
def test_it_resumes_from_a_snapshot_while_some_run_and_some_wait(sampler):
    sim = simulation(spec(), sampler=sampler, capacity={"ml.m5.xlarge": 2}, faults=Faults(algorithm_error=0.2))
    sim.run(until=800)
    first, again = journal_twice(sim)
    assert first == again


def test_optuna_searches_only_where_somebody_asks_for_it():
    plain = simulation(spec(), sampler="parzen")
    plain.run()
    own = simulation(spec(strategy="hptsim.strategies:Optuna"), sampler="parzen")
    own.run()
    tpe = simulation(spec(), sampler="tpe")
    tpe.run()
    assert tried(plain) != tried(own) == tried(tpe)


def test_several_definitions_have_studies_of_their_own_and_get_what_is_theirs():
    """Quota grants them out of order: the second definition never waits, the first does."""
    scarce = TrainingJobDefinition("one", ranges=(RATE,))
    plenty = attrs.evolve(
        TrainingJobDefinition("two", ranges=(KIND, LAYERS), objective=Objective("accuracy", True)),
        instances=attrs.evolve(scarce.instances, instance_type="ml.c5.xlarge"),
    )
    job = TuningJobSpec("job", (scarce, plenty), ResourceLimits(12, 6), "Bayesian")
    sim = simulation(job, capacity={"ml.m5.xlarge": 1})
    sim.run()
    configurations = tried(sim)
    assert sorted(map(sorted, configurations)) == [["kind", "layers"]] * 6 + [["rate"]] * 6
    assert [sorted(one) for one in configurations] != [["rate"], ["kind", "layers"]] * 6


def test_a_warm_start_begins_with_its_parents_results():
    def far(configuration, epoch):
        return abs(math.log10(float(configuration["rate"])) + 2)

    parent = spec("parent", (RATE,), total=40)
    cold, warm = spec("cold", (RATE,), 8), spec("warm", (RATE,), 8, parents=("parent",), warm_start="TransferLearning")
    sim = simulation(parent, cold, warm, curve=far)
    sim.run()
    distance = {name: [far(one, 0) for one in tried(sim, name)] for name in ("cold", "warm")}
    assert max(distance["warm"]) < max(distance["cold"])
    assert stats.mannwhitneyu(distance["warm"], distance["cold"], alternative="less").pvalue < 0.05


def test_what_a_parent_tried_elsewhere_is_left_out():
    strategy = Optuna(spec(ranges=(RATE,)))
    for value in ({"rate": "0.01"}, {"rate": "7"}, {"other": "1"}, {"rate": "x"}):
        strategy.tell(Trial(0, value, objective=0.5))
    strategy.tell(Trial(0, {"rate": "0.02"}))
    assert [trial.value for trial in strategy.studies[0].trials] == [0.5]


def test_a_failed_training_job_is_told_as_such():
    strategy = Optuna(spec(ranges=(RATE,)))
    strategy.tell(Trial(1, strategy.ask(1)))
    strategy.tell(Trial(2, strategy.ask(2), objective=0.25))
    assert [trial.value for trial in strategy.studies[0].trials] == [None, 0.25] and strategy.pending == {}


def test_what_is_missing_or_misspelt_is_said_before_anything_runs(monkeypatch):
    with pytest.raises(InvalidInput, match=r"sampler: got 'tpee'.*tpe"):
        check("tpee")
    with pytest.raises(InvalidInput, match=r"assumptions\.bayesian: got 'forest'"):
        Assumptions(bayesian="forest")
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    with pytest.raises(MissingExtra, match=r"hptsim\[gaussian-process\]"):
        simulation(sampler="gp")
    monkeypatch.setitem(__import__("sys").modules, "optuna", None)
    with pytest.raises(MissingExtra, match=r"hptsim\[bayesian\]"):
        simulation(sampler="tpe")


def branin(configuration, epoch):
    x, y = 15 * float(configuration["x"]) - 5, 15 * float(configuration["y"])
    bent = y - 5.1 / (4 * math.pi**2) * x * x + 5 / math.pi * x - 6
    return bent**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10


A = ((3.0, 10, 30), (0.1, 10, 35), (3.0, 10, 30), (0.1, 10, 35))
P = ((0.3689, 0.1170, 0.2673), (0.4699, 0.4387, 0.7470), (0.1091, 0.8732, 0.5547), (0.0381, 0.5743, 0.8828))


def hartmann(configuration, epoch):
    point = [float(configuration[name]) for name in "xyz"]
    exponents = (
        sum(a * (x - p) ** 2 for a, x, p in zip(*row, strict=True)) for row in zip(A, [point] * 4, P, strict=True)
    )
    return -sum(weight * math.exp(-one) for weight, one in zip((1.0, 1.2, 3.0, 3.2), exponents, strict=True))


FUNCTIONS = {"Branin": (branin, "xy", 0.397887), "Hartmann 3": (hartmann, "xyz", -3.86278)}


def regrets(name, sampler, seeds, strategy="Bayesian", total=40):
    """How far the best of *total* training jobs, two at a time, stays above the known optimum, for each seed."""
    function, names, optimum = FUNCTIONS[name]
    found = []
    for seed in range(seeds):
        job = spec(ranges=tuple(ParameterRange(one, "Continuous", 0.0, 1.0) for one in names), total=total, parallel=2)
        sim = simulation(attrs.evolve(job, strategy=strategy), sampler=sampler, seed=seed, curve=function)
        sim.run()
        found.append(sim.training_job(sim.tuning_job("job").best).objective - optimum)
    return found


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("sampler", ["parzen", "tpe", GAUSSIAN])
@pytest.mark.long
def test_it_beats_random_on_standard_functions_at_equal_budget(name, sampler):
    """Regrets of 24 seeds, paired, in a signed-rank test of their logarithms, one-sided at 1 %; a Gaussian process needs 8."""
    seeds = 8 if sampler == "gp" else 24
    mine, chance = regrets(name, sampler, seeds), regrets(name, "parzen", seeds, "Random")
    assert min(mine) > 0 and min(chance) > 0, "the optima are the known ones"
    logarithms = [[math.log(one) for one in several] for several in (mine, chance)]
    assert stats.wilcoxon(*logarithms, alternative="less").pvalue < 0.01, (mine, chance)
