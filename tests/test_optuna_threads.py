"""Optuna with a thread for each trial, unmodified: every trial is a job of the twin, whose clock goes by itself."""

import time

import pytest
from examples import TIMINGS, config, definition, request
from extras import needs
from serving import client, served

from hptsim import Scenario, Simulation
from hptsim.scenario import Objective, Script

optuna = pytest.importorskip("optuna", reason="needs the extra 'bayesian'")
pytestmark = [needs("server", "uvicorn"), pytest.mark.long]
TUNING, STATUS = "HyperParameterTuningJobName", "HyperParameterTuningJobStatus"
LIVE = ("InProgress", "Stopping")
ROWS = [
    {"depth": depth, "epoch": epoch, "loss": abs(depth - 6) + 1 / epoch, "seconds": 20 * depth * epoch}
    for depth in range(1, 11)
    for epoch in (1, 2, 3)
]


def train(url):
    """An objective as people write it: start a job, wait for its end, take the metric that it reported last.

    Each trial is a tuning job of one training job, whose answer has the metric."""

    def objective(trial):
        sagemaker, name = client(url), f"trial-{trial.number}"
        static = {"depth": str(trial.suggest_int("depth", 1, 10))}
        asked = request(name, TrainingJobDefinition=definition(StaticHyperParameters=static))
        asked["HyperParameterTuningJobConfig"] = config(total=1, parallel=1)
        sagemaker.create_hyper_parameter_tuning_job(**asked)
        while (shown := sagemaker.describe_hyper_parameter_tuning_job(**{TUNING: name}))[STATUS] in LIVE:
            time.sleep(0.02)
        if shown[STATUS] != "Completed":
            raise RuntimeError(f"{name} is {shown[STATUS]}")
        return shown["BestTrainingJob"]["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]

    return objective


def study(url, threads, trials=12, **more):
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    found = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=1))
    found.optimize(train(url), n_trials=trials, n_jobs=threads, **more)
    return found


@pytest.fixture
def sim():
    table = Objective.from_table(ROWS, metric="loss", elapsed_s="seconds")
    return Simulation(Scenario(capacity={"*": 4}, timings=TIMINGS, script=Script(curve=table)))


def most_at_once(sim):
    """The most training jobs that were live at an instant, as the journal has it."""
    live = most = 0
    for record in sim.journal:
        live += (record.trigger == "occupy") - (record.trigger == "vacate")
        most = max(most, live)
    return most


def test_four_threads_on_four_instances(sim):
    with served(sim, speed=600) as url:
        found = study(url, threads=4)
    assert [trial.state.name for trial in found.trials] == ["COMPLETE"] * 12
    for trial in found.trials:
        assert trial.value == pytest.approx(abs(trial.params["depth"] - 6) + 1 / 3)
    assert most_at_once(sim) == 4


def test_more_threads_than_instances_are_refused(sim):
    """Optuna catches what it is told to; the refusals are failed trials, and the quota is never exceeded."""
    with served(sim, speed=600) as url:
        refused = client(url).exceptions.ClientError
        found = study(url, threads=6, catch=(refused,))
    states = [trial.state.name for trial in found.trials]
    assert states.count("FAIL") >= 1 and states.count("COMPLETE") >= 4
    assert most_at_once(sim) == 4
