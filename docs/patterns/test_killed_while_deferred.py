"""A deferred task is no longer on a worker: when it is killed, the operator's `on_kill` is not called."""

import pytest

TUNING = "HyperParameterTuningJobName"


class Trigger:
    """What waits in the triggerer, once the operator has deferred; its `on_kill` does nothing unless it is overridden."""

    def on_kill(self):
        pass


class Airflow:
    """As much of Airflow as it takes: a task runs on a worker until it defers, and then its trigger runs elsewhere."""

    def run(self, operator):
        self.operator, self.trigger = operator, operator.execute()

    def kill(self):
        """Mark the task failed, or clear it."""
        (self.operator if self.trigger is None else self.trigger).on_kill()


class Tuning:
    """An operator that starts a tuning job, stops it when it is killed, and defers to a trigger."""

    trigger = Trigger

    def __init__(self, sagemaker, request):
        self.sagemaker, self.request = sagemaker, request

    def execute(self):
        self.sagemaker.create_hyper_parameter_tuning_job(**self.request)
        return self.trigger()

    def on_kill(self):
        self.sagemaker.stop_hyper_parameter_tuning_job(**{TUNING: self.request[TUNING]})


wrong = Tuning


class StopsWhenKilled(Trigger):
    """A trigger that stops the job itself."""

    def __init__(self, sagemaker, name):
        self.sagemaker, self.name = sagemaker, name

    def on_kill(self):
        self.sagemaker.stop_hyper_parameter_tuning_job(**{TUNING: self.name})


class right(Tuning):
    """The same with such a trigger."""

    def trigger(self):
        return StopsWhenKilled(self.sagemaker, self.request[TUNING])


def check(operator, sim, sagemaker, request):
    airflow = Airflow()
    airflow.run(operator(sagemaker, request))
    sim.run(until=300)
    airflow.kill()
    sim.run()
    found = sim.tuning_job(request[TUNING])
    assert found.status == "Stopped", f"nobody stopped it: {found.status}, with every training job paid for"


def test_the_wrong_code(sim, sagemaker, request_for):
    with pytest.raises(AssertionError, match="nobody stopped it: Completed"):
        check(wrong, sim, sagemaker, request_for("nightly"))


def test_the_right_code(sim, sagemaker, request_for):
    check(right, sim, sagemaker, request_for("nightly"))
