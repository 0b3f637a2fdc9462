"""Pictures: their rows are computed by hand, their ink has what the rows say."""

import pytest
from examples import simulation

from hptsim import Simulation, TuningJobSpec
from hptsim.assumptions import Assumptions
from hptsim.cli import demo
from hptsim.lifecycle import NEW, TRAINING, TUNING
from hptsim.model import ResourceLimits
from hptsim.nature import Script
from hptsim.views import (
    PHASE_COLORS,
    BandRow,
    GanttRow,
    QueueRow,
    StoredRow,
    band_rows,
    bands,
    gantt,
    gantt_rows,
    live_bands,
    queue_rows,
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
        GanttRow("one", "", "Stopping", 50, 75),
        GanttRow("one", child, "Starting", 0, 10),
        GanttRow("one", child, "Downloading", 10, 20),
        GanttRow("one", child, "Training", 20, 50),
        GanttRow("one", child, "Stopping", 50, 70),
        GanttRow("one", child, "Stopping:uploading", 70, 75),
    ]


def test_a_journal_that_ends_early_ends_its_phases_too(stopped):
    records = list(stopped.journal)
    assert gantt_rows(records[:7])[-1][2:] == ("Starting", 0, 0)
    until = [record for record in records if record.time_s < 50]
    assert [row[2:] for row in gantt_rows(until)] == [
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
    assert own == [("InProgress", 0, 250)], "a launch and an end of a training job begin no phase of the tuning job"
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


def test_every_phase_that_lasts_has_a_color():
    lasting = {state for table in (TUNING, TRAINING) for state in set(table.states) - table.final - {NEW}}
    assert lasting == set(PHASE_COLORS)


def test_the_gantt_has_a_bar_for_each_row_and_its_unit(stopped):
    rows = gantt_rows(stopped.journal)
    [axes] = gantt(rows).axes
    bars = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in axes.patches]
    assert bars == [(row.begin_s, row.end_s) for row in rows]
    assert [label.get_text().strip() for label in axes.get_yticklabels()] == ["one", rows[-1].training_job]
    assert axes.get_xlabel() == "simulated time (s)"


def test_the_bands_show_reserved_and_occupied_apart():
    rows = [BandRow(0.0, "ml.m5.xlarge", 5, 2, 2), BandRow(125.0, "ml.m5.xlarge", 5, 2, 1)]
    rows.append(BandRow(250.0, "ml.m5.xlarge", 5, 0, 0))
    figure = bands(rows)
    [axes] = figure.axes
    idle, occupied = axes.collections
    assert (idle.get_hatch(), idle.get_label()) == ("///", "reserved, idle")
    corners = {tuple(point) for point in idle.get_paths()[0].vertices}
    assert {(125.0, 1.0), (125.0, 2.0), (250.0, 2.0)} <= corners, "the gap is one instance high, from 125 s to 250 s"
    figure.draw_without_rendering()
    assert all(tick == int(tick) for tick in axes.get_yticks()), "there is no half instance"
    assert max(point[1] for point in occupied.get_paths()[0].vertices) == 2
    assert [line.get_ydata()[0] for line in axes.lines] == [2, 5], "reserved, and the quota"
    assert (axes.get_ylabel(), axes.get_xlabel()) == ("instances", "simulated time (s)")


def test_the_live_bands_have_the_same_steps_in_every_panel():
    rows = [BandRow(0.0, "a", 5, 2, 2), BandRow(1.0, "b", None, 4, 3), BandRow(125.0, "a", 5, 2, 1)]
    figure = live_bands(rows)
    traces = {trace.name: (list(trace.x), list(trace.y), trace.line.shape) for trace in figure.data}
    assert traces == {
        "reserved a": ([0, 125], [2, 2], "hv"),
        "occupied a": ([0, 125], [2, 1], "hv"),
        "reserved b": ([1], [4], "hv"),
        "occupied b": ([1], [3], "hv"),
    }
    assert figure.layout.xaxis2.title.text == "simulated time (s)" and figure.layout.yaxis.title.text == "instances"
    assert not live_bands([]).data


def test_a_picture_can_be_saved_even_of_nothing(tmp_path):
    for name, figure in (("gantt", gantt([])), ("bands", bands([]))):
        figure.savefig(tmp_path / f"{name}.svg")
        assert (tmp_path / f"{name}.svg").read_text().count("<svg") == 1
