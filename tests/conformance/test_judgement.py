"""Recordings of the live service and small ones made by hand are explained; with one edit they are refused, and it says why."""

import json
import shutil

import attrs
import pytest
from placebo import CHILDREN, DESCRIBE, LIST, NAME, STOP, at, child, described, edited, stopped_run, written
from recorded import FOLDER, PRESENT

from hptsim.conformance import conform
from hptsim.errors import InvalidInput
from hptsim.model.machine import Tables
from hptsim.model.tables import TRAINING, TUNING

STATUS, COUNTERS, OBJECTIVES = "HyperParameterTuningJobStatus", "TrainingJobStatusCounters", "ObjectiveStatusCounters"
END, MODIFIED = "HyperParameterTuningEndTime", "LastModifiedTime"


def judged(tmp_path, run, **settings):
    return conform(written(tmp_path / "run", run), **settings)


def refusal(tmp_path, run):
    found = judged(tmp_path, run)
    assert found.refusals, "explained"
    return found.refusals[0]


def test_a_run_by_hand_is_explained(tmp_path):
    found = judged(tmp_path, stopped_run())
    assert (found.explained, found.judged, found.tuning_jobs, len(found.training_jobs)) == (True, 6, (NAME,), 3)
    assert not found.damage


EDITS = {
    "a child created after Stopping": (
        CHILDREN,
        1,
        "TrainingJobSummaries/2/CreationTime",
        at(1, 4),
        "launch-then-stop",
    ),
    "a child older than its tuning job": (
        CHILDREN,
        1,
        "TrainingJobSummaries/2/CreationTime",
        at(0, 0) | {"hour": 9},
        "L1",
    ),
    "more children than before in Stopped": (DESCRIBE, 3, f"{COUNTERS}/Stopped", 4, "launch"),
    "Stopped with an InProgress counter": (DESCRIBE, 3, f"{COUNTERS}/InProgress", 1, "finish"),
    "Stopping says Stopped": (DESCRIBE, 2, STATUS, "Stopped", "finish"),
    "a counter goes back": (DESCRIBE, 2, f"{COUNTERS}/InProgress", 2, "K7"),
    "a counter of the list": (LIST, 1, f"HyperParameterTuningJobSummaries/0/{COUNTERS}/InProgress", 4, "K7"),
    "objectives that do not add up": (DESCRIBE, 1, f"{OBJECTIVES}/Pending", 2, "K7"),
    "LastModifiedTime falls": (DESCRIBE, 2, MODIFIED, at(0, 11), "O1"),
    "LastModifiedTime stays at a change of status": (DESCRIBE, 2, MODIFIED, at(0, 12), "O1"),
    "LastModifiedTime before the creation": (LIST, 1, f"HyperParameterTuningJobSummaries/0/{MODIFIED}", at(0, 0), "H1"),
    "Stopping goes back to InProgress": (DESCRIBE, 3, STATUS, "InProgress", "no row"),
    "Completed from Stopping": (DESCRIBE, 3, STATUS, "Completed", "finish"),
    "Failed from Stopping": (DESCRIBE, 3, STATUS, "Failed", "finish"),
    "an end while it stops": (DESCRIBE, 2, END, at(1, 0, 250000), "K3"),
    "no end at the end": (DESCRIBE, 3, END, None, "K3"),
    "another end than the last stamp": (DESCRIBE, 3, END, at(2, 4), "K3"),
    "a runtime that falls": (DESCRIBE, 2, "ConsumedResources/RuntimeInSeconds", 10, "O3"),
    "a runtime above the wall time": (DESCRIBE, 3, "ConsumedResources/RuntimeInSeconds", 125, "O3"),
    "a runtime that was not reached yet": (DESCRIBE, 1, "ConsumedResources/RuntimeInSeconds", 61, "O3"),
    "another creation": (DESCRIBE, 2, "CreationTime", at(0, 1, 500000), "H1"),
    "the echo changes": (DESCRIBE, 2, "TrainingJobDefinitions/0/ResourceConfig/InstanceCount", 2, "C12"),
    "the limits change": (
        DESCRIBE,
        2,
        "HyperParameterTuningJobConfig/ResourceLimits/MaxParallelTrainingJobs",
        4,
        "C12",
    ),
    "the list has another strategy": (LIST, 1, "HyperParameterTuningJobSummaries/0/Strategy", "Random", "C12"),
    "a reason without a failure": (DESCRIBE, 3, "FailureReason", "none", "A-49"),
    "a status that the twin does not have": (DESCRIBE, 3, STATUS, "Deleting", "delete-at-once"),
    "another name than the ARN's": (DESCRIBE, 2, "HyperParameterTuningJobArn", "arn:x/other", "W18"),
    "more not improving than evaluated": (
        DESCRIBE,
        1,
        "TuningJobCompletionDetails/NumberOfTrainingJobsObjectiveNotImproving",
        1,
        "A-33",
    ),
    "a child that is evaluated while it runs": (
        CHILDREN,
        1,
        "TrainingJobSummaries/0/ObjectiveStatus",
        "Succeeded",
        "K8",
    ),
}


