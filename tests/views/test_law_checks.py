"""What a film shows of the laws: when each is first checked, and what puts it to the test."""

import pytest
from examples import TIMINGS, simulation

from hptsim import LAWS, Scenario, Simulation, TuningJobSpec
from hptsim.audit.laws import law
from hptsim.model.assumptions import DISCIPLINES
from hptsim.model.entries import THINGS
from hptsim.model.laws import Law
from hptsim.model.wording import EVENTS
from hptsim.scenario.cloud import Script
from hptsim.views.law_checks import OWN, TESTED_BY, applies, events_of, subject
from hptsim.views.recording import recording
from views.films import stopped

MINE = Law("mine", "always", "a sentence", "a page", lambda state, entry: None, ("training ready", "step", "rest"))


def places(sim):
    return {(record.thing, record.trigger): place for place, record in reversed(list(enumerate(sim.journal)))}


def first_entries(data):
    return {one["name"]: one["first_entry"] for one in data["laws"]}


def test_laws_are_marked_when_they_are_first_checked():
    sim = stopped()
    first, at = first_entries(recording(sim)), places(sim)
    assert first["phases in order"] == at["training", "create"]
    assert first["a live training job occupies"] == at["occupancy", "occupy"], "the last entry of the step"
    assert first["SIGTERM opens the window"] <= at["signal", "SIGTERM"]
    assert first["nothing is stored unsaved"] == at["artifact", "store"]
    assert first["every job ends"] == first["a stopped job has artifacts"] == len(sim.journal) - 1
    assert first["a stop catches one starting"] is None, "the stop found it training"
    unknown = recording(list(sim.journal))
    assert not unknown["checked"] and set(first_entries(unknown).values()) == {None}


def test_laws_of_the_end_are_not_marked_before_it():
    sim = simulation()
    sim.create_tuning_job(TuningJobSpec("one"))
    sim.run(until=50)
    data = recording(sim)
    assert data["broken"] is None, "it has not ended yet, and need not have"
    assert first_entries(data)["every job ends"] is None and first_entries(data)["tuning statuses in order"] == 0


def test_the_laws_of_the_simulation_are_shown_and_when_each_is_checked():
    sim = Simulation(Scenario(timings=TIMINGS, script=Script("save", save_s=20)), laws=(*LAWS, MINE))
    sim.create_tuning_job(TuningJobSpec("one"))
    sim.run(until=50)
    sim.stop_tuning_job("one")
    sim.run()
    laws = {one["name"]: one for one in recording(sim)["laws"]}
    assert list(laws) == [one.name for one in (*LAWS, MINE)]
    at = places(sim)
    assert laws["mine"]["tested_by"] == ("training ready", "rest") and laws["mine"]["group"] == OWN
    assert laws["mine"]["first_entry"] < at["training", "ready"]
    assert laws["grace is bounded"]["first_entry"] == at["training", "saved"]


def test_a_law_that_is_judged_at_many_events_is_tested_by_those_that_could_break_it():
    assert events_of(law("grace is bounded")) == (
        "training saved",
        "training exited",
        "training killed",
        "training torn_down",
    )
    assert events_of(law("what was saved is stored")) == ("training ends",)
    assert events_of(law("time never runs back")) == (), "every entry: it would never be quiet"
    assert TESTED_BY.keys() <= {one.name for one in LAWS}
    for one in LAWS:
        for event in events_of(one):
            thing, _, trigger = event.partition(" ")
            assert event == "rest" or thing in THINGS
            assert not trigger or thing in ("call", "artifact") or trigger in {*EVENTS[thing], "ends"}, event


@pytest.mark.parametrize("discipline", DISCIPLINES)
def test_a_law_of_another_discipline_is_never_tested(discipline):
    own = {"easy-backfill": "a backfilled request delays no head", "fair-share": "the smallest share goes first"}
    for name, title in own.items():
        assert applies(law(title), discipline) == (discipline == name)
    assert applies(law("shares are kept"), discipline) == discipline.startswith("quota-shares")
    assert applies(law("only lent quota is taken back"), discipline) == (discipline == "quota-shares-reclaim")
    assert applies(law("grants are in order"), discipline)


def test_laws_are_grouped_by_their_subjects():
    assert subject(law("quota never exceeded")) == "Quota" and subject(MINE) == OWN
