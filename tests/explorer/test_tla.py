"""The model in TLA+: what is written, that TLC finds the states and steps that the explorer has, and that each law can fail."""

import re
from pathlib import Path

import attrs
import pytest

from explorer import tlc
from explorer.in_tla_terms import graph, system_of
from hptsim.errors import InvalidInput
from hptsim.explorer.tla import INVARIANTS, STEPS, TEMPLATE, configuration, module
from hptsim.model.assumptions import Assumptions
from hptsim.model.definitions import CompletionCriteria, InstanceRequest, ResourceLimits, TrainingJobDefinition
from hptsim.model.machine import Tables
from hptsim.model.ranges import ParameterRange
from hptsim.model.specs import TuningJobSpec
from hptsim.model.tables import BOOKINGS, EFFECTS, GUARDS, RESERVATION, TRAINING, TUNING, WARM_POOL, Row, Table
from hptsim.scenario.cloud import Script
from hptsim.scenario.scenario import Scenario
from hptsim.scenario.workload import Arrivals, ScheduledTuningJob

PAGE = Path(__file__).parents[2] / "docs" / "tla.md"
GPU = "ml.g5.xlarge"
needs_tlc = pytest.mark.skipif(bool(tlc.missing()), reason=f"TLC cannot run: {tlc.missing()}")


def scope(
    names="a", total=1, parallel=1, capacity=1, reservation="reuse", admission="queue", runtime_s=None, **definition
):
    limits = ResourceLimits(total, parallel, runtime_s)
    specs = [TuningJobSpec(name, (TrainingJobDefinition(**definition),), limits) for name in names]
    return Scenario(
        capacity={"ml.m5.xlarge": capacity, GPU: capacity},
        assumptions=Assumptions(reservation, admission),
        tuning_jobs=tuple(ScheduledTuningJob(spec) for spec in specs),
    )


def everything(**changes):
    """A training job to which everything may happen that the module has."""
    definition = {"instances": InstanceRequest(GPU), "spot": True, "max_retries": 1, "checkpoint_uri": "s3://b/c"}
    return scope(**{**definition, "max_wait_s": 90000.0, "max_pending_s": 8000.0, **changes})


FAULTS = ("wait", "max_pending", "internal_error", "interrupt", "max_wait")
SCOPES = {
    "1 × 1 on 1": (scope(), (), False),
    "1 × 2, both at a time, on 1": (scope(total=2, parallel=2), ("internal_error",), False),
    "1 × 3, all at a time, on 1": (scope(total=3, parallel=3), (), False),
    "2 × 1 on 1": (scope("ab"), ("algorithm_error",), False),
    "2 × 1 on 1, spot": (scope("ab", spot=True), ("interrupt",), False),
    "2 × 1 on 1, `admission` `reject`": (scope("ab", admission="reject"), (), False),
    "1 × 2, both at a time, on 1, `reservation` `as-observed`": (
        scope(total=2, parallel=2, reservation="as-observed"),
        ("client_error",),
        False,
    ),
    "1 × 2, both at a time, on 2, `reservation` `upfront`": (
        scope(total=2, parallel=2, capacity=2, reservation="upfront"),
        ("client_error",),
        False,
    ),
    "1 × 2, both at a time, on 2, with MaxRuntimeInSeconds": (
        scope(total=2, parallel=2, capacity=2, runtime_s=3600.0),
        ("internal_error",),
        True,
    ),
    "1 × 1 on 1, spot with a checkpoint and a retry": (everything(), FAULTS, False),
}
"""The scopes of the page, by its words: the scenario, the faults, and whether a stop travels."""


def rows_of_page():
    """What the page says of each scope: faults, whether a stop travels, states and steps."""
    lines = [line.strip("|").split("|") for line in PAGE.read_text().splitlines() if re.match(r"\| \d × \d", line)]
    cells = [[cell.strip().replace(",", "") for cell in line] for line in lines]
    return {
        line[0].strip(): (line[1].strip(), row[2] == "yes", int(row[3]), int(row[4]))
        for line, row in zip(lines, cells, strict=True)
    }


def test_the_page_has_these_scopes():
    said = {name: (faults, travels) for name, (faults, travels, *_) in rows_of_page().items()}
    assert said == {
        name: (", ".join(f"`{fault}`" for fault in faults) or "none", travels)
        for name, (_, faults, travels) in SCOPES.items()
    }