@pytest.mark.parametrize("what", EDITS)
def test_one_edit_is_refused_with_its_reason(what, tmp_path):
    operation, number, path, value, against = EDITS[what]
    found = refusal(tmp_path, edited(stopped_run(), operation, number, path, value))
    assert against in found.against
    assert str(found).startswith("api.sagemaker.")


def test_no_more_are_live_than_may_be_and_no_more_are_launched(tmp_path):
    run = {DESCRIBE: [described("InProgress", at(1, 0), (0, 4, 0, 0, 0), (0, 4, 0))]}
    found = refusal(tmp_path, run)
    assert (found.member, found.possible) == (f"{COUNTERS}.InProgress", "at most 3 (MaxParallelTrainingJobs)")
    run = {DESCRIBE: [described("InProgress", at(1, 0), (20, 1, 0, 0, 0), (20, 1, 0))]}
    found = conform(written(tmp_path / "more", run)).refusals[0]
    assert (found.recorded, found.against[:40]) == (21, "the row launch (InProgress → InProgress:")


def test_the_refusal_names_the_answer_the_member_and_what_was_possible(tmp_path):
    run = edited(stopped_run(), DESCRIBE, 3, f"{COUNTERS}/InProgress", 1)
    run = edited(run, DESCRIBE, 3, f"{COUNTERS}/Stopped", 2)
    run = edited(edited(run, DESCRIBE, 3, f"{OBJECTIVES}/Pending", 1), DESCRIBE, 3, f"{OBJECTIVES}/Failed", 2)
    assert str(refusal(tmp_path, run)) == (
        f"api.sagemaker.{DESCRIBE}_3.json: nothing explains this answer to {DESCRIBE}\n"
        "  HyperParameterTuningJobStatus: recorded 'Stopped', possible: 'Stopping' (the other members as recorded)\n"
        "  against it stands: the row finish (Stopping → Stopped: H3, S8); "
        "it is due when no training job is live and none is to come"
    )


def test_a_final_status_is_final(tmp_path):
    run = stopped_run()
    run[DESCRIBE].append(described("Completed", at(2, 9), (3, 0, 0, 0, 0), (3, 0, 0), 124, **{END: at(2, 9)}))
    found = refusal(tmp_path, run)
    assert (found.member, found.against) == (
        STATUS,
        "no row of the tuning table leaves Stopped: a final status is final",
    )


def test_completed_without_any_success(tmp_path):
    failed = (0, 0, 0, 20, 0), (0, 0, 20)
    run = {DESCRIBE: [described("Completed", at(9, 0), *failed, **{END: at(9, 0)})]}
    assert "some_succeeded" in refusal(tmp_path, run).against


