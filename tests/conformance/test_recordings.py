"""The forms of a recording: the same answers are read from each of them."""

import json

import pytest
from placebo import CHILDREN, DESCRIBE, NAME, STOP, at, stopped_run, written

from hptsim import Simulation, TuningJobSpec
from hptsim.conformance import conform
from hptsim.conformance.answers import instant
from hptsim.conformance.recordings import read
from hptsim.errors import InvalidInput
from hptsim.service.cloudtrail import trail
from hptsim.service.service import Service

JOB = {"HyperParameterTuningJobName": NAME}
RUN = stopped_run()
CALLS = [(DESCRIBE, 1), (CHILDREN, 1), (STOP, 1), (DESCRIBE, 2), (DESCRIBE, 3)]


def iso(value):
    """A recording's times as strings in ISO 8601."""
    if isinstance(value, dict):
        if "__class__" in value:
            clock = f"{value['hour']:02}:{value['minute']:02}:{value['second']:02}.{value['microsecond']:06}"
            return f"2024-05-02T{clock}+00:00"
        return {name: iso(inner) for name, inner in value.items()}
    return [iso(inner) for inner in value] if isinstance(value, list) else value


def seconds(value):
    """A recording's times as seconds since 1970."""
    if isinstance(value, dict):
        return instant(value, "") if "__class__" in value else {name: seconds(inner) for name, inner in value.items()}
    return [seconds(inner) for inner in value] if isinstance(value, list) else value


def line(place, operation, number, times):
    second = f"2024-05-02T10:0{place}:30Z"
    return [second, operation, JOB, times(RUN[operation][number - 1])]


FORMS = {
    "objects": lambda line: dict(zip(("time", "operation", "request", "response"), line, strict=True)),
    "lists": lambda line: line,
    "names as Python has them": lambda line: {
        "time": line[0],
        "operation": "".join(f"_{one.lower()}" if one.isupper() else one for one in line[1])[1:],
        "request": line[2],
        "response": line[3],
    },
}


@pytest.mark.parametrize("times", [iso, seconds, lambda value: value], ids=["iso", "seconds", "placebo"])
@pytest.mark.parametrize("form", FORMS)
def test_json_lines(form, times, tmp_path):
    path = tmp_path / "run.jsonl"
    lines = [line(place, operation, number, times) for place, (operation, number) in enumerate(CALLS)]
    path.write_text("\n".join(json.dumps(FORMS[form](one)) for one in lines))
    found = conform(path)
    assert (found.explained, found.judged, found.damage, found.notes) == (True, 5, (), ())
    lines[3], lines[0] = [lines[3][0], *lines[0][1:]], [lines[0][0], *lines[3][1:]]  # Stopping comes before InProgress
    path.write_text("\n".join(json.dumps(FORMS[form](one)) for one in lines))
    assert not conform(path).explained


def test_lines_are_in_the_order_of_their_times(tmp_path):
    path = tmp_path / "run.jsonl"
    lines = [json.dumps(line(place, operation, number, iso)) for place, (operation, number) in enumerate(CALLS)]
    path.write_text("\n".join(reversed(lines)))
    assert conform(path).explained


def test_bare_answers_beside_cloudtrail(tmp_path):
    """The files of `aws sagemaker describe-...` have no order of their own: their stamps give one."""
    folder = tmp_path / "run"
    folder.mkdir()
    for name, number in (("c", 1), ("a", 2), ("b", 3)):
        (folder / f"{name}.json").write_text(json.dumps(iso(RUN[DESCRIBE][number - 1])))
    (folder / "children.json").write_text(json.dumps(iso(RUN[CHILDREN][0])))
    stop = {
        "eventName": STOP,
        "eventSource": "sagemaker.amazonaws.com",
        "eventTime": "2024-05-02T10:01:00Z",
        "requestParameters": {"hyperParameterTuningJobName": NAME},
    }
    reading = {**stop, "eventName": DESCRIBE}
    other = {**stop, "eventSource": "s3.amazonaws.com", "eventName": "GetObject"}
    (folder / "trail.json").write_text(json.dumps({"Records": [reading, stop, other]}))
    found = conform(folder)
    assert found.explained and found.judged == 5
    assert found.notes == (
        "trail.json[2]: left out, GetObject is an event of another service (s3.amazonaws.com)",
        "1 record of CloudTrail left out: it keeps no answers of calls that read",
    )
    launch = {
        "eventType": "AwsServiceEvent",
        "eventName": "CreateTrainingJob",
        "eventSource": "sagemaker.amazonaws.com",
        "eventTime": "2024-05-02T10:01:09Z",
        "requestParameters": None,
        "serviceEventDetails": {
            "trainingJobArn": f"arn:aws:sagemaker:us-east-1:111122223333:training-job/{NAME}-004-0a0a0a0a",
            "tuningJobArn": RUN[DESCRIBE][0]["HyperParameterTuningJobArn"],
        },
    }
    (folder / "trail.json").write_text(json.dumps({"Records": [launch, stop]}))
    [refusal] = conform(folder).refusals
    assert refusal.answer.place == "trail.json[0]" and "launch-then-stop" in refusal.against


