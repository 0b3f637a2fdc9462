"""The explorer: small scopes exhausted, planted bugs found, every one-row mutant caught by a named law."""

import weakref
from itertools import islice

import attrs
import pytest

from hptsim import Simulation, explore
from hptsim.audit.laws import SOMETIMES
from hptsim.cloud.every_outcome import FAULTS
from hptsim.cloud.scripted import ScriptedCloud
from hptsim.errors import InvalidInput, LawBroken
from hptsim.explorer.scope import Scope
from hptsim.explorer.seen import omission_probability
from hptsim.model.assumptions import Assumptions
from hptsim.model.definitions import (
    CompletionCriteria,
    Hyperband,
    InstanceRequest,
    ResourceLimits,
    TrainingJobDefinition,
)
from hptsim.model.laws import Law
from hptsim.model.machine import Tables
from hptsim.model.specs import TuningJobSpec
from hptsim.model.statuses import FINAL_TRAINING
from hptsim.model.tables import ALL, RESERVATION, TRAINING, TUNING, Row, Table
from hptsim.model.teams import Teams
from hptsim.scenario.cloud import Faults, Script, Timings
from hptsim.scenario.durations import Exponential
from hptsim.scenario.scenario import Scenario
from hptsim.scenario.workload import Arrivals, ScheduledTuningJob
from hptsim.simulation.mutation import mutants

GPU = "ml.g5.xlarge"
SPOT = TrainingJobDefinition(
    instances=InstanceRequest(GPU),
    spot=True,
    max_retries=1,
    checkpoint_uri="s3://b/c",
    max_wait_s=90000.0,
    max_pending_s=8000.0,
)
PIPE = attrs.evolve(SPOT, input_mode="Pipe", max_retries=0)
EVERY_FAULT = dict.fromkeys(FAULTS, 1)


def scope(definition=SPOT, total=1, parallel=1, runtime_s=None, capacity=1):
    spec = TuningJobSpec("a", (definition,), ResourceLimits(total, parallel, runtime_s))
    return Scenario(
        capacity={"ml.m5.xlarge": capacity, GPU: capacity},
        assumptions=Assumptions(admission="queue"),
        tuning_jobs=(ScheduledTuningJob(spec),),
    )


def failing(stop_at_s=None, parallel=4, **timings):
    """A tuning job whose training jobs all fail, with one that waits for quota when it gives up."""
    spec = TuningJobSpec("a", (TrainingJobDefinition(),), ResourceLimits(9, parallel))
    return Scenario(
        capacity={"ml.m5.xlarge": 3},
        assumptions=Assumptions(admission="queue"),
        tuning_jobs=(ScheduledTuningJob(spec, 0.0, stop_at_s),),
        timings=Timings(training_s=Exponential(100.0), teardown_s=1.0, uploading_s=1.0, **timings),
        faults=Faults(algorithm_error=1.0),
    )


def enough():
    """The first result meets the criterion, while others train and wait for quota."""
    scenario = scope(TrainingJobDefinition(), 3, 3, None, 2)
    return with_spec(scenario, criteria=CompletionCriteria(target=1.0))


def two_types(reservation="reuse", total=2, parallel=1):
    """Two instance types in order of preference; machines may be short twice."""
    definition = TrainingJobDefinition(
        instances=InstanceRequest("ml.p3.2xlarge"), alternatives=(InstanceRequest("ml.m5.xlarge", 2),)
    )
    scenario = scope(definition, total, parallel)
    return attrs.evolve(
        scenario,
        capacity={"ml.p3.2xlarge": parallel, "ml.m5.xlarge": 2},
        total_instances=3,
        assumptions=Assumptions(reservation, "queue"),
    )


def lending(checkpoint_uri=None, **changes):
    """A training job on the one instance that another team has lent, and takes back."""
    spot = {"spot": True, "max_wait_s": 90000.0} if changes.pop("spot", False) else {}
    definition = TrainingJobDefinition(checkpoint_uri=checkpoint_uri, **spot)
    entries = (
        ScheduledTuningJob(TuningJobSpec("v", (definition,), ResourceLimits(1, 1), team="vision", **changes)),
        ScheduledTuningJob(TuningJobSpec("s", (TrainingJobDefinition(),), ResourceLimits(1, 1), team="speech")),
    )
    return Scenario(
        capacity={"ml.m5.xlarge": 1},
        assumptions=Assumptions("as-observed", "queue", "quota-shares-reclaim"),
        teams=Teams(shares={"vision": {}, "speech": {"quota": {"ml.m5.xlarge": 1}}}),
        tuning_jobs=entries,
        script=Script(epochs=2),
    )


