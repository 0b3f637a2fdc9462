"""A strategy of the user's own: by class, name or partial; in files, snapshots, other processes and the explorer."""

import math
import pickle
import random
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial

import attrs
import own_strategies
import pytest
from extras import SCIPY
from own_strategies import Choosy, Highest, Mute, Seeded, Waiting

from hptsim import Scenario, Simulation, TuningJobSpec, explore, planning
from hptsim.errors import InvalidInput
from hptsim.model.definitions import Objective, ResourceLimits, TrainingJobDefinition
from hptsim.model.ranges import ParameterRange
from hptsim.model.request_writer import to_request
from hptsim.model.search import STRATEGIES, Trial
from hptsim.planning import executors
from hptsim.planning.replication_cache import digest
from hptsim.scenario.cloud import Script, Timings
from hptsim.scenario.durations import Exponential
from hptsim.scenario.random_streams import uniforms
from hptsim.scenario.workload import Arrivals, ScheduledTuningJob
from hptsim.strategies import AsynchronousHalving, Parzen, SynchronousHalving
from hptsim.strategies.search import Searches

RATE = ParameterRange("rate", "Continuous", 0.0, 1.0)
TIMINGS = Timings(training_s=Exponential(100.0))


def spec(strategy, total=9, parallel=4, name="job", **changes):
    return TuningJobSpec(name, limits=ResourceLimits(total, parallel), ranges=(RATE,), strategy=strategy, **changes)


def scenario(strategy, **changes):
    return Scenario(tuning_jobs=(ScheduledTuningJob(spec(strategy)),), timings=TIMINGS, **changes)


def run(one, seed=0):
    sim = Simulation(one, seed=seed)
    sim.run()
    return sim


def rates(sim):
    return [sim.training_job(name).hyperparameters["rate"] for name in sim.tuning_job("job").training_jobs]


# ---------------------------------------------------------------------- how it is named


@pytest.mark.parametrize("strategy", [Waiting, "own_strategies:Waiting", lambda spec: Waiting(spec)])
def test_it_stands_in_the_spec_as_a_class_a_name_or_a_function(strategy):
    assert rates(run(scenario(strategy))) == ["0.1", "0.1", "0.002"]


def test_one_that_keeps_no_state_may_propose_as_the_services_do():
    assert rates(run(scenario(Highest))) == ["1.0"] * 9


@pytest.mark.parametrize(
    ("strategy", "message"),
    [
        ("Baysian", r"strategy: got 'Baysian', expected Bayesian, .*; did you mean 'Bayesian'\?"),
        ("grid", r"did you mean 'Grid'\?"),
        ("", r"strategy: got ''"),
        ("no_such_module:Class", r"No module named 'no_such_module'.*PYTHONPATH"),
        ("own_strategies:Waitng", r"a name of own_strategies; did you mean 'Waiting'\?"),
        ("own_strategies:NOTHING", "a class, or a function"),
        ("own_strategies:Mute", "methods ask and tell; missing: tell"),
        (Mute, "methods ask and tell; missing: tell"),
        (7, "strategy: got 7"),
        (None, "strategy: got None"),
    ],
)
def test_what_is_no_strategy_is_refused_when_the_spec_is_made(strategy, message):
    with pytest.raises(InvalidInput, match=message):
        spec(strategy)


def test_every_strategy_of_the_service_can_be_imported_and_nothing_else_is_one():
    from hptsim.model.search import maker

    assert {name: maker(name).__module__ for name in STRATEGIES} == {
        "Bayesian": "hptsim.strategies.parzen",
        "Random": "hptsim.strategies.random_search",
        "Hyperband": "hptsim.strategies.random_search",
        "Grid": "hptsim.strategies.grid",
    }


def test_a_function_that_makes_no_strategy_is_refused_when_the_job_is_created_and_nothing_changes():
    sim = Simulation()
    with pytest.raises(InvalidInput, match="methods ask and tell; missing: ask and tell"):
        sim.create_tuning_job(spec(lambda spec: object()))
    assert sim.tuning_jobs == [] and len(sim.journal) == 0
    sim.create_tuning_job(spec(Waiting))


