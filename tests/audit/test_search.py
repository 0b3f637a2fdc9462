"""The laws of the search: for each a journal that breaks exactly it."""

import attrs
import pytest
from doctored import DEFINITION, TIMINGS, TWO, audit, breaks_exactly, cut, edited, find, run

from hptsim import TuningJobSpec
from hptsim.cloud.sampled import SampledCloud
from hptsim.model.definitions import CompletionCriteria, Hyperband, ResourceLimits
from hptsim.model.ranges import ParameterRange
from hptsim.scenario.workload import ScheduledTuningJob

RATE = ParameterRange("rate", "Continuous", 0.0, 1.0)


KIND = ParameterRange("kind", "Categorical", values=("x", "y"))


def tuning(total, parallel, **changes):
    """One tuning job with a search of its own, on as many instances as it likes."""
    spec = TuningJobSpec("a", (DEFINITION,), ResourceLimits(total, parallel), **changes)
    return attrs.evolve(TWO, capacity={}, tuning_jobs=(ScheduledTuningJob(spec),))


def configured(scenario, nth, configuration):
    """The same run, in which one training job tries another configuration."""
    data = run(scenario)[find(run(scenario), "training", "create", nth=nth)].data
    audit(
        edited("training", "create", nth=nth, scenario=scenario, data=data._replace(hyperparameters=configuration)),
        scenario,
    )


def not_given_up():
    """The service never sends the stop that early stopping asks for."""
    scenario = tuning(20, 2, ranges=(RATE,), early_stopping=True)
    records = run(scenario)
    audit([one for one in records if not (one.thing == "signal" and one.data == "early_stopping")], scenario)


def enough_epochs(job, others, hyperband, ascending):
    """The rule of Hyperband without its rungs."""
    return "max_resource" if len(job.curve) >= hyperband.max_resource else ""


def too_many_on_a_rung():
    """The rule itself is wrong, for the service and for the judge: the count of those who went on tells."""
    scenario = tuning(9, 3, ranges=(RATE,), strategy="Hyperband", hyperband=Hyperband(1, 9))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hptsim.audit.expected_search.hyperband_stops", enough_epochs)
        patch.setattr("hptsim.strategies.stopping_rules.goes_on", lambda *known: True)
        audit(run(scenario, cloud=SampledCloud(timings=TIMINGS)), scenario)


def goes_on_though_it_has_enough():
    scenario = tuning(9, 2, ranges=(RATE,), criteria=CompletionCriteria(target=2.0))
    audit(cut(run(scenario), "tuning", "criterion"), scenario)


CASES = {
    "a strategy stays in its ranges": lambda: configured(tuning(2, 1, ranges=(RATE,)), 0, {"rate": "7"}),
    "Grid tries each point once": lambda: configured(tuning(2, 1, ranges=(KIND,), strategy="Grid"), 1, {"kind": "x"}),
    "early stopping follows its rule": not_given_up,
    "a rung holds its share": too_many_on_a_rung,
    "a met criterion ends the job": goes_on_though_it_has_enough,
}


@pytest.mark.parametrize("law", CASES)
def test_a_law_is_broken_by_a_journal_that_breaks_exactly_it(law):
    breaks_exactly(law, CASES[law])
