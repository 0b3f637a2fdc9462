"""Both directions of botocore's service model: every answer conforms to it, and no request, valid or broken, is answered
with anything but a conforming answer or an error that the model or the specification knows."""

import itertools
import json
import math
import re
from random import Random

import pytest
from botocore import parsers
from examples import request, simulation, training_request
from extras import long
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim.cloud.every_outcome import FAULTS, EveryOutcome
from hptsim.errors import ServiceError
from hptsim.model.definitions import ResourceLimits, TrainingJobDefinition
from hptsim.model.statuses import SecondaryStatus
from hptsim.model.storage import LOG_GROUP
from hptsim.service.cloudwatch_logs import OPERATIONS as LOG_OPERATIONS
from hptsim.service.cloudwatch_logs import Logs
from hptsim.service.http import Call, Wire
from hptsim.service.service import OPERATIONS, Service
from hptsim.service.validation import model
from hptsim.testing import scenarios

TUNING, TRAINING = "HyperParameterTuningJobName", "TrainingJobName"
CHILDREN = "ListTrainingJobsForHyperParameterTuningJob"
NULL_IN_RECORDINGS = {"DescribeTrainingJobResponse.ModelArtifacts"}
"""Required by the model, null in recordings of unfinished jobs (§2.8), and so absent."""
MODERATE = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


# ---------------------------------------------------------------------- does an answer conform?


def faults(shape, value, path=""):
    """What is wrong with *value* as an instance of *shape*; written apart from the checks that it judges."""
    kind, meta = shape.type_name, shape.metadata
    if kind == "structure":
        if not isinstance(value, dict):
            return [f"{path}: no structure"]
        found = [f"{path}.{name} is missing" for name in shape.required_members if value.get(name) is None]
        found = [one for one in found if f"{shape.name}.{one.split('.')[-1].split()[0]}" not in NULL_IN_RECORDINGS]
        found += [f"{path}.{name} is unknown" for name in value.keys() - shape.members.keys()]
        found += [f"{path}.{name} is null" for name in value if value[name] is None]
        known = value.keys() & shape.members.keys()
        return found + [one for name in known for one in faults(shape.members[name], value[name], f"{path}.{name}")]
    if kind == "list":
        if not isinstance(value, list):
            return [f"{path}: no list"]
        inner = [one for place, item in enumerate(value) for one in faults(shape.member, item, f"{path}[{place}]")]
        return inner + size_faults(meta, len(value), path)
    if kind == "map":
        keys = [one for name in value for one in faults(shape.key, name, f"{path} key")]
        inner = [one for name, item in value.items() for one in faults(shape.value, item, f"{path}[{name}]")]
        return keys + inner + size_faults(meta, len(value), path)
    return scalar_faults(kind, meta, value, path)


def scalar_faults(kind, meta, value, path):
    if kind == "string":
        if not isinstance(value, str):
            return [f"{path}: {value!r} is no string"]
        found = size_faults(meta, len(value), path)
        if "enum" in meta and value not in meta["enum"]:
            found.append(f"{path}: {value!r} is not among {meta['enum']}")
        if "pattern" in meta and "\\p{" not in meta["pattern"] and not re.fullmatch(meta["pattern"], value):
            found.append(f"{path}: {value!r} does not match {meta['pattern']}")
        return found
    if kind == "boolean":
        return [] if isinstance(value, bool) else [f"{path}: {value!r} is no boolean"]
    if isinstance(value, bool) or not isinstance(value, int if kind in ("integer", "long") else (int, float)):
        return [f"{path}: {value!r} is no {kind}"]
    return ([] if math.isfinite(value) else [f"{path}: {value!r}"]) + size_faults(meta, value, path)


def size_faults(meta, size, path):
    inside = meta.get("min", -math.inf) <= size <= meta.get("max", math.inf)
    return [] if inside else [f"{path}: {size} is not from {meta.get('min')} to {meta.get('max')}"]


def conforming(service, operation, answer):
    """The answer, after it was found to conform and botocore's parser to read it."""
    shape = model(service).operation_model(operation).output_shape
    if shape is None:
        assert answer == {}
        return answer
    assert faults(shape, answer, operation) == []
    parser = parsers.create_parser("json")
    parsed = parser.parse({"status_code": 200, "headers": {}, "body": json.dumps(answer).encode()}, shape)
    assert parsed.keys() - {"ResponseMetadata"} == answer.keys()
    return answer


