"""Scenes: the stretch of a run that a picture shows, as rows."""

import attrs
import pytest
from doctored import ALONE, M5, TWO, job

from hptsim import Simulation
from hptsim.errors import InvalidInput
from hptsim.model.definitions import InstanceRequest
from hptsim.model.journal import Journal, read
from hptsim.scenario import Scenario
from hptsim.views.chart_data import BandRow
from hptsim.views.scenes import LANES, scene
from views.test_warm_pools import pooled


def ran(scenario=TWO, **more):
    sim = Simulation(scenario, laws=False, **more)
    sim.run()
    return sim


def test_it_is_the_stop_that_finds_most_at_work_with_something_before_and_after():
    found = scene(ran())
    assert (found.job, found.chapter.kind, found.chapter.time_s, found.opens_s) == ("a", "stop", 60, 60)
    assert (found.begin_s, found.end_s) == (60 - 0.6 * 25, 85 + 0.4 * 25)
    assert [(one.time_s, one.kind, one.job) for one in found.markers] == [
        (60, "stop", "a"),
        (70, "stop", "b"),
        (70, "release", "b"),
        (85, "release", "a"),
    ]


def test_lanes_are_clipped_and_say_how_a_job_ends():
    found = scene(ran())
    assert [(lane.tuning_job, bool(lane.training_job)) for lane in found.lanes] == [
        ("a", False),
        ("a", True),
        ("a", True),
        ("b", False),
    ]
    child = found.lanes[1]
    assert [(row.phase, row.begin_s, row.end_s) for row in child.rows] == [
        ("Training", 45, 60),
        ("Stopping", 60, 80),
        ("Stopping:uploading", 80, 85),
    ]
    assert (child.status, child.end_s) == ("Stopped", 85)
    early = scene(ran(), begin_s=0, end_s=30)
    assert [(lane.status, lane.end_s) for lane in early.lanes] == [("", None)] * 4


def test_the_bands_begin_with_the_scene():
    [band] = scene(ran()).bands
    assert (band.pool, band.job, band.rows) == (M5, "", (BandRow(45, M5, 2, 2, 2), BandRow(85, M5, 2, 0, 0)))
    assert scene(ran(), begin_s=0, end_s=90).bands[0].rows[0] == BandRow(0, M5, 2, 2, 2)


def test_where_others_hold_the_same_type_the_jobs_own_part_comes_first():
    jobs = (*TWO.tuning_jobs, job("c", 1, 1, 10))
    found = scene(ran(attrs.evolve(TWO, capacity={M5: 3}, tuning_jobs=jobs)))
    own, account = found.bands
    assert (own.job, own.rows) == ("a", (BandRow(45, M5, None, 2, 2), BandRow(85, M5, None, 0, 0)))
    assert (account.job, account.rows[0]) == ("", BandRow(45, M5, 3, 3, 3))


def test_a_warm_pool_has_a_lane_after_that_of_its_training_job():
    found = scene(pooled(), "first")
    job, pool, *others = found.lanes
    assert (job.training_job, job.pool, pool.training_job, pool.rows) == ("first", (), "first", ())
    assert [(row.status, row.begin_s, row.end_s) for row in pool.pool] == [("InUse", 0, 135), ("Available", 135, 280)]
    assert (pool.status, pool.end_s) == ("taken over by second", 280)
    assert [(lane.training_job, bool(lane.pool)) for lane in others] == [("second", False), ("second", True)]
    assert others[1].pool[0].end_s == found.end_s and (others[1].status, others[1].end_s) == ("", None)
    assert "the warm pool of first is no longer used by its training job" in found.events[-2][1]


def test_a_warm_pool_is_shown_when_its_training_job_has_ended_before_the_scene():
    found = scene(pooled(), "second", begin_s=200, end_s=300)
    assert [(lane.training_job, len(lane.pool)) for lane in found.lanes] == [("second", 0), ("second", 1), ("first", 1)]
    assert found.lanes[2].pool[0][:4] == ("first", "Available", 200, 280)
    after = scene(pooled(), "second", begin_s=280, end_s=300)
    assert [lane.training_job for lane in after.lanes if lane.pool] == ["second"]
    before = scene(pooled(), "first", begin_s=140, end_s=279)
    assert [(lane.status, lane.end_s) for lane in before.lanes if lane.pool] == [("", None)], (
        "its end is not in the scene"
    )


def test_what_happened_last_is_said_the_tuning_job_first():
    found = scene(ran())
    assert found.said(59).startswith("50 s: a-001-8e9aab3c has saved a checkpoint")
    assert found.said(84) == (
        "80 s: a-001-8e9aab3c has saved its model; a-002-8cdc1565 has saved its model (and 2 more)"
    )
    assert found.said(85).startswith("85 s: a has ended: Stopped; a gives back 2 ml.m5.xlarge and a place")
    assert found.said(0) == "", "nothing is known from before the scene but the last event"


