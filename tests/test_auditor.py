"""The judge of the laws: for each a journal that breaks exactly it, for each `sometimes` a run that witnesses it.

The journals come from true runs and are edited by hand, so that nothing but the one law is amiss.
"""

import attrs
import pytest

from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim.assumptions import Assumptions
from hptsim.auditor import Auditor
from hptsim.cli import judge
from hptsim.errors import LawBroken
from hptsim.journal import Saved, steps
from hptsim.laws import LAWS, SOMETIMES
from hptsim.lifecycle import RESERVATION, TRAINING, Table, Tables
from hptsim.model import (
    CompletionCriteria,
    Hyperband,
    InstanceRequest,
    ParameterRange,
    ResourceLimits,
    TrainingJobDefinition,
)
from hptsim.nature import Faults, Sampled, Script, Scripted, Timings
from hptsim.scenario import ScheduledTuningJob
from hptsim.world import World

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
    """*records* with the one at *source* standing before the one at *target*, at the time of its new place."""
    record = records[source]._replace(time_s=records[target].time_s)
    rest = [one for i, one in enumerate(records) if i != source]
    place = target - (source < target)
    return [*rest[:place], record, *rest[place:]]


def audit(records, scenario=TWO, world=None):
    """Judge *records* step by step; with *world* compare the books with it at the end."""
    auditor = Auditor(scenario.account)
    for step in steps(records):
        for record in step:
            auditor.see(record)
        auditor.settle()
    if world is not None:
        auditor.compare(world)
    return auditor


def finished_world(scenario=ALONE):
    """A world in which everything that can happen has happened, and what it wrote."""
    world = World(scenario.account, Sampled(timings=Timings(checkpoint_s=0)))  # no clock: no checkpoints
    entries = []
    world.write = entries.append
    world.create_tuning_job(scenario.tuning_jobs[0].spec)
    while world.armed:
        world.happen(next(iter(world.armed)))
    return world, entries


def world_without_an_artifact():
    world, entries = finished_world()
    del world.artifacts[next(iter(world.artifacts))]
    auditor = Auditor(ALONE.account)
    for entry in entries:
        auditor.see(entry)
    auditor.compare(world)


def world_that_knows_more_than_its_journal():
    world = World(ALONE.account, Sampled(timings=TIMINGS))
    entries = []
    world.write = entries.append
    world.create_tuning_job(ALONE.tuning_jobs[0].spec)
    while not entries or entries[-1][3] != "ready":
        world.happen(next(iter(world.armed)))
    auditor = Auditor(ALONE.account)
    for entry in entries[:-1]:
        auditor.see(entry)
    auditor.compare(world)


def with_table(table, trigger, **changes):
    rows = tuple(attrs.evolve(row, **changes) if row.trigger == trigger else row for row in table.rows)
    return Tables.of(**{table.name: Table(table.name, rows, table.final)})


def no_row_for_downloaded():
    rows = tuple(row for row in TRAINING.rows if row.trigger != "downloaded")
    run(ALONE, tables=Tables.of(training=Table("training", rows, TRAINING.final)))


def cut(records, thing, trigger, name="a", nth=0):
    return records[: find(records, thing, trigger, name, nth)]


def launch_after_the_stop():
    """A launch on idle instances, with its training job, moved behind the stop."""
    records = run(attrs.evolve(ALONE, tuning_jobs=(job("a", 2, 1, 0, 200),)))
    start = find(records, "tuning", "launch", nth=1)
    stop = find(records, "tuning", "stop")
    launch = records[start]._replace(source="Stopping", destination="Stopping")
    stop = records[stop]._replace(time_s=launch.time_s)
    audit([*records[:start], stop, launch, *records[start + 1 : start + 3]])


def one_launch_too_many(limit):
    """The same run, judged against a spec with smaller limits."""
    scenario = ALONE if limit == "max_training_jobs" else TWO
    records = run(scenario)
    spec = records[0].data["spec"]
    small = attrs.evolve(spec, limits=attrs.evolve(spec.limits, **{limit: 1}))
    audit([records[0]._replace(data={"spec": small}), *records[1:]], scenario)


def granted_twice():
    """A grant of more than the account has: the same run in an account with one instance."""
    audit(run(), attrs.evolve(TWO, capacity={M5: 1}))


def parent_ends_first():
    records = run(ALONE)
    last = find(records, "training", "uploaded", nth=1)
    audit(moved(records, find(records, "tuning", "finish"), last), ALONE)


def never_told():
    """A stop that reaches the first training job only."""
    audit(without(("training", "stop", "a", 1), ("signal", "SIGTERM", "a", 1)))