def test_failed_after_five_attempts_but_not_after_four(tmp_path):
    for ended, explained in ((5, True), (7, True), (8, False), (4, False)):
        counters = (0, 0, 0, ended, 0), (0, 0, ended)
        run = {DESCRIBE: [described("Failed", at(9, 0), *counters, FailureReason="none", **{END: at(9, 0)})]}
        found = conform(written(tmp_path / f"run-{ended}", run))
        assert found.explained is explained, ended


def test_the_stamp_moves_without_any_change(tmp_path):
    run = {DESCRIBE: [described("InProgress", at(1, second), (0, 3, 0, 0, 0), (0, 3, 0)) for second in (1, 11, 21)]}
    assert judged(tmp_path, run).explained


@pytest.mark.parametrize(
    ("stamp", "runtimes", "explained"),
    [
        (at(0, 0, 500000), (0, 9), True),  # the creation's
        (at(0, 12), (11, 11), True),
        (at(0, 12), (11, 12), False),
        (at(0, 12, 1000), (11, 11), False),
    ],
)
def test_a_stop_in_the_instant_of_a_stamp(stamp, runtimes, explained, tmp_path):
    """Where no answer has a time the first may have been given in that instant; else a change of status moves the stamp (O1)."""
    none = (0, 0, 0, 0, 0), (0, 0, 0)
    statuses = zip(("InProgress", "Stopping"), runtimes, strict=True)
    found = judged(tmp_path, {DESCRIBE: [described(status, stamp, *none, runtime) for status, runtime in statuses]})
    assert found.explained is explained
    assert explained or "O1" in found.refusals[0].against


def test_the_judge_reads_the_tables(tmp_path):
    """Without the row of a table that a recording needs, the recording is refused; no rule is written down twice."""
    folder = written(tmp_path / "run", stopped_run())
    for table, trigger, source in (
        (TUNING, "stop", "InProgress"),
        (TUNING, "finish", "Stopping"),
        (TUNING, "launch", "InProgress"),
    ):
        rows = tuple(row for row in table.rows if (row.trigger, row.source) != (trigger, source))
        assert not conform(folder, Tables.of(tuning=attrs.evolve(table, rows=rows))).explained
    ended = {"DescribeTrainingJob": [{**child(1, at(0, 9), "Completed"), "SecondaryStatus": "Completed"}]}
    other = written(tmp_path / "other", ended)
    assert conform(other).explained
    rows = tuple(row for row in TRAINING.rows if row.trigger != "exited")
    assert not conform(other, Tables.of(training=attrs.evolve(TRAINING, rows=rows))).explained


# ---------------------------------------------------------------------- the live service


@PRESENT
@pytest.mark.parametrize(
    "recording", sorted(one.name for one in FOLDER.iterdir() if one.is_dir()) if FOLDER.is_dir() else []
)
def test_what_the_live_service_answered_is_explained(recording):
    found = conform(FOLDER / recording)
    assert found.explained and not found.damage
    assert all("another service (tagging)" in note for note in found.notes)


LIVE = {
    "child after the stop": ("tuning-job-stop", DESCRIBE, 2, {COUNTERS: {"InProgress": 4}, OBJECTIVES: {"Pending": 4}}),
    "Stopped, still in progress": ("tuning-job-stop", DESCRIBE, 2, {STATUS: "Stopped"}),
    "counter back": ("tuning-job-tag", DESCRIBE, 1, {COUNTERS: {"Completed": 1}, OBJECTIVES: {"Succeeded": 1}}),
    "Completed": ("tuning-job-query", DESCRIBE, 1, {STATUS: "Completed"}),
    "one success": ("tuning-job-query", DESCRIBE, 1, {OBJECTIVES: {"Succeeded": 1, "Failed": 1}}),
    "runtime": ("tuning-job-query", DESCRIBE, 1, {"ConsumedResources": {"RuntimeInSeconds": 15}}),
    "final status": ("tuning-job-query", DESCRIBE, 1, {STATUS: "Stopped"}),
    "one too many": ("tuning-job-query", DESCRIBE, 1, {COUNTERS: {"NonRetryableError": 3}, OBJECTIVES: {"Failed": 3}}),
    "echo": ("tuning-job-tag", DESCRIBE, 2, {"HyperParameterTuningJobConfig": {"Strategy": "Random"}}),
    "creation": ("tuning-job-tag", DESCRIBE, 2, {"CreationTime": {"second": 40}}),
    "stamp": ("tuning-job-tag", DESCRIBE, 2, {MODIFIED: {"second": 40}}),
}


