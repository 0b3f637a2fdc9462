"""The graph of states: the same states as the search's, seen through a simulation; what breaks, and what is not kept."""

import attrs
import pytest

from explorer.test_endings import BUGS
from explorer.test_search import planted, scope, without
from hptsim import LAWS, Scenario, Simulation, explore
from hptsim.cloud.every_outcome import EveryOutcome
from hptsim.errors import InvalidInput, LawBroken
from hptsim.explorer.descriptions import Description
from hptsim.explorer.graph import COMMAND, DUE, FAULT, state_graph
from hptsim.model.definitions import TrainingJobDefinition
from hptsim.model.laws import Law
from hptsim.model.tables import RESERVATION, TRAINING

POOL = {"mine": TrainingJobDefinition(keep_alive_s=600)}


def replayed(graph, number, **given):
    """A simulation in the state *number*, by the public calls that lead there."""
    sim = Simulation(attrs.evolve(graph.scope.scenario, tuning_jobs=()), cloud=EveryOutcome(**given), laws=False)
    here = 0
    for place in graph.way(number):
        step = graph.nodes[here].steps[place]
        exec(step.call, {"sim": sim, "scenario": graph.scope.scenario, "training_jobs": POOL})
        here = step.target
    assert here == number
    return sim


@pytest.mark.parametrize(
    ("scenario", "given"),
    [
        (scope(), {"faults": {"interrupt": 1}}),
        (scope(), {"delayed_stop": True}),
        (scope(), {"stops": False}),
        (Scenario(), {"training_jobs": POOL}),
    ],
    ids=["faults", "delayed stop", "no stops", "a warm pool"],
)
def test_the_states_are_those_that_the_search_visits(scenario, given):
    graph, found = state_graph(scenario, **given), explore(scenario, **given)
    assert graph.complete and len(graph.nodes) == found.states
    assert sum(node.at_rest for node in graph.nodes) == found.resting
    assert max(len(graph.way(number)) for number in range(len(graph.nodes))) == found.depth
    assert {one for node in graph.nodes for step in node.steps for one in step.seen} == set(found.witnessed)
    assert not any(node.broken for node in graph.nodes)


def test_each_state_is_described_as_its_shortest_way_leads_to_it():
    budget = {"internal_error": 1}
    graph = state_graph(scope(), faults=budget)
    for number in range(0, len(graph.nodes), 5):
        assert Description.of(replayed(graph, number, budget=dict(budget))) == graph.nodes[number].description


def test_steps_are_due_or_commands_or_faults_and_say_what_they_wrote():
    graph = state_graph(scope(), faults={"internal_error": 1, "timeout": 1})
    kinds = {(step.kind, step.call.partition("(")[0]) for node in graph.nodes for step in node.steps}
    assert kinds == {
        (COMMAND, "sim.create_tuning_job"),
        (COMMAND, "sim.stop_tuning_job"),
        (FAULT, "sim.note_answer"),
        (FAULT, "sim.fire"),
        (DUE, "sim.fire"),
    }
    faults = {
        step.call for node in graph.nodes for step in node.steps if (step.kind, step.call[:8]) == (FAULT, "sim.fire")
    }
    assert faults and all("'internal_error'" in call for call in faults)
    created = graph.nodes[0].steps[0]
    assert [(one.thing, one.trigger) for one in created.records[:1]] == [("tuning", "create")]
    assert all(step.records for node in graph.nodes for step in node.steps)


def test_the_laws_that_a_step_was_tested_by_are_those_that_were_asked():
    def never(state, entry):
        return None

    mine = Law("mine", "always", "nothing", "my team", never, ("training ready",))
    end = Law("at the end", "eventually", "nothing", "my team", never, ("rest",))
    graph = state_graph(scope(), laws=(*LAWS, mine, end))
    tested = {step.call for node in graph.nodes for step in node.steps if "mine" in step.tested}
    assert tested and tested == {step.call for node in graph.nodes for step in node.steps if "'ready'" in step.call}
    assert not any("at the end" in step.tested for node in graph.nodes for step in node.steps)
    assert all(("at the end" in node.tested) == node.at_rest for node in graph.nodes)


