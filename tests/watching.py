"""Watches a run of the twin as a caller would, and writes what the service answers as a recording."""

import json

from hptsim.errors import LawBroken, ServiceError
from hptsim.service.service import Service


def watch(sim, path, instants, *, children=True, pages=100):
    """Let *sim* run to each of *instants* and ask about all that there is; the recording in JSON Lines at *path*."""
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
        _ask(sim, instants, call, names, children)
    finally:  # what a mutant has answered until it fell over is a recording, too
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def _ask(sim, instants, call, names, children):
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
        names("ListTrainingJobs", "TrainingJobSummaries", "TrainingJobName")


def watched(sim, path, instants, **settings):
    """As `watch`; what a mutant breaks of the twin itself ends the recording, and is given back."""
    try:
        watch(sim, path, instants, **settings)
    except (LawBroken, ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        return error
    return None
