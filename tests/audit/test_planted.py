"""Laws that catch bugs of the world, each by its name; and the demo, which notices most of those that are planted."""

import attrs
import pytest
from doctored import ALONE, DEFINITION, M5, TIMINGS, TWO, job

from audit.planted import BUG, BUGS, Bug, after_row
from hptsim import Simulation, TuningJobSpec
from hptsim.cli import demo
from hptsim.cli.check import audit_saved
from hptsim.cloud.every_outcome import EveryOutcome
from hptsim.cloud.scripted import ScriptedCloud
from hptsim.errors import LawBroken
from hptsim.model.assumptions import Assumptions
from hptsim.model.definitions import InstanceRequest, Objective, ResourceLimits, TrainingJobDefinition
from hptsim.model.journal import Journal, read
from hptsim.model.ranges import ParameterRange
from hptsim.model.teams import Share, Teams
from hptsim.scenario.cloud import Faults, Recorded
from hptsim.scenario.durations import Exponential
from hptsim.scenario.workload import ScheduledTuningJob

RATE = (ParameterRange("rate", "Continuous", 0.0, 1.0),)
FAILING = attrs.evolve(ALONE, tuning_jobs=(job("a", 9, 1),), faults=Faults(algorithm_error=1.0))
SLOW_STOP = attrs.evolve(TWO, timings=attrs.evolve(TIMINGS, stop_propagation_s=5.0))
INTERRUPTED = attrs.evolve(ALONE, tuning_jobs=(job("a", 1, 1, spot=True, max_runtime_s=120, checkpoint_uri=None),))
"""Interrupted after 60 s in Training: it has to train for another 100 s, and may for 60 s."""


def interruption():
    return ScriptedCloud(timings=TIMINGS, plan={("a", 1): (("ready", 10.0), ("downloaded", 10.0), ("interrupt", 60.0))})


def ascending(*objectives):
    """Tuning jobs in which large objectives are the good ones, for all definitions or for each by itself."""
    definitions = tuple(attrs.evolve(DEFINITION, name=f"d{n}", objective=one) for n, one in enumerate(objectives))
    own = Objective("auc", maximize=True) if objectives == (None,) else Objective("loss")
    spec = TuningJobSpec("a", definitions, ResourceLimits(6, 1), objective=own, ranges=RATE)
    return attrs.evolve(ALONE, capacity={}, tuning_jobs=(ScheduledTuningJob(spec),))


def queued(capacity=2, stop_at_s=None, **counts):
    """Tuning jobs that ask for instances one after the other; "urgent" is so under the discipline "priority"."""
    jobs = []
    for place, (name, count) in enumerate(counts.items()):
        definition = attrs.evolve(DEFINITION, instances=InstanceRequest(M5, count))
        spec = TuningJobSpec(name, (definition,), priority=0 if name == "urgent" else 1)
        jobs.append(ScheduledTuningJob(spec, 5.0 * place, stop_at_s if name == "large" else None))
    discipline = "priority" if "urgent" in counts else "fifo"
    assumptions = Assumptions(admission="queue", discipline=discipline)
    return attrs.evolve(TWO, capacity={M5: capacity}, tuning_jobs=tuple(jobs), assumptions=assumptions)


def shared(discipline, capacity=2, **counts):
    """Tuning jobs of the team "mine", but for those whose name begins with "other", one after the other."""
    shares = {"mine": Share(quota={M5: 1}, borrow={M5: 1}), "theirs": Share(quota={M5: 1}, lend={M5: capacity - 2})}
    scenario = queued(capacity, **counts)
    jobs = tuple(
        attrs.evolve(one, spec=attrs.evolve(one.spec, team="theirs" if one.spec.name.startswith("other") else "mine"))
        for one in scenario.tuning_jobs
    )
    assumptions = attrs.evolve(scenario.assumptions, discipline=discipline)
    return attrs.evolve(scenario, tuning_jobs=jobs, assumptions=assumptions, teams=Teams(shares=shares))