def test_a_broken_law_is_a_state_without_steps_and_the_others_are_visited_all_the_same():
    tables = planted(TRAINING, "uploaded", "Stopping:uploading", effects=("VACATE", "TELL"))
    graph, found = state_graph(scope(), tables=tables), explore(scope(), tables=tables)
    broken = [number for number, node in enumerate(graph.nodes) if node.broken]
    first = graph.nodes[broken[0]]
    assert first.broken.law == found.counterexample.law == "what was saved is stored"
    assert first.broken.reason == found.counterexample.reason and first.steps == []
    assert len(graph.way(broken[0])) == len(found.counterexample.calls) - 1, "the calls open the simulation first"
    before, place = first.way
    step = graph.nodes[before].steps[place]
    assert step.target == broken[0] and "what was saved is stored" in step.tested
    assert step.records[0].trigger == "uploaded"
    assert len(graph.nodes) > found.states and any(node.at_rest for node in graph.nodes)


def test_what_the_world_itself_refuses_is_a_broken_law_too():
    tables = planted(RESERVATION, "release", "Held", effects=("FREE", "FREE"))
    graph = state_graph(scope(total=2), tables=tables)
    assert {node.broken.law for node in graph.nodes if node.broken} == {"released at the end, exactly once"}


def test_a_law_that_is_broken_at_rest_is_broken_in_that_state(monkeypatch):
    scenario, faults, tables = BUGS["a download without end"](monkeypatch)
    graph = state_graph(scenario, faults=faults, tables=tables)
    broken = [node for node in graph.nodes if node.broken]
    assert broken and {node.broken.law for node in broken} == {"every job ends"}
    assert all(node.at_rest and "every job ends" in node.tested for node in broken)
    assert any(node.steps for node in broken), "a fault may strike, and then it ends"


def test_states_that_follow_each_other_for_ever_break_a_law_where_they_begin(monkeypatch):
    scenario, faults, tables = BUGS["a launch that arms itself again"](monkeypatch)
    graph = state_graph(scenario, faults=faults, tables=tables)
    found = explore(scenario, faults=faults, tables=tables).counterexample
    [start] = [number for number, node in enumerate(graph.nodes) if node.broken]
    assert graph.nodes[start].broken.law == found.law == "nothing goes on for ever"
    assert len(graph.way(start)) == len(found.calls) - 1 and graph.nodes[start].steps


def test_a_limit_keeps_the_nearest_states_and_says_that_there_are_more():
    whole, some = state_graph(scope()), state_graph(scope(), max_states=9)
    assert len(some.nodes) == 9 and whole.complete and not some.complete
    for node, same in zip(some.nodes, whole.nodes, strict=False):
        assert node.description == same.description
        assert [(one.call, one.target) for one in node.steps] == [
            (one.call, one.target if one.target < 9 else None) for one in same.steps
        ]


def test_bad_input_is_refused():
    with pytest.raises(InvalidInput, match="did you mean 'interrupt'"):
        state_graph(Scenario(), faults={"interupt": 1})
    for wrong in (0, True, 2.5):
        with pytest.raises(InvalidInput, match="max_states"):
            state_graph(Scenario(), max_states=wrong)


def test_a_law_that_raises_once_is_raised_again_by_the_same_calls():
    tables = without(TRAINING, "stop", "Starting")
    graph = state_graph(scope(), tables=tables)
    number = next(number for number, node in enumerate(graph.nodes) if node.broken)
    sim = Simulation(attrs.evolve(graph.scope.scenario, tuning_jobs=()), cloud=EveryOutcome(), tables=tables)
    here, names = 0, {"sim": sim, "scenario": graph.scope.scenario}
    with pytest.raises(LawBroken) as raised:
        for place in graph.way(number):
            exec(graph.nodes[here].steps[place].call, names)
            here = graph.nodes[here].steps[place].target
    assert raised.value.law == graph.nodes[number].broken.law
