"""FailureReason: missing, out of place, too long, against the counters, and in words that the twin does not use."""

import pytest
from placebo import DESCRIBE, LIST, at, described, summary, written

from hptsim.conformance import conform

END = {"HyperParameterTuningEndTime": at(9, 0)}
ALL_FAILED = "All training jobs failed. Please take a look at the training jobs failures to get more details."
GAVE_UP = (
    "No training job succeeded after 5 attempts. For additional details, please take a look at the training job "
    "failures by listing training jobs for the hyperparameter tuning job."
)
OLDER = (
    "No training job succeeded after 5 attempts. Please take a look at the training job failures to get more details."
)


def judged(tmp_path, reason, ended=20, status="Failed"):
    members = END if reason is None else {**END, "FailureReason": reason}
    limits = {"MaxNumberOfTrainingJobs": ended, "MaxParallelTrainingJobs": 3}
    answer = described(status, at(9, 0), (0, 0, 0, ended, 0), (0, 0, ended), **members)
    answer["HyperParameterTuningJobConfig"]["ResourceLimits"] = limits
    return conform(written(tmp_path / "run", {DESCRIBE: [answer]}))


@pytest.mark.parametrize(("reason", "ended"), [(ALL_FAILED, 2), (ALL_FAILED, 4), (GAVE_UP, 5), (OLDER, 5)])
def test_the_words_of_the_service_are_explained_without_a_note(reason, ended, tmp_path):
    found = judged(tmp_path, reason, ended)
    assert found.explained and not found.notes


@pytest.mark.parametrize(
    ("reason", "ended", "due"),
    [
        ("The moon was full.", 2, "'All training jobs failed."),
        ("The moon was full.", 5, "'No training job succeeded after 5 attempts."),
        (ALL_FAILED, 5, "'No training job succeeded after 5 attempts."),
    ],
)
def test_other_words_are_named(reason, ended, due, tmp_path):
    found = judged(tmp_path, reason, ended)
    [note] = found.notes
    assert found.explained
    assert note.startswith(f"api.sagemaker.{DESCRIBE}_1.json: FailureReason is '{reason[:10]}")
    assert f"the twin says {due}" in note and note.endswith("(L10, O4)")


@pytest.mark.parametrize(
    ("reason", "possible", "against"),
    [
        (None, "a text", "L10, O4"),
        ("", "a text", "L10, O4"),
        (GAVE_UP, "at most 2 attempts", "L10"),
        ("x" * 1025, "at most 1024", "K10"),
    ],
)
def test_what_cannot_be_is_refused(reason, possible, against, tmp_path):
    [found] = judged(tmp_path, reason, ended=2).refusals
    assert found.member == "FailureReason"
    assert found.possible.startswith(possible) and found.against.startswith(against)


def test_a_reason_has_no_place_where_nothing_failed(tmp_path):
    counters = (20, 0, 0, 0, 0), (20, 0, 0)
    answer = described("Completed", at(9, 0), *counters, FailureReason="none", **END)
    [found] = conform(written(tmp_path / "run", {DESCRIBE: [answer]})).refusals
    assert (found.member, found.possible) == ("FailureReason", "absent")


def test_a_summary_never_has_a_reason(tmp_path):
    answer = described("Failed", at(9, 0), (0, 0, 0, 5, 0), (0, 0, 5), **END)
    run = {LIST: [{"HyperParameterTuningJobSummaries": [{**summary(answer), **END}]}]}
    assert conform(written(tmp_path / "run", run)).explained
