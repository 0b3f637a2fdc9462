"""The line for quota: who waits since when, for which limit, and what that says of the account."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim.model import Assumptions, InstanceRequest, ResourceLimits, ServiceLimits, TrainingJobDefinition
from hptsim.model.account import TUNING_JOBS
from hptsim.planning.line import Line, limits_of
from hptsim.planning.usage import TuningJobFigures
from hptsim.scenario import Timings
from hptsim.scenario.workload import ScheduledTuningJob

M5, GPU = "ml.m5.xlarge", "ml.g5.xlarge"


def job(name, at_s=0.0, kind=M5, count=1, **changes):
    definition = TrainingJobDefinition(instances=InstanceRequest(kind, count))
    return ScheduledTuningJob(TuningJobSpec(name, (definition,), ResourceLimits(1, 1), **changes), at_s)


def rows(*jobs, **changes):
    changes = {"timings": Timings(training_s=100), "assumptions": Assumptions(admission="queue"), **changes}
    sim = Simulation(Scenario(tuning_jobs=jobs, **changes))
    sim.run(until=changes.get("until_s"))
    return sim.metrics(), {row.name: row for row in sim.metrics().tuning_jobs}


def test_the_limit_that_is_in_the_way_is_named():
    jobs = [job("a"), job("b", 10), job("c", 20, GPU)]
    metrics, found = rows(*jobs, capacity={M5: 5, GPU: 1}, limits=ServiceLimits(tuning_jobs=1))
    assert [found[name].limited_by for name in "abc"] == ["", "tuning-jobs", "tuning-jobs"]
    assert metrics.limited_by() == {"tuning-jobs": pytest.approx(2 / 3)}
    assert metrics.figures()["waited_for_share.tuning-jobs"] == pytest.approx(2 / 3)


def test_who_stands_behind_another_waits_for_the_same_limit():
    metrics, found = rows(job("a"), job("large", 10, count=3), job("small", 20), capacity={M5: 3})
    assert (
        found["large"].waited_for == {M5: 90} and found["small"].limited_by == M5
    )  # one is free, but it stands behind
    assert metrics.limited_by() == {M5: pytest.approx(2 / 3)}


def test_the_total_of_instances_is_a_limit_of_its_own():
    _, found = rows(job("a"), job("b", kind=GPU), capacity={M5: 5, GPU: 5}, total_instances=1)
    assert found["b"].waited_for == {"total-instances": 100}


def test_several_requests_that_wait_at_once_count_once():
    definition = TrainingJobDefinition(instances=InstanceRequest(M5, 1))
    wide = ScheduledTuningJob(TuningJobSpec("wide", (definition,), ResourceLimits(3, 3)), 40)
    _, found = rows(job("a"), wide, capacity={M5: 1})
    assert found["wide"].quota_waiting_s == 60 == found["wide"].waiting_s


def test_what_still_waits_at_the_end_counts_up_to_there():
    metrics, found = rows(job("a"), job("b", 10), capacity={M5: 1}, until_s=50)
    assert (found["b"].quota_waiting_s, found["b"].waited_for, found["b"].waiting_s) == (40, {M5: 40}, None)
    figures = metrics.figures()
    assert (figures["unstarted_share"], figures["unserved_share"], figures["waited_share"]) == (0.5, 0.5, 0.5)


def test_with_unlimited_quota_nobody_waits_for_quota_however_long_machines_take():
    slow = Timings(starting_s=200, downloading_s=50, training_s=100, first_launch_s=10)
    metrics, found = rows(job("a"), job("b", 10), timings=slow)
    figures = metrics.figures()
    assert figures["waited_share"] == 0 == figures["quota_waiting_time_s.mean"]
    assert figures["waiting_time_s.mean"] == 260 == figures["provisioning_time_s.mean"]
    assert figures["training_waiting_time_s.mean"] == 250 and figures["training_quota_waiting_time_s.p95"] == 0
    assert not metrics.limited_by() and not found["a"].waited_for


def test_training_jobs_wait_from_when_quota_is_asked_for_them():
    definition = TrainingJobDefinition(instances=InstanceRequest(M5, 1))
    wide = ScheduledTuningJob(TuningJobSpec("wide", (definition,), ResourceLimits(3, 3)))
    sim = Simulation(
        Scenario(
            tuning_jobs=[wide, job("late", 1)],
            capacity={M5: 2},
            timings=Timings(training_s=100, starting_s=7),
            assumptions=Assumptions(admission="queue"),
        )
    )
    sim.run()
    metrics = sim.metrics()
    # two of wide train at 7, its third at once on warm instances at 107; late asked at 1, is granted at 207, trains at 214
    assert metrics.sample("training_waiting_time_s") == [7, 7, 0, 213]
    assert metrics.sample("training_quota_waiting_time_s") == [0, 0, 0, 206]


def test_the_limits_of_an_account_by_name():
    scenario = Scenario(capacity={M5: 4}, total_instances=9, limits=ServiceLimits(tuning_jobs=2))
    assert limits_of(scenario) == {M5: 4, "total-instances": 9, "tuning-jobs": 2}
    assert limits_of(Scenario(limits="none")) == {}


def test_a_type_that_is_not_named_waits_for_its_own_limit():
    _, found = rows(job("a", kind=GPU), job("b", kind=GPU), job("c"), capacity={"*": 1})
    assert (found["a"].limited_by, found["b"].limited_by, found["c"].limited_by) == ("", GPU, "")


def test_after_the_first_launch_nothing_counts_for_the_tuning_job():
    line, row = Line({M5: 1}), TuningJobFigures(name="demo", created_s=0.0)
    line.reserve({M5: 1})
    line.join("demo/0", 5.0, {M5: 1}, row)
    line.launched(row, 25.0)
    row.launched_s = 25.0
    assert line.leave("demo/0", 60.0) == 5.0
    assert (row.quota_waiting_s, row.waited_for) == (20.0, {})


AMOUNTS = st.dictionaries(st.sampled_from([M5, GPU, TUNING_JOBS, "ml.c5.large"]), st.integers(1, 3), min_size=1)


@given(
    limits=st.dictionaries(st.sampled_from([M5, "*", TUNING_JOBS]), st.integers(0, 4)),
    asked=st.lists(st.tuples(AMOUNTS, st.sampled_from(["waits", "is granted", "gives up"])), max_size=6),
)
def test_it_waits_for_what_is_short_or_else_for_what_others_in_front_wait_for(limits, asked):
    """By the definition, with the whole line looked at for each request."""
    line, granted, waiting = Line(limits), [], []

    def limit(pool):
        return limits.get(pool, None if pool == TUNING_JOBS else limits.get("*"))

    for number, (amounts, becomes) in enumerate(asked):
        row = TuningJobFigures(name=f"{number}", created_s=0.0)
        limited = [pool for pool in amounts if limit(pool) is not None]
        short = [p for p in limited if amounts[p] + sum(one.get(p, 0) for one in granted) > limit(p)]
        behind = [pool for pool in limited if any(pool in one for one in waiting)]
        line.join(row.name, float(number), amounts, row)
        if becomes == "waits":
            waiting.append(amounts)
            continue
        assert line.leave(row.name, number + 5.0) == number
        assert row.waited_for == dict.fromkeys(short or behind, 5.0) and row.quota_waiting_s == 5
        if becomes == "is granted":
            line.reserve(amounts)
            granted.append(amounts)