def too_late():
    records = run(attrs.evolve(TWO, script=Script("ignore")))
    late = find(records, "training", "killed")
    audit([*records[:late], *(one._replace(time_s=one.time_s + 1) for one in records[late:])])


def released_early():
    records = run()
    audit(moved(records, find(records, "reservation", "release", "a/1"), find(records, "training", "saved")))


def vacated_early():
    records = run()
    audit(moved(records, find(records, "occupancy", "vacate"), find(records, "training", "saved")))


def occupied_unheld():
    """A training job that takes more instances than were granted for it."""
    audit(edited("occupancy", "occupy", data={M5: 3}))


def happened_after_the_end():
    records = run(ALONE)
    again = records[find(records, "training", "uploaded")]
    audit([*records, again._replace(time_s=records[-1].time_s)], ALONE)


def waits_though_stopping():
    audit(without(("reservation", "withdraw", "b"), ("tuning", "finish", "b"), ("reservation", "release", "b")))


def waits_though_free():
    """The grant of the first training job's instances never comes."""
    audit(cut(run(ALONE), "reservation", "grant", "a/1"), ALONE)


def unfinished(law):
    """A journal that stops before the end, and is said to be at rest."""
    records = run(ALONE)
    if law == "every job ends":
        audit(cut(records, "tuning", "finish"), ALONE).calm()
    else:  # everybody has ended, and the auditor's books hold something: the release of one pool says too little
        place = find(records, "reservation", "release", "a/1")
        auditor = Auditor(ALONE.account)
        for i, record in enumerate(records):
            if i != place:
                auditor.see(record)
        auditor.calm()


RATE = ParameterRange("rate", "Continuous", 0.0, 1.0)
KIND = ParameterRange("kind", "Categorical", values=("x", "y"))


def tuning(total, parallel, **changes):
    """One tuning job with a mind, on as many instances as it likes."""
    spec = TuningJobSpec("a", (DEFINITION,), ResourceLimits(total, parallel), **changes)
    return attrs.evolve(TWO, capacity={}, tuning_jobs=(ScheduledTuningJob(spec),))


def configured(scenario, nth, configuration):
    """The same run, in which one training job tries another configuration."""
    data = run(scenario)[find(run(scenario), "training", "create", nth=nth)].data
    audit(
        edited("training", "create", nth=nth, scenario=scenario, data={**data, "hyperparameters": configuration}),
        scenario,
    )


def deleted_while_it_trains():
    records = cut(run(ALONE), "training", "uploaded")
    last = records[-1]
    audit(
        [
            *records,
            last._replace(thing="tuning", name="a", trigger="delete", source="InProgress", destination="", data=None),
        ],
        ALONE,
    )


def not_given_up():
    """The service never sends the stop that early stopping asks for."""
    scenario = tuning(20, 2, ranges=(RATE,), early_stopping=True)
    records = run(scenario)
    audit([one for one in records if not (one.thing == "signal" and one.data == "early_stopping")], scenario)


class Generous(Sampled):
    """Lets everybody on until the last epoch."""

    def verdict(self, world, job):
        return "max_resource" if len(job.curve) >= 9 else ""


def too_many_on_a_rung():
    """The rule itself is wrong, for the service and for the judge: the count of those who went on tells."""
    scenario = tuning(9, 3, ranges=(RATE,), strategy="Hyperband", hyperband=Hyperband(1, 9))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hptsim.auditor.goes_on", lambda *known: True)
        audit(run(scenario, nature=Generous(timings=TIMINGS)), scenario)


def goes_on_though_it_has_enough():
    scenario = tuning(9, 2, ranges=(RATE,), criteria=CompletionCriteria(target=2.0))
    audit(cut(run(scenario), "tuning", "criterion"), scenario)


def another_is_called_the_best():
    world, entries = finished_world()
    world.tuning["a"].best = (0.999, "a-002")
    auditor = Auditor(ALONE.account)
    for entry in entries:
        auditor.see(entry)
    auditor.compare(world)


def two_types():
    """One training job that finds no machines of its first type."""
    alternatives = (InstanceRequest("ml.c5.xlarge"), InstanceRequest("ml.c5.2xlarge"))
    return attrs.evolve(
        ALONE, tuning_jobs=(job("a", 1, 1, alternatives=alternatives),), faults=Faults(shortage_by_type={M5: 1.0})
    )


def passes_a_type_over():
    scenario = two_types()
    records = run(scenario)
    new = find(records, "occupancy", "occupy", nth=1)
    records[new] = records[new]._replace(data={"ml.c5.2xlarge": 1})
    audit(records, scenario)


