"""The judge of the laws: for each a journal that breaks exactly it, for each `sometimes` a run that witnesses it.

The journals come from true runs and are edited by hand, so that nothing but the one law is amiss.
"""

from importlib import import_module

import attrs
import pytest
from doctored import (
    ALONE,
    TIMINGS,
    TWO,
    audit,
    breaks_exactly,
    cut,
    edited,
    find,
    finished_world,
    job,
    moved,
    run,
    two_types,
    with_table,
)
from world.test_preemption import PLANTED as OF_PREEMPTION

from audit.test_calls import JOURNALS as CALLS
from audit.test_planted import CASES as PLANTED
from audit.test_quota import CASES as QUOTA
from audit.test_search import CASES as SEARCH
from audit.test_training_jobs import CASES as TRAINING_JOB
from audit.test_tuning_jobs import CASES as TUNING_JOB
from audit.test_warm_pools import CASES as POOLS
from hptsim import Simulation, explore
from hptsim.audit.auditor import Auditor
from hptsim.audit.laws import LAWS, SOMETIMES
from hptsim.cli.check import audit_saved
from hptsim.cloud.sampled import SampledCloud
from hptsim.cloud.scripted import ScriptedCloud
from hptsim.errors import LawBroken
from hptsim.model.journal import Saved
from hptsim.model.machine import Tables
from hptsim.model.tables import RESERVATION, TRAINING, Table
from hptsim.scenario.cloud import Script, Timings
from hptsim.scenario.random_streams import uniforms
from hptsim.strategies.search import Searches
from hptsim.world import commands
from hptsim.world.controller import DECISIONS
from hptsim.world.rules import RULES
from hptsim.world.world import World


def world_without_an_artifact():
    world, entries = finished_world()
    del world.artifacts[next(iter(world.artifacts))]
    auditor = Auditor(ALONE.account)
    for entry in entries:
        auditor.see(entry)
    auditor.compare(world)


def world_that_knows_more_than_its_journal():
    world = World(ALONE.account, SampledCloud(timings=TIMINGS), Searches(uniforms), RULES)
    entries = []
    world.write = entries.append
    commands.create_tuning_job(world, ALONE.tuning_jobs[0].spec)
    while not entries or entries[-1][3] != "ready":
        world.fire_armed(next(iter(world.armed)))
    auditor = Auditor(ALONE.account)
    for entry in entries[:-1]:
        auditor.see(entry)
    auditor.compare(world)


def no_row_for_downloaded():
    rows = tuple(row for row in TRAINING.rows if row.trigger != "downloaded")
    run(ALONE, tables=Tables.of(training=Table("training", rows, TRAINING.final)))


def unfinished(law):
    """A journal that stops before the end, and is said to be at rest."""
    records = run(ALONE)
    if law == "every job ends":
        audit(cut(records, "tuning", "finish"), ALONE).check_at_rest()
    else:  # everybody has ended, and the auditor still knows of something reserved: the release of one pool says too little
        place = find(records, "reservation", "release", "a/1")
        auditor = Auditor(ALONE.account)
        for i, record in enumerate(records):
            if i != place:
                auditor.see(record)
        auditor.check_at_rest()


def a_launch_that_arms_itself_again():
    def again(world, job):
        world.arm_tuning(job, "launch", 0.0)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(import_module("hptsim.world.rules"), "DECISIONS", {**DECISIONS, ("tuning", "launch"): again})
        found = explore(ALONE, tables=Tables.of()).counterexample
    raise LawBroken(found.law, found.reason, "design")


def another_is_called_the_best():
    world, entries = finished_world()
    world.tuning["a"].best = (0.999, "a-002")
    auditor = Auditor(ALONE.account)
    for entry in entries:
        auditor.see(entry)
    auditor.compare(world)


