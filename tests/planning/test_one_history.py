"""One history: compared as it is, without intervals, and nobody is left out of the verdict."""

import math

import pytest

from hptsim import Scenario, TuningJobSpec
from hptsim.errors import InvalidInput
from hptsim.model import Assumptions
from hptsim.model.definitions import InstanceRequest, TrainingJobDefinition
from hptsim.planning.one_history import HistoryAnswer, HistoryTarget, smallest_in_history, unserved, value_of
from hptsim.planning.results import Results, pd
from hptsim.scenario.cloud import Recorded, Timings
from hptsim.scenario.workload import ScheduledTuningJob

WHAT = "capacity.ml.m5.xlarge"


def history(*jobs):
    """(submitted, instances, run time) of each."""
    entries = [
        ScheduledTuningJob(
            TuningJobSpec(f"j{place}", (TrainingJobDefinition(instances=InstanceRequest("ml.m5.xlarge", count)),)),
            at_s,
            recorded=(Recorded(run_s),),
        )
        for place, (at_s, count, run_s) in enumerate(jobs)
    ]
    timings, queue = Timings.instant(), Assumptions(admission="queue")
    return Scenario(tuning_jobs=entries, timings=timings, assumptions=queue, limits="none")


FOUR = history((0, 1, 100), (0, 1, 100), (0, 1, 100), (0, 2, 100))


@pytest.mark.parametrize(
    ("target", "value"),
    [
        ("waiting_time_s.mean <= 0", 5),
        ("waiting_time_s.mean <= 25", 3),
        ("waiting_time_s.mean <= 100", 2),
        ("waiting_time_s.p95 <= 1000000", 2),
        ("utilization.ml.m5.xlarge >= 0.9", None),
    ],
)
def test_the_smallest_is_found_by_what_the_history_shows(target, value):
    """With one instance the last job, which wants two, is refused: it counts, although nobody else waits for it."""
    found = smallest_in_history(FOUR, WHAT, target, high=16, progress=False)
    assert found.value == value
    tried = found.tried.set_index(WHAT)
    assert tried.loc[1, "unserved"] == 0.25 and tried.loc[1, "verdict"] == "missed"
    if value:
        assert tried.loc[value, "verdict"] == "met" and tried.loc[value - 1, "verdict"] == "missed"
        assert f"{WHAT} = {value} meets {target}" in found.sentence()
    else:
        assert found.sentence().startswith(f"No {WHAT} up to 16 meets {target}: it is ")
    assert "confidence" not in found.sentence() and "One history, no interval" in found.sentence()


def test_the_smallest_that_was_allowed_is_said_and_each_value_is_run_once(monkeypatch):
    found = smallest_in_history(FOUR, WHAT, "waiting_time_s.mean <= 0", low=7, progress=False)
    assert (
        found.value == 7
        and "It is the smallest that was allowed." in found.sentence()
        and len(found.results.table) == 1
    )


def test_who_never_starts_counts():
    shown = Results(pd.DataFrame({"replication": [0], "x": [1.0], "unserved_share": [0.6]}))
    assert unserved(shown) == 0.6 and HistoryTarget("x", "<=", 2.0).verdict(shown) == "missed"
    assert HistoryTarget("x", "<=", 2.0, unserved=0.6).verdict(shown) == "met"
    nothing = Results(pd.DataFrame({"replication": [0], "x": [math.nan]}))
    assert math.isnan(value_of(nothing, "x")) and HistoryTarget("x", ">=", 0.0).verdict(nothing) == "missed"


def test_some_may_be_left_out_where_that_is_said():
    """With one instance the job that wants two is refused, a quarter of all; the others wait for 100 seconds on average."""
    found = smallest_in_history(FOUR, WHAT, "waiting_time_s.mean <= 100", unserved=0.25, progress=False)
    assert found.value == 1 and "25.00% of the jobs are refused or never start" in found.sentence()


def test_bounds_and_targets_that_cannot_be_meant_are_refused():
    with pytest.raises(InvalidInput, match="low, high"):
        smallest_in_history(FOUR, WHAT, "waiting_time_s.mean <= 0", low=3, high=2)
    with pytest.raises(InvalidInput, match="target"):
        smallest_in_history(FOUR, WHAT, "waiting_time_s.mean < 0")


def test_an_answer_without_a_target_tells_the_waiting_time():
    shown = Results(pd.DataFrame({"replication": [0], "waiting_time_s.mean": [3.0], "unserved_share": [0.0]}))
    answer = HistoryAnswer(shown, 0.95, told=("a table",))
    unseen = HistoryAnswer(Results(shown.table.assign(**{"waiting_time_s.mean": math.nan})), 0.95)
    assert unseen.sentence().splitlines()[0] == "waiting_time_s.mean was not observed."
    assert answer.sentence().splitlines()[:2] == ["a table", "waiting_time_s.mean is 3."]
    assert answer.data("t", 0)["confidence"] is None and "no intervals" in answer.basis(0)