@pytest.mark.parametrize(
    ("records", "law"),
    [
        (lambda: without(("reservation", "move", "a"), scenario=two_types()), "occupancy within reservation"),
        (lambda: without(("training", "shortage", "a"), scenario=two_types()), "a live training job occupies"),
        (
            lambda: edited(
                "reservation",
                "move",
                scenario=two_types(),
                data={"holder": "a", "amounts": {"ml.c5.xlarge": 1}, "change": {"ml.c5.xlarge": 1}},
            ),
            "reservations take their course",
        ),
        (
            lambda: without(
                ("occupancy", "vacate", "a"),
                ("occupancy", "occupy", "a", 1),
                ("reservation", "move", "a"),
                scenario=two_types(),
            ),
            "a shortage falls back",
        ),
    ],
    ids=["no move", "no shortage", "an odd move", "no fallback"],
)
def test_a_fallback_is_judged_in_every_part(records, law):
    audit(run(two_types()), two_types())
    with pytest.raises(LawBroken) as broken:
        audit(records(), two_types())
    assert broken.value.law == law


def pooled():
    """A training job of its user that leaves a warm pool, which another one takes over."""
    sim = Simulation(ALONE_ACCOUNT, laws=False)
    sim.create_training_job("first", TrainingJobDefinition(keep_alive_s=300))
    sim.run(until=200)
    sim.create_training_job("second", TrainingJobDefinition())
    sim.run()
    return list(sim.journal)


ALONE_ACCOUNT = attrs.evolve(ALONE, tuning_jobs=())


def kept_for_too_long():
    records = pooled()
    late = find(records, "warm_pool", "reuse", "first")
    records[late:] = [one._replace(time_s=one.time_s + 300) for one in records[late:]]
    audit(records, ALONE_ACCOUNT)


def kept_without_instances():
    records = pooled()
    place = find(records, "warm_pool", "job_ended", "first")
    release = find(records, "reservation", "release", "training-job/first")
    moved_up = records[release]._replace(time_s=records[place].time_s)
    audit([*records[: place + 1], moved_up], ALONE_ACCOUNT)


def taken_over_by_another_kind():
    records = pooled()
    born = find(records, "training", "create", "second")
    records[born] = records[born]._replace(data={**records[born].data, "request": {"RoleArn": "another"}})
    audit(records, ALONE_ACCOUNT)


def test_the_true_journal_of_a_warm_pool_breaks_no_law():
    audit(pooled(), ALONE_ACCOUNT).calm()


CASES = {
    "warm pools take their course": kept_for_too_long,
    "a warm pool holds its instances": kept_without_instances,
    "only a match reuses a warm pool": taken_over_by_another_kind,
    "a shortage falls back": passes_a_type_over,
    "only what has ended is deleted": deleted_while_it_trains,
    "a strategy stays in its ranges": lambda: configured(tuning(2, 1, ranges=(RATE,)), 0, {"rate": "7"}),
    "Grid tries each point once": lambda: configured(tuning(2, 1, ranges=(KIND,), strategy="Grid"), 1, {"kind": "x"}),
    "the weak are stopped early": not_given_up,
    "a rung holds its share": too_many_on_a_rung,
    "a met criterion ends the job": goes_on_though_it_has_enough,
    "the best is the best": another_is_called_the_best,
    "reservation held until the end": released_early,
    "released at the end, exactly once": lambda: audit(without(("reservation", "release", "a/1"))),
    "quota never exceeded": granted_twice,
    "occupancy within reservation": occupied_unheld,
    "a live training job occupies": vacated_early,
    "artifacts persist": world_without_an_artifact,
    "what was saved is stored": lambda: audit(without(("artifact", "store", "a", 2))),
    "nothing is stored unsaved": lambda: audit(edited("artifact", "store", nth=2, data="s3://elsewhere/model.tar.gz")),
    "logs persist": lambda: audit(without(("log", "", "a", 0))),
    "no launch after a stop": launch_after_the_stop,
    "a stop reaches every child": never_told,
    "SIGTERM opens the window": lambda: audit(without(("signal", "SIGTERM", "a", 0))),
    "grace is bounded": too_late,
    "nobody outlives the parent": parent_ends_first,
    "a final status is final": happened_after_the_end,
    "phases in order": lambda: audit(without(("training", "downloaded", "a", 0))),
    "tuning statuses in order": lambda: audit(edited("tuning", "stop", destination="InProgress:closing")),
    "the end says why": lambda: audit(edited("tuning", "finish", destination="Completed")),
    "parallel within its limit": lambda: one_launch_too_many("max_parallel"),
    "total within its limit": lambda: one_launch_too_many("max_training_jobs"),
    "counters add up": lambda: audit(without(("tuning", "launch", "a", 0))),
    "time never runs back": lambda: audit(edited("training", "ready", nth=1, time_s=3.0)),
    "reservations take their course": lambda: audit(edited("reservation", "grant", destination="Released")),
    "nobody stopping waits": waits_though_stopping,
    "nobody waits while quota is idle": waits_though_free,
    "the journal rebuilds the world": world_that_knows_more_than_its_journal,
    "exactly one row applies": no_row_for_downloaded,
    "nobody waits twice": lambda: run(
        ALONE, tables=with_table(RESERVATION, "grant", effects=("DEQUEUE", "DEQUEUE", "RESERVE"))
    ),
    "every job ends": lambda: unfinished("every job ends"),
    "every reservation is released": lambda: unfinished("every reservation is released"),
}