OWN = {
    "the best is the best": another_is_called_the_best,
    "artifacts persist": world_without_an_artifact,
    "time never runs back": lambda: audit(edited("training", "ready", nth=1, time_s=3.0)),
    "the journal rebuilds the world": world_that_knows_more_than_its_journal,
    "exactly one row applies": no_row_for_downloaded,
    "nobody waits twice": lambda: run(
        ALONE, tables=with_table(RESERVATION, "grant", effects=("DEQUEUE", "DEQUEUE", "RESERVE", "CONTINUE"))
    ),
    "nothing goes on for ever": a_launch_that_arms_itself_again,
    "every job ends": lambda: unfinished("every job ends"),
    "every reservation is released": lambda: unfinished("every reservation is released"),
}
CASES = [law for cases in (OWN, CALLS, POOLS, QUOTA, SEARCH, TRAINING_JOB, TUNING_JOB) for law in cases]
"""The laws that have a journal which breaks them, here and in the modules of their subjects."""


def test_the_true_journals_break_no_law():
    for scenario in (TWO, ALONE):
        audit(run(scenario), scenario).check_at_rest()
    world, entries = finished_world()
    auditor = Auditor(ALONE.account)
    for entry in entries:
        auditor.see(entry)
    auditor.compare(world)
    auditor.check_at_rest()


@pytest.mark.parametrize("law", OWN)
def test_a_law_is_broken_by_a_journal_that_breaks_exactly_it(law):
    breaks_exactly(law, OWN[law])


def test_every_law_has_one_journal_or_a_planted_bug_that_breaks_it():
    assert len(set(CASES)) == len(CASES)
    assert {*CASES, *PLANTED, *(law for _, law in OF_PREEMPTION)} == {
        law.name for law in LAWS if law.kind != "sometimes"
    }


COMPARED = [
    *[
        ("the journal rebuilds the world", one)
        for one in ("attempt", "curve", "objective", "promised", "failure_reason")
    ],
    ("retries within their limit", "retries_left"),
    ("started by its first attempt", "started_s"),
    ("billed by its states", "billable_s"),
]
"""What of a training job of the world each law compares."""
OTHER = {"curve": (9.0,), "promised": ("s3://other",), "failure_reason": "another"}


@pytest.mark.parametrize(("law", "attribute"), COMPARED)
def test_what_compares_training_jobs_with_the_world_is_asked_wherever_they_differ(law, attribute):
    def judge(*changed):
        world, entries = finished_world(failing=attribute == "failure_reason")
        auditor = Auditor(ALONE.account)
        auditor.see(*entries)
        for name in changed:
            setattr(next(iter(world.training.values())), name, OTHER.get(name, 999))
        auditor.check_step(world)

    judge()
    with pytest.raises(LawBroken) as broken:
        judge(attribute)
    assert broken.value.law == law


def test_a_law_is_asked_in_its_states_and_under_its_disciplines_alone():
    seen = []

    def note(state, job):
        seen.append((job.name, job.state))

    def law(**where):
        return attrs.evolve(LAWS[0], check=note, judged_at=("training job after a step",), **where)

    def asked(**where):
        seen.clear()
        Simulation(ALONE, laws=[law(**where)]).run()
        return set(seen)

    everywhere = asked()
    assert {state for _, state in everywhere} > {"Training", "Completed"}
    assert asked(states=["Training"]) == {one for one in everywhere if one[1] == "Training"} != set()
    assert asked(disciplines=["fifo"]) == everywhere
    assert asked(disciplines=["fair-share"]) == set()


def spot(plan):
    return ScriptedCloud(timings=TIMINGS, plan=plan)


WITNESSES = {
    "a stop catches two training": lambda: (TWO, None),
    "a stop catches one starting": lambda: (attrs.evolve(TWO, tuning_jobs=(job("a", 1, 1, 0, 5),)), None),
    "a stop catches one uploading": lambda: (attrs.evolve(TWO, tuning_jobs=(job("a", 1, 1, 0, 122),)), None),
    "a stop races the last completion": lambda: (
        attrs.evolve(TWO, timings=attrs.evolve(TIMINGS, finish_s=10), tuning_jobs=(job("a", 1, 1, 0, 130),)),
        None,
    ),
    "a waiting request is withdrawn": lambda: (TWO, None),
    "a stopped job has artifacts": lambda: (TWO, None),
    "a launch falls back": lambda: (two_types(), None),
    "an interruption meets a stop": lambda: (
        attrs.evolve(TWO, tuning_jobs=(job("a", 1, 1, 0, 60, spot=True),)),
        spot({("a", 1): (("ready", 10.0), ("downloaded", 10.0), ("interrupt", 20.0))}),
    ),
}


