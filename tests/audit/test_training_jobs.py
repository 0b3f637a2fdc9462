"""The laws of a training job: for each a journal that breaks exactly it."""

import attrs
import pytest
from doctored import ALONE, TWO, audit, breaks_exactly, edited, find, run, without
from extras import BOTO

from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim.cloud.every_outcome import EveryOutcome
from hptsim.model.definitions import TrainingJobDefinition
from hptsim.model.payloads import TuningJobCreated
from hptsim.scenario.cloud import Script
from hptsim.service.service import Service


def one_launch_too_many(limit):
    """The same run, judged against a spec with smaller limits."""
    scenario = ALONE if limit == "max_training_jobs" else TWO
    records = run(scenario)
    spec = records[0].data.spec
    small = attrs.evolve(spec, limits=attrs.evolve(spec.limits, **{limit: 1}))
    audit([records[0]._replace(data=TuningJobCreated(small)), *records[1:]], scenario)


def too_late():
    records = run(attrs.evolve(TWO, script=Script("ignore")))
    late = find(records, "training", "killed")
    audit([*records[:late], *(one._replace(time_s=one.time_s + 1) for one in records[late:])])


def happened_after_the_end():
    records = run(ALONE)
    again = records[find(records, "training", "uploaded")]
    audit([*records, again._replace(time_s=records[-1].time_s)], ALONE)


CASES = {
    "phases in order": lambda: audit(without(("training", "downloaded", "a", 0))),
    "a final status is final": happened_after_the_end,
    "parallel within its limit": lambda: one_launch_too_many("max_parallel"),
    "total within its limit": lambda: one_launch_too_many("max_training_jobs"),
    "SIGTERM opens the window": lambda: audit(without(("signal", "SIGTERM", "a", 0))),
    "grace is bounded": too_late,
    "what was saved is stored": lambda: audit(without(("artifact", "store", "a", 2))),
    "nothing is stored unsaved": lambda: audit(edited("artifact", "store", nth=2, data="s3://elsewhere/model.tar.gz")),
    "logs persist": lambda: audit(without(("log", "", "a", 0))),
}


@pytest.mark.parametrize("law", CASES)
def test_a_law_is_broken_by_a_journal_that_breaks_exactly_it(law):
    breaks_exactly(law, CASES[law])


@BOTO
def test_epochs_that_a_failure_undid_are_no_result_of_a_job_that_is_stopped_before_it_trains_again():
    sim = Simulation(Scenario(), cloud=EveryOutcome(budget={"internal_error": 1}))
    definition = TrainingJobDefinition(max_retries=1, input_mode="Pipe")
    sim.create_tuning_job(TuningJobSpec("a", (definition,), early_stopping=True))
    sim.fire("a", "launch")
    [child] = sim.tuning_job("a").live
    for trigger in ("ready", "epoch", "internal_error"):
        sim.fire(child, trigger)
    sim.stop_training_job(child)
    sim.fire(child, "torn_down")
    sim.fire("a", "finish")  # the laws are judged at each step
    assert sim.training_job(child).objective is None and sim.tuning_job("a").status == "Failed"
    shown = Service.of(sim).call("DescribeHyperParameterTuningJob", {"HyperParameterTuningJobName": "a"})
    assert shown["ObjectiveStatusCounters"] == {"Succeeded": 0, "Pending": 0, "Failed": 1}