def test_the_judge_finds_what_is_wrong():
    shape = model("sagemaker").operation_model("DescribeTrainingJob").output_shape
    sim = simulation()
    Service.of(sim).call("CreateHyperParameterTuningJob", request())
    sim.run()
    (name, *_) = sim.tuning_job("demo").training_jobs
    good = Service.of(sim).call("DescribeTrainingJob", {TRAINING: name})
    assert faults(shape, good) == []
    for spoilt, text in (
        ({"TrainingJobStatus": "Done"}, "is not among"),
        ({"TrainingJobName": "a-"}, "does not match"),
        ({"TrainingJobName": "x" * 64}, "is not from 1 to 63"),
        ({"BillableTimeInSeconds": 0}, "is not from 1 to None"),
        ({"BillableTimeInSeconds": 1.5}, "is no integer"),
        ({"FailureReason": None}, "is null"),
        ({"Unheard": 1}, "is unknown"),
        ({"CreationTime": "now"}, "is no timestamp"),
        ({"SecondaryStatusTransitions": [{}]}, "is missing"),
        ({"HyperParameters": {"a": 1}}, "is no string"),
    ):
        assert any(text in one for one in faults(shape, {**good, **spoilt})), spoilt
    assert faults(shape, {name: value for name, value in good.items() if name != "TrainingJobArn"})


# ---------------------------------------------------------------------- every answer in many reachable states


def look_at_everything(sim):
    """Every answer that reads, about every job, in every order."""
    service, logs = Service.of(sim), Logs(Service.of(sim))

    def ask(operation, **members):
        return conforming("sagemaker", operation, service.call(operation, members))

    for order in ("Name", "Status", "CreationTime"):
        for direction in ("Ascending", "Descending"):
            tuning = ask("ListHyperParameterTuningJobs", SortBy=order, SortOrder=direction, MaxResults=3)
            ask("ListTrainingJobs", SortBy=order, SortOrder=direction, MaxResults=3)
    for summary in tuning["HyperParameterTuningJobSummaries"]:
        job = ask("DescribeHyperParameterTuningJob", **{TUNING: summary[TUNING]})
        children = ask(CHILDREN, MaxResults=100, **{TUNING: summary[TUNING]})["TrainingJobSummaries"]
        ask(CHILDREN, SortBy="FinalObjectiveMetricValue", **{TUNING: summary[TUNING]})
        assert sum(job["TrainingJobStatusCounters"].values()) == len(children)
        ask("ListTags", ResourceArn=job["HyperParameterTuningJobArn"])
        for child in children:
            described = ask("DescribeTrainingJob", **{TRAINING: child[TRAINING]})
            assert described["TrainingJobStatus"] == child["TrainingJobStatus"]
            transitions = described["SecondaryStatusTransitions"]
            assert transitions[-1]["Status"] == described["SecondaryStatus"]
            for one, following in itertools.pairwise(transitions):
                assert one["EndTime"] == following["StartTime"]
    if conforming("logs", "DescribeLogGroups", logs.call("DescribeLogGroups", {}))["logGroups"]:
        group = {"logGroupName": LOG_GROUP}
        streams = conforming("logs", "DescribeLogStreams", logs.call("DescribeLogStreams", group))["logStreams"]
        conforming("logs", "FilterLogEvents", logs.call("FilterLogEvents", group))
        where = {**group, "logStreamName": streams[0]["logStreamName"]}
        conforming("logs", "GetLogEvents", logs.call("GetLogEvents", where))


@pytest.mark.long
@MODERATE
@given(scenarios(), st.integers(0, 3))
def test_every_answer_in_many_states_conforms(scenario, seed):
    sim = Simulation(scenario, seed=seed, laws=False)  # the laws have tests of their own
    steps = 0
    while sim.step() or sim.env.peek() < math.inf:
        steps += 1
        if steps % 9 == 0 and steps < 120:
            look_at_everything(sim)
    look_at_everything(sim)


@pytest.mark.long
def test_every_answer_under_any_order_of_events_conforms():
    """Every status that a training job can show is reached, and shown as the model has it."""
    shown = set()
    definition = TrainingJobDefinition(
        spot=True, checkpoint_uri="s3://bucket/checkpoints", max_wait_s=9e4, max_pending_s=7200.0, max_retries=1
    )

    for seed in range(60):
        rng = Random(seed)
        cloud = EveryOutcome(budget=dict.fromkeys(FAULTS, 1))
        sim = Simulation(Scenario(capacity={"ml.m5.xlarge": 2}), cloud=cloud, laws=False)
        sim.create_tuning_job(TuningJobSpec("demo", (definition,), ResourceLimits(3, 2)))
        for step in range(40):
            if step % 4 == 0:
                look_at_everything(sim)
                listed = Service.of(sim).call("ListTrainingJobs", {"MaxResults": 100})["TrainingJobSummaries"]
                shown |= {summary["SecondaryStatus"] for summary in listed}
            live = sim.tuning_job("demo").live
            if live and rng.random() < 0.05:
                sim.stop_training_job(rng.choice(live))
            elif possible := sim.possible:
                sim.fire(*rng.choice(possible))
    assert shown == set(SecondaryStatus)


