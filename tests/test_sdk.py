"""Clients as people have them, unmodified: both SageMaker Python SDKs in process, the AWS command line and the JavaScript
SDK against a running server. Each is skipped where it is not installed."""

import json
import logging
import os
import shutil
import socket
import subprocess
import time

import boto3
import httpx
import pytest
from botocore.exceptions import ClientError
from examples import request, simulation
from serving import served

from hptsim import boto
from hptsim.scenario.cloud import Script
from hptsim.scenario.learning_curves import PowerLaw

pytestmark = pytest.mark.long
os.environ.setdefault("SAGEMAKER_SUPPRESS_V2_WARNING", "1")
logging.getLogger("sagemaker.config").setLevel(logging.WARNING)


# ---------------------------------------------------------------------- the SageMaker Python SDK, version 2


@pytest.fixture
def sdk():
    module = pytest.importorskip("sagemaker", reason="the SageMaker Python SDK is not installed")
    pytest.importorskip("sagemaker.tuner", reason="the installed SageMaker Python SDK is not version 2")
    return module


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*arguments, **more):
        raise OSError("there is no network in these tests")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture
def sim():
    return simulation()


@pytest.fixture
def session(sdk, sim, no_network):
    keys = {"aws_access_key_id": "hptsim", "aws_secret_access_key": "hptsim"}
    return sdk.Session(
        boto_session=boto3.Session(region_name="us-east-1", **keys),
        sagemaker_client=boto.client(sim),
        default_bucket="bucket",
    )


def tuner(sdk, session, **changes):
    estimator = sdk.estimator.Estimator(
        image_uri="111122223333.dkr.ecr.us-east-1.amazonaws.com/train:1",
        role="arn:aws:iam::111122223333:role/SageMakerRole",
        instance_count=1,
        instance_type="ml.m5.xlarge",
        output_path="s3://bucket/output",
        sagemaker_session=session,
        hyperparameters={"epochs": 10},
    )
    settings = {
        "objective_metric_name": "loss",
        "objective_type": "Minimize",
        "hyperparameter_ranges": {"eta": sdk.tuner.ContinuousParameter(0.1, 0.5)},
        "metric_definitions": [{"Name": "loss", "Regex": "loss=(.*)"}],
        "max_jobs": 4,
        "max_parallel_jobs": 2,
        "base_tuning_job_name": "sdk",
    }
    return sdk.tuner.HyperparameterTuner(estimator, **{**settings, **changes})


def test_fit_waits_until_the_job_has_completed(sdk, sim, session):
    mine = tuner(sdk, session)
    with boto.virtual_time(sim):
        mine.fit("s3://bucket/input", job_name="fitted")
    shown = mine.describe()
    assert shown["HyperParameterTuningJobStatus"] == "Completed"
    assert shown["TrainingJobStatusCounters"]["Completed"] == 4
    assert mine.best_training_job() == sim.tuning_job("fitted").best


def test_wait_stop_and_describe(sdk, sim, session):
    mine = tuner(sdk, session)
    with boto.virtual_time(sim):
        mine.fit("s3://bucket/input", wait=False, job_name="stopped")
        time.sleep(50)
        mine.stop_tuning_job()
        assert mine.describe()["HyperParameterTuningJobStatus"] == "Stopping"
        mine.wait()
        assert mine.describe()["HyperParameterTuningJobStatus"] == "Stopped"
        mine.stop_tuning_job()  # too late: the SDK knows the service's refusal, and takes it well
    assert not any(sim.capacity.reserved.values())


def test_there_is_no_best_training_job_at_first(sdk, sim, session):
    mine = tuner(sdk, session)
    with boto.virtual_time(sim):
        mine.fit("s3://bucket/input", wait=False, job_name="early")
        with pytest.raises(Exception, match="Best training job not available"):
            mine.best_training_job()


def test_analytics_as_a_data_frame(sdk, sim, session):
    mine = tuner(sdk, session, max_jobs=12)
    with boto.virtual_time(sim):
        mine.fit("s3://bucket/input", job_name="frame")
        frame = mine.analytics().dataframe()
    assert sorted(frame["TrainingJobName"]) == sorted(sim.tuning_job("frame").training_jobs)
    assert set(frame["TrainingJobStatus"]) == {"Completed"}
    assert frame["eta"].between(0.1, 0.5).all()
    best = frame.loc[frame["FinalObjectiveValue"].idxmin(), "TrainingJobName"]
    assert best == sim.tuning_job("frame").best
    assert set(frame["TrainingElapsedTimeSeconds"]) == {115.0}


