"""The property tests that the mission names, first and by name."""

from examples import journal_twice
from hypothesis import given
from hypothesis import strategies as st

from hptsim import Simulation
from hptsim.model.statuses import FINAL_TUNING
from hptsim.testing import TuningMachine, clouds, scenarios


@given(scenario=scenarios())
def test_artifacts_persist(scenario):
    """Whatever was stored at any moment is stored ever after."""
    sim = Simulation(scenario)
    stored: dict[str, object] = {}
    while sim.step():
        now = sim.artifacts
        assert stored.items() <= now.items()
        stored = dict(now)


@given(scenario=scenarios())
def test_resources_are_released_only_when_the_job_reaches_stopped(scenario):
    """Read from the journal alone: no release before the end, everything released at that very instant."""
    sim = Simulation(scenario, laws=False)
    sim.run()
    status, ended_s, held = {}, {}, {}
    for record in sim.journal:
        if record.thing == "tuning":
            status[record.name] = record.destination
            if record.destination in FINAL_TUNING:
                ended_s[record.name] = record.time_s
        elif record.thing == "reservation" and record.trigger in ("grant", "release"):
            job = record.data.holder
            held[job] = held.get(job, 0) + (1 if record.trigger == "grant" else -1)
            if record.trigger == "release" and scenario.assumptions.reservation != "as-observed":
                assert status[job] in FINAL_TUNING
                assert record.time_s == ended_s[job]
    assert set(status.values()) <= FINAL_TUNING
    assert not any(held.values())


@given(scenario=scenarios(), data=st.data())
def test_whatever_the_cloud_decides_the_laws_are_kept(scenario, data):
    Simulation(scenario, cloud=data.draw(clouds(scenario))).run()


@given(scenario=scenarios())
def test_every_scenario_keeps_the_laws_and_its_snapshot_resumes_identically(scenario):
    sim = Simulation(scenario)
    for _ in range(12):
        sim.step()
    first, again = journal_twice(sim)
    assert first == again


TestEveryInterleaving = TuningMachine.TestCase
