"""The search: strategies, early stopping, Hyperband, completion criteria, warm starts; against oracles of our own."""

import math
from itertools import pairwise
from statistics import fmean, median

import attrs
import pytest
from examples import journal_twice
from extras import long
from hypothesis import given
from hypothesis import strategies as st
from own_strategies import Waiting

from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim.errors import InvalidInput, ServiceError
from hptsim.model.assumptions import Assumptions
from hptsim.model.definitions import (
    CompletionCriteria,
    Hyperband,
    Objective,
    ResourceLimits,
    ServiceLimits,
    TrainingJobDefinition,
)
from hptsim.model.payloads import CriterionMet
from hptsim.model.ranges import ParameterRange
from hptsim.scenario.cloud import Faults, Script, Timings
from hptsim.scenario.durations import Exponential, Uniform
from hptsim.scenario.learning_curves import PowerLaw, Tabulated
from hptsim.scenario.workload import ScheduledTuningJob
from hptsim.strategies.completion import not_improving
from hptsim.strategies.stopping_rules import ETA, brackets, rungs

RATE = ParameterRange("rate", "Continuous", 1e-4, 1.0, scaling="Logarithmic")
LAYERS = ParameterRange("layers", "Integer", 1, 4)
KIND = ParameterRange("kind", "Categorical", values=("sgd", "adam", "lion"))
TIMINGS = Timings(training_s=Uniform(50, 150))


def run(spec, script=None, seed=0, faults=None, timings=TIMINGS, **changes):
    scenario = Scenario(
        tuning_jobs=(ScheduledTuningJob(spec),),
        timings=timings,
        limits=ServiceLimits(None, None, None),
        script=script or Script(),
        faults=faults or Faults(),
        **changes,
    )
    sim = Simulation(scenario, seed=seed)
    sim.run()
    return sim


def tried(sim, name="job"):
    return [dict(sim.training_job(child).hyperparameters) for child in sim.tuning_job(name).training_jobs]


def spec(strategy="Random", ranges=(RATE, LAYERS, KIND), total=12, parallel=3, **changes):
    return TuningJobSpec("job", limits=ResourceLimits(total, parallel), strategy=strategy, ranges=ranges, **changes)


@pytest.mark.parametrize("strategy", ["Random", "Bayesian"])
def test_proposals_stay_in_their_ranges_and_differ(strategy):
    configurations = tried(run(spec(strategy, total=30)))
    for configuration in configurations:
        assert [span.holds(configuration[span.name]) for span in (RATE, LAYERS, KIND)] == [True] * 3
    assert len({tuple(one.items()) for one in configurations}) == 30


def test_grid_tries_each_point_once_and_counts_by_itself():
    grid = spec("Grid", (KIND, ParameterRange("size", "Categorical", values=("s", "m"))), total=6)
    configurations = tried(run(grid))
    assert len({tuple(one.items()) for one in configurations}) == 6 == len(configurations)
    with pytest.raises(InvalidInput, match="MaxNumberOfTrainingJobs: got 5"):
        spec("Grid", (KIND, ParameterRange("size", "Categorical", values=("s", "m"))), total=5)
    with pytest.raises(InvalidInput, match="categorical ranges with Grid"):
        spec("Grid", (RATE,))


TWICE = ParameterRange("kind", "Categorical", values=("a", "a", "c"))


@pytest.mark.parametrize(("strategy", "refusal"), [("Grid", r"combinations \(2\)"), ("Random", r"\[2\.0\].*\[3\]")])
def test_a_value_that_is_named_twice_counts_once(strategy, refusal):
    assert sorted(one["kind"] for one in tried(run(spec(strategy, (TWICE,), total=2)))) == ["a", "c"]
    with pytest.raises(InvalidInput, match=refusal):
        spec(strategy, (TWICE,), total=3)


def test_a_value_that_is_named_twice_is_as_likely_as_the_others():
    assert [TWICE.at(unit) for unit in (0.0, 0.49, 0.5, 0.99)] == ["a", "a", "c", "c"]
    assert [TWICE.at(TWICE.unit(value)) for value in TWICE.values] == ["a", "a", "c"]