def test_the_true_journals_break_no_law():
    for scenario in (TWO, ALONE):
        audit(run(scenario), scenario).calm()
    world, entries = finished_world()
    auditor = Auditor(ALONE.account)
    for entry in entries:
        auditor.see(entry)
    auditor.compare(world)
    auditor.calm()


@pytest.mark.parametrize("law", [law.name for law in LAWS if law.kind != "sometimes"])
def test_a_law_is_broken_by_a_journal_that_breaks_exactly_it(law):
    with pytest.raises(LawBroken) as broken:
        CASES[law]()
    assert broken.value.law == law, str(broken.value)
    assert broken.value.rests_on


@pytest.mark.parametrize("trigger", ["ask", "grant", "release"])
def test_what_is_granted_and_released_is_what_was_asked_for(trigger):
    data = {"holder": "a", "amounts": {M5: 2}}
    with pytest.raises(LawBroken, match="reservations take their course"):
        audit(edited("reservation", trigger, name="a/1", data=data))


def spot(plan):
    return Scripted(timings=TIMINGS, plan=plan)


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
"""Scenarios have no training jobs of their user: tests/test_warm_pools.py witnesses these."""


@pytest.mark.parametrize("law", [law for law in SOMETIMES if law not in WARM])
def test_a_run_witnesses_it_and_a_run_without_a_stop_does_not(law):
    scenario, nature = WITNESSES[law]()
    sim = Simulation(scenario, nature=nature)
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
    off = Simulation(ALONE, laws=False, tables=tables)
    off.run()
    assert off.tuning_job("a").status == "Completed"


def test_a_job_that_fails_is_judged_by_the_attempts_it_had():
    failing = attrs.evolve(ALONE, faults=Faults(algorithm_error=1.0), tuning_jobs=(job("a", 9, 2),))
    records = run(failing)
    audit(records, failing).calm()
    place = find(records, "tuning", "finish")
    records[place] = records[place]._replace(destination="Completed")
    with pytest.raises(LawBroken, match="not Failed"):
        audit(records, failing)


def test_the_auditor_copies_its_books_and_forgets_what_has_ended():
    records = run()
    auditor = audit(cut(records, "training", "saved"))
    twin = auditor.clone()
    for record in records[find(records, "training", "saved") :]:
        twin.see(record)
    twin.settle()
    twin.calm()
    assert "a stopped job has artifacts" in twin.witnessed and "a stopped job has artifacts" not in auditor.witnessed
    with pytest.raises(LawBroken, match="every job ends"):
        auditor.calm()
    twin.forget("a")
    twin.forget("b")
    twin.calm()
    assert twin.tuning == twin.training == twin.artifacts == {}


def test_a_saved_journal_is_judged_step_by_step_within_one_instant():
    """Between two events of one instant a law is broken, and mended before the instant is over."""
    instant = attrs.evolve(TWO, timings=Timings(training_s=100), script=Script("save", 0))
    records = run(instant)
    told = find(records, "signal", "SIGTERM")
    late = find(records, "training", "saved", nth=1)
    assert records[told].time_s == records[late].time_s
    records = moved(records, told, late)
    with pytest.raises(LawBroken) as broken:
        judge(Saved(header_of(instant), records, ""), "x.jsonl")
    assert broken.value.law == "SIGTERM opens the window"
    assert broken.value.reason.startswith("x.jsonl:")


def header_of(scenario):
    account = scenario.account
    plain = {"capacity": account.capacity, "limits": attrs.asdict(account.limits)}
    return {"account": {**plain, "assumptions": attrs.asdict(account.assumptions)}}
