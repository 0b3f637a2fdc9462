"""The chapters of a journal: what they say, and which one a film opens on."""

from examples import TIMINGS, simulation

from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim.errors import LawBroken
from hptsim.model.assumptions import Assumptions
from hptsim.model.definitions import ResourceLimits, TrainingJobDefinition
from hptsim.scenario.cloud import Faults, Script
from hptsim.views.chapters import BEGIN, END, FAILURE, INTERRUPTION, RELEASE, STOP, breach, chapters, listed, opening


def stopped(at_s=50, parallel=1, **changes):
    sim = simulation(capacity={"ml.m5.xlarge": 4}, script=Script("save", save_s=20), **changes)
    sim.create_tuning_job(TuningJobSpec("one", limits=ResourceLimits(5, parallel)))
    sim.run(until=at_s)
    sim.stop_tuning_job("one")
    return sim


def told(sim):
    return [(one.time_s, one.kind, one.words) for one in chapters(sim.journal)]


def test_a_stop_says_what_it_finds_and_what_comes_of_it():
    sim = stopped(parallel=2)
    sim.run()
    assert told(sim) == [
        (0, BEGIN, "one is created"),
        (
            50,
            STOP,
            "one is told to stop while 2 of its training jobs are in Training. It is Stopped 25 s later. "
            "2 ml.m5.xlarge stay reserved until then; 2 artifacts are stored meanwhile.",
        ),
        (75, END, "one has ended: Stopped"),
        (75, RELEASE, "one gives back 2 ml.m5.xlarge and a place among the tuning jobs"),
    ]
    stop = opening(chapters(sim.journal))
    assert (stop.kind, stop.job, stop.until_s, stop.at_work) == (STOP, "one", 75, 2)


def test_a_stop_that_is_not_over_says_so():
    sim = stopped()
    sim.run(until=60)
    assert told(sim)[-1][2] == (
        "one is told to stop while 1 of its training jobs is in Training. It has not ended when the recording does. "
        "1 ml.m5.xlarge is reserved."
    )


def test_where_quota_comes_back_job_by_job_every_release_is_a_chapter():
    observed = Assumptions(reservation="as-observed")
    sim = simulation(capacity={"ml.m5.xlarge": 4}, script=Script("save", save_s=20), assumptions=observed)
    sim.create_tuning_job(TuningJobSpec("one", limits=ResourceLimits(2, 2)))
    sim.run(until=40)
    sim.stop_training_job(next(iter(sim.training_jobs)))
    sim.run(until=50)
    sim.stop_tuning_job("one")
    sim.run()
    found = chapters(sim.journal)
    assert "2 ml.m5.xlarge are given back as its training jobs end" in opening(found).words
    assert [one.time_s for one in found if one.kind == RELEASE] == [65, 75]


def test_a_stop_that_is_over_at_once_holds_nothing_longer():
    sim = simulation(timings="instant")
    sim.create_tuning_job(TuningJobSpec("one"))
    sim.run(until=50)
    sim.stop_tuning_job("one")
    sim.run()
    assert opening(chapters(sim.journal)).words == (
        "one is told to stop while 1 of its training jobs is in Training. It is Stopped at once. "
        "1 artifact is stored meanwhile."
    )


def test_a_training_job_of_its_own_has_chapters_too():
    sim = simulation(capacity={"ml.m5.xlarge": 1}, script=Script("save", save_s=20))
    sim.create_training_job("alone", TrainingJobDefinition())
    sim.run(until=50)
    sim.stop_training_job("alone")
    sim.run()
    assert [(time_s, kind) for time_s, kind, _ in told(sim)] == [(0, BEGIN), (50, STOP), (75, END), (75, RELEASE)]
    assert told(sim)[1][2].startswith("alone is told to stop while it is in Training. It is Stopped 25 s later.")


def test_failures_and_interruptions_are_chapters_and_open_a_film_without_a_stop():
    sim = Simulation(Scenario(timings=TIMINGS, faults=Faults(algorithm_error=1.0)))
    sim.create_tuning_job(TuningJobSpec("bad"))
    sim.run()
    found = chapters(sim.journal)
    assert opening(found).kind == FAILURE and "fails with an error of its script" in opening(found).words
    assert found[-2].kind == FAILURE and found[-2].words.startswith("bad has ended: Failed")


def test_a_film_opens_on_the_stop_that_finds_most_at_work_and_on_a_breach_before_it():
    sim = simulation()
    sim.create_tuning_job(TuningJobSpec("early"))
    sim.stop_tuning_job("early")
    sim.create_tuning_job(TuningJobSpec("busy", limits=ResourceLimits(4, 3)))
    sim.run(until=50)
    sim.stop_tuning_job("busy")
    sim.run()
    found = chapters(sim.journal)
    assert [one.job for one in found if one.kind == STOP] == ["early", "busy"] and opening(found).job == "busy"
    broken = breach(75, LawBroken("mine", "it did", "a page"))
    assert opening([*found, broken]) == broken and broken.words == "A law is broken, mine: it did"
    assert opening([]) is None and opening([one for one in found if one.kind in (BEGIN, END)]) is None


def test_of_very_many_chapters_whole_kinds_are_left_out_and_counted():
    sim = stopped()
    sim.run()
    found = chapters(sim.journal)
    assert listed(found, 4) == (found, {})
    kept, left_out = listed(found, 1)
    assert [one.kind for one in kept] == [STOP] and left_out == {END: 1, RELEASE: 1, BEGIN: 1}
    assert INTERRUPTION not in left_out
