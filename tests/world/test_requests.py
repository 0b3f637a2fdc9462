"""What a tuning job asks for before its first launch: its place, and under some policies instances too."""

import pytest

from hptsim.model.account import TUNING_JOBS
from hptsim.model.definitions import InstanceRequest, ResourceLimits, ServiceLimits, TrainingJobDefinition
from hptsim.model.specs import TuningJobSpec
from hptsim.world.requests import first_amounts, most_instances
from world.test_world import world

M5, P3 = "ml.m5.xlarge", "ml.p3.2xlarge"
TWO = TuningJobSpec(
    "two",
    (
        TrainingJobDefinition("a", instances=InstanceRequest(M5, 2)),
        TrainingJobDefinition("b", instances=InstanceRequest(P3, 1)),
    ),
    ResourceLimits(9, 3),
)


@pytest.mark.parametrize(
    ("reservation", "instances"),
    [("reuse", {M5: 2, P3: 1}), ("upfront", {M5: 6, P3: 3}), ("as-observed", {})],
)
def test_what_is_asked_for_at_creation(reservation, instances):
    made = world(capacity={M5: 9, P3: 9}, reservation=reservation, limits=ServiceLimits(tuning_jobs=1))
    assert dict(first_amounts(made, TWO)) == {TUNING_JOBS: 1, **instances}
    assert most_instances(made, TWO) == {M5: 6, P3: 3}