@needs_tlc
@pytest.mark.long
@pytest.mark.parametrize("name", SCOPES)
def test_tlc_finds_the_states_and_steps_that_the_explorer_has(name, tmp_path):
    scenario, faults, delayed_stop = SCOPES[name]
    budget = dict.fromkeys(faults, 1)
    text = module(scenario, faults=budget, delayed_stop=delayed_stop)
    found = tlc.run(tmp_path, text, configuration(), graph=True)
    assert not found.broken, found.output
    steps, states = graph(scenario, budget, delayed_stop=delayed_stop)
    assert found.states == states and found.steps == steps
    assert (found.distinct, found.generated) == (len(states), sum(steps.values()) + 1)  # the first state is one of them
    assert rows_of_page()[name][2:] == (len(states), sum(steps.values()))


def edited(table, trigger, at, when=None, more=(), **changes):
    """The tables with one row of *table* edited, and rows added."""
    found = [row for row in table.rows if (row.trigger, row.source) == (trigger, at) and when in (None, row.guard)]
    assert len(found) == 1
    rows = [attrs.evolve(row, **changes) if row is found[0] else row for row in table.rows]
    return Tables.of(**{table.name: Table(table.name, (*rows, *more), table.final)})


WIDE = scope(total=2, parallel=2)
LATE_LAUNCH = (Row("launch", "Stopping", "Stopping", ("SPAWN", "PROCEED"), "H2"),)
LATE_END = (Row("child_ended", "Stopped", "Stopped", ("TALLY",), "S4"),)
CAUGHT = [
    (
        "TypeOK",
        "a misspelt status",
        scope(),
        edited(TRAINING, "ready", "Starting", "downloads", destination="Downloadng"),
    ),
    ("ExactlyOneRowApplies", "a guard dropped", scope(), edited(TRAINING, "ready", "Starting", "streams", guard="")),
    (
        "ExactlyOneRowApplies",
        "a row that is missing",
        scope(),
        edited(TUNING, "child_ended", "Stopping", source="Failed"),
    ),
    ("NobodyWaitsTwice", "not queued", scope(), edited(RESERVATION, "ask", "[*]", effects=())),
    ("NobodyWaitsTwice", "queued twice", WIDE, edited(RESERVATION, "ask", "[*]", effects=("QUEUE", "QUEUE"))),
    (
        "QuotaNeverExceeded",
        "reserved twice",
        scope(),
        edited(RESERVATION, "grant", "Requested", effects=("DEQUEUE", "RESERVE", "RESERVE", "CONTINUE")),
    ),
    ("QuotaIsConserved", "not given back", scope(), edited(RESERVATION, "release", "Held", effects=())),
    (
        "OccupancyWithinReservation",
        "not reserved",
        scope(),
        edited(RESERVATION, "grant", "Requested", effects=("DEQUEUE", "CONTINUE")),
    ),
    (
        "OccupancyWithinReservation",
        "released in use",
        scope(),
        edited(TRAINING, "uploaded", "Uploading", effects=("PERSIST", "TELL")),
    ),
    (
        "OccupancyWithinReservation",
        "vacated twice",
        scope(),
        edited(TRAINING, "uploaded", "Uploading", effects=("PERSIST", "VACATE", "VACATE", "TELL")),
    ),
    ("ALiveTrainingJobOccupies", "not in use", scope(), edited(TRAINING, "create", "[*]", effects=())),
    ("ReleasedAtTheEndExactlyOnce", "not released", scope(), edited(TUNING, "finish", "Stopping", effects=())),
    (
        "ReleasedAtTheEndExactlyOnce",
        "given back twice",
        scope(),
        edited(RESERVATION, "release", "Held", effects=("FREE", "FREE")),
    ),
    (
        "NobodyOutlivesTheParent",
        "stopped at once",
        scope(),
        edited(TUNING, "stop", "InProgress", destination="Stopped"),
    ),
    (
        "ParallelWithinItsLimit",
        "two at a launch",
        scope(total=2),
        edited(TUNING, "launch", "InProgress", effects=("SPAWN", "SPAWN")),
    ),
    (
        "TotalWithinItsLimit",
        "two at a launch",
        scope(),
        edited(TUNING, "launch", "InProgress", effects=("SPAWN", "SPAWN")),
    ),
    (
        "NobodyStoppingWaits",
        "not withdrawn",
        WIDE,
        edited(TUNING, "stop", "InProgress", effects=("STOP_CHILDREN", "PROCEED")),
    ),
    (
        "AStopReachesEveryChild",
        "not sent",
        scope(),
        edited(TUNING, "stop", "InProgress", effects=("WITHDRAW", "PROCEED")),
    ),
    (
        "WhatWasSavedIsStored",
        "not stored",
        scope(),
        edited(TRAINING, "uploaded", "Uploading", effects=("VACATE", "TELL")),
    ),
    (
        "NothingIsStoredUnsaved",
        "a checkpoint not noted",
        everything(),
        edited(TRAINING, "checkpoint", "Training", books=()),
    ),
    ("CountersAddUp", "not counted", scope(), edited(TUNING, "child_ended", "InProgress", effects=("PROCEED",))),
    (
        "RetriesWithinTheirLimit",
        "a retry not used up",
        scope(max_retries=1),
        edited(TRAINING, "internal_error", "Starting", "may_retry", books=("ATTEMPT",)),
    ),
    ("LogsOfWhatHasRun", "no last line", scope(), edited(TRAINING, "exited", "Training", effects=())),
    ("EveryJobEnds", "a lost wake-up", scope(), edited(TUNING, "child_ended", "Stopping", effects=("TALLY",))),
    (
        "AFinalStatusIsFinal",
        "counted after the end",
        scope(),
        edited(TUNING, "stop", "InProgress", destination="Stopped", more=LATE_END),
    ),
    (
        "NoLaunchAfterAStop",
        "granted after the stop",
        attrs.evolve(WIDE, assumptions=Assumptions("as-observed", "queue")),
        edited(TUNING, "stop", "InProgress", effects=("STOP_CHILDREN", "PROCEED"), more=LATE_LAUNCH),
    ),
    ("StoppingEndsStopped", "another end", scope(), edited(TUNING, "finish", "Stopping", destination="Completed")),
    (
        "ReservationHeldUntilTheEnd",
        "released at the stop",
        scope(),
        edited(TUNING, "stop", "InProgress", effects=("WITHDRAW", "STOP_CHILDREN", "RELEASE", "PROCEED")),
    ),
]
"""A law, a planted bug by its name, the scope, and the tables with the bug: TLC has to name the law."""
NOT_BY_A_TABLE = {
    "NobodyWaitsWhileQuotaIsIdle": (scope("ab"), "/\\ world' = GrantAll(IF trigger", "/\\ world' = (IF trigger"),
    "ArtifactsNeverVanish": (
        scope(total=2),
        '!.artifacts = @ \\union {<<c, "model">>}',
        '!.artifacts = {<<c, "model">>}',
    ),
    "LogsPersist": (scope(), "!.training[c].lines = @ + 1", "!.training[c].lines = 1 - @"),
}
"""No row can break these: every step ends with GrantAll, and no effect deletes. An operator of the module is edited."""


