"""Requests and simulations that the tests of the service's face share."""

import sys

from hptsim import Scenario, Simulation
from hptsim.cli.check import check
from hptsim.cli.exit_codes import BAD_INPUT, LAW_BROKEN
from hptsim.errors import HptsimError, LawBroken
from hptsim.scenario.cloud import Script, Timings
from hptsim.views.chart_data import CurveRow

TIMINGS = Timings(starting_s=10, warm_starting_s=10, downloading_s=10, training_s=100, uploading_s=5, teardown_s=30)
"""A training job of 125 s: Starting to 10, Downloading to 20, Training to 120, Uploading to 125."""


def checked(path):
    """The exit code of `hptsim check`, without the libraries that the command line needs to read its arguments."""
    try:
        return check(path)
    except HptsimError as error:
        print(error, file=sys.stderr)
        return LAW_BROKEN if isinstance(error, LawBroken) else BAD_INPUT


def simulation(**changes):
    changes = {"timings": TIMINGS, "script": Script(), **changes}
    return Simulation(Scenario(**changes))


def journal_twice(sim):
    """The journal of the rest of a run, and that of the same rest again from a snapshot of now."""
    saved = sim.snapshot()
    sim.run()
    first = list(sim.journal)
    sim.restore(saved)
    sim.run()
    return first, list(sim.journal)


def definition(**changes):
    return {
        "AlgorithmSpecification": {
            "TrainingImage": "111122223333.dkr.ecr.us-east-1.amazonaws.com/train:1",
            "TrainingInputMode": "File",
            "MetricDefinitions": [{"Name": "loss", "Regex": "loss=(.*)"}],
        },
        "RoleArn": "arn:aws:iam::111122223333:role/SageMakerRole",
        "OutputDataConfig": {"S3OutputPath": "s3://bucket/output"},
        "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30},
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
        "StaticHyperParameters": {"epochs": "10"},
        **changes,
    }


def config(total=3, parallel=2, **changes):
    return {
        "Strategy": "Random",
        "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "loss"},
        "ResourceLimits": {"MaxNumberOfTrainingJobs": total, "MaxParallelTrainingJobs": parallel},
        "ParameterRanges": {"ContinuousParameterRanges": [{"Name": "eta", "MinValue": "0.1", "MaxValue": "0.5"}]},
        **changes,
    }


def request(name="demo", total=3, parallel=2, *, config_changes=None, definition_changes=None, **changes):
    """A complete CreateHyperParameterTuningJob request."""
    return {
        "HyperParameterTuningJobName": name,
        "HyperParameterTuningJobConfig": config(total, parallel, **(config_changes or {})),
        "TrainingJobDefinition": definition(**(definition_changes or {})),
        **changes,
    }


def training_request(name="alone", **changes):
    """A complete CreateTrainingJob request."""
    plain = definition(**changes)
    plain["HyperParameters"] = plain.pop("StaticHyperParameters")
    return {"TrainingJobName": name, **plain}


CURVES = [
    *[CurveRow("a", "a-1", epoch, 1 / epoch, "") for epoch in (1, 2, 3)],
    CurveRow("a", "a-2", 1, 0.9, ""),
    CurveRow("a", "a-2", 2, 0.8, "hyperband"),
    CurveRow("b", "b-1", 1, 0.5, ""),
]
"""Learning curves of two tuning jobs; one training job was stopped early."""