@PRESENT
@pytest.mark.parametrize("what", LIVE)
def test_what_the_live_service_answered_is_refused_with_one_edit(what, tmp_path):
    recording, operation, number, changes = LIVE[what]
    folder = tmp_path / recording
    shutil.copytree(FOLDER / recording, folder)
    path = folder / f"api.sagemaker.{operation}_{number}.json"
    answer = json.loads(path.read_text())
    for name, value in changes.items():
        old = answer["data"][name]
        answer["data"][name] = {**old, **value} if isinstance(value, dict) else value
    path.write_text(json.dumps(answer))
    assert not conform(folder).explained


# ---------------------------------------------------------------------- calls and their refusals


def lines(path, *answers):
    path.write_text("".join(json.dumps(one) + "\n" for one in answers))
    return path


def call(second, operation, response=None, error=None, **request):
    line = {"time": f"2024-05-02T10:02:{second:02}Z", "operation": operation, "request": request}
    return {**line, **({"response": response or {}} if error is None else {"status_code": 400, "error": error})}


JOB = {"HyperParameterTuningJobName": NAME}
ENDED = stopped_run()[DESCRIBE][2]
INVALID = {"Code": "ValidationException", "Message": "The request was rejected because the job is already Stopped."}
STOPPING = {
    "Code": "ValidationException",
    "Message": "The request was rejected because the hyperparameter tuning job is already in status Stopping.",
}
MISSING = {
    "Code": "ResourceNotFound",
    "Message": f"Amazon SageMaker can't find a tuning job called {NAME}. Type another name.",
}


def shows(second, number):
    return call(second, DESCRIBE, stopped_run()[DESCRIBE][number - 1], **JOB)


@pytest.mark.parametrize(
    ("answers", "against"),
    [
        ([shows(1, 1), call(2, STOP, **JOB), shows(3, 2), shows(9, 3)], None),
        ([shows(1, 1), call(2, STOP, **JOB), shows(3, 1)], "no row"),
        ([shows(6, 3), call(7, STOP, error=INVALID, **JOB)], None),
        ([shows(6, 3), call(7, STOP, **JOB)], "S9"),
        ([shows(3, 2), call(4, STOP, error=STOPPING, **JOB), shows(5, 2), shows(9, 3)], None),
        ([shows(1, 1), call(2, STOP, error=STOPPING, **JOB), shows(3, 1)], "no row"),
        ([shows(6, 3), call(7, STOP, error=STOPPING, **JOB)], "S9"),
        ([shows(1, 1), call(2, STOP, error=INVALID, **JOB), shows(3, 1)], "S9"),
        ([call(0, DESCRIBE, error=MISSING, **JOB)], None),
        ([shows(1, 1), call(2, DESCRIBE, error=MISSING, **JOB), shows(3, 1)], "D1"),
        ([shows(6, 3), call(7, DESCRIBE, error=MISSING, **JOB)], None),
        (
            [shows(1, 1), call(2, DESCRIBE, error={"Code": "ThrottlingException", "Message": "Rate exceeded"}, **JOB)],
            None,
        ),
        ([call(1, DESCRIBE, error={"Code": "ResourceInUse", "Message": "x"}, **JOB)], "§2"),
        ([shows(1, 1), call(2, "DeleteHyperParameterTuningJob", **JOB), shows(3, 2)], "H9"),
        ([shows(6, 3), call(7, "DeleteHyperParameterTuningJob", **JOB)], None),
    ],
)
def test_calls_and_refusals(answers, against, tmp_path):
    found = conform(lines(tmp_path / "run.jsonl", *answers))
    assert found.judged == len(answers)
    if against is None:
        assert found.explained
    else:
        assert against in found.refusals[0].against


