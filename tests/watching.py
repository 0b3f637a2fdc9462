"""Watches a run of the twin as a caller would, and writes what the service answers as a recording."""

import json
from collections import Counter
from datetime import UTC, datetime

from hptsim.errors import LawBroken, ServiceError
from hptsim.service.service import Service


def watch(sim, path, instants, *, children=True, pages=100, stops=()):
    """Let *sim* run to each of *instants* and ask about all that there is; the recording in JSON Lines at *path*.

    At those in *stops* one of the training jobs is then asked to stop.
    """
    service = Service.of(sim)
    lines = []

    def call(operation, **request):
        line = {"time": round(service.epoch_s + sim.now, 3), "operation": operation, "request": request}
        try:
            line["response"] = service.call(operation, request)
        except ServiceError as error:
            line["error"] = {"Code": error.code, "Message": error.message}
        lines.append(line)
        return line.get("response", {})

    def names(operation, member, name, **request):
        return [one[name] for one in call(operation, MaxResults=pages, **request).get(member, ())]

    try:
        _ask(sim, instants, call, names, children, stops)
    finally:  # what a mutant has answered until it fell over is a recording, too
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def _ask(sim, instants, call, names, children, stops):
    """Ask about all that there is at each of *instants*."""
    tuning = "HyperParameterTuningJobName"
    for instant in instants:
        sim.run(until=instant)
        for name in names("ListHyperParameterTuningJobs", "HyperParameterTuningJobSummaries", tuning):
            call("DescribeHyperParameterTuningJob", **{tuning: name})
            if children:
                operation = "ListTrainingJobsForHyperParameterTuningJob"
                for child in names(operation, "TrainingJobSummaries", "TrainingJobName", **{tuning: name}):
                    call("DescribeTrainingJob", TrainingJobName=child)
        known = names("ListTrainingJobs", "TrainingJobSummaries", "TrainingJobName")
        if instant in stops and known:
            call("StopTrainingJob", TrainingJobName=known[0])


def as_placebo(path, folder):
    """The answers of a recording in JSON Lines as placebo writes them: a file for each, without times and requests."""
    folder.mkdir()
    numbers = Counter()
    for line in map(json.loads, path.read_text().splitlines()):
        operation = line["operation"]
        numbers[operation] += 1
        data = {"Error": line["error"]} if "error" in line else line["response"]
        text = json.dumps({"status_code": 400 if "error" in line else 200, "data": _with_times(data)})
        (folder / f"api.sagemaker.{operation}_{numbers[operation]}.json").write_text(text)
    return folder


def _with_times(value, name=""):
    """*value* with placebo's objects for times."""
    if isinstance(value, dict):
        return {name: _with_times(one, name) for name, one in value.items()}
    if isinstance(value, list):
        return [_with_times(one) for one in value]
    if not name.endswith("Time") or not isinstance(value, (int, float)):
        return value
    time = datetime.fromtimestamp(value, UTC)
    parts = ("year", "month", "day", "hour", "minute", "second", "microsecond")
    return {"__class__": "datetime"} | {part: getattr(time, part) for part in parts}


def watched(sim, path, instants, **settings):
    """As `watch`; what a mutant breaks of the twin itself ends the recording, and is given back."""
    try:
        watch(sim, path, instants, **settings)
    except (LawBroken, ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        return error
    return None
