"""The names of members are the service's own, as botocore's model of it spells them."""

import botocore.session

from hptsim.conformance import training_members, tuning_answers, tuning_echo
from hptsim.conformance.members import _KNOWN
from hptsim.conformance.tuning_search import MEMBERS


def members(operation):
    model = botocore.session.get_session().get_service_model("sagemaker")
    shape = model.operation_model(operation).output_shape
    return set() if shape is None else set(shape.members)


def test_training_jobs():
    listed = {"TunedHyperParameters", "TrainingJobDefinitionName", "FinalHyperParameterTuningJobObjectiveMetric"}
    names = {*training_members.ECHO, *training_members.AT_THE_END, training_members.END}
    assert names - listed <= members("DescribeTrainingJob")


def test_tuning_jobs():
    names = {*tuning_echo.ECHO, tuning_answers.END, *(name.partition(".")[0] for name in MEMBERS)}
    assert names - {"Strategy", "ResourceLimits"} <= members("DescribeHyperParameterTuningJob")


def test_what_is_known_of_answers():
    for operation, known in _KNOWN.items():
        assert set(known) - {"ResponseMetadata"} <= members(operation)
