"""Repeating the run that a snapshot's file describes: only a run that leads to the same journal will do."""

import attrs
import pytest

from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim.simulation import restoring, snapshots


@pytest.fixture
def saved(tmp_path):
    sim = Simulation(Scenario(timings="instant"), seed=3)
    sim.create_tuning_job(TuningJobSpec("one"))
    sim.run(until=50)
    sim.stop_tuning_job("one")
    sim.run(until=55)
    sim.snapshot().save(tmp_path / "at-55.json")
    return snapshots.read(tmp_path / "at-55.json")


def repeated(saved):
    sim = Simulation(saved.origin.scenario, seed=saved.origin.seed)
    same = restoring.leads_to(saved, sim._runner, lambda operation, given: getattr(sim, operation)(*given))
    return same, sim


def test_the_same_calls_lead_to_the_same_instant(saved):
    same, sim = repeated(saved)
    assert same and sim.now == 55 and sim.tuning_job("one").status == "Stopped"


def without_the_stop(saved):
    return attrs.evolve(saved.origin, calls=saved.origin.calls[:1])


def stop_too_early(saved):
    create, stop = saved.origin.calls
    return attrs.evolve(saved.origin, calls=(create, stop._replace(now_s=-1.0)))


def unknown_job(saved):
    create, stop = saved.origin.calls
    return attrs.evolve(saved.origin, calls=(create, stop._replace(arguments=("another",))))


def more_steps_than_there_are(saved):
    return attrs.evolve(saved.origin, step=10_000)


@pytest.mark.parametrize("changed", [without_the_stop, stop_too_early, unknown_job, more_steps_than_there_are])
def test_other_calls_are_noticed(saved, changed):
    assert not repeated(saved._replace(origin=changed(saved)))[0]


def test_another_journal_is_noticed(saved):
    assert not repeated(saved._replace(journal="0" * 64))[0]
