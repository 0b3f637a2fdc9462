"""What the examples share: a request, somebody else who stops a job, and a client that notices when code waits for ever."""

import pytest

from hptsim import boto

TUNING = "HyperParameterTuningJobName"
DAY_S = 86_400


@pytest.fixture
def sagemaker(sim):
    """A real boto3 client of the twin; a call after a simulated day fails the test: all these jobs end within the hour."""
    client = boto.client(sim)

    def check(**_):
        assert sim.now <= DAY_S, "the code still asks after a day"

    client.meta.events.register("before-call.sagemaker.*", check)
    return client


@pytest.fixture
def request_for():
    """CreateHyperParameterTuningJob's request for four training jobs, two at a time."""

    def make(name, parallel=2, **definition):
        metrics = [{"Name": "loss", "Regex": "loss=([0-9.]+)"}]
        image = "111122223333.dkr.ecr.us-east-1.amazonaws.com/train:1"
        return {
            TUNING: name,
            "HyperParameterTuningJobConfig": {
                "Strategy": "Random",
                "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "loss"},
                "ResourceLimits": {"MaxNumberOfTrainingJobs": 4, "MaxParallelTrainingJobs": parallel},
                "ParameterRanges": {"ContinuousParameterRanges": [{"Name": "x", "MinValue": "0", "MaxValue": "1"}]},
            },
            "TrainingJobDefinition": {
                "AlgorithmSpecification": {
                    "TrainingImage": image,
                    "TrainingInputMode": "File",
                    "MetricDefinitions": metrics,
                },
                "RoleArn": "arn:aws:iam::111122223333:role/SageMakerRole",
                "OutputDataConfig": {"S3OutputPath": "s3://bucket/output"},
                "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30},
                "StoppingCondition": {"MaxRuntimeInSeconds": 36_000},
                **definition,
            },
        }

    return make


@pytest.fixture
def stopped_by_somebody(sim):
    """Somebody else stops a tuning job after so many seconds, in the console, say."""

    def later(name, after_s):
        yield sim.env.timeout(after_s)
        sim.stop_tuning_job(name)

    return lambda name, after_s: sim.env.process(later(name, after_s))