CASES = {
    "nothing stored is overwritten": [("checkpoints share one place", ALONE, None)],
    "retries within their limit": [
        (
            "one retry too few",
            attrs.evolve(FAILING, faults=Faults(internal_error=1.0), tuning_jobs=(job("a", 1, 1, max_retries=1),)),
            None,
        ),
        (
            "a retry is used up only in Starting",
            attrs.evolve(FAILING, faults=Faults(internal_error=1.0), tuning_jobs=(job("a", 1, 1, max_retries=1),)),
            None,
        ),
    ],
    "training within its limit": [
        (
            "the script may run for twice its time",
            attrs.evolve(ALONE, tuning_jobs=(job("a", 1, 1, max_runtime_s=50),)),
            None,
        ),
        ("the training clock begins again with each attempt", INTERRUPTED, interruption),
    ],
    "a stop arrives in time": [("a stop takes 300 s longer to arrive", SLOW_STOP, None)],
    "five attempts": [
        ("a tuning job gives up after four", FAILING, None),
        ("a tuning job gives up after six", FAILING, None),
    ],
    "grants are in order": [
        ("the last in the queue is served first", queued(first=1, large=2, small=1), None),
        ("anybody may pass", queued(first=1, large=2, small=1), None),
        ("the urgent wait for their turn", queued(1, first=1, patient=1, urgent=1), None),
    ],
    "a backfilled request delays no head": [
        ("backfill keeps nothing for the head", shared("easy-backfill", first=1, large=2, small=1), None),
        ("everything is expected to end at once", shared("easy-backfill", first=1, large=2, small=1), None),
        ("the head is expected an hour too late", shared("easy-backfill", first=1, large=2, small=1), None),
    ],
    "the smallest share goes first": [
        ("all teams are served as they came", shared("fair-share", a=1, b=1, c=1, other=1), None),
    ],
    "shares are kept": [
        ("what a team keeps is lent", shared("quota-shares", a=1, b=1), None),
        ("a team borrows without end", shared("quota-shares", 3, a=1, b=1, c=1), None),
        ("who borrows does not wait for his turn", shared("quota-shares", 3, other1=2, a=1, b=1, other2=1), None),
    ],
    "started by its first attempt": [("the start time is that of the last attempt", INTERRUPTED, interruption)],
    "billed by its states": [
        ("starting is billed", ALONE, None),
        ("downloading is free", ALONE, None),
        ("uploading is free", ALONE, None),
    ],
    "the best is the best": [
        ("the objective's direction is forgotten", ascending(None), None),
        ("a definition's own direction is forgotten", ascending(Objective("auc", True), Objective("f1", True)), None),
        ("the last result is the best", ascending(None), None),
    ],
    "nobody waits while quota is idle": [
        ("a stop does not look at the queue", queued(2, 50.0, first=1, large=2, small=1), None)
    ],
    "counters add up": [("a stopped job counts as Completed", TWO, None)],
}


@pytest.mark.parametrize(
    ("law", "bug", "scenario", "cloud"),
    [pytest.param(law, *case, id=f"{law}: {case[0]}") for law, cases in CASES.items() for case in cases],
)
def test_a_law_catches_a_bug_of_the_world_by_its_name(law, bug, scenario, cloud):
    Simulation(scenario, cloud=cloud and cloud()).run()
    with BUG[bug].planted() as more, pytest.raises(LawBroken) as broken:
        Simulation(scenario, cloud=cloud and cloud(), **more).run()
    assert broken.value.law == law, str(broken.value)


