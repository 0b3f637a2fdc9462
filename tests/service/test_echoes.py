"""What Describe gives back of a request: as it was recorded, and by a request of our own where no recording is."""

from copy import deepcopy

import pytest
from examples import config, definition, request, simulation, training_request
from recorded import PRESENT, answer

from hptsim.model.specs import TuningJobSpec
from hptsim.service.service import Service

TUNING, TRAINING = "HyperParameterTuningJobName", "TrainingJobName"
CREATE, DESCRIBE = "CreateHyperParameterTuningJob", "DescribeHyperParameterTuningJob"
CHILDREN = "ListTrainingJobsForHyperParameterTuningJob"
CHANNEL = {
    "ChannelName": "train",
    "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/train"}},
}
RANGES = {"ContinuousParameterRanges": [{"Name": "eta", "MinValue": "0.1", "MaxValue": "0.5"}]}
FLAGS = ("EnableNetworkIsolation", "EnableInterContainerTrafficEncryption", "EnableManagedSpotTraining")


def several(**changes):
    """A request in the form of the recordings: TrainingJobDefinitions, and only what that form needs in the configuration."""
    limits = config()["ResourceLimits"]
    one = definition(
        DefinitionName="one",
        TuningObjective={"Type": "Minimize", "MetricName": "loss"},
        HyperParameterRanges=RANGES,
        InputDataConfig=[CHANNEL],
        **changes,
    )
    return {
        TUNING: "demo",
        "HyperParameterTuningJobConfig": {"Strategy": "Random", "ResourceLimits": limits},
        "TrainingJobDefinitions": [one],
    }


def created(plain):
    service = Service.of(simulation())
    service.call(CREATE, plain)
    return service


def described(plain):
    return created(plain).call(DESCRIBE, {TUNING: plain[TUNING]})


def child_of(plain):
    """The first training job of a tuning job, as DescribeTrainingJob shows it."""
    service = created(plain)
    service.sim.run(until=1)
    name = service.call(CHILDREN, {TUNING: plain[TUNING]})["TrainingJobSummaries"][0][TRAINING]
    return service.call("DescribeTrainingJob", {TRAINING: name})


def test_the_configuration_of_several_definitions_comes_back_as_it_was_given():
    """O5."""
    plain = several()
    assert described(plain)["HyperParameterTuningJobConfig"] == plain["HyperParameterTuningJobConfig"]
    summary = created(plain).call("ListHyperParameterTuningJobs", {})["HyperParameterTuningJobSummaries"][0]
    assert summary["ResourceLimits"] == plain["HyperParameterTuningJobConfig"]["ResourceLimits"]
    fewer = several()
    del fewer["HyperParameterTuningJobConfig"]["ResourceLimits"]["MaxNumberOfTrainingJobs"]
    assert described(fewer)["HyperParameterTuningJobConfig"]["ResourceLimits"] == {"MaxParallelTrainingJobs": 2}


def test_with_a_single_definition_early_stopping_and_the_total_are_filled_in():
    """§2.3: what a client has to expect that was not asked for."""
    plain = request(config_changes={"ResourceLimits": {"MaxParallelTrainingJobs": 2}})
    shown = described(plain)["HyperParameterTuningJobConfig"]
    assert shown["TrainingJobEarlyStoppingType"] == "Off"
    assert shown["ResourceLimits"] == {"MaxNumberOfTrainingJobs": 2, "MaxParallelTrainingJobs": 2}
    assert shown["ParameterRanges"] == RANGES  # without lists or scalings that were not asked for (O8)


@pytest.mark.parametrize("plain", [request(definition_changes={"InputDataConfig": [CHANNEL]}), several()])
def test_a_definition_comes_back_with_what_the_service_fills_in(plain):
    """O8: the recorded additions, no key for the output, nothing else."""
    shown = described(plain)
    [shown] = shown.get("TrainingJobDefinitions") or [shown["TrainingJobDefinition"]]
    [given] = deepcopy(plain.get("TrainingJobDefinitions") or [plain["TrainingJobDefinition"]])
    given["StaticHyperParameters"]["_tuning_objective_metric"] = "loss"
    given["AlgorithmSpecification"]["MetricDefinitions"].append({"Name": "ObjectiveMetric", "Regex": "loss=(.*)"})
    given["InputDataConfig"] = [{**CHANNEL, "CompressionType": "None", "RecordWrapperType": "None"}]
    assert shown == {**given, **dict.fromkeys(FLAGS, False)}


