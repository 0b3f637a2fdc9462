"""Calls a second through a full boto3 client: the twin, the floor, and moto, in one run.

1,000 tuning jobs are alive. The floor is the same client with a handler that returns the twin's last answer as it was:
what botocore itself costs. moto (pip install moto, if you want its line) answers describe_training_job too.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from botocore.awsrequest import AWSResponse
from measured import LeftOut, Row, Rows, lines, missing

from hptsim import Scenario, Simulation, boto
from hptsim.model.definitions import ServiceLimits
from hptsim.scenario.cloud import Timings

JOBS, CALLS = 1000, 1000


def request(name: str) -> dict[str, Any]:
    """A tuning job of two training jobs."""
    return {
        "HyperParameterTuningJobName": name,
        "HyperParameterTuningJobConfig": {
            "Strategy": "Random",
            "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "loss"},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": 2, "MaxParallelTrainingJobs": 2},
            "ParameterRanges": {"ContinuousParameterRanges": [{"Name": "eta", "MinValue": "0", "MaxValue": "1"}]},
        },
        "TrainingJobDefinition": definition(),
    }


def definition() -> dict[str, Any]:
    """What both kinds of job have in common."""
    return {
        "AlgorithmSpecification": {
            "TrainingImage": "image:1",
            "TrainingInputMode": "File",
            "MetricDefinitions": [{"Name": "loss", "Regex": "loss=(.*)"}],
        },
        "RoleArn": "arn:aws:iam::111122223333:role/SageMakerRole",
        "OutputDataConfig": {"S3OutputPath": "s3://bucket/output"},
        "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30},
        "StoppingCondition": {"MaxRuntimeInSeconds": 86400},
    }


def rates(*calls: Callable[[int], object]) -> list[float]:
    """Calls a second of processor time of each; they take turns of a hundred, so that all meet the same machine."""
    spent_s = [0.0] * len(calls)
    for first in range(0, CALLS, 100):
        for place, call in enumerate(calls):
            begun = time.process_time()
            for number in range(first, min(first + 100, CALLS)):
                call(number)
            spent_s[place] += time.process_time() - begun
    return [CALLS / one_s for one_s in spent_s]


class Body(io.BytesIO):
    """A body as botocore reads one."""

    def stream(self, *sizes: int, **more: object) -> Iterator[bytes]:
        """All of it at once."""
        yield self.read()


def canned(operation: str, answer: Callable[[Any], object], sim: Simulation) -> Any:
    """A client that returns the bytes of the twin's answer to *operation*, whatever it is asked."""
    client, last = boto.client(sim), []
    client.meta.events.register("before-parse", lambda response_dict, **more: last.append(response_dict["body"]))
    answer(client)
    client.meta.events.register_first(
        "before-send", lambda request, **more: AWSResponse(request.url, 200, {}, Body(last[0]))
    )
    return client


def rows(quick: bool) -> Rows:
    """Each call beside the floor, and moto's only one beside the twin's. *quick* changes nothing: it takes ten seconds."""
    limits = ServiceLimits(None, None, None)
    sim = Simulation(Scenario(limits=limits, timings=Timings.typical(training_s=3600)), laws=False)
    client = boto.client(sim)
    names = [f"job-{number}" for number in range(JOBS)]
    for name in names:
        client.create_hyper_parameter_tuning_job(**request(name))
    sim.run(until=300)
    children = [child for name in names for child in sim.tuning_job(name).live]

    def describe(of: Any, number: int) -> None:
        of.describe_training_job(TrainingJobName=children[number])

    calls: dict[str, Callable[[Any, int], object]] = {
        "describe_training_job": describe,
        "describe_hyper_parameter_tuning_job": lambda of, number: of.describe_hyper_parameter_tuning_job(
            HyperParameterTuningJobName=names[number]
        ),
        "stop_hyper_parameter_tuning_job": lambda of, number: of.stop_hyper_parameter_tuning_job(
            HyperParameterTuningJobName=names[number]
        ),
    }
    found: Rows = [beside_moto(lambda number: describe(client, number))]
    for name, call in calls.items():
        floor = canned(name, lambda of, call=call: call(of, 0), sim)
        twin, bare = rates(partial(call, client), partial(call, floor))
        found.append(Row(name, twin, "calls/s", "a canned answer through botocore", bare))
    return found


def beside_moto(describe: Callable[[int], object]) -> Row | LeftOut:
    """The twin's describe_training_job, and moto's."""
    if reason := missing("moto", "moto"):
        return LeftOut("describe_training_job beside moto", reason)
    import boto3
    from moto import mock_aws

    [twin] = rates(describe)
    with mock_aws():
        client = boto3.client("sagemaker", region_name="us-east-1")
        for number in range(100):
            client.create_training_job(TrainingJobName=f"job-{number}", **definition())
        [moto] = rates(lambda number: client.describe_training_job(TrainingJobName=f"job-{number % 100}"))
    return Row("describe_training_job", twin, "calls/s", "moto", moto)


if __name__ == "__main__":
    print(*lines(rows(quick=False)), sep="\n")
