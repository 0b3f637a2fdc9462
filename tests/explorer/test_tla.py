"""The model in TLA+: what is written, that TLC finds the states and steps that the explorer has, and that each law can fail."""

import re
from pathlib import Path

import attrs
import pytest

from explorer import tlc
from explorer.in_tla_terms import graph
from explorer.tla_scopes import GPU, edited, everything, needs_tlc, scope
from hptsim.errors import InvalidInput
from hptsim.explorer.tla import TEMPLATE, configuration, module
from hptsim.model.assumptions import Assumptions
from hptsim.model.definitions import CompletionCriteria, InstanceRequest, TrainingJobDefinition
from hptsim.model.ranges import ParameterRange
from hptsim.model.specs import TuningJobSpec
from hptsim.model.tables import BOOKINGS, EFFECTS, GUARDS, RESERVATION, TRAINING, TUNING, WARM_POOL
from hptsim.scenario.cloud import Script
from hptsim.scenario.workload import Arrivals, ScheduledTuningJob

PAGE = Path(__file__).parents[2] / "docs" / "tla.md"
FAULTS = ("wait", "max_pending", "internal_error", "interrupt", "max_wait")
SCOPES = {
    "1 × 1 on 1": (scope(), (), False),
    "1 × 2, both at a time, on 1": (scope(total=2, parallel=2), ("internal_error",), False),
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


def rows_of_module(text, name):
    """The rows that a module has under *name*, read from its text."""
    table = text[text.index(f"{name} == {{") :]
    rows = re.findall(r"^    Row\((.*)\)[,}]$", table[: table.index("}\n") + 2], re.M)
    return [tlc.value(f"<<{row}>>") for row in rows]


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


def test_values_as_tlc_prints_them():
    text = '[ a |-> <<1, TRUE>>, b |-> ( <<"x", 1>> :> {} @@ <<"y", -2>> :> {"p", "q"} ) ]'
    assert tlc.value(text) == {"a": (1, True), "b": {("x", 1): frozenset(), ("y", -2): frozenset({"p", "q"})}}
    assert tlc.canonical((7, 8)) == tlc.canonical({1: 7, 2: 8}) != tlc.canonical((8, 7))
    assert tlc.canonical(()) == tlc.canonical({})
