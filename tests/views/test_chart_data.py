"""The rows behind the pictures are what a hand computes from the story."""

import math

import pytest
from examples import simulation

from hptsim import Simulation, TuningJobSpec
from hptsim.cli.run import demo
from hptsim.errors import InvalidInput
from hptsim.model.assumptions import Assumptions
from hptsim.model.definitions import Hyperband, ResourceLimits
from hptsim.model.journal import Record
from hptsim.model.payloads import Epoch, TrainingJobCreated
from hptsim.model.ranges import ParameterRange
from hptsim.scenario.cloud import Script
from hptsim.views.chart_data import (
    BandRow,
    CurveRow,
    GanttRow,
    QueueRow,
    ShareRow,
    StoredRow,
    band_rows,
    curve_rows,
    gantt_rows,
    interval_rows,
    queue_rows,
    share_rows,
    stored_rows,
)


@pytest.fixture(scope="module")
def stopped():
    """Starting to 10, Downloading to 20, Training to the stop at 50, saved at 70, uploaded at 75; another job is refused."""
    sim = simulation(capacity={"ml.m5.xlarge": 1}, script=Script("save", save_s=20))
    sim.create_tuning_job(TuningJobSpec("one"))
    sim.run(until=30)
    with pytest.raises(Exception, match="ResourceLimitExceeded"):
        sim.create_tuning_job(TuningJobSpec("refused"))
    sim.run(until=50)
    sim.stop_tuning_job("one")
    sim.run()
    return sim


def test_the_phases_of_a_stop_by_hand(stopped):
    [child] = stopped.tuning_job("one").training_jobs
    assert gantt_rows(stopped.journal) == [
        GanttRow("one", "", "InProgress", 0, 50),
        GanttRow("one", "", "Stopping", 50, 75, "Stopped"),
        GanttRow("one", child, "Starting", 0, 10),
        GanttRow("one", child, "Downloading", 10, 20),
        GanttRow("one", child, "Training", 20, 50),
        GanttRow("one", child, "Stopping", 50, 70),
        GanttRow("one", child, "Stopping:uploading", 70, 75, "Stopped"),
    ]


def test_a_journal_that_ends_early_ends_its_phases_too(stopped):
    records = list(stopped.journal)
    assert gantt_rows(records[:7])[-1][2:] == ("Starting", 0, 0, "")
    until = [record for record in records if record.time_s < 50]
    assert {row.ended for row in gantt_rows(until)} == {""}
    assert [row[2:5] for row in gantt_rows(until)] == [
        ("InProgress", 0, until[-1].time_s),
        ("Starting", 0, 10),
        ("Downloading", 10, 20),
        ("Training", 20, until[-1].time_s),
    ]


def test_lanes_come_in_order_of_creation_each_tuning_job_before_its_children():
    sim = Simulation(demo())
    sim.run()
    rows = gantt_rows(sim.journal)
    assert list(dict.fromkeys(row.tuning_job for row in rows)) == sim.tuning_jobs
    for name in sim.tuning_jobs:
        lanes = list(dict.fromkeys(row.training_job for row in rows if row.tuning_job == name))
        assert lanes == ["", *sim.tuning_job(name).training_jobs]


def test_a_training_job_without_a_tuning_job_and_one_of_the_same_name_after_it():
    sim = simulation()
    sim.create_training_job("alone")
    sim.run()
    sim.delete_training_job("alone")
    sim.create_training_job("alone")
    sim.run()
    phases = [("Starting", 10), ("Downloading", 10), ("Training", 100), ("Uploading", 5)]
    rows = gantt_rows(sim.journal)
    assert [(row.phase, row.end_s - row.begin_s) for row in rows] == phases * 2
    assert {row[:2] for row in rows} == {("", "alone")}
    assert [row.ended for row in rows] == ["", "", "", "Completed"] * 2, "both have ended"


def test_a_job_that_ends_in_a_phase_of_no_length_ends_with_the_one_before():
    sim = simulation(timings="instant", script=Script("save"))
    sim.create_tuning_job(TuningJobSpec("one"))
    sim.run(until=50)
    sim.stop_tuning_job("one")
    sim.run()
    assert [(row.phase, row.end_s, row.ended) for row in gantt_rows(sim.journal)] == [
        ("InProgress", 50, "Stopped"),
        ("Training", 50, "Stopped"),
    ]


def test_what_is_reserved_and_idle_between_two_training_jobs():
    """Two of three training jobs run in parallel: the first two end at 125, the third at 250, alone."""
    sim = simulation(capacity={"ml.m5.xlarge": 5})
    sim.create_tuning_job(TuningJobSpec("demo", limits=ResourceLimits(3, 2)))
    sim.run()
    assert band_rows(sim.journal, sim.scenario.capacity) == [
        BandRow(0, "ml.m5.xlarge", 5, 2, 2),
        BandRow(125, "ml.m5.xlarge", 5, 2, 1),
        BandRow(250, "ml.m5.xlarge", 5, 0, 0),
    ]
    assert band_rows(sim.journal)[0].limit is None
    own = [row[2:] for row in gantt_rows(sim.journal) if not row.training_job]
    assert own == [("InProgress", 0, 250, "Completed")], (
        "a launch and an end of a training job begin no phase of the tuning job"
    )
    grown = [(20, 0, 2), (120, 0, 4), (125, 2, 4), (145, 2, 5), (245, 2, 6), (250, 3, 6)]
    assert stored_rows(sim.journal) == grown


