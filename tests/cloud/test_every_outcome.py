"""Everything at once: what is armed, and how often a fault may strike."""

import pytest

from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim.cloud.every_outcome import FAULTS, EveryOutcome
from hptsim.errors import InvalidInput
from hptsim.model.assumptions import Assumptions
from hptsim.model.definitions import TrainingJobDefinition


def test_enumerated_arms_all_that_the_tables_know_within_its_budget():
    def armed(**budget):
        sim = Simulation(Scenario(assumptions=Assumptions(admission="queue")), cloud=EveryOutcome(budget=budget))
        definition = TrainingJobDefinition(spot=True, checkpoint_uri="s3://b/c", max_wait_s=90_000)
        sim.create_tuning_job(TuningJobSpec("a", (definition,)))
        for trigger in ("launch", "ready", "downloaded"):
            sim.fire(next(name for name, one in sim.possible if one == trigger), trigger)
        return {trigger for _, trigger in sim.possible}

    assert armed() == {"exited", "checkpoint"}
    assert armed(**dict.fromkeys(FAULTS, 1)) == {
        *("exited", "checkpoint", "interrupt", "algorithm_error", "internal_error", "max_runtime", "max_wait")
    }
    assert armed(interrupt=0) == {"exited", "checkpoint"}


def test_a_fault_strikes_as_often_as_its_budget_allows():
    sim = Simulation(Scenario(), cloud=EveryOutcome(budget={"shortage": 2}))
    sim.create_tuning_job(TuningJobSpec("a"))
    sim.fire("a", "launch")
    (child,) = sim.tuning_job("a").live
    sim.fire(child, "shortage")
    sim.fire(child, "shortage")
    assert (child, "shortage") not in sim.possible and (child, "ready") in sim.possible


def test_what_is_not_armed_cannot_be_fired():
    sim = Simulation(Scenario(), cloud=EveryOutcome())
    sim.create_tuning_job(TuningJobSpec("a"))
    with pytest.raises(InvalidInput, match=r"armed are: \[\('a', 'launch'\)\]"):
        sim.fire("a", "finish")
