"""Observers: told of every step, in order, before the caller goes on; they may give commands, and time waits for them."""

import pytest

from hptsim import Journal, Scenario, Simulation, TuningJobSpec
from hptsim.errors import InvalidInput, ServiceError
from hptsim.model.definitions import ResourceLimits
from hptsim.scenario.cloud import Timings
from hptsim.scenario.workload import ScheduledTuningJob

TIMINGS = Timings(starting_s=10, training_s=100, uploading_s=5, teardown_s=30)
TWO = TuningJobSpec("a", limits=ResourceLimits(2, 2))


def simulation(**more):
    """Two training jobs; a stop that comes when the tuning job has ended is refused."""
    return Simulation(Scenario(timings=TIMINGS, tuning_jobs=(ScheduledTuningJob(TWO, 5.0, 500.0),)), **more)


def collected(sim):
    seen = []
    sim.observe(seen.append)
    return seen


@pytest.mark.parametrize("laws", [True, False])
def test_the_steps_are_the_journal_cut_where_one_ends(laws):
    sim = simulation(laws=laws)
    seen = collected(sim)
    sim.create_training_job("mine")
    sim.run(until=50)
    sim.stop_training_job("mine")
    sim.run()
    assert [record for step in seen for record in step] == list(sim.journal)
    assert [step[0].trigger for step in seen][:3] == ["ask", "create", "ask"] and seen[-1][0].thing == "refused"
    assert [len({record.step for record in step}) for step in seen] == [1] * len(seen)
    assert len({step[0].step for step in seen}) == len(seen)


def test_step_and_fire_tell_them_too():
    sim = simulation()
    seen = collected(sim)
    caused = sim.step()
    assert seen == [tuple(caused)] and caused
    sim.fire("a", "launch")
    assert [record.trigger for record in seen[1]][:3] == ["ask", "grant", "launch"] and seen[1][0].time_s == 5.0


def test_they_are_told_in_the_order_in_which_they_were_added_until_they_are_detached():
    sim, calls = simulation(), []
    first = sim.observe(lambda step: calls.append("first"))
    sim.observe(lambda step: calls.append("second"))
    sim.step()
    first()
    first()  # a second time changes nothing
    sim.step()
    assert calls == ["first", "second", "second"]


def test_what_an_observer_commands_is_a_step_of_its_own_of_which_all_are_told_after_this_one():
    sim, heard = simulation(), ([], [])

    def stop(step):
        heard[0].append(step[0].trigger)
        before = len(heard[0]), len(heard[1])
        if step[0].trigger == "ready" and sim.tuning_job("a").status == "InProgress":
            sim.stop_tuning_job("a")
            assert sim.tuning_job("a").status == "Stopping", "a command acts at once"
        assert (len(heard[0]), len(heard[1])) == before, "nobody is told of anything within an observer's own call"

    sim.observe(stop)
    sim.observe(lambda step: heard[1].append(step[0].trigger))
    sim.run()
    assert heard[0] == heard[1] and heard[0][:5] == ["create", "ask", "ask", "ready", "stop"]
    assert sim.tuning_job("a").status == "Stopped" and sim.tuning_job("a").stop_s == 15.0


@pytest.mark.parametrize("command", [lambda sim: sim.run(), lambda sim: sim.step(), lambda sim: sim.restore(None)])
def test_time_goes_on_only_when_an_observer_returns(command):
    sim = simulation()
    detach = sim.observe(lambda step: command(sim))
    with pytest.raises(InvalidInput, match="an observer may not do this"):
        sim.run(until=5)
    detach()
    sim.run()
    assert sim.tuning_job("a").status == "Completed"


def test_what_an_observer_raises_goes_to_the_caller_and_the_others_are_told_with_the_next_step():
    sim = simulation()

    def fails_once(step):
        detach()
        raise ValueError("mine")

    detach = sim.observe(fails_once)
    seen = collected(sim)
    with pytest.raises(ValueError, match="mine"):
        sim.run()
    assert seen == [] and len(sim.journal) > 0
    sim.run()
    assert [record for step in seen for record in step] == list(sim.journal)


def test_a_service_error_of_an_observer_is_not_taken_for_a_refusal_of_the_scenarios_command():
    sim = simulation()
    sim.observe(lambda step: sim.stop_tuning_job("nobody"))
    with pytest.raises(ServiceError, match="nobody"):
        sim.run()
    assert [record for record in sim.journal if record.thing == "refused"] == []


def test_observers_stay_when_a_snapshot_is_restored_and_are_not_part_of_it():
    sim = simulation()
    sim.run(until=20)
    early = sim.snapshot()
    seen = collected(sim)
    sim.run()
    once = list(seen)
    seen.clear()
    sim.restore(early)
    assert seen == []
    sim.run()
    assert seen == once != []
    other = simulation()
    other.restore(sim.snapshot())
    other.create_training_job("mine")
    assert seen == once, "another simulation has observers of its own"


def test_nothing_is_missed_where_the_journal_keeps_nothing_and_what_ended_is_still_there():
    sim, count, statuses = simulation(journal=Journal(keep=False)), [], []

    def observe(step):
        count.append(len(step))
        assert sim.journal.counts  # which empties the journal
        if step[-1].thing == "reservation" and "a" in sim.tuning_jobs:
            statuses.append(sim.tuning_job("a").status)

    sim.observe(observe)
    sim.run()
    assert sum(count) == len(sim.journal) == sum(sim.journal.counts.values())
    assert statuses[-1] == "Completed" and sim.tuning_jobs == []


def test_what_has_ended_is_forgotten_only_when_all_were_told_of_it():
    sim, statuses = simulation(journal=Journal(keep=False)), []

    def create(step):
        if step[0].trigger == "finish":
            sim.create_training_job("next")

    def read(step):
        if step[0].trigger == "finish":
            statuses.append(sim.tuning_job("a").status)

    sim.observe(create)
    sim.observe(read)
    sim.run()
    assert statuses == ["Completed"] and sim.tuning_jobs == [] and sim.training_jobs == []
