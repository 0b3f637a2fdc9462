"""Every simulated journal is a path of the model that the explorer searches.

The steps of a simulated run are taken again in a world without times in which everything that the tables know is armed:
each must be armed there, and must write the same entries. So what holds in all explored orders holds in simulated time.
"""

import attrs
import pytest
from hypothesis import given

from hptsim import Simulation
from hptsim.cli.run import demo
from hptsim.cloud.every_outcome import FAULTS, EveryOutcome
from hptsim.errors import ServiceError
from hptsim.model.journal import steps
from hptsim.model.payloads import Epoch, ScriptEnded, TrainingJobCreated
from hptsim.scenario.random_streams import uniforms
from hptsim.simulation.job_views import Capacity
from hptsim.strategies.search import Searches
from hptsim.testing import scenarios
from hptsim.world import commands
from hptsim.world.rules import RULES
from hptsim.world.world import World


class Follower(EveryOutcome):
    """The explorer's cloud, with the objective of the run that is followed and as many checkpoints as it took."""

    value = None

    def objective(self, world, job):
        return self.value

    def possible(self, job, trigger):
        if trigger == "checkpoint":
            return job.definition.checkpoint_uri is not None
        return super().possible(job, trigger)


def model(scenario):
    """The explorer's world for *scenario*: everything armed, and faults without end."""
    endless = dict.fromkeys(FAULTS, 10**9)
    cloud = Follower(0, scenario.script, endless, scenario.timings.stop_propagation_s != 0)
    return World(scenario.account, cloud, Searches(uniforms), RULES)


def take(world, scenario, step):
    """Take one simulated step in the model; the entries that it writes there."""
    written = []
    world.write = written.append
    first = step[0]
    world.now = first.time_s  # "easy-backfill" looks at the clock; nothing else does
    specs = {entry.spec.name: entry.spec for entry in scenario.tuning_jobs}
    world.cloud.value = next((one.data.objective for one in step if isinstance(one.data, (Epoch, ScriptEnded))), None)
    command = first.trigger if first.thing in ("tuning", "refused") else ""
    try:
        if command == "create":
            commands.create_tuning_job(world, specs[first.name])
        elif command == "stop":
            commands.stop_tuning_job(world, first.name)
        elif first.trigger == "ask":
            fire(world, first.data.holder, "launch")
        else:
            fire(world, first.name, first.trigger)
    except ServiceError as error:
        return [(first.time_s, "refused", first.name, command, "", "", str(error), first.step)]
    return written


def fire(world, name, trigger):
    for serial, (_, job, armed) in world.armed.items():
        if (job, armed) == (name, trigger):
            world.fire_armed(serial)
            return
    raise AssertionError(f"{trigger} of {name} is not armed in the model, only {list(world.armed.values())}")


def timeless(entry):
    """An entry without its time, its step, and without the configuration, which the model does not draw."""
    _, *what, data, _ = entry
    if isinstance(data, TrainingJobCreated):
        data = data._replace(hyperparameters={})
    return *what, data


def follow(scenario):
    """Simulate *scenario* and take every step in the model, too; both, at their ends."""
    scenario = scenario.drawn()
    sim = Simulation(scenario)
    sim.run()
    world = model(scenario)
    for step in steps(sim.journal):
        assert [timeless(entry) for entry in take(world, scenario, step)] == [timeless(record) for record in step]
    return sim, world


def same_states(sim, world):
    assert sim.tuning_jobs == list(world.tuning)
    for name, job in world.tuning.items():
        view = sim.tuning_job(name)
        assert (view.status, dict(view.counters)) == (job.status, job.counters)
        assert view.training_jobs == tuple(job.children)
        for child in view.training_jobs:
            assert sim.training_job(child).attempt == world.training[child].attempt
    assert sim.capacity == Capacity.of(world.ledger)
    assert [one.holder for one in sim.queue] == [one.holder for one in world.ledger.queue.values()]
    assert list(sim.artifacts) == list(world.artifacts)


@given(scenario=scenarios())
def test_every_simulated_journal_is_a_path_of_the_explored_model(scenario):
    same_states(*follow(scenario))


@given(scenario=scenarios())
def test_so_it_is_when_stops_take_time_to_arrive(scenario):
    same_states(*follow(attrs.evolve(scenario, timings=attrs.evolve(scenario.timings, stop_propagation_s=7.0))))


PASSES = {
    "controller_first_pass_s": 2.0,
    "controller_period_s": 10.0,
    "controller_jitter_s": 2.0,
    "first_launch_s": 6.0,
    "launch_s": 3.0,
    "finish_s": 20.0,
}


@given(scenario=scenarios())
def test_so_it_is_when_the_controller_acts_in_passes(scenario):
    """A pass may launch several training jobs: each is an event of its own in the model, and so it explores all passes."""
    same_states(*follow(attrs.evolve(scenario, timings=attrs.evolve(scenario.timings, **PASSES))))


def test_the_embedded_scenario_is_a_path_too():
    same_states(*follow(demo()))


def test_a_step_that_the_model_does_not_know_is_noticed():
    scenario = demo()
    sim = Simulation(scenario)
    sim.run()
    world = model(scenario)
    taken = list(steps(sim.journal))
    with pytest.raises(AssertionError, match="is not armed in the model"):
        for step in [*taken[:5], *taken[6:]]:
            take(world, scenario, step)