WARM = TrainingJobDefinition(keep_alive_s=600)
STREAMING = attrs.evolve(WARM, input_mode="Pipe")


def sizes():
    """One training job that takes two instances, and then two that take one each: its reservation is enough for both."""
    small = TrainingJobDefinition()
    large = attrs.evolve(small, instances=InstanceRequest("ml.m5.xlarge", 2))
    return with_spec(scope(small, 3, 3, None, 2), definitions=(large, small, small))


def watched():
    """One training job whose epochs are looked at, with checkpoints between them."""
    definition = TrainingJobDefinition(spot=True, max_retries=1, checkpoint_uri="s3://b/c")
    return attrs.evolve(with_spec(scope(definition), early_stopping=True), script=Script(epochs=2))


def reporting():
    """One training job whose script logs every epoch."""
    return attrs.evolve(scope(TrainingJobDefinition()), script=Script(epochs=2, log_epochs=True))


def hyperband(total=3, parallel=2):
    """Two training jobs in the bracket that judges after the first epoch, one in the bracket that does not."""
    return with_spec(
        scope(TrainingJobDefinition(), total, parallel, None, 2), strategy="Hyperband", hyperband=Hyperband(1, 3)
    )


def hyperband_on_spot():
    """One training job whose epochs since its last checkpoint are lost by an interruption or an error."""
    return with_spec(scope(), strategy="Hyperband", hyperband=Hyperband(1, 3))


def with_spec(scenario, **changes):
    spec = attrs.evolve(scenario.tuning_jobs[0].spec, **changes)
    return attrs.evolve(scenario, tuning_jobs=(ScheduledTuningJob(spec),))


def saving():
    """One training job is stopped in Training, and its script needs 50 s to save its model."""
    spec = scope(TrainingJobDefinition()).tuning_jobs[0].spec
    return Scenario(tuning_jobs=(ScheduledTuningJob(spec, 0.0, 50.0),), script=Script("save", 50.0))


def gave_up_at(scenario):
    sim = Simulation(scenario)
    sim.run()
    return next(record.time_s for record in sim.journal if record.trigger == "give_up")


@pytest.mark.long
def test_small_scopes_are_exhausted_with_all_laws_kept_and_all_cases_seen():
    seen = set()
    for scenario, faults in (
        (scope(), EVERY_FAULT),
        (scope(PIPE), EVERY_FAULT),
        (scope(total=2, parallel=2, runtime_s=500.0), {}),
        (scope(total=2, parallel=2, capacity=2), {"interrupt": 1}),
        *((two_types(policy), {"shortage": 3}) for policy in ("reuse", "upfront", "as-observed")),
        (two_types(total=3, parallel=2), {"shortage": 2}),
    ):
        found = explore(scenario, faults=faults)
        assert found.counterexample is None, str(found.counterexample)
        assert found.complete and found.resting > 0
        seen |= set(found.witnessed)
    seen |= set(explore(Scenario(), training_jobs={"first": WARM, "second": WARM}).witnessed)
    assert seen == set(SOMETIMES)


@pytest.mark.parametrize(
    "scenario",
    [pytest.param(enough(), id="criterion"), pytest.param(hyperband(), id="hyperband", marks=pytest.mark.long)],
)
def test_a_stop_at_every_point_of_a_criterion_and_of_a_small_hyperband(scenario):
    found = explore(scenario)
    assert found.counterexample is None, str(found.counterexample)
    assert found.complete and found.states > 300


def test_arrivals_are_explored_like_the_tuning_jobs_that_they_bring():
    scenario = Scenario(capacity={"ml.m5.xlarge": 1}, arrivals=[Arrivals(TuningJobSpec("a"), 10, 2)])
    found = explore(scenario)
    assert found.complete and found.states == explore(scenario.drawn()).states > 50


def test_too_tame_a_scope_says_what_it_has_not_seen():
    assert "a stop catches two training" in explore(scope()).missed


WITH_TEAMS = slice(22, 26)
"""The judges whose scopes have teams that lend and borrow."""
WITH_WARM_POOLS = slice(12, 15)
"""The judges whose scopes have warm pools."""
WITH_EVERY_FAULT = slice(26, 27)
"""The judge in whose scope a training job meets every fault."""


