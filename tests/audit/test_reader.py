"""The auditor's state follows the journal, entry by entry."""

from hptsim import Simulation, TuningJobSpec
from hptsim.audit.reader import reader
from hptsim.audit.state import State


def test_a_tuning_job_is_known_from_its_creation_to_the_deletion_of_its_record():
    sim = Simulation()
    sim.create_tuning_job(TuningJobSpec("a"))
    sim.run()
    sim.delete_tuning_job("a")
    state, seen = State(sim.scenario.account), []
    for record in sim.journal:
        if record.thing == "tuning" and record.trigger in ("create", "finish", "delete"):
            reader(record.thing, record.trigger)(state, record)
            seen.append(state.tuning["a"].state if "a" in state.tuning else None)
    assert seen == ["InProgress", "Completed", None]