def test_the_line_grows_and_shrinks():
    """On one instance the second tuning job waits from 0 to the end of the first one at 125."""
    sim = simulation(capacity={"ml.m5.xlarge": 1}, assumptions=Assumptions(admission="queue"))
    for name in ("first", "second"):
        sim.create_tuning_job(TuningJobSpec(name))
    sim.run()
    assert queue_rows(sim.journal) == [QueueRow(0, 1), QueueRow(125, 0)]


def test_who_is_stopped_while_waiting_leaves_the_line():
    sim = simulation(capacity={"ml.m5.xlarge": 1}, assumptions=Assumptions(admission="queue"))
    for name in ("first", "second"):
        sim.create_tuning_job(TuningJobSpec(name))
    sim.run(until=60)
    sim.stop_tuning_job("second")
    sim.run()
    assert queue_rows(sim.journal) == [QueueRow(0, 1), QueueRow(60, 0)]


def test_what_is_stored_grows(stopped):
    assert stored_rows(stopped.journal) == [StoredRow(20, 0, 1), StoredRow(70, 0, 2), StoredRow(75, 1, 2)]


def test_the_share_that_has_waited_at_most_so_long():
    rows = share_rows([30.0, 0.0, 30.0, 90.0])
    assert rows == [ShareRow(0.0, 0.25, 4), ShareRow(30.0, 0.75, 4), ShareRow(90.0, 1.0, 4)]
    assert share_rows([30.0, None]) == [ShareRow(30.0, 0.5, 2)], "who has not started keeps the share below 1"
    assert share_rows([]) == share_rows([None]) == []


def test_a_learning_curve_goes_on_where_an_interruption_has_left_it():
    """Epochs 2 and 3 came after the last checkpoint: they are done again, and the first attempt at them is forgotten."""

    def seen(trigger, data, thing="training"):
        return Record(0.0, thing, "demo-001", trigger, "", "", data)

    epochs = [(1, 0.9), (2, 0.8), (3, 0.7), (2, 0.85), (3, 0.75)]
    journal = [
        seen("create", TrainingJobCreated("demo", 0, {})),
        *(seen("epoch", Epoch(epoch, objective)) for epoch, objective in epochs),
        seen("stop", "early_stopping", "signal"),
    ]
    assert curve_rows(journal) == [
        CurveRow("demo", "demo-001", 1, 0.9, ""),
        CurveRow("demo", "demo-001", 2, 0.85, ""),
        CurveRow("demo", "demo-001", 3, 0.75, "early_stopping"),
    ]


def test_who_early_stopping_gave_up_is_marked_at_its_last_epoch():
    rate = ParameterRange("rate", "Continuous", 0.001, 1.0)
    sim = simulation()
    sim.create_tuning_job(TuningJobSpec("demo", limits=ResourceLimits(8, 2), ranges=(rate,), early_stopping=True))
    sim.run()
    rows = curve_rows(sim.journal)
    stopped = {row.training_job for row in rows if row.stopped_by}
    assert stopped == {
        name for name in sim.tuning_job("demo").training_jobs if sim.training_job(name).status == "Stopped"
    }
    assert 0 < len(stopped) < 8
    last = {row.training_job: row for row in rows}
    assert [row for row in rows if row.stopped_by] == [row for row in last.values() if row.stopped_by]
    assert {last[name].epoch for name in last if name not in stopped} == {10}


def test_a_stop_by_the_user_and_having_had_all_epochs_are_no_early_stops():
    sim = simulation()
    sim.create_tuning_job(TuningJobSpec("all", strategy="Hyperband", hyperband=Hyperband(1, 3)))
    sim.create_tuning_job(TuningJobSpec("user", early_stopping=True))
    sim.run(until=50)
    sim.stop_tuning_job("user")
    sim.run()
    rows = curve_rows(sim.journal)
    assert {row.tuning_job for row in rows} == {"all", "user"} and {row.stopped_by for row in rows} == {""}


def test_the_rows_of_a_sweep_over_one_and_over_two_things():
    pandas = pytest.importorskip("pandas")
    planning = pytest.importorskip("hptsim.planning")
    table = pandas.DataFrame(
        {"quota": [1, 1, 2, 2], "replication": [0, 1, 0, 1], "wait": [8.0, 10.0, 3.0, 3.0], "cost": 1.0}
    )
    results = planning.Results(table, ("quota",))
    first, second = interval_rows(results.summary("wait"))
    assert first[:3] == ("", 1, 9.0) and first.low < 8 and first.high > 10
    assert second[:3] == ("", 2, 3.0) and math.isnan(second.low) and math.isnan(second.high), "no spread, no interval"
    with pytest.raises(InvalidInput, match=r"2 figures.*results.summary\('wait'\)"):
        interval_rows(results.summary())
    both = planning.Results(table.assign(policy=["reuse", "reuse", "upfront", "upfront"]), ("quota", "policy"))
    assert [row.line for row in interval_rows(both.summary("wait"))] == ["policy = reuse", "policy = upfront"]


def test_the_band_of_a_type_that_is_not_named_has_the_quota_of_the_others():
    sim = Simulation()
    sim.create_tuning_job(TuningJobSpec("demo"))
    sim.run()
    for limits, limit in (({"*": 4}, 4), ({"ml.m5.xlarge": 2, "*": 4}, 2), ({"ml.c5.xlarge": 4}, None)):
        assert {row.limit for row in band_rows(sim.journal, limits)} == {limit}