def test_cloudtrail_of_the_twin(tmp_path):
    sim = Simulation()
    sim.create_tuning_job(TuningJobSpec("demo"))
    sim.run(until=60)
    sim.stop_tuning_job("demo")
    sim.run()
    shown = Service.of(sim).call(DESCRIBE, {"HyperParameterTuningJobName": "demo"})
    (tmp_path / "demo.json").write_text(json.dumps(shown))
    events = list(trail(sim.journal))
    (tmp_path / "trail.jsonl").write_text("\n".join(json.dumps(one) for one in events))
    found = conform(tmp_path)
    assert found.explained and found.judged == 4 and not found.damage
    assert found.notes == ("1 record of CloudTrail left out: what the service did itself",)  # it passed the stop on


def test_answers_of_placebo_are_in_the_order_of_their_numbers(tmp_path):
    run = {"DescribeTrainingJob": [{"n": number} for number in range(1, 12)]}
    answers = read(written(tmp_path / "run", run)).answers
    assert [one.response["n"] for one in answers] == list(range(1, 12))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[1, 2]", "answer: got [1, 2], expected an object with time, operation, request and response"),
        ('{"operation": "ListTags", "response": 3}', "response: got 3, expected an object of members"),
        ('{"operation": "ListTags", "response": {}, "time": "noon"}', "time: got 'noon', expected a number of seconds"),
        ('{"operation": "ListTags", "response": {}, "status_code": 400}', "expected a refusal with Error.Code"),
        ('{"operation": "ListTags", "response": {}, "request": 1}', "request: got 1, expected an object of members"),
        ('{"operation": 3}', "operation: got 3, expected the name of an operation"),
        ("{", "this is no JSON"),
    ],
)
def test_a_damaged_line_is_named(text, words, tmp_path):
    path = tmp_path / "run.jsonl"
    path.write_text(f"{json.dumps(line(0, DESCRIBE, 1, iso))}\n{text}\n")
    found = conform(path)
    assert found.explained and found.judged == 1
    [damage] = found.damage
    assert damage.startswith("run.jsonl:2: ") and words in damage


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"CreationTime": "yesterday"}, "CreationTime: got 'yesterday'"),
        ({"CreationTime": {"__class__": "datetime", "year": "x"}}, "expected a time as placebo writes it"),
        ({"TrainingJobStatusCounters": {"Stopped": -1}}, "TrainingJobStatusCounters.Stopped: got -1"),
        ({"TrainingJobStatusCounters": 3}, "TrainingJobStatusCounters: got 3, expected an object"),
        ({"HyperParameterTuningJobName": ""}, "HyperParameterTuningJobName: got ''"),
        ({"HyperParameterTuningJobStatus": None}, "HyperParameterTuningJobStatus: missing"),
    ],
)
def test_a_damaged_answer_is_named(changes, words, tmp_path):
    run = {DESCRIBE: [RUN[DESCRIBE][0], {**RUN[DESCRIBE][1], **changes}]}
    found = conform(written(tmp_path / "run", run))
    [damage] = found.damage
    assert damage.startswith(f"api.sagemaker.{DESCRIBE}_2.json: ") and words in damage
    assert found.explained and found.judged == 1


def test_a_file_that_is_no_recording(tmp_path):
    path = tmp_path / "scenario.json"
    path.write_text('{"capacity": {}}')
    with pytest.raises(InvalidInput, match=r"nothing in it can be judged\n  scenario\.json: file: got"):
        conform(path)


def test_times_are_exact():
    assert instant(at(1, 2, 345000), "") == instant("2024-05-02T10:01:02.345Z", "") == 1714644062.345
