"""Calls a second through a full boto3 client: the twin, the floor, and moto, in one run.

1,000 tuning jobs are alive. The floor is the same client with a handler that returns the twin's last answer as it was:
what botocore itself costs. moto (pip install moto, if you want its line) answers describe_training_job too.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from typing import Any

from botocore.awsrequest import AWSResponse

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


def rate(call: Callable[[int], object]) -> float:
    """Calls a second."""
    begun = time.perf_counter()
    for number in range(CALLS):
        call(number)
    return CALLS / (time.perf_counter() - begun)


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


def moto_rate() -> float | None:
    """moto's describe_training_job, None without moto."""
    try:
        from moto import mock_aws
    except ImportError:
        return None
    import boto3

    with mock_aws():
        client = boto3.client("sagemaker", region_name="us-east-1")
        for number in range(100):
            client.create_training_job(TrainingJobName=f"job-{number}", **definition())
        return rate(lambda number: client.describe_training_job(TrainingJobName=f"job-{number % 100}"))


def main() -> None:
    limits = ServiceLimits(None, None, None)
    sim = Simulation(Scenario(limits=limits, timings=Timings.typical(training_s=3600)), laws=False)
    client = boto.client(sim)
    names = [f"job-{number}" for number in range(JOBS)]
    create = rate(lambda number: client.create_hyper_parameter_tuning_job(**request(names[number])))
    sim.run(until=300)
    children = [child for name in names for child in sim.tuning_job(name).live]
    calls: dict[str, Callable[[Any, int], object]] = {
        "describe_hyper_parameter_tuning_job": lambda of, number: of.describe_hyper_parameter_tuning_job(
            HyperParameterTuningJobName=names[number]
        ),
        "describe_training_job": lambda of, number: of.describe_training_job(TrainingJobName=children[number]),
        "stop_hyper_parameter_tuning_job": lambda of, number: of.stop_hyper_parameter_tuning_job(
            HyperParameterTuningJobName=names[number]
        ),
    }
    print(f"{'create_hyper_parameter_tuning_job':36s} {create:6.0f} calls/s")
    for name, call in calls.items():
        floor = canned(name, lambda of, call=call: call(of, 0), sim)
        twin = rate(lambda number, call=call: call(client, number))
        bare = rate(lambda number, call=call, floor=floor: call(floor, number))
        print(f"{name:36s} {twin:6.0f} calls/s, floor {bare:6.0f}: {bare / twin:.2f} times the floor's time")
    if (moto := moto_rate()) is not None:
        print(f"{'moto describe_training_job':36s} {moto:6.0f} calls/s")


if __name__ == "__main__":
    main()
