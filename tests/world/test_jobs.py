"""The records: copies share nothing mutable, and freezing leaves times out."""

import attrs

from hptsim.model.definitions import TrainingJobDefinition
from hptsim.model.search import Asked
from hptsim.model.specs import TuningJobSpec
from hptsim.model.statuses import COUNTERS, primary
from hptsim.model.tables import TRAINING
from hptsim.scenario.random_streams import uniforms
from hptsim.strategies.search import Searches
from hptsim.world.jobs import TrainingJob, TuningJob
from hptsim.world.ledger import Reservation


def training(**changes):
    definition = changes.pop("definition", TrainingJobDefinition(checkpoint_uri="s3://b/c", output_path="s3://b/o"))
    job = TrainingJob.of("a-001-0f", "a", 1, definition, definition.instances.amounts, 0.0)
    for name, value in changes.items():
        setattr(job, name, value)
    return job


def test_a_duplicate_is_another_record_with_the_same_fields():
    job = training(state="Training", promised=("s3://x",))
    twin = job.copy()
    assert attrs.asdict(twin, recurse=False) == attrs.asdict(job, recurse=False)
    twin.state = "Stopping"
    assert job.state == "Training"


def test_a_copied_tuning_job_shares_nothing_mutable():
    spec = TuningJobSpec("a")
    job = TuningJob(spec, 0.0, Searches(uniforms)(spec))
    job.strategy_log = []
    job.reservations[0] = Reservation("a", 0, {"ml.m5.xlarge": 1}, state="Held")
    before = job.freeze()
    twin = job.copy()
    assert twin.freeze() == before
    twin.reservations[0].state = "Released"
    twin.counters["Stopped"] += 1
    twin.children.append("x")
    twin.live["x"] = None
    twin.strategy_log.append(Asked(1))
    assert (
        job.strategy_log == []
        and job.freeze() == before
        and job.children == []
        and job.live == {}
        and twin.freeze() != before
    )


def test_times_do_not_tell_two_states_apart_and_states_do():
    early, late = training(since_s=1.0, progress_s=1.0), training(since_s=9.0, progress_s=7.0)
    assert early.freeze() == late.freeze()
    for name, value in {
        "state": "Training",
        "stopped_by": "stop",
        "saved": True,
        "attempt": 2,
        "retries_left": 1,
    }.items():
        assert training(**{name: value}).freeze() != early.freeze(), name


def test_where_a_training_job_puts_things():
    job = training(checkpoints=2)
    assert job.model_uri == "s3://b/o/a-001-0f/output/model.tar.gz"
    assert job.next_checkpoint_uri == "s3://b/c/a-001-0f/checkpoint-3"


def test_it_is_stopping_in_exactly_the_states_that_show_it():
    for state in TRAINING.states:
        assert training(state=state).stopping == (state != "[*]" and primary(state) == "Stopping"), state


def test_who_streams_has_no_download():
    modes = {mode: training(definition=TrainingJobDefinition(input_mode=mode)).streams for mode in ("File", "Pipe")}
    assert modes == {"File": False, "Pipe": True}


def test_the_counters_are_the_service_models():
    spec = TuningJobSpec("a")
    assert set(TuningJob(spec, 0.0, Searches(uniforms)(spec)).counters) == set(COUNTERS)
    assert set(COUNTERS) == {"Completed", "InProgress", "RetryableError", "NonRetryableError", "Stopped"}
