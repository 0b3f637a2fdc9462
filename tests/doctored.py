"""Journals of true runs that are edited by hand, so that nothing but one law is amiss."""

import attrs
import pytest

from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim.audit.auditor import Auditor
from hptsim.cloud.sampled import SampledCloud
from hptsim.errors import LawBroken
from hptsim.model.assumptions import Assumptions
from hptsim.model.definitions import InstanceRequest, ResourceLimits, TrainingJobDefinition
from hptsim.model.journal import steps
from hptsim.model.machine import Tables
from hptsim.model.tables import Table
from hptsim.scenario.cloud import Faults, Script, Timings
from hptsim.scenario.random_streams import uniforms
from hptsim.scenario.workload import ScheduledTuningJob
from hptsim.strategies.search import Searches
from hptsim.world import commands
from hptsim.world.rules import RULES
from hptsim.world.world import World

M5 = "ml.m5.xlarge"
TIMINGS = Timings(
    starting_s=10, warm_starting_s=10, downloading_s=10, training_s=100, uploading_s=5, teardown_s=30, checkpoint_s=30
)
DEFINITION = TrainingJobDefinition(checkpoint_uri="s3://b/c")


def job(name, total, parallel, at_s=0.0, stop_at_s=None, **changes):
    definition = attrs.evolve(DEFINITION, **changes)
    return ScheduledTuningJob(TuningJobSpec(name, (definition,), ResourceLimits(total, parallel)), at_s, stop_at_s)


TWO = Scenario(
    capacity={M5: 2},
    timings=TIMINGS,
    script=Script("save", 20),
    assumptions=Assumptions(admission="queue"),
    tuning_jobs=(job("a", 2, 2, 0, 60), job("b", 1, 1, 5, 70)),
)
"""Two training jobs of "a" are stopped in Training and save their models; "b" waits for quota and is withdrawn."""
ALONE = attrs.evolve(TWO, tuning_jobs=(job("a", 2, 1),))
"""Two training jobs, one after the other, both Completed."""
ALONE_ACCOUNT = attrs.evolve(ALONE, tuning_jobs=())


def run(scenario=TWO, **more):
    sim = Simulation(scenario, laws=False, **more)
    sim.run()
    return list(sim.journal)


def find(records, thing, trigger, name="a", nth=0):
    """The place of the *nth* record of that thing and trigger whose name begins with *name*."""
    places = [i for i, one in enumerate(records) if (one.thing, one.trigger) == (thing, trigger)]
    return [i for i in places if records[i].name.startswith(name)][nth]


def edited(thing, trigger, *, name="a", nth=0, scenario=TWO, **changes):
    """A run in which one record says something else."""
    records = run(scenario)
    place = find(records, thing, trigger, name, nth)
    records[place] = records[place]._replace(**changes)
    return records


def without(*victims, scenario=TWO):
    """A run without some records, each given as (thing, trigger), a name's beginning and which one."""
    records = run(scenario)
    for place in sorted((find(records, *victim) for victim in victims), reverse=True):
        del records[place]
    return records


def moved(records, source, target):
    """*records* with the one at *source* standing before the one at *target*, at the time and in the step of its new place."""
    record = records[source]._replace(time_s=records[target].time_s, step=records[target].step)
    rest = [one for i, one in enumerate(records) if i != source]
    place = target - (source < target)
    return [*rest[:place], record, *rest[place:]]


def audit(records, scenario=TWO, world=None):
    """Judge *records* step by step; with *world* compare the auditor's state with it at the end."""
    auditor = Auditor(scenario.account)
    for step in steps(records):
        for record in step:
            auditor.see(record)
        auditor.check_step()
    if world is not None:
        auditor.compare(world)
    return auditor


def finished_world(scenario=ALONE, *, failing=False):
    """A world in which everything that can happen has happened, and what it wrote."""
    faults = Faults(algorithm_error=1.0 if failing else 0.0)
    cloud = SampledCloud(timings=Timings(checkpoint_s=0), faults=faults)  # no clock: no checkpoints
    world = World(scenario.account, cloud, Searches(uniforms), RULES)
    entries = []
    world.write = entries.append
    commands.create_tuning_job(world, scenario.tuning_jobs[0].spec)
    while world.armed:
        world.fire_armed(next(iter(world.armed)))
    return world, entries


def with_table(table, trigger, **changes):
    rows = tuple(attrs.evolve(row, **changes) if row.trigger == trigger else row for row in table.rows)
    return Tables.of(**{table.name: Table(table.name, rows, table.final)})


def cut(records, thing, trigger, name="a", nth=0):
    return records[: find(records, thing, trigger, name, nth)]


def two_types():
    """One training job that finds no machines of its first type."""
    alternatives = (InstanceRequest("ml.c5.xlarge"), InstanceRequest("ml.c5.2xlarge"))
    return attrs.evolve(
        ALONE, tuning_jobs=(job("a", 1, 1, alternatives=alternatives),), faults=Faults(shortage_by_type={M5: 1.0})
    )


def breaks_exactly(law, case):
    """The *case* breaks the *law*, no other one, and is told what it rests on."""
    with pytest.raises(LawBroken) as broken:
        case()
    assert broken.value.law == law, str(broken.value)
    assert broken.value.rests_on