@pytest.mark.parametrize("parallel", [1, 3])
def test_each_definition_of_a_grid_has_all_of_its_own_points_once(parallel):
    two, three = (
        TrainingJobDefinition(letters, ranges=(ParameterRange("kind", "Categorical", values=tuple(letters)),))
        for letters in ("ab", "abc")
    )
    sim = run(spec("Grid", (), total=5, parallel=parallel, definitions=(two, three)))
    children = [sim.training_job(child) for child in sim.tuning_job("job").training_jobs]
    found = [(child.definition.name, child.hyperparameters["kind"]) for child in children]
    assert found == [("ab", "a"), ("abc", "a"), ("ab", "b"), ("abc", "b"), ("abc", "c")]
    assert sim.tuning_job("job").status == "Completed"


def test_a_grid_goes_on_although_a_training_job_was_deleted():
    letters = (ParameterRange("kind", "Categorical", values=("a", "b")),)
    both = (TrainingJobDefinition("one", ranges=letters), TrainingJobDefinition("two", ranges=letters))
    sim = Simulation()
    sim.create_tuning_job(spec("Grid", (), total=4, parallel=1, definitions=both))
    while sim.tuning_job("job").counters["Completed"] < 1:
        sim.step()
    sim.delete_training_job(sim.training_jobs[0])
    sim.run()
    kinds = [sim.training_job(child).hyperparameters["kind"] for child in sim.training_jobs]
    assert kinds == ["a", "b", "b"] and sim.tuning_job("job").status == "Completed"


def test_random_exhausts_a_small_space_without_repetition():
    configurations = tried(run(spec("Random", (LAYERS, KIND), total=12)))
    assert len({tuple(one.items()) for one in configurations}) == 12
    with pytest.raises(InvalidInput, match=r"enough combinations.*\[12\.0\].*\[13\]"):
        spec("Random", (LAYERS, KIND), total=13)


def test_random_seed_reproduces_whatever_else_changes():
    def under(name, seed, random_seed):
        job = attrs.evolve(spec(random_seed=random_seed), name=name)
        return tried(run(job, seed=seed), name)

    assert under("one", 1, 7) == under("two", 2, 7) != under("one", 1, 8)
    assert under("one", 1, None) != under("one", 2, None)


def test_random_finds_the_best_of_a_table_as_plain_enumeration_does():
    kinds = ParameterRange("kind", "Categorical", values=("a", "b", "c", "d"))
    values = {"a": 0.4, "b": 0.1, "c": 0.7, "d": 0.3}
    script = Script(curve=Tabulated([({"kind": kind}, [1.0, value]) for kind, value in values.items()]))
    sim = run(spec("Random", (kinds,), total=4), script)
    best = sim.training_job(sim.tuning_job("job").best)
    assert (best.hyperparameters["kind"], best.objective) == min(values.items(), key=lambda item: item[1])


def bowl(configuration, epoch):
    return (math.log10(float(configuration["rate"])) + 2) ** 2 + 0.1 * (float(configuration["drop"]) - 0.3) ** 2


def valley(configuration, epoch):
    x, y = 4 * float(configuration["drop"]) - 2, math.log10(float(configuration["rate"]))
    return math.log1p((1 - x) ** 2 + 10 * (y + 2 - x * x / 2) ** 2)


@pytest.mark.parametrize("function", [long(bowl), long(valley)], ids=lambda function: function.__name__)
def test_bayesian_beats_random_at_equal_budget(function):
    """A sign test over 30 seeds: under equal chances 21 wins or more have a probability of 2 %."""
    ranges = (RATE, ParameterRange("drop", "Continuous", 0.0, 1.0))
    wins = 0
    for seed in range(30):
        best = []
        for strategy in ("Bayesian", "Random"):
            sim = run(spec(strategy, ranges, total=40, parallel=2), Script(curve=function), seed)
            best.append(sim.training_job(sim.tuning_job("job").best).objective)
        wins += best[0] < best[1]
    assert wins >= 21


# ---------------------------------------------------------------------- early stopping, against the documentation's words