def test_what_a_channel_says_itself_stays():
    packed = {**CHANNEL, "CompressionType": "Gzip"}
    shown = described(request(definition_changes={"InputDataConfig": [packed]}))["TrainingJobDefinition"]
    assert shown["InputDataConfig"] == [{**packed, "RecordWrapperType": "None"}]


def test_training_jobs_show_an_empty_key_and_how_their_channels_are_packed():
    """O8: recorded of a training job alone."""
    service = Service.of(simulation())
    service.call("CreateTrainingJob", training_request(InputDataConfig=[CHANNEL]))
    alone = service.call("DescribeTrainingJob", {TRAINING: "alone"})
    for shown in (alone, child_of(several()), child_of(request(definition_changes={"InputDataConfig": [CHANNEL]}))):
        assert shown["OutputDataConfig"] == {"S3OutputPath": "s3://bucket/output", "KmsKeyId": ""}
        assert shown["InputDataConfig"] == [{**CHANNEL, "CompressionType": "None", "RecordWrapperType": "None"}]
    own = {"OutputDataConfig": {"S3OutputPath": "s3://bucket/output", "KmsKeyId": "alias/own"}}
    assert child_of(request(definition_changes=own))["OutputDataConfig"] == own["OutputDataConfig"]


def test_a_tuning_job_takes_a_keep_alive_period_and_never_answers_it():
    """O12: nor has it any effect, so that the training jobs have no warm pool."""
    resources = {**definition()["ResourceConfig"], "KeepAlivePeriodInSeconds": 600}
    plain = request(definition_changes={"ResourceConfig": resources})
    shown = described(plain)["TrainingJobDefinition"]["ResourceConfig"]
    assert shown == definition()["ResourceConfig"]
    child = child_of(plain)
    assert child["ResourceConfig"] == definition()["ResourceConfig"] and "WarmPoolStatus" not in child
    assert (
        plain["TrainingJobDefinition"]["ResourceConfig"]["KeepAlivePeriodInSeconds"] == 600
    )  # the caller's is left alone


def test_completion_details_and_consumed_resources_are_there_from_birth_to_the_end():
    """O6."""
    service = created(several())
    first = service.call(DESCRIBE, {TUNING: "demo"})
    assert first["TuningJobCompletionDetails"] == {"NumberOfTrainingJobsObjectiveNotImproving": 0}
    assert first["ConsumedResources"] == {"RuntimeInSeconds": 0}
    service.call("StopHyperParameterTuningJob", {TUNING: "demo"})
    service.sim.run()
    last = service.call(DESCRIBE, {TUNING: "demo"})
    assert last["HyperParameterTuningJobStatus"] == "Stopped"
    assert {"TuningJobCompletionDetails", "ConsumedResources"} <= last.keys()


def as_asked(shown):
    """The request that a recorded answer came from, but for what can no longer be told: flags and empty lists."""
    definitions = deepcopy(shown["TrainingJobDefinitions"])
    for one in definitions:
        del one["StaticHyperParameters"]["_tuning_objective_metric"]
        assert one["AlgorithmSpecification"]["MetricDefinitions"].pop()["Name"] == "ObjectiveMetric"
        for channel in one["InputDataConfig"]:
            del channel["CompressionType"], channel["RecordWrapperType"]
        for flag in FLAGS:
            del one[flag]
    return {
        TUNING: shown[TUNING],
        "HyperParameterTuningJobConfig": shown["HyperParameterTuningJobConfig"],
        "TrainingJobDefinitions": definitions,
    }


@PRESENT
@pytest.mark.parametrize("recording", ["tuning-job-query", "tuning-job-stop", "tuning-job-tag"])
def test_the_recorded_request_is_described_as_it_was_recorded(recording):
    """O5, O6, O8: every member of the configuration and of the definitions."""
    recorded = answer(recording, DESCRIBE)
    shown = described(as_asked(recorded))
    for member in ("HyperParameterTuningJobConfig", "TrainingJobDefinitions"):
        assert shown[member] == recorded[member]
    assert shown["TuningJobCompletionDetails"] == recorded["TuningJobCompletionDetails"]
    always = recorded.keys() - {"ResponseMetadata", "HyperParameterTuningEndTime", "FailureReason"}
    assert shown.keys() == always  # at birth, when nothing has ended or failed


def test_a_spec_of_ones_own_is_described_with_the_same_additions():
    sim = simulation()
    sim.create_tuning_job(TuningJobSpec("demo"))
    shown = Service.of(sim).call(DESCRIBE, {TUNING: "demo"})["TrainingJobDefinition"]
    assert shown["StaticHyperParameters"] == {"_tuning_objective_metric": "objective"}
    assert shown["OutputDataConfig"] == {"S3OutputPath": "s3://bucket/output"}
