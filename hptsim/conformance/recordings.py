"""Reads recordings: a folder of files or one file, in any of the forms in which answers of the service are kept."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs

from hptsim.conformance import cloudtrail
from hptsim.conformance.answers import Answer, Members, instant
from hptsim.errors import InvalidInput, invalid

FORMS = (
    "a folder of files that placebo wrote (api.sagemaker.DescribeHyperParameterTuningJob_1.json), a JSON Lines file of "
    "time, operation, request and response, or CloudTrail's records with what Describe calls answered"
)
_PLACEBO = re.compile(r"(?P<service>.+)\.(?P<operation>[A-Z][A-Za-z]+)_(?P<number>\d+)\.json")
_DUMPS: tuple[tuple[str, str], ...] = (
    ("HyperParameterTuningJobStatus", "DescribeHyperParameterTuningJob"),
    ("TrainingJobStatus", "DescribeTrainingJob"),
    ("HyperParameterTuningJobSummaries", "ListHyperParameterTuningJobs"),
)


@attrs.frozen
class Recording:
    """The answers of a recording; *damage* says what in it could not be read, *notes* what was left out, and why."""

    answers: tuple[Answer, ...]
    damage: tuple[str, ...]
    notes: tuple[str, ...]


@attrs.define
class _Reader:
    answers: list[Answer] = attrs.field(factory=list)
    damage: list[str] = attrs.field(factory=list)
    notes: list[str] = attrs.field(factory=list)
    trail: list[tuple[str, Members]] = attrs.field(factory=list)

    def file(self, path: Path) -> None:
        """Read one file, whatever it holds; what cannot be read is noted as damage."""
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            self.damage.append(f"{path.name}: no text in UTF-8 ({error})")
            return
        if path.suffix == ".jsonl":
            return self.lines(path.name, text)
        try:
            data = json.loads(text)
        except (ValueError, RecursionError) as error:
            lines = [line for line in text.splitlines() if line.strip()]
            if len(lines) > 1 and all(line.lstrip()[:1] in "{[" for line in lines):
                return self.lines(path.name, text)
            self.damage.append(f"{path.name}: this is no JSON: {error}")
            return
        self.whole(path.name, data)

    def lines(self, name: str, text: str) -> None:
        """Read JSON Lines: each line is one answer, or one record of CloudTrail."""
        for number, line in enumerate(text.splitlines(), 1):
            if line.strip():
                place = f"{name}:{number}"
                try:
                    self.line(place, json.loads(line))
                except (ValueError, RecursionError) as error:
                    words = error.message if isinstance(error, InvalidInput) else f"this is no JSON: {error}"
                    self.damage.append(f"{place}: {words}")

    def line(self, place: str, data: Any) -> None:
        """Read one line's value; raises InvalidInput."""
        if isinstance(data, list) and len(data) == 4:
            data = dict(zip(("time", "operation", "request", "response"), data, strict=True))
        if isinstance(data, Mapping) and "eventName" in data:
            self.trail.append((place, data))
            return
        if not isinstance(data, Mapping) or "operation" not in data:
            raise invalid("answer", data, "an object with time, operation, request and response")
        operation = data["operation"]
        if not isinstance(operation, str) or not operation:
            raise invalid("operation", operation, "the name of an operation")
        service, _, operation = operation.rpartition(".")
        self.answer(place, "calls", service or str(data.get("service", "sagemaker")), _camel(operation), data)

    def answer(self, place: str, stream: str, service: str, operation: str, data: Members) -> None:
        """Keep one answer, if it is SageMaker's; raises InvalidInput for one that is damaged."""
        if service.lower().rpartition(".")[2] != "sagemaker":
            self.notes.append(f"{place}: left out, {operation} is an operation of another service ({service})")
            return
        response = data.get("response", data.get("data"))
        error = data.get("error")
        if isinstance(response, Mapping) and isinstance(response.get("Error"), Mapping):
            error = response["Error"]
        if response is None and error is not None:
            response = {}
        if not isinstance(response, Mapping):
            raise invalid("response", response, "an object of members")
        request, time = data.get("request"), data.get("time")
        if request is not None and not isinstance(request, Mapping):
            raise invalid("request", request, "an object of members")
        if time is None and stream == "calls":
            self.notes.append(f"{place}: without a time; its place among the lines is taken for its order")
        status = data.get("status_code", (response.get("ResponseMetadata") or {}).get("HTTPStatusCode", 200))
        if error is None and isinstance(status, int) and status >= 400:
            raise invalid("status_code", status, "a refusal with Error.Code and Error.Message")
        self.answers.append(
            Answer(
                place,
                stream,
                operation,
                response,
                request,
                None if time is None else instant(time, "time"),
                None if error is None else _error(error),
            )
        )

    def whole(self, name: str, data: Any) -> None:
        """Keep what a JSON file holds: one answer of placebo, records of CloudTrail, lines in a list, or a bare answer."""
        found = _PLACEBO.fullmatch(name)
        try:
            records = cloudtrail.records(data)
            if records is not None:
                self.trail += [(f"{name}[{place}]", one) for place, one in enumerate(records)]
            elif isinstance(data, list):
                for place, one in enumerate(data):
                    self.line(f"{name}[{place}]", one)
            elif isinstance(data, Mapping) and "operation" in data:
                self.line(name, data)
            elif isinstance(data, Mapping) and found and "data" in data:
                self.answer(name, found["operation"], found["service"], found["operation"], data)
            elif isinstance(data, Mapping) and "status_code" in data:
                raise invalid("file name", name, "service.Operation_number.json, as placebo names its files")
            else:
                self.dump(name, data)
        except InvalidInput as error:
            self.damage.append(f"{name}: {error.message}")

    def dump(self, name: str, data: Any) -> None:
        """Keep a bare answer, as the service's command line prints it: its members say which operation it is of."""
        if isinstance(data, Mapping):
            for member, operation in _DUMPS:
                if member in data:
                    self.answers.append(Answer(name, f"dumps of {operation}", operation, data))
                    return
            if isinstance(summaries := data.get("TrainingJobSummaries"), list):
                tuned = any(isinstance(one, Mapping) and "TunedHyperParameters" in one for one in summaries)
                operation = "ListTrainingJobsForHyperParameterTuningJob" if tuned else "ListTrainingJobs"
                self.answers.append(Answer(name, f"file {name}", operation, data))
                return
        raise invalid("file", data, FORMS)