def curves_by_journal(sim):
    """Epoch values by training job, and when each training job completed, from the journal alone."""
    curves, completed = {}, {}
    for place, record in enumerate(sim.journal):
        if record.trigger == "epoch":
            curves.setdefault(record.name, []).append((place, record.data.objective))
        elif record.thing == "training" and record.destination == "Completed":
            completed[record.name] = place
    return curves, completed


@pytest.mark.parametrize("maximize", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_early_stopping_agrees_with_a_brute_force_median_rule(seed, maximize):
    job = spec(total=20, parallel=3, early_stopping=True, objective=Objective("loss", maximize))
    sim = run(job, seed=seed)
    curves, completed = curves_by_journal(sim)
    stopped = {record.name for record in sim.journal if record.thing == "signal" and record.data == "early_stopping"}
    better = max if maximize else min
    expected = set()
    for name, points in curves.items():
        for epoch, (place, value) in enumerate(points, start=1):
            earlier = [
                fmean(other for _, other in curves[peer][:epoch])
                for peer, end in completed.items()
                if end < place and len(curves[peer]) >= epoch
            ]
            if len(earlier) >= 3 and better(value, median(earlier)) != value:
                expected.add(name)
                break
    assert stopped == expected != set()
    assert {sim.training_job(name).status for name in stopped} == {"Stopped"}
    assert sim.tuning_job("job").status == "Completed"


def test_an_early_stopped_child_keeps_what_its_script_saved():
    sim = run(spec(total=20, early_stopping=True))
    stopped = [record.name for record in sim.journal if record.thing == "signal" and record.data == "early_stopping"]
    assert stopped and all(sim.training_job(name).model in sim.artifacts for name in stopped)


# ---------------------------------------------------------------------- Hyperband


@pytest.mark.parametrize("seed", range(4))
def test_hyperband_stops_who_is_not_among_the_best_third_of_a_rung(seed):
    settings = Hyperband(1, 9)
    sim = run(spec("Hyperband", total=30, parallel=4, hyperband=settings), seed=seed)
    verdicts = {
        record.name: record.data for record in sim.journal if record.thing == "signal" and record.trigger == "stop"
    }
    reached, let_on = {}, {}
    for record in sim.journal:
        if record.trigger != "epoch":
            continue
        epoch, value = record.data.number, record.data.objective
        bracket = (int(record.name.split("-")[1]) - 1) % 3  # levels 1, 3; then 3; then none
        if epoch in [[1, 3], [3], []][bracket] and record.name not in let_on.get("given up", ()):
            seen = reached.setdefault((bracket, epoch), [])
            going = let_on.setdefault((bracket, epoch), [])
            places = math.ceil((len(seen) + 1) / 3)
            if len(going) < places and sum(other < value for other in seen) < places:
                going.append(record.name)
            else:
                let_on.setdefault("given up", set()).add(record.name)
            seen.append(value)
    assert {name for name, why in verdicts.items() if why == "hyperband"} == let_on["given up"]
    assert let_on["given up"] and "max_resource" in verdicts.values()
    longest = max(record.data.number for record in sim.journal if record.trigger == "epoch")
    assert longest == 9


@pytest.mark.parametrize("checkpoint_uri", [None, "s3://bucket/checkpoints"])
def test_epochs_that_a_failure_undoes_do_not_count_until_they_are_done_again(checkpoint_uri):
    """The law "early stopping follows its rule" judges each verdict; a rung is counted by the epochs that are not lost."""
    definition = TrainingJobDefinition(spot=True, max_retries=2, checkpoint_uri=checkpoint_uri)
    faults = Faults(internal_error=0.5, spot_interruptions_per_hour=20)
    again = 0
    for seed in range(20):
        job = spec("Hyperband", ranges=(), parallel=5, hyperband=Hyperband(1, 9), definitions=(definition,))
        sim = run(job, seed=seed, faults=faults, timings=attrs.evolve(TIMINGS, checkpoint_s=13))
        reported = [(record.name, record.data.number) for record in sim.journal if record.trigger == "epoch"]
        again += len(reported) - len(set(reported))
    assert again, "no failure has undone an epoch"


def test_no_child_is_stopped_before_min_resource():
    sim = run(spec("Hyperband", total=20, parallel=4, hyperband=Hyperband(2, 8)))
    epochs = {}
    for record in sim.journal:
        if record.trigger == "epoch":
            epochs[record.name] = record.data.number
    assert min(epochs.values()) >= 2 and max(epochs.values()) == 8


@given(low=st.integers(1, 5), factor=st.integers(1, 300))
def test_rungs_rise_by_eta_below_max_resource(low, factor):
    settings = Hyperband(low, low * factor)
    for bracket in range(brackets(settings)):
        levels = rungs(settings, bracket)
        assert all(later == ETA * earlier for earlier, later in pairwise(levels))
        assert all(low <= level < settings.max_resource for level in levels)
    assert rungs(settings, brackets(settings) - 1) == []


def test_hyperband_and_early_stopping_exclude_each_other():
    with pytest.raises(InvalidInput, match="Off with the strategy Hyperband"):
        spec("Hyperband", hyperband=Hyperband(), early_stopping=True)


# ---------------------------------------------------------------------- completion criteria


def test_a_target_that_is_reached_ends_the_job_and_stops_its_children():
    sim = run(spec(total=100, parallel=5, criteria=CompletionCriteria(target=0.35)))
    job = sim.tuning_job("job")
    assert job.status == "Completed" and len(job.training_jobs) < 100
    met = next(record for record in sim.journal if record.trigger == "criterion")
    assert met.data == CriterionMet("TargetObjectiveMetricValue")
    assert job.counters["Stopped"] == 4  # the others that ran
    assert min(sim.training_job(child).objective or 1 for child in job.training_jobs) <= 0.35


def test_not_improving_counts_from_the_best_so_far():
    sim = run(spec(total=200, parallel=1, criteria=CompletionCriteria(not_improving=6)))
    objectives = [sim.training_job(child).objective for child in sim.tuning_job("job").training_jobs]
    assert len(objectives) < 200
    best, since, ends = math.inf, 0, 0
    for number, value in enumerate(objectives, start=1):
        since = 0 if value <= best * 0.99 or best == math.inf else since + 1
        best = min(best, value)
        if since == 6:
            ends = number
            break
    assert ends == len(objectives)


@given(st.lists(st.floats(0.01, 100), max_size=30))
def test_a_steady_objective_never_improves(values):
    assert not_improving(Objective(), [values[0]] * 5 if values else []) == (4 if values else 0)
    assert not_improving(Objective(), values) <= max(0, len(values) - 1)


def test_convergence_ends_a_job_whose_objective_stands_still():
    flat = Script(curve=PowerLaw(0.5, 0.5))
    sim = run(spec(total=60, parallel=1, criteria=CompletionCriteria(convergence=True)), flat)
    assert len(sim.tuning_job("job").training_jobs) == 11 and sim.tuning_job("job").status == "Completed"


def test_a_missing_objective_is_no_result():
    sim = run(spec(total=7, parallel=1, criteria=CompletionCriteria(target=1.0)), Script(curve=lambda c, e: math.nan))
    job = sim.tuning_job("job")
    assert job.status == "Failed" and job.best is None and len(job.training_jobs) == 5


# ---------------------------------------------------------------------- warm starts and strategies of one's own


def pair(parent, child, **changes):
    entries = (ScheduledTuningJob(parent), ScheduledTuningJob(child, at_s=changes.pop("at_s", 1e6)))
    scenario = Scenario(tuning_jobs=entries, timings=TIMINGS, limits=ServiceLimits(None, None, None), **changes)
    sim = Simulation(scenario)
    sim.run()
    return sim


def test_a_warm_start_knows_its_parents_results():
    parent = attrs.evolve(spec(total=30, parallel=3), name="parent")
    cold = spec("Bayesian", total=5, parallel=1)
    warm = attrs.evolve(cold, parents=("parent",), warm_start="TransferLearning")
    script = Script(curve=lambda c, e: abs(math.log10(float(c["rate"])) + 2))
    first = {kind: tried(pair(parent, job, script=script))[0]["rate"] for kind, job in (("cold", cold), ("warm", warm))}
    assert abs(math.log10(float(first["warm"])) + 2) < 0.5 and first["cold"] != first["warm"]


@pytest.mark.parametrize(("parent_name", "at_s"), [("nobody", 1e6), ("parent", 10.0)])
def test_parents_must_exist_and_have_ended(parent_name, at_s):
    parent = attrs.evolve(spec(), name="parent")
    child = spec(parents=(parent_name,), warm_start="TransferLearning")
    sim = pair(parent, child, at_s=at_s)
    refused = [record for record in sim.journal if record.thing == "refused"]
    assert len(refused) == 1 and "ValidationException" in refused[0].data


def test_a_strategy_of_ones_own_may_wait_and_may_be_done():
    sim = Simulation(Scenario(timings=Timings(training_s=Exponential(100.0))))
    sim.create_tuning_job(spec(Waiting, ranges=(RATE,), total=9, parallel=4))
    sim.run()
    assert [one["rate"] for one in tried(sim)] == ["0.1", "0.1", "0.002"]
    assert sim.tuning_job("job").status == "Completed"


def test_a_strategy_of_ones_own_resumes_from_a_snapshot_and_waits_for_quota():
    job = spec(Waiting, ranges=(RATE,), total=9, parallel=4)
    for capacity in ({}, {"ml.m5.xlarge": 1}):
        scenario = Scenario(capacity=capacity, timings=TIMINGS, assumptions=Assumptions(admission="queue"))
        sim = Simulation(scenario)
        sim.create_tuning_job(job)
        sim.run(until=60)
        first, again = journal_twice(sim)
        assert first == again
        assert [one["rate"] for one in tried(sim)] == ["0.1", "0.1", "0.002"]


def test_a_strategy_of_ones_own_must_stay_in_the_ranges():
    class Outside(Waiting):
        def ask(self, ordinal):
            return {"rate": "7"}

    sim = Simulation()
    sim.create_tuning_job(spec(Outside, ranges=(RATE,)))
    with pytest.raises(InvalidInput, match="the strategy of job: rate: got '7'"):
        sim.run()


def test_five_failures_in_a_row_end_a_tuning_job_of_any_strategy():
    for strategy in ("Random", "Bayesian"):
        sim = run(spec(strategy, total=40, parallel=1), faults=Faults(algorithm_error=1.0))
        assert sim.tuning_job("job").status == "Failed" and len(sim.tuning_job("job").training_jobs) == 5


def test_several_definitions_have_their_own_ranges():
    one = TrainingJobDefinition("one", ranges=(RATE,))
    two = TrainingJobDefinition("two", ranges=(KIND,), objective=Objective("accuracy", True))
    job = TuningJobSpec("job", (one, two), ResourceLimits(6, 2), "Random")
    sim = run(job, assumptions=Assumptions())
    assert [sorted(configuration) for configuration in tried(sim)] == [["rate"], ["kind"]] * 3


def test_a_refused_spec_changes_nothing():
    sim = Simulation()
    with pytest.raises(ServiceError):
        sim.create_tuning_job(spec(parents=("nobody",), warm_start="TransferLearning"))
    assert sim.tuning_jobs == [] and len(sim.journal) == 0


def test_the_median_rule_pursues_a_definitions_own_objective():
    """As many are stopped whether the objective stands in the tuning job or in its only definition (TuningObjective)."""
    accuracy, rate = Objective("auc", maximize=True), (ParameterRange("rate", "Continuous", 0.0, 1.0),)
    stopped = []
    for of_job, of_definition in ((accuracy, None), (Objective(), accuracy)):
        definition = TrainingJobDefinition(objective=of_definition)
        spec = TuningJobSpec(
            "a", (definition,), ResourceLimits(20, 2), objective=of_job, ranges=rate, early_stopping=True
        )
        sim = Simulation(Scenario(timings=Timings(training_s=100)))
        sim.create_tuning_job(spec)
        sim.run()
        stopped.append([sim.training_job(name).status for name in sim.training_jobs])
    assert stopped[0] == stopped[1] and "Stopped" in stopped[0]