@needs_tlc
@pytest.mark.long
@pytest.mark.parametrize(("law", "bug", "scenario", "tables"), CAUGHT, ids=[f"{one[0]}: {one[1]}" for one in CAUGHT])
def test_a_bug_in_a_table_breaks_the_law(law, bug, scenario, tables, tmp_path):
    text = module(scenario, faults={"internal_error": 1}, tables=tables)
    assert tlc.run(tmp_path, text, configuration([law])).broken == law


@needs_tlc
@pytest.mark.long
@pytest.mark.parametrize("law", NOT_BY_A_TABLE)
def test_a_bug_in_an_operator_breaks_the_law(law, tmp_path):
    scenario, right, wrong = NOT_BY_A_TABLE[law]
    text = module(scenario)
    assert text.count(right) == 1
    assert tlc.run(tmp_path, text.replace(right, wrong), configuration([law])).broken == law


def test_every_law_of_the_module_is_checked_and_can_fail():
    text = TEMPLATE.read_text()
    defined = re.findall(r"^(\w+) ==", text[text.index("the laws of safety") :], re.M)
    helpers = {"Interruptions", "AtRest"}
    assert set(INVARIANTS) | set(STEPS) == set(defined) - helpers
    assert {law for law, *_ in CAUGHT} | set(NOT_BY_A_TABLE) == set(INVARIANTS) | set(STEPS)


def rows_of_module(text, name):
    """The rows that a module has under *name*, read from its text."""
    table = text[text.index(f"{name} == {{") :]
    rows = [tlc.value(line.strip().rstrip(",}")) for line in table[: table.index("}\n")].splitlines()[1:]]
    return [
        tuple(row[key] for key in ("trigger", "source", "destination", "guard", "books", "effects")) for row in rows
    ]