@pytest.mark.parametrize(
    ("proposal", "message"),
    [
        ({"rate": "7"}, "the strategy of job: rate: got '7'"),
        ({"rate": 0.5}, "the strategy of job: rate: got 0.5, expected a string; write '0.5'"),
        ("0.5", "the strategy of job: got '0.5', expected hyperparameters by name"),
    ],
)
def test_a_proposal_that_makes_no_sense_is_named(proposal, message):
    class Odd(Waiting):
        def ask(self, ordinal):
            return proposal

    with pytest.raises(InvalidInput, match=message):
        run(scenario(Odd))


def test_equal_strategies_make_equal_specs_whatever_they_are_called():
    assert spec(Waiting) == spec("own_strategies:Waiting") != spec(Choosy)
    assert spec(partial(Seeded, scale=0.5)) == spec("own_strategies:half") != spec(partial(Seeded, scale=0.6))
    assert spec("Random") != spec(Waiting)


# ---------------------------------------------------------------------- where it works


def test_it_has_the_simulations_seed_if_it_wants_it():
    assert rates(run(scenario(Seeded), seed=1)) == rates(run(scenario(Seeded), seed=1)) != rates(run(scenario(Seeded)))
    rng = random.Random(7)
    assert rates(run(scenario("own_strategies:half"), seed=7)) == [str(0.5 * rng.random()) for _ in range(9)]


def test_a_copied_search_asks_a_strategy_of_its_own():
    search, log = Searches(uniforms, seed=7)(spec(Seeded)), []
    first = search.ask(1, log)
    twin, history = search.copy(), log.copy()
    ahead = [twin.ask(ordinal, history) for ordinal in (2, 3)]
    assert [search.ask(ordinal, log) for ordinal in (2, 3)] == ahead and first not in ahead and log == history


@pytest.mark.parametrize("strategy", [Waiting, Seeded, Choosy, partial(Seeded, scale=0.1)])
def test_it_goes_on_from_a_snapshot_as_if_nothing_had_been(strategy):
    sim = Simulation(scenario(strategy))
    sim.run(until=150)
    saved = pickle.loads(pickle.dumps(sim.snapshot()))
    sim.run()
    once = list(sim.journal)
    sim.restore(saved)
    sim.run()
    assert list(sim.journal) == once and len(sim.tuning_job("job").training_jobs) >= 3


def test_a_name_that_is_used_again_begins_a_new_search():
    sim = run(scenario(Waiting))
    first = rates(sim)
    sim.delete_tuning_job("job")
    sim.create_tuning_job(spec(Waiting))
    sim.run()
    assert rates(sim) == first


def test_parents_are_told_before_it_is_asked():
    child = spec("own_strategies:Waiting", name="child", parents=("job",), warm_start="TransferLearning")
    sim = run(
        attrs.evolve(scenario("Random"), tuning_jobs=(*scenario("Random").tuning_jobs, ScheduledTuningJob(child, 1e6)))
    )
    log = sim._runner.world.tuning["child"].strategy_log
    parents = [one.trial for one in log[:9]]
    assert [trial.ordinal for trial in parents] == [0] * 9 and log[9].ordinal == 1
    assert [trial.configuration["rate"] for trial in parents] == rates(sim)


@SCIPY
def test_replications_are_the_same_in_other_processes():
    def figures(strategy, pool):
        one = executors.Design(scenario(strategy))
        return repr(executors.run([(one, seed) for seed in planning.seeds(0, 3)], pool))  # some are NaN

    with ProcessPoolExecutor(2) as pool, ThreadPoolExecutor(1) as here:
        assert figures(Waiting, pool) == figures("own_strategies:Waiting", pool) == figures(Waiting, here)
        assert figures(Waiting, pool) != figures("Random", pool)