def test_describe_shows_resources_in_the_form_that_attach_reads(sim):
    """The SDK creates jobs with the one form, and needs the other when it attaches to them."""
    sagemaker = boto.client(sim)
    plain = {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30}
    asked = request(definition_changes={"HyperParameterTuningResourceConfig": plain})
    del asked["TrainingJobDefinition"]["ResourceConfig"]
    sagemaker.create_hyper_parameter_tuning_job(**asked)
    described = sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName="demo")
    shown = described["TrainingJobDefinition"]
    assert shown["ResourceConfig"] == shown["HyperParameterTuningResourceConfig"] == plain


def test_attach_and_warm_start_from_a_parent(sdk, sim, session):
    with boto.virtual_time(sim):
        tuner(sdk, session).fit("s3://bucket/input", job_name="parent")
        attached = sdk.tuner.HyperparameterTuner.attach("parent", sagemaker_session=session)
        assert attached.best_training_job() == sim.tuning_job("parent").best
        heir = attached.identical_dataset_and_algorithm_tuner()
        heir.estimator.output_path = "s3://bucket/output"
        heir.metric_definitions = attached.metric_definitions  # the SDK leaves them out; the service insists on them
        heir.fit("s3://bucket/input", job_name="heir")
    shown = heir.describe()
    assert shown["HyperParameterTuningJobStatus"] == "Completed"
    assert shown["WarmStartConfig"]["ParentHyperParameterTuningJobs"] == [{"HyperParameterTuningJobName": "parent"}]
    values = {
        name: sim.training_job(name).objective
        for parent in ("parent", "heir")
        for name in sim.tuning_job(parent).training_jobs
    }
    assert shown["OverallBestTrainingJob"]["TrainingJobName"] == min(values, key=values.get)


def test_an_estimator_of_ones_own(sdk, sim, session):
    estimator = tuner(sdk, session).estimator
    with boto.virtual_time(sim):
        estimator.fit("s3://bucket/input", job_name="alone", logs=False)
    assert estimator.model_data == "s3://bucket/output/alone/output/model.tar.gz"
    assert sim.training_job("alone").status == "Completed"