@pytest.fixture(scope="module")
def judges():
    at_s = gave_up_at(failing()) + 1e-3
    later_s = gave_up_at(failing(None, 1, finish_s=10.0)) + 5
    return [  # those that take least first: most mutants are seen by them
        lambda tables: _simulated(reporting(), tables),
        lambda tables: _simulated(saving(), tables),
        lambda tables: _simulated(sizes(), tables),
        _interrupted,
        lambda tables: _updated(tables, 300),
        lambda tables: _updated(tables, 300, 200),
        lambda tables: _simulated(failing(None, 1), tables),
        lambda tables: _simulated(failing(later_s, 1, finish_s=10.0), tables),
        lambda tables: _simulated(failing(), tables),
        lambda tables: _simulated(failing(at_s), tables),
        lambda tables: _simulated(failing(parallel=1), tables),
        lambda tables: _simulated(failing(gave_up_at(failing(parallel=1)) + 1.0, parallel=1, finish_s=10.0), tables),
        lambda tables: _warm(tables, {"internal_error": 1}),
        lambda tables: _warm(tables, {"client_error": 1, "algorithm_error": 1}),
        lambda tables: _warm(tables, {}, STREAMING),
        lambda tables: _explored(two_types(total=1), {"shortage": 1}, tables),
        lambda tables: _explored(scope(TrainingJobDefinition(max_retries=1)), {"internal_error": 2}, tables),
        lambda tables: _explored(hyperband(1, 1), {}, tables),
        lambda tables: _explored(scope(total=2, parallel=2, runtime_s=500.0), {}, tables),
        lambda tables: _explored(enough(), {}, tables),
        lambda tables: _explored(scope(PIPE), EVERY_FAULT, tables),
        lambda tables: _explored(scope(attrs.evolve(SPOT, max_retries=0)), EVERY_FAULT, tables),
        lambda tables: _explored(lending(), {"wait": 1}, tables, stops=False),
        lambda tables: _explored(lending("s3://b/c", early_stopping=True), {}, tables, stops=False),
        lambda tables: _explored(lending(), {}, tables),
        lambda tables: _explored(lending("s3://b/c", spot=True), {"interrupt": 1, "max_wait": 1}, tables, stops=False),
        lambda tables: _explored(scope(), EVERY_FAULT, tables),
        lambda tables: _explored(watched(), {"interrupt": 1, "internal_error": 1}, tables),
        lambda tables: _explored(hyperband_on_spot(), {"interrupt": 1, "internal_error": 1}, tables),
    ]


MOST = 10_000
"""The true tables have 7,992 states at most in these scopes; some mutants have no end of them, and another law sees those."""


def _explored(scenario, faults, tables, stops=True):
    found = explore(scenario, faults=faults, tables=tables, stops=stops, max_states=MOST)
    return found.counterexample and found.counterexample.law


def _warm(tables, faults, definition=WARM):
    found = explore(
        Scenario(capacity={"ml.m5.xlarge": 1}),
        training_jobs={"first": definition, "second": definition},
        faults=faults,
        tables=tables,
        max_states=MOST,
    )
    return found.counterexample and found.counterexample.law


def _updated(tables, before_s, after_s=None):
    """The period of a warm pool changes while its training job runs, and perhaps after its end."""
    sim = Simulation(Scenario(timings="instant"), tables=tables)  # so that it has ended at second 200
    try:
        sim.create_training_job("first", WARM)
        sim.update_training_job("first", before_s)
        sim.run(until=200)
        if after_s is not None:
            sim.update_training_job("first", after_s)
        sim.run()
    except LawBroken as error:
        return error.law
    return None


def _simulated(scenario, tables):
    try:
        Simulation(scenario, tables=tables).run()
    except LawBroken as error:
        return error.law
    return None


def _interrupted(tables):
    """A training job is interrupted after an epoch and a checkpoint of it."""
    walk = (("ready", 10.0), ("downloaded", 10.0), ("epoch", 10.0), ("checkpoint", 10.0), ("interrupt", 10.0))
    try:
        Simulation(watched(), cloud=ScriptedCloud(script=Script(epochs=2), plan={("a", 1): walk}), tables=tables).run()
    except LawBroken as error:
        return error.law
    return None


def survivors(table, judges, every=1):
    """The mutants, or one in this many of them, that no law catches."""
    return [
        f"{mutant.row.trigger} {mutant.row.source} → {mutant.row.destination} {mutant.row.guard}: {mutant.edit}"
        for mutant in islice(mutants(table), 0, None, every)
        if not any(judge(mutant.tables) for judge in _ordered(judges, table, mutant.row))
    ]