def test_a_job_and_a_moment_choose():
    other = scene(ran(), "b")
    assert (other.job, other.chapter.time_s, other.lanes[0].tuning_job) == ("b", 70, "b")
    child = scene(ran(), "a-001-8e9aab3c")
    assert (child.job, child.chapter.job) == ("a", "a")
    now = scene(ran(), at_s=75)
    assert (now.job, now.chapter.time_s) == ("a", 60), "its stop still goes on"
    before = scene(ran(), at_s=30)
    assert before.chapter.time_s <= 30 and before.begin_s <= 30 <= before.end_s


def test_without_a_stop_it_is_the_life_of_the_job_and_a_little_more():
    found = scene(ran(ALONE), "a")
    assert (found.begin_s, found.end_s) == (0, 1.12 * 250) and found.lanes[0].status == "Completed"


def test_many_jobs_are_cut_and_the_scene_says_how_many():
    many = [job(f"job-{number:02}", 1, 1, number, 60 if number == 5 else None) for number in range(20)]
    found = scene(ran(attrs.evolve(TWO, capacity={M5: 20}, tuning_jobs=tuple(many))))
    assert len(found.lanes) == LANES and found.lanes[0].tuning_job == "job-05" == found.lanes[1].tuning_job
    assert found.left_out == ("28 other lanes",)


def test_types_that_the_job_does_not_ask_for_are_left_out_and_named():
    other = job("c", 1, 1, instances=InstanceRequest("ml.c5.xlarge", 1))
    limits = {M5: 2, "ml.c5.xlarge": 1}
    found = scene(ran(attrs.evolve(TWO, capacity=limits, tuning_jobs=(*TWO.tuning_jobs, other))))
    assert [band.pool for band in found.bands] == [M5] and "the instance type ml.c5.xlarge" in found.left_out


def test_a_saved_journal_and_records_make_the_same_scene(tmp_path):
    sim = ran(journal=Journal(tmp_path / "run.jsonl"))
    sim.journal.close()
    saved = scene(read(tmp_path / "run.jsonl"))
    assert saved == scene(sim)
    bare = scene(list(sim.journal))
    assert (bare.lanes, bare.title) == (saved.lanes, "hptsim") and bare.bands[0].rows[0].limit is None


def test_a_run_that_ends_before_its_jobs_is_shown_until_its_end(tmp_path):
    sim = Simulation(TWO, laws=False, journal=Journal(tmp_path / "run.jsonl"))
    sim.run(until=79.5)
    sim.journal.close()
    for source in (sim, read(tmp_path / "run.jsonl")):
        found = scene(source, at_s=79.5)
        assert found.chapter.time_s == 60 and found.opens_s == 60
        assert [lane.rows[-1].end_s for lane in found.lanes if lane.tuning_job == "a"] == [79.5] * 3
    with pytest.raises(InvalidInput, match=r"a second of this run: from 0 to 79\.5"):
        scene(sim, at_s=80)


def test_a_training_job_of_its_own_has_a_scene():
    sim = Simulation(Scenario(capacity={M5: 1}), laws=False)
    sim.create_training_job("alone")
    sim.run(until=10)
    sim.stop_training_job("alone")
    sim.run()
    found = scene(sim)
    assert (found.job, found.chapter.kind, found.lanes[0].training_job) == ("alone", "stop", "alone")
    assert [band.pool for band in found.bands] == [M5] and "alone" in found.said(sim.now)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"job": "aa"}, "job: got 'aa', expected a tuning job or a training job of this run; "),
        ({"at_s": 86}, "at: got 86, expected a second of this run: from 0 to 85"),
        ({"at_s": -1}, "at: got -1, expected a second of this run"),
        ({"at_s": 10, "begin_s": 50}, "at: got 10, expected a second of the scene: from 50 to "),
        ({"begin_s": 50, "end_s": 50}, "end: got 50, expected a finite time after the scene's begin, 50 s"),
        ({"begin_s": 50, "end_s": float("inf")}, "end: got inf, expected a finite time after the scene's begin, 50 s"),
        ({"begin_s": 50, "end_s": float("nan")}, "end: got nan, expected a finite time after the scene's begin, 50 s"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments, said):
    with pytest.raises(InvalidInput) as error:
        scene(ran(), **arguments)
    assert str(error.value).startswith(said)


def test_a_journal_without_a_job_is_refused():
    with pytest.raises(InvalidInput, match="a run in which a job was created"):
        scene([])