def test_kept_replications_know_a_strategy_by_its_text_and_its_settings():
    keys = {
        digest(executors.Design(one), *executors.Design(one).own_strategies)
        for one in (scenario(Waiting), scenario(Choosy), scenario(own_strategies.half), scenario("own_strategies:half"))
    }
    assert len(keys) == 4
    (make,) = executors.Design(scenario("own_strategies:Waiting")).own_strategies
    assert make is Waiting


@SCIPY
def test_a_kept_replication_is_run_again_when_the_name_means_another_strategy(tmp_path, monkeypatch):
    kept, lines = tmp_path / "kept.jsonl", []
    for strategy in (Waiting, Choosy, Choosy):
        monkeypatch.setattr(own_strategies, "half", strategy)
        planning.replicate(
            scenario("own_strategies:half"), 1, executor=ThreadPoolExecutor(1), checkpoint=kept, progress=False
        )
        lines.append(len(kept.read_text().splitlines()))
    assert lines == [1, 2, 2]


@SCIPY
def test_what_has_no_name_is_refused_where_it_would_have_to_travel():
    class Local(Waiting):
        pass

    sim = run(scenario(Local))
    with pytest.raises(InvalidInput, match=r"snapshot: got .*Local.*write them at the top of a module"):
        sim.snapshot()
    with ProcessPoolExecutor(1) as pool, pytest.raises(InvalidInput, match=r"scenario 'scenario': got .*Local"):
        planning.replicate(scenario(Local), 2, executor=pool)
    assert len(planning.replicate(scenario(Local), 2, executor=ThreadPoolExecutor(1)).table) == 2


@SCIPY
@pytest.mark.parametrize("path", ["tuning_jobs.job.spec.strategy", "arrivals.job.template.strategy"])
def test_a_sweep_compares_strategies(path):
    one = scenario("Random")
    if path.startswith("arrivals"):
        one = attrs.evolve(one, tuning_jobs=(), arrivals=(Arrivals(spec("Random"), 1e6, count=1),))
    strategies = ["Random", Waiting, "own_strategies:half"]
    table = planning.sweep(one, {path: strategies}, 2, executor=ThreadPoolExecutor(1)).table
    costs = {name: part["cost_usd"].mean() for name, part in table.groupby(path)}
    assert list(table[path]) == ["Random"] * 2 + ["Waiting"] * 2 + ["own_strategies:half"] * 2
    assert costs["Waiting"] < costs["Random"] == costs["own_strategies:half"]
    with pytest.raises(InvalidInput, match="did you mean 'job'"):
        planning.sweep(one, {path.replace(".job.", ".jib."): strategies}, 2)


# ---------------------------------------------------------------------- files


@pytest.mark.parametrize("ending", ["toml", "json"])
@pytest.mark.parametrize("strategy", [Waiting, "own_strategies:Waiting", "own_strategies:half"])
def test_files_hold_it_by_its_import_path(tmp_path, strategy, ending):
    pytest.importorskip("tomli_w")
    arrivals = Arrivals([spec(strategy, name="a"), spec("Random", name="b")], Exponential(100.0), count=3)
    one = attrs.evolve(scenario(strategy), arrivals=(arrivals,))
    one.dump(tmp_path / f"one.{ending}")
    assert "own_strategies:" in (tmp_path / f"one.{ending}").read_text()
    again = Scenario.load(tmp_path / f"one.{ending}")
    assert again.tuning_jobs[0].spec.strategy.startswith("own_strategies:")
    assert again.arrivals[0].templates[1].strategy == "Random"
    assert list(run(again).journal) == list(run(one).journal)
    assert {record.name for record in run(one).journal if record.trigger == "ask"} > {"job/0"}