def _ordered(judges, table, row):
    """Those judges first whose scopes reach the row: with teams for preemption, with warm pools for theirs, with every fault."""
    if "preemption" in row.rests_on:
        return judges[WITH_TEAMS] + judges
    if table.name == "training":
        return judges[:4] + judges[WITH_EVERY_FAULT] + judges
    return judges[WITH_WARM_POOLS] + judges if table.name == "warm_pool" else judges


@pytest.mark.long
def test_the_true_tables_satisfy_every_judge(judges):
    assert [judge(Tables.of()) for judge in judges] == [None] * len(judges)


@pytest.mark.parametrize("table", ALL, ids=lambda table: table.name)
def test_one_in_a_hundred_of_the_one_row_mutants_is_tried_and_caught_by_a_named_law(table, judges):
    assert survivors(table, judges, every=100) == []


@pytest.mark.long
@pytest.mark.parametrize("table", ALL, ids=lambda table: table.name)
def test_every_one_row_mutant_is_caught_by_a_named_law(table, judges):
    assert survivors(table, judges) == []


def planted(table: Table, trigger: str, source: str, **changes: object) -> Tables:
    rows = tuple(
        attrs.evolve(row, **changes) if (row.trigger, row.source) == (trigger, source) else row for row in table.rows
    )
    return Tables.of(**{table.name: Table(table.name, rows, table.final)})


def without(table: Table, trigger: str, source: str) -> Tables:
    rows = tuple(row for row in table.rows if (row.trigger, row.source) != (trigger, source))
    return Tables.of(**{table.name: Table(table.name, rows, table.final)})


LAUNCH_AFTER_STOP = attrs.evolve(TUNING, rows=(*TUNING.rows, Row("launch", "Stopping", "Stopping", ("SPAWN",), "S5")))