def test_the_request_is_echoed(tmp_path):
    config = {"Strategy": "Bayesian", "ResourceLimits": {"MaxNumberOfTrainingJobs": 20, "MaxParallelTrainingJobs": 3}}
    created = call(0, "CreateHyperParameterTuningJob", {}, HyperParameterTuningJobConfig=config, **JOB)
    assert conform(lines(tmp_path / "a.jsonl", created, shows(1, 1))).explained
    created["request"]["HyperParameterTuningJobConfig"] = {**config, "Strategy": "Random"}
    [found] = conform(lines(tmp_path / "b.jsonl", created, shows(1, 1))).refusals
    assert (found.member, found.recorded) == ("HyperParameterTuningJobConfig.Strategy", "Bayesian")
    assert "O8" in found.against


# ---------------------------------------------------------------------- what is no recording, or not all of one


def test_damage_is_named_and_the_rest_is_judged(tmp_path):
    folder = written(tmp_path / "run", stopped_run())
    (folder / f"api.sagemaker.{DESCRIBE}_2.json").write_text('{"status_code": 200, "da')
    (folder / "api.sagemaker.ListTrainingJobs_1.json").write_text(
        '{"status_code": 200, "data": {"TrainingJobSummaries": 3}}'
    )
    (folder / "ec2.DescribeInstances_1.json").write_text('{"status_code": 200, "data": {}}')
    (folder / "api.sagemaker.DescribeEndpoint_1.json").write_text('{"status_code": 200, "data": {}}')
    found = conform(folder)
    assert found.explained and found.judged == 5
    assert [text.partition(":")[0] for text in found.damage] == [
        f"api.sagemaker.{DESCRIBE}_2.json",
        "api.sagemaker.ListTrainingJobs_1.json",
    ]
    assert found.notes == (
        "ec2.DescribeInstances_1.json: left out, DescribeInstances is an operation of another service (ec2)",
        "api.sagemaker.DescribeEndpoint_1.json: left out, the twin does not model DescribeEndpoint",
    )


def test_a_recording_of_another_service_is_an_error(tmp_path):
    (tmp_path / "ec2.DescribeInstances_1.json").write_text('{"status_code": 200, "data": {}}')
    with pytest.raises(InvalidInput, match=r"nothing in it can be judged\n  ec2.*another service \(ec2\)"):
        conform(tmp_path)
    with pytest.raises(InvalidInput, match="there is no such file or folder, expected a folder of files that placebo"):
        conform(tmp_path / "missing")


def test_an_answer_without_times_is_judged_by_what_it_has(tmp_path):
    answer = {name: value for name, value in ENDED.items() if not name.endswith("Time")}
    run = {DESCRIBE: [answer]}
    found = judged(tmp_path, run)
    assert [one.member for one in found.refusals] == [END]  # of a Stopped job it is missed
    run = {DESCRIBE: [{**answer, STATUS: "InProgress"}]}
    found = conform(written(tmp_path / "other", run))
    assert found.explained and "no answer shows LastModifiedTime" in found.notes[0]


def test_a_member_that_is_newer_is_ignored_and_named(tmp_path):
    run = edited(stopped_run(), DESCRIBE, 2, "Shiny", {"New": 1})
    found = judged(tmp_path, run)
    assert found.explained
    assert found.notes == (f"api.sagemaker.{DESCRIBE}_2.json: Shiny is not known to the twin, and ignored",)
