"""A tuning job and its training jobs together: number, times and counters."""

import pytest
from placebo import CHILDREN, DESCRIBE, at, child, described, written

from hptsim.conformance import conform, family
from hptsim.conformance.tuning_search import Terms

END = "HyperParameterTuningEndTime"


def judged(tmp_path, answers, children):
    run = {DESCRIBE: answers, CHILDREN: [{"TrainingJobSummaries": children}]}
    return conform(written(tmp_path / "run", run))


def running(second, live):
    return described("InProgress", at(30, second), (0, live, 0, 0, 0), (0, live, 0))


def ended(ordinal, begin, end, status="Stopped"):
    return child(ordinal, at(begin, 0), status, TrainingStartTime=at(begin, 1), TrainingEndTime=at(end, 0))


def test_no_answer_about_training_jobs_contradicts_nothing():
    assert family.judge((), {}, Terms()) is None


def test_no_more_run_at_once_than_may(tmp_path):
    shown = described("InProgress", at(30, 0), (0, 0, 0, 0, 4), (0, 0, 4))
    assert judged(tmp_path, [shown], [ended(number, number, 9) for number in (1, 2, 3)] + [ended(4, 9, 11)]).explained
    (tmp_path / "more").mkdir()
    found = judged(tmp_path / "more", [shown], [ended(number, number, 9) for number in (1, 2, 3, 4)])
    assert "MaxParallelTrainingJobs" in found.refusals[0].against


def test_a_training_job_is_counted_from_its_creation(tmp_path):
    found = judged(tmp_path, [running(0, 2)], [child(number, at(1, 0)) for number in (1, 2, 3)])
    [refusal] = found.refusals
    assert (refusal.member, refusal.recorded) == ("TrainingJobStatusCounters", 2)
    assert "K7" in refusal.against


@pytest.mark.parametrize(("end", "explained"), [(at(31, 0), True), (at(32, 0), False)])
def test_nobody_outlives_the_tuning_job(end, explained, tmp_path):
    shown = described("Stopped", at(31, 30), (0, 0, 0, 0, 1), (0, 0, 1), **{END: at(31, 30)})
    one = {**ended(1, 1, 2), "TrainingEndTime": end}
    found = judged(tmp_path, [shown], [one])
    assert found.explained is explained
    assert explained or "H3, H4, S8" in found.refusals[0].against


@pytest.mark.parametrize(("status", "explained"), [("Stopped", True), ("Completed", False)])
def test_the_last_counters_hold_all_that_are_known_to_have_ended(status, explained, tmp_path):
    shown = described("Stopped", at(31, 30), (0, 0, 0, 0, 1), (0, 0, 1), **{END: at(31, 30)})
    found = judged(tmp_path, [shown], [ended(1, 1, 2, status)])
    assert found.explained is explained
    assert explained or found.refusals[0].member == "TrainingJobStatusCounters.Completed"