@pytest.mark.parametrize(
    ("bug", "tables", "law"),
    [
        (
            "release at Stopping",
            planted(TUNING, "stop", "InProgress", effects=("WITHDRAW", "STOP_CHILDREN", "PROCEED", "RELEASE")),
            "reservation held until the end",
        ),
        (
            "artifact dropped at stop",
            planted(TRAINING, "uploaded", "Stopping:uploading", effects=("VACATE", "TELL")),
            "what was saved is stored",
        ),
        (
            "child launched after stop",
            planted(TUNING, "stop", "InProgress", destination="InProgress", effects=("STOP_CHILDREN", "PROCEED")),
            "tuning statuses in order",
        ),
        (
            "double release",
            planted(RESERVATION, "release", "Held", effects=("FREE", "FREE")),
            "released at the end, exactly once",
        ),
        ("stop ignored while starting", without(TRAINING, "stop", "Starting"), "a stop reaches every child"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_planted_bugs_are_found_as_shortest_stories(bug, tables, law):
    found = explore(scope(total=2), tables=tables).counterexample
    assert found is not None and found.law == law
    assert 2 <= len(found.calls) <= 12
    assert any("stop_tuning_job" in call for call in found.calls) or bug == "double release"


@pytest.mark.parametrize("scenario", [watched(), hyperband()], ids=["early stopping", "hyperband"])
def test_an_epoch_that_no_learning_curve_gets_is_a_broken_law(scenario):
    assert _simulated(scenario, planted(TRAINING, "epoch", "Training", books=())) == "the journal rebuilds the world"


def test_a_counterexample_is_a_list_of_calls_that_reproduces_it():
    scenario = scope(total=2)
    tables = without(TRAINING, "stop", "Starting")
    found = explore(scenario, tables=tables).counterexample
    import hptsim.cloud

    names = {"attrs": attrs, "hptsim": hptsim, "scenario": scenario}
    calls = [call.replace("cloud=", "tables=tables, cloud=") for call in found.calls]
    names["tables"] = tables
    with pytest.raises(LawBroken) as broken:
        exec("\n".join(calls), names)
    assert broken.value.law == found.law


def test_what_was_found_is_said_in_words_which_a_notebook_shows():
    found = explore(scope())
    assert found.sentence().startswith(f"All states were visited: {found.states} states and")
    assert "search was bounded: it ended at the number of states" in explore(scope(), max_states=5).sentence()
    broken = explore(scope(total=2), tables=without(TRAINING, "stop", "Starting"))
    assert broken.sentence().startswith("A law is broken") and str(broken.counterexample) in broken.sentence()
    assert "create_tuning_job(scenario.tuning_jobs[0].spec)" in broken._repr_html_()


def test_a_search_of_bounded_depth_makes_no_move_from_the_last_states_and_judges_them():
    whole = explore(scope())
    for depth in range(1, whole.depth + 2):
        found = explore(scope(), max_depth=depth)
        assert found.depth == min(depth, whole.depth) and found.states <= whole.states
        assert found.complete == (depth >= whole.depth), depth
        words = found.sentence().partition("Not tried")[0].lower().split()
        assert found.complete or not {"all", "every", "each"} & set(words)
    assert attrs.evolve(found, laws=()) == attrs.evolve(whole, laws=())


def test_a_state_at_rest_at_the_last_depth_is_judged():
    def check(state, what):
        return "one has" if any(job.state in FINAL_TRAINING for job in state.training.values()) else None

    never = Law("never", "eventually", "no training job ends", "a test", check, ("rest",))
    shortest = explore(scope(), stops=False, laws=(never,))
    at_the_rim = explore(scope(), stops=False, laws=(never,), max_depth=shortest.depth)
    assert at_the_rim.counterexample == shortest.counterexample is not None
    assert len(at_the_rim.counterexample.calls) == shortest.depth + 2
    assert explore(scope(), stops=False, laws=(never,), max_depth=shortest.depth - 1).counterexample is None


@pytest.mark.long
def test_hash_compaction_finds_the_same_and_says_what_it_may_have_left_out():
    whole, found = explore(scope(), faults=EVERY_FAULT), explore(scope(), faults=EVERY_FAULT, hash_compaction=True)
    assert found.omission_probability == omission_probability(found.states) > 0 == whole.omission_probability
    assert attrs.evolve(found, omission_probability=0.0, laws=()) == attrs.evolve(whole, laws=())
    words = found.sentence()
    assert f"about {found.omission_probability:.1e}" in words and "digests of 64 bits" in words
    assert not words.lower().startswith("all") and "every state" not in words


def test_states_that_collide_are_left_out(monkeypatch):
    monkeypatch.setattr("hptsim.explorer.seen.digest", lambda key: hash(key) % 16)
    found = explore(scope(), hash_compaction=True)
    assert found.states <= 16 < explore(scope()).states


def test_progress_is_told_and_ends_the_search(monkeypatch):
    monkeypatch.setattr("hptsim.explorer.search._LOOK", 10)
    told = []
    found = explore(scope(), progress=told.append)
    assert found.complete and [at.states for at in told] == sorted(at.states for at in told)
    assert len(told) > 3 and all(0 <= at.waiting < at.states and at.depth <= found.depth for at in told)
    ended = explore(scope(), progress=lambda at: at.states > 20)
    assert ended.ended == "interrupted" and 20 < ended.states < found.states


@pytest.mark.parametrize("name", ["max_states", "max_depth", "workers"])
@pytest.mark.parametrize("given", [0, -1, 2.5, "7", True])
def test_bounds_that_make_no_sense_are_refused(name, given):
    with pytest.raises(InvalidInput, match=f"{name}: got {given!r}, expected a whole number of at least 1"):
        explore(scope(), **{name: given})


def test_a_quota_for_all_types_is_explored_as_one_for_the_type_that_is_used():
    specs = [TuningJobSpec(name, limits=ResourceLimits(1, 1)) for name in "ab"]
    jobs = tuple(ScheduledTuningJob(spec) for spec in specs)
    queueing = Assumptions(admission="queue")
    named, others = (
        explore(Scenario(capacity=capacity, tuning_jobs=jobs, assumptions=queueing))
        for capacity in ({"ml.m5.xlarge": 1}, {"*": 1})
    )
    assert (others.states, others.transitions, others.missed) == (named.states, named.transitions, named.missed)
    assert (
        others.counterexample is None
        and others.states > explore(Scenario(tuning_jobs=jobs[:1], assumptions=queueing)).states
    )


@pytest.mark.long
def test_what_a_search_has_kept_is_given_back_when_it_is_over(monkeypatch):
    made, system = [], Scope.system

    def noted(self):
        found = system(self)
        made.append(weakref.ref(found))
        return found

    monkeypatch.setattr(Scope, "system", noted)
    found = explore(scope(), faults=EVERY_FAULT)
    assert found.complete and [one() for one in made] == [None]