def _error(error: Any) -> tuple[str, str]:
    if not isinstance(error, Mapping) or not isinstance(error.get("Code"), str):
        raise invalid("Error", error, "an object with Code and Message")
    return error["Code"], str(error.get("Message", ""))


def _camel(operation: str) -> str:
    """An operation by the service's name: clients of Python spell it `describe_training_job`.

    >>> _camel("describe_hyper_parameter_tuning_job"), _camel("ListTags")
    ('DescribeHyperParameterTuningJob', 'ListTags')
    """
    return "".join(word[:1].upper() + word[1:] for word in operation.split("_"))


def read(path: Path) -> Recording:
    """Read a recording; raises InvalidInput where there is nothing at *path* that could be one."""
    if path.is_dir():
        files = [one for one in path.iterdir() if one.suffix in (".json", ".jsonl") and one.is_file()]
        if not files:
            raise InvalidInput(f"{path}: no file ends in .json or .jsonl, expected {FORMS}")
    elif path.is_file():
        files = [path]
    else:
        raise InvalidInput(f"{path}: there is no such file or folder, expected {FORMS}")
    reader = _Reader()
    for file in sorted(files, key=_by_number):
        reader.file(file)
    found, notes = cloudtrail.answers(reader.trail)
    answers = [*reader.answers, *found]
    ordered = [one for one in answers if not one.stream.startswith("dumps")]
    dumps = sorted((one for one in answers if one.stream.startswith("dumps")), key=_stamp)
    return Recording((*_timed(ordered), *dumps), tuple(reader.damage), (*reader.notes, *notes))


def _by_number(path: Path) -> tuple[str, int]:
    found = _PLACEBO.fullmatch(path.name)
    return (f"{found['service']}.{found['operation']}", int(found["number"])) if found else (path.name, 0)


def _timed(answers: list[Answer]) -> Iterator[Answer]:
    """The answers, those of lines in the order of their times where all have one."""
    lines = [one for one in answers if one.stream == "calls"]
    yield from (one for one in answers if one.stream != "calls")
    if all(one.time_s is not None for one in lines):
        lines.sort(key=lambda one: one.time_s or 0.0)
    yield from lines


def _stamp(answer: Answer) -> tuple[float, int]:
    """Where a bare answer stands among others: by its stamp, and by how many training jobs it counts as ended."""
    try:
        stamp = instant(answer.response.get("LastModifiedTime"), "LastModifiedTime")
    except InvalidInput:
        return 0.0, 0
    counted = answer.response.get("TrainingJobStatusCounters")
    numbers = counted if isinstance(counted, Mapping) else {}
    return stamp, sum(value for name, value in numbers.items() if name != "InProgress" and isinstance(value, int))
