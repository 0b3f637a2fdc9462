"""Syne Tune's SageMaker backend, unmodified, against the twin; skipped where it is not installed.

Its versions up to 0.13 have that backend, and need version 2 of the SageMaker Python SDK.
"""

import pytest
from examples import TIMINGS

from hptsim import Scenario, Simulation, TuningJobSpec, boto
from hptsim.model.definitions import TrainingJobDefinition
from hptsim.scenario import Objective, Script

pytest.importorskip("sagemaker.estimator", reason="the SageMaker Python SDK, version 2, is not installed")
backends = pytest.importorskip("syne_tune.backend.sagemaker_backend.sagemaker_backend", reason="needs syne-tune<=0.13")
pytestmark = pytest.mark.long
DEPTHS = [1, 2, 3, 4]
ROWS = [
    {"depth": depth, "epoch": epoch, "loss": depth + 1 / epoch, "seconds": 30 * epoch}
    for depth in DEPTHS
    for epoch in (1, 2, 3)
]
REPORT = '[tune-metric]: {"loss": {loss}, "epoch": {epoch}, "st_worker_timestamp": {epoch}}'
"""As `syne_tune.Reporter` prints it; of its timestamps the twin has the number of the epoch, by which they are sorted."""


@pytest.fixture
def sim():
    table = Objective.from_table(ROWS, metric="loss", elapsed_s="seconds")
    script = Script(curve=table, metrics={"epoch": lambda _, epoch: epoch}, log_format=REPORT, log_epochs=True)
    sim = Simulation(Scenario(capacity={"*": 2}, timings=TIMINGS, script=script))
    sim.create_tuning_job(TuningJobSpec("before", (TrainingJobDefinition(static={"depth": "1"}),)))
    sim.run()  # whose model makes the bucket that the code goes to
    return sim


@pytest.fixture
def environment(sim, tmp_path, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "hptsim")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("SYNETUNE_FOLDER", str(tmp_path / "syne-tune"))
    settings = tmp_path / "config.yaml"
    settings.write_text('SchemaVersion: "1.0"\nSageMaker: {PythonSDK: {Modules: {TelemetryOptOut: true}}}\n')
    monkeypatch.setenv("SAGEMAKER_USER_CONFIG_OVERRIDE", str(settings))
    with boto.mock(sim), boto.virtual_time(sim):
        yield


def test_every_trial_is_a_training_job_and_its_reports_come_back(sim, environment, tmp_path):
    from sagemaker import Session
    from sagemaker.pytorch import PyTorch
    from syne_tune import StoppingCriterion, Tuner
    from syne_tune.config_space import choice
    from syne_tune.optimizer.baselines import RandomSearch

    script = tmp_path / "train.py"
    script.write_text("print('the twin trains in its place')\n")
    estimator = PyTorch(
        entry_point=script.name,
        source_dir=str(tmp_path),
        image_uri="111122223333.dkr.ecr.us-east-1.amazonaws.com/train:1",
        role="arn:aws:iam::111122223333:role/SageMakerRole",
        instance_type="ml.m5.xlarge",
        instance_count=1,
        max_run=3600,
        code_location="s3://bucket/code",
        output_path="s3://bucket/output",
        sagemaker_session=Session(default_bucket="bucket"),
    )
    backend = backends.SageMakerBackend(estimator, metrics_names=["loss"], s3_path="s3://bucket/syne-tune")
    space = {"depth": choice(DEPTHS)}
    given = [{"depth": depth} for depth in DEPTHS]
    tuner = Tuner(
        trial_backend=backend,
        scheduler=RandomSearch(space, metric="loss", points_to_evaluate=given),
        stop_criterion=StoppingCriterion(max_num_trials_completed=len(DEPTHS)),
        n_workers=2,
        sleep_time=15,
        start_jobs_without_delay=False,
        save_tuner=False,
    )
    tuner.run()
    found = backend.job_id_mapping
    completed = [name for name in found.values() if sim.training_job(name).status == "Completed"]
    assert len(completed) >= len(DEPTHS)
    results = {trial.config["depth"]: trial.metrics for trial in backend._all_trial_results(list(found))}
    for depth in DEPTHS:  # the twin's script prints its last report once more at its end
        reports = {one["epoch"]: one["loss"] for one in results[depth]}
        assert reports == {epoch: pytest.approx(depth + 1 / epoch) for epoch in (1, 2, 3)}
