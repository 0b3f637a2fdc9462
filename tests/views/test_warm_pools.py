"""What warm pools hold over time, as rows: they agree with what is reserved and occupied, and say how a pool ends."""

import pytest

from hptsim import Scenario, Simulation
from hptsim.model.definitions import InstanceRequest, TrainingJobDefinition
from hptsim.scenario.cloud import Timings
from hptsim.views.chart_data import band_rows
from hptsim.views.warm_pools import WarmPoolRow, warm_pool_rows

M5 = "ml.m5.xlarge"
KEPT = TrainingJobDefinition(instances=InstanceRequest(M5, 2), keep_alive_s=300)


def pooled(until=None):
    """A job of 135 s whose instances are kept until the next one takes them over at 280 s, which keeps them in vain."""
    times = Timings(starting_s=30, training_s=100, uploading_s=5)
    sim = Simulation(Scenario(capacity={M5: 4}, timings=times))
    sim.create_training_job("first", KEPT)
    sim.run(until=280)
    sim.create_training_job("second", KEPT)
    sim.run(until=until)
    return sim


def test_a_warm_pool_is_at_work_for_its_job_then_reserved_for_a_next_one_and_ends():
    over = "given up, for its keep-alive period is over"
    assert warm_pool_rows(pooled().journal) == [
        WarmPoolRow("first", "InUse", 0, 135, "2 ml.m5.xlarge", "at work for first"),
        WarmPoolRow(
            "first", "Available", 135, 280, "2 ml.m5.xlarge", "reserved for a next job", "taken over by second"
        ),
        WarmPoolRow("second", "InUse", 280, 385, "2 ml.m5.xlarge", "at work for second"),
        WarmPoolRow("second", "Available", 385, 685, "2 ml.m5.xlarge", "reserved for a next job", over),
    ]


def test_it_agrees_with_what_is_reserved_and_occupied():
    sim = pooled()
    bands = {row.time_s: (row.reserved, row.occupied) for row in band_rows(sim.journal)}
    for row in warm_pool_rows(sim.journal):
        assert bands[row.begin_s] == ((2, 2) if row.status == "InUse" else (2, 0))
    assert bands[685] == (0, 0)


@pytest.mark.parametrize(("until_s", "end_s"), [(None, 385), (500, 500)])
def test_one_that_has_not_ended_goes_on_to_the_last_entry_or_until_the_time_that_is_given(until_s, end_s):
    last = warm_pool_rows(pooled(until=500).journal, until_s)[-1]
    assert (*last[:4], last.ended) == ("second", "Available", 385, end_s, "")


def test_one_that_is_taken_over_at_once_ends_with_its_training_job():
    sim = pooled(until=385)
    sim.create_training_job("third", KEPT)
    rows = [row for row in warm_pool_rows(sim.journal) if row.training_job == "second"]
    assert [(row.status, row.begin_s, row.end_s, row.ended) for row in rows] == [
        ("InUse", 280, 385, "taken over by third")
    ]


def test_a_change_of_its_period_begins_nothing_new():
    sim = pooled(until=500)
    sim.update_training_job("second", keep_alive_s=400)
    sim.run()
    last = warm_pool_rows(sim.journal)[-1]
    assert ("warm_pool", "update") in {(one.thing, one.trigger) for one in sim.journal}
    assert (last.begin_s, last.end_s, last.ended) == (385, 785, "given up, for its keep-alive period is over")


def test_it_says_when_a_stop_or_a_lost_job_ends_it():
    sim = pooled(until=500)
    sim.stop_training_job("second")
    sim.run()
    assert warm_pool_rows(sim.journal)[-1][2:4] == (385, 500) and warm_pool_rows(sim.journal)[-1].ended == "given up"
    starting = Simulation(Scenario(timings=Timings(starting_s=30, training_s=100)))
    starting.create_training_job("lost", KEPT)
    starting.run(until=10)
    starting.stop_training_job("lost")
    starting.run()
    [row] = warm_pool_rows(starting.journal)
    assert (row.status, row.ended) == ("InUse", "gone with its training job")


def test_a_run_without_warm_pools_has_none():
    sim = Simulation(Scenario())
    sim.create_training_job("alone")
    sim.run()
    assert warm_pool_rows(sim.journal) == [] == warm_pool_rows([])