def test_a_tuner_from_its_role_to_its_endpoint(sdk, no_network, monkeypatch):
    """All that a program does around a tuning job: role, bucket, upload, metrics, the best estimator, deployment."""
    pytest.importorskip("moto", reason="moto is not installed")
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    metrics = {"acc": PowerLaw(0.1, 0.9, 1)}
    sim = simulation(script=Script(log_epochs=True, epochs=4, epoch_s=25.0, curve=PowerLaw(1, 0, 1), metrics=metrics))
    definitions = [{"Name": "loss", "Regex": "loss=(.*)"}, {"Name": "acc", "Regex": "acc=(.*)"}]
    with boto.mock(sim), boto.virtual_time(sim):
        iam = boto3.client("iam")
        role = iam.create_role(RoleName="SageMakerRole", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        assert iam.get_role(RoleName="SageMakerRole")["Role"]["Arn"] == role
        session = sdk.Session(boto3.Session(region_name="eu-west-1"))
        bucket = session.default_bucket()
        assert bucket == "sagemaker-eu-west-1-111122223333"  # STS has said the account
        data = session.upload_string_as_file_body("1,2", bucket, "train/data.csv")
        plain = tuner(sdk, session, metric_definitions=definitions)
        plain.estimator.role, plain.estimator.output_path = "SageMakerRole", f"s3://{bucket}/out"
        plain.estimator.set_hyperparameters(epochs=4)
        plain.fit(data, job_name="demo")
        best = plain.best_training_job()
        assert best == sim.tuning_job("demo").best
        shown = sdk.analytics.TrainingJobAnalytics(best, sagemaker_session=session).dataframe()
        values = shown[shown.metric_name == "acc"].value.tolist()
        assert values == pytest.approx([0.1, (0.5 + 0.9 - 0.8 / 3) / 2, 0.7])
        model = f"s3://{bucket}/out/{best}/output/model.tar.gz"
        assert plain.best_estimator().model_data == model
        assert sdk.estimator.Estimator.attach(best, sagemaker_session=session).model_data == model
        predictor = plain.deploy(initial_instance_count=1, instance_type="ml.m5.large")
        endpoint = session.sagemaker_client.describe_endpoint(EndpointName=predictor.endpoint_name)
        assert endpoint["EndpointStatus"] == "InService" and endpoint["CreationTime"].year == 2024
        keys = [one["Key"] for one in session.boto_session.client("s3").list_objects_v2(Bucket=bucket)["Contents"]]
        assert len(keys) == 5 and keys[-1] == "train/data.csv"


# ---------------------------------------------------------------------- the SageMaker Python SDK, version 3


@pytest.fixture
def sdk3(sim, no_network, monkeypatch):
    """A tuner of version 3 (which is not installed beside version 2); its check of the role would ask IAM."""
    missing = "version 3 of the SageMaker Python SDK is not installed"
    module = pytest.importorskip("sagemaker.train.tuner", reason=missing)
    monkeypatch.setenv("SAGEMAKER_VALIDATE_ROLE", "false")
    from sagemaker.core.helper.session_helper import Session
    from sagemaker.core.parameter import ContinuousParameter
    from sagemaker.core.utils.utils import SageMakerClient
    from sagemaker.train import ModelTrainer
    from sagemaker.train.configs import Compute, OutputDataConfig

    keys = {"aws_access_key_id": "hptsim", "aws_secret_access_key": "hptsim"}
    session = boto3.Session(region_name="us-east-1", **keys)
    for region in ({}, {"region_name": "us-east-1"}):  # the SDK keeps a client for each way of asking
        boto.attach(SageMakerClient(session=session, **region).sagemaker_client, sim)
    trainer = ModelTrainer(
        training_image="111122223333.dkr.ecr.us-east-1.amazonaws.com/train:1",
        role="arn:aws:iam::111122223333:role/SageMakerRole",
        compute=Compute(instance_type="ml.m5.xlarge", instance_count=1),
        output_data_config=OutputDataConfig(s3_output_path="s3://bucket/output"),
        hyperparameters={"epochs": 10},
        sagemaker_session=Session(boto_session=session, sagemaker_client=boto.client(sim), default_bucket="bucket"),
    )
    ranges, metrics = {"eta": ContinuousParameter(0.1, 0.5)}, [{"Name": "loss", "Regex": "loss=(.*)"}]
    limits = {"objective_type": "Minimize", "max_jobs": 4, "max_parallel_jobs": 2}
    return module.HyperparameterTuner(trainer, "loss", ranges, metrics, **limits)


def test_version_3_tunes_stops_and_analyzes(sim, sdk3):
    with boto.virtual_time(sim):
        sdk3.tune("s3://bucket/input", job_name="stopped", wait=False)
        time.sleep(50)
        sdk3.stop_tuning_job()
        assert sdk3.describe().hyper_parameter_tuning_job_status == "Stopping"
        sdk3.wait()
        assert sdk3.describe().hyper_parameter_tuning_job_status == "Stopped"
        with pytest.raises(ClientError, match="ValidationException"):  # version 2 swallows this one
            sdk3.stop_tuning_job()
        sdk3.tune("s3://bucket/input", job_name="completed")
        assert sim.tuning_job("completed").status == "Completed"
        assert sdk3.best_training_job() == sim.tuning_job("completed").best
        assert len(sdk3.analytics().dataframe()) == 4


# ---------------------------------------------------------------------- against a server

SETTINGS = {
    "AWS_ACCESS_KEY_ID": "hptsim",
    "AWS_SECRET_ACCESS_KEY": "hptsim",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_MAX_ATTEMPTS": "1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "NO_PROXY": "127.0.0.1",
    "no_proxy": "127.0.0.1",
}


def advance(url, seconds):
    httpx.post(f"{url}/_hptsim/advance", json={"seconds": seconds}, trust_env=False).raise_for_status()


@pytest.fixture
def aws():
    """The AWS command line against a URL; returns what it printed, and its exit code."""
    program = shutil.which("aws")
    if program is None or subprocess.run([program, "--version"], capture_output=True).returncode:
        pytest.skip("the AWS command line is not installed")

    def run(url, *arguments):
        command = [program, "--endpoint-url", url, "--output", "json", *arguments]
        ran = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **SETTINGS}, timeout=120)
        return ran.returncode, ran.stdout, ran.stderr

    return run


def test_the_command_line_drives_a_job_to_its_stop(sim, aws, tmp_path):
    def shown(url, *arguments):
        code, out, error = aws(url, *arguments)
        assert code == 0, error
        return json.loads(out) if out else None

    named = ("--hyper-parameter-tuning-job-name", "demo")
    with served(sim) as url:
        created = shown(
            url, "sagemaker", "create-hyper-parameter-tuning-job", "--cli-input-json", json.dumps(request())
        )
        assert created["HyperParameterTuningJobArn"].startswith("arn:aws:sagemaker:us-east-1:")
        advance(url, 50)
        assert shown(url, "sagemaker", "stop-hyper-parameter-tuning-job", *named) is None
        described = shown(url, "sagemaker", "describe-hyper-parameter-tuning-job", *named)
        assert described["HyperParameterTuningJobStatus"] == "Stopping"
        advance(url, 200)
        first, second = shown(url, "sagemaker", "list-training-jobs")["TrainingJobSummaries"]
        for child in (first, second):
            waiting = ("--training-job-name", child["TrainingJobName"])
            assert shown(url, "sagemaker", "wait", "training-job-completed-or-stopped", *waiting) is None
        code, out, error = aws(url, "sagemaker", "stop-hyper-parameter-tuning-job", *named)
        assert code != 0 and "(ValidationException)" in error and "already" in error
        code, out, error = aws(url, "s3", "ls", "--recursive", "s3://bucket/")
        keys = [line.split()[-1] for line in out.splitlines()]
        assert len(keys) == 2 and all(key.endswith("/output/model.tar.gz") for key in keys), error
        model = tmp_path / "model.tar.gz"
        code, out, error = aws(url, "s3", "cp", f"s3://bucket/{keys[0]}", str(model))
        assert code == 0 and model.read_bytes()[:2] == b"\x1f\x8b", error
        stream = first["TrainingJobName"]
        events = shown(
            url, "logs", "filter-log-events", "--log-group-name", "/aws/sagemaker/TrainingJobs",
            "--log-stream-name-prefix", stream,
        )  # fmt: skip
        assert events["events"] and all(one["logStreamName"].startswith(stream) for one in events["events"])


