"""What is known of a training job follows the journal, trigger by trigger."""

import pytest

from hptsim import TuningJobSpec
from hptsim.audit.reader import reader
from hptsim.audit.state import ENDED, State
from hptsim.audit.training_reader import STOPS
from hptsim.model.account import Account
from hptsim.model.payloads import Epoch, Failed, Saved, ScriptEnded, TrainingJobCreated, TuningJobCreated


def after(*happens):
    """What is known of a training job to which this has happened, ten seconds apart: triggers, next states and data."""
    state, source = State(Account()), "Starting"
    created = TrainingJobCreated("a", 0, {})
    entries = [
        (0.0, "tuning", "a", "create", "[*]", "InProgress", TuningJobCreated(TuningJobSpec("a")), 1),
        (0.0, "training", "a-001", "create", "[*]", "Starting", created, 1),
    ]
    for number, (trigger, destination, data) in enumerate(happens, start=1):
        entries.append((10.0 * number, "training", "a-001", trigger, source, destination, data, number))
        source = destination
    for entry in entries:
        reader(entry[1], entry[3])(state, entry)
    return state.training["a-001"]


RUNS = (("ready", "Downloading", None), ("downloaded", "Training", None))
EPOCHS = (*RUNS, ("epoch", "Training", Epoch(1, 0.5)), ("checkpoint", "Training", Saved("s3://b/1")))


def test_the_time_in_each_state_counts_where_it_belongs():
    job = after(*RUNS, ("exited", "Uploading", ScriptEnded("s3://b/model", 0.5)), ("uploaded", "Completed", None))
    assert (job.started_s, job.trained_s, job.billed_s) == (10.0, 10.0, 30.0)
    assert (job.promised, job.objective, job.owed) == (("s3://b/model",), 0.5, 2)


def test_a_container_owes_its_log_a_line_for_its_start_and_each_epoch():
    assert after(("ready", "Training", None)).owed == 1
    assert after(*EPOCHS).owed == 2


@pytest.mark.parametrize(
    ("again", "retries"), [(("interrupt", "Interrupted", None), 0), (("internal_error", "Starting", Failed("why")), 1)]
)
def test_another_attempt_goes_on_from_the_last_checkpoint(again, retries):
    job = after(*EPOCHS, ("epoch", "Training", Epoch(2, None)), again)
    assert (job.attempts, job.retries, job.curve, job.promised) == (2, retries, (0.5,), ("s3://b/1",))


def test_a_failure_for_which_no_retry_is_left_is_no_other_attempt():
    job = after(*RUNS, ("internal_error", "Failed", Failed("InternalServerError: no")))
    assert (job.attempts, job.retries, job.failure, job.ended) == (1, 0, "InternalServerError: no", True)


@pytest.mark.parametrize("trigger", STOPS)
def test_what_stops_it_is_kept(trigger):
    assert after((trigger, "Starting:stopping", None)).reasons == (trigger,)


@pytest.mark.parametrize("state", sorted(ENDED))
def test_it_has_ended_in_a_final_state_and_in_no_other(state):
    assert after(("torn_down", state, None)).ended
    assert not after(("stop", "Starting:stopping", None)).ended


def test_a_copy_has_all_of_it_and_changes_alone():
    job = after(*EPOCHS)
    twin = job.copy()
    assert all(getattr(twin, name) == getattr(job, name) for name in job.__slots__ if name != "__weakref__")
    twin.state = "Failed"
    assert job.state == "Training"