@pytest.mark.parametrize("recorded", [True, False], ids=["recorded", "planned"])
def test_what_is_recorded_or_planned_ends_with_the_time_that_a_training_job_may_train(recorded):
    entry = job("a", 1, 1, max_runtime_s=50, checkpoint_uri=None)
    entry = attrs.evolve(entry, recorded=(Recorded(training_s=80.0),)) if recorded else entry
    plan = {("a", 1): (("ready", 10.0), ("downloaded", 10.0), ("exited", 80.0))}
    sim = Simulation(
        attrs.evolve(ALONE, tuning_jobs=(entry,)), cloud=None if recorded else ScriptedCloud(timings=TIMINGS, plan=plan)
    )
    sim.run()
    [child] = sim.tuning_job("a").training_jobs
    assert sim.training_job(child).secondary_status == "MaxRuntimeExceeded"


@pytest.mark.parametrize("bounded", [True, False], ids=["with its bound", "of an earlier version"])
def test_a_late_stop_is_found_in_a_saved_journal_that_says_how_long_a_stop_may_take(tmp_path, bounded):
    path = tmp_path / "late.jsonl"
    with BUG["a stop takes 300 s longer to arrive"].planted() as more:
        sim = Simulation(SLOW_STOP, laws=False, journal=Journal(path), **more)
        sim.run()
        sim.journal.close()
    saved = read(path)
    assert saved.stop_propagation_s == 5.0
    if not bounded:
        del saved.header["stop_propagation_s"]
        assert audit_saved(saved).checked == len(saved.records)
        return
    with pytest.raises(LawBroken) as broken:
        audit_saved(saved)
    assert broken.value.law == "a stop arrives in time"


def test_a_journal_has_no_bound_where_the_time_that_a_stop_takes_is_sampled(tmp_path):
    path = tmp_path / "sampled.jsonl"
    timings = attrs.evolve(TIMINGS, stop_propagation_s=Exponential(5.0))
    sim = Simulation(attrs.evolve(TWO, timings=timings), journal=Journal(path))
    sim.run()
    sim.journal.close()
    saved = read(path)
    assert saved.stop_propagation_s is None and "a stop catches two training" in audit_saved(saved).witnessed


def _free_in(state):
    def slip(world, job, source):
        job.retries_left += source == state

    return Bug(f"a retry in {state} is free", patch=after_row("internal_error", slip))


@pytest.mark.parametrize(
    ("state", "course"), [("Starting", ()), ("Downloading", ("ready",)), ("Training", ("ready", "downloaded"))]
)
def test_retries_are_counted_whatever_state_the_error_struck_in(state, course):
    def twice(sim):
        sim.create_tuning_job(TuningJobSpec("a", (TrainingJobDefinition(max_retries=1),)))
        sim.fire("a", "launch")
        [child] = sim.tuning_job("a").live
        for _ in range(2):
            for trigger in (*course, "internal_error"):
                sim.fire(child, trigger)
        return sim.training_job(child).status

    assert twice(Simulation(cloud=EveryOutcome(budget={"internal_error": 2}))) == "Failed"
    with _free_in(state).planted(), pytest.raises(LawBroken, match="retries within their limit"):
        twice(Simulation(cloud=EveryOutcome(budget={"internal_error": 2})))


def test_a_users_stop_is_no_attempt():
    def stopped_once():
        sim = Simulation(FAILING)
        sim.run(until=5)
        sim.stop_training_job(sim.tuning_job("a").live[0])
        sim.run()
        return sum((record.thing, record.trigger) == ("training", "create") for record in sim.journal)

    assert stopped_once() == 6, "five attempts besides the one that was stopped"
    with BUG["a user's stop is an attempt"].planted(), pytest.raises(LawBroken, match="five attempts"):
        stopped_once()


@pytest.mark.long
def test_the_demo_notices_most_planted_bugs():
    Simulation(demo()).run()
    missed = []
    for bug in BUGS:
        with bug.planted() as more:
            try:
                Simulation(demo(), **more).run()
            except LawBroken:
                continue
            missed.append(bug.name)
    assert len(BUGS) >= 40
    assert len(missed) <= len(BUGS) // 2, missed