SCRIPT = """
const { SageMakerClient, CreateHyperParameterTuningJobCommand, DescribeHyperParameterTuningJobCommand,
  StopHyperParameterTuningJobCommand, DescribeTrainingJobCommand, paginateListTrainingJobs,
  waitUntilTrainingJobCompletedOrStopped, ResourceInUse } = require("@aws-sdk/client-sagemaker");
const [url, request] = [process.argv[1], JSON.parse(process.argv[2])];
const client = new SageMakerClient({ endpoint: url, maxAttempts: 1 });
const name = { HyperParameterTuningJobName: request.HyperParameterTuningJobName };
const advance = (seconds) => fetch(url + "/_hptsim/advance",
  { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ seconds }) });
(async () => {
  const seen = {};
  seen.arn = (await client.send(new CreateHyperParameterTuningJobCommand(request))).HyperParameterTuningJobArn;
  try { await client.send(new CreateHyperParameterTuningJobCommand(request)); }
  catch (error) { seen.taken = [error instanceof ResourceInUse, error.name, error.message]; }
  await advance(50);
  seen.stop = (await client.send(new StopHyperParameterTuningJobCommand(name))).$metadata.httpStatusCode;
  const stopping = await client.send(new DescribeHyperParameterTuningJobCommand(name));
  seen.stopping = [stopping.HyperParameterTuningJobStatus, stopping.CreationTime.toISOString()];
  await advance(200);
  seen.stopped = (await client.send(new DescribeHyperParameterTuningJobCommand(name))).HyperParameterTuningJobStatus;
  seen.children = [];
  for await (const page of paginateListTrainingJobs({ client, pageSize: 1 }, {}))
    seen.children.push(...page.TrainingJobSummaries.map((job) => job.TrainingJobName));
  const waited = await waitUntilTrainingJobCompletedOrStopped(
    { client, minDelay: 1, maxDelay: 1, maxWaitTime: 60 }, { TrainingJobName: seen.children[0] });
  seen.waited = waited.state;
  try { await client.send(new StopHyperParameterTuningJobCommand(name)); }
  catch (error) { seen.late = [error.name, error.message]; }
  try { await client.send(new DescribeTrainingJobCommand({ TrainingJobName: "nobody" })); }
  catch (error) { seen.missing = error.name; }
  console.log(JSON.stringify(seen));
})();
"""


def test_the_javascript_sdk_drives_a_job_to_its_stop(sim):
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    environment = {**os.environ, **SETTINGS}
    program = [node, "-e", 'require("@aws-sdk/client-sagemaker")']
    if subprocess.run(program, capture_output=True, env=environment).returncode:
        pytest.skip("@aws-sdk/client-sagemaker is not installed where NODE_PATH says")
    with served(sim) as url:
        program = [node, "-e", SCRIPT]
        ran = subprocess.run(
            [*program, url, json.dumps(request())], capture_output=True, text=True, env=environment, timeout=120
        )
    assert ran.returncode == 0, ran.stderr
    seen = json.loads(ran.stdout)
    assert seen["arn"] == "arn:aws:sagemaker:us-east-1:111122223333:hyper-parameter-tuning-job/demo"
    assert seen["taken"][:2] == [True, "ResourceInUse"] and "already exists" in seen["taken"][2]
    assert (seen["stop"], seen["stopping"]) == (200, ["Stopping", "2024-01-01T00:00:00.000Z"])
    assert seen["stopped"] == "Stopped" and seen["waited"] == "SUCCESS"
    assert sorted(seen["children"]) == sorted(sim.tuning_job("demo").training_jobs)
    assert seen["late"][0] == "ValidationException" and "already" in seen["late"][1]
    assert seen["missing"] == "ValidationException"