WARM = ("a warm pool is reused", "a stop meets a warm pool")
"""Scenarios have no training jobs of their user: tests/world/test_warm_pools.py witnesses these."""


@pytest.mark.parametrize("law", [law for law in SOMETIMES if law not in WARM])
def test_a_run_witnesses_it_and_a_run_without_a_stop_does_not(law):
    scenario, cloud = WITNESSES[law]()
    sim = Simulation(scenario, cloud=cloud)
    sim.run()
    assert law in sim.witnessed
    assert law in audit(list(sim.journal), scenario).witnessed
    tame = Simulation(ALONE)
    tame.run()
    assert tame.witnessed == ()


def test_a_stop_that_finds_something_left_to_launch_races_no_completion():
    sim = Simulation(
        attrs.evolve(TWO, timings=attrs.evolve(TIMINGS, launch_s=50), tuning_jobs=(job("a", 2, 1, 0, 140),))
    )
    sim.run()
    assert "a stop races the last completion" not in sim.witnessed and sim.tuning_job("a").status == "Stopped"


@pytest.mark.parametrize("laws", [True, "end"])
def test_a_running_simulation_is_judged_and_says_how_to_see_it_again(laws):
    tables = with_table(TRAINING, "downloaded", effects=())
    sim = Simulation(attrs.evolve(ALONE, name="mine"), seed=3, laws=laws, tables=tables)
    with pytest.raises(LawBroken, match="logs persist") as broken:
        sim.run()
    assert broken.value.reproduce.startswith("hptsim run SCENARIO --seed 3 --until ")
    assert "'mine'" in broken.value.reproduce and 0 < len(broken.value.story) <= 8
    assert str(broken.value).startswith("reproduce with: ")
    called = Simulation(attrs.evolve(ALONE, name="mine", tuning_jobs=()), seed=3, laws=laws, tables=tables)
    called.create_tuning_job(ALONE.tuning_jobs[0].spec)
    with pytest.raises(LawBroken, match="logs persist") as broken:
        called.run()
    assert "hptsim run" not in broken.value.reproduce  # no file has the call
    assert "(1 so far), in a simulation of the scenario 'mine' with the seed 3" in broken.value.reproduce
    off = Simulation(ALONE, laws=False, tables=tables)
    off.run()
    assert off.tuning_job("a").status == "Completed"


def test_the_auditor_copies_its_state_and_forgets_what_has_ended():
    records = run()
    auditor = audit(cut(records, "training", "saved"))
    twin = auditor.clone()
    for record in records[find(records, "training", "saved") :]:
        twin.see(record)
    twin.check_step()
    twin.check_at_rest()
    assert "a stopped job has artifacts" in twin.witnessed and "a stopped job has artifacts" not in auditor.witnessed
    with pytest.raises(LawBroken, match="every job ends"):
        auditor.check_at_rest()
    twin.forget("a")
    twin.forget("b")
    twin.check_at_rest()
    assert twin.state.tuning == twin.state.training == twin.state.artifacts == {}


def test_a_saved_journal_is_judged_step_by_step_within_one_instant():
    """Between two events of one instant a law is broken, and mended before the instant is over."""
    instant = attrs.evolve(TWO, timings=Timings(training_s=100), script=Script("save", 0))
    records = run(instant)
    told = find(records, "signal", "SIGTERM")
    late = find(records, "training", "saved", nth=1)
    assert records[told].time_s == records[late].time_s
    records = moved(records, told, late)
    with pytest.raises(LawBroken) as broken:
        audit_saved(Saved(header_of(instant), records, ""), "x.jsonl")
    assert broken.value.law == "SIGTERM opens the window"
    assert broken.value.reason.startswith("x.jsonl:")


def header_of(scenario):
    account = scenario.account
    plain = {"capacity": account.capacity, "limits": attrs.asdict(account.limits)}
    return {"account": {**plain, "assumptions": attrs.asdict(account.assumptions)}}
