"""The nouns: the service's name grammar, its bounds, and where it puts what a training job leaves."""

import attrs
import pytest

from hptsim.errors import InvalidInput
from hptsim.model.definitions import (
    CompletionCriteria,
    InstanceRequest,
    ResourceLimits,
    ServiceLimits,
    TrainingJobDefinition,
)
from hptsim.model.ranges import ParameterRange
from hptsim.model.specs import TuningJobSpec
from hptsim.model.statuses import FINAL_TUNING, SecondaryStatus, TrainingJobStatus, TuningJobStatus, status
from hptsim.model.storage import LOG_GROUP, checkpoint_uri, log_stream, model_uri
from hptsim.model.tables import TRAINING, TUNING

RATE = ParameterRange("rate", "Continuous", 0, 1)


@pytest.mark.parametrize("name", ["a", "7", "a--b", "a" + 30 * "-" + "b", "A1-b2", 32 * "x"])
def test_names_that_the_service_takes(name):
    assert TuningJobSpec(name).name == name


@pytest.mark.parametrize("name", ["", "-a", "a-", "a_b", "a.b", "a b", 33 * "x", "a\n", "ä", 7, None])
def test_names_that_the_service_refuses(name):
    with pytest.raises(InvalidInput, match=r"HyperParameterTuningJobName: got .*1 to 32 letters"):
        TuningJobSpec(name)


@pytest.mark.parametrize(
    ("build", "where"),
    [
        (lambda: InstanceRequest(count=0), "count"),
        (lambda: InstanceRequest(count=1.5), "count"),
        (lambda: InstanceRequest(count=True), "count"),
        (lambda: ResourceLimits(0, 1), "max_training_jobs"),
        (lambda: ResourceLimits(1, -1), "max_parallel"),
        (lambda: ResourceLimits(1, 1, 119), "max_runtime_s"),
        (lambda: ResourceLimits(1, 1, 150.5), "max_runtime_s"),
        (lambda: ResourceLimits(1, 1, 15_768_001), "max_runtime_s"),
        (lambda: ResourceLimits(1, 1, float("nan")), "max_runtime_s"),
        (lambda: TrainingJobDefinition(max_retries=-1), "max_retries"),
        (lambda: TrainingJobDefinition(max_runtime_s="60"), "max_runtime_s"),
        (lambda: TrainingJobDefinition(max_pending_s=1799), "max_pending_s"),
        (lambda: ServiceLimits(parallel=0), "parallel"),
        (lambda: TuningJobSpec("a", ()), "definitions"),
        (lambda: TuningJobSpec("a", 3), "definitions"),
        (lambda: TuningJobSpec("a", [3]), r"definitions\[0\]"),
        (lambda: TuningJobSpec("a", limits={"max_parallel": 3}), "limits"),
        (lambda: TuningJobSpec("a", objective="loss"), "objective"),
        (lambda: TuningJobSpec("a", ranges=["x"]), r"ranges\[0\]"),
        (lambda: TuningJobSpec("a", ranges=[RATE, RATE]), "ParameterRanges"),
        (lambda: TuningJobSpec("a", [TrainingJobDefinition(ranges=[RATE])], ranges=[RATE]), "ParameterRanges"),
        (lambda: TuningJobSpec("a", [TrainingJobDefinition(static={"rate": "1"})], ranges=[RATE]), "ParameterRanges"),
        (lambda: TuningJobSpec("a", priority=float("inf")), "priority"),
        (lambda: TuningJobSpec("a", random_seed=-1), "random_seed"),
        (lambda: TuningJobSpec("a", early_stopping="yes"), "early_stopping"),
        (lambda: TuningJobSpec("a", parents=["b"], warm_start="Identical"), "warm_start"),
        (lambda: TuningJobSpec("a", [TrainingJobDefinition(keep_alive_s=60)]), "keep_alive_s"),
        (lambda: TrainingJobDefinition(max_runtime_s=float("inf")), "max_runtime_s"),
        (lambda: TrainingJobDefinition(max_runtime_s=None), "max_runtime_s"),
        (lambda: TrainingJobDefinition(output_path="\ud800"), "output_path"),
        (lambda: TrainingJobDefinition(static={"epochs": 3}), "static.epochs"),
        (lambda: TrainingJobDefinition(static=3), "static"),
        (lambda: TrainingJobDefinition(input_mode="file"), "input_mode"),
        (lambda: TrainingJobDefinition(max_runtime_s=60, max_wait_s=59), "MaxWaitTimeInSeconds"),
        (lambda: InstanceRequest(3), "instance_type"),
        (lambda: InstanceRequest(count=10**400), "count"),
        (lambda: CompletionCriteria(target=float("nan")), "target"),
        (
            lambda: TuningJobSpec("a", (TrainingJobDefinition(max_runtime_s=60, max_wait_s=59),)),
            "MaxWaitTimeInSeconds",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(build, where):
    with pytest.raises(InvalidInput, match=rf"{where}: got "):
        build()


def test_the_nouns_are_frozen():
    spec = TuningJobSpec("a")
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        spec.priority = 3


def test_definitions_take_turns():
    first, second = TrainingJobDefinition("first"), TrainingJobDefinition("second")
    spec = TuningJobSpec("a", (first, second))
    assert [spec.definition(ordinal).name for ordinal in (1, 2, 3, 4)] == ["first", "second", "first", "second"]


def test_where_the_service_puts_things():
    assert model_uri("s3://b/out", "a-001-0f") == model_uri("s3://b/out/", "a-001-0f")
    assert checkpoint_uri("s3://b/c/", "a-001-0f", 1) == "s3://b/c/a-001-0f/checkpoint-1"
    assert (LOG_GROUP, log_stream("a-001-0f")) == ("/aws/sagemaker/TrainingJobs", "a-001-0f/algo-1")


def test_the_statuses_are_the_service_models():
    session = pytest.importorskip("botocore.session").get_session()
    model = session.get_service_model("sagemaker")
    for ours, shape in (
        (TuningJobStatus, "HyperParameterTuningJobStatus"),
        (TrainingJobStatus, "TrainingJobStatus"),
        (SecondaryStatus, "SecondaryStatus"),
    ):
        assert set(ours) <= set(model.shape_for(shape).enum), shape
    pattern = model.shape_for("HyperParameterTuningJobName")
    assert pattern.metadata["max"] == 32


def test_no_status_is_without_a_state():
    assert {status(state) for state in TUNING.states} - {"[*]"} == set(TuningJobStatus) and TUNING.final == FINAL_TUNING
    assert {status(state) for state in TRAINING.states} - {"[*]"} == set(SecondaryStatus)


@pytest.mark.parametrize(
    ("kinds", "limit_s"),
    [
        (["ml.m5.xlarge"], None),
        (["ml.c5.xlarge", "ml.r5.large", "ml.t3.medium"], None),
        (["ml.p4d.24xlarge"], 1800),
        (["ml.trn1.2xlarge"], 1800),
        (["ml.m5.xlarge", "ml.g5.xlarge"], 1800),
    ],
)
def test_time_pending_is_limited_for_accelerated_instances_only(kinds, limit_s):
    """O16: one accelerated type among several is enough."""
    first, *others = map(InstanceRequest, kinds)
    asked = TrainingJobDefinition(instances=first, alternatives=others, max_pending_s=1800)
    assert asked.pending_limit_s == limit_s
    assert attrs.evolve(asked, max_pending_s=None).pending_limit_s is None