def test_every_answer_along_a_whole_life_with_a_stop_conforms():
    sim = simulation()
    service = Service.of(sim)
    conforming("sagemaker", "CreateHyperParameterTuningJob", service.call("CreateHyperParameterTuningJob", request()))
    for at in range(0, 200, 5):
        sim.run(until=at)
        if at == 90:
            conforming(
                "sagemaker",
                "StopHyperParameterTuningJob",
                service.call("StopHyperParameterTuningJob", {TUNING: "demo"}),
            )
        look_at_everything(sim)


# ---------------------------------------------------------------------- requests from the model, valid and broken

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)
KNOWN = {
    "HyperParameterTuningJobName": ["demo", "ended", "nobody", "x" * 33],
    "ResourceArn": [
        f"arn:aws:sagemaker:us-east-1:111122223333:hyper-parameter-tuning-job/{name}"
        for name in ("demo", "ended", "no")
    ],
    "NextToken": ["WyJbXSIsIDFd", ""],
    "ParameterValue": ["0", "1", "0.5", "1e-300", "1e308", "nan", "inf", "-7", "99999999999999999999"],
}
"""Values that lead further than random ones, by the name of their shape."""


def values(shape, depth=0):
    """A strategy for values that the model allows, with what it leaves optional often left out."""
    kind, meta = shape.type_name, shape.metadata
    low, high = meta.get("min"), meta.get("max")
    if shape.name in KNOWN:
        return st.sampled_from(KNOWN[shape.name])
    if kind == "structure":
        required = {name: values(shape.members[name], depth + 1) for name in shape.required_members}
        names = sorted(shape.members.keys() - required.keys())
        chosen = st.sets(st.sampled_from(names), max_size=3 if depth else 6) if names else st.just(set())
        return chosen.flatmap(
            lambda more: st.fixed_dictionaries(
                {**required, **{name: values(shape.members[name], depth + 1) for name in sorted(more)}}
            )
        )
    if kind == "list":
        return st.lists(values(shape.member, depth + 1), min_size=low or 0, max_size=min(high or 3, max(low or 0, 3)))
    if kind == "map":
        return st.dictionaries(values(shape.key, depth + 1), values(shape.value, depth + 1), max_size=3)
    if "enum" in meta:
        return st.sampled_from(meta["enum"])
    if kind == "string":
        return texts(meta.get("pattern", ""), low or 0, high or 30)
    if kind in ("integer", "long"):
        return st.integers(low or 0, high or 10_000)
    return {
        "boolean": st.booleans(),
        "timestamp": st.integers(0, 2**31) | st.floats(0, 2**31),
        "float": st.floats(width=32, allow_nan=False, allow_infinity=False),
        "double": st.floats(allow_nan=False, allow_infinity=False),
    }[kind]


def texts(pattern, low, high):
    samples = {
        "arn:aws[a-z\\-]*:iam": "arn:aws:iam::111122223333:role/a",
        "(https|s3)": "s3://bucket/deep/er",
    }
    for start, sample in samples.items():
        if pattern.startswith(start):
            return st.just(sample)
    return st.text("aZ09-", min_size=low, max_size=min(high, low + 12))


@st.composite
def broken(draw, valid):
    """A valid value with one place in it replaced, removed, or joined by what does not belong there."""
    value = json.loads(json.dumps(draw(valid)))
    here, path = value, []
    while isinstance(here, (dict, list)) and here and draw(st.integers(0, 3)):
        key = draw(st.sampled_from(sorted(here) if isinstance(here, dict) else range(len(here))))
        path.append((here, key))
        here = here[key]
    if not path:
        return draw(st.sampled_from([{**value, draw(st.text(max_size=12)): draw(JSON)}, draw(JSON)]))
    place, key = path[-1]
    if draw(st.booleans()):
        place[key] = draw(JSON)
    else:
        del place[key]
    return value


def prepared():
    """A service with a tuning job that runs and one that has ended."""
    sim = simulation()
    service = Service.of(sim)
    service.call("CreateHyperParameterTuningJob", request("ended", 2, 2))
    sim.run()
    service.call("CreateHyperParameterTuningJob", request())
    sim.run(until=sim.now + 60)
    return sim


KNOWN["TrainingJobName"] = [
    *prepared().tuning_job("demo").training_jobs,
    *prepared().tuning_job("ended").live,
    "nobody",
]
UNDECLARED = {"ValidationException", "SerializationException"}
SEAMS = {
    "CreateTrainingJob": "create_training_job",
    "DeleteTrainingJob": "delete_training_job",
    "DeleteHyperParameterTuningJob": "delete_tuning_job",
}
SPECIFIED = {"DeleteHyperParameterTuningJob": {"ResourceNotFound"}}
"""Errors that the specification knows and the model does not declare (D5)."""