def test_what_cannot_be_imported_cannot_be_written(tmp_path):
    class Local(Waiting):
        pass

    for strategy in (Local, partial(Waiting), lambda spec: Waiting(spec)):
        with pytest.raises(InvalidInput, match=r"job\.strategy: got .*can be imported by its name; give it a name"):
            scenario(strategy).dump(tmp_path / "one.json")
    assert not (tmp_path / "one.json").exists()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("own_strategies:Waitng", r"tuning_jobs\[0\]\.strategy: got 'own_strategies:Waitng'.*did you mean 'Waiting'"),
        ("Baysian", r"tuning_jobs\[0\]\.strategy: got 'Baysian'.*did you mean 'Bayesian'"),
        (3, r"tuning_jobs\[0\]\.strategy: got 3, expected a string"),
    ],
)
def test_a_mistake_in_a_file_is_named_by_its_key(given, message):
    plain = scenario("Random").to_dict()
    plain["tuning_jobs"][0]["strategy"] = given
    with pytest.raises(InvalidInput, match=message):
        Scenario.from_dict(plain)


def test_a_request_can_only_name_the_services():
    request = to_request(spec(Waiting))
    assert request["HyperParameterTuningJobConfig"]["Strategy"] == "Random"
    request["HyperParameterTuningJobConfig"]["Strategy"] = "own_strategies:Waiting"
    with pytest.raises(InvalidInput, match=r"HyperParameterTuningJobConfig\.Strategy: got 'own_strategies:Waiting'"):
        TuningJobSpec.from_request(request)


# ---------------------------------------------------------------------- stopping rules


def test_its_own_stopping_rule_stops_what_it_says_and_the_laws_hold():
    sim = run(scenario(Choosy, script=Script(epochs=6)))
    stops = {one.name: one.data for one in sim.journal if (one.thing, one.trigger) == ("signal", "stop")}
    curves, results, expected = {}, [], []
    for record in sim.journal:
        if record.trigger == "epoch":
            curve = curves.setdefault(record.name, [])
            curve.append(record.data.objective)
            if len(curve) == 3 and results and curve[-1] > min(results):
                expected.append(record.name)
        elif record.thing == "training" and record.destination in ("Completed", "Stopped"):
            results.append(sim.training_job(record.name).objective)
    assert list(stops) == expected and 0 < len(expected) < 9 and set(stops.values()) == {"strategy"}


def test_the_explorer_tells_two_histories_of_a_strategy_apart():
    """Of the two that run the one that ends first is told first; a strategy may go on differently then."""

    def states(strategy):
        definition = TrainingJobDefinition(ranges=(RATE,))
        job = TuningJobSpec("a", (definition,), ResourceLimits(2, 2), strategy=strategy)
        found = explore(Scenario(tuning_jobs=(ScheduledTuningJob(job),)), stops=False)
        assert found.complete and found.counterexample is None
        return found.states

    assert states(Waiting) > states("Random")


# ---------------------------------------------------------------------- the ones that are ready to use


@pytest.mark.parametrize("make", [AsynchronousHalving, partial(SynchronousHalving, count=4)])
def test_halving_promotes_the_largest_where_the_objective_is_to_be_large(make):
    def promoted(maximize):
        job = TuningJobSpec("h", objective=Objective(maximize=maximize))
        strategy = make(job, eta=2, least=1, most=2)
        for ordinal in range(1, 5):
            strategy.ask(ordinal)
        for ordinal in range(1, 5):
            strategy.tell(Trial(ordinal, {}, objective=ordinal / 10))
        return {strategy.ask(5)["candidate"], strategy.ask(6)["candidate"]}

    assert promoted(True) == {"3", "4"} and promoted(False) == {"1", "2"}


def test_parzen_looks_at_the_objective_of_the_definition():
    def proposed(maximize):
        definition = TrainingJobDefinition(ranges=(RATE,), objective=Objective("accuracy", maximize))
        job = TuningJobSpec("p", (definition, TrainingJobDefinition("other")))
        trials = [Trial(n, {"rate": str(n / 20)}, objective=n / 20) for n in range(1, 20)]
        found = Parzen(job).propose((RATE,), 20, lambda: trials, lambda place: math.modf(place * 0.618)[0])
        return float(found["rate"])

    assert proposed(True) > 0.6 and proposed(False) < 0.4
