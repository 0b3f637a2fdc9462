"""One inherited test finds each planted bug of the controller, and passes the correct one.

`TuningMachine` lets the cloud do whatever it may, in any order, while the rules below drive the controller; others in the
account may stop its jobs too.
"""

import pytest
from botocore.exceptions import ClientError
from controller import Controller, TakesBackAtTheStop, TakesStoppingForStopped, TripsOverALateStop
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule, run_state_machine_as_test

from hptsim import Scenario, Simulation, boto
from hptsim.testing import TuningMachine

INSTANCES = 4
SAGEMAKER = boto.client(Simulation())  # one client for all runs: each run attaches it to its own simulation
FINDING = settings(  # to find is enough here: the shortest story, which is worth its time elsewhere, is not looked for
    phases=[Phase.generate],
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=200,
    stateful_step_count=25,
)


def request(name, total, parallel):
    """What the controller is asked to run."""
    return {
        "HyperParameterTuningJobName": name,
        "HyperParameterTuningJobConfig": {
            "Strategy": "Random",
            "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "loss"},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": total, "MaxParallelTrainingJobs": parallel},
            "ParameterRanges": {"ContinuousParameterRanges": [{"Name": "eta", "MinValue": "0.1", "MaxValue": "0.5"}]},
        },
        "TrainingJobDefinition": {
            "AlgorithmSpecification": {
                "TrainingImage": "111122223333.dkr.ecr.us-east-1.amazonaws.com/train:1",
                "TrainingInputMode": "File",
                "MetricDefinitions": [{"Name": "loss", "Regex": "loss=(.*)"}],
            },
            "RoleArn": "arn:aws:iam::111122223333:role/SageMakerRole",
            "OutputDataConfig": {"S3OutputPath": "s3://bucket/output"},
            "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30},
            "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
        },
    }


class ControllerMachine(TuningMachine):
    """The controller has the account to itself: what it believes to be free must be free."""

    scenario = Scenario(capacity={"ml.m5.xlarge": INSTANCES})
    controller_type = Controller
    create_tuning_job = create_training_job = delete_tuning_job = (
        None  # nobody else creates jobs here, or deletes its own
    )

    def simulation(self, scenario):
        sim = super().simulation(scenario)
        self.controller = self.controller_type(boto.attach(SAGEMAKER, sim), INSTANCES)
        self.submitted = 0
        return sim

    @rule(total=st.integers(1, 4), parallel=st.integers(1, 3))
    def submit(self, total, parallel):
        self.submitted += self.controller.submit(request(f"job-{self.submitted}", total, parallel))

    @precondition(lambda self: self.controller.held)
    @rule(data=st.data())
    def cancel(self, data):
        self.controller.cancel(data.draw(st.sampled_from(sorted(self.controller.held))))

    @rule()
    def poll(self):
        self.controller.poll()

    @invariant()
    def what_it_believes_to_be_free_is_free(self):
        reserved = self.sim.capacity.reserved.get("ml.m5.xlarge", 0)
        assert reserved <= INSTANCES - self.controller.free, "it counts on instances that are still reserved"

    def teardown(self):
        super().teardown()
        self.controller.poll()
        assert self.controller.free == INSTANCES, "it never got all its instances back"


def run(controller):
    machine = type(f"{controller.__name__}Machine", (ControllerMachine,), {"controller_type": controller})
    run_state_machine_as_test(machine, settings=FINDING)


@pytest.mark.long
def test_the_correct_controller_passes():
    run(Controller)


@pytest.mark.parametrize(
    ("controller", "error", "message"),
    [
        (TakesStoppingForStopped, AssertionError, "it counts on instances that are still reserved"),
        (TakesBackAtTheStop, AssertionError, "it counts on instances that are still reserved"),
        (TripsOverALateStop, ClientError, "is already in status"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_each_planted_bug_is_found(controller, error, message):
    with pytest.raises(error, match=message):
        run(controller)