def test_the_tables_are_those_of_hptsim():
    text = module(scope())
    for name, table in (("TuningRows", TUNING), ("TrainingRows", TRAINING), ("ReservationRows", RESERVATION)):
        written = rows_of_module(text, name)
        rows = [(row.trigger, row.source, row.destination, row.guard, row.books, row.effects) for row in table.rows]
        assert len(written) == len(rows) and set(written) == set(rows)
    changed = edited(TUNING, "finish", "Stopping", destination="Completed")
    assert ("finish", "Stopping", "Completed", "", (), ("RELEASE",)) in rows_of_module(
        module(scope(), tables=changed), "TuningRows"
    )


def test_what_has_no_meaning_in_the_module_is_left_out_by_name():
    text = TEMPLATE.read_text()
    pools = {effect for row in WARM_POOL.rows for effect in row.effects}
    assert {name for name in EFFECTS if f'"{name}"' not in text} == {
        "JUDGE",
        "ASK_AGAIN",
        "TAKE_BACK",
        "EXCHANGE",
        *pools,
    }
    assert {name for name in BOOKINGS if f'"{name}"' not in text} == {
        "EPOCH",
        "RESERVATION",
        "AMOUNTS",
        "PERIOD",
        "STOP_TIME",
    }
    assert {name for name in GUARDS if f'"{name}"' not in text} == {"kept", "lost"}


def with_spec(**changes):
    scenario = scope()
    spec = attrs.evolve(scenario.tuning_jobs[0].spec, **changes)
    return attrs.evolve(scenario, tuning_jobs=(ScheduledTuningJob(spec),))


@pytest.mark.parametrize(
    ("scenario", "said"),
    [
        (attrs.evolve(scope(), arrivals=(Arrivals(TuningJobSpec("b"), 60.0, count=1),)), "arrivals"),
        (attrs.evolve(scope(), total_instances=1), "total_instances"),
        (attrs.evolve(scope(), assumptions=Assumptions(discipline="backfill")), "the discipline backfill"),
        (attrs.evolve(scope(), script=Script(log_format="{loss}")), "log format"),
        (scope("aA"), "two tuning jobs of one name"),
        (scope(total=751), "more training jobs than the service allows"),
        (scope(parallel=11), "more training jobs than the service allows"),
        (scope(alternatives=(InstanceRequest(GPU),)), "several instance types"),
        (scope(metrics={"loss": "loss=(.*)"}), "metric definitions"),
        (
            with_spec(definitions=(TrainingJobDefinition("x"), TrainingJobDefinition("y"))),
            "several training job definitions",
        ),
        (with_spec(criteria=CompletionCriteria(target=1.0)), "completion criteria"),
        (with_spec(early_stopping=True), "early stopping"),
        (with_spec(strategy="Bayesian", ranges=(ParameterRange("rate", "Continuous", 0, 1),)), "the strategy Bayesian"),
        (with_spec(parents=("b",), warm_start="TransferLearning"), "a warm start"),
    ],
)
def test_what_the_module_leaves_out_is_refused(scenario, said):
    with pytest.raises(InvalidInput, match=f"leaves out .*{said}"):
        module(scenario)


def test_a_fault_that_is_none_is_refused():
    with pytest.raises(InvalidInput, match="did you mean 'interrupt'"):
        module(scope(), faults={"interupt": 1})


def test_a_quota_that_is_not_limited_and_the_wildcard():
    free = attrs.evolve(scope(), capacity={}, limits="none")
    assert 'Limit == "tuning-jobs" :> NoLimit @@ "ml.m5.xlarge" :> NoLimit' in module(free)
    assert '"ml.m5.xlarge" :> 3' in module(attrs.evolve(scope(), capacity={"*": 3}))


def test_the_explorer_does_not_tell_worlds_apart_by_the_number_of_the_next_request():
    system = system_of(scope())
    [create] = system.moves(system.root)
    state = system.take(system.root, create, last=False)
    before = system.key(state)
    state.world.tuning["a"].requests += 1
    assert system.key(state) == before


def test_values_as_tlc_prints_them():
    text = '[ a |-> <<1, TRUE>>, b |-> ( <<"x", 1>> :> {} @@ <<"y", -2>> :> {"p", "q"} ) ]'
    assert tlc.value(text) == {"a": (1, True), "b": {("x", 1): frozenset(), ("y", -2): frozenset({"p", "q"})}}
    assert tlc.canonical((7, 8)) == tlc.canonical({1: 7, 2: 8}) != tlc.canonical((8, 7))
    assert tlc.canonical(()) == tlc.canonical({})