def answered(sim, service, operation, body):
    """Send a body over the wire and judge what comes back; returns the answer, None when it was refused."""
    before = len(sim.journal)
    response = Wire(sim).answer(Call(service, operation, body=body))
    if response.status == 200:
        return conforming(service, operation, json.loads(response.body or b"{}"))
    assert response.status == 400 and len(sim.journal) == before
    error = json.loads(response.body)
    declared = {shape.name for shape in model(service).operation_model(operation).error_shapes}
    allowed = declared | UNDECLARED | SPECIFIED.get(operation, set())
    if operation in SEAMS and not hasattr(sim, SEAMS[operation]):
        allowed |= {"UnknownOperationException"}
    assert error["__type"] in allowed, error
    assert (error.get("Message") or error["message"]).strip()
    return None


@pytest.mark.long
@pytest.mark.parametrize("operation", [one if "Hyper" in one else long(one) for one in OPERATIONS])
@pytest.mark.parametrize("kind", ["valid", long("broken")])
def test_whatever_is_asked_the_answer_conforms_or_the_error_is_known(operation, kind):
    shape = model("sagemaker").operation_model(operation).input_shape
    known = values(shape)
    if operation.startswith("Create"):
        complete = request("fresh") if "Hyper" in operation else training_request("fresh")
        known = st.tuples(st.just(complete), known, st.sets(st.sampled_from(sorted(shape.members)), max_size=2)).map(
            lambda drawn: {**drawn[0], **{name: drawn[1][name] for name in sorted(drawn[2]) if name in drawn[1]}}
        )

    @MODERATE
    @given(known if kind == "valid" else broken(known))
    def run(asked):
        sim = prepared()
        answered(sim, "sagemaker", operation, json.dumps(asked).encode())
        sim.run(until=sim.now + 150)
        look_at_everything(sim)

    run()


@pytest.mark.parametrize("operation", LOG_OPERATIONS)
@pytest.mark.parametrize("kind", ["valid", long("broken")])
def test_whatever_is_asked_of_the_logs(operation, kind):
    known = values(model("logs").operation_model(operation).input_shape)
    known = known.map(lambda asked: {**asked, "logGroupName": LOG_GROUP} if "logGroupName" in asked else asked)

    @MODERATE
    @given(known if kind == "valid" else broken(known))
    def run(asked):
        answered(prepared(), "logs", operation, json.dumps(asked).encode())

    run()


@MODERATE
@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode) | st.just(b"[" * 100_000))
def test_bodies_that_are_no_requests(body):
    try:
        asked = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        asked = None
    sim = simulation()
    answer = answered(sim, "sagemaker", "ListTrainingJobs", body)
    assert isinstance(asked, dict) or answer is None


BOUNDS = [*KNOWN["ParameterValue"], "-1e308", "3", "-inf", "9223372036854775807"]


@pytest.mark.parametrize("kind", ["Integer", "Continuous"])
@pytest.mark.parametrize("scaling", ["Auto", "Linear", "Logarithmic", "ReverseLogarithmic"])
def test_whatever_range_is_accepted_can_be_drawn_from(kind, scaling):
    accepted = 0
    for low, high in itertools.product(BOUNDS, BOUNDS):
        if kind == "Integer" and low.startswith("-"):
            continue  # the next test
        span = {"Name": "x", "MinValue": low, "MaxValue": high, "ScalingType": scaling}
        sim = simulation()
        ranges = {"ParameterRanges": {f"{kind}ParameterRanges": [span]}}
        try:
            Service.of(sim).call("CreateHyperParameterTuningJob", request(total=1, config_changes=ranges))
        except ServiceError as error:
            assert error.code == "ValidationException"
            continue
        accepted += 1
        sim.run()
        (child,) = Service.of(sim).call(CHILDREN, {TUNING: "demo"})["TrainingJobSummaries"]
        value = float(child["TunedHyperParameters"]["x"])
        slack = 1e-9 * max(abs(float(low)), abs(float(high)))
        assert math.isfinite(value) and float(low) - slack <= value <= float(high) + slack
    assert accepted > 0 or (kind, scaling) == ("Integer", "ReverseLogarithmic")


def test_negative_integers_can_be_drawn_from():
    ranges = {"ParameterRanges": {"IntegerParameterRanges": [{"Name": "x", "MinValue": "-7", "MaxValue": "-7"}]}}
    sim = simulation()
    Service.of(sim).call("CreateHyperParameterTuningJob", request(total=1, config_changes=ranges))
    sim.run()
    (child,) = Service.of(sim).call(CHILDREN, {TUNING: "demo"})["TrainingJobSummaries"]
    assert child["TunedHyperParameters"]["x"] == "-7"
